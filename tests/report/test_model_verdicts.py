"""What is said of an interval: over zero, on both sides, metrics that disagree, none, one run, no people, no prior."""

import pytest

from fer_exp.report.model_verdicts import TOPICS, against, of_comparison, of_pair
from fer_exp.report.page.headline import headline, sentences

NAMES = ["l1", "soft_cross_entropy"]
LESS, MORE, OVER = (-0.2, -0.1), (0.1, 0.2), (-0.1, 0.2)


def entry(ends, holm=None):
    low, high = ends or (None, None)
    middle = 0.0 if ends is None else (low + high) / 2
    return {"difference": middle, "low": low, "high": high, "p": holm, "holm": holm}


def entries(*ends):
    return {name: entry(each) for name, each in zip(NAMES, ends, strict=True)}


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((LESS, LESS), "A is closer to people than B"),
        ((MORE, MORE), "B is closer to people than A"),
        ((OVER, OVER), "A and B cannot be told apart by their distance to people"),
        ((LESS, OVER), "A is closer to people than B by L1, not shown by soft cross-entropy"),
        ((LESS, MORE), "Which is closer to people depends on the metric: A by L1, B by soft cross-entropy"),
        ((LESS, None), "A is closer to people than B (soft cross-entropy: no interval)"),
        ((None, None), "No interval says which of A and B is closer to people"),
    ],
)
def test_a_verdict_of_two_names_the_metrics_that_show_it(ends, said):
    assert of_pair("A", "B", entries(*ends), TOPICS[0], NAMES) == said


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((LESS, LESS), "Closer to people than the class prior"),
        ((MORE, MORE), "Farther from people than the class prior"),
        ((OVER, OVER), "Not shown to be closer to people than the class prior"),
        ((LESS, MORE), "Closer to people than the class prior by L1, farther from people by soft cross-entropy"),
        ((OVER, MORE), "Farther from people than the class prior by soft cross-entropy, not shown by L1"),
        ((None, None), "No interval says whether it is closer to people than the class prior"),
    ],
)
def test_a_model_is_held_against_the_class_prior_by_every_distance(ends, said):
    assert against("the class prior", entries(*ends), TOPICS[0], NAMES) == said
    rows = {"l1": {"value": 0.5, "low": 0.4, "high": 0.6}}
    number = "L1 0.50 (0.40 to 0.60) from people's votes"
    wanted = {(LESS, LESS): f"{said}: {number}", (None, None): number}.get(ends, said)
    assert headline(rows, entries(*ends)) == wanted


def compared(differences, values, runs=2, names=("labels=onehot", "labels=soft", "labels=all")):
    """A comparison by NAMES: pair -> the intervals of a less b; config -> its values."""
    groups = [
        {"name": name, "repair": None, "runs": ["run"] * runs,
         "metrics": {metric: {"value": value} for metric, value in zip(NAMES, row, strict=True)}}
        for name, row in zip(names, values, strict=False)
    ]  # fmt: skip
    groups.append({"name": "class prior", "repair": "prior", "runs": [], "metrics": {}})
    pairs = [{"a": a, "b": b, "metrics": entries(*ends)} for (a, b), ends in differences.items()]
    return {"groups": groups, "pairs": pairs, "metrics": NAMES}


def test_two_configs_are_told_of_with_the_numbers_behind_it_and_one_run_is_said_to_be_one():
    said = of_comparison(compared({(0, 1): (MORE, MORE)}, [(0.6, 1), (0.45, 1)]))
    assert said[0] == "B (labels=soft) is closer to people than A (labels=onehot)"
    assert said[1] == "L1: A 0.600, B 0.450; A less B is +0.150 (+0.100 to +0.200)"
    assert len(said) == 2
    assert of_comparison(compared({(0, 1): (MORE, MORE)}, [(0.6, 1), (0.45, 1)], runs=1))[-1] == (
        "A and B are one run each: other seeds may differ"
    )


def test_what_fails_after_holm_s_correction_is_no_verdict_and_is_said():
    comparison = compared({(0, 1): (MORE, OVER)}, [(0.6, 1), (0.45, 1)])
    comparison["pairs"][0]["metrics"]["l1"]["holm"] = 0.2
    said = of_comparison(comparison)
    assert "cannot be told apart" in said[0]
    assert said[-1].startswith("By L1 an interval leaves out zero, but no difference is left after Holm's correction")


@pytest.mark.parametrize(
    ("differences", "values", "said"),
    [
        ([(MORE, MORE), (MORE, MORE), (OVER, OVER)], [(3, 3), (1, 1), (2, 2)],
         "Of the 3, B (labels=soft) and C (labels=all) are closest to people, and not told apart"),
        ([(MORE, MORE), (MORE, MORE), (LESS, LESS)], [(3, 3), (1, 1), (2, 2)],
         "Of the 3, B (labels=soft) is closest to people"),
        ([(MORE, MORE), (MORE, MORE), (LESS, OVER)], [(3, 3), (1, 1), (2, 2)],
         "Of the 3, B (labels=soft) is closest to people; by soft cross-entropy not told apart from C"),
        ([(MORE, MORE), (MORE, MORE), (LESS, MORE)], [(3, 3), (1, 2), (2, 1)],
         "Which of the 3 is closest to people depends on the metric: B by L1, C by soft cross-entropy"),
        ([(OVER, OVER)] * 3, [(3, 3), (1, 2), (2, 1)], "None of the 3 is shown to be closest to people"),
        ([(OVER, OVER)] * 3, [(None, None)] * 3, "No metric says which of the 3 is closest to people"),
    ],
)  # fmt: skip
def test_of_three_those_are_named_that_no_metric_shows_to_be_behind(differences, values, said):
    pairs = dict(zip([(0, 1), (0, 2), (1, 2)], differences, strict=True))
    assert of_comparison(compared(pairs, values))[0] == said


