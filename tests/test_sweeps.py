"""The folder in which a sweep's jobs leave records is the sweep's own, and goes with it, also after a kill."""

import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from fer_exp.cli import main
from fer_exp.cli.start import run_jobs
from fer_exp.errors import RequestError
from fer_exp.runs.sweeps import ASIDE, Records, folder_aside, remove_left, submitted


def left(output: Path, name: str) -> Path:
    """What a killed sweep leaves."""
    folder = output / ".sweep" / name
    folder.mkdir(parents=True)
    (folder / ".lock").touch()
    (folder / "0.json").write_text("{}", encoding="utf-8")
    return folder


def test_what_a_killed_sweep_has_left_goes_at_the_next_start_and_nothing_of_a_living_one(tmp_path):
    killed = left(tmp_path, "0123abcd")
    other = Records(tmp_path / ".sweep" / "aaaaaaaa")
    (other.folder / "0.json").write_text("{}", encoding="utf-8")
    own = Records(tmp_path / ".sweep" / "bbbbbbbb")
    assert not killed.exists()
    assert (other.folder / "0.json").exists()
    own.close()
    assert not own.folder.exists()
    assert other.folder.exists()
    other.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_scheduler_may_still_start_from_stays(tmp_path):
    waiting = left(tmp_path, "0123abcd")
    (waiting / ".submitit").mkdir()
    (tmp_path / ".sweep" / "mine.txt").touch()
    remove_left(tmp_path)
    assert submitted(waiting)
    assert (waiting / "0.json").exists()
    assert (tmp_path / ".sweep" / "mine.txt").exists()


def test_a_table_removes_it_before_it_trains(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("fer_exp.commands.table.train_missing", lambda preset, trained, start: None)
    killed = left(tmp_path, "0123abcd")
    words = ["study=noisy-labels", "dataset.faces=72", "dataset.size=16", f"dataset.cache={tmp_path / 'cache'}"]
    assert main(["table", *words, f"output={tmp_path}", f"results={tmp_path / 'results'}"]) == 1  # nothing was trained
    assert not killed.exists()


@pytest.mark.parametrize("word", ["hydra.sweep.dir={}", "++hydra.sweep.dir={}", "hydra.sweep={{dir: {}}}"])
def test_the_folder_of_a_sweep_is_not_one_of_the_users(tmp_path, capsys, word):
    (tmp_path / "thesis.txt").touch()
    asked = word.format(tmp_path)
    assert main(["train", "-m", "seed=0,1", "dataset.faces=72", f"output={tmp_path / 'runs'}", asked]) == 2
    assert "said by output" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """The system's folder for temporary files, with nothing in it."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "-m", "predictions=a.csv,b.csv", "bootstrap=1", "hydra/launcher=nosuch"],
        ["evaluate", "-m", "predictions=a.csv,b.csv", "nokey=1"],
        ["evaluate", "-m", "predictions=a.csv,b.csv", "bootstrap=1"],
        ["agreement", "-m", "ratings=a.csv,b.csv"],
    ],
)
def test_a_sweep_without_an_output_folder_leaves_nothing_behind(tmp_path, temporary, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    assert main(words) in (1, 2)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("made", [lambda: None, lambda: run_jobs("train", ["nokey=1"], [])])
def test_what_such_a_sweep_left_that_was_killed_goes_at_the_next_and_nothing_of_a_living_one(temporary, made):
    killed, living = temporary / f"{ASIDE}0", Records(folder_aside())
    killed.mkdir()
    (killed / "0.json").write_text("{}", encoding="utf-8")
    (temporary / "mine").mkdir()
    with suppress(RequestError):
        made()
    Records(folder_aside()).close()
    assert {*temporary.iterdir()} == {living.folder, temporary / "mine"}
    living.close()
    assert not living.folder.exists()


def test_an_output_folder_that_cannot_be_read_is_left_to_the_jobs_to_name(tmp_path, monkeypatch):
    real = Path.is_dir

    def unreadable(path):
        if path.name == ".sweep":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    def not_to_be_asked(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", unreadable)
    monkeypatch.setattr(Path, "exists", not_to_be_asked)
    Records(tmp_path / ".sweep" / "aaaaaaaa").close()
    remove_left(tmp_path)
    assert not submitted(tmp_path / ".sweep" / "aaaaaaaa")
