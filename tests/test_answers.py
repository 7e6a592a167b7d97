"""Reading people's answers: every shape of table, every mistake in one sentence."""

import gzip
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.answers import Answers, Votes, known_tasks
from fer_exp.answers.read import read_answers, read_labels
from fer_exp.cli import main
from fer_exp.config import DatasetConfig
from fer_exp.datasets.attach import attach
from fer_exp.datasets.corpus import Faces
from fer_exp.datasets.folder import Folder
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES

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
        assert np.nansum(other.rated["valence"]) == -0.5
        assert sorted(other.seconds) == [1.5, 2, 3]


def test_several_choices_in_a_cell_are_no_class():
    frame = pd.DataFrame({"task": ["a", "b", "c"], "worker": 1, "label": ["Happy;Sad", "sad, angry", "sad"]})
    answers = read_answers(frame)
    assert answers.classes == ("sadness",)
    assert answers.counted == {"answers of several choices or none are no class and left out": 2}


def test_the_part_of_an_experiment_is_no_task_and_a_tools_own_words_may_stand_around_the_persons(capsys, tmp_path):
    header = "Rec_Session_Id,Exp_Subject_Id,Task_Nr,Task_Name,Trial_Id,Image,Emotion"  # as Labvanced calls them
    rows = [f"{900 + who},s{who},1,Faces,{face},f{face}.jpg,{said}" for who in range(3) for face, said in enumerate(
        ("happy", "sad", "angry"))]  # fmt: skip
    answers = read_answers(written(tmp_path, "\n".join([header, *rows])), "ratings")
    assert "task is Image; label is Emotion; worker is Exp_Subject_Id" in capsys.readouterr().err
    assert answers.workers.tolist() == ["s0", "s1", "s2"]
    assert answers.counts().tolist() == [[3, 0, 0], [0, 3, 0], [0, 0, 3]]
    one = read_answers(pd.DataFrame({"task": ["a", "a"], "worker": [1, 2], "label": ["happy", "sad"]}))
    assert one.tasks.tolist() == ["a"]  # where faces are nowhere else it is one
    frame = pd.DataFrame({"task": ["a", "a"], "worker": [1, 2], "label": ["happy", "sad"], "file": ["1.csv", "2.csv"]})
    assert read_answers(frame).tasks.tolist() == ["a"]  # the contract's own name is meant in any case


def test_the_one_column_of_expressions_is_the_label_whatever_it_is_called(tmp_path, capsys):
    seen = pd.DataFrame({"task": ["a", "a", "b", "b"], "worker": [1, 2] * 2, "wahl": ["happy", "sad", "sad", "sad"],
                         "posed": ["happy", "happy", "sad", "sad"], "mood": ["sad", "happy"] * 2})  # fmt: skip
    (tmp_path / "t.csv").write_text(seen.to_csv(index=False), encoding="utf-8")
    assert read_answers(tmp_path / "t.csv", "ratings").counts().tolist() == [[1, 1], [0, 2]]
    assert "label is wahl; not used: posed, mood" in capsys.readouterr().err  # one is of the face, one of the rater
    with pytest.raises(RequestError, match="no column label"):  # which of two?
        read_answers(seen.assign(second=seen["wahl"]), columns={})
    rated = seen.assign(second=seen["wahl"], valence=[0.5, 0, -0.5, 1])
    (tmp_path / "t.csv").write_text(rated.to_csv(index=False), encoding="utf-8")
    assert not read_answers(tmp_path / "t.csv", "ratings", columns={}).classes
    said = "several columns hold expressions (wahl, second), and none is called a label; label='wahl' takes one"
    assert said in capsys.readouterr().err


