"""Odd pictures of every corpus: looked for once, in what was decoded."""

import json

import numpy as np
import pytest
from PIL import Image

from fer_exp.cli import main
from fer_exp.datasets.folder import Folder
from fer_exp.pictures.look_alikes import look
from fer_exp.store import looks as store_looks, open_store
from tests.datasets.fake_pictures import save

SEVEN = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger")


@pytest.mark.parametrize("channels", [1, 3])
def test_blank_and_dark_are_what_arithmetic_says(channels):
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (7, 20, 20, channels)).astype(np.uint8)
    pictures[1], pictures[2] = 0, np.arange(100, 100 + channels)
    pictures[3] = np.arange(90, 90 + channels)
    pictures[3, -1, -1, 0] += 1  # the last pixel alone differs
    pictures[4] //= 20
    pictures[6] = pictures[0]
    looks = look([pictures[:4], pictures[4:]])
    assert looks.constant.tolist() == [(picture == picture[0, 0]).all() for picture in pictures]
    assert looks.constant.tolist() == [False, True, True, False, False, False, False]
    assert looks.dark.tolist() == [picture.mean() < 16 for picture in pictures]
    assert looks.dark.tolist() == [False, True, False, False, True, False, False]
    assert [looks.digests.index(digest) for digest in looks.digests] == [0, 1, 2, 3, 4, 5, 0]


def write(root):
    """Six faces of each of two classes in train and test; odd ones among them."""
    for split in ("train", "test"):
        for kind, label in (("happy", "happiness"), ("sad", "sadness")):
            for number in range(6):
                save(root / split / kind / f"{number}.png", label, 100 * (split == "test") + number)
    Image.new("RGB", (40, 40), (9, 99, 199)).save(root / "train/happy/6.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 9, (40, 40)).astype(np.uint8)).save(root / "test/sad/6.png")
    (root / "test/sad/7.png").write_bytes((root / "train/happy/1.png").read_bytes())
    Image.open(root / "train/sad/2.png").save(root / "test/sad/8.bmp")  # the same pixels in another file


FLAGS = {
    "duplicate": ["test/sad/7.png", "test/sad/8.bmp"],
    "constant": ["train/happy/6.png"],
    "dark": ["test/sad/6.png"],
    "conflict": ["test/sad/7.png", "train/happy/1.png"],
}


@pytest.mark.parametrize("piece", [1, 1 << 23])
def test_every_corpus_has_its_odd_pictures_flagged_and_they_can_be_dropped(tmp_path, capsys, monkeypatch, piece):
    monkeypatch.setattr(store_looks, "PIECE", piece)
    write(tmp_path / "own")
    corpus = [f"dataset.root={tmp_path}/own", f"dataset.cache={tmp_path}/cache", "dataset.size=40"]
    assert main(["prepare", "dataset=folder", *corpus]) == 0
    shown = capsys.readouterr()
    said = "2 duplicate (stands elsewhere, too), 1 constant (of one colour throughout), 1 dark (mean below 16 of 255), "
    assert f"folder: odd pictures: {said}2 conflict" in shown.err
    assert "dataset.drop=[constant]" in shown.out
    splits = [f"dataset.split_file={tmp_path}/splits.csv", "dataset.drop=[duplicate,constant,dark]"]
    assert main(["prepare", "dataset=folder", *corpus, *splits]) == 0
    again = capsys.readouterr()
    assert "odd pictures" not in again.err  # it is said when they are found
    assert len((tmp_path / "splits.csv").read_text().splitlines()) == 1 + 28 - 4
    store = open_store(Folder(tmp_path / "own", SEVEN), 40, tmp_path / "cache")
    assert store.flags == FLAGS


def test_an_older_store_is_looked_at_once_and_keeps_what_it_says(tmp_path):
    write(tmp_path / "own")
    corpus = Folder(tmp_path / "own", SEVEN)
    store = open_store(corpus, 40, tmp_path / "cache")
    file = store.folder / "store.json"
    words = json.loads(file.read_text())
    del words["looked"], words["files"], words["digest"]
    words["flags"], words["content"] = {"duplicate": []}, "as it was"
    file.write_text(json.dumps(words))
    again = open_store(corpus, 40, tmp_path / "cache")
    assert again.flags == FLAGS | {"duplicate": []}
    assert (again.content, again.key) == ("as it was", store.key)
    words = json.loads(file.read_text())
    del words["content"], words["looked"]
    words.pop("digest", None)
    file.write_text(json.dumps(words))
    assert open_store(corpus, 40, tmp_path / "cache").content == store.content
