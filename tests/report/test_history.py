"""The figures of a training: what they show, and that they are left out where there is nothing to show."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from fer_exp.commands.report import report
from fer_exp.config import ReportConfig
from fer_exp.report.page import history as history_figures
from fer_exp.report.page.history import History, over_seeds
from tests.judging.tables import CLASSES, predictions_table

HEADINGS = {
    "How it was trained": ("train_loss",),
    "How near to people was it by epoch?": ("val_l1", "val_entropy"),
    "Did it learn wrong labels?": ("wrong_",),
    "Whom did it select?": ("selection_", "selected_"),
    "What did the method measure?": ("threshold_", "sharpness"),
}
"""What the columns behind a figure begin with."""


def history(epochs=6):
    """Of a method that selects, after one epoch of warm-up, under noise made on purpose."""
    generator = np.random.default_rng(0)
    names = ["train_loss", "val_loss", "val_accuracy", "train_accuracy", "train_accuracy_clean", "wrong_memorised"]
    names += [
        "wrong_recovered",
        "val_l1",
        "val_entropy_correlation",
        "val_clean_accuracy",
        "test_accuracy",
        "sharpness",
    ]
    by_class = [*history_figures.SELECTION, "threshold"]
    names += [f"{name}_{own}" for name in by_class for own in CLASSES]
    table = pd.DataFrame(generator.uniform(0, 1, (epochs, len(names))), columns=names)
    for name in history_figures.SELECTION:
        table[name] = 0.5
    table.loc[0, [name for name in table if name.startswith(("selection_", "selected_"))]] = np.nan
    table.insert(0, "epoch", range(1, epochs + 1))
    table["seconds"], table["images_per_second"] = 1.0, 100.0
    return table


def seed(epochs=6):
    return History(history(epochs))


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    predictions_table(30).to_parquet(folder / "predictions.parquet")
    (folder / "run.json").write_text(json.dumps({"config": {}}))
    (folder / "metrics.json").write_text(json.dumps({"val": {"ceiling_l1": {"value": 0.4}}}))
    return folder


def page(run):
    report(ReportConfig(run=str(run), bootstrap=0, pictures=False))
    return (run / "report.html").read_text()


def texts(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("left_out", [pytest.param(None, marks=pytest.mark.drawn), *HEADINGS])
def test_the_page_shows_a_figure_where_there_is_something_to_show(run, left_out):
    begins = HEADINGS.get(left_out, ("nothing",))
    table = history()
    table = table.drop(columns=[name for name in table if name.startswith(begins)])
    table.to_parquet(run / "history.parquet")
    shown = page(run)
    assert {heading for heading in HEADINGS if heading in shown} == set(HEADINGS) - {left_out}


def test_a_run_without_history_has_no_such_figures_and_accuracies_of_a_training_stand_in_the_table(run):
    assert not any(heading in page(run) for heading in HEADINGS)
    history().to_parquet(run / "history.parquet")
    shown = page(run)
    best = f"{history()['test_accuracy'].max():.3f}"
    assert re.search(rf"accuracy best test&nbsp;↑</th><td><strong>{best}</strong>", shown)


@pytest.mark.drawn
def test_people_are_drawn_where_they_are_known():
    drawn = history_figures.closeness(seed(), {"ceiling_l1": {"value": 0.4}})
    assert texts(drawn).count("people") == 1
    assert {"L1 ↓", "entropy correlation ↑", "epoch"} <= set(texts(drawn))
    assert "people" not in texts(history_figures.closeness(seed(), {}))


@pytest.mark.drawn
def test_what_has_a_value_a_class_is_one_panel_of_the_method_s_own():
    drawn = texts(history_figures.of_method(seed(), CLASSES))
    assert drawn.count("threshold") == drawn.count("sharpness") == 1
    assert set(CLASSES) <= set(drawn)
    assert "all" not in drawn
    alone = texts(history_figures.of_method(History(history()[["epoch", "sharpness"]]), CLASSES))
    assert not set(CLASSES) & set(alone)


@pytest.mark.drawn
def test_clean_validation_labels_are_drawn_apart_only_under_noise():
    assert "validation, clean labels" in history_figures.training(seed())
    plain = history().drop(columns="train_accuracy_clean")
    assert "validation, clean labels" not in history_figures.training(History(plain))
    assert history_figures.training(seed(1)) is not None  # a single epoch


@pytest.mark.drawn
def test_a_single_epoch_is_drawn_as_points_also_class_by_class():
    circle = "M 0 2.5"  # how the SVG begins a circle 5 points wide
    assert circle in history_figures.training(seed(1))
    assert circle in history_figures.of_method(seed(1), CLASSES)
    assert circle in history_figures.selection(History(history(2).iloc[1:]), CLASSES)
    assert circle not in history_figures.training(seed(6))


def test_histories_of_seeds_are_averaged_over_the_epochs_that_all_have():
    one, other = history(3), history(2)
    other["train_loss"] += 1
    mean, low, high = over_seeds([one, other])
    assert mean["epoch"].tolist() == [1, 2]
    assert mean["train_loss"].to_numpy() == pytest.approx((one["train_loss"][:2] + other["train_loss"]).to_numpy() / 2)
    assert (low["train_loss"] < high["train_loss"]).all()
    assert over_seeds([one]) == (one, None, None)