def test_the_one_column_of_pictures_is_the_task_whatever_it_is_called(tmp_path, capsys):
    frame = pd.DataFrame({"probe1": ["b.jpg", "b.jpg", "a.PNG"], "worker": [1, 2, 2], "label": ["sad", "fear", "sad"]})
    (tmp_path / "t.csv").write_text(frame.to_csv(index=False), encoding="utf-8")
    assert read_answers(tmp_path / "t.csv", "ratings").tasks.tolist() == ["a.PNG", "b.jpg"]
    assert "task is probe1" in capsys.readouterr().err
    with pytest.raises(RequestError, match="no column task"):  # which of two?
        read_answers(frame.assign(probe2=frame["probe1"]), columns={})
    with pytest.raises(RequestError, match="no column task"):
        read_answers(frame.assign(probe1=["b.jpg", "b.jpg", "none of these"]), columns={})


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split"])
def test_a_frame_is_read_however_pandas_writes_it_as_json(tmp_path, orient):
    frame = pd.DataFrame({"task": ["a", "a", "b"], "worker": [1, 2, 1], "label": ["sad", "fear", "sad"]})
    frame.to_json(tmp_path / "t.json", orient=orient)
    assert read_answers(tmp_path / "t.json").counts().tolist() == [[1, 1], [1, 0]]


PERSONS = (
    "worker", "Participant ID", "Versuchsperson", "Teilnehmer-Nr", "VP-Nr", "vp_code", "ppn", "sujet", "Proband",
    "被试", "participante", "student_id", "Kennung", "matricola", "nickname", "ID participant", "Nr.", "id", "code",
)  # fmt: skip
SHEETS = {
    "table": {},
    "jsPsych": {"trial_type": "image-button-response", "trial_index": 1, "time_elapsed": 1000},
    "PsychoPy": {"trials.thisRepN": 0, "trials.thisN": 0, "psychopyVersion": "2024.1"},
    "OpenSesame": {"count_trial": 1, "opensesame_version": "4.0", "response_time": 800},
    "Inquisit": {"blockcode": "faces", "trialcode": "face", "latency": 800},
}


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("called", PERSONS)
def test_who_answered_is_found_by_the_same_names_in_a_table_and_in_an_export(sheet, called):
    said = ["happy", "sad", "happy", "sad", "sad", "sad"]
    frame = pd.DataFrame({"image": ["f1.jpg", "f2.jpg"] * 3, called: [f"x{row // 2}" for row in range(6)],
                          "condition": ["new", "new", "old", "old", "old", "old"], "response": said})  # fmt: skip
    keys = {"response": "key_resp.keys"} if sheet == "PsychoPy" else {}
    answers = read_answers(frame.assign(**SHEETS[sheet]).rename(columns=keys))
    assert answers.workers.tolist() == ["x0", "x1", "x2"]
    assert answers.counts().tolist() == [[2, 1], [0, 3]]


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("called", ["antwort", "wahl", "emotion", "response_text", "label"])
def test_beside_codes_of_keys_the_one_column_of_expressions_that_differ_as_answers_do_is_the_label(sheet, called):
    said = ["happy", "sad", "happy", "sad", "sad", "sad"]
    keys = "key_resp.keys" if sheet == "PsychoPy" else "response"
    frame = pd.DataFrame({"image": ["f1.jpg", "f2.jpg"] * 3, "participant": [f"x{row // 2}" for row in range(6)],
                          keys: [1, 2, 1, 2, 2, 2], "posed": ["happy", "sad"] * 3, called: said})  # fmt: skip
    answers = read_answers(frame.assign(**SHEETS[sheet]))
    assert (answers.classes, answers.counts().tolist()) == (("happiness", "sadness"), [[2, 1], [0, 3]])
    assert read_answers(frame.assign(**SHEETS[sheet]).drop(columns=called)).classes == ("1", "2")


@pytest.mark.parametrize("called", ["id", "Nr.", "code", "session", "participant_age", "trial", "condition"])
def test_a_column_that_tells_no_answers_apart_names_nobody_and_one_that_does_is_offered(tmp_path, capsys, called):
    numbers = {"id": range(6), "Nr.": range(6)}.get(called, [1, 2, 2, 1, 1, 1])
    frame = pd.DataFrame({"image": ["f1", "f2"] * 3, called: numbers, "label": ["sad", "fear"] * 3})
    votes = read_answers(written(tmp_path, frame.to_csv(index=False)), "ratings", columns={})
    assert isinstance(votes, Votes)
    assert "does, say worker=" not in capsys.readouterr().err
    read_answers(written(tmp_path, frame.assign(wer=[0, 0, 1, 1, 2, 2]).to_csv(index=False)), "ratings", columns={})
    assert "counted as votes; if wer does, say worker='wer'" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["n", "votes", "Anzahl", "Häufigkeit", "人数"])
