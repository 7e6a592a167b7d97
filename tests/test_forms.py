"""Forms in which people bring the same answers: whatever the form, the same votes come in."""

import random

import numpy as np
import pandas as pd
import pytest

from fer_exp.answers.read import read_answers, read_labels
from fer_exp.cli import main
from fer_exp.datasets.splits import read_splits
from fer_exp.errors import RequestError
from fer_exp.judging.people import with_people
from fer_exp.judging.reading import read_predictions

E = ["neutral", "happy", "sad", "angry"]
OURS = ["neutral", "happiness", "sadness", "anger"]
FACES = [f"face{n:02d}.jpg" for n in range(12)]


def answers() -> pd.DataFrame:
    """Five raters' answers to twelve faces, an answer a row."""
    chance = random.Random(1)
    return pd.DataFrame(
        [
            (face, f"R{rater}", E[n % 4] if chance.random() < 0.7 else chance.choice(E))
            for n, face in enumerate(FACES)
            for rater in range(5)
        ],
        columns=["image", "rater", "label"],
    )


def by_rater() -> pd.DataFrame:
    return answers().pivot(index="image", columns="rater", values="label").reset_index()


def by_person() -> pd.DataFrame:
    table = answers().pivot(index="rater", columns="image", values="label")
    return table.rename(columns=lambda name: name[:-4]).reset_index().rename(columns={"rater": "id"})


def shown_in_some_order() -> pd.DataFrame:
    table = answers().rename(columns={"image": "stimulus_file", "rater": "participant"})
    order = [random.Random(ord(who[-1])).sample(range(1, 13), 12) for who in table["participant"].unique()]
    places = {(who, face): places[n] for who, places in zip(table["participant"].unique(), order, strict=True)
              for n, face in enumerate(FACES)}  # fmt: skip
    return table.assign(item=[places[pair] for pair in zip(table["participant"], table["stimulus_file"], strict=True)])


def pivoted(name: str) -> pd.DataFrame:
    counts = answers().groupby(["image", "label"]).size().unstack(fill_value=0).stack()
    return counts.rename(name).reset_index()


def ticks() -> pd.DataFrame:
    return pd.concat([answers()[["image"]], pd.get_dummies(answers()["label"]).astype(int)], axis=1)


