"""Nominal agreement against plain definitions and against statsmodels and krippendorff, over awkward inputs."""

from itertools import permutations

import krippendorff
import numpy as np
import pytest
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_kappa

from fer_exp.judging.ceiling import halves
from fer_exp.raters import agreement


def made(kind: str) -> np.ndarray:
    """Counts of answers, tasks by classes."""
    rng = np.random.default_rng(3)
    shares = rng.dirichlet(np.full(5, 0.4), 60)
    if kind == "one task":
        return np.array([[3.0, 2.0, 0.0]])
    if kind == "all agree":
        return np.array([[4.0, 0.0], [0.0, 4.0], [0.0, 4.0]])
    if kind == "one class":
        return np.array([[4.0, 0.0], [3.0, 0.0]])
    if kind == "one rater":
        return np.eye(4)[rng.integers(0, 4, 20)]
    if kind == "two raters":
        return np.stack([rng.multinomial(2, p) for p in shares]).astype(float)
    if kind == "equal":
        return np.stack([rng.multinomial(7, p) for p in shares]).astype(float)
    unequal = np.stack([rng.multinomial(n, p) for n, p in zip(rng.integers(2, 12, 60), shares, strict=True)])
    if kind == "one task with a single rater":
        unequal[5] = [0, 0, 1, 0, 0]
    if kind == "a task without answers and an unused class":
        unequal[7] = 0
        unequal[:, 3] = 0
    return unequal.astype(float)


KINDS = ["one task", "all agree", "one class", "one rater", "two raters", "equal", "unequal",
         "one task with a single rater", "a task without answers and an unused class"]  # fmt: skip


def answers_of(row: np.ndarray) -> list[int]:
    return [k for k, n in enumerate(row) for _ in range(int(n))]


def pairwise_agreement(counts: np.ndarray) -> float:
    each = [np.mean([a == b for a, b in permutations(answers_of(row), 2)]) for row in counts if row.sum() >= 2]
    return float(np.mean(each)) if each else np.nan


@pytest.mark.parametrize("kind", KINDS)
def test_fleiss_kappa_equals_pairwise_definition(kind):
    counts = made(kind)
    observed = pairwise_agreement(counts)
    answered = counts[counts.sum(axis=1) > 0]
    chance = ((answered / answered.sum(axis=1, keepdims=True)).mean(axis=0) ** 2).sum()
    expected = (observed - chance) / (1 - chance) if chance < 1 else np.nan
    assert agreement.percent_agreement(counts).value == pytest.approx(observed, nan_ok=True)
    assert agreement.fleiss_kappa(counts).value == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("kind", ["one task", "all agree", "two raters", "equal"])
def test_fleiss_kappa_equals_statsmodels_for_equal_raters(kind):
    counts = made(kind)
    assert agreement.fleiss_kappa(counts).value == pytest.approx(statsmodels_kappa(counts))


def test_where_libraries_fail_for_unequal_raters():
    counts = made("unequal")
    with pytest.raises(AssertionError):
        statsmodels_kappa(counts)
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torchmetrics.functional.nominal").fleiss_kappa
    assert float(theirs(torch.tensor(made("equal"), dtype=torch.long), mode="counts")) == pytest.approx(
        agreement.fleiss_kappa(made("equal")).value, abs=1e-5
    )
    wrong = float(theirs(torch.tensor(counts, dtype=torch.long), mode="counts"))
    ours = agreement.fleiss_kappa(counts).value
    alpha = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
    assert abs(ours - alpha) < 0.02  # the two chance terms differ by little
    assert abs(wrong - alpha) > 0.1  # theirs divides every task's agreement by the largest number of raters


@pytest.mark.parametrize("level", ["nominal", "interval"])
@pytest.mark.parametrize("kind", KINDS)
def test_alpha_equals_krippendorff(kind, level):
    counts = made(kind)
    value = np.arange(counts.shape[1])
    sums = counts.sum(axis=1), counts @ value, counts @ value**2
    ours = (agreement.krippendorff_alpha(counts) if level == "nominal" else agreement.interval_alpha(*sums)).value
    pairable = counts[counts.sum(axis=1) >= 2]
    if len(pairable) == 0 or (pairable.sum(axis=0) > 0).sum() < 2:
        assert np.isnan(ours)  # nothing to compare, or one class only: undefined
        return
    theirs = krippendorff.alpha(
        value_counts=counts, level_of_measurement=level, value_domain=list(range(counts.shape[1]))
    )
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_class_measures_equal_plain_counting(kind):
    counts = made(kind)
    for k in range(counts.shape[1]):
        ones = [(b == k) for row in counts for a, b in permutations(answers_of(row), 2) if a == k]
        expected = np.mean(ones) if ones else np.nan
        assert agreement.specific_agreement(counts, k).value == pytest.approx(expected, nan_ok=True)
        two = np.stack([counts[:, k], counts.sum(axis=1) - counts[:, k]], axis=1)
        kappa = agreement.class_kappa(counts, k).value
        assert kappa == pytest.approx(agreement.fleiss_kappa(two).value, nan_ok=True)
    shares = [row[row > 0] / row.sum() for row in counts if row.sum() > 1]
    entropy = np.mean([-(p * np.log(p)).sum() for p in shares]) if shares else np.nan
    assert agreement.vote_entropy(counts).value == pytest.approx(entropy, nan_ok=True)


