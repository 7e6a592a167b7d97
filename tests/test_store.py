"""The store: one content, one folder; whole or not there, whatever happens on the way."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fer_exp.cli import main
from fer_exp.commands.prepare import prepare
from fer_exp.config import DatasetConfig, PrepareConfig
from fer_exp.datasets import pictures
from fer_exp.datasets.fer2013 import Fer2013
from fer_exp.datasets.ferplus import FerPlus
from fer_exp.datasets.folder import Folder
from fer_exp.digests import sealed
from fer_exp.errors import RequestError, RunError
from fer_exp.names import CLASSES
from fer_exp.pictures.decoding import decode
from fer_exp.pictures.listing import listed
from fer_exp.store import Store, cache_folder, find_store, open_store, pixels as store_pixels
from tests.datasets.fake_folders import write_classes
from tests.datasets.fakes import write_fer2013, write_votes

SEVEN = CLASSES[:7]
# A corpus in another process that says when its first piece is written and then takes its time.
SLOW = """
import sys, time
from pathlib import Path
from fer_exp.names import CLASSES
from fer_exp.datasets.fer2013 import Fer2013
from fer_exp.store import open_store

class Slow(Fer2013):
    def pixels(self, size):
        for piece in super().pixels(size):
            yield piece
            print("piece", flush=True)
            time.sleep(float(sys.argv[3]))

