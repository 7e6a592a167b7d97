"""One sentence, read off an interval: what it says at each place of the interval."""

import numpy as np
import pandas as pd
import pytest

from fer_exp.raters.gold import Gold
from fer_exp.report.verdicts import gain, of_agreement, of_crowd, of_plan


@pytest.mark.parametrize(
    ("low", "high", "n", "said"),
    [
        (0.001, 0.03, 500, "filtering gains 0.015 [0.001, 0.030] in x"),
        (-0.03, -0.001, 500, "filtering costs 0.015 [0.001, 0.030] in x"),
        (-0.02, 0.009, 500, "gains nothing here in x"),
        (-0.02, 0.021, 500, "not shown that filtering gains in x"),
        (0.0, 0.0, 50, "not shown"),  # nothing changed, of too few tasks to say so
        (0.0, 0.0, 500, "gains nothing here"),
        (np.nan, np.nan, 1, "too few tasks are left to compare"),
    ],
)
def test_a_gain_is_what_its_interval_says(low, high, n, said):
    assert said in gain(-0.015 if high < 0 else 0.015, low, high, n, "x")


def made(gains) -> pd.DataFrame:
    rows = [(at, 9, value, low, high, 500) for at, value, low, high in gains]
    return pd.DataFrame(rows, columns=["threshold", "judged", "gain", "gain_low", "gain_high", "gain_n"])


def test_a_crowd_is_judged_by_gold_that_its_filter_has_not_seen():
    truth = np.array([0, 1, 1], np.int32)
    same, dealt = Gold(truth, truth, truth), Gold(truth, truth, truth.copy())
    table = made([(0.0, 0, np.nan, np.nan), (0.5, 0.002, -0.004, 0.008), (0.6, -0.02, -0.05, 0.006)])
    paired = {"change": 0.2, "low": 0.1, "high": 0.3, "n": 90.0}
    asked = {"min_gold_accuracy": 0.5}
    known = {"paired": paired, "thresholds": table}
    told = of_crowd(asked, 3, gold=same, **known)
    assert "gains nothing here in accuracy on gold that the filter did not use (+0.002" in told
    assert "filtering gains 0.200 [0.100, 0.300] in accuracy on gold" in of_crowd(asked, 3, gold=dealt, **known)
    assert "filtering gains 0.200" in of_crowd({"max_spam": 0.9}, 3, gold=same, **known)
    assert "gold_tasks=50 judges on others" in of_crowd({"min_skill": 0.5}, 3, gold=same, **known)
    assert "at 0.5 to 0.6 gains nothing here" in of_crowd({}, 0, gold=same, **known)
    better = made([(0.0, 0, np.nan, np.nan), (0.5, 0.02, 0.01, 0.03), (0.6, 0.04, -0.01, 0.09)])
    assert of_crowd({}, 0, gold=same, thresholds=better).startswith("min_gold_accuracy=0.5 gains 0.020 [0.010, 0.030]")
    assert "removes nobody" in of_crowd(asked, 0, gold=same, **known)
    assert "give gold=FILE or lab=VOTES" in of_crowd(asked, 3)
    assert "no worker has enough gold answers" in of_crowd({}, 0, gold=same, thresholds=table.assign(judged=0.2))


def test_a_crowd_is_judged_by_the_lab():
    rows = [("agreement", False, 0.03, 0.01, 0.05, 900), ("l1", False, -0.02, -0.03, -0.01, 900)]
    rows += [("agreement", True, -0.5, -0.6, -0.4, 900)]
    gains = pd.DataFrame(rows, columns=["measure", "merged", "change", "low", "high", "n"])
    said = of_crowd({"max_spam": 0.9}, 2, lab={"gain": gains})
    assert said == (
        "filtering gains 0.030 [0.010, 0.050] in agreement with the lab; filtering gains 0.020 [0.010, 0.030] in L1 to "
        "the lab"
    )


@pytest.mark.parametrize(
    ("l1", "said"),
    [
        (
            0.3,
            "3 raters a face are enough for soft labels within L1 0.3 of the population (L1 0.250 [0.220, 0.280]); "
            "2 may be enough, which is not shown",
        ),
        (0.21, "not shown that 4 raters a face are enough"),
        (0.1, "4 raters a face are not enough"),
        (0.9, "one rater a face is enough"),
    ],
)
def test_a_plan_is_read_off_the_upper_end(l1, said):
    value = np.array([0.5, 0.3, 0.25, 0.2])
    table = pd.DataFrame({"raters": range(1, 5), "l1": value, "l1_low": value - 0.03, "l1_high": value + 0.03})
    assert said in of_plan(table, l1)


@pytest.mark.parametrize(
    ("kappa", "said"),
    [
        ({"value": 0.5, "low": 0.4, "high": 0.6, "reading": "moderate", "guideline": "LK"},
         "these raters agree on the class beyond chance: kappa 0.500 [0.400, 0.600] (moderate, LK)"),
        ({"value": 0.5, "low": 0.4, "high": 0.6, "low_raters": 0.3, "high_raters": 0.7},
         "people agree on the class beyond chance: kappa 0.500 [0.300, 0.700]"),
        ({"value": 0.5, "low": 0.4, "high": 0.6, "low_raters": -0.1, "high_raters": 0.7},
         "people are not shown to agree on the class beyond chance: kappa 0.500 [-0.100, 0.700]"),
        ({"value": 0.05, "low": -0.01, "high": 0.1}, "are not shown to agree on the class beyond chance"),
        ({"value": -0.2, "low": -0.3, "high": -0.1}, "less than by chance"),
        ({"value": None, "low": None, "high": None}, "kappa is undefined, since raters share no face or"),
        ({"value": 0.5, "low": None, "high": None}, "has no interval"),
    ],
)  # fmt: skip
def test_agreement_in_one_sentence(kappa, said):
    assert said in of_agreement({"labels": {"fleiss_kappa": kappa}})
    assert "no task has two answers" in of_agreement({"labels": {}})
