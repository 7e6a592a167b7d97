from dataclasses import replace

import numpy as np
import pytest
import torch

from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.training import batches as batches_module
from fer_exp.training.augment import MEAN, STD, normalise, weak
from fer_exp.training.batches import Batches, Examples, class_weights, on_device


def examples(count: int = 10, size: int = 12, channels: int = 1) -> Examples:
    pixels = np.random.default_rng(0).integers(0, 256, (2 * count, size, size, channels), dtype=np.uint8)
    rows = np.arange(0, 2 * count, 2)
    return Examples(pixels, rows, torch.eye(7)[torch.arange(count) % 7], torch.full((count, 2), float("nan")))


def test_batches_bring_the_pixels_and_targets_of_their_faces():
    given = examples()
    for batch in Batches(given, 4, seed=0, shuffle=True):
        chosen = batch["index"].numpy()
        np.testing.assert_array_equal(batch["pixels"].numpy(), given.pixels[given.rows[chosen]])
        torch.testing.assert_close(batch["target"], given.target[batch["index"]])


def test_unshuffled_batches_meet_every_face_once_in_order():
    index = torch.cat([batch["index"] for batch in Batches(examples(), 4, seed=0, shuffle=False)])
    assert index.tolist() == list(range(10))


def test_order_and_draws_depend_on_seed_and_epoch_alone():
    def met(seed: int, epoch: int) -> list[list[int]]:
        batches = Batches(examples(), 4, seed=seed, shuffle=True)
        batches.set_epoch(epoch)
        return [[*batch["index"].tolist(), *batch["draw"]] for batch in batches]

    assert met(1, 3) == met(1, 3)
    assert met(1, 3) != met(1, 4)
    assert met(1, 3) != met(2, 3)


def test_a_memory_map_gives_the_same_batches_as_an_array(tmp_path):
    given = examples()
    given.pixels.tofile(tmp_path / "pixels")
    mapped = np.memmap(tmp_path / "pixels", np.uint8, "r", shape=given.pixels.shape)
    from_map = Batches(Examples(mapped, given.rows, given.target, given.affect), 4, seed=0, shuffle=True)
    for one, other in zip(from_map, Batches(given, 4, seed=0, shuffle=True), strict=True):
        torch.testing.assert_close(one["pixels"], other["pixels"])


def test_processes_share_a_batch_and_its_views(monkeypatch):
    whole = [(b["index"], weak(b["pixels"], b["draw"])) for b in Batches(examples(), 4, seed=0, shuffle=True)]
    parts = []
    for rank in (0, 1):
        monkeypatch.setattr("fer_exp.training.batches.place", lambda rank=rank: (rank, 2))
        batches = Batches(examples(), 4, seed=0, shuffle=True)
        parts.append([(b["index"], weak(b["pixels"], b["draw"])) for b in batches])
    for (index, views), even, odd in zip(whole, *parts, strict=True):
        for rank, (part, seen) in enumerate((even, odd)):
            torch.testing.assert_close(part, index[rank::2])
            torch.testing.assert_close(seen, views[rank::2])


def test_targets_of_an_epoch_come_from_the_epoch():
    given = replace(examples(), at_epoch=lambda epoch: np.full((10, 7), float(epoch), np.float32))
    batches = Batches(given, 4, seed=0, shuffle=True)
    for epoch in (5, 2):
        batches.set_epoch(epoch)
        assert all((batch["target"] == epoch).all() for batch in batches)