print(open_store(Slow(Path(sys.argv[1]), CLASSES[:7]), 48, Path(sys.argv[2]), log=lambda line: None).folder)
"""


def opened(root: Path, cache: Path, size: int = 48) -> Store:
    return open_store(Fer2013(root, SEVEN), size, cache, log=lambda line: None)


def slow(root: Path, cache: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SLOW, str(root), str(cache), str(seconds)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def stores(cache: Path) -> list[str]:
    return [path.name for path in cache.iterdir() if path.name not in ("hashes", "locks")]


def test_a_store_gives_back_what_the_corpus_said(tmp_path: Path) -> None:
    pictures = write_fer2013(tmp_path)
    write_votes(tmp_path)
    corpus = FerPlus(tmp_path, CLASSES)
    store = open_store(corpus, 48, tmp_path / "cache", log=lambda line: None)
    faces = corpus.read()
    np.testing.assert_array_equal(store.pixels[..., 0], pictures)
    assert store.pixels.shape == (200, 48, 48, 1)
    assert store.pixels.dtype == np.uint8
    assert faces.votes is not None
    assert store.votes is not None
    assert store.votes.to_numpy().tolist() == faces.votes.to_numpy().tolist()
    for column in ("face", "split", "label", "source"):
        assert store.faces[column].tolist() == faces.table[column].tolist()
    assert store.faces[["subject", "valence", "arousal"]].isna().all(axis=None)
    assert (store.notes, store.flags) == (faces.notes, faces.flags)
    assert store.facts["files"] == corpus.digests()


def test_the_second_opening_reads_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_fer2013(tmp_path)
    first = opened(tmp_path, tmp_path / "cache")
    monkeypatch.setattr(Fer2013, "_parse", lambda self: pytest.fail("the source was read again"))
    assert opened(tmp_path, tmp_path / "cache").folder == first.folder


def test_the_key_follows_the_content(tmp_path: Path) -> None:
    write_fer2013(tmp_path / "a", seed=0)
    write_fer2013(tmp_path / "b", seed=1)
    shutil.copy(tmp_path / "a" / "fer2013.csv", tmp_path / "copy.csv")
    cache = tmp_path / "cache"
    first = opened(tmp_path / "a", cache)
    assert opened(tmp_path / "copy.csv", cache).facts["files"] != first.facts["files"]  # another name
    assert opened(tmp_path / "b", cache).key != first.key
    assert opened(tmp_path / "a", cache, size=24).key != first.key
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "a" / "fer2013.csv", tmp_path / "copy")
    assert opened(tmp_path / "copy", cache).folder == first.folder
    # Changed in place, to the same length and with the old time put back.
    file = tmp_path / "a" / "fer2013.csv"
    times = file.stat()
    text = file.read_text()
    place = text.rindex(",PrivateTest") - 1
    file.write_text(text[:place] + str((int(text[place]) + 1) % 5) + text[place + 1 :])
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert opened(tmp_path / "a", cache).key != first.key


def test_two_processes_prepare_the_same_store_once(tmp_path: Path) -> None:
    pictures = write_fer2013(tmp_path)
    cache = tmp_path / "cache"
    both = [slow(tmp_path, cache, 0.3) for _ in range(2)]
    outputs = [process.communicate()[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0][-1] == outputs[1][-1]
    assert sum(output.count("piece") for output in outputs) == 4  # 200 rows in pieces of 64, by one of the two
    assert len(stores(cache)) == 1
    np.testing.assert_array_equal(opened(tmp_path, cache).pixels[..., 0], pictures)


def test_a_killed_process_leaves_nothing_that_is_taken_for_a_store(tmp_path: Path) -> None:
    pictures = write_fer2013(tmp_path)
    cache = tmp_path / "cache"
    process = slow(tmp_path, cache, 60)
    assert process.stdout is not None
    assert process.stdout.readline() == "piece\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [".partial-" in name for name in stores(cache)] == [True]
    np.testing.assert_array_equal(opened(tmp_path, cache).pixels[..., 0], pictures)
    assert [".partial-" in name for name in stores(cache)] == [False]


def test_cleaning_leaves_a_living_process_alone(tmp_path: Path) -> None:
    write_fer2013(tmp_path / "a")
    write_fer2013(tmp_path / "b", seed=1)
    cache = tmp_path / "cache"
    process = slow(tmp_path / "a", cache, 0.5)
    assert process.stdout is not None
    assert process.stdout.readline() == "piece\n"
    opened(tmp_path / "b", cache)
    assert process.communicate()[0]
    assert process.returncode == 0
    assert len(stores(cache)) == 2


class FullDisk(Fer2013):
    """A corpus during whose writing the disk fills up."""

    def pixels(self, size: int) -> Iterator[np.ndarray[Any, np.dtype[np.uint8]]]:
        yield next(super().pixels(size))
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    write_fer2013(tmp_path)
    cache = tmp_path / "cache"
    with pytest.raises(RunError, match=r"disk of .*cache is full: .* need 1 MB.*dataset.cache"):
        open_store(FullDisk(tmp_path, SEVEN), 48, cache, log=lambda line: None)
    assert stores(cache) == []


def test_too_little_free_space_is_seen_before_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_fer2013(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(9, 9, 0))
    with pytest.raises(RunError, match="need 1 MB and 0 MB are free"):
        opened(tmp_path, tmp_path / "cache")
    assert stores(tmp_path / "cache") == []


def test_a_store_that_lost_bytes_is_written_again(tmp_path: Path) -> None:
    pictures = write_fer2013(tmp_path)
    folder = opened(tmp_path, tmp_path / "cache").folder
    os.truncate(folder / "pixels.u8", 1000)
    np.testing.assert_array_equal(opened(tmp_path, tmp_path / "cache").pixels[..., 0], pictures)


def _old(**change: object) -> Callable[[dict[str, Any]], object]:
    """A description of a time without digests, with keys that are others, or are left out."""
    return lambda words: {
        key: value
        for key, value in (words | change).items()
        if key not in ("digest", "files", "states") and value != ""
    }


@pytest.mark.parametrize(
    "content",
    [
        *("[1, 2]", "null", "7", '"x"', "{}", "", "[" * 3000, '{"shape": 1e999}'),
        *(
            _old(shape=shape)
            for shape in (None, "abc", ["a"], [1e999], [], [1, 48, 48], [0, 48, 48, 1], [True] * 4, "")
        ),
        *(_old(flags=flags) for flags in (None, [], {"x": 1}, {"x": [[1]]}, "")),
        *(_old(found=found) for found in (None, [1], {"x": "y"}, "")),
        *(_old(facts=facts) for facts in (None, [1], {}, {"corpus": 1}, "")),
        *(_old(key=key) for key in (None, 5, "")),
        *(_old(said=5), _old(content=[1]), _old(pieces=[1])),
    ],
)
def test_a_description_that_describes_no_store_is_as_none(tmp_path: Path, content: Any) -> None:
    write_fer2013(tmp_path)
    first = opened(tmp_path, tmp_path / "cache")
    file = first.folder / "store.json"
    written = content if isinstance(content, str) else json.dumps(content(json.loads(file.read_text())))
    file.write_text(written)
    dataset = {"name": "fer2013", "size": 48, "cache": str(tmp_path / "cache")}
    assert find_store({"config": {"dataset": dataset}, "data_hash": first.key}) is None
    said: list[str] = []
    again = open_store(Fer2013(tmp_path, SEVEN), 48, tmp_path / "cache", log=said.append)
    assert again.faces.equals(first.faces)
    assert any("it is prepared again" in line for line in said)


@pytest.mark.parametrize("content", ["[1, 2]", "null", "7", '"x"', "{}", '{"a": "b"}', "[" * 3000])
def test_a_damaged_note_of_digests_is_none(tmp_path: Path, content: str) -> None:
    write_fer2013(tmp_path)
    first = opened(tmp_path, tmp_path / "cache")
    (note,) = (tmp_path / "cache" / "hashes").iterdir()
    note.write_text(content)
    assert opened(tmp_path, tmp_path / "cache").key == first.key


def test_a_cache_that_cannot_be_made_names_the_key(tmp_path: Path) -> None:
    write_fer2013(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"dataset\.cache"):
        opened(tmp_path, tmp_path / "file" / "cache")


def test_where_the_cache_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    monkeypatch.setenv("FER_EXP_CACHE", "/f")
    assert cache_folder(tmp_path) == tmp_path
    assert cache_folder() == Path("/f")
    monkeypatch.delenv("FER_EXP_CACHE")
    assert cache_folder() == Path("/x/fer-exp")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "fer-exp"


# A corpus of pictures in another process that is killed after its second piece.
KILLED = """
import os, sys
from pathlib import Path
import fer_exp.pictures.stream as stream
from fer_exp.names import CLASSES
from fer_exp.datasets.folder import Folder
from fer_exp.digests import sealed
from fer_exp.pictures.listing import listed
from fer_exp.store import open_store
stream.PIECE = 16
real, pieces = Folder.pixels_from, []
def dying(self, *given):
    for piece in real(self, *given):
        if len(pieces) == 2:
            os._exit(9)
        pieces.append(0)
        yield piece
