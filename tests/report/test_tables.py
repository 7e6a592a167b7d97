import io

import pytest
from rich.console import Console

from fer_exp.human.judge import judge
from fer_exp.report.tables import direction, metrics_table, runs_table
from tests.human.tables import predictions_table


def printed(table, width=80, terminal=False):
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=terminal).print(table)
    return stream.getvalue()


@pytest.fixture(scope="module")
def metrics():
    return judge(predictions_table(), samples=50)


def test_80_columns_show_every_metric_whole(metrics):
    text = printed(metrics_table(metrics, "test"))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    for name, result in metrics["test"].items():
        if not name.startswith(("prior_", "ceiling_")):
            assert f"{name} {direction(name)}" in text
            assert f"{result['value']:.3f} [{result['low']:.3f}, {result['high']:.3f}]" in lines[name]
    assert f"{metrics['test']['prior_l1']['value']:.3f}" in lines["l1"]
    assert f"{metrics['test']['ceiling_l1']['value']:.3f}" in lines["l1"]


def test_no_control_codes_where_nobody_watches(metrics):
    assert "\x1b" not in printed(metrics_table(metrics, "test"))
    assert "\x1b" in printed(metrics_table(metrics, "test"), terminal=True)


def test_undefined_is_a_dash():
    rows = {"test": {"l1": {"value": None, "low": None, "high": None, "n": 1}}}
    assert "–" in printed(metrics_table(rows, "test"))
    assert "–" in printed(runs_table([({"seed": 0}, rows)]))


def test_many_runs_share_one_table(metrics):
    other = {"test": {"l1": {"value": 0.25, "low": 0.2, "high": 0.3, "n": 1234}}}
    runs = [({"labels.kind": "soft", "seed": 0}, metrics), ({"labels.kind": "onehot", "method": "ce"}, other)]
    text = printed(runs_table(runs))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    for word in ("labels", ".kind", "seed", "method", "soft", "onehot", "0.250", "0.200–0.300", "accuracy", "l1 ↓"):
        assert word in text
    assert "f1 ↑" in printed(runs_table(runs, metrics=("macro_f1", "not_there")))


@pytest.mark.parametrize("metric", ["accuracy", "cosine", "valence_ccc", "arousal_sagr", "rater_equivalents"])
def test_more_is_better_points_up(metric):
    assert direction(metric) == "↑"


@pytest.mark.parametrize("metric", ["l1", "ece", "valence_rmse", "kl_divergence", "clark"])
def test_less_is_better_points_down(metric):
    assert direction(metric) == "↓"
