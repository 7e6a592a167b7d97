"""What lies on the disk is what was written there, or it is said: runs, interrupted runs and stores, damaged."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from fer_exp.cli import main
from fer_exp.commands.train import train
from fer_exp.config import DatasetConfig, LabelsConfig, TrainConfig, TrainerConfig
from fer_exp.digests import sealed, sha256
from fer_exp.errors import RequestError, RunError
from fer_exp.runs import FILES, Run
from fer_exp.runs.sources import read_sources
from fer_exp.store import manifest, open_dataset
from fer_exp.training.module import FaceModule
from fer_exp.training.resuming import note_digest
from fer_exp.training.trained import load
from tests.datasets.fakes import fake_faces, fer2013_text, write_fer2013
from tests.processes import check_same
from tests.training.trainer import broken_off

pytestmark = pytest.mark.usefixtures("light")


def gone(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    place = len(content) // 2
    while not chr(content[place]).isalnum():  # in JSON others change nothing, or all
        place += 1
    content[place] ^= 1
    path.write_bytes(content)


def perfect(path: Path) -> None:
    table = pd.read_parquet(path)
    names = [name for name in table if name.startswith("p_")]
    table[names] = [[float(name == f"p_{label}") for name in names] for label in table["label"]]
    table.to_parquet(path, index=False)


def praised(path: Path) -> None:
    metrics = json.loads(path.read_text(encoding="utf-8"))
    metrics["test"]["accuracy"]["value"] = 0.99
    path.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")


def reversed_rows(path: Path) -> None:
    table = pd.read_parquet(path)
    names = [name for name in table if name.startswith("target_")]
    table[names] = table[names].to_numpy()[:, ::-1]
    table.to_parquet(path, index=False)


def of_another_run(path: Path) -> None:
    save_file({name: value + 1 for name, value in load_file(path).items()}, path)


def with_other_weights(path: Path) -> None:
    content = torch.load(path, weights_only=True)
    content["state_dict"] = {name: value + 1 for name, value in content["state_dict"].items()}
    torch.save(content, path)


def without(part: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        content = torch.load(path, weights_only=True)
        del content[part]
        torch.save(content, path)

    damage.__name__ = f"without_{part}"
    return damage


ANY = (gone, empty, cut, flipped)
LARGE = ("network", "checkpoint")
FINISHED = [(what, damage) for what in FILES if what not in ("backbone", "failed") for damage in ANY]
FINISHED += [("predictions", perfect), ("metrics", praised), ("targets", reversed_rows)]
FINISHED += [("network", of_another_run), ("checkpoint", with_other_weights)]
INTERRUPTED = [(name, damage) for name in ("last.ckpt", "last.digests") for damage in ANY[1:]] + [
    ("last.digests", gone)
]
INTERRUPTED += [("begun.json", damage) for damage in ANY] + [("last.ckpt", with_other_weights)]
INTERRUPTED += [("last.ckpt", without(part)) for part in ("loops", "callbacks", "optimizer_states", "lr_schedulers")]
STORE = [(name, damage) for name in ("faces.parquet", "votes.parquet", "pixels.u8", "store.json") for damage in ANY]
READERS = {
    "predictions": lambda run: read_sources([str(run.folder)]),
    "metrics": lambda run: run.metrics,
    "targets": lambda run: run.prior,
    "history": lambda run: run.history,
    "network": lambda run: load(run.folder),
    "facts": lambda run: run.facts,
}


def configured(output: Path, cache: Path, **trainer) -> TrainConfig:
    given = TrainerConfig(epochs=2, batch_size=16, accelerator="cpu", keep="checkpoint", **trainer)
    labels = LabelsConfig(kind="noisy", rate=0.2, rule="all")
    return TrainConfig(
        dataset=DatasetConfig(faces=90, size=16, cache=str(cache)), labels=labels, trainer=given, output=str(output),
        bootstrap=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory, light) -> TrainConfig:
    """A run with its checkpoint, and its store."""
    folder = tmp_path_factory.mktemp("finished")
    config = configured(folder / "runs", folder / "cache")
    train(config)
    return config


@pytest.fixture(scope="module")
def interrupted(finished, tmp_path_factory) -> TrainConfig:
    """The same, broken off in its second epoch."""
    config = replace(finished, output=str(tmp_path_factory.mktemp("interrupted")))
    with broken_off(FaceModule, 1, RuntimeError):
        train(config)
    return config


def copied(config: TrainConfig, place: Path) -> tuple[TrainConfig, Run]:
    """A copy of a run, and its config."""
    folder = next(path for path in Path(config.output).iterdir() if path.is_dir())
    return replace(config, output=str(place)), Run(Path(shutil.copytree(folder, place / folder.name)))


def named(cases):
    return pytest.mark.parametrize(
        ("what", "damage"), cases, ids=[f"{what} {damage.__name__}" for what, damage in cases]
    )


@named([case for case in FINISHED if case != ("facts", gone)])
def test_a_damaged_file_of_a_finished_run_is_named_by_train_and_by_who_reads_it(
    finished, tmp_path, capsys, what, damage
):
    config, run = copied(finished, tmp_path)
    damage(run.path(what))
    if damage is gone and what in LARGE:  # people remove them to save room
        train(config)
        assert f"without {FILES[what]}, removed since" in capsys.readouterr().err
        return
    with pytest.raises(RequestError, match=run.path(what).name):
        train(config)
    if what in READERS:
        with pytest.raises(RequestError, match=run.path(what).name):
            READERS[what](Run(run.folder))


def test_a_whole_run_is_left_alone_and_a_copy_of_it_too(finished, tmp_path, capsys):
    config, run = copied(finished, tmp_path)
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    train(config)
    assert "is finished already; remove it to train again" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before
    assert set(run.listed) == {str(path.relative_to(run.folder)) for path in before} - {"run.json", ".lock"}


def test_metrics_that_were_changed_are_made_again_by_the_command_that_is_named(finished, tmp_path, capsys):
    config, run = copied(finished, tmp_path)
    right = run.path("metrics").read_bytes()
    praised(run.path("metrics"))
    with pytest.raises(RequestError, match=rf"fer-exp evaluate run={run.folder} writes it anew"):
        train(config)
    assert main(["evaluate", f"run={run.folder}", "bootstrap=0"]) == 0
    assert "had other numbers; it is written again" in capsys.readouterr().err
    assert run.path("metrics").read_bytes() == right
    assert main(["evaluate", f"run={run.folder}", "bootstrap=5"]) == 0
    assert run.path("metrics").read_bytes() != right
    train(config)  # run.json knows


def test_a_run_of_before_without_digests_is_read_as_it_is(finished, tmp_path):
    config, run = copied(finished, tmp_path)
    facts = {key: value for key, value in run.facts.items() if key not in ("files", "digest")}
    run.write("facts", facts)
    gone(run.path("begun"))
    praised(run.path("metrics"))
    assert train(config) == run.folder
    assert Run(run.folder).metrics["test"]["accuracy"]["value"] == 0.99


@named(INTERRUPTED)
def test_a_damaged_file_of_an_interrupted_run_is_refused(interrupted, tmp_path, what, damage):
    config, run = copied(interrupted, tmp_path)
    damage(next(run.folder.rglob(what)))
    with pytest.raises(RequestError, match=r"(last\.|begun\.json).*(remove the (run )?folder)"):
        train(config)


def test_a_checkpoint_of_another_run_with_its_digests_is_refused(interrupted, tmp_path):
    other = replace(interrupted, seed=5, output=str(tmp_path / "other"))
    with broken_off(FaceModule, 1, RuntimeError):
        train(other)
    config, run = copied(interrupted, tmp_path / "ours")
    theirs = next((tmp_path / "other").glob("*/checkpoints"))
    shutil.copytree(theirs, run.path("checkpoint").parent, dirs_exist_ok=True)
    with pytest.raises(RequestError, match=r"is not what its run wrote \(its digest is not in last\.digests\)"):
        train(config)


def test_what_an_interrupted_run_writes_again_heals_and_each_start_is_told(interrupted, finished, tmp_path):
    config, run = copied(interrupted, tmp_path)
    for what in ("targets", "config", "by_epoch"):
        empty(run.path(what))
    train(config)
    check_same(run.folder, copied(finished, tmp_path / "whole")[1].folder)
    starts = Run(run.folder).facts["starts"]
    assert len(starts) == 2
    assert Run(run.folder).facts["seconds"] == pytest.approx(sum(start["seconds"] for start in starts), abs=0.11)


def test_a_run_that_an_older_version_interrupted_goes_on(interrupted, finished, tmp_path):
    config, run = copied(interrupted, tmp_path)
    gone(run.path("begun"))
    gone(run.path("checkpoint").with_suffix(".digests"))
    note_digest(run.path("checkpoint"), run.path("checkpoint"))  # without what the run began with
    train(config)
    check_same(run.folder, copied(finished, tmp_path / "whole")[1].folder)


def test_a_corpus_that_changed_makes_another_run_and_that_is_said(tmp_path, capsys):
    write_fer2013(tmp_path / "corpus")
    data = DatasetConfig(name="fer2013", root=str(tmp_path / "corpus"), cache=str(tmp_path / "cache"))
    trainer = TrainerConfig(epochs=2, batch_size=16, accelerator="cpu")
    config = TrainConfig(data, trainer=trainer, output=str(tmp_path / "runs"), bootstrap=0)
    with broken_off(FaceModule, 0, RuntimeError):
        train(config)
    (before,) = (tmp_path / "runs").iterdir()
    labels, pictures, usages = fake_faces(200)
    (tmp_path / "corpus" / "fer2013.csv").write_text(fer2013_text(labels, 255 - pictures, usages), encoding="utf-8")
    assert train(config) != before
    assert f"its data differ from those that {before.name} began with" in capsys.readouterr().err
    assert not Run(before).finished


def test_what_changed_since_the_start_before_is_named(interrupted, tmp_path, capsys):
    config, run = copied(interrupted, tmp_path)
    begun = run.begun
    begun["starts"][0] |= {"threads": 64, "versions": begun["starts"][0]["versions"] | {"torch": "1.0"}}
    run.write("begun", sealed(begun))
    train(config)
    assert f"goes on with torch {version('torch')} (was 1.0), threads {torch.get_num_threads()} (was 64)" in (
        capsys.readouterr().err
    )
    facts = Run(run.folder).facts
    facts |= {"versions": facts["versions"] | {"torch": "1.0"}}
    run.write("facts", sealed(facts))
    train(config)
    assert f"finished already; since then changed: torch {version('torch')} (was 1.0)" in capsys.readouterr().err


@pytest.mark.parametrize("whole", [True, False], ids=["finished", "interrupted"])
def test_a_run_that_began_with_other_data_is_refused(finished, interrupted, tmp_path, whole):
    config, run = copied(finished if whole else interrupted, tmp_path)
    other = replace(config, seed=7)
    run.folder.rename(run.folder.with_name(run.name.replace("seed0", "seed7")))
    with pytest.raises(RequestError, match=r"began with other data: its settings \(seed\)|was made with seed=0"):
        train(other)


@named(STORE)
def test_a_damaged_file_of_a_store_is_named_or_the_store_is_prepared_again(finished, tmp_path, what, damage):
    whole = open_dataset(finished.dataset)[1]
    cache = Path(shutil.copytree(finished.dataset.cache, tmp_path / "cache"))
    damage(cache / whole.folder.name / what)
    given = replace(finished.dataset, cache=str(cache))
    if what.endswith(".parquet") or damage is flipped:
        with pytest.raises(RunError, match=rf"{what}.*and it is prepared again"):
            open_dataset(given)
        return
    store = open_dataset(given)[1]  # prepared again
    np.testing.assert_array_equal(store.pixels, whole.pixels)
    pd.testing.assert_frame_equal(store.faces, whole.faces)
    pd.testing.assert_frame_equal(store.votes, whole.votes)


def test_a_byte_that_changes_in_the_pixels_without_a_trace_is_found_in_some_piece(finished, tmp_path, monkeypatch):
    cache = Path(shutil.copytree(finished.dataset.cache, tmp_path / "cache"))
    given = replace(finished.dataset, cache=str(cache))
    file = open_dataset(given)[1].folder / "pixels.u8"
    known = manifest.state_of(file)
    monkeypatch.setattr(manifest, "state_of", lambda path: known)
    words = json.loads((file.parent / "store.json").read_text(encoding="utf-8"))
    words["states"] = dict.fromkeys(words["files"], known)
    (file.parent / "store.json").write_text(json.dumps(sealed(words)), encoding="utf-8")
    open_dataset(given)
    flipped(file)
    with pytest.raises(RunError, match=r"pixels\.u8 is not what was prepared"):
        open_dataset(given)


def test_prepare_reads_every_byte_where_it_is_asked_and_notes_digests_of_a_store_of_before(finished, tmp_path, capsys):
    cache = Path(shutil.copytree(finished.dataset.cache, tmp_path / "cache"))
    words = ["prepare", "dataset.faces=90", "dataset.size=16", f"dataset.cache={cache}", "check=true"]
    assert main(words) == 0
    assert "checked: every byte of faces.parquet, votes.parquet, pixels.u8 is what was" in capsys.readouterr().out
    description = next(cache.glob("synthetic*/store.json"))
    known = json.loads(description.read_text(encoding="utf-8"))
    old = {key: value for key, value in known.items() if key not in ("files", "states", "pieces", "digest")}
    description.write_text(json.dumps(old), encoding="utf-8")
    assert main(words[:-1]) == 0
    assert json.loads(description.read_text(encoding="utf-8")) == old
    assert main(words) == 0
    assert json.loads(description.read_text(encoding="utf-8"))["files"] == known["files"]
    assert known["files"]["pixels.u8"] == sha256(description.with_name("pixels.u8"))
