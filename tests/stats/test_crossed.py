from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.formula.api import ols

from fer_exp.stats.crossed import Runs, spread

FACES = 5
EVERY = np.array(list(product(range(FACES), repeat=FACES)))  # every bootstrap sample that there is


def runs_of(values):
    return Runs(values.mean(axis=1), values[:, EVERY].mean(axis=2))


def mean_squares(values):
    """Of runs, faces and what is left of a table of both, by statsmodels."""
    runs, faces = (axis.ravel() for axis in np.indices(values.shape))
    frame = pd.DataFrame({"y": values.ravel(), "run": runs, "face": faces})
    table = sm.stats.anova_lm(ols("y ~ C(run) + C(face)", frame).fit())
    return (table["sum_sq"] / table["df"]).to_numpy()


@pytest.mark.parametrize("apart", [0.0, 0.3, 3.0])
def test_a_mean_over_runs_and_faces_has_the_error_of_the_analysis_of_variance(apart):
    generator = np.random.default_rng(int(apart * 10))
    values = generator.normal(size=FACES) + apart * generator.normal(size=(4, 1)) + generator.normal(size=(4, FACES))
    of_runs, of_faces, rest = mean_squares(values)
    found = spread([(1.0, runs_of(values))], FACES)
    variance, df = of_faces / (4 * FACES), FACES - 1.0
    if of_runs > rest:
        variance = (of_runs + of_faces - rest) / (4 * FACES)
        parts = of_runs**2 / 3 + of_faces**2 / (FACES - 1) + rest**2 / (3 * (FACES - 1))
        df = (of_runs + of_faces - rest) ** 2 / parts
    assert found.value == pytest.approx(values.mean())
    assert found.error == pytest.approx(np.sqrt(variance), rel=1e-3)  # 3,125 samples less one
    assert found.df == pytest.approx(df, rel=1e-3)


def test_one_run_against_one_is_the_paired_t_test_of_faces():
    a, b = np.random.default_rng(1).normal(size=(2, FACES))
    found = spread([(1.0, runs_of(a[None])), (-1.0, runs_of(b[None]))], FACES)
    assert found.p() == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-3)
    low, high = stats.ttest_rel(a, b).confidence_interval()
    assert found.interval() == pytest.approx((low, high), rel=1e-3)


def test_runs_that_answer_all_faces_alike_are_welchs_two_samples():
    a, b = np.array([0.1, 0.5, 0.3]), np.array([0.9, 0.2])
    sides = [Runs(each, np.repeat(each[:, None], 9, axis=1)) for each in (a, b)]
    found = spread([(1.0, sides[0]), (-1.0, sides[1])], 1000)
    welch = stats.ttest_ind(a, b, equal_var=False)
    assert (found.p(), found.df) == pytest.approx((welch.pvalue, welch.df))


def test_what_does_not_vary_or_is_not_there_has_no_interval():
    same = Runs(np.array([0.5]), np.full((1, 9), 0.5))
    assert spread([(1.0, same), (-1.0, same)], 9).p() == 1.0
    assert spread([(1.0, Runs(np.array([0.5]), np.empty((1, 0))))], 9).interval() == (None, None)
    assert spread([(1.0, same)], 1).interval() == (None, None)


def test_what_differs_alike_on_every_face_has_no_p():
    """Two faces that one model has right and the other wrong: their signs alone would have p = .5."""
    one, none = runs_of(np.ones((1, FACES))), runs_of(np.zeros((1, FACES)))
    found = spread([(1.0, one), (-1.0, none)], FACES)
    assert found.value == 1
    assert np.isnan(found.p())
    assert found.interval() == (None, None)
    assert spread([(1.0, one), (-1.0, one)], FACES).p() == 1
