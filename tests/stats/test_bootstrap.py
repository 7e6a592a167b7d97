import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from fer_exp.metrics import affect
from fer_exp.metrics.classification import onehot
from fer_exp.metrics.faces import Faces
from fer_exp.metrics.registry import ECE, MACRO_F1
from fer_exp.stats import bootstrap as b


def test_replicates_are_counts_of_as_many_draws_as_faces():
    weights = np.concatenate(list(b.resample_weights(50, 400, seed=0)))
    assert weights.shape == (400, 50)
    assert (weights.sum(axis=1) == 50).all()
    assert (weights == weights.round()).all()
    assert weights.mean() == 1
    assert weights.var() == pytest.approx(1 - 1 / 50, abs=0.05)  # multinomial: n p (1 - p) with p = 1 / n


def test_faces_of_one_person_stay_together():
    codes = np.array([0, 0, 1, 2, 2, 2])
    weights = np.concatenate(list(b.resample_weights(codes, 300, seed=1)))
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_chunks_change_nothing(monkeypatch):
    whole = np.concatenate(list(b.resample_weights(30, 100, seed=2)))
    monkeypatch.setattr(b, "CHUNK", 30 * 7)
    pieces = list(b.resample_weights(30, 100, seed=2))
    assert len(pieces) == 15
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("clustered", [False, True])
def test_weighted_replicates_equal_resampling_the_same_faces(clustered):
    generator = np.random.default_rng(3)
    faces, classes = 40, 4
    codes = np.arange(faces) // 3 if clustered else np.arange(faces)
    labels, p = generator.integers(0, classes, faces), generator.dirichlet(np.ones(classes), faces)
    x, y = generator.normal(size=faces), generator.normal(size=faces)
    truth = onehot(labels, classes)
    for weights in b.resample_weights(codes, 25, seed=4):
        for row in range(25):
            drawn = np.repeat(np.arange(faces), weights[row].astype(int))  # the faces of the replicate themselves
            pairs = [
                (b.weighted_mean(x, weights)[row], x[drawn].mean()),
                (affect.ccc(x, y, weights)[row], affect.ccc(x[drawn], y[drawn])),
                (affect.pearson(x, y)(weights)[row], np.corrcoef(x[drawn], y[drawn])[0, 1]),
                (ECE(Faces(truth, p))(weights)[row], ECE(Faces(truth[drawn], p[drawn]))(None)),
                (MACRO_F1(Faces(truth, p))(weights)[row], MACRO_F1(Faces(truth[drawn], p[drawn]))(None)),
            ]
            for weighted, brute in pairs:
                assert float(weighted) == pytest.approx(float(brute), abs=1e-9)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    generator = np.random.default_rng(5)
    hits = 0
    for repeat in range(200):
        x = generator.normal(0.3, 1, 60)
        _, low, high = b.intervals({"mean": lambda w, x=x: b.weighted_mean(x, w)}, np.arange(60), 300, repeat)["mean"]
        hits += low <= 0.3 <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_intervals_of_ten_persons_cover_as_those_of_many():
    generator = np.random.default_rng(7)
    hits = np.zeros(2)
    for repeat in range(1000):
        x = generator.normal(0.3, 1, 10)
        drawn = b.replicates({"mean": b.mean_of(x)}, np.arange(10), 500, repeat)["mean"]
        for i, clusters in enumerate((None, 10)):
            low, high = b.percentile_interval(drawn, clusters=clusters)
            hits[i] += low <= 0.3 <= high
    assert hits[0] / 1000 < 0.925 < hits[1] / 1000 < 0.975


def test_a_jackknife_of_a_mean_is_students_interval_over_clusters():
    values, codes = np.random.default_rng(8).normal(size=30), np.repeat(np.arange(10), 3)
    found = b.jackknife(b.mean_of(values), codes)
    each = values.reshape(10, 3).mean(axis=1)
    expected = stats.t.interval(0.95, 9, each.mean(), stats.sem(each))
    assert found == pytest.approx((each.mean(), *expected))


def test_clusters_that_agree_within_widen_the_interval():
    codes = np.repeat(np.arange(20), 10)
    x = np.repeat(np.random.default_rng(6).normal(size=20), 10)
    statistic = {"mean": lambda w: b.weighted_mean(x, w)}
    _, low, high = b.intervals(statistic, codes, 500, 0)["mean"]
    _, narrow_low, narrow_high = b.intervals(statistic, np.arange(200), 500, 0)["mean"]
    assert high - low > 2 * (narrow_high - narrow_low)


def test_undefined_stays_none():
    nothing = b.intervals({"r": lambda w: np.asarray(np.nan)}, np.arange(4), 0, 0)
    assert nothing == {"r": (None, None, None)}
    one = b.intervals({"mean": lambda w: b.weighted_mean(np.array([2.0]), w)}, np.array([0]), 100, 0)
    assert one == {"mean": (2.0, None, None)}
    assert b.percentile_interval(np.array([1.0, np.nan, np.nan])) == (None, None)
    assert b.percentile_interval(np.array([1.0, 1.0, np.nan])) == (1.0, 1.0)


def test_the_interval_is_numpys_percentiles():
    replicates = np.random.default_rng(8).normal(size=1000)
    low, high = b.percentile_interval(replicates)
    assert (low, high) == pytest.approx(tuple(np.quantile(replicates, [0.025, 0.975])), abs=1e-12)


@pytest.mark.parametrize(("hits", "faces"), [(40, 40), (0, 7), (4, 4)])
def test_a_share_of_all_or_none_has_the_ends_of_clopper_and_pearson(hits, faces):
    share = b.mean_of(np.repeat([1.0, 0.0], [hits, faces - hits]), b.SHARE)
    found = b.intervals({"share": share}, np.arange(faces), samples=10, seed=0)["share"]
    assert found[0] == hits / faces
    assert found[1:] == pytest.approx(proportion_confint(hits, faces, method="beta"), abs=1e-9)


def test_a_share_of_many_faces_has_wilsons_interval_and_one_of_persons_that_of_as_many_faces_as_it_is_worth():
    right = np.repeat([1.0, 0.0], [2_700, 300])
    of_faces = b.of_share(b.mean_of(right), np.arange(3000))
    assert of_faces[1:] == pytest.approx(proportion_confint(2_700, 3000, method="wilson"), abs=1e-4)
    persons = np.arange(3000) // 10  # all faces of a person are right or wrong
    assert b.of_share(b.mean_of(right), persons)[1:] == pytest.approx(
        proportion_confint(270, 300, method="wilson"), abs=1e-3
    )


def test_a_share_of_some_faces_stands_on_these_alone_and_equal_tops_vary_in_nothing():
    some = np.arange(50) < 20
    right = np.repeat([1.0, 0.0], [15, 5])
    of_some = b.of_share(b.within(some, b.mean_of(right, b.SHARE)), np.arange(50))
    assert of_some == pytest.approx(b.of_share(b.mean_of(right, b.SHARE), np.arange(20)))
    assert b.of_share(b.mean_of(np.full(9, 1 / 7)), np.arange(9)) == pytest.approx([1 / 7] * 3)


def test_what_no_replicate_varies_in_has_no_interval():
    best = b.OfSums(np.ones((30, 1)), lambda sums, total: sums[..., 0] / total)
    assert b.intervals({"f1": best}, np.arange(30), samples=50, seed=0) == {"f1": (1.0, None, None)}
