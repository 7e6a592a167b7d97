"""Exports of tools that ask people: every one is read in one go, with one line that says how."""

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.answers import Answers
from fer_exp.answers.exports import EXPORTS as ROWS
from fer_exp.answers.read import read_answers, read_labels
from fer_exp.cli import main
from fer_exp.config import DatasetConfig
from fer_exp.datasets.attach import attach
from fer_exp.datasets.corpus import Faces
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES
from fer_exp.tables import read_table
from tests.exports import (
    COUNTS,
    EXPORTS,
    FACES,
    MTURK,
    PEOPLE,
    VALENCE,
    assignment,
    delimited,
    filled,
    jspsych_rows,
    qualtrics,
    written,
)


def counts(answers) -> dict[str, dict[str, int]]:
    """Task without folders -> class -> how many said so."""
    return {
        str(task).split("/")[-1]: {
            name: int(number) for name, number in zip(answers.classes, row, strict=True) if number
        }
        for task, row in zip(answers.tasks, answers.counts(), strict=True)
    }


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_read_in_one_go_and_one_line_says_how(tmp_path, name, capsys):
    answers = read_answers(written(tmp_path, name), "ratings", scale=[1, 9])
    assert isinstance(answers, Answers)
    assert counts(answers) == COUNTS
    assert len(answers.workers) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"read as an export of {name.partition(',')[0]}: " in said
    for words, number in answers.counted.items():
        assert f"{words.removesuffix(' left out')} ({number:,})" in said or "mapped" in words


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_the_votes_of_a_corpus(tmp_path, name):
    faces = Faces(pd.DataFrame({"face": [f"here/{face}" for face in FACES], "valence": np.nan, "arousal": np.nan}))
    attached, _ = attach(faces, DatasetConfig(ratings=written(tmp_path, name), scale=[1, 9]), CLASSES)
    votes = attached.votes.set_index("face")
    assert {face.split("/")[-1]: {k: int(v) for k, v in row.items() if v} for face, row in votes.iterrows()} == COUNTS


def test_what_toloka_aggregated_is_one_label_a_face(tmp_path):
    file = tmp_path / "aggregated.tsv"
    file.write_text("INPUT:image\tOUTPUT:result\tCONFIDENCE:result\nhttps://x.org/a.jpg\tHappy\t93.2%\n")
    assert read_answers(file, "lab", classes=["happy", "sad"]).counts.tolist() == [[1, 0]]
    assert read_labels(file, ["happy", "sad"], "gold")[1].tolist() == [0]


def test_persons_are_their_files_where_no_column_tells_them_apart(tmp_path):
    """As JATOS writes them, a folder each; session is 001 for everybody."""
    for person in range(3):
        (tmp_path / "jatos" / f"comp-result_{person}").mkdir(parents=True)
        trials = [{"trial_type": "image-button-response", "trial_index": 0, "time_elapsed": 9, "session": "001",
                   "stimulus": "img/a.jpg", "response": "happy", "rt": 900}]  # fmt: skip
        (tmp_path / "jatos" / f"comp-result_{person}" / "data.txt").write_text(json.dumps(trials))
    (tmp_path / "jatos" / "metadata.json").write_text("{}")
    assert len(read_answers(tmp_path / "jatos", "ratings").workers) == 3


def test_every_row_of_the_table_has_a_fake():
    assert {row.name for row in ROWS if row.name} == {name.partition(",")[0] for name in EXPORTS}


TIMED = ("Label Studio", "Label Studio, CSV", "MTurk", "jsPsych, JSON", "jsPsych, CSV", "Gorilla", "PsychoPy",
         "Gorilla, Task Builder 2", "Qualtrics, loop and merge", "Labelbox")  # fmt: skip


@pytest.mark.parametrize("name", TIMED)
def test_times_are_seconds_of_one_answer_whatever_the_tool_writes(tmp_path, name):
    answers = read_answers(written(tmp_path, name), scale=[1, 9])
    seconds = pd.Series(answers.seconds).groupby(answers.tasks[answers.task]).unique()
    assert [list(values) for values in seconds] == [[1.5], [2.5], [3.5], [4.5]]


def test_a_time_that_is_of_a_whole_page_is_not_used_and_said(tmp_path, capsys):
    assert read_answers(written(tmp_path, "MTurk, several pictures a HIT"), "ratings").seconds is None
    assert "WorkTimeInSeconds is of 4 pictures together, not used" in capsys.readouterr().err


