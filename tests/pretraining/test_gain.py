"""The linear probe of scripts/pretraining_gain.py, which says what a pretraining is worth, against scikit-learn's."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression


@pytest.fixture(scope="module")
def gain() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "pretraining_gain.py"
    spec = importlib.util.spec_from_file_location("pretraining_gain", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_linear_probe_is_a_logistic_regression_with_a_penalty_per_face(gain):
    random = np.random.default_rng(0)
    label = random.integers(0, 4, 300)
    features = random.normal(size=(300, 12)) + random.normal(size=(4, 12))[label]
    reference = LogisticRegression(C=1 / (300 * gain.PENALTY), tol=1e-8, max_iter=1000).fit(features, label)
    weight = gain.logistic(features, label)
    np.testing.assert_allclose(weight[:-1].T, reference.coef_, atol=2e-4)
    scores = gain.with_one(features) @ weight
    ours = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ours, reference.predict_proba(features), atol=1e-4)


def test_a_table_with_probes_missing_has_empty_cells(gain):
    rows = [("random", 0, "linear probe", 0.5), ("random", 0, "40 % wrong, epoch 3", 0.4)]
    rows += [("random", 1, "40 % wrong, epoch 3", 0.5), ("contrast", 0, "40 % wrong, epoch 3", 0.6)]
    table = pd.DataFrame(rows, columns=["start", "seed", "measure", "accuracy"])
    shown = gain.shown_table(table).set_index("start")
    assert shown.loc["contrast", "linear probe"] == ""
    assert shown.loc["contrast", "40 % wrong, epoch 3"] == "60.0; +20.0"
    assert shown.loc["random", "linear probe"] == "50.0"