def test_a_row_a_class_with_how_many_chose_it_is_votes(how, tmp_path, capsys):
    rng = np.random.default_rng(0)
    said = pd.DataFrame({"face": rng.integers(0, 30, 400), "emotion": rng.choice(["Happy", "fear", "sad"], 400)})
    counted = said.groupby(["face", "emotion"]).size().reset_index(name=how).sample(frac=1, random_state=1)
    votes = read_answers(written(tmp_path, counted.to_csv(index=False)), "ratings", columns={})
    truth = pd.crosstab(said["face"], said["emotion"])[["Happy", "fear", "sad"]]
    order = [votes.classes.index(name) for name in ("happiness", "fear", "sadness")]
    assert votes.tasks.tolist() == list(map(str, truth.index))
    assert (votes.counts[:, order] == truth.to_numpy()).all()
    assert f"{how} says how many chose the emotion of each row" in capsys.readouterr().err
    own = read_answers(counted.replace({"Happy": "boredom"}))
    assert (own.classes, own.counts.sum()) == (("boredom", "fear", "sad"), 400)


def test_shares_of_a_row_a_class_are_counts_of_the_raters_that_a_column_or_a_key_says():
    rows = pd.DataFrame({"face": ["a", "a", "b", "b"], "label": ["sad", "fear"] * 2, "share": [0.25, 0.75, 1, 0]})
    for votes in (read_answers(rows, raters=8), read_answers(rows.assign(raters=8))):
        assert votes.counts.tolist() == [[6, 2], [0, 8]]
    with pytest.raises(RequestError, match="say of how many raters each row is"):
        read_answers(rows)
    with pytest.raises(RequestError, match=r"row 2: share is '-1'"):
        read_answers(rows.assign(share=[0.25, -1, 1, 0]))
    one = read_answers(rows.assign(share=[1, 1, 1, 1], label=["sad", "sad", "fear", "sad"]))
    assert one.counts.sum() == 4  # a class twice for a face: answers, a row each


def test_a_question_names_the_face_only_where_nothing_else_does():
    rows = pd.DataFrame({"image": ["f1", "f1", "f2", "f2"], "question": ["emotion", "valence"] * 2,
                         "participant": "p", "answer": ["happy", 7, "sad", 2]})  # fmt: skip
    answers = read_answers(rows, scale=(1, 9))
    assert answers.tasks.tolist() == ["f1", "f2"]
    assert (answers.classes, answers.rated["valence"].tolist()) == (("happiness", "sadness"), [0.5, -0.75])
    alone = read_answers(rows.drop(columns="image").assign(answer="happy", participant=[1, 1, 2, 2]))
    assert alone.tasks.tolist() == ["emotion", "valence"]


def test_the_ends_of_a_scale_may_have_words():
    rows = pd.DataFrame({"face": ["a", "b", "c"], "worker": 1, "label": "sad",
                         "intensity": ["1 - weak", "4", "7 = strong"],
                         "valence": ["1 (unpleasant)", "\u22120", "9"]})  # fmt: skip
    answers = read_answers(rows, scales={"valence": None, "intensity": None}, scale=(0, 9))
    assert answers.rated["intensity"].tolist() == [1, 4, 7]
    assert answers.rated["valence"].round(2).tolist() == [-0.78, -1, 1]


def test_a_persons_age_tells_nobody_apart():
    frame = pd.DataFrame({"image": ["a", "b"] * 2, "participant_age": [20, 20, 31, 31], "label": ["happy", "sad"] * 2})
    assert isinstance(read_answers(frame), Votes)


def test_answers_of_nobody_in_particular_are_votes():
    frame = pd.DataFrame({"image": ["a", "a", "b"], "label": ["happy", "sad", "Sad"]})
    votes = read_answers(frame)
    assert (votes.classes, votes.counts.tolist()) == (("happiness", "sadness"), [[1, 1], [0, 1]])
    with pytest.raises(RequestError, match="no column worker"):  # of one label a face nobody's agreement is known
        read_answers(frame.iloc[1:], columns={})


