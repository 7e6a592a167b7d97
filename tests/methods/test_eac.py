from dataclasses import replace

import pytest
import torch
from torch.autograd import gradcheck
from torch.nn import functional as F

from fer_exp.methods.eac import activation_maps, consistency
from fer_exp.methods.method import Setting
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made


def random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("shape", [(3, 5, 2, 2), (1, 2, 1, 1), (2, 4, 3, 7)])
def test_activation_maps_are_sums_over_features(shape):
    maps, weight = random(*shape).detach(), random(3, shape[1]).detach()
    given = activation_maps(maps, weight)
    for n in range(shape[0]):
        for k in range(3):
            for i in range(shape[2]):
                for j in range(shape[3]):
                    by_hand = sum(float(weight[k, f]) * float(maps[n, f, i, j]) for f in range(shape[1]))
                    assert given[n, k, i, j].item() == pytest.approx(by_hand, abs=1e-12)
    # Pooled, they are the logits without bias: the maps say where a class comes from.
    torch.testing.assert_close(given.mean(dim=(2, 3)), F.linear(maps.mean(dim=(2, 3)), weight))


def test_consistency_is_the_error_against_the_maps_turned_back():
    seen, mirrored = random(2, 3, 2, 5), random(2, 3, 2, 5) + 1
    total = 0.0
    for n in range(2):
        for k in range(3):
            for i in range(2):
                for j in range(5):
                    total += (seen[n, k, i, j] - mirrored[n, k, i, 4 - j]).item() ** 2
    assert consistency(seen, mirrored).item() == pytest.approx(total / 60, abs=1e-12)
    assert gradcheck(consistency, (seen, mirrored))


def test_half_precision_maps_are_compared_in_single():
    seen = random(2, 3, 2, 2).detach().bfloat16()
    assert consistency(seen, seen + 1).dtype == torch.float32


def turned_as_released(maps: torch.Tensor) -> torch.Tensor:
    """Maps sampled at places whose x is negated, corners aligned: how the authors' release turns them back."""
    height, width = maps.shape[2:]
    y, x = torch.meshgrid(
        torch.linspace(-1, 1, height, dtype=maps.dtype), torch.linspace(-1, 1, width, dtype=maps.dtype), indexing="ij"
    )
    places = torch.stack([-x, y], dim=2).expand(len(maps), -1, -1, -1)
    return F.grid_sample(maps, places, mode="bilinear", padding_mode="border", align_corners=True)


@pytest.mark.parametrize("count", [2, 9])
@pytest.mark.parametrize("soft", [False, True])
def test_the_loss_of_a_step_is_that_of_the_release(count, soft):
    """Cross-entropy on the first view alone; the second, made elsewhere, is only looked at."""
    target = torch.rand(count, CLASSES, dtype=torch.float64).softmax(dim=1) if soft else None
    weights = torch.tensor([0.5, 2.0, 0.0, 1.0], dtype=torch.float64)
    method = made("eac", Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=weights), consistency_weight=3.0)
    network, step = SmallNetwork(), a_step(count, target=target, views=2)
    own, mirrored = (network(view) for view in step.views)
    entropy = -(step.target * weights * own.logits.log_softmax(dim=1)).sum(dim=1).mean()
    weight = network.classify.weight.detach().view(1, CLASSES, FEATURES, 1, 1)
    seen, other = ((output.maps.unsqueeze(1) * weight).sum(2) for output in (own, mirrored))
    learnt = method.learn(network, step)
    torch.testing.assert_close(learnt.loss, entropy + 3 * F.mse_loss(seen, turned_as_released(other)))
    torch.testing.assert_close(learnt.output.logits, own.logits)


def test_consistency_teaches_the_features_and_not_the_class_head():
    network = SmallNetwork()
    weights = (network.convolve.weight, network.classify.weight)
    with_both, entropy_alone = (
        torch.autograd.grad(made("eac", consistency_weight=weight).learn(network, a_step(views=2)).loss, weights)
        for weight in (5.0, 0.0)
    )
    assert (with_both[0] - entropy_alone[0]).abs().max() > 1e-3
    torch.testing.assert_close(with_both[1], entropy_alone[1])


def test_a_face_and_its_mirror_image_can_change_places_in_the_consistency():
    network, step = SmallNetwork(), a_step()
    face = step.views[0]
    steps = [replace(step, views=views) for views in ((face, face.flip(3)), (face.flip(3), face))]
    one, two = (made("eac").learn(network, each).figures["consistency"] for each in steps)
    torch.testing.assert_close(one, two)
