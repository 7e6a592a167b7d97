"""What was refused leaves nothing behind: no run folder, no output, no cache, no lock."""

import os
from pathlib import Path

import pandas as pd
import pytest

from fer_exp.cli import main
from tests.datasets.fakes import write_fer2013
from tests.judging.tables import predictions_table

SMALL = ["dataset.faces=72", "dataset.size=16", "dataset.cache=cache", "trainer=cpu", "output=out/runs"]
REFUSED = {
    "a key's value": ["train", *SMALL, "trainer.epochs=0"],
    "more devices than share a batch": ["train", *SMALL, "trainer.devices=3", "trainer.strategy=ddp"],
    "no such corpus": ["train", "dataset=folder", "dataset.root=nowhere", "dataset.cache=new", "output=out/runs"],
    "a broken corpus": ["prepare", "dataset=fer2013", "dataset.root=broken", "dataset.cache=new/cache"],
    "no picture that can be used": ["prepare", "dataset=folder", "dataset.root=empty", "dataset.cache=new/cache"],
    "a batch larger than the split": ["train", *SMALL, "trainer.batch_size=500"],
    "no GPU": ["train", *SMALL, "trainer.accelerator=gpu"],
    "no logger": ["train", *SMALL, "trainer.logger=tensorboard"],
    "no weights": ["train", *SMALL, "backbone.weights=nowhere.pt"],
    "no noise file": ["train", *SMALL, "labels=noisy", "labels.noise=file", "labels.file=nowhere.txt"],
    "no faces left": ["train", *SMALL, "labels.min_votes=1000"],
    "a pretraining": ["pretrain", *SMALL, "trainer.logger=wandb"],
    "no answers": ["agreement", "ratings=nowhere.csv", "output=out/new"],
    "a table of something else": ["crowd", "ratings=one.csv", "output=out/new"],
    "nothing to plan from": ["plan", "output=out/new"],
    "one run to compare": ["compare", "one.csv", "output=out/new/both"],
    "no predictions": ["evaluate", "predictions=nowhere.csv", "output=out/new/m.json"],
    "no run": ["report", "run=nowhere", "output=out/new/page.html"],
    "no study": ["table", "study=other", "results=out/new"],
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """Predictions, broken corpora, and a cache that has the built-in faces."""
    folder = tmp_path_factory.mktemp("desk")
    predictions_table(12).to_csv(folder / "one.csv", index=False)
    write_fer2013(folder / "broken", 20)
    (folder / "broken" / "fer2013.csv").write_text("emotion,pixels,Usage\n0,1 2 3,Training\n", encoding="utf-8")
    for name in ("happy", "sad"):
        (folder / "empty" / name).mkdir(parents=True)
        (folder / "empty" / name / "a.png").write_text("no picture", encoding="utf-8")
    assert main(["prepare", "dataset.faces=72", "dataset.size=16", f"dataset.cache={folder / 'cache'}"]) == 0
    return folder


NOISY = ["labels=noisy", "labels.rate=0.3"]
WITHOUT_EFFECT = {
    "a rate beside a file": (["labels=noisy", "labels.noise=file", "labels.file=one.csv", "labels.rate=0.1"],
                             "labels.rate=0.1 does nothing with labels.noise=file"),
    "raters of whom one class is left": (["labels=soft", "labels.raters=3"], "labels.kind=soft would be one-hot"),
    "raters without votes": (["dataset.raters=7"], "dataset.raters=7 does nothing without dataset.votes=FILE"),
    "second answers without any": (["dataset.duplicates=last"], "does nothing without dataset.ratings=FILE"),
    "a margin without a crop": (["dataset=folder", "dataset.margin=0.5"], "does nothing without dataset.crop=face"),
    "a share beside folds": (["dataset=folder", "dataset.folds=3", "dataset.test=0.4"], "nothing with dataset.folds"),
    "a threshold that is not taken": ([*NOISY, "method=ncctfer", "method.fixed_threshold=0.9"],
                                      "does nothing without method.threshold=fixed"),
    "momentum of nothing": ([*NOISY, "method=ncctfer", "method.momentum=0.1"],
                            "without method.threshold=running or method.balance=given"),
    "how many of all": ([*NOISY, "method=ncctfer", "method.classes=all", "method.k=2"], "method.classes=lowest"),
    "a rate that is told": ([*NOISY, "method=evidence", "method.noise=told", "method.rate=0.6"], "method.rate=0.6"),
    "a key of drawn faces": (["task=contrast", "faces=60"], "faces=60 is for task=drawn"),
    "a key of contrast": (["task=drawn", "temperature=0.5"], "temperature=0.5 is for task=contrast"),
}  # fmt: skip


@pytest.mark.parametrize("case", WITHOUT_EFFECT)
def test_a_key_that_would_do_nothing_is_refused_before_a_face_is_prepared(desk, case, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    words, said = WITHOUT_EFFECT[case]
    before = tree(desk)
    command = "pretrain" if words[0].startswith("task=") else "train"
    small = [word for word in SMALL if not word.startswith(("dataset.faces", "dataset.cache"))]
    assert main([command, *small, "dataset.cache=new", *words]) == 2
    assert said in capsys.readouterr().err
    assert tree(desk) == before


def test_of_a_key_that_is_typed_twice_it_is_said_which_counts(desk, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    assert main(["train", *SMALL, "trainer.epochs=3", "trainer.epochs=0"]) == 2
    assert "trainer.epochs=3 and trainer.epochs=0 are both given; the last one counts." in capsys.readouterr().err


def test_a_key_that_is_not_about_noise_is_never_mended_by_noise(capsys):
    assert main(["train", "labels=aggregated", "labels.posteriors=x.csv", "labels.min_votes=5"]) == 2
    said = capsys.readouterr().err
    assert "leave it out, or take labels=" in said
    assert "write labels=noisy" not in said


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.usefixtures("light")
def test_a_refused_request_leaves_nothing(desk, case, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    monkeypatch.setattr("fer_exp.config.rules.find_spec", lambda name: None)
    before = tree(desk)
    assert main(REFUSED[case]) == 2, capsys.readouterr().err
    said = capsys.readouterr().err
    assert "Traceback" not in said
    notes = {name for name in tree(desk) if name.startswith("new/cache/hashes")}  # digests of files: they save time
    assert tree(desk) - before <= notes | ({"new", "new/cache"} if notes else set())


@pytest.mark.usefixtures("light")
def test_a_sweep_of_refused_jobs_leaves_nothing_but_what_they_said(desk, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    before = tree(desk)
    assert main(["train", "-m", *SMALL, "trainer.epochs=0", "seed=0,1"]) == 1
    assert main(["train", "-m", *SMALL, "no.such=1", "seed=0,1"]) == 2
    assert tree(desk) == before


@pytest.mark.usefixtures("light")
def test_a_missing_logger_is_said_before_the_faces_are_read(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fer_exp.config.rules.find_spec", lambda name: None if name == "sqlalchemy" else name)
    assert main(["train", *SMALL, "trainer.logger=mlflow"]) == 2
    assert (
        capsys.readouterr().err == "fer-exp: trainer.logger=mlflow needs sqlalchemy: pip install 'fer-exp[mlflow]'.\n"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["agreement", "prepare"])
def test_an_interruption_is_one_line(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def stop(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"fer_exp.commands.{command}.{command}", stop)
    words = ["ratings=answers.csv"] if command == "agreement" else []
    pd.DataFrame({"task": [1], "worker": [1], "label": ["fear"]}).to_csv("answers.csv")
    assert main([command, *words]) == 130
    assert capsys.readouterr().err == "fer-exp: interrupted.\n"


def test_a_folder_that_was_removed_meanwhile_is_a_sentence(tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    try:
        assert main(["agreement", "ratings=answers.csv"]) in (1, 2)
        assert "Traceback" not in capsys.readouterr().err
    finally:
        os.chdir(tmp_path)
