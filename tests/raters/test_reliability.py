"""Reliability of ratings against pingouin and krippendorff, complete and with gaps."""

import krippendorff
import numpy as np
import pandas as pd
import pingouin
import pytest

from fer_exp.raters import reliability
from fer_exp.raters.left_out import Given


def long(table):
    task, worker = np.nonzero(~np.isnan(table))
    return Given(task.astype(np.int32), worker.astype(np.int32), table[task, worker], *table.shape)


def alpha(table):
    return reliability.of_means(long(table)).value[0]


def split_half(table):
    return reliability.of_means(long(table)).value[1]


def ratings(tasks=30, raters=5, noise=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(tasks, 1)) + rng.normal(0, 0.4, raters) + rng.normal(0, noise, (tasks, raters))


@pytest.mark.parametrize(("tasks", "raters", "noise"), [(30, 5, 0.5), (6, 2, 3.0), (12, 4, 0.01), (200, 13, 1.0)])
def test_icc_and_its_intervals_equal_pingouin(tasks, raters, noise):
    table = ratings(tasks, raters, noise)
    given = long(table)
    values = reliability.icc(given).value
    ends = reliability.f_intervals(reliability.anova(*given))
    frame = pd.DataFrame({"task": given.task, "worker": given.worker, "value": given.value})
    theirs = pingouin.intraclass_corr(frame, "task", "worker", "value")
    column = next(name for name in theirs if str(name).startswith("CI95"))
    for form, ours, (_, row) in zip(reliability.FORMS, values, theirs.iterrows(), strict=True):
        assert ours == pytest.approx(row["ICC"], abs=1e-9), form
        assert ends[form] == pytest.approx(row[column], abs=0.0051), form  # rounded to two digits there


def test_icc_of_incomplete_ratings_finds_the_components():
    rng = np.random.default_rng(1)
    table = rng.normal(0, 1, (4000, 1)) + rng.normal(0, 0.5, 60) + rng.normal(0, 0.7, (4000, 60))
    table[rng.random(table.shape) > 0.15] = np.nan
    values = reliability.icc(long(table)).value
    rater = 0.25
    assert values[1] == pytest.approx(1 / (1 + rater + 0.49), abs=0.03)
    assert values[2] == pytest.approx(1 / (1 + 0.49), abs=0.02)
    assert values[0] == pytest.approx(1 / (1 + rater + 0.49), abs=0.03)
    assert reliability.anova(*long(table)) is None


@pytest.mark.parametrize("table", [np.full((5, 3), 0.1), np.arange(5.0)[:, None], np.array([[1.0, 2.0, 3.0]])])
def test_icc_is_undefined_not_wrong(table):
    values = reliability.icc(long(table)).value
    assert np.isnan(values).all() or table.shape == (5, 1)
    if table.shape[1] == 1:
        assert np.isnan(values[0])


def test_ratings_without_noise_have_a_correlation_of_one():
    table = np.tile(np.arange(5.0)[:, None], (1, 3))
    assert reliability.icc(long(table)).value == pytest.approx(np.ones(6))
    assert alpha(table) == 1


@pytest.mark.parametrize("gaps", [0.0, 0.5])
def test_alpha_equals_krippendorff(gaps):
    rng = np.random.default_rng(2)
    table = np.round(ratings(40, 6) * 2)
    table[rng.random(table.shape) < gaps] = np.nan
    for level, ours in (("interval", alpha(table)), ("ordinal", reliability.ordinal_alpha(long(table)).value[0])):
        assert ours == pytest.approx(krippendorff.alpha(table.T, level_of_measurement=level)), level


def test_constant_ratings_have_no_alpha():
    table = np.full((5, 3), 0.1)
    assert np.isnan([alpha(table), split_half(table), reliability.ordinal_alpha(long(table)).value[0]]).all()


def test_split_half_is_what_many_random_halvings_give():
    table = ratings(400, 8, noise=1.5)
    rng, found = np.random.default_rng(0), []
    for _ in range(300):
        order = rng.permuted(np.tile(np.arange(8), (400, 1)), axis=1)
        shuffled = np.take_along_axis(table, order, axis=1)
        r = np.corrcoef(shuffled[:, :4].mean(axis=1), shuffled[:, 4:].mean(axis=1))[0, 1]
        found.append(2 * r / (1 + r))
    assert split_half(table) == pytest.approx(np.mean(found), abs=2e-3)


def test_split_half_of_an_odd_panel_is_the_share_of_variance_that_is_of_the_tasks():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=100_000)
    table = truth[:, None] + rng.normal(0, 1.5, (100_000, 3))
    assert split_half(table) == pytest.approx(1 / (1 + 1.5**2 / 3), abs=5e-3)
    assert np.isnan(split_half(table[:1]))


def test_consistency_counts_repeats_with_both_answers():
    pairs = np.array([[1, 1], [0, 1], [np.nan, 1], [2, 2.0]])
    found = reliability.consistency(np.array([0, 1, 1, 3], np.int32), np.array([0, 0, 1, 2], np.int32), pairs)
    assert found.value == pytest.approx([2 / 3, 1 / 3])