@pytest.mark.parametrize("raters", [6, 10])
def test_split_half_is_what_many_random_halvings_of_even_panels_give(raters):
    rng = np.random.default_rng(3)
    counts = np.stack([rng.multinomial(raters, p) for p in rng.dirichlet(np.full(5, 0.4), 1200)]).astype(float)
    found = []
    for small, large in halves(counts.astype(np.int64), 300, seed=0):
        x, y = (half / half.sum(axis=1, keepdims=True) for half in (small, large))
        x, y = (half - half.mean(axis=0) for half in (x, y))
        r = (x * y).mean() / np.sqrt((x**2).mean() * (y**2).mean())
        found.append(2 * r / (1 + r))
    assert agreement.split_half(counts).value == pytest.approx(np.mean(found), abs=2e-3)


@pytest.mark.parametrize("raters", [2, 3, 5, 7])
def test_split_half_is_the_share_of_variance_that_is_of_the_faces(raters):
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.full(5, 0.4), 200_000)
    counts = rng.multinomial(raters, truth).astype(float)
    true = truth.var(axis=0).sum() / (counts / raters).var(axis=0).sum()
    assert agreement.split_half(counts).value == pytest.approx(true, abs=3e-3)
    assert np.isnan(agreement.split_half(counts[:1]).value)


def test_a_class_that_no_two_raters_could_disagree_about_has_no_kappa():
    counts = np.array([[3.0, 1.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 1.0]])  # only a single rater met the third class
    assert np.isnan(agreement.class_kappa(counts, 2).value)
    assert np.isfinite(agreement.class_kappa(counts, 0).value)


IRRCAC = [
    [1, 2, 2, 2, 2], [2, 1, 0, 2, 0], [1, 1, 1, 1, 3], [1, 1, 1, 1, 1], [1, 0, 1, 1, 1], [1, 0, 1, 1, 5],
    [3, 0, 1, 3, 0], [3, 1, 0, 1, 1], [1, 1, 0, 2, 1], [1, 3, 1, 3, 5], [1, 1, 1, 0, 1], [1, 1, 1, 0, 0],
    [3, 1, 1, 1, 1], [5, 2, 5, 5, 0], [0, 1, 3, 3, 0], [2, 2, 0, 1, 0], [1, 1, 1, 1, 1], [1, 1, 0, 1, 0],
    [1, 1, 3, 1, 1], [1, 1, 0, 0, 1], [0, 1, 1, 1, 1], [1, 0, 3, 1, 0], [3, 1, 2, 1, 3], [1, 1, 0, 1, 1],
    [1, 1, 1, 0, 1], [3, 3, 3, 3, 2], [0, 0, 1, 1, 2], [3, 0, 3, 1, 0], [3, 5, 0, 0, 0], [1, 1, 0, 1, 1],
]  # fmt: skip
"""30 tasks x 5 raters, classes 1, 2, 3, 5; 0 is no answer."""
GRADES = np.array([1.0, 2.0, 3.0, 5.0])


@pytest.mark.parametrize(
    ("weights", "gwet", "fleiss"),
    [
        (None, 0.54493652, 0.28350278),
        ("ordinal", 0.7208987, 0.37055488),
        ("linear", 0.70467559, 0.32439853),
        ("quadratic", 0.81010261, 0.39971219),
    ],
)
def test_gwets_coefficients_and_weighted_kappa_are_those_of_irrcac(weights, gwet, fleiss):
    """Figures of irrCAC 0.4.4, Gwet's own package ported to Python: CAC(table, weights).gwet(), .fleiss()."""
    counts = (np.array(IRRCAC)[:, :, None] == GRADES).sum(axis=1).astype(float)
    closeness = agreement.closeness(GRADES, weights) if weights else None
    assert agreement.gwet_ac(counts, closeness).value == pytest.approx(gwet, abs=5e-9)
    assert agreement.fleiss_kappa(counts, closeness).value == pytest.approx(fleiss, abs=5e-9)
