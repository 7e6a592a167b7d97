"""`fer-exp rate` from the command line: each mistake is a sentence, and what serves needs no torch."""

import errno
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_exp.cli import main
from tests.processes import environment

STUDY = "classes: [happy, sad]\nper_face: 2\nper_person: 2\n"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "faces").mkdir()
    for n in range(3):
        pixels = np.random.default_rng(n).integers(0, 255, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "faces" / f"{n}.png")
    (tmp_path / "s.yaml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "slip.yaml").write_text(STUDY.replace("per_face", "per_fase"), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("study=cafe", "rate needs pictures: fer-exp rate photos/ study=cafe"),
        ("faces", "rate needs study=, what is asked: affectnet, cafe, or a file of yours"),
        ("faces study=caffe", "did you mean cafe?"),
        ("faces study=slip.yaml", "study=slip.yaml, line 2: 'per_fase' is no key; did you mean per_face?"),
        ("empty study=cafe", "pictures=empty is empty; give a folder of pictures"),
        ("nowhere study=cafe", "nowhere: there is no such file or folder"),
        ("faces study=s.yaml port=70000", "port is 70000; it must be at most 65,535"),
        ("faces study=s.yaml per_face=0", "per_face is 0; it must be at least 1"),
        ("faces study=s.yaml host=nowhere.invalid", "host=nowhere.invalid is no address of this machine"),
        ("faces study=s.yaml gold=no.csv", "gold=no.csv: there is no such file"),
        ("faces study=s.yaml raters=3", "per_face=3"),
        ("faces study=s.yaml output=s.yaml", "s.yaml"),
    ],
)
def test_a_mistake_is_a_sentence_and_leaves_nothing(here, capsys, words, said):
    assert main(["rate", *words.split()]) in (1, 2)
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert sorted(path.name for path in here.iterdir()) == ["empty", "faces", "s.yaml", "slip.yaml"]


def test_a_port_that_is_taken_is_said_with_another_before_anything_is_made(here, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["rate", "faces", "study=s.yaml", f"port={port}"]) == 2
    assert (
        f"port={port} cannot be used: another program listens there; write port={port + 1}" in capsys.readouterr().err
    )
    assert not (here / "runs").exists()


def test_what_serves_needs_no_torch_and_what_helps_no_server():
    lines = (
        "import sys, fer_exp.cli.help, fer_exp.collecting.study, fer_exp.collecting.session",
        "assert not {'starlette', 'uvicorn'} & {*sys.modules}",
        "import fer_exp.commands.rate, fer_exp.collecting.server",
        "assert not {'torch', 'lightning', 'matplotlib'} & {*sys.modules}",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, env=environment())


def stopped(serving):
    """In place of asyncio.run: somebody presses Ctrl-C before anybody has come."""
    serving.close()
    raise KeyboardInterrupt


@pytest.fixture
def begins(here, monkeypatch):
    """A function that begins the study in the folder study/, or goes on with it, and stops at once; gives the code."""
    monkeypatch.setattr("fer_exp.commands.rate.asyncio.run", stopped)
    return lambda *words: main(["rate", "faces", "study=s.yaml", "output=study", "port=0", *words])


def files_of(folder):
    """What lies there, but for what says who has the ledger open."""
    files = [path for path in folder.iterdir() if path.is_file() and path.name not in (".lock", "ledger.sqlite-shm")]
    return {path.name: path.read_bytes() for path in files if path.stat().st_size or not path.name.endswith("-wal")}


def lose(file, how):
    """Lose a ledger, in one of the ways in which files are lost."""
    file.unlink()
    if how == "empty":
        file.write_bytes(b"")
    elif how == "link":
        file.symlink_to("gone.sqlite")
    elif how == "no tables":
        sqlite3.connect(file).execute("PRAGMA journal_mode=WAL").connection.close()


