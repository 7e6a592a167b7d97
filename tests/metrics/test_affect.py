import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import root_mean_squared_error

from fer_exp.metrics import affect as a


def draw(faces=80, seed=7, shift=0.0, scale=1.0):
    generator = np.random.default_rng(seed)
    human = generator.uniform(-1, 1, faces) * scale + shift
    return human, 0.6 * human + generator.normal(0, 0.3, faces) * scale


def loop_ccc(x, y):
    """Lin 1989 with sums."""
    n = len(x)
    mx, my = sum(x) / n, sum(y) / n
    vx, vy = sum((x - mx) ** 2) / n, sum((y - my) ** 2) / n
    return 2 * (sum((x - mx) * (y - my)) / n) / (vx + vy + (mx - my) ** 2)


@pytest.mark.parametrize("data", [draw(), draw(2), draw(50, 8, 3.0), draw(50, 9, 1000.0, 1e-2), draw(50, 9, 0, 1e-6)])
def test_equals_independent_references(data):
    human, model = data
    assert float(a.ccc(human, model)) == pytest.approx(loop_ccc(human, model), abs=1e-9)
    assert float(a.pearson(human, model)(None)) == pytest.approx(pearsonr(human, model)[0], abs=1e-9)
    assert float(a.rmse(human, model)) == pytest.approx(root_mean_squared_error(human, model), abs=1e-9)
    agreement = np.mean([(x > 0) == (y > 0) and (x < 0) == (y < 0) for x, y in zip(human, model, strict=True)])
    assert float(a.sagr(human, model)) == pytest.approx(agreement, abs=1e-9)


def test_ccc_uses_population_variances():
    human, model = draw(50)
    assert float(a.ccc(human, model)) == pytest.approx(loop_ccc(human, model), abs=1e-12)
    mx, my = human.mean(), model.mean()
    sample = 2 * np.cov(human, model)[0, 1] / (human.var(ddof=1) + model.var(ddof=1) + (mx - my) ** 2)
    assert abs(float(a.ccc(human, model)) - sample) > 1e-6


@pytest.mark.parametrize("constant", [0.0, 0.1, 0.3, -1 / 3, 1e5 / 3])
def test_a_constant_has_no_correlation_and_no_concordance(constant):
    human, _ = draw()
    same = np.full(80, constant)
    assert np.isnan(a.pearson(human, same)(None))
    assert float(a.ccc(human, same)) == 0
    assert np.isnan(a.ccc(same, same))
    weights = np.random.default_rng(0).integers(0, 3, (5, 80)).astype(float)
    assert np.isnan(a.pearson(human, same)(weights)).all()


def test_a_replicate_of_one_repeated_face_is_undefined():
    human, model = draw()
    weights = np.zeros((80, 80)) + 80 * np.eye(80)
    assert np.isnan(a.pearson(human, model)(weights)).all()
    assert np.isnan(a.ccc(human, model, weights)).all()


def pearson(human, model, weights=None):
    return a.pearson(human, model)(weights)


@pytest.mark.parametrize("metric", [a.ccc, pearson, a.rmse, a.sagr, a.icc, a.slope])
def test_weights_equal_repeating_faces(metric):
    human, model = draw(shift=0.2)
    weights = np.random.default_rng(6).integers(0, 4, (7, 80))
    expected = [float(metric(np.repeat(human, row), np.repeat(model, row))) for row in weights]
    np.testing.assert_allclose(metric(human, model, weights.astype(float)), expected, atol=1e-12)


@pytest.mark.parametrize("data", [draw(), draw(5), draw(50, 8, 3.0), draw(50, 9, 0.4, 0.2)])
def test_icc_equals_pingouin(data):
    import pandas as pd
    import pingouin

    human, model = data
    frame = pd.DataFrame(
        {"face": np.tile(np.arange(len(human)), 2), "rater": np.repeat(["people", "model"], len(human))}
    )
    frame["rating"] = np.concatenate([human, model])
    table = pingouin.intraclass_corr(frame, targets="face", raters="rater", ratings="rating")
    single = table[table["Type"].isin(["ICC2", "ICC(A,1)"])]["ICC"].iloc[0]
    assert float(a.icc(human, model)) == pytest.approx(single, abs=1e-9)


def test_icc_is_undefined_for_one_face_and_for_constants():
    assert np.isnan(a.icc(np.array([0.2]), np.array([0.3])))
    assert np.isnan(a.icc(np.full(5, 0.2), np.full(5, 0.3)))
