"""Which column of a table of answers is what: those that could be taken for another, and rows that are no answers."""

import numpy as np
import pandas as pd
import pytest

from fer_exp.answers.read import read_answers
from fer_exp.cli import main
from fer_exp.errors import RequestError

CLASSES = ["happiness", "sadness", "anger", "fear", "neutral"]
FACES = [f"face{number:02d}.jpg" for number in range(10)]
POSED = dict(zip(FACES, CLASSES * 2, strict=True))


def drawn() -> pd.DataFrame:
    """What six raters say of ten faces that actors posed for, and how strong it is."""
    rng = np.random.default_rng(0)
    rows = [(who, face, POSED[face] if rng.random() < 0.6 else rng.choice(CLASSES), int(rng.integers(1, 8)))
            for who in "ABCDEF" for face in FACES]  # fmt: skip
    return pd.DataFrame(rows, columns=["worker", "image", "response", "intensity"])


ROWS = drawn()
SAID = ROWS[["worker", "image", "response"]]
COUNTS = pd.crosstab(SAID["image"], SAID["response"])
WIDE = SAID.pivot(index="worker", columns="image", values="response").reset_index()
RATED = ROWS.pivot(index="image", columns="worker", values="intensity").reset_index()


def counted(frame: pd.DataFrame, **more) -> pd.DataFrame:
    """How often each face was called each class."""
    read = read_answers(frame, **more)
    counts = read.counts() if callable(read.counts) else read.counts
    return pd.DataFrame(counts, [*map(str, read.tasks)], [*read.classes])


def same(frame: pd.DataFrame, **more) -> bool:
    """Whether a table is read as what people said, of all faces."""
    table = counted(frame, **more)
    return set(table.index) == set(FACES) and (table.loc[FACES, CLASSES] == COUNTS.loc[FACES, CLASSES]).all(axis=None)


@pytest.mark.parametrize("posed", ["emotion", "expression", "category", "label", "EmotionPosed"])
@pytest.mark.parametrize("answer", ["chosen_emotion", "ChosenEmotion", "Q1", "ans", "judgement", "key_resp.keys"])
def test_what_is_the_same_in_all_answers_to_a_face_is_none_beside_what_differs(posed, answer):
    assert same(SAID.rename(columns={"response": answer}).assign(**{posed: SAID["image"].map(POSED)}))


def test_what_was_posed_is_no_answer_beside_ratings_and_is_one_where_it_is_named(tmp_path, capsys):
    table = ROWS.assign(emotion=ROWS["image"].map(POSED))[["worker", "image", "emotion", "intensity"]]
    table.to_csv(tmp_path / "t.csv", index=False)
    read = read_answers(tmp_path / "t.csv", "ratings", columns={}, scales={})
    assert (read.classes, [*read.rated]) == ((), ["intensity"])
    assert "emotion is the same in all answers to a face, so it is none of them; label='emotion' takes it" in (
        capsys.readouterr().err
    )
    assert len(read_answers(table, columns={"label": "emotion"}).classes) == 5
    agreed = table.drop(columns="intensity")  # nothing else is there: people agree
    assert len(read_answers(agreed).classes) == 5


def test_of_two_columns_that_differ_as_answers_do_beside_what_was_posed_none_is_taken():
    table = SAID.rename(columns={"response": "first"}).assign(emotion=SAID["image"].map(POSED), second=SAID["response"])
    with pytest.raises(RequestError, match="no column label"):
        read_answers(table, columns={})
    assert same(table, columns={"label": "second"})


@pytest.mark.parametrize("named", ["All", "Grand Total", "Gesamtergebnis", "Total général", "N", "Σ"])
def test_a_row_of_totals_is_no_face(named):
    assert same(pd.crosstab(SAID["image"], SAID["response"], margins=True, margins_name=named).reset_index())


