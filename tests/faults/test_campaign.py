"""The campaign in short: a draw of each kind, with another process to fork from."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(sys, "addaudithook") or sys.platform != "linux", reason="by forks and Linux' limits")
def test_a_draw_of_each_kind_of_fault_ends_as_it_should(tmp_path):
    words = [sys.executable, "-m", "tests.faults.campaign", "--short", f"place={tmp_path}"]
    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
