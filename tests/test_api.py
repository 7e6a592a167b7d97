"""What ``import fer_exp`` gives: the same numbers as the commands, from frames or files, without a word or a file."""

import doctest
import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fer_exp
from fer_exp.cli import main
from fer_exp.config import SCHEMAS
from tests.judging.tables import predictions_table

VERBS = ("agreement", "compare", "crowd", "evaluate", "plan")


@pytest.fixture
def answers() -> pd.DataFrame:
    """Six workers on 30 tasks; the last one presses one button, in no time."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 30)
    said = np.where(rng.random((30, 6)) < 0.8, truth[:, None], rng.integers(0, 3, (30, 6)))
    said[:, 5] = 0
    rows = pd.MultiIndex.from_product([range(30), range(6)], names=["Image Name", "worker"]).to_frame(index=False)
    rows["label"] = np.array(["Happy", "sad", "fear"])[said.ravel()]
    rows["seconds"] = np.where(rows["worker"] == 5, 0.5, 4.0)
    return rows


def test_importing_is_light_and_names_are_there_when_asked_for():
    code = (
        "import sys, fer_exp; assert not {'pandas', 'numpy', 'torch', 'hydra', 'fer_exp.errors'} & set(sys.modules)\n"
        "assert set(fer_exp.__all__) <= set(dir(fer_exp))\n"
        "import warnings, logging, pandas, scipy.special, scipy.sparse\n"
        "before = list(warnings.filters), list(logging.root.handlers), logging.root.level\n"
        "fer_exp.evaluate(pandas.DataFrame({'face': [0], 'label': ['fear'], 'p_fear': 1, 'p_sad': 0}), bootstrap=0)\n"
        "assert before == (list(warnings.filters), list(logging.root.handlers), logging.root.level)\n"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'evaluat'"):
        _ = fer_exp.evaluat
    assert issubclass(fer_exp.RequestError, ValueError)


@pytest.mark.parametrize("verb", VERBS)
def test_a_function_has_the_keys_of_its_command(verb):
    function = getattr(fer_exp, verb)
    keys = {name for name in vars(SCHEMAS[verb]()) if name not in ("json", "output")}
    there = set(inspect.signature(function).parameters)
    assert keys <= there | {"dataset"}
    assert "bootstrap: replicates " in function.__doc__


def test_frames_give_what_the_commands_write(answers, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table = predictions_table()
    people = pd.DataFrame({"face": table["face"], **{name[6:]: table[name] for name in table if name[:6] == "votes_"}})
    people = people.drop_duplicates("face")
    table.to_parquet("one.parquet")
    people.to_csv("people.csv", index=False)
    answers.to_csv("answers.csv", index=False)
    other = table.assign(
        **dict(zip(["p_sadness", "p_surprise"], [table["p_surprise"], table["p_sadness"]], strict=True))
    )
    other.to_parquet("two.parquet")
    asked = {
        "evaluate one.parquet votes=people.csv": lambda: fer_exp.evaluate(table, votes=people, bootstrap=20),
        "agreement answers.csv": lambda: fer_exp.agreement(answers, bootstrap=20),
        "crowd answers.csv min_seconds=1.5 methods=[one_coin]": lambda: fer_exp.crowd(
            answers, min_seconds=1.5, methods=["one_coin"], bootstrap=20
        ),
        "plan answers.csv raters=6": lambda: fer_exp.plan(answers, raters=6, bootstrap=20),
        "compare one.parquet two.parquet permutations=9": lambda: fer_exp.compare(
            {"one": table, "two": other}, permutations=9, bootstrap=20
        ),
    }  # fmt: skip
    for words, ask in asked.items():
        before, _ = sorted(Path().rglob("*")), capsys.readouterr()
        outcome = ask()
        assert sorted(Path().rglob("*")) == before, words
        assert tuple(capsys.readouterr()) == ("", ""), words
        assert main([*words.split(), "bootstrap=20", "json=true"]) == 0
        printed = capsys.readouterr()
        wanted, ours = json.loads(printed.out), json.loads(json.dumps(outcome.content))
        assert ours == wanted, words
        if "agreement" in words:  # what the terminal says of the reading is among the notes
            note = next(line for line in printed.err.splitlines() if "task is Image Name" in line)
            assert note.replace("ratings=answers.csv", "ratings") in outcome.notes
        assert all(isinstance(frame, pd.DataFrame) for frame in outcome.frames.values())
        assert outcome.frames


def test_a_path_a_run_and_a_key_are_the_same(tmp_path, monkeypatch):
    run = tmp_path / "my run, 2"
    run.mkdir()
    predictions_table().to_parquet(run / "predictions.parquet")
    found = [
        fer_exp.evaluate(run, bootstrap=5).content,
        fer_exp.evaluate(str(run), bootstrap=5).content,
        fer_exp.evaluate(run=run, bootstrap=np.int64(5)).content,
        fer_exp.evaluate(run / "predictions.parquet", bootstrap=5).content,
    ]
    assert all(each == found[0] for each in found)
    assert [path.name for path in run.iterdir()] == ["predictions.parquet"]
    monkeypatch.chdir(tmp_path)
    both = fer_exp.compare([run, run / "predictions.parquet"], bootstrap=0, permutations=0, repairs=False)
    assert len(both.content["groups"]) == 2
    several = fer_exp.compare("my*", {"table": predictions_table()}, bootstrap=0, permutations=0, repairs=False)
    assert [group["name"] for group in several.content["groups"]] == ["my run, 2", "table"]


def test_an_index_with_a_name_categories_and_arrays_are_read_as_a_file_would_be(answers):
    plain = fer_exp.agreement(answers, bootstrap=0).content
    indexed = answers.astype({"label": "category", "worker": "Int64"}).set_index(["Image Name", "worker"])
    assert fer_exp.agreement(indexed, bootstrap=0).content == plain
    lists = pd.DataFrame({"face": ["a"], "label": ["fear"], "scores": [np.array([0.5, 0.5])]})
    with pytest.raises(fer_exp.RequestError, match="predictions: scores holds lists of numbers"):
        fer_exp.evaluate(lists, bootstrap=0)


def test_datasets_and_lists_are_keys_as_in_python(answers, tmp_path):
    found = fer_exp.agreement(
        dataset={"name": "synthetic", "faces": 60, "cache": tmp_path / "a b"}, against="original", bootstrap=0
    )
    assert "all" in found.content
    two = fer_exp.agreement(answers, classes=("happy", "sad", "fear"), ignore=["don't know, none"], bootstrap=0)
    assert two.frames["classes"]["class"].drop_duplicates().tolist() == ["happy", "sad", "fear"]
    by_number = answers.assign(label=answers["label"].map({"Happy": 1, "sad": 2, "fear": 3}))
    three = fer_exp.agreement(by_number, numbers={1: "happy", 2: "sad", 3: "fear"}, bootstrap=0)
    assert three.content["all"]["labels"] == two.content["all"]["labels"]


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (
            lambda t: fer_exp.evaluate(t, bootstap=3),
            "bootstap is no key of fer-exp evaluate; did you mean bootstrap=3?",
        ),
        (lambda t: fer_exp.evaluate(t, bootstap=t), "bootstap is no key of fer-exp evaluate; did you mean bootstrap"),
        (lambda t: fer_exp.evaluate(t, bootstrap="many"), "bootstrap=many: it must be a whole number"),
        (lambda t: fer_exp.evaluate(t, bootstrap=t), "bootstrap takes no table"),
        (lambda t: fer_exp.evaluate(t, seed=-1), "seed is -1; it must be at least 0"),
        (lambda t: fer_exp.evaluate(t, json=True), r"json is a key of the terminal; the same stands in \.content"),
        (lambda t: fer_exp.evaluate(t, votes=3), "votes takes a DataFrame or a path, and this is of type int"),
        (lambda t: fer_exp.evaluate([t]), "evaluate takes a DataFrame or a path, and this is of type list"),
        (lambda t: fer_exp.evaluate("nowhere.csv"), r"nowhere\.csv: there is no such file"),
        (lambda t: fer_exp.evaluate(t.iloc[:0]), "has no rows"),
        (lambda t: fer_exp.evaluate(), "run=FOLDER or predictions=FILE"),
        (lambda t: fer_exp.evaluate("nowhere.csv", predictions=t), "multiple values|given twice"),
        (lambda t: fer_exp.compare(t, bootstrap=0), "compare needs two runs or more and has 1"),
        (lambda t: fer_exp.compare({"a": t}, {"a": t}), "two tables are called a"),
        (lambda t: fer_exp.compare({"a": "runs/a", "b": t}), "a is a path; a mapping holds tables"),
        (lambda t: fer_exp.compare(t, runs=["runs/a"]), "compare: runs is given twice"),
        (lambda t: fer_exp.compare(t, t, metrics=["l2"]), "metrics names l2"),
        (lambda t: fer_exp.agreement(t, ties="frist"), "ties=frist is unknown; did you mean first?"),
        (lambda t: fer_exp.agreement(dataset="ferplu"), "dataset=ferplu is not there; did you mean dataset=ferplus?"),
    ],
)
def test_a_mistake_is_the_sentence_of_the_command_line(ask, said):
    with pytest.raises((ValueError, TypeError), match=said.replace("?", r"\?")):
        ask(predictions_table())


def test_an_outcome_shows_itself_and_escapes_what_comes_from_data(answers):
    answers["worker"] = answers["worker"].map("<b>w{}</b>".format)
    found = fer_exp.crowd(answers, methods=["majority"], bootstrap=0, min_seconds=1.5)
    shown = found._repr_html_()
    assert "<b>w" not in shown
    assert "&lt;b&gt;w5&lt;/b&gt;" in shown
    assert "data:image/png;base64," in shown
    assert "workers: 5 of 6 kept" in repr(found)
    assert found.draw("workers").axes
    with pytest.raises(fer_exp.RequestError, match="no figure worker; did you mean workers"):
        found.draw("worker")


def test_a_program_that_hydra_started_keeps_its_own(answers):
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    from fer_exp.config.folder import conf_folder

    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        fer_exp.agreement(answers, bootstrap=0)
        assert compose("plan").raters == 100
    assert not GlobalHydra.instance().is_initialized()


def test_the_page_says_what_python_says(monkeypatch, tmp_path):
    page = Path(__file__).parents[1] / "docs" / "python.md"
    monkeypatch.chdir(tmp_path)
    ran = doctest.testfile(
        str(page), module_relative=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    assert ran.attempted > 10
    assert ran.failed == 0
