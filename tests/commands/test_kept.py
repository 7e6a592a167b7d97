"""What a finished run keeps: its network, more, or nothing; what a kill leaves is swept; networks as first weights."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from fer_exp import files
from fer_exp.cli import main
from fer_exp.cli.compose import compose_all
from fer_exp.errors import RequestError
from fer_exp.runs import EPOCHS, FILES, Run, weights_in
from fer_exp.runs.claim import claimed, keep_traceback
from fer_exp.runs.naming import find_runs
from fer_exp.training.trained import load
from tests.processes import check_same, killed

pytestmark = pytest.mark.usefixtures("light")


def words(cache: Path, output: Path, *more: str) -> list[str]:
    faces = ["dataset.faces=90", "dataset.size=16", f"dataset.cache={cache}", f"output={output}", "bootstrap=0"]
    return [*faces, "labels.rule=majority", "trainer=cpu", "trainer.epochs=1", *more]


def trained(*given: str) -> Run:
    assert main(["train", *given]) == 0
    return run_of(*given)


def run_of(*given: str) -> Run:
    return find_runs(compose_all("train", [([*given], {})]))[0]


def there(run: Run) -> list[str]:
    return [what for what in ("network", "checkpoint") if run.has(what)]


@pytest.fixture(scope="module")
def network(cache, tmp_path_factory, light) -> Run:
    """A run that has kept what runs keep."""
    return trained(*words(cache, tmp_path_factory.mktemp("network")))


def test_a_run_keeps_what_is_asked_whatever_it_is_called(cache, network, tmp_path, capsys):
    kept = {keep: trained(*words(cache, tmp_path / keep, f"trainer.keep={keep}")) for keep in ("checkpoint", "none")}
    assert {run.name for run in kept.values()} == {network.name}
    assert [there(run) for run in (network, *kept.values())] == [["network"], ["network", "checkpoint"], []]
    assert network.path("network").read_bytes() == kept["checkpoint"].path("network").read_bytes()
    capsys.readouterr()
    for run, keep, said in (
        (kept["none"], "network", "without its network (it had trainer.keep=none); remove it"),
        (network, "checkpoint", "without its checkpoint (it had trainer.keep=network); remove it"),
        (kept["checkpoint"], "network", "is finished already; remove it"),
    ):
        assert main(["train", *words(cache, run.folder.parent, f"trainer.keep={keep}")]) == 0
        assert said in capsys.readouterr().err
    assert there(kept["checkpoint"]) == ["network", "checkpoint"]
    with pytest.raises(RequestError, match=r"has kept no network \(trainer.keep=none\); remove the folder and start"):
        load(kept["none"].folder)


@pytest.mark.slow
def test_a_run_killed_between_its_last_files_is_finished_properly_by_the_next_start(cache, network, tmp_path):
    given = words(cache, tmp_path)
    for last, finished in (("network", False), ("facts", True)):
        killed(run_of(*given).path(last), "train", *given)
        begun = run_of(*given)
        assert begun.finished == finished
        assert there(begun) == ["network", "checkpoint"]
        assert (begun.folder / EPOCHS).exists()
    assert trained(*given).finished
    assert there(begun) == ["network"]
    assert not (begun.folder / EPOCHS).exists()
    check_same(begun.folder, network.folder)


def test_what_a_kill_has_left_is_swept_at_the_next_start_but_not_of_a_run_at_work(tmp_path):
    run = Run(tmp_path / "run")
    left = [
        run.folder / ".run.123.tmp.json",
        run.folder / "checkpoints/.last.7.tmp.ckpt",
        run.folder / "epochs/.1.9.tmp",
    ]
    own = [
        run.folder / name for name in ("run.json", "notes.tmp.txt", ".hidden", "checkpoints/last.ckpt", "epochs/1.npz")
    ]
    for file in (*left, *own):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")
    own[0].unlink()
    with claimed(run.folder):
        assert not [file for file in left if file.exists()]
        assert all(file.exists() for file in own[1:])
        left[0].touch()
        with pytest.raises(Exception, match="another process"), claimed(run.folder):
            pass
        assert left[0].exists()
    run.write("facts", {"config": {"trainer": {}}})  # of a time without trainer.keep
    with claimed(run.folder):
        assert there(run) == ["checkpoint"]
    run = Run(run.folder)
    run.write("facts", {"config": {"trainer": {"keep": "network"}}})
    with claimed(run.folder):
        assert there(run) == ["checkpoint"]  # whose network somebody has removed
    assert not (run.folder / EPOCHS).exists()


def test_a_run_gives_first_weights_by_its_folder_and_is_named_by_what_they_are(cache, network, tmp_path):
    first = Run(shutil.copytree(network.folder, tmp_path / network.name))
    folder, file = (f"backbone.weights={place}" for place in (first.folder, first.path("network")))
    second = trained(*words(cache, tmp_path, folder))
    assert second.facts["weights"]["matched"] == 6
    assert run_of(*words(cache, tmp_path, file)).name == second.name
    with pytest.raises(RequestError, match=r"went when its run was finished; take .*network\.safetensors"):
        weights_in(str(first.path("checkpoint")))
    first.path("network").unlink()
    with pytest.raises(RequestError, match="has kept no weights"):
        weights_in(str(first.folder))
    first.path("facts").unlink()
    with pytest.raises(RequestError, match="has not finished"):
        weights_in(str(first.folder))


def test_a_pretraining_keeps_its_backbone_and_must(cache, tmp_path, capsys):
    data = ["faces=60", "dataset.size=16", f"dataset.cache={cache}", f"output={tmp_path}", "trainer=cpu"]
    given = ["pretrain", *data, "trainer.epochs=1", "trainer.batch_size=16"]
    assert main([*given, "trainer.keep=none"]) == 2
    assert "network keeps backbone.pt" in capsys.readouterr().err
    assert main(given) == 0
    folder = Path(capsys.readouterr().out.splitlines()[-1]).parent
    assert not (folder / "checkpoints").exists()
    assert weights_in(str(folder)) == str(folder / "backbone.pt")
    assert main(given) == 0
    assert "is finished already; remove it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((FILES[what], "folder") for what in ("facts", "metrics", "config", "begun", "failed", "checkpoint")),
        *((name, "loop") for name in ("run.json", "predictions.parquet", "checkpoints", EPOCHS)),
        *((name, "file") for name in ("checkpoints", EPOCHS)),
        *(("", kind) for kind in ("file", "loop", "link")),
    ],
)
def test_what_lies_in_the_way_of_a_run_is_named_before_anything_is_trained(
    cache, tmp_path, monkeypatch, capsys, name, kind
):
    given = words(cache, tmp_path / "runs")
    place = run_of(*given).folder / name
    place.parent.mkdir(parents=True)
    if kind == "folder":
        place.mkdir()
    elif kind == "file":
        place.write_text("mine", encoding="utf-8")
    else:
        place.symlink_to(place if kind == "loop" else "nowhere")
    monkeypatch.setattr("fer_exp.commands.train._fit", lambda *given: pytest.fail("it is trained"))
    assert main(["train", *given]) == 2
    said = capsys.readouterr().err
    assert f"{place} is a " in said
    assert "belongs; remove it, or set output to another folder." in said
    assert os.path.lexists(place)
    assert main(["train", "-m", *given]) == 1
    assert "belongs; remove it, or set output to another folder." in capsys.readouterr().err


@pytest.mark.parametrize("closed", ["lock", "folder", "output"])
def test_a_finished_run_of_others_that_may_not_be_written_is_finished_already(
    cache, network, tmp_path, monkeypatch, capsys, closed
):
    run = Run(shutil.copytree(network.folder, tmp_path / network.name))
    if closed == "lock":
        run.folder.joinpath(".lock").unlink(missing_ok=True)
        run.folder.joinpath(".lock").mkdir()  # which root cannot write either
    elif closed == "folder":
        no_files_in(run.folder, monkeypatch)
    else:
        no_files_in(run.folder, monkeypatch)
        no_files_in(tmp_path, monkeypatch)
    assert main(["train", *words(cache, tmp_path)]) == 0
    assert f"{run.folder} is finished already; remove it to train again." in capsys.readouterr().err
    run.path("facts").unlink()
    assert main(["train", *words(cache, tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "cannot be written" in said
    assert "set output to a folder of yours." in said


def no_files_in(folder: Path, monkeypatch) -> None:
    """As in a folder of somebody else's."""
    real = files.TemporaryFile

    def refused(*given, dir, **named):
        if Path(dir) == folder:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(*given, dir=dir, **named)

    monkeypatch.setattr(files, "TemporaryFile", refused)


def test_a_job_beside_a_training_writes_nothing_into_its_run_and_a_start_removes_the_traceback_before(
    cache, network, tmp_path, capsys
):
    given = words(cache, tmp_path)
    run = run_of(*given)
    with claimed(run.folder):
        assert main(["train", "-m", *given]) == 1
        assert "another process is at work on this run" in capsys.readouterr().err
        assert not run.has("failed")
    assert keep_traceback(run, "why") == run.path("failed")
    with claimed(run.folder):
        assert not run.has("failed")
    whole = Run(shutil.copytree(network.folder, tmp_path / "whole"))
    assert keep_traceback(whole, "why") is None
    assert not whole.has("failed")