@pytest.mark.parametrize(
    ("how", "left"),
    [
        *(("gone", name) for name in ("answers.csv", "persons.csv", "raw.json", "salt", "token")),
        *((how, "answers.csv") for how in ("empty", "link", "no tables")),
    ],
)
def test_a_study_that_has_lost_its_ledger_is_not_begun_anew_over_its_answers(how, left, here, begins, capsys):
    assert begins() == 0
    folder = here / "study"
    for path in folder.iterdir():
        if path.is_file() and path.name not in ("ledger.sqlite", left):
            path.unlink()
    (folder / left).write_text("task,worker,label\n0.png,w1,happiness\n")
    lose(folder / "ledger.sqlite", how)
    before = files_of(folder) if how != "link" else None
    capsys.readouterr()
    assert begins() == 2
    told = capsys.readouterr().err.replace("\n", " ")
    assert (
        "a link that leads nowhere" in told if how == "link" else f"study holds {left} of a study whose ledger" in told
    )
    assert (folder / left).read_text() == "task,worker,label\n0.png,w1,happiness\n"
    assert before is None or files_of(folder) == before
    assert not (folder / "gone.sqlite").exists()


def test_a_log_whose_ledger_is_gone_is_kept(here, begins, capsys):
    (here / "study").mkdir()
    (here / "study" / "ledger.sqlite-wal").write_bytes(b"answers")
    assert begins() == 2
    assert "holds ledger.sqlite-wal of a study whose ledger, ledger.sqlite, is gone" in capsys.readouterr().err.replace(
        "\n", " "
    )
    assert files_of(here / "study") == {"ledger.sqlite-wal": b"answers"}


def test_a_start_that_was_killed_before_anything_was_kept_is_no_lost_study(here, begins):
    (here / "study").mkdir()
    (here / "study" / "ledger.sqlite").write_bytes(b"")
    assert begins() == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(("salt", content) for content in (b"", b"\n", b"abcdefgh\n", b"\xff" * 32)),
        *(("token", content) for content in (b"", b"\xff" * 32, b"a/b?c#d%e" * 5)),
    ],
)
def test_a_damaged_secret_is_never_used(name, content, here, begins, capsys):
    assert begins() == 0
    (here / "study" / name).write_bytes(content)
    capsys.readouterr()
    assert begins() == 2
    told = capsys.readouterr().err.replace("\n", " ")
    assert f"study/{name}" in told
    assert "put back a copy of before, or remove it, then the next start makes a new one" in told
    (here / "study" / name).unlink()
    assert begins() == 0
    assert len((here / "study" / name).read_text().strip()) == 32


@pytest.mark.parametrize("name", ["salt", "token"])
def test_a_start_that_was_stopped_leaves_a_whole_secret_or_none(name, here, begins, monkeypatch):
    written = Path.write_text

    def stopped(path, text, **more):
        if path.name.startswith(f".{name}."):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return written(path, text, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", stopped)
        assert begins() == 1
    assert not (here / "study" / name).exists()
    assert begins() == 0
    assert (here / "study" / name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("room", ["pictures", "page"])
def test_an_export_that_finds_no_room_says_so_by_its_own_name_and_key(room, here, capsys, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    monkeypatch.setattr(*((Path, "write_bytes") if room == "pictures" else (shutil, "copyfile")), full)
    assert main(["rate", "faces", "study=s.yaml", "export=task"]) == 1
    told = capsys.readouterr().err.replace("\n", " ")
    assert "task cannot be written: the disk is full; make room there" in told
    assert ".tmp" not in told
    assert "output=" not in told
    assert "export=" in told or room == "page"
    assert not (here / "task").exists()
    assert not [path for path in here.iterdir() if path.name.startswith(".")]


def test_an_export_to_where_nothing_can_be_written_says_so_before_pictures_are_made(here, capsys):
    assert main(["rate", "faces", "study=s.yaml", "export=s.yaml/task"]) == 1
    assert "s.yaml cannot be written (Not a directory); set export to a folder" in capsys.readouterr().err.replace(
        "\n", " "
    )