def test_a_column_of_the_majority_is_no_rater():
    frame = pd.DataFrame({"photo": ["a", "b"], "Anna": ["happy", "sad"], "Ben": "sad", "Majority label": "sad"})
    assert read_answers(frame).workers.tolist() == ["Anna", "Ben"]


def test_a_slider_has_no_classes():
    frame = pd.DataFrame({"task": range(40), "worker": 1, "response": range(40)})
    with pytest.raises(RequestError, match=r"40 different numbers, 0 to 39, too many for classes; scales=\[NAME\]"):
        read_answers(frame, columns={}, scales={})


@pytest.mark.parametrize(
    "name", ["C:\\faces\\a.jpg", "https://x.org/f/a.jpg?v=1", "a", "/data/upload/1/0a1b2c3d-a.jpg"]
)
def test_a_task_is_known_by_its_picture_in_gold_and_lab_too(name):
    answers = read_answers(pd.DataFrame({"task": ["x/a.jpg", "x/b.jpg"], "worker": 1, "label": ["happy", "sad"]}))
    known, missing = known_tasks(answers, np.array([name], dtype=object), np.array([1], np.int32))
    assert (known.tolist(), missing) == ([1, -1], 0)


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
    assert read_answers(frame, scale=[1, 9]).rated["valence"].tolist() == [-1, 0, 1]
    marked = read_answers(frame.assign(valence=[-2, 0.5, 1]))
    assert marked.rated["valence"].tolist() == [0.5, 1]
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
        ("face,fear,anger\nx,3,1e300\n", {}, "row 1: anger is '1e300'; .* run from 0 to 1,000,000"),
        ("face,fear,anger\nx,999999999,1\n", {}, "row 1: fear is '999999999'"),
        ("face,fear,anger\nx,9,1\ny,7,2\nz,2,0.5\n", {}, "row 3: anger is '0.5'; a number of votes is whole"),
        ("task,worker,label,valence\n1,w,fear,1e300\n", {}, "row 1: valence is '1e300'; ratings run"),
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


KINDS = "task,worker,label\n1,a,happy\n1,b,Happy\n1,c,happiness\n2,a,sad\n2,b,Sad\n2,c,sadness\n"


def shown(capsys, *words):
    """The JSON of a command, and what it said on standard error."""
    assert main([*words, "json=true"]) == 0
    printed = capsys.readouterr()
    return json.loads(printed.out), printed.err


def test_spellings_are_one_class_in_every_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    written(tmp_path, KINDS, "kinds.csv")
    written(tmp_path, "task,label\n1,JOY\n2,Trauer\n", "gold.csv")
    written(tmp_path, "face,Freude,tristesse\n1,8,2\n2,1,9\n", "lab.csv")
    found, said = shown(capsys, "agreement", "ratings=kinds.csv", "against=gold.csv", "bootstrap=0", "output=a")
    assert found["all"]["labels"]["fleiss_kappa"]["value"] == 1
    assert list(found["all"]["classes"]) == ["happiness", "sadness"]
    assert found["all"]["against"]["kept"] == 1
    assert "Happy, happiness and happy are one class; Sad, sad and sadness are one class" in said
    words = ("ratings=kinds.csv", "gold=gold.csv", "lab=lab.csv", "merge=[joy+Trauer]", "methods=[majority]")
    found, _ = shown(capsys, "crowd", *words, "bootstrap=0", "output=c")
    assert [row["accuracy"] for row in found["accuracy"]] == [1, 1]
    assert "happiness + sadness" in {row["class"] for row in found["lab"]["agreement"]}
    found, _ = shown(capsys, "plan", "ratings=kinds.csv", "raters=2", "bootstrap=2", "output=p")
    assert found["plan"][0]["l1"] == pytest.approx(0, abs=0.05)


def test_labels_that_were_not_joined_are_said(tmp_path, capsys):
    read_answers(written(tmp_path, "task,worker,label\n1,a,hapiness\n1,b,joy\n2,a,Pain\n2,b,pain\n"), "ratings")
    said = capsys.readouterr().err
    assert "classes that are no expressions: Pain, hapiness, pain; Pain and pain are not one class." in said


