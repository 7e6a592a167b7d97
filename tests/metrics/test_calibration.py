import numpy as np
import pytest
from sklearn.metrics import log_loss

from fer_exp.metrics import calibration as c
from fer_exp.metrics.classification import onehot


def ece(labels, p, weights=None):
    return c.calibration_error(*c.top_answer(onehot(labels, p.shape[1]), p))(weights)


def classwise_ece(labels, p, weights=None):
    return c.calibration_error(p, onehot(labels, p.shape[1]))(weights)


def draw(faces=120, classes=5, seed=5):
    generator = np.random.default_rng(seed)
    return generator.integers(0, classes, faces), generator.dirichlet(np.full(classes, 0.4), faces)


def loop_ece(confidence, correct, bins=15):
    """The textbook, bin by bin."""
    total = 0.0
    edges = np.linspace(0, 1, bins + 1)
    for b in range(bins):
        inside = (confidence > edges[b]) & (confidence <= edges[b + 1])
        if b == 0:
            inside |= confidence == 0
        if inside.any():
            total += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return total


EDGES = (np.array([0, 1, 2, 0]), np.array([[1.0, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.2, 0.6, 0.2], [0.4, 0.4, 0.2]]))


@pytest.mark.parametrize("data", [draw(), draw(1), draw(40, 2), EDGES])
def test_ece_equals_the_textbook_loop(data):
    labels, p = data
    right = [(row == row.max())[label] / (row == row.max()).sum() for row, label in zip(p, labels, strict=True)]
    expected = loop_ece(p.max(axis=1), np.array(right))  # one of equal tops is right as often as they are few
    assert float(ece(labels, p)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("data", [draw(), draw(1), draw(40, 2), EDGES])
def test_classwise_ece_equals_the_textbook_loop(data):
    labels, p = data
    expected = np.mean([loop_ece(p[:, k], labels == k) for k in range(p.shape[1])])
    assert float(classwise_ece(labels, p)) == pytest.approx(expected, abs=1e-9)


def test_a_calibrated_coin_has_no_error():
    assert float(ece(np.array([0, 0, 0, 1]), np.tile([0.75, 0.25], (4, 1)))) == pytest.approx(0, abs=1e-12)


def test_brier_and_nll_equal_independent_references():
    labels, p = draw()
    expected = [sum((p[i, k] - (labels[i] == k)) ** 2 for k in range(5)) for i in range(len(labels))]
    np.testing.assert_allclose(c.brier(labels, p), expected, atol=1e-12)
    assert c.nll(labels, p).mean() == pytest.approx(log_loss(labels, p, labels=range(5)), abs=1e-9)


def test_nll_of_a_certain_mistake_is_finite_and_of_a_certainty_never_negative():
    p = np.array([[1.0 + 1e-8, 0.0]])
    assert c.nll(np.array([1]), p)[0] == pytest.approx(-np.log(np.finfo(float).eps))
    assert c.nll(np.array([0]), p)[0] == 0


@pytest.mark.parametrize("metric", [ece, classwise_ece])
def test_weights_equal_repeating_faces(metric):
    labels, p = draw()
    weights = np.random.default_rng(6).integers(0, 4, (7, len(labels)))
    values = metric(labels, p, weights.astype(float))
    expected = [float(metric(np.repeat(labels, row), np.repeat(p, row, axis=0))) for row in weights]
    np.testing.assert_allclose(values, expected, atol=1e-12)


def people(faces=150, classes=5, seed=8):
    generator = np.random.default_rng(seed)
    p = generator.dirichlet(np.full(classes, 0.6), faces)
    counts = np.array([generator.multinomial(10, row) for row in p])
    return counts / 10, 0.7 * p + 0.3 * generator.dirichlet(np.full(classes, 0.4), faces)


def bins_of(values, edges):
    """By loops: the first bin holds its lower edge, each its upper one."""
    return [max(0, sum(value > edge for edge in edges[:-1]) - 1) for value in values]


@pytest.mark.parametrize("truth", ["votes", "labels"])
def test_calibration_with_equal_counts_equals_the_loop(truth):
    human, p = people()
    human = human if truth == "votes" else np.eye(5)[human.argmax(axis=1)]
    stated, happened = c.top_answer(human, p)
    edges = np.quantile(stated[:, 0], np.linspace(0, 1, 16))
    own = np.array(bins_of(stated[:, 0], edges))
    expected = sum((own == b).mean() * abs(happened[own == b].mean() - stated[own == b].mean()) for b in set(own))
    result = float(c.calibration_error(stated, happened, mass="count")(None))
    assert result == pytest.approx(expected, abs=1e-9)
    counts = np.bincount(c.bin_numbers(stated, mass="count")[:, 0])
    assert counts.max() - counts.min() <= 1


def test_calibration_against_people_equals_the_loop_and_votes_one_by_one():
    human, p = people()
    stated, happened = c.top_answer(human, p)
    expected = loop_ece(stated[:, 0], happened[:, 0])
    assert float(c.calibration_error(stated, happened)(None)) == pytest.approx(expected, abs=1e-9)
    # Ten votes as ten faces with one label each give the same: the share is the mean of events.
    labels = np.concatenate([np.repeat(np.arange(5), (row * 10).round().astype(int)) for row in human])
    assert float(ece(labels, np.repeat(p, 10, axis=0))) == pytest.approx(expected, abs=1e-9)


def test_the_debiased_error_is_kumars_for_labels():
    labels, p = draw(300)
    truth = np.eye(5)[labels]
    stated, happened = c.top_answer(truth, p)
    edges = np.quantile(stated[:, 0], np.linspace(0, 1, 16))
    own, total = np.array(bins_of(stated[:, 0], edges)), 0.0
    for b in set(own):
        inside = own == b
        acc, conf, n = happened[inside].mean(), stated[inside].mean(), inside.sum()
        total += n / len(labels) * ((acc - conf) ** 2 - acc * (1 - acc) / (n - 1))
    expected = np.sqrt(max(0, total))
    assert float(c.calibration_error_debiased(stated, happened)(None)) == pytest.approx(expected, abs=1e-9)


def test_debiasing_brings_a_calibrated_model_near_zero():
    generator = np.random.default_rng(9)
    p = generator.dirichlet(np.ones(5), 3000)
    labels = np.array([generator.choice(5, p=row) for row in p])
    stated, happened = c.top_answer(np.eye(5)[labels], p)
    plain = np.sqrt((np.abs(c.calibration_error(stated, happened, mass="count")(None))) ** 2)
    assert float(c.calibration_error_debiased(stated, happened)(None)) < plain


@pytest.mark.parametrize("truth", ["votes", "labels"])
def test_briers_parts_equal_loops_and_add_up_where_a_bin_states_one_thing(truth):
    human, p = people()
    human = human if truth == "votes" else np.eye(5)[human.argmax(axis=1)]
    parts = {name: float(part(None)) for name, part in c.brier_parts(p, human).items()}
    expected = {"reliability": 0.0, "resolution": 0.0, "uncertainty": 0.0}
    for k in range(5):
        own, base = np.array(bins_of(p[:, k], np.linspace(0, 1, 16))), human[:, k].mean()
        expected["uncertainty"] += base * (1 - base)
        for b in set(own):
            inside = own == b
            expected["reliability"] += inside.mean() * (p[inside, k].mean() - human[inside, k].mean()) ** 2
            expected["resolution"] += inside.mean() * (human[inside, k].mean() - base) ** 2
            few = human[inside, k].var(ddof=1) / len(human) if inside.sum() > 1 else 0.0
            expected["reliability"], expected["resolution"] = (
                expected["reliability"] - few,
                expected["resolution"] - few,
            )
        of_all = human[:, k].var(ddof=1) / len(human)
        expected["resolution"], expected["uncertainty"] = (
            expected["resolution"] + of_all,
            expected["uncertainty"] + of_all,
        )
    assert parts == pytest.approx(expected, abs=1e-9)
    rounded = (np.round(p * 15) - 0.5).clip(0.5, 14.5) / 15  # one value a bin
    parts = {name: float(part(None)) for name, part in c.brier_parts(rounded, human).items()}
    score = ((rounded - human) ** 2).sum(axis=1).mean() + (human * (1 - human)).sum(axis=1).mean()
    assert parts["reliability"] - parts["resolution"] + parts["uncertainty"] == pytest.approx(score, abs=1e-9)


def test_few_faces_add_next_to_nothing_to_the_reliability_of_a_calibrated_model():
    generator = np.random.default_rng(10)
    p = generator.dirichlet(np.ones(3), 300)
    found, plain = [], []
    for _ in range(200):
        happened = generator.multinomial(1, p).astype(float)
        found.append(float(c.brier_parts(p, happened)["reliability"](None)))
        sums = [
            happened[inside, k].sum() - p[inside, k].sum()
            for k in range(3)
            for b in range(15)
            if (inside := c.bin_numbers(p)[:, k] == b).any()
        ]
        counts = [inside for k in range(3) for inside in np.bincount(c.bin_numbers(p)[:, k]) if inside]
        plain.append((np.square(sums) / counts).sum() / 300)
    assert np.mean(plain) > 0.02
    assert abs(np.mean(found)) < 0.1 * np.mean(plain)


def test_a_calibrated_model_exceeds_its_error_one_time_in_twenty():
    generator = np.random.default_rng(11)
    above = np.zeros(2)
    for seed in range(4):  # of 200 samples, the level of one quantile is right to 0.015
        p = generator.dirichlet(np.ones(4), 400)
        most = c.errors_if_calibrated(p, np.ones(400, dtype=np.int64), seed=seed)
        for _ in range(200):
            happened = generator.multinomial(1, p).astype(float)
            above += [
                float(c.calibration_error(*c.top_answer(happened, p))(None)) > most["ece"],
                float(c.calibration_error(p, happened)(None)) > most["classwise_ece"],
            ]
    assert (np.abs(above / 800 - 0.05) < 3 * (0.015 / 2 + np.sqrt(0.05 * 0.95 / 800))).all()


def test_brier_against_people_is_the_mean_over_votes():
    human, p = people(20)
    for i, value in enumerate(c.brier_people(human, p)):
        votes = np.repeat(np.arange(5), (human[i] * 10).round().astype(int))
        assert value == pytest.approx(c.brier(votes, np.tile(p[i], (10, 1))).mean(), abs=1e-9)


@pytest.mark.parametrize("kind", ["debiased", "reliability", "resolution", "uncertainty", "count"])
def test_weights_equal_repeating_faces_with_the_same_bins(kind):
    human, p = people(60)
    stated, happened = c.top_answer(human, p)
    weights = np.random.default_rng(6).integers(0, 4, (5, 60)).astype(float)
    parts = c.brier_parts(p, human)
    if kind in parts:  # bins of equal width do not depend on the faces
        expected = [
            float(c.brier_parts(np.repeat(p, row, axis=0), np.repeat(human, row, axis=0))[kind](None))
            for row in weights.astype(int)
        ]
        np.testing.assert_allclose(parts[kind](weights), expected, atol=1e-9)
    else:
        make = c.calibration_error_debiased if kind == "debiased" else c.calibration_error
        statistic = make(stated, happened)
        single = [float(statistic(row)) for row in weights]
        np.testing.assert_allclose(statistic(weights), single, atol=1e-12)
