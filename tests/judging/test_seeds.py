"""Runs that differ in the seed alone, as one: a single run is as `judge` has it, several are means."""

import numpy as np
import pytest

from fer_exp.judging.judge import judge
from fer_exp.judging.seeds import judge_seeds
from tests.judging.tables import CLASSES, predictions_table


def runs(number):
    """The same faces and people, other predictions."""
    first = predictions_table()
    tables = [first]
    for seed in range(1, number):
        other = predictions_table(seed=seed)
        columns = [*(f"p_{name}" for name in CLASSES), "valence", "arousal"]
        tables.append(first.assign(**{column: other[column] for column in columns}))
    return tables


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_single_run_has_the_numbers_of_judge_to_the_bit(split):
    (table,) = runs(1)
    assert judge_seeds([table], split, samples=40).rows == judge(table, samples=40, only=split)[split]


def test_several_runs_have_their_mean_and_wider_intervals_than_one_of_them():
    tables = runs(3)
    over = judge_seeds(tables, "test", samples=200)
    each = [judge(table, samples=0, only="test")["test"] for table in tables]
    for name in ("l1", "temperature_l1", "temperature", "valence_ccc", "ceiling_l1"):
        assert over.rows[name]["value"] == pytest.approx(np.mean([rows[name]["value"] for rows in each]))
    # Three such runs allow that others are as near to people as can be.
    assert over.rows["rater_equivalents"]["value"] is None
    assert 0.5 < over.rows["rater_equivalents"]["low"] < 1
    row = over.rows["l1"]
    assert row["low"] < row["value"] < row["high"]
    assert row["n"] == 60


def test_differences_from_references_are_of_the_same_replicates():
    table = predictions_table()
    for name in CLASSES:
        table[f"p_{name}"] = table[f"votes_{name}"] / 10  # people themselves
    less = judge_seeds([table, table], "test", samples=100).less
    assert less["prior"]["l1"]["high"] < 0
    rows = judge_seeds([table], "test", samples=0)
    assert rows.less["prior"]["l1"] == {"difference": -rows.rows["prior_l1"]["value"], "low": None, "high": None}
