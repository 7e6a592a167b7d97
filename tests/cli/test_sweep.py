"""Sweeps with launchers that run on one machine: killed in the middle, with lost jobs, one GPU a job.

tests/training/test_processes.py has whole ones, with a failure, by every launcher.
"""

import importlib
import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
import torch
from hydra._internal.hydra import Hydra

from fer_exp.cli import main
from fer_exp.cli.sweep import record
from fer_exp.config import EvaluateConfig
from fer_exp.runs import Run
from tests.judging.tables import predictions_table
from tests.processes import Command, check_same, finish, killed

JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


def with_plugin(name: str, *words: str):
    """The words of a launcher; its tests are skipped where it is not installed."""
    there = importlib.util.find_spec(f"hydra_plugins.hydra_{name}_launcher") is not None
    missing = pytest.mark.skipif(not there, reason=f"hydra-{name}-launcher is not installed")
    return pytest.param(words, marks=missing, id=name)


def test_a_sweep_that_ends_before_its_first_job_is_no_success(monkeypatch):
    def ends(*given, **named):
        raise ValueError("a plugin is broken")

    monkeypatch.setattr(Hydra, "multirun", ends)
    with pytest.raises(ValueError, match="a plugin is broken"):
        main(["train", "-m", "seed=0,1"])


def test_jobs_of_which_nothing_is_heard_are_no_success(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("fer_exp.cli.sweep.record", lambda *given: None)
    assert main(["train", "-m", "seed=0,1", f"output={tmp_path}"]) == 1
    assert "2 of 2 jobs did not run; the same command runs them." in capsys.readouterr().err


@pytest.fixture(scope="module")
def words(tmp_path_factory) -> list[str]:
    """A sweep of three runs of two epochs."""
    given = ["train", "-m", "dataset.faces=72", "dataset.size=16", "labels.rule=all", "trainer=cpu", "trainer.epochs=2"]
    cache = tmp_path_factory.mktemp("cache")
    return [*given, "trainer.batch_size=16", "bootstrap=5", f"dataset.cache={cache}", "seed=0,1,2"]


@pytest.fixture(scope="module")
def plain(words, light, tmp_path_factory) -> list[Path]:
    """The folders of the undisturbed sweep, one run after the other."""
    output, threads = tmp_path_factory.mktemp("plain"), torch.get_num_threads()
    torch.set_num_threads(1)  # as in tests.processes
    try:
        assert main([*words, f"output={output}"]) == 0
    finally:
        torch.set_num_threads(threads)
    folders = sorted(output.glob("synthetic-*"))  # by seed
    assert len(folders) == 3
    return folders


@pytest.fixture(scope="module")
def broken(plain, words, tmp_path_factory) -> Path:
    """The folder of a sweep that was killed in its second run."""
    output = tmp_path_factory.mktemp("broken")
    first, second, third = (Run(output / folder.name) for folder in plain)
    killed(second.path("checkpoint"), *words, f"output={output}")
    assert first.finished
    assert not second.finished
    assert not third.folder.exists()
    return output


@pytest.mark.slow
@pytest.mark.parametrize("launcher", [pytest.param((), id="plain"), with_plugin("joblib", *JOBLIB)])
def test_a_sweep_killed_in_its_second_run_goes_on_where_it_was(plain, broken, words, tmp_path, launcher):
    shutil.copytree(broken, tmp_path, dirs_exist_ok=True)
    folders, said = finish(Command(*words, *launcher, f"output={tmp_path}"))
    assert said.count("(interrupted before, goes on)") == 1
    assert said.count("is finished already") == 1
    for one, other in zip(plain, folders, strict=True):
        check_same(one, other)


def tiny(place: Path) -> list[str]:
    return ["dataset.faces=48", "dataset.size=16", f"dataset.cache={place / 'cache'}", f"output={place}"]


def test_a_job_that_its_launcher_lost_is_said_and_the_others_are_shown(tmp_path, capsys, monkeypatch):
    def made(config):
        (tmp_path / "run").mkdir()
        accuracy = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}
        (tmp_path / "run" / "metrics.json").write_text(json.dumps({"test": {"accuracy": accuracy}}))
        return tmp_path / "run"

    def multirun(*given, **named):
        real(*given, **named)
        raise OSError("a worker is gone\nexit codes: -9")  # what a launcher's libraries raise is of many kinds

    real = Hydra.multirun
    monkeypatch.setattr(importlib.import_module("fer_exp.commands.train"), "train", made)
    monkeypatch.setattr(Hydra, "multirun", multirun)
    assert main(["train", "-m", *tiny(tmp_path), "seed=3"]) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines()[-1] == str(tmp_path / "run")
    assert "the launcher lost a job (a worker is gone). The same command runs what is missing" in printed.err


