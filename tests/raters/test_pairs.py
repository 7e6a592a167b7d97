"""Agreement of pairs of raters against scikit-learn, pair by pair."""

from functools import partial
from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from fer_exp.metrics import affect
from fer_exp.raters import pairs


def crowd(raters=6, tasks=80, missing=0.4, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, tasks)
    table = np.where(rng.random((tasks, raters)) < 0.6, truth[:, None], rng.integers(0, 4, (tasks, raters)))
    seen = rng.random((tasks, raters)) > missing
    task, worker = np.nonzero(seen)
    order = rng.permutation(len(task))
    task, worker = task[order].astype(np.int32), worker[order].astype(np.int32)
    return table, seen, task, worker, table[task, worker].astype(np.int32)


def test_cohen_kappas_equal_scikit_learn():
    table, seen, task, worker, label = crowd()
    found = pairs.answer_pairs(task, worker, least=5)
    kappas = pairs.cohen_kappas(found, label, 4, len(table))(None)
    assert found.raters.tolist() == [list(pair) for pair in combinations(range(6), 2)]
    for (a, b), kappa in zip(found.raters, kappas, strict=True):
        both = seen[:, a] & seen[:, b]
        assert kappa == pytest.approx(cohen_kappa_score(table[both, a], table[both, b]))


def test_correlations_equal_those_of_each_pair_and_replicates_those_of_repeated_tasks():
    table, seen, task, worker, _ = crowd(seed=1)
    ratings = table + np.random.default_rng(2).normal(0, 1, table.shape)
    found = pairs.answer_pairs(task, worker, least=5)
    weights = np.random.default_rng(0).integers(0, 3, (2, len(table))).astype(float)
    once = pairs.correlations(found, ratings[task, worker], len(table))
    for number, (a, b) in enumerate(found.raters):
        both = seen[:, a] & seen[:, b]
        x, y = ratings[both, a], ratings[both, b]
        assert once(None)[:, number] == pytest.approx([float(affect.pearson(x, y)(None)), float(affect.ccc(x, y))])
        expected = [float(f(weights[1, both])) for f in (affect.pearson(x, y), partial(affect.ccc, x, y))]
        assert once(weights)[1, :, number] == pytest.approx(expected)


def test_awkward_pairs():
    task = np.repeat(np.arange(12), 3).astype(np.int32)
    worker = np.tile([0, 1, 2], 12).astype(np.int32)
    label = np.tile([1, 1, 0], 12).astype(np.int32)
    found = pairs.answer_pairs(task, worker)
    assert np.isnan(pairs.cohen_kappas(found, label, 2, 12)(None)).tolist() == [True, False, False]
    assert np.isnan(pairs.correlations(found, label * 1.0, 12)(None)[0]).all()  # constant raters
    alone = pairs.answer_pairs(np.arange(5, dtype=np.int32), np.zeros(5, np.int32))
    assert len(alone.raters) == 0
    assert np.isnan(pairs.mean_over_pairs(pairs.cohen_kappas(alone, np.zeros(5, np.int32), 2, 5)(None)))
    few = pairs.answer_pairs(task, worker, least=13)
    assert len(few.raters) == 0


def test_with_very_many_answers_some_tasks_stand_for_all(monkeypatch):
    monkeypatch.setattr(pairs, "MOST", 300)
    _, _, task, worker, _ = crowd(tasks=300)
    found = pairs.answer_pairs(task, worker, least=1)
    assert 0 < len(found.first) <= 300
    assert found.tasks < 300
