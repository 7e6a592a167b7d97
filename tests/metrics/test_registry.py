"""The registry holds every metric, the docs hold every row, and ranges and directions are what the numbers do."""

import re
from pathlib import Path

import numpy as np
import pytest

from fer_exp.judging.judge import judge
from fer_exp.metrics.registry import COMPARED, EPOCHS, LABELS, MAJORITY, METRICS, PLACED, RATINGS, REPAIRS
from fer_exp.metrics.words import better, direction, named, of_model, spoken
from tests.judging.tables import CLASSES, predictions_table

P, VOTES = [f"p_{name}" for name in CLASSES], [f"votes_{name}" for name in CLASSES]
DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"


@pytest.fixture(scope="module")
def judged():
    return judge(predictions_table(), samples=0)["test"]


@pytest.fixture(scope="module")
def sections():
    """Anchor of each heading of docs/metrics.md -> the text below it."""
    parts = re.split(r"^## (.+)$", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in parts[::2]]
    return dict(zip(anchors, parts[1::2], strict=True))


def test_every_metric_of_judge_has_a_row_and_every_row_is_measured(judged):
    fitted = ("vector_votes_weight_", "vector_votes_bias_")
    rows = {name: named(name) for name in judged if name not in REPAIRS and not name.startswith(fitted)}
    assert [name for name, found in rows.items() if found is None] == []
    measured = {found.row.name for found in rows.values()}
    assert {row.name for row in METRICS if row.needs != EPOCHS} == measured


@pytest.mark.parametrize("row", METRICS, ids=lambda row: row.name)
def test_every_row_stands_in_its_section_of_the_docs(row, sections):
    name = f"ceiling_{row.name}" if f"`ceiling_{row.name}`" in sections[row.section] else row.name
    assert f"`{name}`" in sections[row.section]


@pytest.mark.parametrize("wrong", [False, True], ids=["by chance", "as wrong as can be"])
def test_every_value_lies_in_the_range_of_its_row(wrong):
    table = predictions_table(splits=("test",))
    if wrong:
        table[VOTES] = 10 * np.eye(4, dtype=int)[table[VOTES].to_numpy().argmax(axis=1)]
        table[P] = np.eye(4)[table[VOTES].to_numpy().argmin(axis=1)]
        table["valence"] = -np.sign(table["human_valence"])
    for name, result in judge(table, samples=0)["test"].items():
        if result["value"] is not None:
            low, high = named(name).row.range
            assert low - 1e-9 <= result["value"] <= high + 1e-9, name


@pytest.mark.parametrize("of_one_answer", [True, False], ids=["against one answer", "against votes and ratings"])
def test_the_truth_is_at_least_as_good_as_the_truth_of_other_faces(of_one_answer):
    table = predictions_table(splits=("test",))
    other = table.copy()
    votes = table[VOTES].to_numpy(float)
    right = np.eye(4)[votes.argmax(axis=1)] if of_one_answer else votes / votes.sum(axis=1, keepdims=True)
    order = np.random.default_rng(0).permutation(len(table))
    table[P], other[P] = right, right[order]
    for side in ("valence", "arousal"):
        table[side], other[side] = table[f"human_{side}"], table[f"human_{side}"].to_numpy()[order]
    perfect, shuffled = (judge(each, samples=0)["test"] for each in (table, other))
    tried = 0
    for name in filter(of_model, perfect):
        values = perfect[name]["value"], shuffled[name]["value"]
        if (named(name).row.needs in (LABELS, MAJORITY)) == of_one_answer and None not in values:
            assert better(name) * (values[0] - values[1]) >= -1e-12, name
            tried += better(name) != 0
    assert tried > 20


def test_places_are_taken_once_and_ratings_have_two_sides():
    for place in ("place", "compared"):
        taken = [getattr(row, place) for row in METRICS if getattr(row, place)]
        assert len(taken) == len(set(taken))
    assert COMPARED[0] == "l1"  # the first of many pairs is shown by it
    assert {"valence_ccc", "arousal_ccc"} <= set(PLACED)
    assert not any(row.name.startswith(("valence", "arousal")) for row in METRICS if row.needs == RATINGS)


@pytest.mark.parametrize(
    ("name", "arrow", "words"),
    [
        ("accuracy", "↑", "accuracy"),
        ("majority_weighted_f1", "↑", "majority weighted F1"),
        ("temperature_votes_accuracy", "↑", "temperature votes accuracy"),
        ("temperature_l1", "↓", "temperature L1"),
        ("arousal_rmse", "↓", "arousal RMSE"),
        ("soft_f1_fear", "↑", "soft F1 fear"),
        ("ceiling_panel10_l1", "↓", "ceiling panel10 L1"),
        ("people_brier_uncertainty", "", "people Brier uncertainty"),
        ("temperature_votes", "", "temperature votes"),
        ("unheard_of", "", "unheard of"),
    ],
)
def test_a_name_is_read_whatever_stands_before_it(name, arrow, words):
    assert (direction(name), spoken(name)) == (arrow, words)
