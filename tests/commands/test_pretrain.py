"""`fer-exp pretrain` end to end: the file, what a training says of it, resume, what is refused."""

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from fer_exp.cli import main
from fer_exp.cli.compose import check
from fer_exp.config import DatasetConfig, PretrainConfig, TrainerConfig
from fer_exp.errors import RequestError
from fer_exp.pretraining import drawn_faces, make_lesson
from fer_exp.pretraining.drawn_faces import DrawnFaces
from fer_exp.pretraining.lesson import corpus_faces
from fer_exp.pretraining.module import LessonModule
from fer_exp.runs import Run
from tests.training.trainer import broken_off

pytestmark = pytest.mark.usefixtures("light")


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


def words(cache: Path, output: Path, *more: str) -> list[str]:
    data = ["dataset.faces=120", "dataset.size=16", f"dataset.cache={cache}"]
    return [*data, "trainer=cpu", "trainer.epochs=2", "trainer.batch_size=16", f"output={output}", *more]


def pretrained(capsys, *given: str) -> Path:
    assert main(["pretrain", *given]) == 0
    return Path(capsys.readouterr().out.splitlines()[-1])


def refused(capsys, *given: str) -> str:
    assert main(list(given)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def facts(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


def test_the_file_starts_a_training_that_says_where_it_comes_from(cache, tmp_path, capsys):
    file = pretrained(capsys, *words(cache, tmp_path, "faces=60"))
    saved = torch.load(file, weights_only=True)
    ours, history = facts(file.parent), pd.read_csv(file.parent / "history.csv")
    assert (ours["pretrained"]["task"], ours["pretrained"]["faces"]) == ("drawn", {"train": 57, "val": 3})
    assert ours["pretrained"]["val_loss"] == history["val_loss"].iloc[-1]
    assert {"points_error", "unit_error", "pose_error", "light_error"} <= set(history)
    before = file.stat().st_mtime_ns
    assert pretrained(capsys, *words(cache, tmp_path, "faces=60", "dataset.seed=3")) == file
    assert file.stat().st_mtime_ns == before  # of the dataset a drawn face has its size alone

    copy, names = tmp_path / "copy.pt", []
    shutil.copy(file, copy)
    for weights in (file, copy):
        given = words(cache, tmp_path / "runs", f"backbone.weights={weights}", "bootstrap=0", "labels.rule=all")
        assert main(["train", *given]) == 0
        names.append(capsys.readouterr().out.splitlines()[-1])
    assert names[0] == names[1]
    said = facts(Path(names[0]))["weights"]
    assert said["pretrained"] == ours["pretrained"]
    assert said["test_faces_seen"] == 0
    assert said["matched"] == len(saved["state_dict"])


def test_a_killed_pretraining_goes_on_to_the_same_file_to_the_bit(cache, tmp_path, capsys):
    given = ["faces=60", "trainer.epochs=3"]
    whole = pretrained(capsys, *words(cache, tmp_path / "whole", *given))

    class Killed(BaseException):
        pass

    with broken_off(LessonModule, 1, Killed):
        main(["pretrain", *words(cache, tmp_path / "killed", *given)])
    broken = tmp_path / "killed" / whole.parent.name
    assert Run(broken).has("checkpoint")
    assert not Run(broken).has("backbone")
    assert pretrained(capsys, *words(cache, tmp_path / "killed", *given)).parent == broken
    assert (broken / "backbone.pt").read_bytes() == whole.read_bytes()


def test_contrast_leaves_test_faces_out_and_other_splits_are_found_out(cache, tmp_path, capsys):
    pytest.importorskip("lightly", reason="lightly is not installed")
    given = words(cache, tmp_path, "trainer.epochs=1")
    assert main(["pretrain", *given, "task=contrast"]) == 0
    printed = capsys.readouterr()
    assert "test faces are left out" in printed.err
    file = Path(printed.out.splitlines()[-1])
    table = pd.read_parquet(next(cache.glob("synthetic-16-*")) / "faces.parquet")
    assert facts(file.parent)["pretrained"]["faces"]["train"] < (table["split"] == "train").sum()
    table["split"] = np.where(table["split"] == "train", "test", "train")  # the training calls test what was train
    table.loc[table.index[::5], "split"] = "val"
    table[["face", "split"]].to_csv(tmp_path / "splits.csv", index=False)
    given += [f"backbone.weights={file}", f"dataset.split_file={tmp_path / 'splits.csv'}", "labels.rule=all"]
    assert "test faces, which were training faces there" in refused(capsys, "train", *given)


def test_test_faces_are_met_where_splits_names_them_and_a_line_says_so(cache, capsys):
    config = DatasetConfig(faces=120, size=16, cache=str(cache))
    counts = [(corpus_faces(config, splits)[1]["split"] == "train").sum() for splits in (["train"], ["train", "test"])]
    assert counts[1] > counts[0]
    said = capsys.readouterr().err
    assert "test faces are left out" in said
    assert "test faces are learnt from. A network that starts here has seen its test faces" in said


def test_points_are_learnt_from_the_faces_that_a_table_has(cache, tmp_path, capsys):
    config = PretrainConfig(DatasetConfig(faces=120, size=16, cache=str(cache)), task="points")
    faces = corpus_faces(config.dataset, ["train"])[1]["face"].tolist()
    rng, table = np.random.default_rng(0), pd.DataFrame({"face": [*faces[10:], "nobody"], "score": 1.0})
    for k in range(3):
        table[f"x_{k}"], table[f"y_{k}"] = rng.uniform(0, 100, (2, len(table)))
    config.points, config.width = str(tmp_path / "points.csv"), 100.0
    table.to_csv(config.points, index=False)
    lesson = make_lesson(config)
    said = capsys.readouterr().err
    assert f"misses 10 of {len(faces)} faces, first {faces[0]}; they are left out" in said
    assert "1 of its" in said
    assert "not used: score" in said
    assert "3 landmarks, in pixels of pictures that are 100 wide" in said
    assert lesson.faces["face"].tolist() == faces[10:]
    assert lesson.target == pytest.approx(table.set_index("face").loc[faces[10:]].to_numpy()[:, 1:] / 100)
    shares = table.drop(columns="score").set_index("face") / 100
    shares.rename(columns=lambda name: f"lm_{name.replace('_', '').upper()}").to_csv(config.points)
    assert make_lesson(config).target == pytest.approx(lesson.target)
    for change, wrong in (
        (table.drop(columns="y_1"), "x_1 has no y_1"),
        (table[["face", "score"]], "has no landmarks"),
        (table.assign(face="nobody" + table["face"]), "has landmarks of none"),
        (pd.concat([table, table[:1]]), "it has a row already"),
        (table.assign(x_0=np.nan, x_1=np.nan, x_2=np.nan, y_0=np.nan, y_1=np.nan, y_2=np.nan), "are all empty"),
    ):
        change.to_csv(config.points, index=False)
        with pytest.raises(RequestError, match=wrong):
            make_lesson(config)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"task": "point"}, "did you mean points?"),
        ({"task": "points"}, "task=points needs points=FILE"),
        ({"points": "table.csv"}, "task=drawn does not read table.csv"),
        ({"splits": ["tests"]}, "did you mean test?"),
        ({"splits": []}, "splits is empty"),
        ({"crop": 0}, "crop is 0"),
        ({"temperature": -1}, "temperature is -1"),
        ({"trainer": TrainerConfig(balance="sampler")}, "trainer.balance=sampler goes by labels"),
        ({"task": "contrast", "trainer": TrainerConfig(augment="none")}, "two equal views"),
    ],
)
def test_a_mistake_is_one_sentence_with_a_way_out(given, said):
    with pytest.raises(RequestError) as refusal:
        check(PretrainConfig(**given))
    assert said in str(refusal.value)


def test_without_lightly_contrast_says_how_to_get_it(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightly", None)
    assert "pip install 'fer-exp[pretrain]'" in refused(capsys, "pretrain", "task=contrast", f"output={tmp_path}")


def test_many_faces_are_drawn_by_all_cores_and_are_the_same(monkeypatch):
    monkeypatch.setattr(drawn_faces, "PIECE", 20)
    alone = list(DrawnFaces(60, 0).pixels(16))
    monkeypatch.setattr(drawn_faces, "POOLED", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})
    together = list(DrawnFaces(60, 0).pixels(16))
    assert all((one == other).all() for one, other in zip(alone, together, strict=True))
