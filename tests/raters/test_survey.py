"""Whole tables: what can be computed is, what cannot is said."""

import os
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
import pytest

from fer_exp.answers import Votes
from fer_exp.answers.read import read_answers
from fer_exp.raters.changes import label_changes
from fer_exp.raters.readings import word
from fer_exp.raters.survey import survey

SHARED = Path(__file__).parents[3] / "shared/data/fer2013/fer2013new.csv"
FERPLUS = Path(os.environ.get("FER_EXP_FER2013") or SHARED)


def ratings(tasks=40, workers=4, repeats=False):
    rng = np.random.default_rng(0)
    rows = pd.MultiIndex.from_product([range(tasks), range(workers)], names=["task", "worker"]).to_frame(index=False)
    rows["label"] = rng.choice(["fear", "anger"], len(rows))
    rows["valence"] = np.clip(rng.normal(size=tasks)[rows["task"]] / 3 + rng.normal(0, 0.2, len(rows)), -1, 1)
    return pd.concat([rows, rows.head(20).assign(label="fear")]) if repeats else rows


def test_a_whole_table_with_ratings_and_repeats():
    found = survey(read_answers(ratings(repeats=True), duplicates="first"), ordered=True)
    assert set(found["labels"]) == {
        "percent_agreement", "fleiss_kappa", "krippendorff_alpha", "gwet_ac1", "split_half", "vote_entropy",
        "weighted_kappa", "gwet_ac2", "mean_cohen_kappa", "alpha_interval", "alpha_ordinal",
    }  # fmt: skip
    assert {"icc_2_k", "alpha_ordinal", "mean_ccc", "mean_pearson", "split_half"} <= set(found["valence"])
    assert found["valence"]["icc_2_1"]["f_low"] < found["valence"]["icc_2_1"]["value"]
    assert found["valence"]["icc_2_1"]["guideline"] == "Koo and Li 2016"
    assert found["repeats"]["same_label"]["n"] == 20
    assert found["repeats"]["difference_valence"]["value"] == 0
    assert found["labels"]["fleiss_kappa"]["guideline"] == "Landis and Koch 1977"


@pytest.mark.parametrize("codes", [["-2", "-1", "0"], ["1", "2", "5"], ["1,5", "2", "10"]])
def test_ordered_codes_count_as_the_numbers_that_they_are(codes):
    rng = np.random.default_rng(0)
    chosen = np.clip(rng.integers(0, 3, (60, 1)) + rng.integers(-1, 2, (60, 5)), 0, 2)
    rows = [(task, worker, codes[k]) for task, row in enumerate(chosen) for worker, k in enumerate(row)]
    found = survey(read_answers(pd.DataFrame(rows, columns=["task", "worker", "label"])), ends=False, ordered=True)
    numbers = np.array([float(code.replace(",", ".")) for code in codes])[chosen]
    for level in ("interval", "ordinal"):
        theirs = krippendorff.alpha(numbers.T, level_of_measurement=level)
        assert found["labels"][f"alpha_{level}"]["value"] == pytest.approx(theirs), level


def test_what_cannot_be_computed_is_said():
    alone = ratings(workers=1)
    found = survey(read_answers(alone))
    assert found["labels"]["fleiss_kappa"]["value"] is None
    assert found["labels"]["vote_entropy"]["value"] is None
    assert any("no task has two answers" in note for note in found["notes"])
    assert any("no two raters share 10 tasks" in note for note in found["notes"])
    one = survey(read_answers(ratings().assign(label="fear")))
    assert one["labels"]["krippendorff_alpha"]["value"] is None
    assert any("same class" in note for note in one["notes"])
    gaps = survey(read_answers(ratings()[1:]))
    assert any("Henderson" in note for note in gaps["notes"])
    assert "f_low" not in gaps["valence"]["icc_2_1"]


def test_words_of_guidelines_at_their_ends():
    assert [word(v, "kappa") for v in (-0.1, 0.0, 0.2, 0.21, 0.6, 0.81)] == [
        "poor", "slight", "slight", "fair", "moderate", "almost perfect"]  # fmt: skip
    assert [word(v, "alpha") for v in (0.66, 0.667, 0.8)] == ["not reliable", "tentative conclusions only", "reliable"]
    assert [word(v, "icc") for v in (0.49, 0.5, 0.75, 0.9)] == ["poor", "moderate", "good", "excellent"]


