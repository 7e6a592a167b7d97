"""`fer-exp rate` from the command line: each mistake is a sentence, and what serves needs no torch."""

import errno
import shutil
import socket
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
