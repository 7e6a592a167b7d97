from dataclasses import replace

import pytest
import torch
from scipy import stats
from torch.autograd import gradcheck

from fer_exp.errors import RequestError
from fer_exp.methods.method import Setting
from fer_exp.methods.mixup import mixed
from tests.methods.cases import WEIGHTS, cross_entropy, double
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_blends_are_made_face_by_face(share):
    values, partner = torch.randn(4, 2, 3, dtype=torch.float64), torch.tensor([2, 0, 1, 3])
    blended = mixed(values, partner, share)
    for i, j in enumerate(partner.tolist()):
        torch.testing.assert_close(blended[i], share * values[i] + (1 - share) * values[j])
    assert gradcheck(lambda each: mixed(each, partner, share), values.requires_grad_())


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_the_share_comes_from_beta_and_partners_from_all_orders(alpha):
    method, step = made("mixup", alpha=alpha), a_step(3)
    draws = [method.draw(replace(step, seed=seed)) for seed in range(600)]
    assert stats.kstest([share for _, share in draws], stats.beta(alpha, alpha).cdf).pvalue > 0.01
    orders = [tuple(partner.tolist()) for partner, _ in draws]
    assert len(set(orders)) == 6
    assert min(orders.count(order) for order in set(orders)) > 60  # 100 expected, 9 standard deviation


def test_a_step_depends_on_its_seed_alone():
    network, step, method = SmallNetwork(), a_step(), made("mixup", alpha=1.0)
    losses = [method.learn(network, each).loss.item() for each in (step, step, replace(step, seed=9))]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


@pytest.mark.parametrize("count", [2, 9])
@pytest.mark.parametrize("soft", [False, True])
def test_pictures_targets_and_ratings_are_blended_alike(count, soft):
    setting = Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=double(WEIGHTS))
    target = torch.rand(count, CLASSES, dtype=torch.float64).softmax(dim=1) if soft else None
    network, method = SmallNetwork(), made("mixup", setting, alpha=1.0)
    affect = torch.rand(count, 2, dtype=torch.float64)
    affect[0, 1] = torch.nan
    step = replace(a_step(count, target=target), affect=affect)
    learnt, (partner, share) = method.learn(network, step), method.draw(step)
    total = 0.0
    for i, j in enumerate(partner.tolist()):
        picture = share * step.views[0][i] + (1 - share) * step.views[0][j]
        taught = (share * step.target[i] + (1 - share) * step.target[j]).tolist()
        total += cross_entropy(network(picture[None]).logits[0].tolist(), taught, WEIGHTS)
        rated = share * affect[i] + (1 - share) * affect[j]
        torch.testing.assert_close(learnt.affect[i], rated, equal_nan=True)
    assert learnt.loss.item() == pytest.approx(total / count, rel=1e-10)


def test_alpha_0_is_refused():
    with pytest.raises(RequestError, match=r"method\.alpha"):
        made("mixup", alpha=0.0)
