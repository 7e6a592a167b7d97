"""Partial pooling of workers against integrals by brute force, and moments against draws."""

import numpy as np
import pytest
from scipy.stats import beta, betabinom

from fer_exp.raters import pooling
from fer_exp.raters.aggregation import Answered, dawid_skene


def crowd(right, each):
    """Workers of ``each`` answers, so many right, on tasks whose truth 30 others, mostly right, leave no doubt of."""
    tasks = 60
    truth = np.arange(tasks) % 4
    sure = [(t, w, (truth[t] + (1 + w % 3) * ((t * 7 + w * 5) % 30 < w)) % 4) for t in range(tasks) for w in range(30)]
    rows = [
        (t, 30 + w, truth[t] if i < number else (truth[t] + 1 + i % 3) % 4)
        for w, (number, total) in enumerate(zip(right, each, strict=True))
        for i, t in enumerate(range(w % 7, w % 7 + total))
    ]
    task, worker, label = (np.array(codes, np.int32) for codes in zip(*sure, *rows, strict=True))
    return Answered(task, worker, label, tasks, 30 + len(right), 4)


def test_accuracy_and_its_interval_are_those_of_a_hierarchical_beta_binomial():
    right, each = np.array([2, 0, 3, 7, 1, 20, 4, 10]), np.array([2, 2, 4, 10, 4, 40, 4, 20])
    answers = crowd(right, each)
    found = pooling.pooled(answers, dawid_skene(answers))
    correct = answers.label == answers.task % 4
    hits, totals = (np.bincount(answers.worker, by, 38) for by in (correct, None))
    assert hits[30:].tolist() == right.tolist()
    weights, parts = [], []
    for mean in pooling.MEANS:
        for spread in pooling.SPREADS:
            a, b = mean * spread, (1 - mean) * spread
            weights.append(betabinom.logpmf(hits, totals, a, b).sum() - 1.5 * np.log1p(spread) + np.log(spread))
            parts.append((a, b))
    weight = np.exp(np.array(weights) - max(weights))
    weight /= weight.sum()
    for worker in (30, 31, 33, 35):
        held = [beta(a + hits[worker], b + totals[worker] - hits[worker]) for a, b in parts]
        mean = sum(w * part.mean() for w, part in zip(weight, held, strict=True))
        assert found.accuracy[worker] == pytest.approx(mean, abs=0.01)
        for end, share in ((found.accuracy_low, 0.025), (found.accuracy_high, 0.975)):
            below = sum(w * part.cdf(end[worker]) for w, part in zip(weight, held, strict=True))
            assert below == pytest.approx(share, abs=0.01)


def test_moments_of_the_spam_score_are_those_of_draws():
    rng = np.random.default_rng(0)
    a = rng.uniform(0.3, 3, (2, 4, 4))
    mean, variance = pooling._informed(a)
    for w in range(2):
        rows = np.stack([rng.dirichlet(a[w, k], 100_000) for k in range(4)], axis=1)
        score = 4 * (rows**2).sum(axis=(1, 2)) - (rows.sum(axis=1) ** 2).sum(axis=1)
        assert (mean[w], variance[w]) == pytest.approx((score.mean(), score.var()), rel=0.02)


def test_a_worker_of_two_answers_is_taken_to_be_like_the_others():
    rng = np.random.default_rng(1)
    right = np.append(rng.binomial(20, 0.7, 40), [0, 2])
    answers = crowd(right, np.append(np.full(40, 20), [2, 2]))
    found = pooling.pooled(answers, dawid_skene(answers))
    wrong_twice, right_twice = found.accuracy[-2:]
    assert 0.3 < wrong_twice < found.accuracy[30:-2].mean() < right_twice
    assert (found.accuracy_high - found.accuracy_low)[-2:].min() > 1.1 * (found.accuracy_high - found.accuracy_low)[35]


@pytest.mark.parametrize("classes", [1, 2])
def test_awkward_crowds_have_finite_intervals(classes):
    task, worker = np.array([0, 0, 1], np.int32), np.array([0, 1, 0], np.int32)
    answers = Answered(task, worker, np.array([0, classes - 1, 0], np.int32), 3, 3, classes)
    found = pooling.pooled(answers, dawid_skene(answers))
    assert all(np.isfinite(values).all() for values in found)
