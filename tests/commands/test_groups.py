"""`by=` on the command line: groups of faces from a table or from the faces of a run."""

import json
from itertools import cycle, islice

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.config import DatasetConfig
from fer_exp.datasets import open_corpus
from fer_exp.store import open_store
from tests.datasets.fake_rafdb import write_attributes, write_rafdb
from tests.judging.tables import CLASSES, predictions_table
from tests.raters.test_groups import drawn


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
    told = pd.read_parquet(store.folder / "attributes.parquet").assign(race="Asian")
    told.to_parquet(store.folder / "attributes.parquet")
    code, _, err = said(capsys, "evaluate", f"run={run}", "by=race", "bootstrap=20")
    assert code == 1
    assert "attributes.parquet is not what was prepared" in err


def test_raters_groups_are_held_against_each_other(tmp_path, capsys):
    table = drawn(3, effect=0.8)
    table.drop(columns="culture").to_csv(tmp_path / "answers.csv", index=False)
    people = table[["worker", "culture"]].drop_duplicates().rename(columns={"worker": "participant"})
    people.to_csv(tmp_path / "people.csv", index=False)
    table.to_csv(tmp_path / "both.csv", index=False)
    words = ["by=culture", "bootstrap=50", "permutations=200"]
    results = []
    for source in (["ratings=both.csv"], ["ratings=answers.csv", "groups=people.csv"]):
        typed = [f"{word.replace('=', f'={tmp_path}/')}" for word in source]
        assert main(["agreement", *typed, *words, f"output={tmp_path / 'out'}"]) == 0
        shown = capsys.readouterr()
        assert "not used: culture" not in shown.err
        results.append(json.loads((tmp_path / "out" / "agreement.json").read_text())["all"]["groups"])
    assert results[0] == results[1]
    assert "raters of culture JP and US answer differently" in shown.out
    assert "agreement within groups of culture" in shown.out
    assert results[0]["within"]["JP"]["labels"]["percent_agreement"]["value"] > 0
    assert (tmp_path / "out" / "groups_labels.csv").is_file()
    assert (tmp_path / "out" / "groups_shift.csv").is_file()


def test_pictured_groups_stand_side_by_side_as_subsets_do(tmp_path, capsys):
    table = drawn(faces=20).drop(columns="culture")
    table["race"] = np.where(table["task"].str[-1].astype(int) < 4, "Asian", "White")
    table.to_csv(tmp_path / "by.csv", index=False)
    table.rename(columns={"race": "subset"}).to_csv(tmp_path / "subset.csv", index=False)
    kept = []
    for words in (["ratings=by.csv", "by=race"], ["ratings=subset.csv"]):
        typed = [words[0].replace("=", f"={tmp_path}/"), *words[1:]]
        assert main(["agreement", *typed, "bootstrap=20", f"output={tmp_path / 'out'}"]) == 0
        kept.append(json.loads((tmp_path / "out" / "agreement.json").read_text()))
    assert kept[0] == kept[1]
    assert list(kept[0]) == ["Asian", "White"]


def test_models_are_compared_within_groups_and_between(predictions, tmp_path, capsys):
    table = pd.read_csv(predictions)
    columns = [f"p_{name}" for name in CLASSES]
    worse = np.where(table["Race"] == "Asian", 0.9, 0.05)[:, None]
    other = table.drop(columns="Race")
    other[columns] = (1 - worse) * table[columns] + worse / 4
    other.to_csv(tmp_path / "other.csv", index=False)
    words = ["by=race", "bootstrap=100", "permutations=0", "repairs=false", f"output={tmp_path / 'pair'}"]
    code, out, _ = said(capsys, "compare", str(predictions), str(tmp_path / "other.csv"), *words)
    assert code == 0
    assert "A - B by race" in out
    rows = json.loads((tmp_path / "pair.json").read_text())["by_group"]["rows"]
    l1 = {row["group"]: row for row in rows if row["metric"] == "l1"}
    kept = table["Race"].isin(["Asian", "White"])
    votes = table[[f"votes_{name}" for name in CLASSES]].to_numpy() / 10
    apart = pd.Series(np.abs(table[columns] - votes).sum(axis=1) - np.abs(other[columns] - votes).sum(axis=1))
    of = apart[kept].groupby(table["Race"]).mean()
    assert l1["Asian"]["within"]["difference"] == pytest.approx(of["Asian"])
    assert l1["Asian"]["interaction"]["difference"] == pytest.approx(of["Asian"] - of["White"])
    assert l1["White"]["interaction"] is None
    assert (tmp_path / "pair-groups.csv").is_file()


def test_a_page_has_a_section_by_group(predictions, tmp_path, capsys):
    people = pd.read_csv(predictions)[["face", "Race"]]
    people.to_csv(tmp_path / "race.csv", index=False)
    pd.read_csv(predictions).drop(columns="Race").to_csv(tmp_path / "bare.csv", index=False)
    place = tmp_path / "page.html"
    words = ["by=race", f"groups={tmp_path / 'race.csv'}", "bootstrap=30", f"output={place}"]
    assert said(capsys, "report", f"run={tmp_path / 'bare.csv'}", *words)[0] == 0
    page = place.read_text()
    assert '<h2 id="groups-title">By race</h2>' in page
    assert "people among themselves" in page
    assert "Asian" in page
    code, _, err = said(capsys, "evaluate", f"predictions={tmp_path / 'bare.csv'}", f"groups={tmp_path / 'race.csv'}")
    assert code == 2
    assert "say which with by=COLUMN" in err
