"""Decoding: the same pixels by every way, every format, and what is rejected."""

import struct
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fer_exp.datasets.pictures import find_marker, safe_path
from fer_exp.errors import DatasetNotFoundError, RequestError
from fer_exp.pictures import decoding
from fer_exp.pictures.decoding import decode, unreadable
from fer_exp.pictures.depth import RejectedError
from tests.datasets.fake_pictures import picture, save


def decoded(file, size=40, channels=3, box=None):
    out = np.empty((size, size, channels), np.uint8)
    decode(file, out, box)
    return out


def smooth(width, height):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, 128 + 0 * x], axis=2).astype(np.uint8)


@pytest.mark.skipif(decoding.simplejpeg is None, reason="simplejpeg is not installed")
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("size", [16, 24, 40, 99])
@pytest.mark.parametrize("box", [None, (10, 5, 70, 65), (-20, 10, 40, 70)])
def test_both_jpeg_decoders_give_the_same_pixels(tmp_path, monkeypatch, channels, mode, size, box):
    file = tmp_path / "a.jpg"
    picture("fear", 0, (133, 101)).convert(mode).save(file, quality=85)
    fast = decoded(file, size, channels, box)
    monkeypatch.setattr(decoding, "simplejpeg", None)
    np.testing.assert_array_equal(fast, decoded(file, size, channels, box))


@pytest.mark.parametrize(
    "suffix", ["jpg", "JPEG", "jfif", "jpe", "png", "webp", "bmp", "tif", "GIF", "avif", "jp2", "ppm", "pnm", "pgm"]
)
def test_every_format_is_read_whatever_its_suffix_says(tmp_path, suffix):
    file = tmp_path / f"a.{suffix}"
    if f".{suffix}" in unreadable():
        pytest.skip("Pillow was built without it")
    Image.fromarray(smooth(40, 40)).save(file)
    assert np.abs(decoded(file).astype(int) - smooth(40, 40)).mean() < 6
    file.rename(tmp_path / "b.xyz.png")
    assert np.abs(decoded(tmp_path / "b.xyz.png").astype(int) - smooth(40, 40)).mean() < 6


def test_a_turned_picture_stands_upright_and_its_box_is_of_the_upright_one(tmp_path):
    save(tmp_path / "turned.jpg", "fear", 3, "turned", (80, 60))
    save(tmp_path / "upright.jpg", "fear", 3, "", (80, 60))
    for box in (None, (20, 0, 60, 40)):
        turned, upright = (decoded(tmp_path / f"{name}.jpg", 24, 3, box) for name in ("turned", "upright"))
        assert np.abs(turned.astype(int) - upright).mean() < 4


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "RGBA", "I;16", "YCbCr"])
def test_every_mode_becomes_rgb_or_grey(tmp_path, mode):
    grey = Image.fromarray(smooth(40, 40)[:, :, 0])
    file = tmp_path / ("a.png" if mode not in ("CMYK", "YCbCr") else "a.tif")
    if mode == "I;16":
        Image.fromarray(smooth(40, 40)[:, :, 0].astype(np.uint16) * 257).save(file)
    else:
        (grey if mode == "P" else grey.convert("RGB")).convert(mode).save(file)
    three, one = decoded(file), decoded(file, channels=1)
    assert three.shape == (40, 40, 3)
    if mode != "1":
        assert np.abs(one[:, :, 0].astype(int) - np.asarray(grey)).mean() < 8
        assert np.abs(three.astype(int) - np.asarray(grey)[:, :, None]).mean() < 8


def test_a_box_cuts_the_face_out_and_a_larger_jpeg_is_decoded_smaller(tmp_path):
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[100:200, 200:300] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=95)
    assert decoded(tmp_path / "a.png", 20, 3, (200, 100, 300, 200)).min() == 255
    assert decoded(tmp_path / "a.jpg", 20, 3, (208, 108, 292, 192)).min() > 250
    with pytest.raises(RejectedError, match=r"the face box .* lies outside the picture"):
        decoded(tmp_path / "a.png", 20, 3, (400, 0, 450, 50))


def bomb(file, side=31_623):
    """A PNG whose header says a billion pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")):
        parts.append(struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content)))
    file.write_bytes(b"".join(parts))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda file: None, "the file is missing"),
        (lambda file: file.write_bytes(b""), "the file is empty"),
        (lambda file: file.write_bytes(b"no picture at all"), "it is no JPEG, PNG"),
        (lambda file: file.mkdir(), "cannot be read"),
        (lambda file: save(file, "fear", 0, "truncated"), "truncated"),
        (bomb, "more than 100,000,000"),
        (lambda file: bomb(file, 11_000), "121,000,000 pixels, more than"),
        (lambda file: Image.fromarray(np.full((9, 9), -2, np.float32)).save(file, "TIFF"), "go down to -2"),
        (lambda file: Image.fromarray(np.full((9, 9), np.nan, np.float32)).save(file, "TIFF"), "are no numbers"),
    ],
)
def test_what_cannot_be_used_is_rejected_with_its_reason(tmp_path, make, reason):
    make(tmp_path / "a.jpg")
    with pytest.raises(RejectedError, match=reason):
        decoded(tmp_path / "a.jpg")


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.jpg", "a/../../b.jpg", "C:\\a.jpg", "..\\a.jpg"])
def test_a_path_that_leaves_the_root_is_refused(path):
    with pytest.raises(RequestError, match="leaves the dataset's folder"):
        safe_path(path, "row 1")


def test_the_folder_meant_is_named(tmp_path):
    (tmp_path / "up" / "meant" / "down").mkdir(parents=True)
    (tmp_path / "up" / "meant" / "sign").mkdir()
    corpus = SimpleNamespace(name="c", access="Get it.")
    assert find_marker(tmp_path / "up" / "meant", ["other", "sign"], corpus) == "sign"
    for root in (tmp_path / "up", tmp_path / "up" / "meant" / "down"):
        with pytest.raises(DatasetNotFoundError, match=f"set dataset.root={tmp_path}/up/meant"):
            find_marker(root, ["sign"], corpus)
    (tmp_path / "c.zip").write_bytes(b"PK")
    with pytest.raises(DatasetNotFoundError, match=r"is a file; unpack it and give the folder. Get it"):
        find_marker(tmp_path / "c.zip", ["sign"], corpus)
