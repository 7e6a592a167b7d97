"""Reading people's answers: every shape of table, every mistake in one sentence."""

import gzip

import numpy as np
import pandas as pd
import pytest

from fer_exp.answers import Answers, Votes, known_tasks
from fer_exp.answers.read import read_answers, read_labels
from fer_exp.errors import RequestError

GOOD = "task,worker,label,valence,seconds\nb,2,fear,0.5,1.5\na,10,anger,-1,2\na,2,fear,,3\n"


def written(tmp_path, text, name="answers.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_rows_in_any_order_and_any_format_are_the_same_answers(tmp_path):
    lines = GOOD.splitlines()
    plain = read_answers(written(tmp_path, GOOD))
    turned = read_answers(written(tmp_path, "\n".join([lines[0], *lines[:0:-1]])))
    tabs = read_answers(written(tmp_path, GOOD.replace(",", "\t"), "a.tsv"))
    frame = pd.read_csv(tmp_path / "answers.csv")
    frame.to_parquet(tmp_path / "a.parquet")
    with gzip.open(tmp_path / "a.csv.gz", "wt") as stream:
        stream.write(GOOD)
    for other in (turned, tabs, read_answers(tmp_path / "a.parquet"), read_answers(frame),
                  read_answers(tmp_path / "a.csv.gz")):  # fmt: skip
        assert other.tasks.tolist() == plain.tasks.tolist() == ["a", "b"]
        assert other.workers.tolist() == ["2", "10"]  # ids of digits are sorted as numbers
        assert other.classes == plain.classes == ("fear", "anger")
        assert (other.counts() == plain.counts()).all()
        assert np.nansum(other.valence) == -0.5
        assert sorted(other.seconds) == [1.5, 2, 3]


def test_mixed_types_of_ids_are_the_same_id():
    frame = pd.DataFrame({"task": [7, "7", 7.0, "x"], "worker": ["a", "b", "c", 1], "label": ["fear"] * 4})
    assert read_answers(frame).tasks.tolist() == ["7", "x"]
    gaps = pd.DataFrame({"task": [1.0, 2.0], "label": ["fear", "fear"]})
    assert read_labels(gaps, ("fear",), "gold")[0].tolist() == ["1", "2"]


def test_codes_get_the_names_of_the_classes_and_other_column_names_are_known(tmp_path):
    path = written(tmp_path, "question,worker,answer\n1,w,0\n2,w,3\n")
    answers = read_answers(path, classes=["neutral", "happy", "sad", "angry"])
    assert answers.classes == ("neutral", "happy", "sad", "angry")
    assert answers.label.tolist() == [0, 3]
    odd = written(tmp_path, "q,who,said\n1,w,fear\n", "odd.csv")
    found = read_answers(odd, columns={"task": "q", "worker": "who", "label": "said"})
    assert found.workers.tolist() == ["w"]


def test_answers_that_are_no_class_are_left_out_and_counted():
    frame = pd.DataFrame({"task": [1, 2, 3], "worker": [1, 1, 1], "label": ["unknown", "anger", None]})
    found = read_answers(frame)
    assert found.classes == ("anger",)
    assert found.tasks[found.task].tolist() == ["2"]
    assert found.notes == ("1 answers 'unknown' are no class and left out", "1 rows have no label")


def test_duplicates_follow_the_named_policy_and_are_kept_as_repeats():
    frame = pd.DataFrame(
        {"task": [1, 1, 1, 2], "worker": ["w", "v", "w", "w"], "label": ["fear", "fear", "anger", "fear"]}
    )
    with pytest.raises(RequestError, match=r"row 3 is a second answer of worker w to task 1 .*duplicates=first or"):
        read_answers(frame)
    with pytest.raises(RequestError, match=r"duplicates=frist is unknown; did you mean first"):
        read_answers(frame, duplicates="frist")
    first, last = (read_answers(frame, duplicates=policy) for policy in ("first", "last"))
    assert first.counts().tolist() == [[2, 0], [1, 0]]
    assert last.counts().tolist() == [[1, 1], [1, 0]]
    assert last.repeats.label.tolist() == [[0, 1]]
    assert first.workers[first.repeats.worker].tolist() == ["w"]
    assert "1 second answers" in first.notes[-1]


def test_ratings_are_mapped_from_their_scale_and_affectnets_mark_is_missing():
    frame = pd.DataFrame({"task": [1, 2, 3], "worker": [1, 1, 1], "valence": [1, 5, 9]})
    assert read_answers(frame, scale=[1, 9]).valence.tolist() == [-1, 0, 1]
    marked = read_answers(frame.assign(valence=[-2, 0.5, 1]))
    assert marked.valence.tolist() == [0.5, 1]
    assert "AffectNet" in marked.notes[0]


def test_tables_of_votes_are_recognised(tmp_path):
    path = written(tmp_path, "face,split,label,fear,anger,unknown\nx,test,fear,3,1,2\ny,test,anger,0,4,0\n")
    votes = read_answers(path)
    assert isinstance(votes, Votes)
    assert votes.classes == ("fear", "anger")
    assert votes.counts.tolist() == [[3, 1], [0, 4]]
    assert votes.notes == ("2 answers 'unknown' are no class and left out",)
    swapped = read_answers(path, classes=["anger", "fear"])
    assert swapped.counts.tolist() == [[1, 3], [4, 0]]


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("", {}, "is empty; a first line"),
        ("task,worker,label\n", {}, "has no rows"),
        ("task,worker\n1,w\n", {"columns": {}}, r"has no column label .*; name .* with label=COLUMN"),
        ("thing,worker,label\n1,w,fear\n", {}, "has no column task"),
        ("task,worker,label\n1,w,fear\n", {"columns": {"task": "tsk"}}, "has no column tsk.*did you mean task"),
        ("task,task,worker,label\n1,1,w,fear\n", {}, "column task occurs twice"),
        ("task,worker,label\n1,,fear\n", {}, "row 1: worker is ''; every answer needs one"),
        ("task,worker,label\n1,w,faer\n", {"classes": ["fear", "anger"]}, "label is 'faer'; .*did you mean fear"),
        ("task,worker,label\n1,w,fear\n", {"classes": ["fear", "fear"]}, "names fear twice"),
        ("task,worker,label,valence\n1,w,fear,7\n", {}, r"row 1: valence is '7'; ratings run .*scale=\[1,9\]"),
        ("task,worker,label,valence\n1,w,fear,high\n", {}, "row 1: valence is 'high'; a number belongs there"),
        ("task,worker,label,seconds\n1,w,fear,-3\n", {}, "row 1: seconds is '-3'"),
        ("task,worker,label\n1,w,unknown\n", {}, "no row has an answer that counts"),
        ("task,worker,label,subset\n1,w,fear,a\n1,v,fear,b\n", {}, "task 1 lies in two subsets"),
        ("face,fear,anger\nx,1,0.5\n", {}, "row 1: the proportions sum to 1.5, not to 1"),
        ("face,fear,anger\nx,1,0\nx,1,1\n", {}, "row 2: face is 'x'; it has a row already"),
        ("face,fear\nx,1\n", {}, "nor two columns of counts"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(tmp_path, text, options, said):
    with pytest.raises(RequestError, match=said) as caught:
        read_answers(written(tmp_path, text), **options)
    assert "\n" not in str(caught.value)


def test_a_missing_or_broken_file(tmp_path):
    with pytest.raises(RequestError, match="there is no such file"):
        read_answers(tmp_path / "none.csv")
    with pytest.raises(RequestError, match="cannot be read"):
        read_answers(written(tmp_path, "no parquet", "a.parquet"))


def test_gold_that_contradicts_itself_and_gold_that_nobody_answered():
    answers = read_answers(pd.DataFrame({"task": [1, 2], "worker": [1, 1], "label": ["fear", "anger"]}))
    gold = pd.DataFrame({"task": [2, 9, 9], "label": ["fear", "fear", "fear"]})
    tasks, codes, _ = read_labels(gold, answers.classes, "gold")
    known, missing = known_tasks(answers, tasks, codes)
    assert known.tolist() == [-1, 0]
    assert missing == 1
    with pytest.raises(RequestError, match="task 9 has two different labels"):
        read_labels(gold.assign(label=["fear", "fear", "anger"]), answers.classes, "gold")


@pytest.mark.slow
def test_many_answers_are_counted(tmp_path):
    rng = np.random.default_rng(0)
    rows = 1_000_000
    task, worker = np.divmod(rng.permutation(rows), 10)
    frame = pd.DataFrame({"task": task, "worker": (worker * 7 + task) % 5000,
                          "label": pd.Categorical.from_codes(rng.integers(0, 8, rows), list("abcdefgh"))})  # fmt: skip
    frame.to_parquet(tmp_path / "big.parquet")
    answers = read_answers(tmp_path / "big.parquet")
    assert isinstance(answers, Answers)
    assert answers.counts().sum() == rows
