"""noisy-labels: margins of made-up trainings, against scipy's paired t."""

import json

import numpy as np
import pytest
from scipy import stats

from fer_exp.config import LabelsConfig, MethodConfig, TrainConfig
from fer_exp.config.folder import options
from fer_exp.runs import Run
from fer_exp.runs.naming import run_name
from fer_exp.studies import noisy_labels
from fer_exp.studies.presets import accuracies, gain, read_preset, read_published
from fer_exp.studies.trained import Trained

ACCURACY = {"gce": [0.5, 0.75, 0.625], "elr": [0.25, 0.875, 0.5], "ce": [0.375, 0.5, 0.75]}


def training(place, method, seed, accuracy, rate=0.4):
    """A finished training of a method, of which only its test accuracy is known; None: never run."""
    labels = LabelsConfig(kind="noisy", noise="symmetric", rate=rate)
    config = TrainConfig(labels=labels, method=MethodConfig(name=method), seed=seed, output=str(place / "runs"))
    each = Trained({"method": method}, config, Run(place / "runs" / run_name(config, {})))
    if accuracy is not None:
        each.run.folder.mkdir(parents=True)
        (each.run.folder / "run.json").write_text("{}")
        (each.run.folder / "metrics.json").write_text(json.dumps({"test": {"accuracy": {"value": accuracy}}}))
    return each


def margins(trained):
    tables = noisy_labels.build(trained, read_preset("noisy-labels", "smoke")).tables
    return {table.name: table for table in tables}["margins"]


def test_the_csv_has_every_pair_once_and_the_shown_table_those_with_ce(tmp_path):
    """ce is what others are held against, wherever it stands."""
    trained = [training(tmp_path, name, s, value) for name in ACCURACY for s, value in enumerate(ACCURACY[name])]
    rows = margins(trained).rows
    assert list(zip(rows["method"], rows["over"], strict=True)) == [("gce", "ce"), ("elr", "ce"), ("elr", "gce")]
    for row in rows.to_dict("records"):
        one, other = 100 * np.array(ACCURACY[row["method"]]), 100 * np.array(ACCURACY[row["over"]])
        low, high = stats.ttest_rel(one, other).confidence_interval(0.95)
        assert (row["accuracy"], row["seeds"]) == (pytest.approx((one - other).mean()), 3)
        assert (row["accuracy_low"], row["accuracy_high"]) == (pytest.approx(low), pytest.approx(high))
    assert margins(trained).shown["method"].tolist() == ["gce", "elr"]


def test_methods_are_paired_under_the_same_noise_and_with_the_seeds_that_both_have(tmp_path):
    trained = [training(tmp_path, "ce", seed, value) for seed, value in enumerate([0.5, 0.25, 0.75])]
    trained += [training(tmp_path, "gce", seed, value) for seed, value in enumerate([0.75, None, 0.5])]
    trained += [training(tmp_path, "elr", 0, 0.125, rate=0.2)]  # nothing to hold it against
    table = margins(trained)
    row = table.rows.to_dict("records")
    assert [(each["method"], each["over"], each["rate"], each["seeds"]) for each in row] == [("gce", "ce", 0.4, 2)]
    assert row[0]["accuracy"] == pytest.approx(0)
    assert "not run: 1" in table.shown["last"].item()


@pytest.mark.parametrize("scale", ["smoke", "small", "full"])
def test_every_scale_trains_every_method(scale):
    trained = {method for grid in read_preset("noisy-labels", scale).grids for method in grid["method"]}
    assert trained == set(options("method"))


@pytest.mark.parametrize(
    ("corpus", "method", "over", "rate", "points"),
    [
        ("ferplus", "co_teaching", "ce", 0.1, (0.13, "IDFER")),  # and not 86.00 less the 83.29 of another table
        ("rafdb", "jocor", "ce", 0.4, (6.36, "IDFER")),
        ("ferplus", "eac", "ce", 0.1, (3.74, "LA-Net")),
        ("rafdb", "eac", "co_teaching", 0.1, None),  # stand in no table together
        ("rafdb", "eac", "ce", 0.4, None),
    ],
)
def test_published_margins_are_within_one_table(corpus, method, over, rate, points):
    published = read_published("noisy-labels")
    theirs, base = (accuracies(published, corpus, name, rate, "faces.pt") for name in (method, over))
    assert gain(theirs, base) == points


def test_figures_from_alike_first_weights_come_first():
    published = read_published("noisy-labels")
    assert [one.value for one in accuracies(published, "rafdb", "eac", 0.3, "none")] == [68.20, 84.42]
    assert [one.value for one in accuracies(published, "rafdb", "eac", 0.3, "faces.pt")] == [84.42, 68.20]
