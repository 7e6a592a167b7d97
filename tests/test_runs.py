"""A run folder: its name comes from what can change a number, and one reader knows its files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from fer_exp.cli.compose import compose_all
from fer_exp.config import DatasetConfig, LabelsConfig, MethodConfig, TrainConfig, plain
from fer_exp.config.folder import conf_folder, options
from fer_exp.config.settings import settings
from fer_exp.datasets.splits import select
from fer_exp.errors import RequestError, RunError
from fer_exp.runs import Run
from fer_exp.runs.claim import claimed
from fer_exp.runs.naming import check_same, find_runs, run_name
from fer_exp.runs.sources import read_sources
from fer_exp.store import open_dataset
from tests.datasets.fake_folders import write_classes
from tests.judging.tables import predictions_table


def composed(*words: str) -> TrainConfig:
    (config,) = compose_all("train", [(list(words), {})])
    assert isinstance(config, TrainConfig)
    return config


def hash_of(*words: str) -> str:
    return run_name(composed(*words), {}).rpartition("-")[2]


def in_folder(root: Path, tmp_path: Path, **given: object) -> TrainConfig:
    data = DatasetConfig(name="folder", root=str(root), size=24, cache=str(tmp_path / "cache"), max_rejected=0.1)
    return TrainConfig(dataset=replace(data, **given), labels=LabelsConfig(rule="all"), output=str(tmp_path / "runs"))


def name_of(config: TrainConfig) -> str:
    return find_runs([config])[0].name


def test_where_things_lie_and_what_changes_no_number_plays_no_part() -> None:
    plainly = run_name(composed(), {})
    words = ["output=/elsewhere", "bootstrap=5", "trainer.logger=tensorboard", "dataset.cache=/cache", "seed=0"]
    assert run_name(composed(*words), {}) == plainly
    assert hash_of("seed=7") == plainly.rpartition("-")[2]  # the seed is a word of the name
    assert hash_of("trainer.learning_rate=0.1") != hash_of()
    assert run_name(composed(), {"dataset": "other faces"}) != run_name(composed(), {"dataset": "faces"})
    assert hash_of("method=gce", "method.q=1") == hash_of("method=gce", "method.q=1.0") != hash_of("method=gce")


@pytest.mark.parametrize("group", ["dataset", "labels", "backbone", "method"])
def test_a_key_that_is_as_its_option_has_it_renames_no_run(group: str) -> None:
    """So a key that comes to conf/ renames none either."""
    names = []
    needed = {"aggregated": ["labels.posteriors=crowd.csv"]}
    for option in options(group):
        words = [f"{group}={option}", *needed.get(option, [])]
        names.append(run_name(composed(*words), {}))
        written = OmegaConf.load(conf_folder() / group / f"{option}.yaml")
        keys = [f"{group}.{key}={'null' if value is None else value}" for key, value in written.items()
                if key not in ("defaults", "name", "kind") and not isinstance(value, list) and value != []]  # fmt: skip
        assert run_name(composed(*keys, *words), {}) == names[-1]
    assert len(set(names)) == len(names)  # ncctfer_faithful, too, is told from ncctfer


def test_a_config_made_in_python_is_named_as_the_same_one_of_conf() -> None:
    assert run_name(TrainConfig(), {}) == run_name(composed(), {})
    assert run_name(TrainConfig(method=MethodConfig("gce", keys={"q": 0.7})), {}) == run_name(
        composed("method=gce"), {}
    )
    assert run_name(TrainConfig(method=MethodConfig("gce")), {}) == run_name(composed("method=gce"), {})


def test_a_copy_of_the_corpus_finds_the_same_run_and_other_pictures_another(tmp_path: Path) -> None:
    write_classes(tmp_path / "faces")
    name = name_of(in_folder(tmp_path / "faces", tmp_path))
    shutil.copytree(tmp_path / "faces", tmp_path / "copy", copy_function=shutil.copy)  # times of change are lost
    assert name_of(in_folder(tmp_path / "copy", tmp_path, cache=str(tmp_path / "other cache"))) == name
    here = os.path.relpath(tmp_path / "copy")
    assert name_of(in_folder(Path(here), tmp_path)) == name
    first, second = sorted((tmp_path / "copy" / "Happy").iterdir())[:2]
    first.write_bytes(second.read_bytes())
    assert name_of(in_folder(tmp_path / "copy", tmp_path)) != name


def test_files_count_by_what_they_hold(tmp_path: Path) -> None:
    write_classes(tmp_path / "faces")
    base = in_folder(tmp_path / "faces", tmp_path)
    faces = open_dataset(base.dataset)[1].faces["face"]
    votes = pd.DataFrame(
        1, index=faces, columns=["neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger"]
    )
    (tmp_path / "a").mkdir()
    for path in (tmp_path / "votes.csv", tmp_path / "a" / "same.csv"):
        votes.to_csv(path)
    votes.assign(fear=2).to_csv(tmp_path / "others.csv")
    named = {file: name_of(in_folder(tmp_path / "faces", tmp_path, votes=str(tmp_path / file)))
             for file in ("votes.csv", "a/same.csv", "others.csv")}  # fmt: skip
    assert named["votes.csv"] == named["a/same.csv"]
    assert len({*named.values(), name_of(base)}) == 3
    for key, group in (("file", "labels"), ("posteriors", "labels"), ("weights", "backbone")):
        found = set()
        for file in ("votes.csv", "a/same.csv", "others.csv", "not there"):
            config = in_folder(tmp_path / "faces", tmp_path)
            setattr(getattr(config, group), key, str(tmp_path / file))
            found.add(name_of(config))
        assert len(found) == 3
        assert name_of(base) not in found


def test_a_split_file_names_the_same_run_before_it_is_written_and_after(tmp_path: Path) -> None:
    config = TrainConfig(dataset=DatasetConfig(faces=60, size=16, cache=str(tmp_path / "cache")))
    config.dataset.split_file = str(tmp_path / "splits.csv")
    before = name_of(config)
    assert not (tmp_path / "splits.csv").exists()
    store = open_dataset(config.dataset)[1]
    select(store.faces, store.flags, config.dataset)
    assert name_of(config) == before
    shutil.move(tmp_path / "splits.csv", tmp_path / "moved.csv")
    config.dataset.split_file = str(tmp_path / "moved.csv")
    assert name_of(config) == before
    splits = pd.read_csv(tmp_path / "moved.csv")
    splits.loc[splits["split"] == "val", "split"] = "test"
    splits.iloc[:20].assign(split=["train", "val", "test", "train"] * 5).to_csv(tmp_path / "moved.csv", index=False)
    assert name_of(config) != before


def test_a_missing_corpus_is_a_sentence() -> None:
    with pytest.raises(RequestError, match=r"dataset.root is not set"):
        find_runs([composed("dataset=rafdb")])


def test_a_run_of_another_default_is_not_taken_for_this_one(tmp_path: Path) -> None:
    config = TrainConfig()
    run = Run(tmp_path)
    check_same(run, config)
    older = plain(config)
    older["trainer"]["epochs"] = 3
    older["dataset"]["root"] = "/elsewhere"
    run.write("facts", {"config": older})
    with pytest.raises(RequestError, match=r"made with trainer.epochs=3, and trainer.epochs=4 is asked"):
        check_same(Run(tmp_path), config)
    del older["trainer"]["epochs"]  # a key that came later
    run.write("facts", {"config": older})
    check_same(Run(tmp_path), config)
    assert "dataset.root" not in settings(older)


def test_a_run_is_read_lazily_and_what_is_not_there_is_empty(tmp_path: Path) -> None:
    run = Run(tmp_path / "none")
    assert (run.name, run.finished, run.facts, run.metrics, run.config) == ("none", False, {}, {}, {})
    assert run.targets is None
    assert run.history is None
    with pytest.raises(RequestError, match=r"none has no predictions.parquet: it is no run folder"):
        assert run.predictions
    run.write("predictions", predictions_table(9))
    run.write("facts", {"config": {"seed": 3}})
    assert run.finished
    assert run.config == {"seed": 3}
    assert run.predictions["face"].tolist() == run.source.table["face"].tolist()
    run.path("metrics").write_text("{")
    with pytest.raises(RequestError, match=r"metrics.json cannot be read: it is no JSON"):
        assert Run(run.folder).metrics
    assert [source.name for source in read_sources([str(tmp_path)])[0]] == ["none"]


def test_two_commands_do_not_share_a_run(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with claimed(folder), pytest.raises(RunError, match="another process is at work"), claimed(folder):
        pass
    with claimed(folder):
        pass


def test_naming_a_run_of_conf_imports_nothing_heavy() -> None:
    code = "import sys, fer_exp.runs; sys.exit(any(name in sys.modules for name in ('pandas', 'numpy', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_older_run_is_renamed(tmp_path: Path) -> None:
    config = TrainConfig(dataset=DatasetConfig(faces=60, size=16, cache=str(tmp_path / "cache")), output=str(tmp_path))
    store = open_dataset(config.dataset)[1]
    for name, key in (("old", store.key), ("of other faces", "0" * 32)):
        run = Run(tmp_path / name)
        run.write("facts", {"config": plain(config), "data_hash": key})
        OmegaConf.save(OmegaConf.create(plain(config)), run.path("config"))
    script = Path(__file__).parents[1] / "scripts" / "rename_runs.py"
    done = subprocess.run([sys.executable, script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert Run(tmp_path / name_of(config)).finished
    assert f"old -> {name_of(config)}" in done.stdout
    assert "of other faces: stays, the faces are not those it was trained on" in done.stdout
    assert json.loads((tmp_path / name_of(config) / "run.json").read_text())["data_hash"] == store.key


def test_rater_equivalents_of_older_runs_are_not_taken_for_those_of_today(tmp_path):
    old = {"l1": {"value": 0.5}, "rater_equivalents": {"value": 1.4}, "temperature_rater_equivalents": {"value": 1.2}}
    (tmp_path / "metrics.json").write_text(json.dumps({"test": old}))
    read = Run(tmp_path).metrics["test"]
    assert list(read) == ["l1", "rater_equivalents_l1", "temperature_rater_equivalents_l1"]
    today = {**old, "rater_equivalents_log": {"value": 2.0}}
    (tmp_path / "metrics.json").write_text(json.dumps({"test": today, "val": read}))
    assert Run(tmp_path).metrics == {"test": today, "val": read}


def test_an_epoch_whose_archive_has_lost_its_directory_is_not_one_without_answers(tmp_path):
    path = Run(tmp_path).epoch_file(1)
    path.parent.mkdir()
    np.savez(path, val=np.ones((2, 3), np.float32))
    content = bytearray(path.read_bytes())
    content[-10:-6] = bytes(4)  # the length of the directory of a zip, 10 bytes before its end where it has no comment
    path.write_bytes(content)
    with np.load(path) as kept:
        assert not kept.files
    with pytest.raises(RequestError, match=r"001.npz cannot be read: it holds no arrays"):
        Run(tmp_path).epoch(1)
