"""Aggregation against plain, answer-by-answer implementations of the papers' formulas."""

import os
from pathlib import Path

import numpy as np
import pytest

from fer_exp.answers import known_tasks
from fer_exp.answers.read import read_answers, read_labels
from fer_exp.raters import aggregation
from fer_exp.raters.aggregation import METHODS, Answered
from fer_exp.raters.gold import credits

FACE4 = Path(os.environ.get("FER_EXP_FACE4") or Path(__file__).parents[3] / "shared/data/face4")


def crowd(tasks=40, workers=7, classes=3, seed=0, share=0.6):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, tasks)
    task, worker = np.nonzero(rng.random((tasks, workers)) < share)
    right = rng.random(len(task)) < rng.uniform(0.4, 0.95, workers)[worker]
    label = np.where(right, truth[task], rng.integers(0, classes, len(task)))
    made = Answered(*(a.astype(np.int32) for a in (task, worker, label)), tasks, workers, classes)
    return made, truth


def plain_dawid_skene(a, steps, right, wrong):
    """Loops over answers, in the words of Dawid and Skene 1979, whose workers start with no answers."""
    votes = np.zeros((a.tasks, a.classes))
    for t, label in zip(a.task, a.label, strict=True):
        votes[t, label] += 1
    overall = votes.sum(axis=0) / votes.sum()
    q = np.array([v / v.sum() if v.sum() else overall for v in votes])
    for _ in range(steps):
        prior = q.mean(axis=0)
        theta = np.zeros((a.workers, a.classes, a.classes))
        for k in range(a.classes):
            for label in range(a.classes):
                theta[:, k, label] = right if k == label else wrong / (a.classes - 1)
        for t, w, label in zip(a.task, a.worker, a.label, strict=True):
            theta[w, :, label] += q[t]
        theta /= np.where(theta.sum(axis=2, keepdims=True) > 0, theta.sum(axis=2, keepdims=True), 1)
        p = np.tile(prior, (a.tasks, 1))
        for t, w, label in zip(a.task, a.worker, a.label, strict=True):
            p[t] *= np.maximum(theta[w, :, label], 1e-10)
        q = p / p.sum(axis=1, keepdims=True)
    return q


@pytest.mark.parametrize("start", [(0.0, 0.0), (4.0, 1.0)])
@pytest.mark.parametrize("seed", range(2))
def test_dawid_skene_equals_the_paper_answer_by_answer(seed, start):
    answers, _ = crowd(seed=seed)
    ours = aggregation.dawid_skene(answers, 8, 0.0, *start)
    assert ours.posterior == pytest.approx(plain_dawid_skene(answers, 8, *start), abs=1e-9)
    assert ours.confusion.sum(axis=2) == pytest.approx(np.ones((7, 3)))


@pytest.mark.parametrize(("right", "wrong"), [(0.0, 0.0), (4.0, 1.0)])
def test_one_coin_equals_the_model_answer_by_answer(right, wrong):
    a, _ = crowd()
    q = aggregation.majority(a).posterior
    for _ in range(5):
        said = [q[a.task[a.worker == w], a.label[a.worker == w]] for w in range(a.workers)]
        skill = [(row.sum() + right) / (len(row) + right + wrong) for row in said]
        p = np.tile(q.mean(axis=0), (a.tasks, 1))
        for t, w, label in zip(a.task, a.worker, a.label, strict=True):
            p[t] *= [skill[w] if k == label else (1 - skill[w]) / (a.classes - 1) for k in range(a.classes)]
        q = p / p.sum(axis=1, keepdims=True)
    assert aggregation.one_coin(a, 5, 0.0, right, wrong).posterior == pytest.approx(q)


