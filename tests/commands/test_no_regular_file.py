"""What is no regular file, or too large, neither hangs a command nor vanishes: it is named, with its reason."""

import os
import socket
from pathlib import Path

import pytest

from fer_exp.cli import main
from tests.datasets.fake_folders import write_classes
from tests.datasets.fake_pictures import save

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here"),
    pytest.mark.timeout(60),  # a pipe without a writer waits for ever
]
LARGE = 20_000_000_000
"""Bytes of a sparse file, which takes no room on the disk."""


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """A folder with a pipe, a link to a device, a socket and a huge file of zeros."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.csv")
    Path("zero.csv").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("socket.csv")
    with Path("huge.csv").open("wb") as stream:
        stream.truncate(LARGE)
    return tmp_path


def test_pictures_behind_a_link_are_read_and_what_is_none_is_counted(odd, capsys):
    write_classes(odd / "faces", each=5)
    (odd / "faces" / "sad").rename(odd / "elsewhere")
    Path("faces/sad").symlink_to(odd / "elsewhere")
    for kind, file in (("angry", "pipe"), ("Happy", "zero"), ("sad", "socket"), ("sad", "huge")):
        Path(f"{file}.csv").rename(f"faces/{kind}/{file}.jpg")
    Path("faces/sad/gone.png").symlink_to("nowhere.png")
    words = ["prepare", "dataset=folder", "dataset.root=faces", "dataset.cache=cache", "dataset.max_rejected=0.1"]
    assert main(words) == 0
    said = " ".join("".join(capsys.readouterr()).split())
    for reason in ("1 .jpg (a pipe)", "1 .jpg (a device)", "1 .jpg (a socket)", "1 .png (a link to nothing)"):
        assert reason in said
    (rejected,) = odd.glob("cache/**/rejected.csv")
    assert f'sad/huge.jpg,,sadness,"the file cannot be read (it has {LARGE:,} bytes' in rejected.read_text()
    assert "sadness" in said


KINDS = {"pipe": "it is a pipe; give a file.", "zero": "it is a device;", "socket": "it is a socket;"}


@pytest.mark.parametrize(("file", "reason"), [*KINDS.items(), ("huge", f"it has {LARGE:,} bytes")])
@pytest.mark.parametrize(
    "words",
    [
        "agreement ratings={}",
        "evaluate predictions={}",
        "train labels=noisy labels.noise=file labels.file={} dataset.faces=60 output=runs trainer.epochs=1",
        "prepare dataset=folder dataset.root=faces dataset.votes={}",
        "prepare dataset=folder dataset.table={}",
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(odd, capsys, words, file, reason):
    save(odd / "faces" / "sad" / "1.png", "sadness", 1)
    cache = ["dataset.cache=cache"] if "dataset" in words else []
    assert main([*words.format(f"{file}.csv").split(), *cache]) == 2
    said = " ".join("".join(capsys.readouterr()).split())
    assert reason in said or (file == "huge" and "it is neither text nor xlsx nor parquet" in said)
