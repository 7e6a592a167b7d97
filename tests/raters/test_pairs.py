"""Agreement of pairs of raters against scikit-learn, pair by pair."""

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
    kappas = pairs.cohen_kappas(found, label, 4).value[0]
    assert found.raters.tolist() == [list(pair) for pair in combinations(range(6), 2)]
    for (a, b), kappa in zip(found.raters, kappas, strict=True):
        both = seen[:, a] & seen[:, b]
        assert kappa == pytest.approx(cohen_kappa_score(table[both, a], table[both, b]))


def test_correlations_equal_those_of_each_pair_and_leave_one_answer_out():
    table, seen, task, worker, _ = crowd(seed=1)
    ratings = table + np.random.default_rng(2).normal(0, 1, table.shape)
    found = pairs.answer_pairs(task, worker, least=5)
    once = pairs.correlations(found, ratings[task, worker])
    for number, (a, b) in enumerate(found.raters):
        both = seen[:, a] & seen[:, b]
        x, y = ratings[both, a], ratings[both, b]
        assert once.value[:, number] == pytest.approx([float(affect.pearson(x, y)(None)), float(affect.ccc(x, y))])
        row = int(np.flatnonzero(found.pair == number)[3])
        rest = both & (np.arange(len(table)) != found.task[row])
        x, y = ratings[rest, a], ratings[rest, b]
        assert once.without[:, row] == pytest.approx([float(affect.pearson(x, y)(None)), float(affect.ccc(x, y))])


def test_awkward_pairs():
    task = np.repeat(np.arange(12), 3).astype(np.int32)
    worker = np.tile([0, 1, 2], 12).astype(np.int32)
    label = np.tile([1, 1, 0], 12).astype(np.int32)
    found = pairs.answer_pairs(task, worker)
    assert np.isnan(pairs.cohen_kappas(found, label, 2).value[0]).tolist() == [True, False, False]
    assert np.isnan(pairs.correlations(found, label * 1.0).value[0]).all()  # constant raters
    alone = pairs.answer_pairs(np.arange(5, dtype=np.int32), np.zeros(5, np.int32))
    assert len(alone.raters) == 0
    assert np.isnan(pairs.mean_over_pairs(pairs.cohen_kappas(alone, np.zeros(5, np.int32), 2).value)).all()
    few = pairs.answer_pairs(task, worker, least=13)
    assert len(few.raters) == 0


def test_with_very_many_answers_some_tasks_stand_for_all(monkeypatch):
    monkeypatch.setattr(pairs, "MOST", 300)
    _, _, task, worker, _ = crowd(tasks=300)
    found = pairs.answer_pairs(task, worker, least=1)
    assert 0 < len(found.first) <= 300
    assert found.tasks < 300