@pytest.mark.parametrize("each", [2, 4])
def test_few_answers_a_worker_do_not_undo_the_majority(each):
    """Maximum likelihood has a third of these labels right, or half."""
    rng = np.random.default_rng(each)
    truth = rng.integers(0, 7, 400).astype(np.int32)
    worker = np.repeat(np.arange(3200 // each), each).astype(np.int32)
    task = np.tile(rng.permutation(400), 8).astype(np.int32)
    label = np.where(rng.random(3200) < 0.65, truth[task], rng.integers(0, 7, 3200)).astype(np.int32)
    answers = Answered(task, worker, label, 400, 3200 // each, 7)
    plain = credits(answers.votes(), truth).mean()
    for method in (aggregation.dawid_skene, aggregation.one_coin):
        assert credits(method(answers).posterior, truth).mean() > plain - 0.01
    likelihood = aggregation.dawid_skene(answers, right=0.0, wrong=0.0)
    assert credits(likelihood.posterior, truth).mean() < plain - 0.3


@pytest.mark.parametrize("method", ["one_coin", "glad", "mace"])
def test_shares_of_classes_are_estimated(method):
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 600, p=[0.85, 0.1, 0.05])
    table = np.where(rng.random((600, 5)) < 0.6, truth[:, None], rng.integers(0, 3, (600, 5)))
    task, worker = (codes.ravel().astype(np.int32) for codes in np.indices(table.shape))
    answers = Answered(task, worker, table.ravel().astype(np.int32), 600, 5, 3)
    belief = METHODS[method](answers)
    assert belief.prior == pytest.approx([0.85, 0.1, 0.05], abs=0.05)
    assert (
        credits(belief.posterior, truth.astype(np.int32)).mean()
        > credits(answers.votes(), truth.astype(np.int32)).mean()
    )


def test_mace_says_whether_it_has_settled():
    answers, _ = crowd(tasks=80, workers=9, share=0.4)
    settled = aggregation.mace(answers)
    longer = aggregation.mace(answers, most=1200, tolerance=0.0)
    assert settled.converged
    assert settled.steps > 50
    assert not longer.converged
    assert settled.skill == pytest.approx(longer.skill, abs=0.01)


def test_glad_ends_where_its_own_objective_is_stationary():
    a, _ = crowd(tasks=30, seed=2)
    found = aggregation.glad(a, steps=200, tolerance=1e-12)
    again = aggregation.glad(a, steps=201, tolerance=0.0)
    assert found.posterior == pytest.approx(again.posterior, abs=1e-3)
    assert np.corrcoef(found.skill, aggregation.one_coin(a).skill)[0, 1] > 0.8


@pytest.mark.parametrize("method", METHODS)
def test_awkward_crowds(method):
    answers, truth = crowd(tasks=300, workers=12, share=0.5)
    belief = METHODS[method](answers)
    assert belief.posterior.sum(axis=1) == pytest.approx(np.ones(300))
    assert credits(belief.posterior, truth.astype(np.int32)).mean() > 0.85
    for task, worker, label, tasks in (
        ([0], [0], [1], 1),  # one answer
        ([0, 0], [0, 1], [0, 1], 1),  # a tie
        ([0, 1, 2], [0, 0, 0], [1, 1, 1], 4),  # one worker, one class, a task without answers
        ([0, 0, 0, 1, 1, 2], [0, 1, 2, 0, 1, 3], [0, 0, 1, 1, 1, 0], 3),  # a worker with one answer
    ):
        codes = (np.array(values, np.int32) for values in (task, worker, label))
        odd = METHODS[method](Answered(*codes, tasks, max(worker) + 1, 2)).posterior
        assert np.isfinite(odd).all()
        assert odd.sum(axis=1) == pytest.approx(np.ones(tasks))


@pytest.mark.parametrize(("method", "spammers"), [("dawid_skene", 4), ("mace", 4), ("glad", 3), ("one_coin", 3)])
def test_spammers_are_found_and_outvoted(method, spammers):
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 4, 400)
    table = np.where(rng.random((400, 8)) < 0.75, truth[:, None], rng.integers(0, 4, (400, 8)))
    # With half of the crowd on one button, one number a worker takes their agreement for the truth.
    table[:, :spammers] = rng.choice(4, (400, spammers), p=[0.85, 0.05, 0.05, 0.05])
    task, worker = (codes.ravel().astype(np.int32) for codes in np.indices(table.shape))
    answers = Answered(task, worker, table.ravel().astype(np.int32), 400, 8, 4)
    belief = METHODS[method](answers)
    assert belief.skill[spammers:].min() > belief.skill[:spammers].max()
    plain = credits(answers.votes(), truth.astype(np.int32)).mean()
    assert credits(belief.posterior, truth.astype(np.int32)).mean() > plain


def test_long_logs_do_not_overflow():
    task = np.zeros(2000, np.int32)
    answers = Answered(task, np.arange(2000, dtype=np.int32), (np.arange(2000) % 2).astype(np.int32), 1, 2000, 2)
    for method in METHODS.values():
        assert np.isfinite(method(answers).posterior).all()


def test_real_workers_reach_the_known_accuracies():
    if not (FACE4 / "answer.csv").is_file():
        pytest.skip(f"the crowd answers are not at {FACE4}; set FER_EXP_FACE4 to their folder")
    data = read_answers(FACE4 / "answer.csv")
    tasks, codes, _ = read_labels(FACE4 / "truth.csv", data.classes, "gold")
    truth, missing = known_tasks(data, tasks, codes)
    assert missing == 0
    answers = Answered(data.task, data.worker, data.label, 584, 27, 4)
    accuracy = {name: credits(method(answers).posterior, truth).mean() for name, method in METHODS.items()}
    assert accuracy["majority"] == pytest.approx(0.637, abs=0.002)
    assert accuracy["dawid_skene"] == pytest.approx(0.640, abs=0.005)
    assert all(0.60 < value < 0.66 for value in accuracy.values())
