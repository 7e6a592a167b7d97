import math
from fractions import Fraction
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from fer_exp.cli.compose import method_keys
from fer_exp.errors import RequestError
from fer_exp.methods.method import Output, Setting, mean_over
from fer_exp.methods.ncctfer import (
    LEAST_SHARE,
    clamped,
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


def exact_dot(a: list, b: list) -> Fraction:
    return sum((Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True)), Fraction())


def exact_mean(values: list) -> Fraction:
    """Without rounding, so that a mean of equal values is that value."""
    return sum(map(Fraction, values), Fraction()) / len(values)


class ByHand:
    """A step's loss in plain Python, a face at a time, with what it remembers between steps.

    Selection is the release's: probabilities are clamped first, and clamped ones stand on both sides of q_y >= tau_y.
    """

    def __init__(self, keys: dict, weights: list[float] | None = None) -> None:
        self.keys, self.weights = keys, weights
        self.kept: list = [None, None]  # thresholds of each view
        self.seen: list = [[], []]  # batch means of this epoch
        self.shares: list = [None, None, None]  # confident in each view by class, and all by class

    def thresholds(self, view: int, q: list[list[float]]) -> list:
        keys = self.keys
        now = [exact_mean([row[c] for row in q]) for c in range(CLASSES)]
        if keys["threshold"] == "fixed":
            now = [keys["fixed_threshold"]] * CLASSES
        elif keys["threshold"] == "running":
            before = self.kept[view] or now
            now = self.kept[view] = self.moved(before, now)
        elif keys["threshold"] == "epoch":
            self.seen[view].append(now)
            now = self.kept[view] or now
        return [max(each, Fraction(keys["floor"]) / CLASSES) for each in now]

    def moved(self, before: list, now: list) -> list:
        momentum = Fraction(self.keys["momentum"])
        return [momentum * Fraction(a) + (1 - momentum) * Fraction(b) for a, b in zip(before, now, strict=True)]

    def after_epoch(self) -> None:
        if self.keys["threshold"] == "epoch":
            self.kept = [[exact_mean([row[c] for row in rows]) for c in range(CLASSES)] for rows in self.seen]
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
            share = [float(each) for each in share]
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
            q = [[min(max(each, keys["clamp"]), 1 - keys["clamp"]) for each in row] for row in p]
            tau = self.thresholds(v, q)
            chosen.append([exact_dot(t, row) >= exact_dot(t, tau) for t, row in zip(target, q, strict=True)])
        weights = self.face_weights(chosen, target)
        supervised = 0.0
        for v in both:
            own = [w * c for w, c in zip(weights[v], chosen[v], strict=True)]
            if not any(chosen[v]):
                supervised += mean(entropies[v]) / 2  # of all faces, and a mean whatever the reduction
                continue
            divisor = 1.0 if keys["reduction"] == "sum" else sum(own)
            supervised += dot(own, entropies[v]) / divisor / 2
        apart = []
        for weak, strong, sure in zip(*negative, chosen[0], strict=True):
            if not sure:
                n, log_strong = softmax(weak), log_softmax(strong)
                order = sorted(range(CLASSES), key=n.__getitem__, reverse=keys["classes"] == "highest")
                took = order if keys["classes"] == "all" else order[: keys["k"]]
                apart.append(-sum(n[c] * log_strong[c] for c in took))
        consistency = mean(apart) if apart else 0.0
        learn_from = chosen[0] if any(chosen[0]) else [True] * len(target)
        return supervised + taught + keys["negative_weight"] * consistency, learn_from


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
    *({"passes": "separate", "negative_learner": each} for each in ("strong", "weak", "both")),
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
    assert learnt.selected.all()  # as released: all are taught, and all must be consistent
    assert learnt.figures["negative_consistency"] > 0
    _, learnt = compared(threshold="fixed", fixed_threshold=0.0, balance="given")
    assert learnt.selected.all()
    assert learnt.figures["negative_consistency"] == 0


