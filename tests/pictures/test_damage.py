"""Damaged pictures are rejected, and pictures lie upright, however a file says what is up."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from fer_exp.pictures import decoding
from fer_exp.pictures.decoding import decode, decode_whole
from fer_exp.pictures.depth import RejectedError

strict = pytest.mark.skipif(decoding.simplejpeg is None, reason="simplejpeg is not installed")
XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def scene() -> Image.Image:
    """Smooth, with another colour in each corner."""
    corners = np.random.default_rng(0).integers(40, 215, (3, 4, 3), dtype=np.uint8)
    return Image.fromarray(corners).resize((160, 120), Image.Resampling.BICUBIC)


def jpeg(picture: Image.Image, **how) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92, **how)
    return file.getvalue()


def exif(turn: int) -> Image.Exif:
    made = Image.Exif()
    made[274] = turn
    return made


def segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 255, marker, len(content) + 2) + content


def decoded(content: bytes, path, channels: int = 3, side: int = 40) -> np.ndarray:
    path.write_bytes(content)
    out = np.empty((side, side, channels), np.uint8)
    decode(path, out)
    return out


@strict
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("with_exif", [False, True])
def test_a_jpeg_that_lacks_its_end_is_rejected_even_where_somebody_closed_it(scene, tmp_path, progressive, with_exif):
    whole = jpeg(scene, progressive=progressive, **({"exif": exif(6)} if with_exif else {}))
    half = whole[: len(whole) // 2]
    for content in (half, half + b"\xff\xd9", half[:-9] + bytes(9) + b"\xff\xd9"):
        with pytest.raises(RejectedError, match=r"truncated|its data are damaged \((premature|bad|\d+ extraneous)"):
            decoded(content, tmp_path / "a.jpg")
        with pytest.raises(RejectedError, match=r"truncated|its data are damaged"):
            decode_whole(tmp_path / "a.jpg", 99)


@strict
def test_bytes_that_changed_within_a_jpeg_are_noticed_where_the_decoder_can_see_them(scene, tmp_path):
    whole, random, seen = jpeg(scene), np.random.default_rng(1), 0
    begin = whole.index(b"\xff\xda") + 20
    for _ in range(40):
        changed = bytearray(whole)
        place = random.integers(begin, len(whole) - 40)
        changed[place : place + 8] = bytes(random.integers(0, 250, 8, dtype=np.uint8))
        try:
            decoded(bytes(changed), tmp_path / "a.jpg")
        except RejectedError:
            seen += 1
    assert seen > 10  # Huffman's codes are close together: some other picture is mostly a whole picture, too


@pytest.mark.parametrize("more", [b"\0\0", bytes(16)])
def test_padding_before_the_end_of_a_jpeg_changes_nothing(scene, tmp_path, more):
    whole = jpeg(scene)
    padded = decoded(whole[:-2] + more + whole[-2:], tmp_path / "a.jpg")
    np.testing.assert_array_equal(padded, decoded(whole, tmp_path / "b.jpg"))


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [24, 40, 120])
def test_a_turned_jpeg_is_the_same_by_both_decoders(scene, tmp_path, monkeypatch, turn, channels, side):
    content = jpeg(scene, exif=exif(turn))
    ours = decoded(content, tmp_path / "a.jpg", channels, side)
    monkeypatch.setattr(decoding, "simplejpeg", None)
    np.testing.assert_array_equal(ours, decoded(content, tmp_path / "a.jpg", channels, side))


@pytest.mark.parametrize("turn", range(1, 9))
def test_an_orientation_counts_behind_other_segments_and_in_xmp_alone(scene, tmp_path, turn):
    plain = jpeg(scene)
    expected = decoded(jpeg(scene, exif=exif(turn)), tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    profile = b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 2]) + bytes(60_000)) for n in (1, 2))
    late = plain[:2] + profile + segment(0xE1, b"Exif\0\0" + exif(turn).tobytes().removeprefix(b"Exif\0\0")) + plain[2:]
    xmp = plain[:2] + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP % turn) + plain[2:]
    for name, content in (("late", late), ("xmp", xmp)):
        np.testing.assert_array_equal(decoded(content, tmp_path / f"{name}.jpg"), expected, err_msg=name)
        np.testing.assert_array_equal(decode_whole(tmp_path / f"{name}.jpg", 200), upright)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("suffix", ["tif", "png"])
def test_a_turned_picture_of_any_depth_is_turned_once(tmp_path, turn, dtype, suffix):
    if suffix == "png" and dtype is np.float32:
        pytest.skip("PNG holds no fractions")
    grey = np.random.default_rng(0).integers(0, 255, (30, 40)).astype(dtype)
    picture = Image.fromarray(grey * 257 if dtype is np.uint16 else grey / 255 if dtype is np.float32 else grey)
    picture.save(tmp_path / f"a.{suffix}", exif=exif(turn))
    upright = Image.fromarray(grey.astype(np.uint8))
    upright.getexif()[274] = turn
    expected = np.asarray(ImageOps.exif_transpose(upright))
    np.testing.assert_array_equal(decode_whole(tmp_path / f"a.{suffix}", 99)[..., 0], expected)
