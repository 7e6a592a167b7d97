import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    precision_recall_fscore_support,
)

from fer_exp.metrics import classification as c
from fer_exp.metrics.faces import Faces

CASES = {
    "random": (5, 200, list(range(5)), list(range(5))),
    "a class absent from labels": (5, 40, [0, 1, 2, 3], list(range(5))),
    "a class never answered": (5, 40, list(range(5)), [0, 1, 2]),
    "one class": (3, 10, [1], [1]),
    "disjoint": (4, 20, [0, 1], [2, 3]),
    "one face": (3, 1, [0, 1, 2], [0, 1, 2]),
}


def draw(case):
    classes, faces, of_labels, of_answers = CASES[case]
    generator = np.random.default_rng(3)
    return generator.choice(of_labels, faces), generator.choice(of_answers, faces), classes


def of(labels, predicted, classes):
    return Faces(c.onehot(labels, classes), c.onehot(predicted, classes))


@pytest.mark.filterwarnings("ignore:.*y_pred contains classes", "ignore:.*single label", "ignore:.*y_true")
@pytest.mark.parametrize("case", CASES)
def test_equals_sklearn(case):
    labels, predicted, classes = draw(case)
    present = np.unique(labels)
    f1 = f1_score(labels, predicted, labels=present, average="macro", zero_division=0)
    balanced = balanced_accuracy_score(labels, predicted)
    tallies = of(labels, predicted, classes).tallies
    assert float(c.accuracy_of(tallies)(None)) == pytest.approx(accuracy_score(labels, predicted), abs=1e-9)
    assert float(c.macro_f1_of(tallies)(None)) == pytest.approx(f1, abs=1e-9)
    assert float(c.balanced_accuracy_of(tallies)(None)) == pytest.approx(balanced, abs=1e-9)


@pytest.mark.parametrize("metric", [c.accuracy_of, c.balanced_accuracy_of, c.macro_f1_of, c.weighted_f1_of])
@pytest.mark.parametrize("case", CASES)
def test_weights_equal_repeating_faces(metric, case):
    labels, predicted, classes = draw(case)
    weights = np.random.default_rng(4).integers(0, 4, (7, len(labels))).astype(float)
    weights[:, 0] += 1
    statistic = metric(of(labels, predicted, classes).tallies)
    for value, row in zip(statistic(weights), weights.astype(int), strict=True):
        repeated = metric(of(np.repeat(labels, row), np.repeat(predicted, row), classes).tallies)(None)
        assert value == pytest.approx(float(repeated), abs=1e-12)
        assert float(statistic(row.astype(float))) == pytest.approx(value, abs=1e-12)


@pytest.mark.filterwarnings("ignore:.*y_pred contains classes", "ignore:.*single label", "ignore:.*y_true")
@pytest.mark.parametrize("case", CASES)
def test_weighted_f1_and_each_class_equal_sklearn(case):
    labels, predicted, classes = draw(case)
    tallies = c.tallies(c.onehot(labels, classes), c.onehot(predicted, classes))
    expected = f1_score(labels, predicted, labels=range(classes), average="weighted", zero_division=0)
    assert float(c.weighted_f1_of(tallies)(None)) == pytest.approx(expected, abs=1e-9)
    assert float(c.accuracy_of(tallies)(None)) == pytest.approx(accuracy_score(labels, predicted), abs=1e-9)
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predicted, labels=range(classes), zero_division=np.nan
    )
    for k in range(classes):
        assert float(c.precision_of(tallies, k)(None)) == pytest.approx(precision[k], abs=1e-9, nan_ok=True)
        assert float(c.recall_of(tallies, k)(None)) == pytest.approx(recall[k], abs=1e-9, nan_ok=True)
        assert float(c.f1_of(tallies, k)(None)) == pytest.approx(f1[k], abs=1e-9, nan_ok=True)


def test_distributions_have_fuzzy_precision_recall_and_f1():
    generator = np.random.default_rng(5)
    human, model = generator.dirichlet(np.ones(4), 30), generator.dirichlet(np.ones(4), 30)
    tallies = c.tallies(human, model)
    for k in range(4):
        hits = sum(min(u, v) for u, v in zip(human[:, k], model[:, k], strict=True))
        precision, recall = hits / model[:, k].sum(), hits / human[:, k].sum()
        assert float(c.precision_of(tallies, k)(None)) == pytest.approx(precision, abs=1e-9)
        assert float(c.recall_of(tallies, k)(None)) == pytest.approx(recall, abs=1e-9)
        expected = 2 * precision * recall / (precision + recall)
        assert float(c.f1_of(tallies, k)(None)) == pytest.approx(expected, abs=1e-9)


def test_a_tied_majority_earns_its_share():
    top = c.shared_top(np.array([[2, 2, 0], [1, 1, 1], [0, 3, 1]]))
    answers = c.onehot(np.array([0, 2, 0]), 3)
    assert float(c.accuracy_of(c.tallies(top, answers))(None)) == pytest.approx((1 / 2 + 1 / 3 + 0) / 3)
