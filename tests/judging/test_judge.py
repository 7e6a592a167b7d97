import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss

from fer_exp.errors import RequestError
from fer_exp.judging.ceiling import halves
from fer_exp.judging.judge import judge
from fer_exp.metrics import distribution
from fer_exp.metrics.ambiguity import entropy_correlation
from fer_exp.metrics.registry import REPAIRS
from tests.judging.tables import CLASSES, predictions_table

DISTANCES = ("l1", "jensen_shannon_divergence", "kl_divergence", "soft_cross_entropy", "chebyshev", "cosine", "clark")
P, VOTES = [f"p_{name}" for name in CLASSES], [f"votes_{name}" for name in CLASSES]


def test_l1_is_the_mean_over_faces_by_hand():
    table = predictions_table()
    for split, part in table.groupby("split"):
        total = 0.0
        for _, row in part.iterrows():
            votes = [row[name] for name in VOTES]
            total += sum(abs(row[p] - v / sum(votes)) for p, v in zip(P, votes, strict=True))
        value = judge(table, samples=0)[split]["l1"]["value"]
        assert value == pytest.approx(total / len(part), abs=1e-12)


def test_metrics_against_labels_equal_sklearn():
    part = predictions_table(splits=("test",))
    result = judge(part, samples=0)["test"]
    predicted = np.array(CLASSES)[part[P].to_numpy().argmax(axis=1)]
    present = sorted(set(part["label"]))
    order = sorted(CLASSES)
    assert result["accuracy"]["value"] == pytest.approx(accuracy_score(part["label"], predicted))
    f1 = f1_score(part["label"], predicted, labels=present, average="macro")
    assert result["macro_f1"]["value"] == pytest.approx(f1)
    loss = log_loss(part["label"], part[[f"p_{name}" for name in order]], labels=order)
    assert result["nll"]["value"] == pytest.approx(loss)


def test_classes_meet_by_name_not_by_order():
    table = predictions_table()
    rest = [name for name in table if name not in VOTES]
    assert judge(table[VOTES[::-1] + rest], samples=20) == judge(table, samples=20)


def test_every_interval_holds_its_value_and_the_result_is_json():
    metrics = judge(predictions_table(), samples=200)
    assert list(metrics) == ["val", "test"]
    for results in metrics.values():
        assert {"accuracy", "l1", "entropy_correlation", "classwise_ece", "arousal_sagr"} <= set(results)
        assert {f"ceiling_{name}" for name in [*DISTANCES, "entropy_correlation", "accuracy"]} <= set(results)
        for name, result in results.items():
            assert list(result)[:4] == ["value", "low", "high", "n"]
            if "hit_rate_" not in name:
                assert result["n"] == 60
            of_model = name not in REPAIRS and not name.startswith(
                ("calibrated_", "vector_votes_weight", "vector_votes_bias")
            )
            assert not of_model or "hit_rate_" in name or result["persons"] == 20
            if (
                "ece" not in name
                and "brier_re" not in name
                and result["low"] is not None
                and result["value"] is not None
            ):  # ece's replicates are biased upwards
                assert result["low"] - 1e-9 <= result["value"] <= result["high"] + 1e-9, name
        rates = [name for name in results if name.startswith("hit_rate_")]
        assert sum(results[name]["n"] for name in rates) == 60  # each stands on the faces of its class
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_no_interval_of_a_few_faces_reaches_where_its_metric_has_no_values():
    """Least and most typed by hand; Student's intervals of four faces reach far beyond."""
    found = judge(predictions_table(faces=4).drop(columns="subject"), samples=200)["test"]
    ends = {"vote_correlation": (-1, 1), "l1": (0, 2), "accuracy": (0, 1), "valence_ccc": (-1, 1), "macro_f1": (0, 1)}
    for name, (least, most) in ends.items():
        assert least <= found[name]["low"] <= found[name]["value"] <= found[name]["high"] <= most, name
    assert found["vote_correlation"]["low"] == -1 or found["vote_correlation"]["high"] == 1


def test_the_same_seed_gives_the_same_numbers_and_another_only_other_intervals():
    table = predictions_table()
    assert judge(table, samples=50, seed=3) == judge(table, samples=50, seed=3)
    one, other = (judge(table, samples=50, seed=seed)["test"]["l1"] for seed in (3, 4))
    assert one["value"] == other["value"]
    assert one["low"] != other["low"]


def test_persons_are_resampled_only_where_all_are_known():
    table = predictions_table(splits=("test",))
    by_person = judge(table, samples=100)["test"]["l1"]
    table.loc[0, "subject"] = None
    by_face = judge(table, samples=100)["test"]["l1"]
    assert by_face == judge(table.drop(columns="subject"), samples=100)["test"]["l1"]
    assert by_person["low"] != by_face["low"]


def test_the_prior_is_a_model_with_one_answer():
    table = predictions_table(splits=("test",))
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    constant = table.copy()
    constant[P] = prior
    result, same = judge(table, samples=50, prior=prior)["test"], judge(constant, samples=50)["test"]
    for name in [*DISTANCES, "accuracy", "nll", "ece"]:
        assert result[f"prior_{name}"] == pytest.approx(same[name])
    assert result["prior_entropy_correlation"]["value"] is None
    assert judge(table, samples=50, prior={"test": prior})["test"] == result


