"""noisy-labels: the gate, margins of made-up trainings against scipy's paired t, and the presets."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from fer_exp.config import LabelsConfig, MethodConfig, TrainConfig
from fer_exp.config.folder import options
from fer_exp.methods import METHODS
from fer_exp.runs import Run
from fer_exp.runs.naming import run_name
from fer_exp.runs.slim import slim
from fer_exp.studies.noisy_labels import study
from fer_exp.studies.noisy_labels.cells import OF_TWO_VIEWS
from fer_exp.studies.presets import accuracies, gain, read_preset, read_published
from fer_exp.studies.trained import Trained

ACCURACY = {"gce": [0.5, 0.75, 0.625], "elr": [0.25, 0.875, 0.5], "ce": [0.375, 0.5, 0.75]}
LOSES = 0.25  # what the best epoch of a made-up training is above its last


def training(place, words, seed, accuracy, rate=0.4, loses=LOSES, repeats=None, selects=None):
    """A finished training of a method with what is given; accuracy None: never run."""
    name = words.partition(" ")[0]
    labels = LabelsConfig(kind="noisy", noise="symmetric", rate=rate)
    config = TrainConfig(labels=labels, method=MethodConfig(name=name), seed=seed, output=str(place / words))
    typed = dict(word.split("=") for word in f"method={words}".split())
    each = Trained(typed, config, Run(place / words / run_name(config, {})))
    if accuracy is None:
        return each
    each.run.folder.mkdir(parents=True)
    facts = {} if repeats is None else {"taught": {"wrong_memorised": repeats, "train_accuracy": 0.75}}
    (each.run.folder / "run.json").write_text(json.dumps(facts))
    values = {"accuracy": accuracy, "accuracy_best_test": accuracy + loses}
    judged = {"test": {metric: {"value": value} for metric, value in values.items()}}
    (each.run.folder / "metrics.json").write_text(json.dumps(judged))
    if selects is not None:
        pd.DataFrame(selects).rename_axis("epoch").reset_index().to_parquet(each.run.folder / "history.parquet")
    return each


def three_seeds(place, accuracy=ACCURACY, **more):
    return [training(place, name, s, value, **more) for name in accuracy for s, value in enumerate(accuracy[name])]


def built(trained):
    outcome = study.build(trained, read_preset("noisy-labels", "smoke"), {})
    return {table.name: table for table in outcome.tables}, outcome.notes


@pytest.mark.parametrize(("loses", "is_open"), [(0.0499, False), (0.0501, True)])
def test_methods_are_ranked_only_where_ce_loses_five_points_between_its_best_epoch_and_its_last(
    tmp_path, loses, is_open
):
    trained = three_seeds(tmp_path / "at40", loses=loses) + three_seeds(tmp_path / "at60", rate=0.6)
    tables, notes = built(trained)
    assert tables["stage"].rows["ranked"].tolist() == [is_open, True]
    assert set(tables["margins"].rows["rate"]) == ({0.4, 0.6} if is_open else {0.6})
    assert notes == ([] if is_open else ["nothing to survive at 40 %: ce loses 5.0 points"])
    assert set(tables["accuracy"].rows["rate"]) == {0.4, 0.6}  # what was measured is shown all the same


def test_without_ce_or_its_best_epoch_nothing_is_ranked(tmp_path):
    tables, notes = built(three_seeds(tmp_path, {"gce": [0.5], "elr": [0.25]}))
    assert "margins" not in tables
    assert notes == ["not ranked: ce is not finished, or test was not looked at after every epoch"]


def test_best_last_and_repeated_stand_side_by_side(tmp_path):
    tables, _ = built([training(tmp_path, "ce", s, 0.5, repeats=r) for s, r in enumerate([0.46875, 0.53125])])
    shown = tables["accuracy"].shown.iloc[0]
    low, high = stats.t.interval(0.95, 1, 50, stats.sem([46.875, 53.125]))
    assert shown["best"] == "75.0 [75.0, 75.0]"
    assert shown["last"] == "50.0 [50.0, 50.0]"
    assert shown["repeated"] == f"50.0 [{low:.1f}, {high:.1f}]"
    assert shown["training"] == "75.0"
    assert tables["stage"].shown["so"].item() == "ranked: ce loses 25.0 points"


def test_an_interval_of_a_share_ends_at_0_and_100(tmp_path):
    tables, _ = built([training(tmp_path, "ce", s, 0.5, repeats=r) for s, r in enumerate([0.25, 0.75])])
    assert tables["accuracy"].shown["repeated"].item() == "50.0 [0.0, 100.0]"


def test_the_csv_has_every_pair_once_and_the_shown_table_those_with_ce(tmp_path):
    """ce is what others are held against, wherever it stands."""
    table = built(three_seeds(tmp_path))[0]["margins"]
    rows, p = table.rows.to_dict("records"), {}
    assert [(row["method"], row["over"]) for row in rows] == [("gce", "ce"), ("elr", "ce"), ("elr", "gce")]
    for row in rows:
        one, other = 100 * np.array(ACCURACY[row["method"]]), 100 * np.array(ACCURACY[row["over"]])
        tested = stats.ttest_rel(one, other)
        low, high = tested.confidence_interval(0.95)
        assert (row["accuracy"], row["seeds"]) == (pytest.approx((one - other).mean()), 3)
        assert (row["accuracy_low"], row["accuracy_high"]) == (pytest.approx(low), pytest.approx(high))
        assert row["accuracy_over_best"] == pytest.approx((one - other).mean() - 100 * LOSES)
        assert row["accuracy_best_test"] == pytest.approx((one - other).mean())
        p[row["method"], row["over"]] = tested.pvalue
    assert table.shown["method"].tolist() == ["gce", "elr"]
    shown = [("gce", "ce"), ("elr", "ce")]
    corrected = multipletests([p[pair] for pair in shown], method="holm")[1]
    assert [row["p_holm"] for row in rows[:2]] == pytest.approx(corrected)
    assert np.isnan(rows[2]["p_holm"])


def test_a_method_of_two_views_is_also_held_against_ce_on_both(tmp_path):
    accuracy = {"ce": [0.25, 0.5], "ce_two_views": [0.5, 0.25], "gce": [0.5, 0.5], "dnfer": [0.75, 0.5]}
    shown = built(three_seeds(tmp_path, accuracy))[0]["margins"].shown
    assert set(zip(shown["method"], shown["over"], strict=True)) == {
        ("ce_two_views", "ce"),
        ("gce", "ce"),
        ("dnfer", "ce"),
        ("dnfer", "ce_two_views"),
    }


def test_ours_is_held_against_every_other_method(tmp_path):
    table = built(three_seeds(tmp_path, ACCURACY | {"evidence": [0.75, 0.875, 0.5]}))[0]["ours"]
    assert table.shown["evidence less"].tolist() == ["gce", "elr", "ce"]
    gains = {name: 100 * np.mean(np.subtract([0.75, 0.875, 0.5], values)) for name, values in ACCURACY.items()}
    assert dict(zip(table.rows["over"], table.rows["accuracy"], strict=True)) == pytest.approx(gains)


def test_methods_are_paired_under_the_same_noise_and_with_the_seeds_that_both_have(tmp_path):
    trained = [training(tmp_path, "ce", seed, value) for seed, value in enumerate([0.5, 0.25, 0.75])]
    trained += [training(tmp_path, "gce", seed, value) for seed, value in enumerate([0.75, None, 0.5])]
    trained += [training(tmp_path, "elr", 0, 0.125, rate=0.2)]  # nothing to hold it against
    table = built(trained)[0]["margins"]
    row = table.rows.to_dict("records")
    assert [(each["method"], each["over"], each["rate"], each["seeds"]) for each in row] == [("gce", "ce", 0.4, 2)]
    assert row[0]["accuracy"] == pytest.approx(0)
    assert "not run: 1" in table.shown["last"].item()


def test_a_method_with_another_key_is_an_arm_of_its_own(tmp_path):
    trained = [training(tmp_path, words, 0, 0.5) for words in ("ce", "mixup", "mixup method.alpha=8")]
    assert built(trained)[0]["accuracy"].shown["method"].tolist() == ["ce", "mixup", "mixup alpha=8"]


def test_selection_is_that_of_the_last_epoch(tmp_path):
    history = {"selection_precision": [0.25, 0.75], "selection_recall": [0.5, 1.0], "selected_share": [0.5, 0.25]}
    trained = [training(tmp_path, "ce", 0, 0.5, selects={"train_loss": [1.0, 0.5]})]
    table = built([*trained, training(tmp_path, "dnfer", 0, 0.5, selects=history)])[0]["selection"]
    row = table.shown[["method", "precision", "recall", "selected"]].to_numpy().tolist()
    assert row == [["dnfer", "75.0", "100.0", "25.0"]]


@pytest.mark.parametrize("scale", ["smoke", "full"])
def test_these_scales_train_every_method(scale):
    trained = {method for grid in read_preset("noisy-labels", scale).grids for method in grid["method"]}
    assert trained == set(options("method"))


def test_what_a_time_limit_cuts_off_is_the_least_telling():
    trainings = list(read_preset("noisy-labels", "small").combinations())
    first = [one["method"] for one in trainings[:11]]
    assert first[0] == "ce"
    assert set(first) <= set(options("method"))
    assert {(one["seed"], one["labels.rate"]) for one in trainings[:11]} == {("0", "0.4")}
    rates = dict.fromkeys(one["labels.rate"] for one in trainings if one["seed"] == "0")
    assert list(rates) == ["0.4", "0.6", "0.2", "0.8", "0.3"]
    assert [one["seed"] for one in trainings[:110:22]] == ["0", "1", "2", "3", "4"]  # all rates that matter, by seed


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


def test_methods_of_two_views_are_those_that_say_so():
    assert {name for name, method in METHODS.items() if len(method.views) > 1} == set(OF_TWO_VIEWS)


def test_the_figure_leaves_out_cells_of_a_single_seed(tmp_path):
    one = [training(tmp_path, "gce", 0, 0.5, rate=rate) for rate in (0.2, 0.4)]
    several = [training(tmp_path, "ce", seed, 0.25 * (seed + 1), rate=rate) for rate in (0.2, 0.4) for seed in (0, 1)]
    draw = study.build([*several, *one], read_preset("noisy-labels", "smoke"), {}).figures["accuracy"]
    panels = draw().axes
    assert [axes.get_title() for axes in panels] == ["20 % wrong", "40 % wrong"]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["ce"]
    drawn = {float(point) for line in panels[0].get_lines() for point in np.atleast_1d(line.get_xdata())}
    assert drawn == {37.5, 37.5 + 100 * LOSES}  # last and best, means of 25 and 50
    assert study.build(one, read_preset("noisy-labels", "smoke"), {}).figures["accuracy"]() is None


def test_the_tables_of_slim_runs_that_keep_what_was_judged_are_the_same(tmp_path):
    history = {"selected_share": [0.5], "selection_precision": [0.75], "selection_recall": [0.625],
               "selected_share_fear": [0.25], "test_accuracy": [0.5], "test_l1": [1.0]}  # fmt: skip
    trained = three_seeds(tmp_path, repeats=0.5, selects=history)
    kept = []
    for one in trained:
        facts = one.run.facts | {"noise": {"classes": ["fear"]}, "config": {"seed": one.config.seed}}
        one.run.path("facts").write_text(json.dumps(facts))
        judged = one.run.metrics["test"] | {"f1_fear": {"value": 0.5}}
        one.run.path("metrics").write_text(json.dumps({"test": judged}))
        pd.DataFrame({"face": ["a"], "p_fear": [1.0]}).to_parquet(one.run.path("predictions"))
        run = slim(Run(one.run.folder), tmp_path / "slim" / one.words["method"], judged=True)
        kept.append(Trained(one.words, one.config, run))
        assert not run.wrote("predictions")
        assert list(run.history) == ["epoch", *list(history)[:3], "test_accuracy"]
        assert "f1_fear" not in run.metrics["test"]
    for (name, before), after in zip(built(trained)[0].items(), built(kept)[0].values(), strict=True):
        pd.testing.assert_frame_equal(before.rows, after.rows, obj=name)
