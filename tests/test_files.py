"""Locks: one holder at a time, or as good as can be."""

import errno
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer_exp.errors import RequestError, RunError
from fer_exp.files import KEPT_DAYS, locked, made, may_go_on, whole_folder, writable, write_text

HOLD = """
import sys, time
from pathlib import Path
from fer_exp.files import locked
with locked(Path(sys.argv[1])):
    print(flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(path: Path, seconds: float) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, path, str(seconds)], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def test_who_waits_is_told_once_and_a_killed_holder_lets_go(tmp_path):
    said = []
    process = holder(tmp_path / "lock", 600)
    with pytest.raises(BlockingIOError), locked(tmp_path / "lock"):
        pass
    with locked(tmp_path / "lock", lambda: (said.append("waits"), process.kill())) as held:
        assert held
    process.wait()
    assert said == ["waits"]


def test_a_file_system_without_locks_is_passed_over(tmp_path, monkeypatch):
    def flock(*given):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with locked(tmp_path / "lock") as held:
        assert not held


def test_nothing_of_the_house_needs_fcntl_to_be_imported():
    """As on Windows; what locks there is filelock's affair."""
    code = "import sys; sys.modules['fcntl'] = None; import fer_exp.store, fer_exp.runs, fer_exp.cli.gpus"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_folder_that_can_be_written_is_not_made_before_there_is_anything_to_write(tmp_path):
    assert writable(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "reason"),
    [("file", "Not a directory"), ("file/below", "Not a directory"), ("x" * 300, "File name too long")],
)
def test_a_folder_that_can_never_be_is_refused_with_the_key(tmp_path, name, reason):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=rf"\({reason}\); set results to a folder of yours"):
        writable(tmp_path / name, "results")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.ESTALE])
def test_a_disk_that_takes_nothing_is_noticed_before_anything_is_computed(tmp_path, monkeypatch, number):
    def refuse(**named):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fer_exp.files.TemporaryFile", refuse)
    with pytest.raises(RunError, match=os.strerror(number)):
        writable(tmp_path / "new")


def test_what_was_made_for_a_refused_request_goes_again_unless_something_lies_there(tmp_path):
    (tmp_path / "old").mkdir()
    for folder, left in [("old/new/newer", ["old"]), ("old", ["old"]), ("kept", ["kept", "kept/file", "old"])]:
        with pytest.raises(RequestError):
            refuse(tmp_path / folder, folder == "kept")
        assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == left


def test_what_a_killed_process_had_begun_goes_when_the_same_is_written_again(tmp_path):
    gone = holder(tmp_path / "lock", 600)
    gone.kill()
    gone.wait()
    for name in (f".a.{gone.pid}.tmp.csv", f".b.{gone.pid}.tmp.csv", f".a.{os.getppid()}.tmp.csv"):
        (tmp_path / name).touch()
    (tmp_path / f".net.{gone.pid}.tmp").mkdir()
    write_text(tmp_path / "a.csv", "new")
    with whole_folder(tmp_path / "net") as aside:
        (aside / "file").touch()
    left = {path.name for path in tmp_path.iterdir()} - {"lock"}
    assert left == {"a.csv", "net", f".b.{gone.pid}.tmp.csv", f".a.{os.getppid()}.tmp.csv"}


def refuse(folder: Path, touch: bool) -> None:
    with made(folder):
        if touch:
            (folder / "file").touch()
        raise RequestError("no")


def test_what_is_left_may_be_gone_on_with_for_two_weeks(tmp_path):
    left = tmp_path / "left"
    left.touch()
    assert may_go_on(left)
    before = time.time() - (KEPT_DAYS + 1) * 86_400
    os.utime(left, (before, before))
    assert not may_go_on(left)