def test_votes_do_not_shift_where_a_majority_does():
    """An annotator and a crowd of the same kind: majorities still move to the frequent class, votes do not."""
    rng = np.random.default_rng(0)
    truth = np.repeat([[0.6, 0.4], [0.9, 0.1]], 3000, axis=0)
    original = (rng.random(6000) > truth[:, 0]).astype(np.int32)
    counts = rng.multinomial(9, truth).astype(float)
    found = label_changes(original, counts.argmax(axis=1), counts, ("a", "b"), samples=200)["classes"].iloc[0]
    assert found["low"] > 0.05
    assert found["votes_low"] < 0 < found["votes_high"]


def test_agreement_on_ferplus_has_intervals():
    path = FERPLUS / "fer2013new.csv" if FERPLUS.is_dir() else FERPLUS
    if not path.is_file():
        pytest.skip(f"FER+'s votes are not at {path}; set FER_EXP_FER2013 to fer2013new.csv or its folder")
    table = pd.read_csv(path)
    counts = table.iloc[:, 2:].to_numpy(np.float64)
    votes = Votes(np.arange(len(table)).astype(object), tuple(table.columns[2:]), counts)
    found = survey(votes)
    assert found["labels"]["fleiss_kappa"]["low"] is not None


def answers(rows, raters=3):
    """Answers of so many raters to each task: a row a task, a letter an answer."""
    return read_answers(pd.DataFrame([(t, w, a) for t, row in enumerate(rows) for w, a in enumerate(row[:raters])],
                                     columns=["task", "worker", "label"]))  # fmt: skip


def test_workers_with_few_answers_have_an_interval_that_holds_its_value():
    """A bootstrap over tasks copies answers, so that its replicates agree more than people do."""
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(200), 4)
    worker = (np.arange(200)[:, None] + [0, 37, 91, 140]).ravel() % 200
    table = pd.DataFrame({"task": task, "worker": worker, "valence": rng.normal(size=200)[task] + rng.normal(size=800)})
    found = survey(read_answers(table, scale=[-9, 9]))["valence"]
    assert {"icc_3_1", "alpha_ordinal"} <= set(found)
    for name, row in found.items():
        assert row["low"] < row["value"] < row["high"], name
        assert row["low_raters"] < row["value"] < row["high_raters"], name


def test_full_agreement_on_seven_faces_is_not_called_reliable():
    found = survey(answers(["aaa", "bbb", "aaa", "bbb", "aaa", "bbb", "aaa"]))["labels"]["krippendorff_alpha"]
    assert (found["value"], found["high"]) == (1, 1)
    assert found["low"] == pytest.approx(0.025 ** (1 / 7))  # Clopper and Pearson's end for seven of seven
    assert found["low_raters"] == pytest.approx(0.025 ** (1 / 3))
    assert found["reading"] == "not reliable to reliable"


def test_a_class_on_few_faces_is_rough_and_has_no_words():
    found = survey(answers(["aaa", "abb", "bbb", "aab"] * 30 + ["acc", "ccc", "aac"]))["classes"]
    assert found["c"]["kappa"]["rough"]
    assert "reading" not in found["c"]["kappa"]
    assert not found["b"]["kappa"]["rough"]
    assert "reading" in found["b"]["kappa"]


def test_where_kappa_and_ac1_part_a_sentence_says_why():
    rows = ["aaaa"] * 180 + ["aaab", "abaa"] * 10
    found = survey(answers(rows, 4))
    assert found["labels"]["fleiss_kappa"]["value"] < 0.1 < 0.9 < found["labels"]["gwet_ac1"]["value"]
    assert any("98 % of the answers are a" in note and "kappa paradox" in note for note in found["notes"])
    assert not any("paradox" in note for note in survey(answers(["aaa", "bbb", "aab"] * 20))["notes"])


def test_votes_have_no_interval_over_raters_and_that_is_said():
    found = survey(read_answers(pd.DataFrame({"face": range(30), "fear": [3, 1, 2] * 10, "anger": [0, 2, 1] * 10})))
    row = found["labels"]["fleiss_kappa"]
    assert row["low"] < row["value"] < row["high"]
    assert row["low_raters"] is None
    assert any("speak of these raters alone" in note for note in found["notes"])
