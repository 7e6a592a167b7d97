"""What people said in another table than the predictions: its numbers, its further classes, its ratings."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score

from fer_exp.answers.read import read_answers, read_labels
from fer_exp.errors import RequestError
from fer_exp.judging.outputs import read_output
from fer_exp.judging.people import with_people
from fer_exp.judging.predictions import check_predictions
from fer_exp.names import CLASSES
from fer_exp.tables import read_table

TRUE = ["anger", "happiness", "neutral", "sadness"]


def predictions(classes=("anger", "fear", "happiness", "sadness", "neutral")):
    sure = {f"p_{name}": [0.9 if name == true else 0.025 for true in TRUE] for name in classes}
    frame = pd.DataFrame({"face": list("abcd"), "split": "test", **sure})
    total = frame.filter(like="p_").sum(axis=1)
    return check_predictions(frame.assign(**{name: frame[name] / total for name in sure}), "p")


def judged(truth, table=None, **how):
    table = with_people(predictions() if table is None else table, truth, **how)
    known = table.dropna(subset="label")
    guess = known.filter(like="p_").idxmax(axis=1).str[2:]
    return accuracy_score(known["label"], guess), len(known), table


def test_numbers_of_a_truth_are_refused_until_their_order_is_named():
    truth = pd.DataFrame({"image": list("abcd"), "label": [6, 1, 0, 2]})
    with pytest.raises(RequestError, match=r"mean other classes in every corpus; name them with numbers=.*affectnet"):
        judged(truth)
    assert judged(truth, numbers="affectnet")[:2] == (1.0, 4)
    for key in ("gold", "against"):
        with pytest.raises(RequestError, match="mean other classes in every corpus"):
            read_labels(truth, CLASSES, key)
    assert read_labels(truth, CLASSES, "gold", ordered=True)[1].tolist() == [6, 1, 0, 2]


def test_a_truth_of_more_classes_is_judged_on_those_that_are_predicted(capsys):
    truth = pd.DataFrame({"image": list("abcd"), "label": ["contempt", "happy", "neutral", "sad"]})
    assert judged(truth)[:2] == (1.0, 3)
    assert "1 answers 'contempt' are no class and left out" in capsys.readouterr().err
    with pytest.raises(RequestError, match="row 1: label is 'cross'"):
        judged(truth.replace("contempt", "cross"))


@pytest.mark.parametrize("also", [[], ["label"]])
def test_valence_and_arousal_count_beside_a_label_and_alone(also):
    rated = pd.DataFrame({"image": list("abcd"), "label": TRUE, "valence": [2, 7, 5, 5], "arousal": [7, 6, 4, 5]})
    table = with_people(predictions(), rated[["image", *also, "valence", "arousal"]], scale=[1, 9])
    np.testing.assert_allclose(table["human_valence"], [-0.75, 0.5, 0, 0])
    np.testing.assert_allclose(table["human_arousal"], [0.5, 0.25, -0.25, 0])
    assert ("label" in also) == table["label"].notna().all()


@pytest.mark.parametrize("called", ["{} %", "{} (%)", "{} percent", "Prozent {}"])
def test_percent_beside_counts_is_not_added(called):
    counts = {"happy": [4, 3, 0], "sad": [1, 2, 5]}
    frame = pd.DataFrame({"image": list("abc"), **counts})
    for name, votes in counts.items():
        frame[called.format(name)] = [20 * vote for vote in votes]
    assert read_answers(frame).counts.tolist() == [[4, 1], [3, 2], [0, 5]]


def test_columns_of_two_models_are_refused_and_two_spellings_of_one_class_are_said():
    frame = pd.DataFrame({"image": ["a"], "angry": [3], "happy": [-1], "Anger": [-6], "Happiness": [2]})
    with pytest.raises(RequestError, match=r"angry and Anger are one class, .* the answers of two models"):
        read_output(read_table(frame))
    table = read_table(frame.drop(columns="Happiness"))
    read_output(table)
    assert "angry and Anger are one class, added up" in table.guessed