RATED = ("Label Studio, with ratings", "Label Studio, CSV", "MTurk, answers in JSON", "Qualtrics, loop and merge",
         "jsPsych, without ids", "Gorilla, Task Builder 2", "PsychoPy")  # fmt: skip


@pytest.mark.parametrize("name", RATED)
def test_ratings_beside_labels_are_of_the_same_answer(tmp_path, name):
    answers = read_answers(written(tmp_path, name), scale=[1, 9])
    assert len(answers.task) == 12
    for task, valence in zip(answers.task, answers.rated["valence"], strict=True):
        assert valence == (VALENCE[answers.tasks[task].split("/")[-1]] - 5) / 4


@pytest.mark.parametrize("scale", ["intensity", "inner warmth"])
@pytest.mark.parametrize("name", RATED)
def test_any_scale_is_taken_as_valence_is(tmp_path, name, scale):
    """Known by its name, or named; in its own units."""
    file = Path(written(tmp_path, name))
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub("valence", scale.replace(" ", "_"), text, flags=re.IGNORECASE), encoding="utf-8")
    answers = read_answers(file, scales={} if scale == "intensity" else {scale: (1.0, 9.0)})
    assert counts(answers) == COUNTS
    assert list(answers.rated) == [scale]
    for task, value in zip(answers.task, answers.rated[scale], strict=True):
        assert value == VALENCE[answers.tasks[task].split("/")[-1]]


def slider_rows(scales=("intensity", "genuineness")):
    """Trials of jsPsych's image-slider-response: a number each, and the question in the trial's data."""
    trials = [(person, n, face, scale) for person in PEOPLE for n, face in enumerate(FACES) for scale in scales]
    return [{"rt": 1500, "stimulus": f"img/{face}", "response": 10 * VALENCE[face] + len(scale), "slider_start": 50,
             "trial_type": "image-slider-response", "trial_index": 2 * n + scales.index(scale), "time_elapsed": n,
             "plugin_version": "2.0.0", "subject": person, "dimension": scale}
            for person, n, face, scale in trials]  # fmt: skip


def test_sliders_without_any_label_are_scales_by_their_question_or_by_the_one_name_that_is_given(tmp_path, capsys):
    file = tmp_path / "a.json"
    file.write_text(json.dumps(slider_rows()))
    answers = read_answers(file, "ratings", scales={})
    assert answers.classes == ()
    by_face = {face.split("/")[-1]: n for n, face in enumerate(answers.tasks)}
    for scale in ("intensity", "genuineness"):
        wanted = [10 * VALENCE[face] + len(scale) for face in sorted(FACES)]
        got = [answers.rated[scale][answers.task == by_face[face]].mean() for face in sorted(FACES)]
        assert got == wanted
    assert "intensity runs from 0 to 100 (guessed" in capsys.readouterr().err
    file.write_text(json.dumps([{**row, "dimension": None} for row in slider_rows(("intensity",))]))
    assert read_answers(file, scales={"warmth": (0.0, 100.0)}).rated["warmth"].max() == 49


def test_a_survey_of_six_emotions_a_face_is_six_scales_but_ticked_boxes_are_none(tmp_path):
    words = ("happy", "sad", "angry", "fear", "disgust", "surprise")
    columns = [f"face{n}_{word}_1" for n in range(4) for word in words]
    file = tmp_path / "q.csv"
    file.write_text(qualtrics(columns, columns, lambda name: [n + k for n in range(4) for k in range(6)], numeric=True))
    answers = read_answers(file, scales={})
    assert answers.tasks.tolist() == [f"face{n}" for n in range(4)]
    assert answers.rated["anger"][answers.task == 2].tolist() == [4, 4, 4]
    assert set(answers.rated) == {"happiness", "sadness", "anger", "fear", "disgust", "surprise"}
    ticked = qualtrics(columns, columns, lambda name: [int(n == k) for n in range(4) for k in range(6)], numeric=True)
    file.write_text(ticked)
    with pytest.raises(RequestError):
        read_answers(file, scales={})


