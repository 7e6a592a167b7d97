"""A crowd against a lab: sums before majorities, intervals, and the floor of sampling alone."""

import numpy as np
import pytest

from fer_exp.errors import RequestError
from fer_exp.raters import lab as mirror


def test_classes_are_summed_before_the_majority():
    counts = np.array([[30.0, 25.0, 45.0]])
    summed, names = mirror.merged(counts, ("fear", "surprise", "happiness"), ["fear+surprise"])
    assert names == ("fear + surprise", "happiness")
    assert names[summed.argmax()] == "fear + surprise"  # where renaming the majority would say happiness
    with pytest.raises(RequestError, match="merge names fera, which is no class"):
        mirror.merged(counts, ("fear", "surprise", "happiness"), ["fera+surprise"])
    with pytest.raises(RequestError, match="merge names fear twice"):
        mirror.merged(counts, ("fear", "surprise", "happiness"), ["fear+surprise", "fear+happiness"])


def test_the_floor_is_what_a_crowd_of_the_labs_own_people_gets():
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.full(7, 0.3), 1500)
    lab, same = rng.multinomial(100, truth).astype(float), rng.multinomial(11, truth).astype(float)
    found = mirror.distance_to_lab(same, lab, samples=200)
    assert found["floor"] == pytest.approx(found["value"], abs=0.02)
    other = rng.multinomial(11, rng.permutation(truth, axis=1)).astype(float)
    assert mirror.distance_to_lab(other, lab, samples=0)["value"] > 2 * found["floor"]
    small = rng.multinomial(5, truth).astype(float)
    of_few = mirror.distance_to_lab(same, small, samples=0)
    assert of_few["floor"] == pytest.approx(of_few["value"], abs=0.03)  # as votes of the lab it would be a fifth less
    labels = mirror.distance_to_lab(same, rng.multinomial(1, truth).astype(float), samples=0)
    assert labels["floor"] is None  # one answer does not say how many others there are


def test_faces_without_a_majority_or_votes_do_not_count():
    table = mirror.agreement_with_lab(np.array([0, -1, 1]), np.array([0, 0, -1]), ("a", "b"))
    assert table["n"].tolist() == [1, 0, 1]
    assert np.isnan(table["agreement"].iloc[1])
    nothing = mirror.distance_to_lab(np.zeros((2, 2)), np.ones((2, 2)))
    assert nothing["value"] is None


def test_what_filtering_changes_is_paired_over_faces():
    rng = np.random.default_rng(0)
    truth = rng.dirichlet(np.full(4, 0.3), 400)
    lab, good = rng.multinomial(100, truth).astype(float), rng.multinomial(10, truth).astype(float)
    spoiled = good + rng.multinomial(8, np.full(4, 0.25), 400)
    tops = [counts.argmax(axis=1) for counts in (spoiled, good, lab)]
    found = mirror.filter_gain(spoiled, good, lab, tops, samples=300).set_index("measure")
    assert found.loc["agreement", "low"] > 0
    assert found.loc["l1", "high"] < 0
    right = [(tops[k] == tops[2]).mean() for k in (0, 1)]
    assert found.loc["agreement", "change"] == pytest.approx(right[1] - right[0])
