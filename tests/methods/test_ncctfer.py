import math
from itertools import product

import pytest
import torch
from torch.autograd import gradcheck

from fer_exp.cli.compose import method_keys
from fer_exp.errors import RequestError
from fer_exp.methods.method import Setting, mean_over
from fer_exp.methods.ncctfer import (
    LEAST_SHARE,
    class_thresholds,
    confident,
    mutual_information,
    negative_classes,
    negative_consistency,
)
from tests.methods.cases import WEIGHTS, cross_entropy, double, log_softmax, softmax
from tests.methods.small import CLASSES, FACES, FEATURES, SmallNetwork, a_step, made

DEFAULTS = {"warmup": 0, "k": 2}


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


class ByHand:
    """A step's loss in plain Python, a face at a time, with what it remembers between steps."""

    def __init__(self, keys: dict, weights: list[float] | None = None) -> None:
        self.keys, self.weights = keys, weights
        self.kept: list = [None, None]  # thresholds of each view
        self.seen: list = [[], []]  # batch means of this epoch
        self.shares: list = [None, None, None]  # confident in each view by class, and all by class

    def thresholds(self, view: int, p: list[list[float]]) -> list[float]:
        keys, clamp = self.keys, self.keys["clamp"]
        now = [mean([min(max(row[c], clamp), 1 - clamp) for row in p]) for c in range(CLASSES)]
        if keys["threshold"] == "fixed":
            now = [keys["fixed_threshold"]] * CLASSES
        elif keys["threshold"] == "running":
            before = self.kept[view] or now
            now = self.kept[view] = self.moved(before, now)
        elif keys["threshold"] == "epoch":
            self.seen[view].append(now)
            now = self.kept[view] or now
        return [max(each, keys["floor"] / CLASSES) for each in now]

    def moved(self, before: list[float], now: list[float]) -> list[float]:
        momentum = self.keys["momentum"]
        return [momentum * a + (1 - momentum) * b for a, b in zip(before, now, strict=True)]

    def after_epoch(self) -> None:
        if self.keys["threshold"] == "epoch":
            self.kept = [[mean([row[c] for row in rows]) for c in range(CLASSES)] for rows in self.seen]
            self.seen = [[], []]

    def face_weights(self, chosen: list[list[bool]], target: list[list[float]]) -> list[list[float]]:
        if self.keys["balance"] == "none":
            return [[1.0] * len(target)] * 2
        rows = [
            [mean([t[c] * picked for t, picked in zip(target, who, strict=True)]) for c in range(CLASSES)]
            for who in (*chosen, [True] * len(target))
        ]
        self.shares = [self.moved(before or now, now) for before, now in zip(self.shares, rows, strict=True)]
        found = []
        for view in range(2):
            share = [min(max(self.shares[view][c] / max(self.shares[2][c], 1e-6), LEAST_SHARE), 1) for c in range(4)]
            found.append([dot(t, [1 / each for each in share]) for t in target])
        return found

    def loss(self, logits: list, negative: list, target: list, epoch: int = 9) -> tuple[float, list[bool] | None]:
        """Logits and negative logits of both views, each (2, B, K)."""
        keys, both = self.keys, range(2)
        entropies = [[cross_entropy(z, t, self.weights) for z, t in zip(logits[v], target, strict=True)] for v in both]
        taught = 0.0
        for v in both:
            for z, n, t in zip(logits[v], negative[v], target, strict=True):
                if keys["supervision"] == "argmin":
                    taught -= log_softmax(n)[z.index(min(z))] / (2 * len(target))
                elif keys["supervision"] == "complement":
                    taught += cross_entropy(n, [(1 - each) / (CLASSES - 1) for each in t]) / (2 * len(target))
        taught *= keys["negative_weight"]
        if epoch < keys["warmup"]:
            return mean(entropies[0] + entropies[1]) + taught, None
        chosen = []
        for v in both:
            p = [softmax([each / keys["temperature"] for each in row]) for row in logits[v]]
            tau = self.thresholds(v, p)
            chosen.append([dot(t, row) >= dot(t, tau) for t, row in zip(target, p, strict=True)])
        weights = self.face_weights(chosen, target)
        supervised = 0.0
        for v in both:
            own = [w * c for w, c in zip(weights[v], chosen[v], strict=True)]
            divisor = 1.0 if keys["reduction"] == "sum" else max(sum(own), 1e-12)
            supervised += dot(own, entropies[v]) / divisor / 2
        apart = []
        for weak, strong, sure in zip(*negative, chosen[0], strict=True):
            if not sure:
                n, log_strong = softmax(weak), log_softmax(strong)
                order = sorted(range(CLASSES), key=n.__getitem__, reverse=keys["classes"] == "highest")
                took = order if keys["classes"] == "all" else order[: keys["k"]]
                apart.append(-sum(n[c] * log_strong[c] for c in took))
        consistency = mean(apart) if apart else 0.0
        return supervised + taught + keys["negative_weight"] * consistency, chosen[0]