def test_without_a_prior_the_split_gives_its_own_mean():
    table = predictions_table(splits=("test",))
    votes = table[VOTES].to_numpy()
    own = (votes / votes.sum(axis=1, keepdims=True)).mean(axis=0)
    given = judge(table, samples=0, prior=own)["test"]
    for name, result in judge(table, samples=0)["test"].items():
        assert result == pytest.approx(given[name], abs=1e-12), name
    labels_only = judge(table.drop(columns=VOTES), samples=0)["test"]
    assert labels_only["prior_accuracy"]["value"] == pytest.approx(table["label"].value_counts(normalize=True).max())


def test_halves_deal_every_vote_once_and_evenly():
    counts = np.random.default_rng(0).multinomial(9, [0.5, 0.3, 0.2], 2000)
    totals = np.zeros(counts.shape)
    for small, large in halves(counts, 4, seed=0):
        np.testing.assert_array_equal(small + large, counts)
        assert (small >= 0).all()
        assert (small.sum(axis=1) == 4).all()
        totals += small / 4
    # A multivariate hypergeometric has mean n_k * 4 / 9 and, for one class, variance 4 * q * (1 - q) * 5 / 8.
    assert (totals - counts * 4 / 9).mean() == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose((totals - counts * 4 / 9).mean(axis=0), 0, atol=0.03)
    small = halves(np.tile([6, 3, 0], (20000, 1)), 1, seed=1)[0][0]
    assert small[:, 0].var() == pytest.approx(4 * (2 / 3) * (1 / 3) * 5 / 8, rel=0.05)


def test_the_ceiling_is_one_half_judged_against_the_other():
    table = predictions_table(splits=("test",))
    counts = table[VOTES].to_numpy()
    values = []
    for small, large in halves(counts, 20, seed=0):
        pair = large / large.sum(axis=1, keepdims=True), small / small.sum(axis=1, keepdims=True)
        values.append([distribution.l1(*pair).mean(), float(entropy_correlation(*pair)(None))])
    result = judge(table, samples=0, seed=0)["test"]
    expected = np.mean(values, axis=0)
    assert result["ceiling_l1"]["value"] == pytest.approx(expected[0], abs=1e-12)
    assert result["ceiling_entropy_correlation"]["value"] == pytest.approx(expected[1], abs=1e-12)


def test_ceiling_accuracy_shares_ties():
    table = pd.DataFrame(
        {"face": list("ab"), "split": "test", "p_x": 0.5, "p_y": 0.5, "label": "x", "votes_x": 2, "votes_y": [2, 0]}
    )
    # Half of (2, 2) is (2, 0), (1, 1) or (0, 2): right 1, 1/2 or 0 times; half of (2, 0) is always right.
    values = [judge(table, samples=0, seed=seed)["test"]["ceiling_accuracy"]["value"] for seed in range(30)]
    assert np.mean(values) == pytest.approx(0.75, abs=0.02)


def test_metrics_without_a_human_side_are_left_out_and_n_counts_what_was_used():
    table = predictions_table(splits=("test",))
    table.loc[:9, VOTES] = None
    table.loc[10:11, VOTES] = 0
    table.loc[12, VOTES] = [1, 0, 0, 0]
    table.loc[20:24, "label"] = None
    table.loc[30:, "human_valence"] = None
    result = judge(table.drop(columns="arousal"), samples=10)["test"]
    assert result["l1"]["n"] == 48
    assert result["ceiling_l1"]["n"] == 47
    assert result["ceiling_accuracy"]["n"] == 42
    assert result["accuracy"]["n"] == 55
    assert result["valence_ccc"]["n"] == 30
    assert not any(name.startswith("arousal") for name in result)


@pytest.mark.filterwarnings("error")
def test_undefined_values_are_none():
    table = predictions_table(splits=("test",))
    table[P], table["valence"] = [0.7, 0.1, 0.1, 0.1], 0.1
    result = judge(table, samples=50)["test"]
    assert result["entropy_correlation"] == {"value": None, "low": None, "high": None, "n": 60, "persons": 20}
    assert result["valence_pearson"]["value"] is None
    assert result["valence_ccc"]["value"] == 0


@pytest.mark.filterwarnings("error")
def test_one_face_has_values_but_no_intervals():
    result = judge(predictions_table(1, splits=("test",)), samples=50)["test"]
    assert result["l1"]["value"] is not None
    assert result["l1"]["low"] is None
    assert result["valence_ccc"]["value"] is None
    json.dumps(result, allow_nan=False)


@pytest.mark.filterwarnings("error")
def test_one_class_of_labels_is_judged():
    table = predictions_table(splits=("test",)).assign(label="sadness")
    result = judge(table, samples=50)["test"]
    assert result["balanced_accuracy"]["value"] == pytest.approx(result["accuracy"]["value"])


@pytest.mark.filterwarnings("error")
def test_certain_predictions_and_unanimous_votes_are_judged():
    table = predictions_table(splits=("test",))
    table[P], table[VOTES] = np.eye(4)[np.arange(60) % 4], 10 * np.eye(4, dtype=int)[np.arange(60) % 3]
    json.dumps(judge(table, samples=50), allow_nan=False)


@pytest.mark.parametrize("prior", [np.ones(4), np.ones(3) / 3, np.array([2.0, -1.0, 0.0, 0.0]), np.full(4, np.nan)])
def test_an_unusable_prior_is_refused(prior):
    with pytest.raises(RequestError, match="4 probabilities that sum to 1"):
        judge(predictions_table(), prior=prior)


def test_other_unusable_requests_are_refused():
    with pytest.raises(RequestError, match="cannot be negative"):
        judge(predictions_table(), samples=-1)
    with pytest.raises(RequestError, match="no face has a label, votes or ratings"):
        judge(predictions_table()[["face", "split", *P]])
