"""By groups of faces: values, gaps of the model and of people, and what is refused to small groups."""

import numpy as np
import pytest
from scipy import stats

from fer_exp.errors import RequestError
from fer_exp.grouping import grouping
from fer_exp.judging.applicable import arrays
from fer_exp.judging.gaps import by_group
from fer_exp.judging.judge import judge
from fer_exp.report.groups import verdict
from tests.judging.tables import CLASSES, predictions_table

NAMES = ("Asian", "Black", "White")


def table_of(faces=240, seed=0, persons=True):
    table = predictions_table(faces, seed, ("test",))
    if not persons:
        table["subject"] = None
    race = np.random.default_rng(seed).choice([*NAMES, None], faces // 3, p=[0.3, 0.3, 0.3, 0.1])
    return table.assign(race=np.repeat(race, 3))


def found_in(table, samples=200, by="race"):
    checked = table.assign(valence=np.nan, arousal=np.nan)
    return by_group([arrays(checked, CLASSES)], CLASSES, grouping(list(table[by]), by), samples=samples)


def gap_of(found, group, metric):
    return next(gap for gap in found["gaps"] if (gap["group"], gap["metric"]) == (group, metric))


def test_what_a_group_gets_is_what_its_faces_alone_get():
    table = table_of()
    found = found_in(table, samples=50)
    assert [group["name"] for group in found["groups"]] == list(NAMES)
    for group in found["groups"]:
        alone = judge(table[table["race"] == group["name"]], samples=0)["test"]
        for name in ("l1", "accuracy", "entropy_correlation", "people_ece"):
            assert group["metrics"][name]["value"] == pytest.approx(alone[name]["value"])
            assert group["metrics"][name]["n"] == alone[name]["n"]
        for name in ("l1", "accuracy", "entropy_correlation"):
            assert group["people"][name]["value"] == pytest.approx(alone[f"ceiling_{name}"]["value"])


def test_a_gap_is_that_of_welch_and_people_are_taken_off_face_by_face():
    table = table_of(1200, persons=False)
    found = found_in(table, samples=1000)
    p, votes = (table[[f"{of}_{name}" for name in CLASSES]].to_numpy() for of in ("p", "votes"))
    l1 = np.abs(p - votes / 10).sum(axis=1)
    black, others = (table["race"] == "Black").to_numpy(), table["race"].isin(["Asian", "White"]).to_numpy()
    welch = stats.ttest_ind(l1[black], l1[others], equal_var=False)
    ends = welch.confidence_interval()
    gap = gap_of(found, "Black", "l1")
    assert gap["model"]["difference"] == pytest.approx(l1[black].mean() - l1[others].mean())
    width = ends.high - ends.low
    assert gap["model"]["low"] == pytest.approx(ends.low, abs=0.06 * width)
    assert gap["model"]["high"] == pytest.approx(ends.high, abs=0.06 * width)
    assert gap["model"]["p"] == pytest.approx(welch.pvalue, abs=0.03)
    difference = gap["model"]["difference"] - gap["people"]["difference"]
    assert gap["beyond"]["difference"] == pytest.approx(difference)
    rest, all_three = gap["people"], [gap[kind]["high"] - gap[kind]["low"] for kind in ("model", "people", "beyond")]
    assert rest["low"] < rest["difference"] < rest["high"]
    assert all_three[2] != pytest.approx(np.hypot(*all_three[:2]), rel=0.01)  # the same faces, not independent ones


def test_persons_are_drawn_whole():
    once = table_of(600).iloc[::3]
    thrice = once.loc[once.index.repeat(3)]  # three faces of a person who are alike say what one says
    thrice = thrice.assign(face=[f"face {number}" for number in range(len(thrice))]).reset_index(drop=True)
    of = [gap_of(found_in(table, 400), "Asian", "l1")["model"] for table in (once.reset_index(drop=True), thrice)]
    assert of[1]["low"] == pytest.approx(of[0]["low"], abs=0.01)
    assert of[1]["p"] == pytest.approx(of[0]["p"], abs=0.05)
    unknown = gap_of(found_in(thrice.assign(subject=None)), "Asian", "l1")["model"]
    assert of[1]["high"] - of[1]["low"] > 1.5 * (unknown["high"] - unknown["low"])


def test_a_few_faces_without_an_error_do_not_differ_from_all_others():
    table = table_of(600, persons=False)
    label, few = table["label"], np.zeros(600, dtype=bool)
    few[:12] = True
    right = few | (np.random.default_rng(0).random(600) < 0.9)
    answer = np.where(right, label, np.roll(label, 1))
    table = table.assign(**{f"p_{name}": np.where(answer == name, 0.97, 0.01) for name in CLASSES})
    found = found_in(table.assign(race=np.where(few, "few", "many")))
    assert found["groups"][0]["metrics"]["accuracy"]["value"] == 1
    assert found["groups"][0]["rough"]
    assert not found["groups"][1]["rough"]
    gap = gap_of(found, "few", "accuracy")
    assert gap["model"]["low"] < 0 < gap["model"]["high"]
    assert gap["model"]["p"] > 0.2


def test_two_groups_have_one_gap_and_persons_in_both_are_drawn_together():
    table = table_of(300)
    table["pose"] = np.tile(["open", "closed", "closed"], 100)
    found = found_in(table, by="pose")
    assert {gap["group"] for gap in found["gaps"]} == {"closed"}
    assert any("persons are in several groups" in note for note in found["notes"])
    assert not any("persons are in several groups" in note for note in found_in(table)["notes"])
    assert all(group["persons"] == 100 for group in found["groups"])


def test_runs_of_several_seeds_widen_a_gap_by_what_they_differ():
    runs = [table_of(240, persons=False) for _ in range(3)]
    shift = np.where(runs[0]["race"] == "Asian", 1.0, 0.0)
    for number, table in enumerate(runs):
        mixed = {f"p_{name}": table[f"p_{name}"] * (1 - number * 0.3 * shift) for name in CLASSES[1:]}
        runs[number] = table.assign(**mixed, p_neutral=1 - np.sum(list(mixed.values()), axis=0))
    groups = grouping(list(runs[0]["race"]), "race")
    judged = [arrays(table.assign(valence=np.nan, arousal=np.nan), CLASSES) for table in runs]
    one, several = (
        gap_of(by_group(some, CLASSES, groups, samples=200), "Asian", "l1")["model"] for some in (judged[:1], judged)
    )
    assert several["high"] - several["low"] > one["high"] - one["low"]


def test_a_verdict_is_read_off_the_intervals():
    worse = {"difference": 0.1, "low": 0.05, "high": 0.15, "p": 0.001}
    level = {"difference": 0.02, "low": -0.05, "high": 0.09, "p": 0.5}
    gap = {"group": "F", "metric": "l1", "model": worse, "people": level, "beyond": worse, "holm": 0.002}
    found = {"by": "sex", "groups": [], "gaps": [gap]}
    assert verdict(found) == [
        "The model does worse on sex F than on the others by more than people differ: L1 +0.100 (+0.050 to +0.150)"
    ]
    found["gaps"] = [{**gap, "holm": 0.2}]
    assert verdict(found)[0].startswith("The model is not shown to treat groups of sex differently")
    found["gaps"] = [{**gap, "beyond": level, "holm": 0.5}]
    said = verdict(found)
    assert "by L1 0.090 is not excluded" in said[1]
    assert said[2].startswith("Its own figures do differ (L1 on F +0.100")
    found["gaps"] = []
    assert verdict(found) == ["No interval says whether the model treats groups of sex differently"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["a", "a", None], "by=race makes no groups of these faces: all are a"),
        ([None, "unsure"], "none has a value"),
        ([str(n) for n in range(40)], "by=race has 40 different values"),
    ],
)
def test_what_makes_no_groups_is_refused(values, says):
    with pytest.raises(RequestError, match=says):
        grouping(values, "race")


def test_spellings_of_a_group_are_one_and_bands_are_in_order():
    found = grouping(["African-American", "african american", "African-American", "asian", "nan?"], "race")
    assert found.names == ("African-American", "asian", "nan?")
    assert found.code.tolist() == [0, 0, 0, 1, 2]
    assert found.notes == ("race: African-American and african american are one group",)
    assert grouping(["70+", "4-19", "0-3", "20-39"], "age").names == ("0-3", "4-19", "20-39", "70+")
    assert grouping(["-1", "1"], "side").names == ("-1", "1")
