"""FER2013's reader against a plain one, over good files, packed files and broken files."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_exp.datasets.corpus import FACE_COLUMNS
from fer_exp.datasets.fer2013 import CODES, Fer2013
from fer_exp.datasets.fer2013_rows import parse_pixels
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.names import CLASSES
from tests.datasets.fakes import fake_faces, fer2013_text, write_fer2013, write_icml

SEVEN = CLASSES[:7]


def all_pixels(corpus: Fer2013, size: int = 48) -> np.ndarray:
    return np.concatenate(list(corpus.pixels(size)))


@pytest.mark.parametrize("write", [write_fer2013, write_icml])
@pytest.mark.parametrize("rows", [1, 64, 65, 200])
def test_both_layouts_give_the_pictures_and_labels_that_were_written(
    tmp_path: Path, write: Callable[[Path, int], np.ndarray], rows: int
) -> None:
    pictures = write(tmp_path, rows)
    corpus = Fer2013(tmp_path, SEVEN)
    table = corpus.read().table
    assert tuple(table.columns) == FACE_COLUMNS
    np.testing.assert_array_equal(all_pixels(corpus)[..., 0], pictures)
    assert table["label"].tolist() == [CODES[row % 7] for row in range(rows)]
    assert table["face"].iloc[-1] == f"fer{rows - 1:07d}"
    usages = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
    assert table["split"].tolist() == [usages[usage] for usage in fake_faces(rows)[2]]


def test_every_value_from_0_to_255_is_read() -> None:
    values = np.arange(2304) % 256
    np.testing.assert_array_equal(parse_pixels([" ".join(map(str, values)).encode()] * 2), [values, values])


@pytest.mark.parametrize("broken", ["256", "1000", "-1", "x", "1.0", "", "999", "300"])
@pytest.mark.parametrize("place", [0, 1000, 2303])
def test_the_fast_parser_leaves_anything_unusual_to_the_slow_one(broken: str, place: int) -> None:
    words = ["17"] * 2304
    words[place] = broken
    assert parse_pixels([b"1 " * 2303 + b"1", " ".join(words).encode()]) is None


def test_a_missing_value_in_one_row_and_one_too_many_in_the_next_do_not_cancel() -> None:
    assert parse_pixels([b"1 " * 2302 + b"1", b"1 " * 2304 + b"1"]) is None


def test_more_than_one_space_between_pixels_is_still_read(tmp_path: Path) -> None:
    pictures = write_fer2013(tmp_path, 3)
    file = tmp_path / "fer2013.csv"
    file.write_text(file.read_text().replace(" ", "  "))
    np.testing.assert_array_equal(all_pixels(Fer2013(tmp_path, SEVEN))[..., 0], pictures)


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz", ".zip"])
@pytest.mark.parametrize("state", ["whole", "cut", "damaged"])
def test_packed_files_are_the_same_corpus_and_cut_ones_are_refused(tmp_path: Path, packing: str, state: str) -> None:
    pictures = write_fer2013(tmp_path, 20)
    plain = Fer2013(tmp_path, SEVEN).digests()
    file = tmp_path / "fer2013.csv"
    packed = file.with_name(file.name + packing)
    if packing == ".zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(file, "fer2013/fer2013.csv")
    else:
        packers: dict[str, Callable[[bytes], bytes]] = {
            ".gz": gzip.compress,
            ".bz2": bz2.compress,
            ".xz": lzma.compress,
        }
        packed.write_bytes(packers[packing](file.read_bytes()))
    file.unlink()
    if state == "whole":
        corpus = Fer2013(tmp_path, SEVEN)
        assert corpus.digests() == plain
        np.testing.assert_array_equal(all_pixels(corpus)[..., 0], pictures)
    else:
        content = packed.read_bytes()
        half = len(content) // 2
        packed.write_bytes(content[:half] + (b"" if state == "cut" else bytes(200) + content[half + 200 :]))
        # gzip and zip state their checksum at the end: damage may show first in a row that makes no sense.
        message = "cannot be read" if state == "cut" else "cannot be read|row .* is cut or changed"
        with pytest.raises(RequestError, match=message):
            Fer2013(packed, SEVEN).read()


def test_other_sizes_are_pillows_bilinear(tmp_path: Path) -> None:
    pictures = write_fer2013(tmp_path, 3)
    for size in (24, 64):
        expected = [
            np.asarray(Image.fromarray(face).resize((size, size), Image.Resampling.BILINEAR)) for face in pictures
        ]
        np.testing.assert_array_equal(all_pixels(Fer2013(tmp_path, SEVEN), size)[..., 0], expected)


def cut(lines: list[str]) -> None:
    lines[7] = lines[7][:3000]
    del lines[8:]


def set_field(number: int, value: str) -> Callable[[list[str]], None]:
    def change(lines: list[str]) -> None:
        parts = lines[70].rstrip("\n").split(",")
        parts[number] = value
        lines[70] = ",".join(parts) + "\n"

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (cut, r"row 7 \(line 8\) has 2 fields"),
        (set_field(0, "7"), r"row 70 \(line 71\) has the emotion '7'"),
        (set_field(0, ""), r"row 70 .* has the emotion ''"),
        (set_field(2, "PrivateTes"), "row 70 .* has the Usage 'PrivateTes'"),
        (set_field(1, "1 " * 2303), "row 70 .* has 2,303 pixel values"),
        (set_field(1, "1 " * 2305), "row 70 .* has 2,305 pixel values"),
        (set_field(1, "1 " * 2303 + "256"), "row 70 .* has '256' as pixel 2304"),
        (set_field(1, "1 " * 2303 + "-1"), "row 70 .* has '-1' as pixel 2304"),
        (set_field(1, "x" + " 1" * 2303), "row 70 .* has 'x' as pixel 1 "),
        (lambda lines: lines.insert(5, "\n"), r"row 5 \(line 6\) is empty"),
        (lambda lines: lines.clear(), "is empty"),
        (lambda lines: lines.__delitem__(slice(1, None)), "has a header and no rows"),
        (lambda lines: lines.__setitem__(0, "emotion,pixels\n"), "where the columns emotion, pixels, Usage belong"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(
    tmp_path: Path, change: Callable[[list[str]], None], message: str
) -> None:
    lines = fer2013_text(*fake_faces(100)).splitlines(keepends=True)
    change(lines)
    (tmp_path / "fer2013.csv").write_text("".join(lines))
    with pytest.raises(RequestError, match=message) as error:
        Fer2013(tmp_path, SEVEN).read()
    assert "fer2013.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_what_was_looked_for_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"there is no fer2013.csv or icml_face_data.csv .* Kaggle"):
        Fer2013(tmp_path, SEVEN).files()
    with pytest.raises(DatasetNotFoundError, match="nowhere does not exist"):
        Fer2013(tmp_path / "nowhere", SEVEN).files()
    write_fer2013(tmp_path / "inner", 1)
    with pytest.raises(DatasetNotFoundError, match=f"set dataset.root={tmp_path}/inner"):
        Fer2013(tmp_path, SEVEN).files()


def test_look_alikes_are_counted_and_flagged(tmp_path: Path) -> None:
    labels, pictures, usages = fake_faces(20)  # train 0-9, val 10-14, test 15-19
    pictures[1] = pictures[0]  # within train, labels 0 and 1
    pictures[12] = pictures[2]  # val of train, labels 5 and 2
    pictures[16] = pictures[2]  # test of train, label 2
    pictures[17] = pictures[11]  # test of val, labels 3 and 4
    pictures[19] = 0
    labels[17] = labels[11]
    (tmp_path / "fer2013.csv").write_text(fer2013_text(labels, pictures, usages))
    faces = Fer2013(tmp_path, SEVEN).read()
    ids = {flag: [int(face[3:]) for face in flagged] for flag, flagged in faces.flags.items()}
    assert ids == {"duplicate": [12, 16, 17], "constant": [19], "dark": [19], "conflict": [0, 1, 2, 12, 16]}
    assert list(faces.notes.values()) == [1, 1, 1, 1, 1, 1, 5]


@pytest.fixture(scope="session")
def real_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the official file: $FER_EXP_FER2013 (that folder, or one with the mosaic) or the shared data."""
    source = Path(os.environ.get("FER_EXP_FER2013") or Path(__file__).parents[3] / "shared/data/fer2013")
    if (source / "fer2013.csv").exists():
        return source
    if not (source / "images.png").exists():
        pytest.skip(f"FER2013 is not at {source}; set FER_EXP_FER2013 to its folder")
    target = tmp_path_factory.mktemp("fer2013")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        mosaic = np.asarray(Image.open(source / "images.png")).reshape(-1, 48, 190, 48).swapaxes(1, 2)
    labels = (source / "labels.txt").read_text().split()
    usages = ["Training"] * 28709 + ["PublicTest"] * 3589 + ["PrivateTest"] * 3589
    words = [str(value).encode() for value in range(256)]
    with (target / "fer2013.csv").open("wb") as file:  # unpack.py's rows, in a third of its time
        file.write(b"emotion,pixels,Usage\n")
        for label, face, usage in zip(labels, mosaic.reshape(-1, 48 * 48), usages, strict=False):
            pixels = b" ".join(map(words.__getitem__, face.tobytes()))
            file.write(b"%s,%s,%s\n" % (label.encode(), pixels, usage.encode()))
    return target


def test_the_real_fer2013_has_the_published_counts(real_folder: Path) -> None:
    corpus = Fer2013(real_folder, SEVEN)
    faces = corpus.read()
    assert corpus.digests() == {"fer2013.csv": "f8428a1edbd21e88f42c73edd2a14f95"}
    assert faces.table["split"].value_counts().to_dict() == corpus.expected
    # The well-known 568 copies of training faces are 288 in PrivateTest and 280 in PublicTest together.
    assert faces.notes["test faces pixel-identical to a train face"] == 288
    assert faces.notes["val faces pixel-identical to a train face"] == 280
    assert len(faces.flags["constant"]) == 12
