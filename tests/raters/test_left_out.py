"""What figures are without a face, a rater, an answer, against figures computed anew of what is left."""

import numpy as np
import pytest

from fer_exp.raters import agreement, pairs, reliability
from fer_exp.raters.left_out import Given, of_votes
from fer_exp.stats.jackknife import LeftOut

TASKS, RATERS, CLASSES = 30, 6, 4


def answers(values: str, gaps: float) -> Given:
    rng = np.random.default_rng(4)
    task, worker = np.nonzero(rng.random((TASKS, RATERS)) > gaps)
    if values == "classes":
        truth, noise = rng.integers(0, CLASSES, TASKS)[task], rng.integers(0, CLASSES, len(task))
        value = np.where(rng.random(len(task)) < 0.6, truth, noise).astype(np.int32)
    else:
        value = np.round(
            rng.normal(size=TASKS)[task] + rng.normal(size=RATERS)[worker] / 2 + rng.normal(size=len(task)), 1
        )
    return Given(task.astype(np.int32), worker.astype(np.int32), value, TASKS, RATERS)


def of_classes(given: Given) -> LeftOut:
    counts = np.zeros((given.tasks, CLASSES))
    np.add.at(counts, (given.task, given.value), 1)

    def measures(rows):
        found = {"kappa": agreement.fleiss_kappa(rows), "alpha": agreement.krippendorff_alpha(rows)}
        found |= {"ac1": agreement.gwet_ac(rows), "half": agreement.split_half(rows)}
        return found | {"class": agreement.class_kappa(rows, 1), "entropy": agreement.vote_entropy(rows)}

    return of_votes(measures, counts, given)[1]


def mean_kappa(given: Given) -> LeftOut:
    found = pairs.answer_pairs(given.task, given.worker, least=3)
    return pairs.left_out(found, pairs.cohen_kappas(found, given.value, CLASSES))


def correlations(given: Given) -> LeftOut:
    found = pairs.answer_pairs(given.task, given.worker, least=3)
    return pairs.left_out(found, pairs.correlations(found, given.value))


FIGURES = {
    "classes": ("classes", of_classes, 1e-9),
    "mean kappa": ("classes", mean_kappa, 1e-9),
    "ICC": ("ratings", reliability.icc, 1e-9),
    "means": ("ratings", reliability.of_means, 1e-9),
    "correlations": ("ratings", correlations, 1e-9),
    "ordinal alpha": ("ratings", reliability.ordinal_alpha, 0.06),  # to first order of what ranks move by
}


@pytest.mark.parametrize("gaps", [0.0, 0.45])
@pytest.mark.parametrize("figure", FIGURES)
def test_variances_are_those_of_figures_computed_anew_without_each(figure, gaps):
    values, of, close = FIGURES[figure]
    given = answers(values, gaps)
    found = of(given)

    def anew(codes):
        without = []
        for code in np.unique(codes):
            rows = codes != code
            task, worker, value = given.task[rows], given.worker[rows], given.value[rows]
            task = np.unique(task, return_inverse=True)[1].ravel().astype(np.int32)
            without.append(of(Given(task, worker, value, int(task.max()) + 1, RATERS)).value)
        return (len(without) - 1) * np.var(without, axis=0)

    assert found.faces.variance == pytest.approx(anew(given.task), rel=close)
    assert found.raters.variance == pytest.approx(anew(given.worker), rel=close)
    assert found.answers.variance == pytest.approx(anew(np.arange(len(given.task))), rel=close)
