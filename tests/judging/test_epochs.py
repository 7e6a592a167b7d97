"""The metrics of every epoch, and the accuracies of a whole training, against slow plain Python."""

import math
import statistics

import numpy as np
import pandas as pd
import pytest

from fer_exp.judging.epochs import accuracies, accuracies_of, judged_history
from fer_exp.judging.judge import judge
from fer_exp.judging.predictions import check_predictions
from tests.judging.tables import CLASSES, predictions_table


@pytest.fixture(scope="module")
def table():
    """Some faces without votes, a label, or ratings."""
    frame = check_predictions(predictions_table(40))
    frame.loc[frame.index[:3], [f"votes_{name}" for name in CLASSES]] = np.nan
    frame.loc[frame.index[5], "label"] = None
    frame.loc[frame.index[7:10], "human_valence"] = np.nan
    return frame


def answers(table, epochs, splits=("val", "test"), affect=True):
    generator = np.random.default_rng(1)
    made = []
    for _ in range(epochs):
        made.append({})
        for split in splits:
            faces = int((table["split"] == split).sum())
            made[-1][split] = generator.dirichlet(np.ones(len(CLASSES)), faces).astype(np.float32)
            if affect:
                made[-1][f"{split}_affect"] = generator.uniform(-1, 1, (faces, 2)).astype(np.float32)
    return made


def test_every_epoch_is_judged_as_by_hand(table):
    history = pd.DataFrame({"epoch": [1, 2], "val_accuracy": [0.1, 0.2]})
    said = answers(table, 2)
    judged = judged_history(history, table, said)
    assert judged["val_accuracy"].tolist() == [0.1, 0.2]  # training's own stays
    for number, split in [(0, "val"), (1, "val"), (0, "test"), (1, "test")]:
        part = table[table["split"] == split].reset_index(drop=True)
        distances, entropies, right, pairs = [], [], [], []
        for i, face in part.iterrows():
            p = [float(each) for each in said[number][split][i]]
            votes = [face[f"votes_{name}"] for name in CLASSES]
            if face["label"] is not None:
                right.append(CLASSES[p.index(max(p))] == face["label"])
            if not math.isnan(votes[0]):
                u = [each / sum(votes) for each in votes]
                distances.append(sum(abs(a - b) for a, b in zip(u, p, strict=True)))
                entropies.append([-sum(x * math.log(x) for x in side if x > 0) for side in (u, p)])
            if not math.isnan(face["human_valence"]):
                pairs.append((face["human_valence"], float(said[number][f"{split}_affect"][i, 0])))
        x, y = zip(*pairs, strict=True)
        mean_x, mean_y = statistics.fmean(x), statistics.fmean(y)
        covariance = statistics.fmean((a - mean_x) * (b - mean_y) for a, b in pairs)
        ccc = 2 * covariance / (statistics.pvariance(x) + statistics.pvariance(y) + (mean_x - mean_y) ** 2)
        row = judged.iloc[number]
        accuracy = "val_clean_accuracy" if split == "val" else "test_accuracy"
        assert row[accuracy] == pytest.approx(statistics.fmean(right), abs=1e-12)
        assert row[f"{split}_l1"] == pytest.approx(statistics.fmean(distances), abs=1e-9)
        correlation = statistics.correlation(*zip(*entropies, strict=True))
        assert row[f"{split}_entropy_correlation"] == pytest.approx(correlation, abs=1e-9)
        assert row[f"{split}_valence_ccc"] == pytest.approx(ccc, abs=1e-9)


def test_an_epoch_has_the_values_that_judge_would_give_it(table):
    said = answers(table, 1)
    judged = judged_history(pd.DataFrame({"epoch": [1]}), table, said).iloc[0]
    told = table.copy()
    for split in ("val", "test"):
        rows = told["split"] == split
        told.loc[rows, [f"p_{name}" for name in CLASSES]] = said[0][split].astype(float)
        told.loc[rows, ["valence", "arousal"]] = said[0][f"{split}_affect"].astype(float)
    for split, rows in judge(told, samples=0).items():
        names = [name for name in judged.index if name.startswith(f"{split}_")]
        assert len(names) > 50
        for name in names:
            metric = name.removeprefix(f"{split}_").replace("clean_accuracy", "accuracy")
            assert judged[name] == pytest.approx(rows[metric]["value"], abs=1e-9), name


def test_what_was_not_kept_gets_no_columns_or_empty_cells(table):
    history = pd.DataFrame({"epoch": [1, 2]})
    assert judged_history(history, table, [{}, {}]).columns.tolist() == ["epoch"]
    some = judged_history(history, table, [{}, *answers(table, 1, ("val",), affect=False)])
    assert some["val_l1"].isna().tolist() == [True, False]
    assert not any(name.startswith(("test_", "val_valence")) for name in some)


def test_of_equal_epochs_the_first_is_taken():
    val = np.array([0.5, 0.7, 0.6, 0.7, 0.2, 0.1])
    val[3] += 1e-7  # the same faces right, summed in another order
    test = [0.30, 0.40, 0.60, 0.55, 0.60, 0.20]
    found = accuracies(pd.DataFrame({"val_accuracy": val, "test_accuracy": test}))
    assert found == {
        "accuracy_last5": pytest.approx((0.40 + 0.60 + 0.55 + 0.60 + 0.20) / 5),
        "accuracy_best_val": 0.40,
        "accuracy_best_test": 0.60,
    }


def test_accuracies_need_test_after_every_epoch(table):
    assert accuracies(pd.DataFrame({"val_accuracy": [0.5]})) == {}
    assert accuracies(pd.DataFrame({"val_accuracy": [0.5, 0.6], "test_accuracy": [np.nan, 0.5]})) == {}
    assert accuracies_of(None, table) == {}
    history = pd.DataFrame({"val_accuracy": [0.5], "test_accuracy": [0.25]})
    labelled = int(table.loc[table["split"] == "test", "label"].notna().sum())
    assert accuracies_of(history, table)["accuracy_best_val"] == {
        "value": 0.25,
        "low": None,
        "high": None,
        "n": labelled,
    }