@pytest.mark.parametrize(("slip", "meant"), [("faer", "fear"), ("Hapiness", "happiness"), ("boerdom", "boredom")])
def test_a_rare_label_that_is_a_slip_of_another_is_refused_and_the_ways_out_lead_on(
    tmp_path, monkeypatch, capsys, slip, meant
):
    monkeypatch.chdir(tmp_path)
    labels = ["fear", "happy", "boredom"] * 40
    rows = [f"{n // 3},w{n % 3},{label}" for n, label in enumerate([slip, *labels[1:]])]
    written(tmp_path, "\n".join(["task,worker,label", *rows]), "r.csv")
    assert main(["agreement", "ratings=r.csv", "bootstrap=0"]) == 2
    said = capsys.readouterr().err
    assert f"r.csv, row 1: label is '{slip}'; 1 of 120 labels; did you mean {meant}?" in said
    for way in (f"ignore=[{slip}]", f"classes=[fear,happy,boredom,{slip}]"):
        found, _ = shown(capsys, "agreement", "ratings=r.csv", "bootstrap=0", way, "output=a")
        assert len(found["all"]["classes"]) == (3 if "ignore" in way else 4)


def test_a_class_that_is_common_or_like_no_other_is_no_slip(tmp_path, capsys):
    labels = ["fear"] * 60 + ["faer"] * 30 + ["calm", "level1", "level2"]
    rows = [f"{n // 3},w{n % 3},{label}" for n, label in enumerate(labels)]
    read_answers(written(tmp_path, "\n".join(["task,worker,label", *rows])), "ratings", columns={})


@pytest.mark.parametrize("classes", [[], ["Angst", "ANGRY"], ["angry", "fear"]])
def test_classes_ignore_and_labels_meet_by_meaning(classes):
    frame = pd.DataFrame({"task": [1, 2, 3], "worker": 1, "label": ["fearful", "Wut", "unsure"]})
    answers = read_answers(frame, classes=classes, ignore=["uncertain"])
    assert answers.classes == tuple(classes or ["fear", "anger"])
    assert answers.counts().sum(axis=0).tolist() == [1, 1]
    assert answers.notes == ("1 answers 'unknown' are no class and left out",)


def test_labels_that_are_no_expressions_stay_what_they_are():
    def classes(*labels):
        return read_answers(pd.DataFrame({"task": range(len(labels)), "worker": 1, "label": labels})).classes

    assert classes("b", "a", "B") == ("B", "a", "b")
    assert classes("10", "-1", "9") == ("-1", "9", "10")
    assert classes("AN", "BN", "CN") == ("AN", "BN", "CN")
    assert classes("AN", "HA", "AF") == ("happiness", "fear", "anger")
    assert classes("pain", "happy", "Happy") == ("happiness", "pain")
    assert classes("müde", "mu\u0308de") == ("müde",)  # accents in their letters or apart


def test_only_expressions_are_classes_of_a_votes_table(tmp_path, capsys):
    header = "Usage,Image name,neutral,anger,NF,Total,age\n"
    rows = "Training,a.png,3,1,1,5,30\nTest,,4,0,0,4,31\nTest,a.png,0,2,0,2,9\n"
    read = read_answers(written(tmp_path, header + rows), "ratings")
    assert read.classes == ("neutral", "anger")
    assert read.counts.tolist() == [[3, 1], [4, 0], [0, 2]]
    assert read.tasks.tolist() == ["row 1", "row 2", "row 3"]
    said = capsys.readouterr().err
    assert "3 rows without a name of their own in Image name are called by their row" in said
    assert "not used: Usage, Total, age" in said
    with pytest.raises(RequestError, match=r"name them with classes=\[...\]"):
        read_answers(written(tmp_path, "face,a,b,Total\nx,1,2,3\n"))
    assert read_answers(tmp_path / "answers.csv", classes=["b", "a"]).counts.tolist() == [[2, 1]]


def test_a_column_a_rater_and_a_column_a_class_are_the_answers_of_a_long_table(tmp_path):
    wide = read_answers(written(tmp_path, "face,posed,rater1,rater_2\nx,joy,Happy,sad\ny,sad,,sad\n"))
    assert wide.counts().tolist() == [[1, 1], [0, 1]]
    assert wide.workers.tolist() == ["rater1", "rater_2"]
    named = read_answers(written(tmp_path, "image;Anna;Ben;age\nx;Happy;sad;3\ny;NA;sad;4\n"))
    assert named.workers.tolist() == ["Anna", "Ben"]
    assert named.counts().tolist() == wide.counts().tolist()
    coded = read_answers(written(tmp_path, "image,rater1,rater2\nx,0,1\ny,,1\n"), classes=["happy", "sad"])
    assert coded.counts().tolist() == wide.counts().tolist()


