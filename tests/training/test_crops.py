"""Crops: what is seen in them, and that points go where the pixels go."""

import pytest
import torch
from torchvision.transforms.v2 import functional

from fer_exp.training.crops import DRAWN, Crops, crop, draw_crops, moved, relight


def uniform(count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, DRAWN, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("mirror", [False, True])
def test_points_go_where_the_pixels_go(mirror):
    size, at = 64, torch.tensor([[20, 30], [44, 36], [30, 25]])
    crops = draw_crops(uniform(3), 0.6, mirror)
    pixels = torch.zeros(3, size, size, 1, dtype=torch.uint8)
    for face, (x, y) in enumerate(at.tolist()):
        pixels[face, y - 1 : y + 2, x - 1 : x + 2] = 255
    seen = crop(pixels, crops)[..., 0]
    places = torch.arange(size) + 0.5
    weight = seen.sum(dim=(1, 2))
    x, y = (seen.sum(dim=1) @ places) / weight, (seen.sum(dim=2) @ places) / weight
    points = ((at + 0.5) / size)[:, None]
    assert torch.allclose(moved(points, crops)[:, 0] * size, torch.stack([x, y], dim=1), atol=0.2)
    assert mirror or not crops.mirrored.any()


def test_a_crop_is_torchvisions_where_it_lies_on_whole_pixels():
    pixels = torch.randint(256, (2, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    crops = Crops(torch.tensor([[4, 8], [0, 2]]) / 32, torch.tensor([24, 16]) / 32, torch.tensor([False, True]))
    for face, (left, top, side) in enumerate([(4, 8, 24), (0, 2, 16)]):
        picture = pixels[face].permute(2, 0, 1).float()
        wanted = functional.resized_crop(picture, top, left, side, side, [32, 32], antialias=False)
        wanted = functional.horizontal_flip(wanted) if face else wanted
        # Not the rim, where torchvision repeats the crop's edge and not what lies beside it.
        inner = slice(2, -2)
        assert torch.allclose(crop(pixels, crops)[face, inner, inner], wanted.permute(1, 2, 0)[inner, inner], atol=1e-3)


def test_light_is_arithmetic_on_each_face_and_grey_pictures_stay_grey():
    pictures = 100 + 20 * torch.rand(4, 8, 8, 3)
    numbers = uniform(4, 2)
    lit = relight(pictures, numbers)
    for face, drawn in enumerate(numbers.tolist()):
        wanted = pictures[face] * (1 + 0.4 * (2 * drawn[4] - 1))
        wanted = wanted * torch.tensor([1 + 0.1 * (2 * number - 1) for number in drawn[6:9]])
        wanted = wanted.mean() + (1 + 0.4 * (2 * drawn[5] - 1)) * (wanted - wanted.mean())
        wanted = wanted.mean(dim=2, keepdim=True).expand(-1, -1, 3) if drawn[9] < 0.2 else wanted
        assert torch.allclose(lit[face], wanted.clamp(0, 255), atol=1e-3)
    assert relight(pictures[..., :1], numbers).shape == (4, 8, 8, 1)