def test_a_primary_metric_makes_the_headline_alone_and_what_else_is_found_is_exploratory():
    comparison = compared({(0, 1): (MORE, LESS)}, [(0.6, 1), (0.45, 2)])
    said = of_comparison({**comparison, "primary": "soft_cross_entropy"})
    assert said[0] == "A (labels=onehot) is closer to people than B (labels=soft)"
    assert said[1] == "Soft cross-entropy: A 1.000, B 2.000; A less B is -0.150 (-0.200 to -0.100)"
    assert said[2] == "Exploratory: B is closer to people than A"
    other = of_comparison({**comparison, "primary": "rater_equivalents"})  # which answers no question of its own
    assert other[0].startswith("Exploratory: Which is closer to people depends on the metric")


def test_one_config_and_configs_without_what_metrics_need_have_no_verdict():
    assert of_comparison(compared({}, [(1, 1)])) == []
    alone = compared({(0, 1): (OVER, OVER)}, [(1, 1), (1, 1)])
    assert of_comparison({**alone, "metrics": ["rater_equivalents"]}) == []


ROWS = {"ceiling_panel1_l1": {"value": 0.7}, "ceiling_panel5_l1": {"value": 0.4}}
CLOSER = entries(LESS, LESS)


@pytest.mark.parametrize(
    ("people", "said"),
    [
        ((None, 3.9, None), "As close to people as 3.9 raters or more"),
        ((2.14, 1.9, 2.4), "As close to people as 2.1 raters"),
        ((0.99, 0.96, 1.06), "Not told apart from a single rater by closeness to people"),
        ((0.4, 0.3, 0.5), "Not as close to people as a single rater"),
        ((0.4, None, None), "Rater equivalents 0.4, without an interval"),
    ],
)
def test_the_headline_reads_rater_equivalents_off_their_interval(people, said):
    rows = {"rater_equivalents": dict(zip(("value", "low", "high"), people, strict=True))}
    assert headline(rows, {}) == said  # no prior
    prior = f"Closer to people than the class prior, {said[0].lower()}{said[1:]}"
    assert headline(rows, CLOSER) == (prior if said.startswith("Not") else said)


def test_without_people_the_headline_is_of_labels_and_without_these_of_nothing():
    right = {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}}
    assert headline(right, {}) == "Right on 50.0 % (40.0 % to 60.0 %) of the labels"
    said = "Right more often than the class prior: right on 50.0 % (40.0 % to 60.0 %) of the labels"
    assert headline(right, {"accuracy": entry(MORE)}) == said
    assert headline(right, {"accuracy": entry(OVER)}) == "Not shown to be right more often than the class prior"
    assert headline({}, {}) == "Predictions beside human ratings"
    assert sentences(right, {}) == []


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((MORE, MORE), "would bring it closer to people: L1 from 0.500 to 0.450. This part of the distance"),
        ((LESS, LESS), "would take it farther from people: L1 from 0.500 to 0.450."),
        ((OVER, OVER), "is not shown to bring it closer to people."),
        ((MORE, OVER), "would bring it closer to people by L1, not shown by soft cross-entropy: L1 from 0.500"),
        ((MORE, LESS), "would bring it closer to people by L1, farther by soft cross-entropy: L1 from 0.500 to"),
    ],
)  # fmt: skip
def test_a_repair_is_said_to_help_only_where_every_distance_shows_it(ends, said):
    rows = {"temperature": {"value": 1.3}} | {
        f"{before}{name}": {"value": value, "low": None, "high": None}
        for name in NAMES
        for before, value in (("", 0.5), ("temperature_", 0.45))
    }
    (text,) = sentences(rows, {"temperature": entries(*ends)})
    assert said in text
    assert ("how sure it is" in text) == (ends == (MORE, MORE))
    assert sentences(rows, {"temperature": entries(None, None)}) == []


@pytest.mark.parametrize(
    ("name", "ends", "said"),
    [
        ("confidence_gap", MORE, "It is more sure than people agree"),
        ("confidence_gap", LESS, "It is less sure than people agree"),
        ("confidence_gap", OVER, "not shown to be above or below"),
        ("confidence_gap", (None, None), "without an interval"),
        ("entropy_correlation", MORE, "It is less sure where people are divided"),
        ("entropy_correlation", OVER, "It is not shown to be less sure where people are divided"),
        ("entropy_correlation", (None, None), "It is not shown to be less sure"),
        ("valence_ccc", MORE, "Its concordance (CCC) with people's ratings: valence"),
        ("valence_ccc", OVER, "It is not shown to follow their valence"),
    ],
)
def test_every_sentence_is_read_off_an_interval(name, ends, said):
    low, high = ends
    value = 0.1 if low is None else (low + high) / 2
    assert said in sentences({name: {"value": value, "low": low, "high": high}}, {})[0]
