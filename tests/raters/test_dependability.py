"""Variance components and D-studies against published figures, and against REML of statsmodels and lme4."""

import numpy as np
import pandas as pd
import pytest

from fer_exp.answers.read import read_answers
from fer_exp.raters import components, dependability
from fer_exp.raters.survey import survey

SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
DYESTUFF = np.array(
    [
        [1545, 1440, 1440, 1520, 1580],
        [1540, 1555, 1490, 1560, 1495],
        [1595, 1550, 1605, 1510, 1560],
        [1445, 1440, 1595, 1465, 1545],
        [1595, 1630, 1515, 1635, 1625],
        [1520, 1455, 1450, 1480, 1445],
    ]
)


def long(table):
    rows = pd.DataFrame(table).rename_axis("task").reset_index().melt("task", var_name="worker", value_name="valence")
    return rows.dropna()


def answers(table, **keys):
    low, high = np.nanmin(table), np.nanmax(table)
    return read_answers(long(table), "ratings", scale=(float(low), float(high)), **keys), ((high - low) / 2) ** 2


def test_components_equal_the_analysis_of_variance_of_shrout_and_fleiss():
    data, unit = answers(SHROUT_FLEISS)
    parts = survey(data)["components"]["valence"]
    squares = {"between": 11.242, "raters": 32.486, "residual": 1.019}  # their table 3, with a digit more
    assert parts["face"]["variance"] * unit == pytest.approx((squares["between"] - squares["residual"]) / 4, abs=1e-3)
    assert parts["rater"]["variance"] * unit == pytest.approx((squares["raters"] - squares["residual"]) / 6, abs=1e-3)
    assert parts["residual"]["variance"] * unit == pytest.approx(squares["residual"], abs=1e-3)
    assert parts["face"]["value"] == pytest.approx(0.29, abs=5e-3)  # ICC(2,1)
    assert parts["generalizability"]["value"] == pytest.approx(0.71, abs=6e-3)  # ICC(3,1)
    found = dependability.study(dependability.coefficients(survey(data)), 4)
    of_four = found[found["raters"] == 4].set_index("coefficient")["value"]
    assert of_four["phi"] == pytest.approx(0.62, abs=5e-3)  # ICC(2,k)
    assert of_four["E rho2"] == pytest.approx(0.91, abs=5e-3)  # ICC(3,k)


def test_one_way_components_equal_lme4():
    task, worker = (code.ravel().astype(np.int32) for code in np.indices(DYESTUFF.shape))
    one_way, within, *_ = components.henderson(task, worker, DYESTUFF.ravel().astype(float), 6, 5)
    assert one_way == pytest.approx(1764, abs=0.5)  # lme4 1.1: lmer(Yield ~ 1 + (1|Batch), Dyestuff), REML
    assert within == pytest.approx(2451, abs=0.5)


def test_components_with_gaps_are_near_reml():
    rng = np.random.default_rng(0)
    table = rng.normal(0, 1, (100, 1)) + rng.normal(0, 0.6, 12) + rng.normal(0, 0.8, (100, 12))
    table[rng.random(table.shape) < 0.15] = np.nan
    task, worker = np.nonzero(~np.isnan(table))
    found = components.henderson(task.astype(np.int32), worker.astype(np.int32), table[task, worker], 100, 12)
    assert found[2:5] == pytest.approx(REML, rel=0.05)


REML = (0.8788, 0.3499, 0.5861)
"""statsmodels 0.15.0, MixedLM with crossed variance components of task and worker, of the same numbers."""


DRAWN = {"face": 0.04, "rater": 0.0036, "face_x_rater": 0.0144, "occasion": 0.0064}


def test_an_occasion_is_told_from_what_a_rater_sees_otherwise():
    rng = np.random.default_rng(0)
    stable = rng.normal(0, 0.2, (400, 1)) + rng.normal(0, 0.06, 30) + rng.normal(0, 0.12, (400, 30))
    first, again = (stable + rng.normal(0, 0.08, stable.shape) for _ in range(2))
    rows = pd.concat([long(first), long(again)[lambda frame: frame["task"] < 100]])
    parts = survey(read_answers(rows, "ratings", duplicates="first", scale=(-1.5, 1.5)))["components"]["valence"]
    expected = {name: part / 1.5**2 for name, part in DRAWN.items()}  # read as -1 to 1
    assert {name: parts[name]["variance"] for name in expected} == pytest.approx(expected, rel=0.5)
    assert parts["occasion"]["variance"] == pytest.approx(expected["occasion"], rel=0.05)
    assert parts["residual"]["variance"] == pytest.approx(
        parts["face_x_rater"]["variance"] + parts["occasion"]["variance"]
    )
    assert parts["occasion"]["low_raters"] < parts["occasion"]["value"] < parts["occasion"]["high_raters"]


def test_classes_have_components_as_zeros_and_ones():
    rng = np.random.default_rng(1)
    label = np.where(rng.random((50, 6)) < rng.beta(1, 1, (50, 1)), "fear", "anger")
    frame = pd.DataFrame(label).rename_axis("task").reset_index().melt("task", var_name="worker", value_name="label")
    parts = survey(read_answers(frame, "ratings"))["components"]
    task, worker = (code.ravel().astype(np.int32) for code in np.indices(label.shape))
    found = components.henderson(task, worker, (label == "fear").ravel().astype(float), 50, 6)
    assert [parts["fear"][name]["variance"] for name in ("face", "rater", "residual")] == pytest.approx(found[2:5])
    assert parts["fear"]["face"]["value"] == pytest.approx(parts["anger"]["face"]["value"])


def test_raters_are_counted_up_to_the_target():
    for single in (0.05, 0.29, 0.5, 0.93):
        for target in dependability.TARGETS:
            number = dependability.raters_for(single, target)
            assert dependability.of_panel(np.float64(single), np.float64(number)) >= target - 1e-12
            assert number == 1 or dependability.of_panel(np.float64(single), np.float64(number - 1)) < target
    assert np.isnan(dependability.raters_for(None, 0.8))
