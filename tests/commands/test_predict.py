"""`fer-exp predict`: the same pixels as in training, every picture accounted for, a table that others take."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fer_exp.cli import main
from fer_exp.metrics.distribution import entropy
from fer_exp.pictures import crops, detector
from fer_exp.runs import Run
from tests.datasets.fake_folders import write_faces_table
from tests.datasets.fake_photographs import find_drawn, photograph
from tests.datasets.fake_pictures import save
from tests.datasets.fakes import write_fer2013

pytestmark = pytest.mark.usefixtures("light")
SHORT = ["trainer=cpu", "trainer.epochs=1", "trainer.batch_size=16", "bootstrap=0", "labels.rule=all"]


@pytest.fixture(scope="module")
def own(tmp_path_factory, light) -> tuple[Path, Run]:
    """A folder of faces with a table, in which people are named and rated; and a run on it."""
    root = tmp_path_factory.mktemp("own")
    write_faces_table(root)
    words = ["dataset=folder", f"dataset.table={root / 'faces.csv'}", "dataset.size=24", "dataset.classes=7"]
    assert main(["train", *words, *SHORT, f"dataset.cache={root / 'cache'}", f"output={root / 'runs'}"]) == 0
    return root, Run(next((root / "runs").glob("*/run.json")).parent)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def probabilities(table: pd.DataFrame) -> np.ndarray:
    return table[[name for name in table if name.startswith("p_")]].to_numpy()


def test_the_test_faces_of_a_corpus_as_files_get_the_answers_of_the_run_with_what_is_known_of_them(own, here):
    root, run = own
    assert main(["predict", str(run.folder), str(root / "faces.csv"), "output=all.parquet"]) == 0
    table = pd.read_parquet("all.parquet")
    assert len(table) == 60
    expected = run.predictions[run.predictions["split"] == "test"].set_index("face")
    test = table[table["split"] == "test"].set_index("face").loc[expected.index]
    np.testing.assert_allclose(probabilities(test), probabilities(expected), atol=1e-6)
    assert (test[["subject", "label"]] == expected[["subject", "label"]]).all(axis=None)
    for name in ("valence", "arousal", "human_valence", "human_arousal"):
        np.testing.assert_allclose(test[name], expected[name], atol=1e-6)
    assert main(["evaluate", "predictions=all.parquet", "bootstrap=0"]) == 0
    ours, theirs = (json.loads(Path(file).read_bytes()) for file in ("all.metrics.json", run.path("metrics")))
    for name in ("accuracy", "valence_ccc"):
        assert ours["test"][name]["value"] == pytest.approx(theirs["test"][name]["value"], rel=1e-6, abs=1e-6)


def test_grey_faces_of_a_file_as_pictures_get_the_answers_of_the_run_and_its_splits(here, capsys):
    write_fer2013(here / "fer", 120)
    words = ["dataset=fer2013", "dataset.root=fer", "dataset.size=24", "dataset.cache=cache", "output=runs"]
    assert main(["train", *words, *SHORT]) == 0
    run = Run(next((here / "runs").glob("*/run.json")).parent)
    for row, values in enumerate(np.loadtxt("fer/fer2013.csv", str, delimiter=",", skiprows=1)[:, 1]):
        (here / "png").mkdir(exist_ok=True)
        Image.fromarray(np.array(values.split(), np.uint8).reshape(48, 48)).save(here / "png" / f"fer{row:07d}.png")
    capsys.readouterr()
    assert main(["predict", f"run={run.path('network')}", "pictures=png", "output=file.parquet"]) == 0
    assert main(["predict", str(run.folder), "png", "output=run.parquet"]) == 0
    assert "60 of 120 pictures have the names of faces that" in capsys.readouterr().err
    table, expected = pd.read_parquet("run.parquet"), run.predictions
    assert (probabilities(table) == probabilities(pd.read_parquet("file.parquet"))).all()
    table = table.assign(face=table["face"].str.removesuffix(".png")).set_index("face").loc[expected["face"]]
    np.testing.assert_allclose(probabilities(table), probabilities(expected), atol=1e-6)
    assert table["split"].tolist() == expected["split"].tolist()


def test_files_of_one_name_in_different_folders_stay_apart_and_meet_the_votes_of_people(own, here, capsys):
    for n, folder in enumerate(("a", "b/c")):
        for number in range(4):
            save(here / "faces" / folder / f"{number}.png", "anger", 10 * n + number)
    assert main(["predict", str(own[1].folder), "faces", "output=p.csv"]) == 0
    table = pd.read_csv("p.csv")
    assert table["face"].tolist() == [f"{folder}/{n}.png" for folder in ("a", "b/c") for n in range(4)]
    np.testing.assert_allclose(table["entropy"], entropy(probabilities(table)), atol=1e-5)
    tens = table[[name for name in table if name.startswith("ten_")]]
    assert (tens.sum(axis=1) == 10).all()
    assert (np.abs(tens.to_numpy() / 10 - probabilities(table)) <= 0.1).all()
    said = [sum(int(word.split()[0]) for word in cell.split(", ")) for cell in table["of_ten"]]
    assert said == [10] * 8
    votes = pd.DataFrame({"face": [face.removesuffix(".png") for face in table["face"]], "anger": 6, "fear": 4})
    votes.to_csv("votes.csv", index=False)
    shutil.copy("p.csv", "q.csv")
    capsys.readouterr()
    assert main(["evaluate", "predictions=p.csv", "votes=votes.csv", "bootstrap=0"]) == 0
    assert "not used" not in capsys.readouterr().err
    assert json.loads(Path("p.metrics.json").read_bytes())["test"]["l1"]["n"] == 8
    assert main(["compare", "p.csv", "q.csv", "votes=votes.csv", "bootstrap=0", "permutations=0"]) == 0


def test_folders_named_for_expressions_give_labels_and_those_named_for_splits_a_split(own, here, capsys):
    for split in ("val", "test"):
        for kind, label in (("01_angry", "anger"), ("Happy", "happiness"), ("contempt", "contempt")):
            save(here / "faces" / split / kind / "1.png", label, 1)
    assert main(["predict", str(own[1].folder), "faces", "output=p.csv"]) == 0
    table = pd.read_csv("p.csv")
    assert table["split"].tolist() == ["test"] * 3 + ["val"] * 3
    assert table["label"].fillna("-").tolist() == ["anger", "happiness", "-"] * 2
    assert "labels that are none of the classes, left out: 2 ('contempt')" in capsys.readouterr().err


def test_broken_pictures_are_named_and_listed_and_the_others_answered(own, here, capsys):
    for number in range(20):
        quirk = {3: "truncated", 9: "grey", 11: "cmyk", 12: "turned"}.get(number, "")
        save(here / "faces" / f"{number:02d}.jpg", "anger", number, quirk)
    (here / "faces" / "05.jpg").write_bytes(b"")
    (here / "faces" / "06.png").write_text("no picture")
    (here / "faces" / "notes.txt").write_text("no picture")
    (here / "faces" / "film.mp4").write_text("no picture")
    assert main(["predict", str(own[1].folder), "faces", "output=p.csv"]) == 0
    said = capsys.readouterr()
    assert len(pd.read_csv("p.csv")) == 18
    assert "1 .mp4 (save the frames of videos as pictures)" in said.err
    assert "3 pictures that cannot be used, left out: 03.jpg: " in said.err
    assert pd.read_csv("p.rejected.csv")["face"].tolist() == ["03.jpg", "05.jpg", "06.png"]
    assert said.out.splitlines()[-2:] == [said.out.splitlines()[-2], "p.csv"]
    assert "18 pictures; entropy " in said.out


def test_one_picture_is_shown_as_ten_people_and_writes_nothing_unasked(own, here, capsys):
    save(here / "me.png", "anger", 1)
    assert main(["predict", "me.png", str(own[1].folder)]) == 0
    out = capsys.readouterr().out
    assert "of ten people" in out
    assert "valence " in out
    assert [path.name for path in here.iterdir()] == ["me.png"]
    assert main(["predict", "me.png", f"run={own[1].folder}", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["results"]
    assert (told["pictures"], told["crop"], told["rejected"]) == (1, "none", {})


def test_the_page_holds_the_pictures_and_no_name_of_a_file_is_markup(own, here, capsys):
    for name in ("a.png", "<img src=x onerror=alert(1)>.png", '"onload="x.png'):
        save(here / "faces" / name, "anger", 1)
    assert main(["predict", str(own[1].folder), "faces", "page=true"]) == 0
    *_, page, table = capsys.readouterr().out.splitlines()
    assert (page, table) == (f"faces-{own[1].name}.html", f"faces-{own[1].name}.csv")
    html = Path(page).read_text(encoding="utf-8")
    assert html.count("data:image/webp") == 3
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html
    assert html.count("<i style") == 30
    assert main(["predict", str(own[1].folder), "faces", "page=true"]) == 2
    assert "is there already; write overwrite=true to replace it" in capsys.readouterr().err
    assert main(["predict", str(own[1].folder), "faces", "page=true", "overwrite=true"]) == 0


def test_a_name_that_is_no_text_is_written_out(own, here):
    save(here / "faces" / "a.png", "anger", 1)
    try:
        shutil.copy(here / "faces" / "a.png", os.fsencode(here / "faces") + b"/\xff\xfe.png")
    except OSError:
        pytest.skip("this file system has no such names")
    assert main(["predict", str(own[1].folder), "faces", "output=p.csv"]) == 0
    assert pd.read_csv("p.csv")["face"].tolist() == ["a.png", "\\xff\\xfe.png"]


def test_faces_are_cut_out_as_those_of_the_run_were_or_as_told(here, monkeypatch, capsys):
    monkeypatch.setattr(crops, "find_faces", find_drawn)
    monkeypatch.setattr(detector, "version", lambda package: "0")
    for number in range(12):
        folder = here / "photos" / ("happy", "sad")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        photograph(turned=number, side=60 + 3 * number).save(folder / f"{number}.png")
    words = ["photos", "dataset.size=24", "dataset.crop=face", "dataset.margin=0.3", "dataset.cache=cache"]
    assert main(["train", *words, *SHORT, "trainer.batch_size=4", "output=runs"]) == 0
    run = Run(next((here / "runs").glob("*/run.json")).parent)
    Image.new("RGB", (400, 300), (90, 90, 90)).save(here / "photos" / "happy" / "none.png")
    capsys.readouterr()
    assert main(["predict", str(run.folder), "photos", "output=as_taught.parquet"]) == 0
    said = capsys.readouterr().err
    assert "crop=face margin=0.3" in said
    assert "1 pictures in which no face was found, left out: happy/none.png" in said
    test = run.predictions.set_index("face")
    table = pd.read_parquet("as_taught.parquet").set_index("face")
    np.testing.assert_allclose(probabilities(table.loc[test.index]), probabilities(test), atol=1e-6)
    assert main(["predict", str(run.folder), "photos", "crop=none", "output=whole.csv"]) == 0
    assert "look like photographs, not faces cut out: crop=face finds the face" in capsys.readouterr().err
    assert main(["predict", str(run.folder), "photos", "margin=0", "output=tight.csv"]) == 0
    assert len(pd.read_csv("whole.csv")) == len(pd.read_csv("tight.csv")) + 1 == 13


def test_a_table_of_answers_names_each_picture_once(own, here, capsys):
    save(here / "faces" / "1.png", "anger", 1)
    save(here / "faces" / "2.png", "anger", 2)
    (here / "answers.csv").write_text("task,worker,label,site\n1,a,anger,x\n1,b,fear,x\n2,a,anger,y\n")
    assert main(["predict", str(own[1].folder), "answers.csv", "root=faces", "output=p.csv"]) == 0
    said = capsys.readouterr().err
    assert "3 rows name 2 pictures, each answered once, without label, which differ" in said
    table = pd.read_csv("p.csv", dtype={"face": str})
    assert table["face"].tolist() == ["1", "2"]
    assert "label" not in table


REFUSED = [
    ("{run}", "predict needs pictures: fer-exp predict {run} photos/"),
    ("pictures=faces", "predict needs a run"),
    ("{run} faces output=p.xlsx", "written as .csv or .parquet"),
    ("{run} faces output=taken.csv", "taken.csv is there already"),
    ("{run} empty", "pictures=empty is empty"),
    ("{run} texts", "pictures=texts holds no pictures"),
    ("{run} clip.mp4", ".mp4 is not read here; save the frames of videos as pictures"),
    ("{run} pictures.zip", ".zip is not read here; unpack them"),
    ("{run} faces/1.png paths.csv", "paths.csv is a table among others"),
    ("{run} notes.png", "notes.png cannot be used: it is no JPEG"),
    ("{run} nothing.csv", "none of its 2 paths is a file; the first is x/1.png, looked for as ./x/1.png"),
    ("{run} votes.csv", "run from 0 to 1,000,000"),
    ("{run} faces root=faces", "root=faces goes with a table"),
    ("{run} faces margin=0.2", "margin=0.2 does nothing without crop=face"),
    ("{run} faces crop=faces", "crop=faces is unknown; did you mean face?"),
    ("{run} faces margin=3", "margin is 3.0; it is a share of the face's box"),
    ("begun faces", "begun has not finished"),
    ("runs faces", "runs is a folder of runs"),
    ("taken.csv faces", "taken.csv is no network that fer-exp kept"),
    ("{run} photos", "photos: there is no such file or folder; did you mean"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_cannot_be_done_is_refused_with_the_way_out_and_leaves_nothing(own, here, capsys, words, said):
    for number in range(2):
        save(here / "faces" / f"{number}.png", "anger", number)
    for folder in ("empty", "texts", "begun", "runs/one", "photos2"):
        (here / folder).mkdir(parents=True)
    texts = {"taken.csv": "a", "texts/a.txt": "", "clip.mp4": "", "pictures.zip": "", "notes.png": "no picture"}
    texts |= {"paths.csv": "path\nfaces/1.png\n", "nothing.csv": "path\nx/1.png\ny.png\n"}
    texts |= {"begun/config.yaml": "", "runs/one/run.json": "{}"}
    votes = ",".join(f"votes_{name}" for name in ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry"))
    texts["votes.csv"] = f"path,{votes}\nfaces/1.png,-1,2,0,0,0,0,0\n"
    for name, text in texts.items():
        (here / name).write_text(text)
    before = sorted(here.rglob("*"))
    capsys.readouterr()
    assert main(["predict", *(word.format(run=own[1].folder) for word in words.split())]) == 2
    assert said.format(run=own[1].folder) in capsys.readouterr().err
    assert sorted(here.rglob("*")) == before


# predict in another process that is killed as the file of a name is to take its place.
KILLED = """
import os, sys
from pathlib import Path
from fer_exp.training import networks
from tests.light import light_row
networks.BACKBONES["resnet18"] = light_row()
last, *words = sys.argv[1:]
real = Path.replace
Path.replace = lambda aside, path: os._exit(9) if Path(path).name == last else real(aside, path)
from fer_exp.cli import main
main(words)
"""


@pytest.mark.parametrize("last", ["p.csv", "p.html"])
def test_where_a_call_was_killed_the_same_command_makes_table_and_page(own, here, capsys, last):
    save(here / "faces" / "1.png", "anger", 1)
    words = ["predict", str(own[1].folder), "faces", "page=true", "output=p.csv"]
    place = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", KILLED, last, *words], env=place, check=False)
    assert done.returncode == 9
    assert not (here / "p.html").exists()
    assert (here / "p.csv").exists() == (last == "p.html")
    assert main(words) == 0
    assert {path.name for path in here.iterdir()} == {"faces", "p.csv", "p.html"}
    assert main(words) == 2
    assert "p.csv is there already; write overwrite=true" in capsys.readouterr().err
    (here / "p.html").unlink()
    assert main(words) == 2, "somebody may have made that table"


def test_where_the_table_cannot_be_written_there_is_no_page_either(own, here, monkeypatch, capsys):
    save(here / "faces" / "1.png", "anger", 1)
    monkeypatch.setattr(pd.DataFrame, "to_csv", no_room)
    assert main(["predict", str(own[1].folder), "faces", "page=true", "output=p.csv"]) == 1
    assert "p.csv cannot be written: the disk is full" in capsys.readouterr().err
    assert [path.name for path in here.iterdir()] == ["faces"]


def no_room(*given, **named):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_an_earlier_call_left_beside_the_table_is_named(own, here, capsys):
    save(here / "faces" / "1.png", "anger", 1)
    (here / "faces" / "2.png").write_text("no picture")
    words = ["predict", str(own[1].folder), "faces", "output=p.csv", "overwrite=true"]
    assert main([*words, "page=true"]) == 0
    assert "earlier call" not in capsys.readouterr().out
    (here / "faces" / "2.png").unlink()
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "p.html is of an earlier call; it says nothing about this table." in printed
    assert "p.rejected.csv is of an earlier call" in printed