def compared(weights: list[float] | None = None, steps=((0, 11), (0, 11), (1, 2), (1, 11)), target=None, **given):
    """Runs steps of (epoch, faces) and holds each to the loss by hand; the method and the last of what it learnt."""
    keys = DEFAULTS | given
    own = None if weights is None else double(weights)
    method = made("ncctfer", Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork, weights=own), **keys)
    torch.nn.init.normal_(method.negative.weight, std=0.7, generator=torch.Generator().manual_seed(8))
    network, reference, learnt, epoch = SmallNetwork(), ByHand(method_keys("ncctfer") | keys, weights), None, 0
    for seed, (now, count) in enumerate(steps):
        if now > epoch:
            method.after_epoch(epoch)
            reference.after_epoch()
            epoch = now
        taught = None if target is None else target[:count]
        step = a_step(count, seed=seed, epoch=epoch, target=taught, views=2)
        learnt = method.learn(network, step)
        outputs = [network(view) for view in step.views]
        logits = [output.logits.tolist() for output in outputs]
        negative = [method.negative(output.features).tolist() for output in outputs]
        expected, chosen = reference.loss(logits, negative, step.target.tolist(), epoch)
        assert learnt.loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert (learnt.selected.tolist() if learnt.selected is not None else None) == chosen
    return method, learnt


CHOICES = [
    *(
        {"threshold": threshold, "clamp": clamp, "floor": floor}
        for threshold, clamp, floor in product(("batch", "running", "epoch"), (0.0, 0.35), (0.0, 0.9))
    ),
    *({"threshold": "fixed", "fixed_threshold": value} for value in (0.0, 0.3, 1.0)),
    *({"temperature": value} for value in (0.1, 5.0)),
    *({"balance": "given", "reduction": r, "momentum": m} for r, m in product(("mean", "sum"), (0.0, 0.9))),
    *({"threshold": "running", "momentum": value} for value in (0.0, 0.5, 1.0)),
    {"reduction": "sum"},
    *({"classes": w, "k": k} for w, k in product(("lowest", "highest", "all"), (1, 4))),
    *({"supervision": s, "negative_weight": w} for s, w in product(("none", "complement", "argmin"), (0.0, 2.5))),
    {"detach": False},
    {"warmup": 1, "supervision": "complement"},
]


@pytest.mark.parametrize("keys", CHOICES, ids=str)
def test_every_choice_is_the_formula_by_hand(keys):
    compared(**keys)


@pytest.mark.parametrize("balance", ["none", "given"])
def test_class_weights_distributions_and_an_empty_class(balance):
    compared(WEIGHTS, balance=balance)
    soft = (2 * torch.randn(11, CLASSES, generator=torch.Generator().manual_seed(2)).double()).softmax(dim=1)
    compared(WEIGHTS, target=soft, balance=balance, supervision="complement")
    compared(target=torch.eye(CLASSES, dtype=torch.float64)[[1, 2, 1] * 4], balance=balance)
    compared(target=torch.eye(CLASSES, dtype=torch.float64)[[3] * 12], balance=balance)


def test_no_confident_face_and_all_confident_faces():
    _, learnt = compared(threshold="fixed", fixed_threshold=1.0, balance="given")
    assert not learnt.selected.any()
    assert learnt.loss == learnt.figures["negative_consistency"] > 0  # nothing is learnt but to be consistent
    _, learnt = compared(threshold="fixed", fixed_threshold=0.0, balance="given")
    assert learnt.selected.all()
    assert learnt.figures["negative_consistency"] == 0


@pytest.mark.parametrize("threshold", ["batch", "fixed"])
def test_the_weak_views_negative_answer_is_taught_only_where_it_is_not_detached(threshold):
    given = {}
    for detach in (True, False):
        method = made("ncctfer", **DEFAULTS, detach=detach, threshold=threshold, fixed_threshold=1.0)
        network, step = SmallNetwork(), a_step(epoch=1, views=2)
        method.learn(network, step).loss.backward()
        given[detach] = method.negative.bias.grad
        weak, strong = (method.negative(network(view).features.detach()) for view in step.views)
        p = weak.softmax(dim=1)
        sure = method.learn(network, step).selected
        kept = negative_classes(p, "lowest", 2)
        apart = negative_consistency(p.detach() if detach else p, strong, kept)
        expected = torch.autograd.grad(apart[~sure].mean(), method.negative.bias)[0]
        torch.testing.assert_close(given[detach], expected)
    assert not torch.allclose(given[True], given[False])


