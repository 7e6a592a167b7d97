"""What a pretraining teaches: the losses by hand, and what a view does to what is known of a face."""

import numpy as np
import pytest
import torch

from fer_exp.methods.method import Setting, Step
from fer_exp.pretraining.regression import Regression
from fer_exp.training.augment import normalise
from tests.methods.small import FEATURES, SmallNetwork

COLUMNS = ["unit_AU1", "x_0", "y_0", "x_1", "y_1", "pose_yaw"]


def setting() -> Setting:
    return Setting(0, 8, FEATURES, 2, SmallNetwork)


def step(views, target) -> Step:
    count = len(target)
    return Step(views, target, torch.arange(count), torch.full((count, 2), torch.nan), 0, 0)


def regression(target, augment="weak") -> Regression:
    torch.manual_seed(0)
    return Regression(setting(), target, COLUMNS, 0.5, augment, lit=True).double()


def test_regression_is_the_mean_huber_loss_of_each_kind_over_what_is_known():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(8, 6))
    target[2, 1:3], target[5, 0], target[:, 5] = np.nan, np.nan, 0.25  # a constant one, too
    network, pictures = SmallNetwork(), torch.randn(8, 3, 8, 8, dtype=torch.float64)
    method = regression(torch.from_numpy(target))
    learnt = method.learn(network, step((pictures,), torch.from_numpy(target)))
    answers = method.head(network(pictures).features).detach().numpy()
    spread = np.where(np.nanstd(target, axis=0) > 1e-6, np.nanstd(target, axis=0), 1)
    losses = []
    for places in ([0], [1, 2, 3, 4], [5]):
        off = (answers - (target - np.nanmean(target, axis=0)) / spread)[:, places]
        off = np.abs(off[~np.isnan(off)])
        losses.append(np.where(off < 1, off**2 / 2, off - 0.5).mean())
    assert float(learnt.loss.detach()) == pytest.approx(
        np.mean(losses), rel=1e-5
    )  # mean and deviation are kept in float32
    off = (answers * spread + np.nanmean(target, axis=0) - target)[:, 1:5].reshape(8, 2, 2)
    assert float(learnt.figures["points_error"]) == pytest.approx(np.nanmean(np.linalg.norm(off, axis=2)), rel=1e-5)


@pytest.mark.parametrize("augment", ["weak", "strong", "none"])
def test_a_view_moves_landmarks_and_nothing_else_that_is_known(augment):
    pixels, target = torch.zeros(8, 48, 48, 1, dtype=torch.uint8), torch.rand(8, 6, dtype=torch.float64)
    pixels[:, 18:24, 18:24], target[:, 1:3] = 255, 21 / 48
    method = regression(target, augment)
    (view,), seen = method.look(pixels, target, (5, 0, 1, 8))
    again = method.look(pixels, target, (5, 0, 1, 8))
    assert torch.equal(view, again[0][0])
    assert torch.equal(seen, again[1])
    assert torch.equal(seen[:, [0, 5]], target[:, [0, 5]])
    assert (augment == "none") == torch.equal(seen, target)
    brightest = view.float().flatten(1).argmax(dim=1)
    if augment != "strong":  # whose grey parts may lie on it
        middle = torch.stack([brightest % 48, brightest // 48], dim=1)
        assert ((seen[:, 1:3] * 48 - middle).abs() < 7).all()
    assert torch.equal(method.eval().look(pixels, target, (5, 0, 1, 8))[1], target)


def test_contrast_is_simclrs_loss_on_two_views():
    pytest.importorskip("lightly", reason="lightly is not installed")
    from fer_exp.pretraining.contrast import Contrast

    torch.manual_seed(0)
    method, network = Contrast(setting(), torch.empty(5, 0), 0.5, "weak", 0.3).double(), SmallNetwork()
    views = tuple(torch.randn(5, 3, 8, 8, dtype=torch.float64) for _ in range(2))
    loss = float(method.learn(network, step(views, torch.empty(5, 0))).loss.detach())
    shown = method.project(network(torch.cat(views)).features).detach().numpy()
    shown /= np.linalg.norm(shown, axis=1, keepdims=True)
    alike = np.exp(shown @ shown.T / 0.3)
    by_hand = [-np.log(alike[i, (i + 5) % 10] / (alike[i].sum() - alike[i, i])) for i in range(10)]
    assert loss == pytest.approx(np.mean(by_hand))
    one = step(tuple(view[:1] for view in views), torch.empty(1, 0))
    assert float(method.eval().learn(network, one).loss.detach()) == 0
    pixels = torch.randint(256, (4, 24, 24, 3), dtype=torch.uint8)
    first, second = method.look(pixels, torch.empty(4, 0), (1, 0, 1, 4))[0]
    assert not torch.equal(first, second)


@pytest.mark.gpu
@pytest.mark.parametrize("task", ["regression", "contrast"])
def test_a_gpu_sees_and_learns_what_a_cpu_does_and_no_regression_waits_for_it(task):
    pixels, target = torch.randint(256, (8, 48, 48, 3), dtype=torch.uint8), torch.rand(8, 6, dtype=torch.float64)
    if task == "regression":
        method = regression(target, "strong")
    else:
        pytest.importorskip("lightly", reason="lightly is not installed")
        from fer_exp.pretraining.contrast import Contrast

        method = Contrast(setting(), target, 0.5, "strong", 0.3).double()
    network, answers = SmallNetwork(), {}
    for device in ("cpu", "cuda"):
        method, network = method.to(device), network.to(device)
        faces, known = pixels.to(device), target.to(device)
        for warm in (True, False):
            torch.cuda.set_sync_debug_mode("default" if warm or task == "contrast" else "error")
            views, seen = method.look(faces, known, (5, 0, 1, 8))
            learnt = method.learn(network, step(tuple(normalise(view).double() for view in views), seen))
        torch.cuda.set_sync_debug_mode("default")
        answers[device] = [*views, seen, learnt.loss.detach()]
    for ours, theirs in zip(answers["cuda"], answers["cpu"], strict=True):
        assert torch.allclose(ours.cpu(), theirs, atol=1e-2, rtol=1e-4)
