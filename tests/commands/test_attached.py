"""Answers attached to a corpus are there in every command: opened one way, found again one way."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.config import DatasetConfig
from fer_exp.names import CLASSES
from fer_exp.runs import Run
from fer_exp.store import open_dataset

pytestmark = pytest.mark.usefixtures("light")
SEVEN = list(CLASSES[:7])


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Votes of ten and the single answers of three people for every built-in face, in two tables."""
    folder = tmp_path_factory.mktemp("attached")
    _, store = open_dataset(DatasetConfig(faces=72, size=16, cache=str(folder / "cache")))
    random = np.random.default_rng(0)
    votes = pd.DataFrame(random.multinomial(10, [0.4, 0.3, 0.1, 0.05, 0.05, 0.05, 0.05], 72), columns=SEVEN)
    votes.insert(0, "face", store.faces["face"])
    votes.to_csv(folder / "votes.csv", index=False)
    ratings = pd.DataFrame({"task": np.repeat(store.faces["face"], 3), "worker": ["a", "b", "c"] * 72})
    ratings["label"], ratings["valence"], ratings["arousal"] = random.choice(SEVEN[:3], 216), 0.25, -0.25
    ratings.to_csv(folder / "ratings.csv", index=False)
    return folder


def dataset(place: Path, kind: str) -> list[str]:
    words = ["dataset.faces=72", "dataset.size=16", f"dataset.cache={place / 'cache'}"]
    return [*words, f"dataset.{kind}={place / kind}.csv", f"output={place / 'out'}", "bootstrap=0"]


@pytest.mark.parametrize("kind", ["votes", "ratings"])
def test_a_run_with_attached_answers_has_pictures_in_its_report(place, capsys, kind):
    words = ["labels.rule=all", "trainer=cpu", "trainer.epochs=1", "trainer.batch_size=8"]
    assert main(["train", *dataset(place, kind), *words]) == 0
    run = Run(Path(capsys.readouterr().out.splitlines()[-1]))
    assert run.store is not None
    assert run.store.folder.name == run.facts["store"]
    assert run.facts["data_hash"] not in (run.store.key, run.store.content)
    assert main(["report", f"run={run.folder}", "bootstrap=0"]) == 0
    page = (run.folder / "report.html").read_text()
    assert "data:image/webp" in page
    assert "their store is not here" not in page


@pytest.mark.parametrize("kind", ["votes", "ratings"])
def test_agreement_is_that_of_the_attached_answers(place, capsys, kind):
    words = [word for word in dataset(place, kind) if not word.startswith("output")]
    assert main(["agreement", "dataset=synthetic", *words, "json=true", f"output={place / kind}"]) == 0
    found = json.loads(capsys.readouterr().out)["all"]["labels"]["percent_agreement"]["value"]
    table = pd.read_csv(place / f"{kind}.csv")
    counts = table[SEVEN] if kind == "votes" else pd.crosstab(table["task"], table["label"])
    pairs = (counts * (counts - 1)).sum(axis=1) / (counts.sum(axis=1) * (counts.sum(axis=1) - 1))
    assert found == pytest.approx(pairs.mean())


def test_crowd_knows_who_gave_the_answers_that_are_attached(place, capsys):
    words = [*dataset(place, "ratings"), "methods=[majority]", "json=true"]
    assert main(["crowd", "dataset=synthetic", *words]) == 0
    workers = json.loads(capsys.readouterr().out)["workers"]
    assert [(worker["worker"], worker["answers"]) for worker in workers] == [("a", 72), ("b", 72), ("c", 72)]