LEFT = {
    "Label Studio": {"rows of skipped annotations": 1, "rows of predictions, or without an annotation": 1},
    "MTurk": {"rejected assignments": 1},
    "Qualtrics, a column a picture": {"previews and tests": 1, "unfinished questionnaires": 1},
    "jsPsych, CSV": {"rows that repeat the header": 1, "practice, instruction and attention trials": 3,
                     "trials without a question about a face": 3, "rows that show no picture": 3,
                     "rows without a response": 3},
    "Toloka": {"empty rows": 3, "assignments rejected or not finished": 1, "training tasks": 1},
    "Gorilla": {"rows END OF FILE": 1, "practice and instruction screens": 6, "screens without a response": 18},
    "LimeSurvey": {"unfinished questionnaires": 1},
}  # fmt: skip


@pytest.mark.parametrize("name", LEFT)
def test_rows_that_are_no_answers_are_counted_by_name(tmp_path, name):
    answers = read_answers(written(tmp_path, name))
    assert answers.counted == {f"{words} left out": number for words, number in LEFT[name].items()}


def test_an_experiment_that_is_called_a_training_is_no_practice(tmp_path):
    rows = [{**row, "task": "emotion training", "phase": row.get("phase", "start")} for row in jspsych_rows()]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    assert counts(read_answers(tmp_path / "a.json")) == COUNTS


def test_the_true_labels_of_an_export_are_gold(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path, "Toloka")
    assert main(["crowd", f"ratings={file}", f"gold={file}", "methods=[majority]", "bootstrap=0", "json=true"]) == 0
    printed = capsys.readouterr()
    row = json.loads(printed.out)["accuracy"][0]
    assert (row["method"], row["accuracy"], row["n"]) == ("majority", 1, 1)
    assert "GOLDEN:result has the true label in 3 rows: gold= takes this file, too" in printed.err
    tasks, codes, _ = read_labels(file, CLASSES, "gold")
    assert (tasks.tolist(), codes.tolist()) == (["faces/a.jpg"], [1])


def test_what_an_expert_answered_in_the_same_tool_is_gold(tmp_path):
    rows = json.loads(EXPORTS["Label Studio, JSON-MIN"][1]())
    (tmp_path / "expert.json").write_text(json.dumps([row for row in rows if row["annotator"] == 1]))
    tasks, codes, _ = read_labels(tmp_path / "expert.json", CLASSES, "gold")
    assert {task: CLASSES[code] for task, code in zip(tasks, codes, strict=True)} == {
        "faces/a.jpg": "happiness", "faces/b.jpg": "sadness", "faces/c.jpg": "anger", "faces/d.jpg": "neutral",
    }  # fmt: skip
    with pytest.raises(RequestError, match="has two different labels; give one a task"):
        read_labels(written(tmp_path, "Label Studio, JSON-MIN"), CLASSES, "gold")


def test_commands_take_an_export_as_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("Qualtrics, loop and merge",):
        file = written(tmp_path, name)
        assert main(["agreement", f"ratings={file}", "bootstrap=0", "json=true", "output=a", "scale=[1,9]"]) == 0
        found = json.loads(capsys.readouterr().out)["all"]
        assert found["labels"]["percent_agreement"]["value"] == pytest.approx(0.5)  # 1, 1/3, 1/3, 1/3
        assert any("left out" in note for note in found["notes"])


def mturk(tmp_path, rows, *columns):
    header = [*MTURK, *columns]
    (tmp_path / "batch.csv").write_text(
        delimited(header, filled(header, *(assignment("w", n, **row) for n, row in enumerate(rows))))
    )
    return tmp_path / "batch.csv"