def test_counts_in_rows_of_groups_are_added_up(capsys, tmp_path):
    grouped = SAID.assign(culture=SAID["worker"].map(lambda who: "east" if who < "D" else "west"))
    table = grouped.groupby(["image", "culture", "response"]).size().reset_index(name="n")
    assert same(table)
    table.to_csv(tmp_path / "t.csv", index=False)
    read_answers(tmp_path / "t.csv", "ratings")
    assert "n says how many chose the response of each row, added up over culture" in capsys.readouterr().err


def test_a_running_number_beside_persons_without_a_known_name_is_no_count():
    table = SAID.rename(columns={"worker": "wer"}).assign(n=range(60))
    assert same(table)  # an answer a row


@pytest.mark.parametrize("more", ["mood", "gender", "age_group", "condition", "survey_complete"])
@pytest.mark.parametrize("called", ["q{}", "Rate [{}]", "{}"])
def test_beside_columns_of_faces_one_about_the_person_is_no_face(called, more):
    names = [called.format(number if called == "q{}" else face) for number, face in enumerate(FACES)]
    table = WIDE.set_axis(["participant", *names], axis=1).assign(**{more: [*CLASSES, "neutral"]})
    read = read_answers(table)
    assert len(read.tasks) == 10
    assert read.counts().sum() == 60


def test_beside_sliders_of_faces_an_age_is_no_rating(capsys, tmp_path):
    table = ROWS.pivot(index="worker", columns="image", values="intensity")
    table = table.set_axis([f"q{number}" for number in range(10)], axis=1).rename_axis("participant")
    table.assign(age=[23, 34, 22, 19, 45, 33]).reset_index().to_csv(tmp_path / "t.csv", index=False)
    read = read_answers(tmp_path / "t.csv", "ratings", columns={}, scales={"intensity": None})
    assert len(read.tasks) == 10
    assert np.nanmax(read.rated["intensity"]) <= 7
    assert "q8, q9); " in capsys.readouterr().err  # all are named


@pytest.mark.parametrize("other", ["EmotionPosed", "actor_emotion", "modal response", "GPT-4", "dataset_label"])
def test_beside_columns_of_raters_what_is_of_none_is_no_rater(other):
    table = SAID.pivot(index="image", columns="worker", values="response").reset_index()
    table.insert(1, other, table["image"].map(POSED))
    assert same(table)


def test_beside_columns_of_raters_their_mean_is_no_rater():
    table = RATED.assign(mean=RATED.iloc[:, 1:].mean(axis=1))
    assert len(read_answers(table, columns={}, scales={"intensity": None}).workers) == 6


@pytest.mark.parametrize("quoted", [0, 1])
def test_several_answers_in_a_cell_do_not_part_the_table(tmp_path, quoted):
    cells = SAID.groupby("image")["response"].apply(";".join).reset_index(name="labels")
    cells.to_csv(tmp_path / "t.csv", index=False, quoting=quoted)
    with pytest.raises(RequestError, match="There are: image, labels"):
        read_answers(tmp_path / "t.csv", "ratings")


def test_columns_called_votes_are_votes_whatever_their_class():
    table = pd.crosstab(SAID["image"], SAID["response"].replace("fear", "pride"))
    table.columns = "votes_" + table.columns
    read = read_answers(table.reset_index().assign(votes_total=6))
    assert "pride" in read.classes
    assert read.counts.sum() == 60


@pytest.mark.parametrize("mark", ["-99", "99", "n.a.", "k.A.", "(blank)", "timeout"])
def test_a_mark_for_a_missing_answer_is_no_class_beside_expressions(mark):
    table = SAID.copy()
    table.loc[::7, "response"] = mark
    assert set(counted(table).columns) == set(CLASSES)
    assert counted(table).to_numpy().sum() == 51
    left_out = read_answers(table).counted
    assert sum(left_out.values()) == 9, left_out  # each for one reason


def test_a_picture_names_the_face_before_a_file_of_data_and_a_number_of_a_row():
    table = SAID.rename(columns={"image": "stimulus"})
    assert same(table.assign(file=table["worker"] + ".csv")[["file", "worker", "stimulus", "response"]])
    assert same(SAID.assign(item=range(60))[["item", "worker", "image", "response"]])