def test_a_balanced_sampler_meets_rare_classes_as_often_and_depends_on_seed_and_epoch_alone():
    target = torch.eye(3)[torch.tensor([0] * 900 + [1] * 90 + [2] * 10)]
    given = Examples(np.zeros((1000, 2, 2, 1), np.uint8), np.arange(1000), target, torch.full((1000, 2), torch.nan))

    def met(epoch):
        batches = Batches(given, 50, seed=3, shuffle=True, balance=True)
        batches.set_epoch(epoch)
        return torch.cat([batch["index"] for batch in batches])

    shares = torch.stack([target[met(epoch)].mean(dim=0) for epoch in range(5)]).mean(dim=0)
    assert shares.tolist() == pytest.approx([1 / 3] * 3, abs=0.03)  # four standard deviations of 5,000 draws
    assert met(2).equal(met(2))
    assert not met(2).equal(met(3))


def test_weighted_loss_equals_weighted_cross_entropy_over_n():
    logits, labels = torch.randn(60, 5, generator=torch.Generator().manual_seed(0)), torch.arange(60) % 5 % 3
    target = torch.eye(5)[labels]
    weights = class_weights(target)
    by_torch = torch.nn.functional.cross_entropy(logits, labels, weight=weights, reduction="sum") / 60
    torch.testing.assert_close(soft_cross_entropy(logits, target, weights), by_torch)
    torch.testing.assert_close(soft_cross_entropy(logits, target, torch.ones(5)), soft_cross_entropy(logits, target))
    assert weights[3:].tolist() == [0, 0]  # classes without a face
    assert (target * weights).sum().item() == pytest.approx(60 * 3 / 5)
    soft = torch.rand(40, 4, generator=torch.Generator().manual_seed(1)).softmax(dim=1)
    assert (soft * class_weights(soft)).sum().item() == pytest.approx(40, rel=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_weak_views_are_shifted_and_mirrored_copies(channels):
    pixels = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (64, 24, 24, channels), dtype=np.uint8))
    views = weak(pixels, (5, 0, 1, 64))
    mirrored = 0
    for face, view in zip(pixels.numpy(), views.numpy(), strict=True):
        padded = np.pad(face, ((2, 2), (2, 2), (0, 0)), mode="edge")
        shifts = [padded[y : y + 24, x : x + 24] for y in range(5) for x in range(5)]
        plain = any(np.array_equal(view, one) for one in shifts)
        flipped = any(np.array_equal(view, one[:, ::-1]) for one in shifts)
        assert plain or flipped
        mirrored += flipped
    assert 16 < mirrored < 48  # half of 64, four standard deviations either way


@pytest.mark.parametrize("channels", [1, 3])
def test_normalise_equals_the_formula_and_is_channels_last(channels):
    pixels = torch.randint(0, 256, (2, 5, 5, channels), dtype=torch.uint8)
    given = normalise(pixels)
    expected = pixels.expand(-1, -1, -1, 3).permute(0, 3, 1, 2).double() / 255
    expected = (expected - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    torch.testing.assert_close(given.double(), expected, atol=1e-5, rtol=0)
    assert given.is_contiguous(memory_format=torch.channels_last)


def test_pixels_move_to_a_gpu_that_has_twice_the_room_and_nowhere_else(monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (50, 4, 4, 3), dtype=np.uint8)
    monkeypatch.setattr(batches_module, "RESIDENT", 700)  # several pieces, the last one short
    gpu, cpu = torch.device("meta"), torch.device("cpu")
    free = iter((2 * pixels.nbytes - 1, 2 * pixels.nbytes))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (next(free), 0))
    assert on_device(pixels, cpu) is pixels
    assert on_device(pixels, gpu) is pixels
    placed = on_device(pixels, gpu)
    assert placed.device.type == "meta"
    assert placed.shape == pixels.shape


@pytest.mark.gpu
def test_batches_gathered_on_a_gpu_are_those_of_the_cpu():
    own = examples()
    placed = on_device(own.pixels, torch.device("cuda"))
    there = Batches(replace(own, pixels=placed), 4, seed=0, shuffle=True)
    for one, other in zip(Batches(own, 4, seed=0, shuffle=True), there, strict=True):
        assert torch.equal(weak(one["pixels"], one["draw"]), weak(other["pixels"], other["draw"]).cpu())
