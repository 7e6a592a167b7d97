"""A sweep's table: seeds averaged, what rows do not share said, and the line that compares them can be run."""

import io
import json
import shlex

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from fer_exp.cli import main
from fer_exp.cli.next_steps import compare_line
from fer_exp.files import write_json
from fer_exp.judging.judge import judge
from fer_exp.report.sweep import Job, comparable, rows_of, summary, sweep_table
from fer_exp.runs import Run
from tests.judging.tables import predictions_table


@pytest.fixture
def trained(tmp_path):
    """Makes a finished run: its predictions, metrics and config."""

    def make(labels="soft", seed=0, faces=40, value=None):
        table = predictions_table().query("split == 'test'").head(faces).reset_index(drop=True)
        run = Run(tmp_path / f"{labels}-seed{seed}-0a1b")
        run.folder.mkdir()
        run.write("predictions", table)
        metrics = judge(table, samples=20, only="test")
        if value is not None:
            metrics["test"]["accuracy"]["value"] = value
        write_json(run.path("metrics"), metrics)
        write_json(run.path("facts"), {"config": {"seed": seed, "labels": {"kind": labels}}})
        return run

    return make


def printed(table, width=80):
    stream = io.StringIO()
    Console(file=stream, width=width).print(table)
    return stream.getvalue()


def job(run, **words):
    return Job({key.replace("_", "."): str(value) for key, value in words.items()}, run)


def test_seeds_are_averaged_with_students_interval_and_a_single_one_has_none(trained):
    values = [0.5, 0.6, 0.55]
    jobs = [job(trained(seed=seed, value=value), labels="soft", seed=seed) for seed, value in enumerate(values)]
    jobs.append(job(trained("onehot", 3, value=0.125), labels="onehot", seed=3))
    rows = rows_of(jobs)
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    over = rows[0].over("accuracy")
    assert (over["low"], over["high"], over["over"], over["runs"]) == pytest.approx((low, high, "seeds", 3))
    text = printed(sweep_table(rows))
    assert f"{low:.3f}–{high:.3f}" in text
    assert "0, 1, 2" in text
    assert "other seeds on the same faces (Student's t), none of a single seed" in " ".join(text.split())
    (line,) = [line for line in text.splitlines() if "0.125" in line]
    below = text.splitlines()[text.splitlines().index(line) + 1]
    assert "–" not in below
    assert max(map(len, text.splitlines())) <= 80
    rows = summary(rows).content["rows"]
    assert rows[1]["metrics"]["accuracy"]["over"] == "faces"
    assert rows[0]["seeds"] == [0, 1, 2]
    json.dumps(rows, allow_nan=False)


def test_two_seeds_reach_as_far_as_two_numbers_can_say(trained):
    (row,) = rows_of([job(trained(seed=seed, value=0.5 + seed / 100), seed=seed) for seed in range(2)])
    over = row.over("accuracy")
    assert over["high"] - over["value"] == pytest.approx(0.01 / 2 * stats.t.ppf(0.975, 1))
    (row,) = rows_of([job(trained("onehot", seed, value=0.5 + seed / 10), seed=seed) for seed in range(2)])
    assert (row.over("accuracy")["low"], row.over("accuracy")["high"]) == (0, 1), "no accuracy is above 1"


def test_one_seed_a_row_says_that_its_intervals_are_over_faces(trained):
    text = printed(sweep_table(rows_of([job(trained(), labels="soft"), job(trained("onehot"), labels="onehot")])))
    assert "over test faces; one seed a row says nothing of other trainings" in " ".join(text.split())
    assert text.count("–") > 2
    assert "40" in text


def test_a_run_that_two_jobs_share_counts_once(trained):
    run = trained()
    (row,) = rows_of([job(run, seed=0), job(run, seed=0)])
    assert row.over("accuracy")["runs"] == 1


def test_rows_and_columns_of_other_faces_are_said_and_compared_on_those_of_all(trained, capsys):
    soft, hard = trained(), trained("onehot", faces=30)
    outcome = summary(rows_of([job(soft, labels_rule="all"), job(hard, labels_rule="majority")]))
    (line,) = [note for note in outcome.notes if note.startswith("rows have different test faces")]
    assert "labels.rule=all 40, labels.rule=majority 30; compare rows only on the 30 that all have" in line
    words, reason = comparable([soft, hard])
    assert (words, reason) == (["common=true"], "")
    line = compare_line([[soft.folder], [hard.folder]], words)
    assert main([*shlex.split(line)[1:], "bootstrap=5", "permutations=5", "metrics=[l1]"]) == 0
    assert "30 faces" in capsys.readouterr().out


def test_columns_of_other_faces_are_said(trained):
    run = trained()
    metrics = run.metrics
    metrics["test"]["l1"]["n"] = 37
    write_json(run.path("metrics"), metrics)
    (line,) = [note for note in summary(rows_of([job(Run(run.folder))])).notes if note.startswith("columns")]
    assert "accuracy 40" in line
    assert "l1 37" in line


def test_runs_without_a_face_in_common_are_no_comparison(trained):
    one, other = trained(), trained("onehot")
    table = other.predictions.assign(face=[f"other {number}" for number in range(40)])
    other.write("predictions", table)
    words, reason = comparable([one, Run(other.folder)])
    assert words == []
    assert "no face in common" in reason


def test_failed_and_missing_jobs_are_named_by_what_sets_them_apart(trained):
    jobs = [
        Job({"a": "1", "seed": "0"}, trained()),
        Job({"a": "1", "seed": "1"}, error="full"),
        Job({"a": "1", "seed": "2"}),
    ]
    outcome = summary(rows_of(jobs))
    assert outcome.notes[0].startswith("failed, 1: seed=1 (")
    assert outcome.notes[1].startswith("missing, 1: seed=2 (")
    assert "1 of 3" in printed(outcome.screen[0])
    assert outcome.content["rows"][0]["failed"] == ["seed=1"]