POSED = {face: E[n % 4] for n, face in enumerate(FACES)}
FORMS = {
    "an answer a row": answers,
    "beside the order in which they were shown": shown_in_some_order,
    "the same, called task": lambda: shown_in_some_order().rename(columns={"item": "task"}),
    "Excel's pivot": lambda: pivoted("Count of label"),
    "Excel's pivot in German": lambda: pivoted("Anzahl von label"),
    "a row a class and its total": lambda: pivoted("total"),
    "a column a rater": by_rater,
    "a column a rater, faces numbered by #": lambda: by_rater().rename(columns={"image": "#"}),
    "a column a rater beside who is pictured": lambda: by_rater().assign(participant=[f"P{n // 4}" for n in range(12)]),
    "a column a rater beside what was posed": lambda: by_rater().assign(label=[POSED[face] for face in FACES]),
    "the same, called emotion": lambda: by_rater().assign(emotion=[POSED[face] for face in FACES]),
    "a row a person": by_person,
    "ticks without a person": ticks,
    "ticks of a rater": lambda: ticks().assign(ratersID=answers()["rater"]),
    "ticks of a labeler": lambda: ticks().assign(labeler=answers()["rater"]),
    "REDCap's ticks": lambda: ticks().replace({1: "Checked", 0: "Unchecked"}).assign(worker=answers()["rater"]),
    "addresses with a query": lambda: answers().assign(image="https://x.org/" + answers()["image"] + "?v=1"),
    "counts behind resp_": lambda: pd.crosstab(answers().image, answers().label).add_prefix("resp_").reset_index(),
    "a rater called pid": lambda: answers().rename(columns={"rater": "pid"}),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_votes(tmp_path, form):
    FORMS[form]().to_csv(tmp_path / "said.csv", index=False)
    read = read_answers(str(tmp_path / "said.csv"), "ratings", columns={})
    counts = read.counts() if callable(read.counts) else read.counts
    found = pd.DataFrame(counts, columns=read.classes)[OURS].to_numpy()
    wanted = pd.crosstab(answers()["image"], answers()["label"])[E].to_numpy()
    order = np.arange(12) if "#" in form else np.argsort([str(task) for task in read.tasks])
    np.testing.assert_array_equal(found[order], wanted)


def test_rows_of_a_face_that_only_a_strange_column_tells_apart_are_refused_with_the_key():
    table = pd.DataFrame({"image": np.repeat(FACES, 2), "happy": 3, "sad": 1, "wer": ["a", "b"] * 12})
    with pytest.raises(RequestError, match="wer tells them apart; if it says who answered, say worker=wer"):
        read_answers(table, columns={})


def test_columns_that_may_be_faces_or_raters_are_refused_with_both_keys(tmp_path):
    table = by_person().rename(columns=lambda name: name.replace("face", "x") + "y" * name.startswith("face"))
    table.to_csv(tmp_path / "said.csv", index=False)
    with pytest.raises(RequestError, match="a row is a face or a person: task=id says the first, worker=id the second"):
        read_answers(str(tmp_path / "said.csv"), "ratings", columns={})
    assert len(read_answers(str(tmp_path / "said.csv"), "ratings", columns={"worker": "id"}).tasks) == 12


@pytest.mark.parametrize("again", ["{}_retest", "{}_2nd", "{} (round 2)", "second_{}"])
def test_columns_of_second_ratings_are_no_further_raters(again):
    table = by_rater()
    for name in [f"R{n}" for n in range(5)]:
        table[again.format(name)] = table[name].iloc[::-1].to_numpy()
    with pytest.raises(RequestError, match="second answer of worker R0"):
        read_answers(table, columns={})
    once = read_answers(table, columns={}, duplicates="first")
    assert once.workers.tolist() == [f"R{n}" for n in range(5)]
    wanted = pd.crosstab(answers()["image"], answers()["label"])[E].to_numpy()
    np.testing.assert_array_equal(pd.DataFrame(once.counts(), columns=once.classes)[OURS], wanted)


@pytest.mark.parametrize("who", ["subject", "id", "prolific_id", "name", "worker"])
@pytest.mark.parametrize("value", ["response", "rating"])
def test_a_row_a_scale_is_of_whoever_tells_them_apart(who, value):
    rng = np.random.default_rng(0)
    rows = [(face, person, trait, int(rng.integers(1, 8))) for face in FACES for person in ("p1", "p2", "p3")
            for trait in ("warmth", "threat")]  # fmt: skip
    table = pd.DataFrame(rows, columns=["image", who, "trait", value])
    read = read_answers(table, columns={}, scales={})
    assert sorted(read.rated) == ["threat", "warmth"]
    assert read.workers.tolist() == ["p1", "p2", "p3"]
    assert len(read.rated["warmth"]) == 36


@pytest.mark.parametrize("name", ["ground_truth", "true_label", "intended", "Target Emotion", "correct_answer", "gold"])
def test_the_true_class_is_found_by_its_name_at_every_door(name, tmp_path):
    table = pd.DataFrame({"image": FACES, "emotion": E * 3, name: [*E[1:], *E, *E, E[0]]})
    wanted = [*OURS[1:], *OURS, *OURS, OURS[0]]
    codes = read_labels(table, OURS, "gold")[1]
    assert [OURS[code] for code in codes] == wanted
    said = table.assign(prediction=E[0])
    assert read_predictions(said)["label"].tolist() == wanted
    uniform = pd.DataFrame({"face": FACES, "split": "test", **{f"p_{name}": 0.25 for name in OURS}})
    assert with_people(uniform, table)["label"].tolist() == wanted


@pytest.mark.parametrize(("word", "split"), [("Test set", "test"), ("Training", "train"), ("dev", "val"),
                                             ("PrivateTest", "test"), ("public_test", "val")])  # fmt: skip
def test_a_word_says_the_same_of_a_split_at_every_door(tmp_path, word, split):
    table = pd.DataFrame({"face": FACES, "split": word, **{f"p_{name}": 0.25 for name in OURS}})
    assert set(read_predictions(table)["split"]) == {split}
    table[["face", "split"]].to_csv(tmp_path / "splits.csv", index=False)
    known = pd.DataFrame({"face": FACES, "split": "not split"})
    assert set(read_splits(known, tmp_path / "splits.csv", print)["split"]) == {split}


def predicted(**columns) -> pd.DataFrame:
    return pd.DataFrame({"filename": FACES, **columns})


@pytest.mark.parametrize(("columns", "said"), [
    ({"emotion": E * 3, "prediction": [0, 1, 2, 3] * 3}, "prediction holds numbers, which mean other classes"),
    ({"label": E * 3, "pred": [0, 1, 2, 3] * 3}, "pred holds numbers"),
    ({"label": E * 3, **{f"prob_{n}": 0.25 for n in range(4)}}, "prob_0 holds numbers"),
    ({"label": E * 3, "output": "The person seems lost in thought."}, "output names no class"),
    ({"label": E * 3, "probs": "[0.2 0.3 0.5]"}, "probs holds lists of numbers"),
    ({"label": E * 3, "deepface_pred": E * 3, "hsemotion_pred": E[::-1] * 3}, "of several models give a file each"),
    ({"top_emotion": ["CALM", "HAPPY", "SAD"] * 4}, "CALM is no class here; write neutral in its place"),
])  # fmt: skip
def test_what_a_model_answered_is_not_taken_from_another_column(columns, said):
    with pytest.raises(RequestError, match=said):
        read_predictions(predicted(**columns))


def test_an_answer_outside_the_classes_is_wrong_and_no_answer_is_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    said = [*["contentment"] * 3, *E[3:], *(E * 2)]
    predicted(label=E * 3, prediction=said).to_csv("said.csv", index=False)
    assert main(["evaluate", "said.csv", "bootstrap=0"]) == 0
    shown = capsys.readouterr()
    assert "3 rows name no expression, e.g. 'contentment': counted as something_else" in shown.err
    assert next(line for line in shown.out.splitlines() if "accuracy" in line).split()[2] == "0.750"
    told = predicted(prediction=['```json\n{"emotion": "happy", "confidence": 0.9}\n```', "no face", *E[:2] * 5])
    read = read_predictions(told)
    assert len(read) == 11
    assert read["p_happiness"].iloc[0] == 1


def test_a_model_says_valence_by_other_names():
    table = predicted(**dict.fromkeys(E, 0.25), p_valence=-0.2, arousal_pred=0.4)
    read = read_predictions(table)
    assert set(read["valence"]) == {-0.2}
    assert set(read["arousal"]) == {0.4}


def test_what_people_said_beside_predictions_is_read_as_in_a_table_of_its_own():
    table = predicted(**{f"p_{name}": 0.25 for name in E}, **{f"Votes {name}": range(12) for name in E})
    table = table.assign(
        **{"human_valence (1-9)": [1, 3, 5, 9] * 3, "label": ["1 - Angry", "angry (2)", "Sad", "joy"] * 3}
    )
    read = read_predictions(table)
    assert read["votes_happiness"].tolist() == list(range(12))
    assert read["human_valence"].tolist() == [-1, -0.5, 0, 1] * 3
    assert read["label"].tolist() == ["anger", "anger", "sadness", "happiness"] * 3


@pytest.mark.parametrize("box", [("x1", "y1", "x2", "y2"), ("left", "top", "right", "bottom")])
def test_of_several_faces_in_a_picture_the_largest_counts(box):
    table = pd.concat([predicted(**dict.fromkeys(E, 0.25)), predicted(happy=1.0, neutral=0.0, sad=0.0, angry=0.0)])
    corners = [[0, 0, 5, 5]] * 12 + [[0, 0, 9, 9]] * 12
    table[list(box)] = corners
    assert set(read_predictions(table)["p_happiness"]) == {1.0}


NOT_RATERS = [
    "consensus",
    "gold",
    "Majority",
    "model_predictions",
    "deepface",
    "GPT-4o",
    "mean",
    "Final",
    "adjudicated",
]


@pytest.mark.parametrize("other", NOT_RATERS)
@pytest.mark.parametrize("form", ["files", "sheets", "columns", "rows"])
def test_what_is_called_as_no_rater_is_counts_as_none(tmp_path, capsys, form, other):
    labels = {f"P{k}": [["happy", "sad"][(n * k) % 2] for n in range(8)] for k in range(1, 5)}
    labels[other] = ["happy"] * 8
    faces = [f"f{n}.jpg" for n in range(8)]
    if form == "columns":
        source = pd.DataFrame({"image": faces, **labels})
    elif form == "rows":
        rows = [(face, who, said[n]) for who, said in labels.items() for n, face in enumerate(faces)]
        source = pd.DataFrame(rows, columns=["image", "participant", "emotion"])
    else:
        parts = {who: pd.DataFrame({"image": faces, "emotion": said}) for who, said in labels.items()}
        source = tmp_path / ("raters" if form == "files" else "raters.xlsx")
        if form == "files":
            source.mkdir()
            for who, part in parts.items():
                part.to_csv(source / f"{who}.csv", index=False)
        else:
            with pd.ExcelWriter(source) as book:
                for who, part in parts.items():
                    part.to_excel(book, sheet_name=who, index=False)
    answers = read_answers(source, "ratings")
    assert answers.workers.tolist() == ["P1", "P2", "P3", "P4"]
    assert len(answers.task) == 32
    said = " ".join([*answers.notes, capsys.readouterr().err])
    assert f"not used: {other}" in said if form == "columns" else f"8 answers of {other}, which is called as" in said


def test_names_that_people_have_are_raters(tmp_path):
    people = ["Max", "SD", "P01_final", "Claude", "AI", "key holder"]
    rows = [(n, who, ["happy", "sad"][n % 2]) for who in people for n in range(4)]
    assert len(read_answers(pd.DataFrame(rows, columns=["task", "worker", "label"])).workers) == len(people)


def test_files_of_one_persons_two_sessions_are_one_persons(tmp_path):
    for who in ("P01_session1", "P01_session2", "P02_session1"):
        pd.DataFrame({"image": ["a", "b", "c"], "emotion": ["happy", "sad", "sad"]}).to_csv(tmp_path / f"{who}.csv")
    answers = read_answers(tmp_path, "ratings", duplicates="first")
    assert answers.workers.tolist() == ["P01", "P02_session1"]
    assert len(answers.repeats.task) == 3


def test_columns_beside_a_scale_that_are_of_no_rater_are_left_out(tmp_path):
    frame = pd.DataFrame({"image": [f"f{n}" for n in range(6)], "r1": [1, 5, 3, 2, 4, 5], "r2": [2, 5, 3, 1, 4, 4]})
    for name in ("min", "max", "order", "rank", "size", "count", "number", "ID", "consensus", "mean"):
        frame[name] = range(6)
    assert read_answers(frame, scales={"intensity": None}).workers.tolist() == ["r1", "r2"]
    named = frame.rename(columns=lambda name: name if name == "image" else f"intensity_{name}")
    assert read_answers(named, scales={"intensity": None}).workers.tolist() == ["r1", "r2"]
