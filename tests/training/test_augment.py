"""What every view promises: the same draw the same views, on any number of processes, in the dtype of the store."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from fer_exp.config.rules import CHOICES
from fer_exp.training.augment import VIEWS, mirrored, noised, noised_or_mirrored, strong, weak
from fer_exp.training.erasing import GREY, MEAN_BYTES


def faces(count: int = 30, channels: int = 1) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (count, 24, 24, channels), dtype=np.uint8))


def test_a_view_for_every_choice_of_the_trainer():
    assert set(CHOICES["trainer.augment"]) <= set(VIEWS)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", VIEWS)
def test_views_are_decided_by_the_draw_alone(name, channels):
    pixels = faces(channels=channels)
    given = pixels.clone()
    first = VIEWS[name](pixels, (7, 0, 1, 30))
    torch.rand(3)
    assert first.equal(VIEWS[name](pixels, (7, 0, 1, 30)))
    assert first.equal(VIEWS[name](pixels, (8, 0, 1, 30))) == (name == "none")
    assert pixels.equal(given)
    assert (first.shape, first.dtype) == (pixels.shape, torch.uint8)


@pytest.mark.parametrize("processes", [2, 3, 40])
@pytest.mark.parametrize("name", VIEWS)
def test_views_do_not_depend_on_the_number_of_processes(name, processes):
    pixels = faces(29)  # shares of unequal size, and empty ones
    whole = VIEWS[name](pixels, (3, 0, 1, 29))
    for rank in range(processes):
        share = VIEWS[name](pixels[rank::processes], (3, rank, processes, 29))
        assert share.equal(whole[rank::processes])


def test_the_strong_view_begins_with_the_weak_one():
    pixels, draw = faces(400), (1, 0, 1, 400)
    under, views = weak(pixels, draw), strong(pixels, draw)
    untouched = ((views == under) | (views == GREY[0])).flatten(1).all(dim=1).double().mean().item()
    # Both operations not applied, the identity, the colour of a grey picture, or the contrast of one that has it all.
    assert untouched == pytest.approx((0.5 + 0.5 * 3 / 14) ** 2, abs=0.08)


def shares(view, pixels: torch.Tensor, *others: torch.Tensor) -> list[float]:
    """Shares of faces that are those of ``pixels`` and of ``others`` but for what is erased, and that are erased."""
    views, painted = view(pixels, (1, 0, 1, len(pixels))), sum(MEAN_BYTES) // 3
    same = [((views == each) | (views == painted)).flatten(1).all(dim=1) for each in (pixels, *others)]
    erased = (views == painted).flatten(1).sum(dim=1) > 8  # a few pixels are of that grey anyway
    return [each.double().mean().item() for each in (*same, erased)]


def test_the_augmentation_of_scn_rul_and_eac_is_as_released():
    """Half of the faces noised (eac), or half of them one of mirror and noise (scn, rul); no shift; half erased."""
    pixels = faces(1200)
    image = pixels.flip(2)
    assert shares(noised, pixels, image) == pytest.approx([0.5, 0, 0.5], abs=0.05)
    assert shares(mirrored, pixels, image) == pytest.approx([0, 1, 0.5], abs=0.05)
    assert shares(noised_or_mirrored, pixels, image) == pytest.approx([0.5, 0.25, 0.5], abs=0.05)


@pytest.mark.parametrize("channels", [1, 3])
def test_noise_is_normal_of_variance_30_and_rounded_down(channels):
    grey = torch.full((200, 24, 24, channels), 160, dtype=torch.uint8)
    views = noised(grey, (1, 0, 1, 200)).numpy().astype(float)
    touched = views[[len(set(view.ravel())) > 8 for view in views]]
    seen = touched[touched > 160 - 30]  # what is erased is darker
    released = np.clip(160 + np.random.default_rng(0).normal(0, 30**0.5, 10**6), 0, 255).astype(np.uint8)
    assert seen.mean() == pytest.approx(released.mean(), abs=0.08)
    assert seen.var() == pytest.approx(released.var(), rel=0.02)
    dark = noised(torch.zeros_like(grey), (1, 0, 1, 200))
    assert dark.max() < 160  # nothing wraps around
    faces_alike = [(one == other).mean() for one, other in pairwise(touched)]
    assert max(faces_alike) < 0.7  # each has noise of its own


def test_two_views_of_a_face_draw_apart():
    pixels = faces(200)
    one, other = strong(pixels, (1, 0, 1, 200)), strong(pixels, (2, 0, 1, 200))
    assert (one == other).flatten(1).all(dim=1).double().mean() < 0.05


@pytest.mark.gpu
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", VIEWS)
def test_views_on_a_gpu_are_those_of_the_cpu(name, channels):
    pixels, draw = faces(300, channels), (5, 0, 1, 300)
    there = VIEWS[name](pixels.cuda(), draw).cpu()
    off = (there.int() - VIEWS[name](pixels, draw).int()).abs()
    assert off.max() <= 1  # a blend may be cut the other way
