"""How many labels become wrong."""

import pytest

from fer_exp.labels.flips import flip
from fer_exp.labels.transitions import symmetric, transition


@pytest.mark.parametrize("rate", [0.1, 0.2, 0.3, 0.4, 0.5, 0.85])
@pytest.mark.parametrize("classes", [2, 7, 8])
def test_the_number_of_wrong_labels_of_a_class_is_the_nearest_to_the_rate_however_few_faces(rate, classes):
    matrix = transition(symmetric(range(classes), None), rate)
    for size in range(1, 60):
        wrong = int((flip([0] * size, matrix) != 0).sum())
        assert abs(wrong - rate * size) <= 0.5 + 1e-9
