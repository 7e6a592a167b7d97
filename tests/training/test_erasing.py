import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from fer_exp.training.augment import normalise
from fer_exp.training.erasing import cutout, erase


def noise(count: int, size: int, channels: int) -> torch.Tensor:
    """Pictures without the bytes that are painted."""
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.integers(200, 256, (count, size, size, channels), dtype=np.uint8))


@pytest.mark.parametrize(("size", "channels"), [(16, 1), (48, 3), (224, 1)])
def test_cutout_is_the_published_square(size, channels):
    faces = noise(40, size, channels)
    places = torch.rand(40, 2, generator=torch.Generator().manual_seed(0))
    side = max(1, round(size * 16 / 224))
    for face, view, (y, x) in zip(faces, cutout(faces, places), places.tolist(), strict=True):
        top, left = int(max(0, y * size - side / 2)), int(max(0, x * size - side / 2))
        image = Image.fromarray(face[:, :, 0].numpy())
        ImageDraw.Draw(image).rectangle((left, top, left + side - 1, top + side - 1), 127)  # Pillow paints the last one
        for channel in range(channels):
            painted = np.where(np.asarray(image) == 127, 127, face[:, :, channel])
            np.testing.assert_array_equal(view[:, :, channel].numpy(), painted)


def rectangle(view: torch.Tensor, face: torch.Tensor) -> tuple[int, int, int, int]:
    """Top, left, height and width of what differs, which must be all of a rectangle."""
    changed = (view != face).any(dim=2)
    rows, columns = changed.any(dim=1).nonzero().flatten(), changed.any(dim=0).nonzero().flatten()
    top, left, height, width = rows[0], columns[0], len(rows), len(columns)
    assert changed.sum() == height * width
    return int(top), int(left), height, width


@pytest.mark.parametrize("channels", [1, 3])
def test_erased_rectangles_have_the_published_area_ratio_and_place(channels):
    size, count = 100, 1500
    faces = noise(1, size, channels).expand(count, -1, -1, -1)
    numbers = torch.rand(count, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    views = erase(faces, numbers)
    kept = [view.equal(face) for view, face in zip(views, faces, strict=True)]
    assert kept == (numbers[:, 0] >= 0.5).tolist()
    boxes = np.array([rectangle(v, f) for v, f, k in zip(views, faces, kept, strict=True) if not k])
    area = boxes[:, 2] * boxes[:, 3] / size**2
    ratio = boxes[:, 2] / boxes[:, 3]
    assert area.min() >= 0.018  # whole pixels
    assert area.max() <= 0.255
    assert area.mean() == pytest.approx(0.135, abs=0.01)
    assert np.log(ratio).min() >= np.log(0.3) - 0.1
    assert np.log(ratio).max() <= np.log(3.3) + 0.1
    assert np.log(ratio).mean() == pytest.approx((np.log(0.3) + np.log(3.3)) / 2, abs=0.12)
    assert (boxes[:, :2] + boxes[:, 2:] <= size).all()
    for start, extent in ((boxes[:, 0], boxes[:, 2]), (boxes[:, 1], boxes[:, 3])):  # every place is as likely
        assert (start / (size - extent)).mean() == pytest.approx(0.5, abs=0.05)


def test_what_is_erased_is_nought_to_the_network_but_for_rounding():
    numbers = torch.tensor([[0.0, 1, 0.5, 0.5, 0.5]], dtype=torch.float64)
    for channels, most in ((3, 0.01), (1, 0.25)):  # one byte cannot be the mean of three channels
        erased = normalise(erase(noise(1, 32, channels), numbers))
        assert erased[0, :, 16, 16].abs().max() <= most


@pytest.mark.parametrize("extreme", [0.0, 1 - 1e-12])
def test_the_ends_of_the_draw_stay_in_the_picture(extreme):
    for size in (16, 17, 48):
        faces = noise(1, size, 1)
        numbers = torch.full((1, 5), extreme, dtype=torch.float64)
        numbers[:, 0] = 0
        top, left, height, width = rectangle(erase(faces, numbers)[0], faces[0])
        assert (top + height <= size) & (left + width <= size)
