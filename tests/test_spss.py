"""Files of SPSS and Stata as their own writer makes them: words in place of codes where words are meant."""

import json

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from fer_exp.answers import Answers
from fer_exp.answers.read import read_answers
from fer_exp.cli import main
from fer_exp.errors import RequestError
from fer_exp.formats import read_columns

EMOTIONS = {1: "anger", 2: "Glück", 3: "sad"}
PICTURES = {1: "a.jpg", 2: "b.jpg"}
CODES = pd.DataFrame({"stim": [1.0, 1, 1, 2, 2, 2], "vp": [1.0, 2, 3, 1, 2, 3], "emo": [1.0, 2, 2, 3, 1, 99],
                      "valence": [1.0, 5, 9, 2, 2, np.nan]})  # fmt: skip
WORDS = {"stim": PICTURES, "emo": EMOTIONS, "valence": {1: "very negative", 9: "very positive"}}


def counted(file):
    answers = read_answers(file, "ratings", scale=(1, 9))
    assert isinstance(answers, Answers)
    return {task: dict(zip(answers.classes, row, strict=True)) for task, row in
            zip(answers.tasks.tolist(), answers.counts().astype(int).tolist(), strict=True)}, answers  # fmt: skip


def test_labels_of_values_stand_for_codes_and_a_scale_keeps_its_numbers(tmp_path, capsys):
    pyreadstat.write_sav(CODES, tmp_path / "t.sav", variable_value_labels=WORDS, missing_ranges={"emo": [99]})
    counts, answers = counted(tmp_path / "t.sav")
    assert counts == {
        "a.jpg": {"anger": 1, "happiness": 2, "sadness": 0},
        "b.jpg": {"anger": 1, "happiness": 0, "sadness": 1},
    }
    assert answers.workers.tolist() == ["1", "2", "3"]
    assert answers.rated["valence"][:3].tolist() == [-1, 0, 1]  # as 1, 5 and 9 of 1 to 9
    assert "labels of values: stim (1 is a.jpg), emo (1 is anger)" in capsys.readouterr().err


def test_stata_says_the_same_as_pandas_reads(tmp_path):
    codes = CODES.assign(emo=[1, 2, 2, 3, 1, 3]).astype({"stim": int, "vp": int, "emo": int})
    labels = {name: WORDS[name] for name in ("stim", "emo")}
    codes.to_stata(tmp_path / "t.dta", write_index=False, value_labels=labels)  # pandas has a writer of its own
    table = read_columns(tmp_path / "t.dta")
    expected = pd.read_stata(tmp_path / "t.dta").astype(str)
    for name, column in zip(table.names, table.values, strict=True):
        if name != "valence":
            assert column.to_pylist() == expected[name].tolist()
    assert counted(tmp_path / "t.dta")[0]["b.jpg"] == {"anger": 1, "happiness": 0, "sadness": 2}


def test_a_code_without_a_label_leaves_its_column_in_numbers(tmp_path):
    pyreadstat.write_sav(CODES, tmp_path / "t.sav", variable_value_labels=WORDS)  # 99 is declared nowhere
    table = read_columns(tmp_path / "t.sav")
    assert table.values[table.names.index("emo")].to_pylist() == ["1", "2", "2", "3", "1", "99"]


def test_a_scale_whose_points_all_have_words_is_numbers_and_a_nominal_column_is_words(tmp_path):
    frame = pd.DataFrame({"trust": [1.0, 2], "sex": [1.0, 2], "Valence": [1.0, 2]})
    labels = {"trust": {1: "not at all", 2: "fully"}, "sex": {1: "male", 2: "female"}, "Valence": {1: "bad", 2: "good"}}
    measure = {"trust": "ordinal", "sex": "nominal", "Valence": "nominal"}
    pyreadstat.write_sav(frame, tmp_path / "t.sav", variable_value_labels=labels, variable_measure=measure)
    table = read_columns(tmp_path / "t.sav")
    cells = dict(zip(table.names, [column.to_pylist() for column in table.values], strict=True))
    assert cells == {"trust": ["1", "2"], "sex": ["male", "female"], "Valence": ["1", "2"]}


def test_a_question_that_names_a_picture_is_about_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    wide = pd.DataFrame({"vp": [1.0, 2, 3], "Q1": [1.0, 1, 2], "Q2": [3.0, 3, 3]})
    questions = {"Q1": "What does a.jpg show?", "Q2": "What does b.jpg show?"}
    pyreadstat.write_sav(
        wide, "t.sav", column_labels=questions, variable_value_labels=dict.fromkeys(questions, EMOTIONS)
    )
    assert main(["agreement", "t.sav", "bootstrap=0", "json=true", "output=out"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["all"]["labels"]["percent_agreement"]["value"] == pytest.approx((1 / 3 + 1) / 2)
    assert "2 pictures, a column each" in said.err


def test_rows_are_those_that_spss_numbers(tmp_path):
    pyreadstat.write_sav(CODES.assign(vp=[1.0, 2, 3, 1, np.nan, 3]), tmp_path / "t.sav", variable_value_labels=WORDS,
                         column_labels={"emo": "What does this face show?"})  # fmt: skip
    with pytest.raises(RequestError, match="row 5"):
        read_answers(tmp_path / "t.sav", "ratings", columns={"worker": "vp"}, scale=(1, 9))


def test_what_only_begins_like_spss_is_refused(tmp_path):
    (tmp_path / "t.sav").write_bytes(b"$FL2@(#) SPSS DATA FILE" + bytes(range(256)))
    with pytest.raises(RequestError, match=r"t\.sav cannot be read: [^\n]*\.$"):
        read_answers(tmp_path / "t.sav", "ratings")
