"""Systems that are not this one: what they lack is taken away, and the real command line is used."""

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import filelock
import numpy as np
import pandas as pd
import pytest

from fer_exp import system
from fer_exp.cli import main
from fer_exp.runs import Run
from tests.elsewhere import MODULES, take_away
from tests.judging.tables import predictions_table

ROOT = Path(__file__).parents[1]
TORCHLESS = {
    "agreement": ["ratings=answers.csv", "bootstrap=5"],
    "crowd": ["ratings=answers.csv", "bootstrap=5", "methods=[majority,dawid_skene]"],
    "plan": ["ratings=answers.csv", "bootstrap=2", "raters=4", "faces=20"],
    "compare": ["one.csv", "other.csv", "bootstrap=5", "permutations=5", "output=compared/both"],
    "evaluate": ["predictions=one.csv", "bootstrap=5"],
    "report": ["run=one.csv", "bootstrap=5"],
    "prepare": ["dataset.faces=48", "dataset.size=16", "dataset.cache=cache"],
}
"""The commands about people and about predictions, and prepare, with the words of a quick one."""


@pytest.fixture
def desk(tmp_path, monkeypatch) -> Path:
    """A folder with people's answers and the predictions of two models, to work in."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    answers = [(f"f{k}", f"w{w}", ("joy", "fear")[int(rng.random() < k / 30)]) for k in range(30) for w in range(6)]
    pd.DataFrame(answers, columns=["task", "worker", "label"]).to_csv("answers.csv", index=False)
    one, other = predictions_table(20), predictions_table(20)
    names = [name for name in other if name.startswith("p_")]
    other[names] = 0.9 * other[names] + 0.1 / len(names)
    one.to_csv("one.csv", index=False)
    other.to_csv("other.csv", index=False)
    return tmp_path


@pytest.fixture
def elsewhere(desk, monkeypatch) -> None:
    """This process on a system without fork, fcntl, affinity and direct writes; signals are left to who needs them."""
    assert filelock.FileLock  # has been imported: what it has in place of fcntl on Windows is not here
    for name in MODULES:
        monkeypatch.setitem(sys.modules, name, None)
    take_away(monkeypatch.delattr, signals=False)
    monkeypatch.setattr("fer_exp.store.pixels.DIRECT", 0)  # it was asked for when that was imported


def test_a_terminal_breaks_sentences_between_words_and_leaves_commands_whole(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setenv("COLUMNS", "20")
    said = "kappa is moderate, of ten raters\nnext: fer-exp compare runs/a runs/b"
    shown = "kappa is moderate,\nof ten raters\nnext: fer-exp compare runs/a runs/b"
    assert [system.readable(said, stream) for stream in (io.StringIO(), None, terminal)] == [said, said, shown]


class NoTorch:
    """Tells whoever asks that there is no torch."""

    @staticmethod
    def find_spec(name, path=None, target=None) -> None:
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError(f"{name} is not to be imported here")


@pytest.mark.parametrize("command", TORCHLESS)
@pytest.mark.usefixtures("elsewhere")
def test_a_command_about_people_needs_nothing_that_linux_alone_has_and_no_torch(command, monkeypatch, capsys):
    take_away(monkeypatch.delattr)
    for name in [name for name in sys.modules if name.partition(".")[0] == "torch" or name.startswith("fer_exp.train")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoTorch, *sys.meta_path])
    assert main([command, *TORCHLESS[command]]) == 0, capsys.readouterr().err
    assert Path(capsys.readouterr().out.splitlines()[-1]).exists()


@pytest.mark.parametrize("command", ["agreement", "prepare"])
def test_so_it_is_where_nothing_was_imported_before(desk, command):
    """In a process of its own: filelock has no fcntl there, no import is left over, and none is slow without need."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    words = [sys.executable, "-m", "tests.elsewhere", command, *TORCHLESS[command]]
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("light", "elsewhere")
def test_a_training_on_a_cpu_needs_nothing_that_linux_alone_has(capsys):
    small = ["dataset.faces=72", "dataset.size=16", "dataset.cache=cache", "trainer.batch_size=16", "trainer.epochs=1"]
    assert main(["train", *small, "trainer=cpu", "bootstrap=0", "labels.rule=all"]) == 0
    assert Run(Path(capsys.readouterr().out.splitlines()[-1])).finished


def test_cores_are_those_of_the_process_or_of_the_machine(monkeypatch):
    assert system.cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert system.cores() == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert system.cores() == 1


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", b"l1 v  accuracy ^  0.5-0.7 <= 5 Muller ? \xff"),
        ("cp1252", b"l1 v  accuracy ^  0.5\x960.7 <= 5 M\xfcller ? \xff"),
        ("utf-8", "l1 ↓  accuracy ↑  0.5–0.7 ≤ 5 Müller 喜 ".encode() + b"\xff"),
    ],
)
def test_whatever_is_printed_a_stream_of_any_encoding_takes_it(encoding, shown, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    system.open_streams()
    print("l1 ↓  accuracy ↑  0.5–0.7 ≤ 5 Müller 喜", os.fsdecode(b"\xff"), end="", flush=True)
    assert stream.buffer.getvalue() == shown


def test_tables_are_printed_on_a_console_without_their_letters(desk, monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", console)
    assert main(["evaluate", *TORCHLESS["evaluate"]]) == 0
    assert b"l1 v" in console.buffer.getvalue()


def test_a_closed_stream_is_one_that_keeps_nothing(desk, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["evaluate", *TORCHLESS["evaluate"]]) == 0
    assert Path("one.metrics.json").is_file()


@pytest.mark.parametrize("words", [["evaluate", *TORCHLESS["evaluate"]], ["--help"]], ids=["a table", "help"])
def test_a_full_disk_behind_standard_output_is_a_sentence(desk, words, monkeypatch, capsys):
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    assert main(words) == 1
    assert capsys.readouterr().err.endswith("fer-exp: the disk is full; make room there; --debug shows where.\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["evaluate", "predictions=one.csv", "bootstrap=0"], 0),
        (["evaluate", "predictions=nothing.csv"], 2),
        (["evaluate", "-m", "predictions=one.csv,nothing.csv", "bootstrap=0"], 1),
        (["verify", "results"], 1),
        (["verify", "results", "--json"], 1),
        (["--help"], 0),
        (["nokey=1"], 2),
    ],
)
@pytest.mark.parametrize("gone", ["stdout", "both"])
def test_a_command_whose_reader_has_gone_ends_with_the_code_that_it_has_anyway(tmp_path, words, code, gone):
    predictions_table().to_csv(tmp_path / "one.csv", index=False)
    (tmp_path / "results" / "table").mkdir(parents=True)
    (tmp_path / "results" / "table" / "results.json").write_text("{}", encoding="utf-8")
    read, write = os.pipe()
    os.close(read)
    given = {"stdout": write, "stderr": write if gone == "both" else subprocess.PIPE}
    done = subprocess.run(
        [sys.executable, "-m", "fer_exp", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        **given,
    )
    os.close(write)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in (done.stderr or b"")
    assert b"Broken" not in (done.stderr or b"")
    if code == 0 and words[0] == "evaluate":
        assert (tmp_path / "one.metrics.json").is_file()


def test_a_reader_that_goes_before_the_end_is_no_error(desk, monkeypatch, capsys):
    class Head(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Head())
    assert main(["evaluate", *TORCHLESS["evaluate"]]) == 0
    assert Path("one.metrics.json").is_file()
