"""The circle in short: people in a browser, by keyboard, mouse and touch; the tables; and the experimenter's page."""

import importlib.util
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from fer_exp.answers.read import read_answers
from fer_exp.collecting import experimenter, watching
from fer_exp.collecting.collected import collected
from fer_exp.collecting.experimenter import Watch
from fer_exp.collecting.faces import prepared, read_faces
from fer_exp.collecting.opening import begun, held
from fer_exp.collecting.out import every_answer, write
from fer_exp.collecting.server import application, listening, serving
from fer_exp.collecting.session import Sessions
from fer_exp.collecting.study import read_study

SCRIPT = Path(__file__).parents[2] / "scripts" / "circle.py"


def script():
    spec = importlib.util.spec_from_file_location("circle", SCRIPT)
    module = sys.modules["circle"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def circle(tmp_path, monkeypatch):
    """The script, a study of six faces that is served, its address, and its ledger."""
    circle = script()
    monkeypatch.chdir(tmp_path)
    faces = circle.draw(tmp_path, faces=6, gold=2)
    text = circle.STUDY.format(people=3, faces=6, practice=0, gold=2, enough=2, repeats=1)
    Path("study.yaml").write_text(text.replace("attention: 1", "attention: 0"), encoding="utf-8")
    study = read_study("study.yaml")
    with held(tmp_path / "study") as ledger, listening("127.0.0.1", 0) as taken:
        shown, files = prepared(read_faces(["pictures"], study), tmp_path / "study" / "pictures")
        sessions = Sessions(study, begun(ledger, study, shown, files, (0, 2)), ledger)
        server = serving(application(sessions, Watch(ledger.file, "token", 0.25).routes()))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        yield circle, faces, f"http://127.0.0.1:{taken.getsockname()[1]}/", ledger.file
        server.should_exit = True
        thread.join()
        sessions.close()


def test_people_rate_in_a_browser_and_every_command_can_read_what_they_said(circle, browser, monkeypatch):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    circle, faces, address, ledger = circle
    people = circle.invite(faces, (1.0, 1.0, 2.0))
    wrong = circle.SEVEN.index("fear")  # which neither gold face shows
    people.chances[0] = np.eye(7)[wrong]
    people.chances[1:, faces.dealt :] = np.eye(7)[[circle.SEVEN.index(name) for name in faces.gold]]
    ends = circle.take_part(browser, people, faces, address, ledger, None)
    assert ends == ["Thank you for your time", "Thank you", "Thank you"]

    found = collected(ledger)
    assert found.persons["state"].tolist() == ["screened_out", "done", "done"]
    every = every_answer(found)
    assert every["left_out"].value_counts().to_dict() | {"screened_out": 0} == {"": 16, "repeat": 2, "screened_out": 0}
    write(found, ledger.parent)
    answers = read_answers(ledger.parent / "answers.csv")
    assert answers.workers.tolist() == people.names[1:]
    for row in every[every["left_out"] == ""].itertuples():  # what was felt is what stands there, on -1 to 1
        felt = people.felt[people.names.index(row.worker), faces.tasks.index(row.task), 0]
        assert row.valence == pytest.approx(np.clip(round(4 * felt), -4, 4) / 4)

    monkeypatch.setattr(watching, "LARGEST", 5)
    monkeypatch.setattr(watching, "REPLICATES", 2)
    monkeypatch.setattr(experimenter, "asked", lambda file, name, l1: (watching.page(file, l1).encode(), ""))
    page = browser.new_page()
    page.goto(f"{address}watch/token/")
    page.wait_for_selector("#workers", timeout=60_000)
    serious = [each for each in axe.Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert serious == []
    page.close()
