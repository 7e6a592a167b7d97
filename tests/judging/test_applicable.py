"""Which metrics apply follows from what people said of the faces, and from nothing else."""

import numpy as np
import pytest

from fer_exp.judging.applicable import applies, arrays, statistics
from fer_exp.judging.predictions import check_predictions
from tests.judging.tables import CLASSES, predictions_table

VOTES = [f"votes_{name}" for name in CLASSES]
RATED = ["human_valence", "human_arousal"]


def part(**columns):
    table = predictions_table(12, splits=("test",)).assign(**columns)
    return arrays(check_predictions(table), CLASSES)


@pytest.mark.parametrize(
    ("columns", "there"),
    [
        ({}, {"labels", "votes", "shared", "valence", "arousal"}),
        (dict.fromkeys(VOTES), {"labels", "valence", "arousal"}),
        (dict.fromkeys(VOTES, 0) | {VOTES[0]: 1}, {"labels", "votes", "valence", "arousal"}),  # a single rater a face
        ({"label": None}, {"votes", "shared", "valence", "arousal"}),
        (dict.fromkeys(RATED), {"labels", "votes", "shared"}),
        ({"valence": None}, {"labels", "votes", "shared", "arousal"}),
        ({"label": None, **dict.fromkeys([*VOTES, *RATED])}, set()),
    ],
)
def test_groups_are_those_that_some_face_has(columns, there):
    judged = part(**columns)
    assert set(statistics(judged, CLASSES)) == there
    assert {need for need, faces in applies(judged).items() if faces.any()} - {"majority"} == there


def test_named_metrics_are_the_same_alone_as_among_all():
    judged = part()
    names = ("l1", "f1_sadness", "majority_accuracy", "valence_ccc", "squared_error")
    alone, every = (
        {
            name: each(None)
            for _, group in statistics(judged, CLASSES, names=only).values()
            for name, each in group.items()
        }
        for only in (names, None)
    )
    assert set(alone) == set(names)
    assert alone == {name: every[name] for name in names}
    assert len(every) > 80


def test_references_are_judged_by_the_same_metrics_without_detail():
    judged = part()
    uniform = np.full((12, 4), 0.25)
    found = {
        name for _, group in statistics(judged, CLASSES, references={"uniform": uniform}).values() for name in group
    }
    assert {"uniform_l1", "uniform_majority_accuracy", "uniform_earth_movers_distance"} <= found
    assert not {"uniform_f1_sadness", "uniform_ece_debiased", "uniform_valence_ccc"} & found