@pytest.mark.parametrize(
    ("columns", "cells", "said"),
    [
        (("Input.url", "Answer.note", "Answer.mood"), ("a.jpg", "good", "fine"), r"label=Answer.note \(there are: Ans"),
        (("Input.url", "Answer.one", "Answer.two"), ("a.jpg", "joy", "sad"), "several columns hold labels; .*=Answer"),
        (("Answer.emotion",), ("happy",), "no column of it names pictures; say which with task=Answer.emotion"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_asked_for_with_its_key(tmp_path, columns, cells, said):
    with pytest.raises(RequestError, match=said) as caught:
        read_answers(mturk(tmp_path, [dict(zip(columns, cells, strict=True))], *columns), "ratings")
    assert "\n" not in str(caught.value)


def test_a_key_names_the_column_that_is_meant(tmp_path):
    columns = ("Input.url", "Answer.first", "Answer.second")
    file = mturk(tmp_path, [dict(zip(columns, ("a.jpg", "happy", "sad"), strict=True))], *columns)
    assert read_answers(file, columns={"label": "Answer.second"}).classes == ("sadness",)
    with pytest.raises(RequestError, match=r"has no column Answer.secnd, .*; did you mean Answer.second"):
        read_answers(file, columns={"label": "Answer.secnd"})


def test_a_row_is_named_by_its_place_in_the_file(tmp_path):
    rows = [{"Input.url": name, "Answer.emotion": "happy"} for name in ("a.jpg", "b.jpg", "a.jpg")]
    file = mturk(tmp_path, rows, "Input.url", "Answer.emotion")
    header, first, *others = file.read_text().splitlines()
    blank = "," * header.count(",")
    file.write_text("\n".join([header, first, blank, *others]))
    with pytest.raises(RequestError, match=r"row 4 is a second answer of worker w to task a\.jpg"):
        read_answers(file, "ratings")


def test_decimal_commas_stay_commas_where_semicolons_part_the_cells(tmp_path):
    rows = [{"Input.url": f"{n}.jpg", "Answer.valence": cell} for n, cell in enumerate(("1,500", "7,125"))]
    file = mturk(tmp_path, rows, "Input.url", "Answer.valence")
    table = pd.read_csv(file, dtype=str)
    table.to_csv(file, sep=";", index=False)
    assert read_answers(file, "ratings", scale=[1, 9]).rated["valence"].tolist() == [-0.875, 0.53125]


def test_labels_that_are_numbers_are_said_with_the_key_that_names_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["Neutral", "Happy", "Sad", "Angry", "Fear"]
    rows = jspsych_rows()
    for row in rows:
        if row.get("response") in words:
            row["response"] = words.index(row["response"])
    (tmp_path / "index.json").write_text(json.dumps(rows))
    assert main(["agreement", "index.json", "bootstrap=0", "json=true", "output=a"]) == 0
    printed = capsys.readouterr()
    assert "labels are numbers, 0 to 4; numbers=[...] says what they mean" in printed.err
    assert list(json.loads(printed.out)["all"]["classes"]) == ["0", "1", "2", "3", "4"]
    assert counts(read_answers(tmp_path / "index.json", numbers=words)) == COUNTS


@pytest.mark.parametrize(
    "text",
    [
        '[{"image": "a", "rater": 1, "label": "joy"}, {"image": "a", "rater": 2, "label": null}]',
        '{"image": "a", "rater": 1, "label": "joy"}\n\n{"image": "a", "rater": 2, "label": ""}\n',
        '{"image": ["a", "a"], "rater": [1, 2], "label": ["joy", null]}',
        '{"image": {"0": "a", "1": "a"}, "rater": {"0": 1, "1": 2}, "label": {"0": "joy", "1": null}}',
        '{"1": [{"image": "a", "label": "joy"}], "2": [{"image": "a", "label": null}]}',
        '[{"rater": 1, "answers": [{"image": "a", "label": "joy"}]}, {"rater": 2, "answers": [{"image": "a"}]}]',
        '\ufeff {"next": [], "rows": [{"image": "a", "rater": "1", "label": ["joy"]}, {"image": "a", "rater": 2}]}',
    ],
)
def test_json_of_any_shape_is_a_table(tmp_path, text):
    (tmp_path / "answers.txt").write_text(text, encoding="utf-8")
    worker = None if "rater" in text else "name"
    answers = read_answers(tmp_path / "answers.txt", columns={"task": None, "worker": worker, "label": None})
    assert (answers.tasks.tolist(), answers.workers.tolist(), answers.classes) == (["a"], ["1", "2"], ("happiness",))
    assert answers.counted == {"rows have no label": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"a": 1}, ', r"it begins as JSON does, but: .*column"),
        ("[1, 2]", "it is JSON, but no list of objects"),
        ("{}", r"it is JSON, but|is empty"),
        (
            '{"images": [{"id": 1}], "categories": [{"name": "joy"}], "v": 1}',
            r"several tables \(images, categories\); give",
        ),
    ],
)
def test_json_that_is_no_table_is_refused_in_one_sentence(tmp_path, text, said):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(RequestError, match=said):
        read_table(tmp_path / "a.json", "ratings")


def test_empty_rows_and_headers_within_a_file_are_left_out_and_rows_keep_their_numbers(tmp_path):
    (tmp_path / "a.csv").write_text("task,worker,label\na,1,joy\n,,\ntask,worker,label\nb,,joy\n")
    with pytest.raises(RequestError, match="row 4: worker is ''"):
        read_answers(tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv").left == {"rows that repeat the header": 1, "empty rows": 1}


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_folder_with_a_file_a_person_is_one_table(tmp_path, form, capsys):
    folder = tmp_path / "data"
    folder.mkdir()
    for number, person in enumerate(["w1", "w2", "w3"]):
        rows = [{name: cell for name, cell in row.items() if name != "subject"} for row in jspsych_rows()
                if row["subject"] == person]  # fmt: skip
        names = list(dict.fromkeys(name for row in rows for name in row))[number % 2 :]  # each has its own columns
        text = json.dumps(rows) if form == "json" else delimited(names, filled(names, *rows))
        (folder / f"{person}.{form}").write_text(text)
    (folder / ".~lock.w1.csv#").write_text("me")
    (folder / "notes.docx").write_text("me")
    answers = read_answers(folder, "ratings")
    assert counts(answers) == COUNTS
    assert answers.workers.tolist() == ["w1", "w2", "w3"]
    said = capsys.readouterr().err
    assert "worker is the file" in said
    assert "3 files together" in said
    faces = Faces(pd.DataFrame({"face": FACES, "valence": np.nan, "arousal": np.nan}))
    first = attach(faces, DatasetConfig(ratings=str(folder)), CLASSES)[1]
    (folder / f"w4.{form}").write_text((folder / f"w1.{form}").read_text())
    assert attach(faces, DatasetConfig(ratings=str(folder)), CLASSES)[1] != first


def test_raters_who_filled_in_a_sheet_each_are_told_by_their_files(tmp_path, capsys):
    for name, labels in (("Anna", ["joy", "fear"]), ("Ben", ["Happy", "sad"])):
        pd.DataFrame({"picture": ["a.jpg", "b.jpg"], "emotion": labels}).to_excel(
            tmp_path / f"{name}.xlsx", index=False
        )
    answers = read_answers(tmp_path, "ratings", columns={"task": None, "worker": None, "label": None})
    assert answers.workers.tolist() == ["Anna", "Ben"]
    assert answers.counts().sum() == 4
    said = capsys.readouterr().err
    assert "2 files together" in said
    assert "worker is (its file)" in said


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(RequestError, match=r"it is a folder without a table \(.csv, "):
        read_answers(tmp_path, "ratings")


@pytest.mark.parametrize(
    "text",
    [
        "Timestamp,image,rater1,rater2\nx,a.jpg,joy,fear\ny,b.jpg,joy,joy\n",
        "Timestamp,image,happy,fear\nx,a.jpg,1,1\ny,b.jpg,2,0\n",
        "Timestamp,image,who,emotion\nx,a.jpg,r1,joy\nx,a.jpg,r2,fear\ny,b.jpg,r1,joy\ny,b.jpg,r2,joy\n",
    ],
)
def test_a_plain_table_with_a_time_stamp_stays_one(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    worker = "who" if "who" in text else None
    answers = read_answers(tmp_path / "t.csv", columns={"task": None, "worker": worker, "label": None})
    assert answers.tasks.tolist() == ["a.jpg", "b.jpg"]
    votes = answers.votes() if isinstance(answers, Answers) else answers
    assert votes.counts.tolist() == [[1, 1], [2, 0]]


def test_the_one_table_in_a_zip_is_read_as_surveys_are_downloaded(tmp_path):
    with zipfile.ZipFile(tmp_path / "Faces_March 5, 2024.zip", "w") as packed:
        packed.writestr("Faces_March 5, 2024.csv", EXPORTS["Qualtrics, loop and merge"][1]())
    assert counts(read_answers(tmp_path / "Faces_March 5, 2024.zip", scale=[1, 9])) == COUNTS
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as packed:
        packed.writestr("a.csv", "task\n")
        packed.writestr("b.csv", "task\n")
    with pytest.raises(
        RequestError, match=r"a zip with 2 tables \(a.csv, b.csv\); unpack it, and give one file, or the"
    ):
        read_answers(tmp_path / "two.zip")
