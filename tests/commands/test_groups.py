"""`by=` on the command line: groups of faces from a table or from the faces of a run."""

import json
from itertools import cycle, islice

import numpy as np
import pytest

from fer_exp.cli import main
from fer_exp.config import DatasetConfig
from fer_exp.datasets import open_corpus
from fer_exp.store import open_store
from tests.datasets.fake_rafdb import write_attributes, write_rafdb
from tests.judging.tables import predictions_table


@pytest.fixture
def predictions(tmp_path):
    table = predictions_table(120, splits=("test",))
    race = np.random.default_rng(0).choice(["White", "Asian", "unsure", ""], 40, p=[0.5, 0.4, 0.05, 0.05])
    path = tmp_path / "vgg.csv"
    table.assign(Race=np.repeat(race, 3)).to_csv(path, index=False)
    return path


def said(capsys, *words):
    code = main(list(words))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_metrics_by_group_stand_in_a_file_of_their_own(predictions, capsys):
    code, out, err = said(capsys, "evaluate", f"predictions={predictions}", "by=race", "bootstrap=50")
    assert code == 0
    assert "not used" not in err
    assert out.splitlines()[-1] == str(predictions.with_name("vgg.metrics.by-race.json"))
    kept = json.loads(predictions.with_name("vgg.metrics.by-race.json").read_text())
    found = kept["by_group"]
    assert [group["name"] for group in found["groups"]] == ["Asian", "White"]
    assert sum(group["faces"] for group in found["groups"]) < 120 == kept["metrics"]["test"]["l1"]["n"]
    assert {gap["group"] for gap in found["gaps"]} == {"Asian"}
    assert "gaps by race" in out
    assert f"{found['verdict'][0]}." in out
    assert "are in no group and left out" in out
    assert "persons (rough)" in out


def test_a_column_that_is_not_there_is_said_with_those_that_are(predictions, capsys):
    code, _, err = said(capsys, "evaluate", f"predictions={predictions}", "by=rase")
    assert code == 2
    assert "has no column rase; did you mean Race?" in err


def test_sex_race_and_age_of_rafdb_reach_a_store_that_is_there_already(tmp_path, capsys):
    root = tmp_path / "rafdb"
    write_rafdb(root, 40, 21)
    config = DatasetConfig(name="rafdb", root=str(root), size=24, max_rejected=0.1, classes=7)
    log: list[str] = []
    before = open_store(open_corpus(config), 24, tmp_path / "cache", log=log.append)
    assert "race" not in before.faces
    decoded = (before.folder / "pixels.u8").stat().st_mtime_ns
    faces = before.faces["face"].tolist()
    write_attributes(root, faces[:-1], list(islice(cycle([(0, 0, 0), (1, 1, 4), (2, 2, 9)]), len(faces) - 1)))
    after = open_store(open_corpus(config), 24, tmp_path / "cache", log=log.append)
    assert (after.key, after.content, after.folder) == (before.key, before.content, before.folder)
    assert (after.folder / "pixels.u8").stat().st_mtime_ns == decoded
    assert after.faces["race"].tolist()[:3] == ["Caucasian", "African-American", "Asian"]
    assert after.faces["sex"].tolist()[:3] == ["male", "female", "unsure"]
    assert after.faces["age"].tolist()[:3] == ["0-3", "70+", None]
    assert after.faces["sex"].iloc[-1] is None
    assert any(line.startswith("rafdb: sex, race, age of") and "faces have no file" in line for line in log)
    said_before = len(log)
    assert open_store(open_corpus(config), 24, tmp_path / "cache", log=log.append).faces.equals(after.faces)
    assert len(log) == said_before


def test_a_run_is_grouped_by_a_column_of_its_faces(tmp_path, capsys, monkeypatch):
    root = tmp_path / "rafdb"
    write_rafdb(root, 40, 21)
    monkeypatch.setenv("FER_EXP_CACHE", str(tmp_path / "cache"))
    config = DatasetConfig(name="rafdb", root=str(root), size=24, max_rejected=0.1, classes=7)
    store = open_store(open_corpus(config), 24, log=lambda line: None)
    run = tmp_path / "run"
    run.mkdir()
    table = predictions_table(21, splits=("test",)).assign(subject=None)
    table["face"] = store.faces["face"][store.faces["split"] == "test"].tolist()
    table.to_parquet(run / "predictions.parquet")
    facts = {"config": {"dataset": {"name": "rafdb", "size": 24}}, "data_hash": store.key, "store": store.folder.name}
    (run / "run.json").write_text(json.dumps(facts))
    code, _, err = said(capsys, "evaluate", f"run={run}", "by=race", "bootstrap=20")
    assert code == 2
    assert "RAF-DB says it in Annotation/manual" in err
    write_attributes(root, store.faces["face"].tolist(), list(islice(cycle([(0, 0, 0), (1, 2, 1)]), len(store.faces))))
    words = ["prepare", "dataset=rafdb", f"dataset.root={root}", "dataset.size=24", "dataset.max_rejected=0.1"]
    assert main(words) == 0
    code, _, _ = said(capsys, "evaluate", f"run={run}", "by=race", "bootstrap=20")
    assert code == 0
    found = json.loads((run / "metrics.by-race.json").read_text())["by_group"]
    assert {group["name"]: group["faces"] for group in found["groups"]} == {"Asian": 10, "Caucasian": 11}
