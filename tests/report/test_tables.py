import io

import pytest
from rich.console import Console

from fer_exp.judging.judge import judge
from fer_exp.metrics.registry import HEADLINE
from fer_exp.metrics.words import direction, of_model
from fer_exp.report.tables import baselines_table, metrics_table
from tests.judging.tables import predictions_table


def printed(table, width=80, terminal=False):
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=terminal).print(table)
    return stream.getvalue()


@pytest.fixture(scope="module")
def metrics():
    return judge(predictions_table(), samples=50)


def test_80_columns_show_every_metric_whole(metrics):
    text = printed(metrics_table(metrics, "test", everything=True))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    own = [name for name in metrics["test"] if of_model(name)]
    assert {"l1", "people_ece", "vote_correlation_sadness", "rater_equivalents"} <= set(own)
    for name in own:
        result = metrics["test"][name]
        assert f"{name} {direction(name)}".strip() in text
        ends = "" if result["low"] is None else f" [{result['low']:.3f}, {result['high']:.3f}]"
        assert f"{result['value']:.3f}{ends}" in lines[name]
        chance = metrics["test"].get(f"calibrated_{name}")
        assert chance is None or f" (chance {chance['value']:.3f})" in lines[name]
    assert f"{metrics['test']['prior_l1']['value']:.3f}" in lines["l1"]
    assert f"{metrics['test']['ceiling_l1']['value']:.3f}" in lines["l1"]


def test_the_headline_is_short_and_says_what_it_leaves_out(metrics):
    text = printed(metrics_table(metrics, "test"))
    shown = [name for name in HEADLINE if name in metrics["test"]]
    assert all(f"{name} {direction(name)}" in text for name in shown)
    assert "soft_f1_sadness" not in text
    assert "more metrics: fer-exp evaluate ... all=true" in text
    assert len(text.splitlines()) < 25


def test_baselines_stand_beside_the_model_in_80_columns(metrics):
    text = printed(baselines_table(metrics, "test"))
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    for name in ("as trained", "T by labels", "T by votes", "+ uniform", "class prior"):
        assert name in text
    assert f"{metrics['test']['temperature_l1']['value']:.3f}" in text
    assert baselines_table(metrics, "val") is None  # fitted there


def test_no_control_codes_where_nobody_watches(metrics):
    assert "\x1b" not in printed(metrics_table(metrics, "test"))
    assert "\x1b" in printed(metrics_table(metrics, "test"), terminal=True)


def test_undefined_is_a_dash():
    rows = {"test": {"l1": {"value": None, "low": None, "high": None, "n": 1}}}
    assert "–" in printed(metrics_table(rows, "test"))