Folder.pixels_from = dying
open_store(Folder(Path(sys.argv[1]), CLASSES[:7], None, None, 0.1), 24, Path(sys.argv[2]), log=lambda line: None)
"""


@pytest.mark.parametrize("damage", ["none", "half a piece", "half a line", "no pixels"])
def test_a_store_of_pictures_goes_on_where_it_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    write_classes(tmp_path / "own")
    broken = tmp_path / "own" / "Happy" / "3.bmp"
    broken.write_bytes(broken.read_bytes()[:500])
    cache = tmp_path / "cache"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "own"), str(cache)], env=environment, check=False
    )
    assert done.returncode == 9
    (partial,) = cache.glob("*.partial-resume")
    if damage == "half a piece":
        with (partial / "pixels.u8").open("ab") as stream:
            stream.write(b"x" * 1000)
    if damage == "half a line":
        with (partial / "journal.jsonl").open("a") as stream:
            stream.write('{"rows": 48, "ke')
    if damage == "no pixels":
        os.truncate(partial / "pixels.u8", 10)
    decoded: list[str] = []
    real = pictures.decode
    monkeypatch.setattr("fer_exp.pictures.stream.PIECE", 16)
    monkeypatch.setattr(pictures, "decode", lambda file, *rest: (decoded.append(file), real(file, *rest))[1])
    corpus = Folder(tmp_path / "own", SEVEN, None, None, 0.1)
    store = open_store(corpus, 24, cache, log=lambda line: None)
    assert len(decoded) == (80 if damage == "no pixels" else 80 - 32)
    whole = open_store(corpus, 24, tmp_path / "other", log=lambda line: None)
    np.testing.assert_array_equal(store.pixels, whole.pixels)
    assert store.faces.equals(whole.faces)
    assert store.notes == whole.notes
    assert (store.folder / "rejected.csv").read_bytes() == (whole.folder / "rejected.csv").read_bytes()
    assert stores(cache) == [store.folder.name]


def _other_line(change: dict[str, object]) -> Callable[[Path], None]:
    """Damages the last line of a journal, with or without its digest."""

    def damage(partial: Path) -> None:
        *lines, last = (partial / "journal.jsonl").read_text().splitlines()
        words = json.loads(last) | change
        lines.append(json.dumps(sealed(words) if change.get("digest") == "made again" else words))
        (partial / "journal.jsonl").write_text("".join(f"{line}\n" for line in lines))

    return damage


def _last_line(text: str) -> Callable[[Path], None]:
    def damage(partial: Path) -> None:
        lines = (partial / "journal.jsonl").read_text().splitlines()
        (partial / "journal.jsonl").write_text("".join(f"{line}\n" for line in [*lines[:-1], text]))

    return damage


def _without_its_first_line(partial: Path) -> None:
    lines = (partial / "journal.jsonl").read_text().splitlines(keepends=True)
    (partial / "journal.jsonl").write_text("".join(lines[1:]))


def _zeroed(partial: Path) -> None:
    (partial / "pixels.u8").write_bytes(bytes((partial / "pixels.u8").stat().st_size))


def _a_folder(name: str) -> Callable[[Path], None]:
    def damage(partial: Path) -> None:
        (partial / name).unlink()
        (partial / name).mkdir()

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        *(_other_line({"kept": number}) for number in (20, -3, 10**30, None, "x")),
        *(_other_line({"rows": number}) for number in (20, -3, float("inf"), 31)),
        *(_other_line({"rejected": rejected}) for rejected in ([], None, {"-1": "x"}, {"99": "x"}, "x")),
        _other_line({"remarks": "text"}),
        _other_line({"rows": 30, "kept": 29, "digest": "made again"}),
        *map(_last_line, ("[1, 2]", "null", "5", '"x"', "", "[" * 3000, "\x00", '{"rows": 32, "kept": 31}')),
        _without_its_first_line,
        _zeroed,
        lambda partial: (partial / "pixels.u8").unlink(),
        *map(_a_folder, ("pixels.u8", "journal.jsonl")),
    ],
)
def test_of_an_interrupted_store_only_what_was_written_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Callable[[Path], None]
) -> None:
    write_classes(tmp_path / "own")
    broken = tmp_path / "own" / "Happy" / "3.bmp"
    broken.write_bytes(broken.read_bytes()[:500])
    corpus, cache = Folder(tmp_path / "own", SEVEN, None, None, 0.1), tmp_path / "cache"
    monkeypatch.setattr("fer_exp.pictures.stream.PIECE", 16)
    real = Folder.pixels_from

    def dying(self: Folder, *given: Any) -> Iterator[Any]:
        for number, piece in enumerate(real(self, *given)):
            if number == 2:
                raise KeyboardInterrupt
            yield piece

    monkeypatch.setattr(Folder, "pixels_from", dying)
    with pytest.raises(KeyboardInterrupt):
        open_store(corpus, 24, cache, log=lambda line: None)
    monkeypatch.setattr(Folder, "pixels_from", real)
    (partial,) = cache.glob("*.partial-resume")
    damage(partial)
    said: list[str] = []
    store = open_store(corpus, 24, cache, log=said.append)
    whole = open_store(corpus, 24, tmp_path / "other", log=lambda line: None)
    np.testing.assert_array_equal(store.pixels, whole.pixels)
    assert store.faces.equals(whole.faces)
    assert store.notes == whole.notes
    assert (store.folder / "rejected.csv").read_bytes() == (whole.folder / "rejected.csv").read_bytes()
    assert any("is damaged after" in line for line in said) or not any("goes on" in line for line in said)


def test_what_was_rejected_before_an_interruption_counts_towards_what_is_allowed(tmp_path: Path) -> None:
    write_classes(tmp_path / "own")
    corpus = Folder(tmp_path / "own", SEVEN, None, None, 0.02)
    assert sum(map(len, corpus.pixels_from(24, 16, {1: "damaged"}))) == len(corpus.read().table) - 16
    with pytest.raises(RequestError, match=r"2 of \d+ pictures cannot be used so far"):
        list(corpus.pixels_from(24, 16, {1: "damaged", 2: "damaged"}))


@pytest.mark.parametrize("disk", ["direct", "direct refused", "not direct"])
def test_each_row_of_a_store_is_its_picture_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: str
) -> None:
    write_classes(tmp_path / "own")
    broken = tmp_path / "own" / listed(tmp_path / "own")[40]
    broken.write_bytes(b"")  # the pieces after it begin at half a block: a picture has one and a half
    monkeypatch.setattr("fer_exp.pictures.stream.PIECE", 16)
    if disk == "not direct":
        monkeypatch.setattr(store_pixels, "DIRECT", 0)
    real = os.write
    direct: list[bool] = []

    def write(descriptor: int, content: Any) -> int:
        direct.append(bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_DIRECT))
        if direct[-1] and disk == "direct refused":
            raise OSError(errno.EINVAL, "Invalid argument")
        return real(descriptor, content[:768] if not direct[-1] else content)  # as when a disk fills up

    monkeypatch.setattr(os, "write", write)
    store = open_store(Folder(tmp_path / "own", SEVEN, None, None, 0.1), 16, tmp_path / "cache", log=lambda line: None)
    assert set(direct) == ({False} if disk == "not direct" else {False, True})
    assert len(store.faces) == 79
    for face, pixels in zip(store.faces["face"], store.pixels, strict=True):
        alone = np.empty((16, 16, 3), np.uint8)
        decode(tmp_path / "own" / face, alone)
        np.testing.assert_array_equal(pixels, alone)


def test_prepare_reports_and_ends_with_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_fer2013(tmp_path)
    write_votes(tmp_path)
    given = DatasetConfig(name="ferplus", root=str(tmp_path), classes=8, cache=str(tmp_path / "cache"))
    prepare(PrepareConfig(given))
    out, err = capsys.readouterr()
    folder = Path(out.splitlines()[-1])
    assert (folder / "store.json").exists()
    assert "warning: ferplus: train has 100 faces where 28,709 are expected" in out
    assert "different from the official f8428a1edbd21e88f42c73edd2a14f95" in out
    assert "rows of votes without a picture name" in out
    assert "200 of 200 faces written" in err


def test_without_a_home_folder_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", nobody)
    monkeypatch.delenv("FER_EXP_CACHE", raising=False)
    with pytest.raises(RequestError, match=r"set FER_EXP_CACHE or dataset\.cache"):
        cache_folder()
    assert cache_folder(Path("/mine")) == Path("/mine")


@pytest.mark.parametrize("make", [Path.touch, lambda place: place.symlink_to("nowhere")], ids=["file", "dangling link"])
def test_what_has_the_name_of_a_store_and_is_none_is_to_be_moved_away(tmp_path, make, capsys):
    words = ["prepare", "dataset.faces=48", "dataset.size=16", f"dataset.cache={tmp_path}"]
    assert main(words) == 0
    (store,) = tmp_path.glob("synthetic-*")
    shutil.rmtree(store)
    make(store)
    capsys.readouterr()
    assert main(words) == 1
    assert f"{store} (Not a directory); move it away: a folder has this name." in capsys.readouterr().err


def test_of_a_store_the_file_that_cannot_be_read_is_named(tmp_path, capsys):
    words = ["prepare", "dataset.faces=48", "dataset.size=16", f"dataset.cache={tmp_path}"]
    assert main(words) == 0
    (faces,) = tmp_path.glob("synthetic-*/faces.parquet")
    faces.unlink()
    faces.mkdir()
    capsys.readouterr()
    assert main(words) == 2
    assert f"{faces} cannot be read: there is a folder of this name" in capsys.readouterr().err
