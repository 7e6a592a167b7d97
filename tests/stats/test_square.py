"""Tests of square tables against statsmodels where it is right, and where it is not."""

import warnings

import numpy as np
import pytest
from scipy.stats import chi2
from statsmodels.stats.contingency_tables import SquareTable

from fer_exp.stats import square


def table(classes=5, seed=0):
    return np.random.default_rng(seed).integers(1, 40, (classes, classes)).astype(float)


@pytest.mark.parametrize("classes", [2, 3, 8])
def test_full_tables_equal_statsmodels(classes):
    ours, theirs = table(classes), SquareTable(table(classes), shift_zeros=False)
    for mine, other in ((square.stuart_maxwell(ours), theirs.homogeneity()), (square.bowker(ours), theirs.symmetry())):
        assert mine.statistic == pytest.approx(other.statistic)
        assert mine.df == other.df
        assert mine.p == pytest.approx(other.pvalue)


def test_an_empty_class_drops_out_where_statsmodels_goes_wrong():
    full = table(4)
    wide = np.zeros((5, 5))
    wide[:4, :4] = full
    assert square.stuart_maxwell(wide) == pytest.approx(square.stuart_maxwell(full))
    assert square.bowker(wide) == pytest.approx(square.bowker(full))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = SquareTable(np.roll(wide, (1, 1), (0, 1)), shift_zeros=False)
        assert np.isnan(first.homogeneity().statistic)
        assert first.symmetry().df == 10  # where 6 pairs of classes are confused
        assert SquareTable(wide.copy(), shift_zeros=False).homogeneity().df == 4  # where 3 is right
        SquareTable(wide)
        assert wide[4, 4] == 0.5  # its default puts a half into empty cells, of the caller's own table


def test_a_class_that_only_one_side_uses_stays():
    wide = table(4)
    wide[3] = 0  # no original label, as contempt in FER2013 against FER+
    assert square.stuart_maxwell(wide).df == 3
    theirs = SquareTable(wide, shift_zeros=False).homogeneity()
    assert square.stuart_maxwell(wide).statistic == pytest.approx(theirs.statistic)


def test_classes_that_are_confused_only_among_themselves_cost_a_degree_of_freedom():
    blocks = np.zeros((4, 4))
    blocks[:2, :2], blocks[2:, 2:] = [[9, 4], [1, 9]], [[5, 8], [2, 5]]
    found = square.stuart_maxwell(blocks)
    assert found.df == 2
    assert found.statistic == pytest.approx((4 - 1) ** 2 / 5 + (8 - 2) ** 2 / 10)
    assert found.p == pytest.approx(chi2.sf(found.statistic, 2))
    assert square.bowker(blocks).df == 2


def test_without_any_disagreement_there_is_nothing_to_test():
    for found in (square.stuart_maxwell(np.diag([3.0, 4.0])), square.bowker(np.diag([3.0, 4.0]))):
        assert (found.statistic, found.df) == (0, 0)
        assert np.isnan(found.p)
    assert square.mcnemar(np.diag([3.0, 4.0])).tolist() == [1, 1]