def test_shares_are_counts_of_the_raters_that_are_given_and_refused_without(tmp_path, capsys):
    percent = written(tmp_path, "face,neutral,fear,anger\nx,50,30,20\ny,0,33,67\n")
    assert read_answers(percent, raters=10).counts.tolist() == [[5, 3, 2], [0, 3, 7]]
    assert read_answers(percent, "ratings").counts.tolist() == [[50, 30, 20], [0, 33, 67]]
    assert "taken as votes of a hundred people each" in capsys.readouterr().err
    with pytest.raises(RequestError, match=r"add up to 100; say of how many raters with dataset.raters=10"):
        read_answers(percent, "dataset.votes")
    assert read_answers(percent, raters=100).counts.tolist() == [[50, 30, 20], [0, 33, 67]]
    counts = written(tmp_path, "face,neutral,fear\nx,4,6\ny,0,9\n", "counts.csv")
    assert read_answers(counts, raters=10).counts.tolist() == [[4, 6], [0, 9]]
    signs = written(tmp_path, 'face,neutral,fear\nx,"12,5 %","87,5 %"\n', "signs.csv")
    assert read_answers(signs, raters=8).counts.tolist() == [[1, 7]]
    with pytest.raises(RequestError, match=r"holds proportions.*: a column raters"):
        read_answers(signs)


def faces(*names):
    return pd.DataFrame({"face": names, "valence": np.nan, "arousal": np.nan})


def test_second_answers_go_by_one_policy_at_every_door(tmp_path):
    file = written(tmp_path, "task,worker,label\nx,w,fear\nx,w,anger\nx,v,fear\n")
    with pytest.raises(RequestError, match="row 2 is a second answer of worker w to task x"):
        attach(Faces(faces("x")), DatasetConfig(ratings=str(file), duplicates="refuse"), CLASSES)
    for policy, counts in (("first", [2, 0]), ("last", [1, 1])):
        attached, _ = attach(Faces(faces("x")), DatasetConfig(ratings=str(file), duplicates=policy), CLASSES)
        assert attached.votes[["fear", "anger"]].to_numpy().tolist() == [counts]
        assert attached.notes[f"second answers of a worker to a task; the {policy} counts"] == 1
        assert read_answers(file, duplicates=policy).counts().tolist() == [counts]


@pytest.mark.parametrize("called", ["stimulus", "face"])
def test_a_row_of_votes_that_is_there_twice_counts_once_and_two_that_differ_are_refused(tmp_path, called):
    rows = f"{called},fear,anger\nx.png,3,1\ny.png,0,4\nz.png,2,2\n"
    table = str(written(tmp_path, rows + "x.png,3,1\n"))
    attached, _ = attach(Faces(faces("x", "y", "z")), DatasetConfig(votes=table), ("fear", "anger"))
    assert attached.votes[["fear", "anger"]].to_numpy().tolist() == [[3, 1], [0, 4], [2, 2]]
    assert attached.notes["rows that repeat another one are left out"] == 1
    assert attached.notes["faces without votes"] == 0
    written(tmp_path, rows + "x.png,1,3\n")
    with pytest.raises(RequestError, match=f"row 4: {called} is 'x.png'; it has a row already, with other answers"):
        attach(Faces(faces("x", "y", "z")), DatasetConfig(votes=table), ("fear", "anger"))


