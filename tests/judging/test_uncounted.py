"""Distributions of people in fractions: Emotion6's file, s-JAFFE's mean ratings, shares of a known number of raters."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.metrics.registry import METRICS, SHARED

NAMES = ["anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"]
OURS = [name.replace("joy", "happiness") for name in NAMES]
FACES = [f"anger/{n}.jpg" for n in range(30)]
HUMAN = np.random.default_rng(0).multinomial(15, [0.3, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1], 30) / 15
MODEL = 0.7 * HUMAN + 0.3 / 7


@pytest.fixture
def pred(tmp_path, monkeypatch):
    """pred.csv, and Emotion6's ground_truth.txt: names in brackets, tabs, valence from 1 to 9, probabilities."""
    monkeypatch.chdir(tmp_path)
    pd.DataFrame(MODEL, columns=NAMES).assign(image=FACES, valence=np.linspace(-1, 1, 30)).to_csv(
        "pred.csv", index=False
    )
    truth = pd.DataFrame({"[image_filename]": FACES, "[valence]": np.linspace(1, 9, 30).round(4), "[arousal]": 5.0})
    truth = truth.assign(**{f"[prob. {name}]": HUMAN[:, k].round(6) for k, name in enumerate(NAMES)})
    truth.to_csv("ground_truth.txt", sep="\t", index=False)
    return tmp_path


def judged(*words) -> dict:
    assert main(["evaluate", "bootstrap=20", *words, "output=out.json"]) == 0
    return json.loads(Path("out.json").read_text(encoding="utf-8"))["test"]


def test_shares_of_nobody_knows_how_many_are_judged_and_what_needs_counts_is_left_out(pred, capsys):
    found = judged("predictions=pred.csv", "votes=ground_truth.txt", "scale=[1,9]")
    said = capsys.readouterr()
    assert found["l1"]["value"] == pytest.approx(np.abs(HUMAN - MODEL).sum(axis=1).mean(), abs=1e-5)
    assert found["squared_error"]["value"] == pytest.approx(((HUMAN - MODEL) ** 2).sum(axis=1).mean(), abs=1e-5)
    assert found["valence_ccc"]["value"] == pytest.approx(1, abs=1e-3)
    assert not [name for name in found if name.startswith(("ceiling_", "calibrated_people"))]
    assert {"kl_divergence_corrected", "squared_error_corrected", "rater_equivalents"}.isdisjoint(found)
    assert "is not known: metrics that need counts are left out (ceilings, " in said.out + said.err


def same(found, expected):
    """Every metric to 1e-9, where bins do not hang on the last bit: columns in another order are summed in another."""
    for name, row in expected.items():
        if "ece" not in name and "brier_re" not in name:
            near = {key: pytest.approx(value, rel=1e-9, abs=1e-12) for key, value in row.items() if value is not None}
            assert found[name] == row | near, name


def test_a_known_number_of_raters_makes_shares_counts_again(pred, capsys):
    counts = pd.DataFrame((15 * HUMAN).round().astype(int), columns=NAMES).assign(face=FACES)
    counts.to_csv("counts.csv", index=False)
    as_counts = judged("predictions=pred.csv", "votes=counts.csv")
    by_key = judged("predictions=pred.csv", "votes=ground_truth.txt", "raters=15", "scale=[1,9]")
    same(by_key, as_counts)
    own = pd.read_csv("pred.csv").rename(columns=dict(zip(NAMES, [f"p_{name}" for name in OURS], strict=True)))
    own = own.assign(**{f"votes_{name}": HUMAN[:, k] for k, name in enumerate(OURS)}, raters=15)
    own.to_csv("own.csv", index=False)
    same(judged("predictions=own.csv"), as_counts)
    assert "raters says how many people each row of shares is of" in capsys.readouterr().err


def test_mean_ratings_a_class_are_divided_by_their_sum_and_are_no_votes(pred, capsys):
    """JAFFE's six adjectives, from 1 to 5, below its own short names."""
    short = dict(zip(["HAP", "SAD", "SUR", "ANG", "DIS", "FEA"], [3, 4, 5, 0, 1, 2], strict=True))
    means = pd.DataFrame({name: 1 + 4 * HUMAN[:, k] for name, k in short.items()}).round(2).assign(PIC=FACES)
    means.to_csv("jaffe.csv", index=False)
    classes = "classes=[happy,sad,surprise,anger,disgust,fear]"
    found = judged("predictions=pred.csv", "votes=jaffe.csv", classes)
    shares = means[list(short)].to_numpy()
    shares = shares / shares.sum(axis=1, keepdims=True)
    model = MODEL[:, list(short.values())]
    model = model / model.sum(axis=1, keepdims=True)
    assert found["l1"]["value"] == pytest.approx(np.abs(shares - model).sum(axis=1).mean())
    assert "taken as mean ratings, each row divided by its sum" in capsys.readouterr().err
    assert main(["evaluate", "predictions=pred.csv", "votes=jaffe.csv", "raters=60", classes]) == 2
    assert "raters=60 says nothing of them" in capsys.readouterr().err


def test_a_fraction_among_counts_stays_a_slip(pred, capsys):
    counts = pd.DataFrame((15 * HUMAN).round(), columns=NAMES).assign(face=FACES)
    counts.loc[4, "fear"] = 2.5
    counts.to_csv("counts.csv", index=False)
    assert main(["evaluate", "predictions=pred.csv", "votes=counts.csv"]) == 2
    assert "row 5: fear is '2.5'" in capsys.readouterr().err
    own = pd.DataFrame(MODEL, columns=[f"p_{name}" for name in OURS]).assign(face=FACES)
    own = own.assign(**{f"votes_{name}": counts[old] for name, old in zip(OURS, NAMES, strict=True)})
    own.to_csv("own.csv", index=False)
    assert main(["evaluate", "predictions=own.csv"]) == 2
    assert "row 5: votes_fear is '2.5'" in capsys.readouterr().err


def test_compare_takes_them_too_and_leaves_out_what_one_of_them_lacks(pred, capsys):
    pd.DataFrame(np.full((30, 7), 1 / 7), columns=NAMES).assign(image=FACES).to_csv("flat.csv", index=False)
    words = ["compare", "pred.csv", "flat.csv", "votes=ground_truth.txt", "scale=[1,9]", "bootstrap=20"]
    assert main([*words, "permutations=20", "output=c"]) == 0
    found = json.loads(Path("c.json").read_text(encoding="utf-8"))
    assert "rater_equivalents" not in found["metrics"]
    assert any("metrics that need counts are left out" in note for note in found["notes"])
    assert any("not all of them have it: valence_ccc" in note for note in found["notes"])


def test_every_metric_that_needs_counts_says_so():
    assert {row.name for row in METRICS if "corrected" in row.name} <= {
        row.name for row in METRICS if row.needs == SHARED
    }
