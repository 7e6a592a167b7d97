"""Grey pictures of more than 8 bits, and every mode of 8, against arithmetic by hand."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from fer_exp.pictures import depth
from fer_exp.pictures.decoding import decode, opened
from fer_exp.pictures.depth import RejectedError, Whites

VALUES = np.array([[0, 100, 2000, 4095]] * 4, np.uint16)


def decoded(file, channels=1, whites=None):
    out = np.empty((4, 4, channels), np.uint8)
    return out.squeeze(), decode(file, out, None, whites)


def tiff(bits, data, photometric=1, sample=1):
    """A TIFF of 4 x 4 pixels, written by hand from the tags of its specification."""
    tags = [(256, 4), (257, 4), (258, bits), (259, 1), (262, photometric), (273, 0), (277, 1), (278, 4)]
    tags += [(279, len(data)), (339, sample)]
    start = 8 + 2 + 12 * len(tags) + 4
    rows = [struct.pack("<HHII", tag, 4, 1, start if tag == 273 else value) for tag, value in tags]
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(rows) + struct.pack("<I", 0) + data


def packed(values):
    """Values as 12 bits each."""
    return b"".join(int("".join(f"{value:012b}" for value in row), 2).to_bytes(6, "big") for row in values)


def sbit(content, bits):
    """A PNG that says how many of its bits mean something."""
    chunk = b"sBIT" + bytes([bits])
    return content[:33] + struct.pack(">I", 1) + chunk + struct.pack(">I", zlib.crc32(chunk)) + content[33:]


def png(values):
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        pytest.param(png(VALUES), VALUES >> 4, id="12 bits in a PNG of 16"),
        pytest.param(png(VALUES * 16), VALUES >> 4, id="16 bits"),
        pytest.param(png(VALUES // 16), VALUES >> 4, id="8 bits in a PNG of 16"),
        pytest.param(tiff(12, packed(VALUES)), VALUES >> 4, id="TIFF of 12 bits"),
        pytest.param(tiff(12, packed(VALUES // 8)), VALUES // 8 >> 4, id="a dark TIFF of 12 bits"),
        pytest.param(tiff(16, VALUES.tobytes()), VALUES >> 4, id="12 bits in a TIFF of 16"),
        pytest.param(tiff(16, VALUES.tobytes(), 0), 4095 - VALUES >> 4, id="TIFF where white is 0"),
        pytest.param(tiff(32, VALUES.astype("<u4").tobytes()), VALUES >> 4, id="12 bits in a TIFF of 32"),
        pytest.param(tiff(32, (VALUES.astype("<u4") << 20).tobytes()), VALUES >> 4, id="32 bits without a sign"),
        pytest.param(tiff(32, VALUES.astype("<i4").tobytes(), 1, 2), VALUES >> 4, id="12 bits in 32 with a sign"),
        pytest.param(
            tiff(32, (VALUES / 4095).astype("<f4").tobytes(), 1, 3), np.rint(VALUES / 4095 * 255), id="0 to 1"
        ),
        pytest.param(tiff(32, (VALUES / 16).astype("<f4").tobytes(), 1, 3), np.rint(VALUES / 16), id="fractions"),
        pytest.param(sbit(png(VALUES // 8), 12), VALUES // 8 >> 4, id="a dark PNG that says 12 bits"),
        pytest.param(
            b"P5 4 4 4095\n" + VALUES.astype(">u2").tobytes(),
            VALUES.astype(int) * 65535 // 4095 >> 8,
            id="PGM of 12 bits",
        ),
        pytest.param(b"P5 4 4 65535\n" + VALUES.astype(">u2").tobytes(), VALUES >> 8, id="a dark PGM of 16 bits"),
    ],
)
def test_grey_of_more_than_8_bits_is_scaled_by_its_real_range(tmp_path, content, wanted):
    (tmp_path / "a.png").write_bytes(content)
    got, remark = decoded(tmp_path / "a.png")
    np.testing.assert_array_equal(got, np.minimum(wanted, 255))
    assert "is white" in remark


def test_what_is_white_is_the_same_for_all_pictures_of_a_corpus(tmp_path, monkeypatch):
    for number, values in enumerate((VALUES // 8, VALUES, VALUES // 20)):
        (tmp_path / f"{number}.png").write_bytes(png(values))
    (tmp_path / "broken.png").write_bytes(png(VALUES * 9)[:45])
    whites = Whites(lambda: sorted(map(str, tmp_path.iterdir())), opened)
    for number, values in enumerate((VALUES // 8, VALUES, VALUES // 20)):
        np.testing.assert_array_equal(decoded(tmp_path / f"{number}.png", whites=whites)[0], values >> 4)
    monkeypatch.setattr(depth, "SAMPLE", 1)  # the brightest is not among those looked at: it is not cut off
    whites = Whites(lambda: sorted(map(str, tmp_path.iterdir())), opened)
    np.testing.assert_array_equal(decoded(tmp_path / "1.png", whites=whites)[0], VALUES >> 4)


def test_values_below_black_are_refused_but_for_rounding(tmp_path):
    (tmp_path / "a.tif").write_bytes(tiff(16, VALUES.astype("<i2").tobytes(), 1, 2))
    np.testing.assert_array_equal(decoded(tmp_path / "a.tif")[0], VALUES >> 4)
    (tmp_path / "a.tif").write_bytes(tiff(32, (VALUES / 4095 - 1e-6).astype("<f4").tobytes(), 1, 3))
    np.testing.assert_array_equal(decoded(tmp_path / "a.tif")[0], np.rint(VALUES / 4095 * 255))
    (tmp_path / "a.tif").write_bytes(tiff(16, (VALUES.astype("<i2") - 1000).tobytes(), 1, 2))
    with pytest.raises(RejectedError, match="go down to -1000, so black cannot be known"):
        decoded(tmp_path / "a.tif")


RGB = np.random.default_rng(0).integers(0, 256, (4, 4, 3)).astype(np.uint8)
ALPHA = np.full((4, 4, 1), 90, np.uint8)
CMYK = np.random.default_rng(1).integers(0, 256, (4, 4, 4)).astype(np.uint8)
INDEX = (np.arange(16).reshape(4, 4) % 5).astype(np.uint8)


def palette():
    image = Image.fromarray(INDEX).convert("P")
    image.putdata(INDEX.ravel().tolist())
    image.putpalette(RGB.reshape(-1, 3)[:5].ravel().tolist())
    return image


def grey(rgb):
    return (rgb @ np.array([299, 587, 114])) / 1000


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        pytest.param(Image.fromarray(RGB), RGB, id="RGB"),
        pytest.param(Image.fromarray(np.concatenate([RGB, ALPHA], 2), "RGBA"), RGB, id="RGBA: alpha is left out"),
        pytest.param(palette(), RGB.reshape(-1, 3)[INDEX], id="palette"),
        pytest.param(
            Image.fromarray(np.concatenate([RGB[:, :, :1], ALPHA], 2), "LA"), RGB[:, :, :1].repeat(3, 2), id="LA"
        ),
        pytest.param(Image.fromarray(RGB[:, :, 0]), RGB[:, :, :1].repeat(3, 2), id="L"),
        pytest.param(Image.fromarray(INDEX > 1), ((INDEX > 1) * 255)[:, :, None].repeat(3, 2), id="1 bit"),
        pytest.param(Image.fromarray(CMYK, "CMYK"), (255.0 - CMYK[:, :, :3]) * (255 - CMYK[:, :, 3:]) / 255, id="CMYK"),
    ],
)
def test_every_mode_of_8_bits_against_numpy(tmp_path, image, wanted):
    file = tmp_path / ("a.tif" if image.mode == "CMYK" else "a.png")
    image.save(file)
    assert np.abs(decoded(file, 3)[0] - wanted).max() <= 1.01
    assert np.abs(decoded(file, 1)[0] - grey(wanted)).max() <= 1.51


def test_an_animation_is_its_first_frame(tmp_path):
    frames = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (200, 10)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    got, remark = decoded(tmp_path / "a.gif")
    assert (got == 200).all()
    assert remark == "pictures with several frames or pages, of which the first is read"
