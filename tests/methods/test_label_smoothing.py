import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from fer_exp.errors import RequestError
from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.methods.label_smoothing import smoothed
from fer_exp.methods.method import Setting
from tests.methods.cases import IDS, PAIRS, WEIGHTS, cross_entropy, double
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize(("logits", "target"), PAIRS, ids=IDS)
def test_the_loss_is_that_of_targets_spread_by_hand(logits, target, smoothing):
    spread = [[(1 - smoothing) * t + smoothing / 3 for t in row] for row in target]
    made_so = smoothed(double(target), smoothing)
    torch.testing.assert_close(made_so, double(spread))
    torch.testing.assert_close(made_so.sum(dim=1), torch.ones(len(target), dtype=torch.float64))
    expected = sum(map(cross_entropy, logits, spread)) / len(logits)
    assert soft_cross_entropy(double(logits), made_so).item() == pytest.approx(expected, rel=1e-12)


def test_a_step_is_torchs_own_label_smoothing():
    network, step = SmallNetwork(), a_step()
    loss = made("label_smoothing", smoothing=0.2).learn(network, step).loss
    logits = network(step.views[0]).logits
    torch.testing.assert_close(loss, F.cross_entropy(logits, step.target.argmax(dim=1), label_smoothing=0.2))
    assert gradcheck(
        lambda each: soft_cross_entropy(each, smoothed(step.target, 0.2)), logits.detach().requires_grad_()
    )


def test_class_weights_are_honoured():
    setting = Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=double(WEIGHTS))
    network, step = SmallNetwork(), a_step()
    loss = made("label_smoothing", setting, smoothing=0.2).learn(network, step).loss.item()
    logits, target = network(step.views[0]).logits.tolist(), smoothed(step.target, 0.2).tolist()
    faces = [cross_entropy(*each, WEIGHTS) for each in zip(logits, target, strict=True)]
    assert loss == pytest.approx(sum(faces) / len(faces), rel=1e-12)


@pytest.mark.parametrize("smoothing", [-0.1, 1.1])
def test_a_share_out_of_range_is_refused(smoothing):
    with pytest.raises(RequestError, match=r"method\.smoothing"):
        made("label_smoothing", smoothing=smoothing)