def test_a_scale_holds_at_every_door(tmp_path):
    file = str(written(tmp_path, "path,task,worker,label,valence,arousal\nx,x,w,fear,9,1\ny,y,w,fear,5,5\n"))
    wanted = [[1, -1], [0, 0]]
    answers = read_answers(file, scale=[1, 9])
    assert np.stack([answers.rated["valence"], answers.rated["arousal"]], axis=1).tolist() == wanted
    original = read_labels(file, CLASSES, "against", scale=[1, 9])[2]
    assert np.stack([original["valence"], original["arousal"]], axis=1).tolist() == wanted
    attached, _ = attach(Faces(faces("x", "y")), DatasetConfig(ratings=file, scale=[1, 9]), CLASSES)
    assert attached.table[["valence", "arousal"]].to_numpy().tolist() == wanted
    table = Folder(tmp_path, CLASSES, Path(file), scale=[1, 9]).read().table
    assert table[["valence", "arousal"]].to_numpy().tolist() == wanted
    for read in (
        lambda: read_answers(file),
        lambda: read_labels(file, CLASSES, "against"),
        lambda: attach(Faces(faces("x", "y")), DatasetConfig(ratings=file), CLASSES),
        lambda: Folder(tmp_path, CLASSES, Path(file)).read(),
    ):
        with pytest.raises(RequestError, match=r"row 1: valence is '9'.*\(and 1 more rows\); ratings run from -1 to 1"):
            read()


@pytest.mark.parametrize("one", ['{"choices":["Happy"]}', "{'choices': ['Happy']}", '{"choice": "Happy"}', '["Happy"]'])
@pytest.mark.parametrize(
    "none", ['{"choices":["Happy","Sad"]}', '{"choices":[]}', "['Happy', 'Sad']", '{"choices":["Ha']
)
def test_choices_of_annotation_tools_are_labels_where_they_are_one_and_are_counted_elsewhere(one, none):
    answers = read_answers(pd.DataFrame({"image": [1, 2, 3], "annotator": 1, "label": [one, none, "Sad"]}))
    assert answers.classes == ("happiness", "sadness")
    assert answers.notes == ("1 answers of several choices or none are no class and left out",)


@pytest.mark.parametrize(
    "text", ["task,worker,label\n1.0,1.0,0.0\n2,1,2.0\n", "task;worker;label\n1,0;1,0;0\n2;1;2,0\n"]
)
def test_whole_floats_are_ids_and_codes(tmp_path, text, capsys):
    read = read_answers(written(tmp_path, text), classes=["neutral", "happy", "sad"])
    assert (read.tasks.tolist(), read.workers.tolist(), read.label.tolist()) == (["1", "2"], ["1"], [0, 2])
    assert "numbers: 0 is neutral, 2 is sadness, counted from 0" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["my answers (2).xlsx#Sheet 2", "ärger, 1=2.xlsx#Sheet 2"])
def test_a_sheet_and_a_path_of_any_signs_reach_the_reader_as_typed(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    with pd.ExcelWriter(name.partition("#")[0]) as book:
        pd.DataFrame({"about": [1]}).to_excel(book, sheet_name="Sheet 1")
        pd.DataFrame({"task": [1, 1], "worker": ["a", "b"], "label": ["joy", "Freude"]}).to_excel(
            book, sheet_name="Sheet 2"
        )
    found, _ = shown(capsys, "agreement", f"ratings={name}", "bootstrap=0", "output=o")
    assert found["all"]["labels"]["percent_agreement"]["value"] == 1


def test_spellings_of_a_subset_are_one(tmp_path):
    rows = [f"f{face},w{worker},fear,{['Hard', 'hard', 'easy'][face % 3]}" for face in range(6) for worker in range(2)]
    read = read_answers(written(tmp_path, "\n".join(["task,worker,label,subset", *rows])), "ratings")
    assert read.subset.tolist() == ["Hard", "Hard", "easy"] * 2


def test_spellings_of_a_group_are_one_within_a_rater_and_between_raters_and_are_said(tmp_path, capsys):
    culture = ["East Asian", "east-asian", "White", "White", "White"]
    rows = [f"f{n},w{w},{['fear', 'anger'][(n + w) % 2]},{culture[w]}" for n in range(4) for w in range(5)]
    rows[4] = rows[4].replace("White", "white")  # one rater in two ways
    table = written(tmp_path, "\n".join(["task,worker,label,culture", *rows]))
    assert main(["agreement", f"ratings={table}", "by=culture", "bootstrap=0", f"output={tmp_path / 'out'}"]) == 0
    assert re.search(
        r"culture: (East Asian|east-asian) and (East Asian|east-asian) are one group", capsys.readouterr().out
    )
