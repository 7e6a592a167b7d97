import numpy as np
import pingouin
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from fer_exp.stats import tests as t


def pair(faces=60, seed=0, shift=0.2):
    generator = np.random.default_rng(seed)
    a = generator.gamma(2.0, 0.3, faces)
    return a, 0.7 * a + shift * generator.normal(1, 1, faces)


CASES = [pair(), pair(5, 1), pair(400, 2, 0.01), (np.array([1.0, 2.0]), np.array([1.5, 1.0]))]


def permutation(a, b, clusters=None, samples=10_000):
    """p of one pair; of single faces where no persons are given."""
    codes = np.arange(len(a)) if clusters is None else clusters
    return float(t.permutations(np.stack([a, b], axis=1), [(0, 1)], codes, samples)[0])


def column(frame, *names):
    """pingouin has renamed its columns between releases."""
    return float(next(frame[name].iloc[0] for name in names if name in frame))


@pytest.mark.parametrize("lists", CASES)
def test_t_tests_equal_pingouin(lists):
    a, b = lists
    for ours, options in [
        (t.student_t, {"correction": False}),
        (t.welch_t, {"correction": True}),
        (t.paired_t, {"paired": True}),
    ]:
        theirs = pingouin.ttest(a, b, **options)
        result = ours(a, b)
        assert result.statistic == pytest.approx(column(theirs, "T"), abs=1e-9)
        assert result.p == pytest.approx(column(theirs, "p-val", "p_val"), abs=1e-9)
        assert result.df == pytest.approx(column(theirs, "dof"), abs=1e-9)


@pytest.mark.parametrize("lists", CASES)
def test_effect_sizes_equal_pingouin_and_the_definition(lists):
    a, b = lists
    assert t.cohens_d(a, b) == pytest.approx(pingouin.compute_effsize(a, b, eftype="cohen"), abs=1e-9)
    assert t.cohens_dz(a, b) == pytest.approx((a - b).mean() / (a - b).std(ddof=1), abs=1e-9)


@pytest.mark.parametrize("lists", [*CASES, (np.round(pair(80)[0], 1), np.round(pair(80)[1], 1))])
def test_wilcoxon_equals_pingouin(lists):
    a, b = lists
    differs = a != b
    theirs = pingouin.wilcoxon(a[differs], b[differs], correction=False)
    assert t.wilcoxon(a, b).statistic == pytest.approx(column(theirs, "W-val", "W_val"), abs=1e-9)
    assert t.wilcoxon(a, b).p == pytest.approx(column(theirs, "p-val", "p_val"), abs=1e-9)


def test_the_published_t_test_comes_out_of_lists_with_its_t_and_p():
    # Washington et al. 2021: t = 3.2827, p = 0.0014. Two lists of 53 (df = 104, which gives that p) with a chosen t.
    faces, wanted = 53, 3.2827
    generator = np.random.default_rng(0)
    one, other = (side - side.mean() for side in generator.gamma(2, 0.2, (2, faces)))
    pooled = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)
    onehot, soft = 0.9 + one, 0.9 + other - wanted * pooled * np.sqrt(2 / faces)
    result = t.student_t(onehot, soft)
    assert result.statistic == pytest.approx(3.2827, abs=1e-9)
    assert round(result.p, 4) == 0.0014
    assert result.df == 104
    assert t.cohens_d(onehot, soft) == pytest.approx(3.2827 * np.sqrt(2 / faces), abs=1e-9)


def test_permutation_is_exact_for_few_faces_and_equals_scipy():
    a, b = pair(8, 3)
    theirs = stats.permutation_test((a, b), lambda x, y: (x - y).mean(), permutation_type="samples", n_resamples=np.inf)
    assert permutation(a, b) == pytest.approx(theirs.pvalue, abs=1e-9)


def test_permutation_of_many_faces_is_near_the_t_test_and_depends_on_the_seed_alone():
    a, b = pair(300, 4, 0.35)
    b = b + (a - b).mean() - 0.03
    first = permutation(a, b, samples=20_000)
    assert first == permutation(a, b, samples=20_000)
    assert first == pytest.approx(t.paired_t(a, b).p, abs=0.02)


def test_permutation_by_person_swaps_all_faces_of_a_person():
    generator = np.random.default_rng(5)
    persons = np.repeat(np.arange(12), 20)
    difference = np.repeat(generator.normal(0.3, 1, 12), 20)
    a, b = difference, np.zeros(240)
    clustered = permutation(a, b, persons, samples=5000)
    sums = np.bincount(persons, difference)
    exact = permutation(sums, np.zeros(12))
    assert clustered == pytest.approx(exact, abs=1e-9)
    assert permutation(a, b, samples=2000) < clustered


@pytest.mark.parametrize("counts", [(10, 3, 4, 20), (5, 0, 9, 1), (3, 6, 6, 2), (4, 0, 0, 3)])
def test_mcnemar_equals_statsmodels(counts):
    both, first, second, neither = counts
    theirs = mcnemar([[both, first], [second, neither]], exact=True)
    assert t.mcnemar(first, second).p == pytest.approx(theirs.pvalue, abs=1e-9)


@pytest.mark.parametrize("values", [[0.01, 0.04, 0.03, 0.5], [0.5, 0.9], [0.02], [0.2, 0.2, 0.001, 1.0, 0.04]])
def test_holm_equals_statsmodels(values):
    assert t.holm(values) == pytest.approx(list(multipletests(values, method="holm")[1]), abs=1e-12)
    assert np.isnan(t.holm([*values, np.nan])[-1])
    assert t.holm([*values, np.nan])[:-1] == t.holm(values)


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_tested_is_nan_without_a_warning():
    same, one = np.full(10, 0.3), np.array([0.3])
    for test in (t.student_t, t.welch_t, t.paired_t):
        assert np.isnan(test(same, same).p)
        assert np.isnan(test(one, one).p)
    a = np.linspace(0, 1, 9)
    assert np.isnan(t.paired_t(a + 0.1, a).p)
    assert np.isnan(t.cohens_d(same, same))
    assert np.isnan(t.cohens_d(one, one))
    assert np.isnan(t.cohens_dz(a + 0.1, a))
    assert t.wilcoxon(a, a).p == 1
    assert permutation(a, a) == 1
    assert t.holm([]) == []
