"""A limit of memory in which libraries would end in no word, or never, is refused before they are loaded."""

import subprocess
import sys

import pytest

from fer_exp.cli.stopped import LEARNING, LIGHT


@pytest.mark.skipif(sys.platform != "linux", reason="by ulimit -v")
@pytest.mark.parametrize(("command", "least"), [("agreement ratings=a.csv", LIGHT), ("train", LEARNING)])
def test_too_little_memory_to_begin_is_a_sentence(command, least):
    line = f"ulimit -v {(least - 1) << 10}; exec {sys.executable} -m fer_exp {command}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"fer-exp: memory is limited to {least - 1:,} MB (ulimit -v); fer-exp")