def test_who_answered_is_no_number_of_each_answer():
    table = SAID.rename(columns={"worker": "Rater Code"})
    table.insert(0, "ResponseId", [f"R_{number}" for number in range(60)])
    assert read_answers(table).workers.tolist() == list("ABCDEF")


def test_how_strong_each_emotion_is_is_a_rating_of_each():
    rng = np.random.default_rng(1)
    rows = [(who, face, name, int(rng.integers(0, 8))) for who in "AB" for face in FACES for name in ("happy", "sad")]
    table = pd.DataFrame(rows, columns=["worker", "image", "emotion", "intensity"])
    read = read_answers(table, scales={})
    assert (read.classes, sorted(read.rated)) == ((), ["happiness", "sadness"])
    expected = table.query("emotion == 'happy'").sort_values(["image", "worker"])["intensity"]
    order = np.lexsort((read.worker, read.task))
    assert read.rated["happiness"][order].tolist() == expected.tolist()


def test_a_column_that_is_named_is_the_label_and_a_time_of_day_no_duration():
    assert same(SAID.rename(columns={"response": "rating"}), columns={"label": "rating"})
    melted = WIDE.melt(id_vars="worker", var_name="name")
    assert same(melted, columns={"task": "name", "label": "value"})
    assert same(SAID.assign(time="2024-03-01 10:22:33"))
    assert read_answers(SAID.assign(time=1.5)).seconds.max() == 1.5
    assert read_answers(WIDE).workers.tolist() == list("ABCDEF")


def test_grades_in_words_need_their_order(tmp_path, capsys):
    said = ROWS.assign(label=pd.cut(ROWS["intensity"], [0, 2, 5, 7], labels=["low", "medium", "high"]))
    said[["worker", "image", "label"]].to_csv(tmp_path / "t.csv", index=False)
    words = ["agreement", str(tmp_path / "t.csv"), "ordered=true", "bootstrap=0", f"output={tmp_path / 'out'}"]
    assert main(words) == 2
    assert "ordered=true needs the classes from lowest to highest: classes=[" in capsys.readouterr().err
    assert main([*words, "classes=[low,medium,high]"]) == 0


@pytest.mark.parametrize("copy", ["A (1)", "A(2)", "A - Copy", "A copy", "A - Kopie (3)"])
def test_a_second_download_of_a_file_is_no_further_rater(tmp_path, capsys, copy):
    for who, rows in SAID.groupby("worker"):
        rows[["image", "response"]].to_csv(tmp_path / f"{who}.csv", index=False)
    (tmp_path / f"{copy}.csv").write_bytes((tmp_path / "A.csv").read_bytes())
    (tmp_path / "B (1).csv").write_text((tmp_path / "C.csv").read_text())  # called so, and not the same
    assert read_answers(tmp_path, "ratings").workers.tolist() == ["A", "B", "B (1)", "C", "D", "E", "F"]
    assert f"{copy}.csv is a copy of another file, left out" in capsys.readouterr().err


def test_what_people_chose_is_the_label_before_what_is_shown_where_all_agree():
    rows = [(who, face, POSED[face], CLASSES[(CLASSES.index(POSED[face]) + 1) % 5]) for who in "AB" for face in FACES]
    table = pd.DataFrame(rows, columns=["worker", "image", "emotion", "choice"])
    assert counted(table).loc["face00.jpg"].idxmax() == "sadness"


def test_times_that_may_be_milliseconds_are_said(tmp_path, capsys):
    SAID.assign(time=4500.0).to_csv(tmp_path / "t.csv", index=False)
    assert read_answers(tmp_path / "t.csv", "ratings").seconds.max() == 4500
    assert "time has a median of 4,500 and is taken as seconds; if these are milliseconds" in capsys.readouterr().err
    SAID.assign(time=4.5).to_csv(tmp_path / "t.csv", index=False)
    read_answers(tmp_path / "t.csv", "ratings")
    assert "milliseconds" not in capsys.readouterr().err
