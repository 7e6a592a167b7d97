"""Numbers of classes: what they mean is named, and what does not fit is said with what would."""

import re

import pandas as pd
import pytest

from fer_exp.answers.read import read_answers, read_labels
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES, among, class_name, in_order
from fer_exp.orders import ORDERS, meanings, number

AS_PUBLISHED = {
    "rafdb": "1 surprise 2 fear 3 disgust 4 happiness 5 sadness 6 anger 7 neutral",
    "scn": "0 surprise 1 fear 2 disgust 3 happiness 4 sadness 5 anger 6 neutral",
    "affectnet": "0 neutral 1 happiness 2 sadness 3 surprise 4 fear 5 disgust 6 anger 7 contempt",
    "fer2013": "0 anger 1 disgust 2 fear 3 happiness 4 sadness 5 surprise 6 neutral",
    "ferplus": "0 neutral 1 happiness 2 surprise 3 sadness 4 anger 5 disgust 6 fear 7 contempt",
}
"""Typed from the readme of each release."""


def numbers(first, last):
    return [str(n) for n in range(first, last + 1)]


@pytest.mark.parametrize("name", AS_PUBLISHED)
def test_an_order_is_as_its_corpus_states_it(name):
    words = AS_PUBLISHED[name].split()
    assert ORDERS[name].meaning == dict(zip(words[::2], words[1::2], strict=True))


@pytest.mark.parametrize(
    ("named", "texts", "meaning"),
    [
        ("rafdb", ["1", "07"], {"1": "surprise", "07": "neutral"}),
        (
            "affectnet",
            [f"class{n:03d}" for n in range(1, 9)],
            dict(zip([f"class{n:03d}" for n in range(1, 9)], CLASSES, strict=True)),
        ),
        ("affectnet", ["0", "8", "9", "10"], {"0": "neutral", "8": "unknown", "9": "unknown", "10": "not_a_face"}),
        ("ferplus", ["2", "9"], {"2": "surprise", "9": "not_a_face"}),
        (["sad", "Freude", "pain"], ["0", "2"], {"0": "sadness", "2": "pain"}),
        (["sad", "Freude", "pain"], ["1", "3"], {"1": "sadness", "3": "pain"}),
        ({10: "sad", "20": "facial palsy"}, ["20", "happy"], {"20": "facial_palsy"}),
    ],
)
def test_numbers_mean_what_the_key_says(named, texts, meaning):
    found, said = meanings(named, texts, "numbers", "here")
    assert found == meaning
    assert all(f"is {name}" in said for name in meaning.values())


@pytest.mark.parametrize(
    ("named", "texts", "said"),
    [
        (None, numbers(1, 7), "1 to 7 are numbers, .*numbers=rafdb .1 surprise, 2 fear, 3 disgust, …. or a list"),
        (None, numbers(0, 6), "numbers=fer2013 .0 anger.* or numbers=scn .0 surprise"),
        (None, numbers(0, 7), "numbers=affectnet .0 neutral, 1 happiness, 2 sadness.* or numbers=ferplus"),
        (None, numbers(1, 8), "numbers=affectnet .1 neutral, 2 happiness"),
        (None, ["3", "happy"], "3 are numbers"),
        ("fer2013", ["0", "7"], "the number 7 is not among those of numbers: 0 is anger"),
        ("raf", ["1"], "did you mean rafdb?"),
        ("affectnet", numbers(1, 7), "=.neutral,happiness,.*,anger. is from 1, numbers=.happiness,.*,contempt. the"),
        (["happy", "sad", "fear"], ["1", "2"], re.escape("numbers={1:NAME,…,2:NAME}")),
        (["happy", "joy"], ["0"], "every class once"),
        (["hapiness"], ["0"], "did you mean happiness?"),
    ],
)
def test_numbers_that_nothing_names_are_refused_with_what_fits(named, texts, said):
    with pytest.raises(RequestError, match=said):
        meanings(named, texts, "numbers", "here")


def test_what_is_a_number_and_what_a_class():
    assert [number(text) for text in ("Class_02", "emotion 3", "7", "x7", "S005", "1_happy")] == [
        "2",
        "3",
        "7",
        None,
        None,
        None,
    ]
    assert in_order(["pain", "contempt", "boredom", "neutral"]) == ("neutral", "contempt", "boredom", "pain")
    find = among(["Gesichtslähmung", "a", "A", "happiness"])
    assert [find(text) for text in ("gesichtslahmung", "A", "a", "joy", "b")] == [
        "Gesichtslähmung",
        "A",
        "a",
        "happiness",
        None,
    ]
    for bad in ("", "face", "unknown", "Label"):
        with pytest.raises(RequestError, match="cannot be a class"):
            class_name(bad, "classes")


@pytest.mark.parametrize("form", ["rows", "raters", "votes"])
def test_numbered_answers_are_those_of_the_names(form):
    rows = pd.DataFrame({"task": list("aabb"), "worker": list("xyxy"), "label": ["happy", "sad", "fear", "fear"]})
    codes = {"happy": "3", "sad": "4", "fear": "2"}
    coded = rows.assign(label=rows["label"].map(codes))
    if form == "raters":
        coded = coded.pivot(index="task", columns="worker", values="label").reset_index()
    if form == "votes":
        coded = pd.DataFrame({"task": ["a", "b"], "2": [0, 2], "3": [1, 0], "4": [1, 0]})
    named, numbered = read_answers(rows), read_answers(coded, numbers="fer2013")
    votes = [answers.votes() if hasattr(answers, "votes") else answers for answers in (named, numbered)]
    tables = [pd.DataFrame(vote.counts, vote.tasks, vote.classes)[["fear", "happiness", "sadness"]] for vote in votes]
    pd.testing.assert_frame_equal(*tables, check_names=False, check_index_type=False)


def test_gold_may_be_numbered_too():
    gold = pd.DataFrame({"task": ["a", "b"], "label": [4, 1]})
    tasks, codes, _ = read_labels(gold, ("happiness", "surprise"), "gold", numbers="rafdb")
    assert dict(zip(tasks, codes, strict=True)) == {"a": 0, "b": 1}


@pytest.mark.parametrize(
    ("there", "first"), [("0123", 0), ("012", 0), ("1234", 1), ("234", 1), ("03", 0), ("123", None), ("23", None)]
)
def test_a_list_counts_from_where_it_must_and_else_is_refused(there, first):
    given = ["neutral", "happy", "sad", "angry"]
    if first is None:
        with pytest.raises(RequestError, match="whether they are counted from 0 or 1 cannot be known"):
            meanings(given, there, "numbers", "answers.csv")
        return
    classes = dict(enumerate(("neutral", "happiness", "sadness", "anger"), first))
    assert meanings(given, there, "numbers", "answers.csv")[0] == {one: classes[int(one)] for one in there}


def test_classes_in_order_and_numbers_mean_the_same():
    frame = pd.DataFrame({"task": [1, 1, 2, 2], "worker": [1, 2, 1, 2], "label": [1, 2, 3, 3]})
    names = ["neutral", "happiness", "sadness"]
    by_classes, by_numbers = read_answers(frame, classes=names), read_answers(frame, numbers=names)
    said = [[read.classes[code] for code in read.label] for read in (by_classes, by_numbers)]
    assert said[0] == said[1] == ["neutral", "happiness", "sadness", "sadness"]
    with pytest.raises(RequestError, match="whether they are counted from 0 or 1"):
        read_answers(frame, classes=[*names, "anger"])
