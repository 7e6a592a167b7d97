"""Locks: one holder at a time, or as good as can be."""

import errno
import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from fer_exp.files import locked, make_folder

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


def test_a_folder_is_made_whole_and_is_there_twice(tmp_path):
    assert make_folder(tmp_path / "a" / "b").is_dir()
    assert make_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