class Says(torch.nn.Module):
    """Answers each pass with the next of the logits given to it."""

    def __init__(self, *logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = list(logits)

    def forward(self, pictures: torch.Tensor) -> Output:
        logits = self.logits.pop(0)
        features = torch.zeros(len(logits), FEATURES, dtype=logits.dtype)
        return Output(logits, None, features, features)


def released_choice(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Sai_weighted_CCE_ of the release, at its eps of .35 and in its float32: softmax, clamp, mean, comparison."""
    q = logits.float().softmax(dim=1).clamp(0.35, 0.65)
    return q[torch.arange(len(labels)), labels] >= q.mean(dim=0)[labels]


def released_loss(logits: list, negative: list, labels: torch.Tensor, k: int = 4) -> torch.Tensor:
    """The release's loss after its warm-up, over lists of faces as there, of its two passes."""
    sides = []
    for view in logits:
        sure = released_choice(view, labels)
        some = F.cross_entropy(view[sure], labels[sure], reduction="sum")
        sides.append(some if sure.any() else F.cross_entropy(view, labels))
    doubted = ~released_choice(logits[0], labels)
    total = (sides[0] + sides[1]) / 2
    if not doubted.any():
        return total
    n = negative[0][doubted].softmax(dim=1)
    lowest = n <= n.topk(k, largest=False).values.max(dim=1, keepdim=True).values
    log_strong = negative[1][doubted].detach().log_softmax(dim=1)  # there a copy.copy, which is a leaf
    return total - (n * log_strong * lowest).sum(dim=1).mean()


@pytest.mark.parametrize("count", [2, 13, 128])
@pytest.mark.parametrize("sharpness", [0.02, 0.3, 1.0])
def test_faithful_is_the_releases_loss_and_gradient(count, sharpness):
    method, network = made("ncctfer", **method_keys("ncctfer_faithful")), SmallNetwork()
    method.negative.weight.data.normal_(generator=torch.Generator().manual_seed(8))
    for each in network.classify.parameters():
        each.data *= sharpness
    step = a_step(count, epoch=9, views=2)
    labels, outputs = step.target.argmax(dim=1), [network(view) for view in step.views]
    logits, negative = [o.logits for o in outputs], [method.negative(o.features) for o in outputs]
    learnt, expected = method.learn(network, step), released_loss(logits, negative, labels)
    torch.testing.assert_close(learnt.loss, expected)
    own = [*network.parameters(), *method.parameters()]
    for given, wanted in zip(torch.autograd.grad(learnt.loss, own), grads(expected, own), strict=True):
        torch.testing.assert_close(given, wanted)
    if sharpness == 0.02:  # nobody gives a class more than .35: all are confident
        assert torch.stack(logits).softmax(dim=2).max() < 0.35
        assert learnt.selected.all()


def grads(loss: torch.Tensor, own: list) -> list[torch.Tensor]:
    found = torch.autograd.grad(loss, own, allow_unused=True)
    return [torch.zeros_like(at) if each is None else each for at, each in zip(own, found, strict=True)]


ROWS = [[0.416, 0.2, 0.2, 0.184], [0.3, 0.339, 0.2, 0.161], [0.564, 0.15, 0.185, 0.101], [0.33, 0.3, 0.314, 0.056]]


def test_four_faces_of_which_only_the_one_of_a_disputed_class_is_doubted():
    """Of class 0 two faces are sure, so tau is .420 > .416; of the others nobody is, so tau is .35 and so is each q."""
    p = double(ROWS)
    q = p.clamp(0.35, 0.65).mean(dim=0)
    assert q.tolist() == pytest.approx([0.4200, 0.35, 0.35, 0.35])
    for dtype in (torch.float32, torch.float64):
        method = made("ncctfer", **method_keys("ncctfer_faithful")).to(dtype)
        step = a_step(4, epoch=9, target=torch.eye(4, dtype=dtype), views=2)
        learnt = method.learn(Says(p.log().to(dtype), p.log().to(dtype)), step)
        assert learnt.selected.tolist() == [False, True, True, True]
        assert learnt.figures["threshold"].tolist() == pytest.approx([0.42, 0.35, 0.35, 0.35], abs=1e-6)
    assert released_choice(p.log(), torch.arange(4)).tolist() == [False, True, True, True]


def test_without_the_clamp_the_papers_rule_doubts_what_is_below_the_mean():
    step = a_step(4, epoch=9, target=torch.eye(4, dtype=torch.float64), views=2)
    logits = double(ROWS).log()  # means .4025 .24725 .22475 .1255
    learnt = made("ncctfer", **method_keys("ncctfer_paper")).learn(Says(logits, logits), step)
    assert learnt.selected.tolist() == [True, True, False, False]


@pytest.mark.parametrize("count", [3, 10, 127])
def test_equal_clamped_probabilities_are_ties_whatever_the_rounding(count):
    p = torch.rand(count, CLASSES, generator=torch.Generator().manual_seed(count)).softmax(dim=1)
    target = torch.eye(CLASSES)[torch.arange(count) % CLASSES]
    quiet = p.clamp(max=0.34)
    assert confident(clamped(quiet, 0.35), target, class_thresholds(clamped(quiet, 0.35))).all()


@pytest.mark.parametrize("learner", ["strong", "weak", "both"])
@pytest.mark.parametrize("threshold", ["batch", "fixed"])
def test_the_negative_head_learns_from_the_view_that_is_named(threshold, learner):
    method = made(
        "ncctfer", **DEFAULTS, negative_learner=learner, threshold=threshold, fixed_threshold=1.0, temperature=1.0
    )
    network, step = SmallNetwork(), a_step(epoch=1, views=2)
    method.learn(network, step).loss.backward()
    weak, strong = (method.negative(network(view).features.detach()) for view in step.views)
    probabilities = network(step.views[0]).logits.softmax(dim=1)
    p = weak.softmax(dim=1)
    tau = double([1.0] * CLASSES) if threshold == "fixed" else probabilities.mean(dim=0)
    doubted = (step.target * probabilities).sum(dim=1) < step.target @ tau
    kept = negative_classes(p, "lowest", 2)
    apart = -(p if learner != "strong" else p.detach()) * (
        strong if learner != "weak" else strong.detach()
    ).log_softmax(1)
    expected = torch.autograd.grad((apart * kept).sum(dim=1)[doubted].mean(), method.negative.bias)[0]
    torch.testing.assert_close(method.negative.bias.grad, expected)


@pytest.mark.parametrize("name", ["ncctfer", "dnfer"])
def test_two_passes_give_each_view_batch_statistics_of_its_own(name):
    class Normalised(SmallNetwork):
        def __init__(self) -> None:
            super().__init__()
            self.normalise = torch.nn.BatchNorm2d(3, dtype=torch.float64)

        def forward(self, pictures: torch.Tensor) -> Output:
            return super().forward(self.normalise(pictures))

    step = a_step(8, epoch=9, views=2)
    for passes, seen in (("separate", 2), ("joint", 1)):
        network = Normalised()
        output = made(name, passes=passes).learn(network, step).output
        assert network.normalise.num_batches_tracked == seen
        alone = torch.allclose(output.logits, Normalised()(step.views[0]).logits)
        assert alone == (passes == "separate")


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
    assert clamped(double([0.9, 0.1]), 0.35).tolist() == pytest.approx([0.3, 0.0])


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


def test_the_published_forms_are_presets():
    compared(**method_keys("ncctfer_faithful"))
    compared(**method_keys("ncctfer_paper"))