@pytest.mark.parametrize("as_json", [False, True])
def test_jobs_that_are_no_trainings_have_no_table_of_trainings(tmp_path, capsys, as_json):
    predictions_table(20).to_csv(tmp_path / "good.csv", index=False)
    words = ["evaluate", "-m", f"predictions={tmp_path / 'good.csv'},{tmp_path / 'bad.csv'}", "bootstrap=0"]
    assert main([*words, *(["--json"] if as_json else [])]) == 1
    printed, said = capsys.readouterr()
    assert "missing" not in printed + said.replace("is missing", "")
    assert "1 of 2 jobs failed; the first: " in (printed if as_json else said)
    if as_json:
        answer = json.loads(printed)
        assert [job["exit_code"] for job in answer["jobs"]] == [0, 2]
        assert not answer.get("results")
    else:
        assert printed.splitlines()[-1] == str(tmp_path / "good.metrics.json")


def test_a_folder_that_cannot_be_written_is_what_a_sweep_names_and_not_its_launcher(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["train", "-m", *tiny(tmp_path / "file" / "runs"), "seed=0,1"]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / 'file' / 'runs'} cannot be written (Not a directory); set output to a folder of yours." in said
    assert "launcher" not in said


def test_what_a_job_of_submitit_said_into_its_file_is_said_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SUBMITIT_EXECUTOR", "local")
    words = ["train", "-m", *tiny(tmp_path), "seed=-1,-2"]
    assert main(words) == 1
    assert capsys.readouterr().err.count("seed is -1; it must be at least 0.") == 2  # in the job, and at the end


def test_other_processes_of_a_job_leave_no_record(tmp_path, monkeypatch):
    for rank in ("1", "0"):
        monkeypatch.setenv("SLURM_PROCID", rank)
        record(tmp_path, 0, [], EvaluateConfig, lambda config: None)
        assert (tmp_path / "0.json").is_file() == (rank == "0")


@pytest.mark.parametrize("launcher", [with_plugin("joblib", "hydra/launcher=joblib", "hydra.launcher.n_jobs=1")])
def test_joblibs_jobs_see_one_gpu_each_where_they_want_any(tmp_path, monkeypatch, launcher):
    def made(config):
        seen.append(os.environ["CUDA_VISIBLE_DEVICES"])

    monkeypatch.setattr(importlib.import_module("fer_exp.commands.train"), "train", made)  # one job: in this process
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # the GPUs of no other process of this machine
    words = ["train", "-m", *tiny(tmp_path)]
    for given, expected in (
        ([*launcher, "seed=0,1"], ["6", "6"]),
        ([*launcher, "trainer=ddp"], ["6,7"]),
        ([*launcher, "trainer=cpu"], ["6,7"]),
        (["seed=0,1"], ["6,7", "6,7"]),
    ):
        seen: list[str] = []
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "6,7")
        assert main([*words, *given]) == 0
        assert seen == expected


@pytest.mark.parametrize("launcher", [with_plugin("joblib", *JOBLIB)])
def test_joblibs_workers_get_a_job_at_a_time_unless_told_otherwise(tmp_path, monkeypatch, launcher):
    def seen(**settings):
        sizes.append(settings["batch_size"])
        raise ValueError

    sizes: list[int] = []
    monkeypatch.setattr(importlib.import_module("hydra_plugins.hydra_joblib_launcher._core"), "Parallel", seen)
    for own in ([], ["hydra.launcher.batch_size=7"]):
        assert main(["train", "-m", f"output={tmp_path}", *launcher, *own]) == 1
    assert sizes == [1, 7]