def test_losses_have_the_right_gradients():
    weak, strong = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    chosen = negative_classes(weak.softmax(1), "lowest", 2)
    for each in (weak, strong):
        each.requires_grad_()
    assert gradcheck(lambda a, b: negative_consistency(a.softmax(1), b, chosen), (weak, strong))
    values, picked = strong[:, 0].detach().requires_grad_(), chosen[:, 0]
    for total in (False, True):
        assert gradcheck(lambda each, total=total: mean_over(each, picked, weak[:, 1].detach().abs(), total), values)


@pytest.mark.parametrize("scale", [0.0, 1.0, 900.0])
@pytest.mark.parametrize(("which", "k"), [("lowest", 1), ("lowest", 4), ("highest", 2), ("all", 1)])
def test_extreme_negative_answers_give_finite_losses(scale, which, k):
    logits = scale * torch.randn(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weak, strong = logits.softmax(dim=1), logits.flip(0).requires_grad_()
    chosen = negative_classes(weak, which, k)
    assert (chosen.sum(dim=1) == (4 if which == "all" else k)).all()
    losses = negative_consistency(weak, strong, chosen)
    losses.sum().backward()
    assert torch.isfinite(losses).all()
    assert torch.isfinite(strong.grad).all()
    assert (losses >= 0).all()


def test_a_collapsed_head_tells_nothing_of_a_face_and_a_sharp_one_everything():
    entropy, information = mutual_information(double([[0.7, 0.2, 0.1]] * 6))
    assert information.item() == pytest.approx(0, abs=1e-12)
    assert entropy.item() == pytest.approx(-sum(p * math.log(p) for p in (0.7, 0.2, 0.1)))
    entropy, information = mutual_information(torch.eye(3, dtype=torch.float64))
    assert (entropy.item(), information.item()) == pytest.approx((0, math.log(3)))
    method, network = made("ncctfer", **DEFAULTS), SmallNetwork()
    torch.nn.init.zeros_(method.negative.weight)
    figures = method.learn(network, a_step(views=2)).figures
    assert figures["negative_information"].item() == pytest.approx(0, abs=1e-12)


def test_thresholds_and_selection_hold_ties():
    p = double([[0.5, 0.5], [0.5, 0.5]])
    assert class_thresholds(p).tolist() == [0.5, 0.5]
    assert confident(p, double([[1, 0], [0.5, 0.5]]), class_thresholds(p)).all()
    assert class_thresholds(double([[0.9, 0.1]]), clamp=0.35).tolist() == [0.65, 0.35]


def test_balance_gives_selection_the_frequencies_of_the_labels():
    keys = {**DEFAULTS, "balance": "given", "momentum": 0.0, "threshold": "batch"}
    method, network = made("ncctfer", **keys), SmallNetwork()
    step = a_step(FACES, epoch=3, views=2)
    selected = method.learn(network, step).selected
    weights = method._balance(torch.stack([selected, selected]), step.target)[0]
    counts = step.target.sum(dim=0)
    picked = (step.target * selected[:, None]).sum(dim=0)
    assert (picked > LEAST_SHARE * counts).all()
    assert not torch.allclose(picked / picked.sum(), counts / counts.sum())
    torch.testing.assert_close((step.target * (selected * weights)[:, None]).sum(dim=0), counts)


def test_more_classes_than_there_are_cannot_be_taken():
    with pytest.raises(RequestError, match=r"method.k is 5 but this dataset has 4 classes"):
        made("ncctfer", k=5)
    assert made("ncctfer", k=5, classes="all").rule == "all"


@pytest.mark.parametrize("keys", [{"clamp": 0.6}, {"temperature": 0.0}, {"threshold": "mean"}, {"classes": "some"}])
def test_keys_out_of_range_are_refused(keys):
    with pytest.raises(RequestError, match=next(iter(keys))):
        made("ncctfer", **keys)


def test_the_published_form_is_a_preset():
    preset = method_keys("ncctfer_faithful")
    released = {"clamp": 0.35, "reduction": "sum", "detach": False, "threshold": "batch", "supervision": "none"}
    assert preset.items() >= released.items()
    compared(**preset, k=4)
