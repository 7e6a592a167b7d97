"""The tables of a study: what counts, what does not and why, and that every command reads them."""

import json

import pandas as pd
import pytest

from fer_exp.answers.read import read_answers
from fer_exp.collecting.out import every_answer, left_out, tables, write
from tests.collecting.answered import STRANGE, study


def test_the_panel_has_first_answers_to_faces_of_those_who_were_not_screened_out():
    found = tables(study())
    panel = found["answers.csv"]
    assert list(panel) == ["task", "worker", "label", "valence", "arousal", "intensity", "seconds"]
    assert panel[["worker", "task"]].to_numpy().tolist() == [
        [worker, face] for worker in ("ann", "bob") for face in ("a.png", "b.png", "c.png")
    ]
    assert panel["valence"].tolist()[:3] == [0.5, 0.5, 0.0]
    assert set(panel["arousal"]) == {-0.5}
    assert panel["intensity"].eq(4).all()
    assert len(found["repeats.csv"]) == len(panel) + 2
    assert found["gold.csv"].to_dict("records") == [{"task": "a.png", "label": "happiness"}]


def test_every_answer_is_kept_with_the_reason_why_it_does_not_count():
    every = every_answer(study())
    assert len(every) == 18
    assert left_out(every) == {
        "practice answers": 3,
        "answers to attention checks": 3,
        "answers of persons who were screened out": 4,
        "second answers to a repeated face": 2,
    }
    persons = tables(study())["persons.csv"].set_index("worker")
    assert persons.loc["eve", ["state", "answers", "left_out", "gold", "gold_right"]].tolist() == [
        "screened_out",
        0,
        6,
        1,
        1,
    ]
    assert persons.loc["ann", "answers"] == 3


def test_a_second_answer_that_the_server_let_in_is_not_the_panels():
    collected = study()
    again = collected.answers.iloc[[2]]
    twice = every_answer(type(collected)(collected.persons, pd.concat([collected.answers, again]), collected.gold))
    assert twice["left_out"].tolist()[-1] == "repeat"


def test_commands_read_the_tables_without_any_key(tmp_path):
    write(study(), tmp_path)
    answers = read_answers(tmp_path / "answers.csv")
    assert answers.classes == ("happiness", "fear", "anger")
    assert answers.workers.tolist() == ["ann", "bob"]
    assert answers.rated["valence"].tolist() == [0.5, 0.5, 0.0] * 2  # as it is: -1..1 needs no scale=
    repeats = read_answers(tmp_path / "repeats.csv", duplicates="first").repeats
    assert repeats is not None
    assert repeats.label.tolist() == [[1, 1], [2, 1]]
    trials = json.loads((tmp_path / "raw.json").read_text())
    assert trials == [{"worker": "ann", "trial_type": "face", "rt": 1500}]


@pytest.mark.parametrize("worker", STRANGE)
def test_what_a_stranger_calls_himself_is_no_formula_and_is_found_again(worker, tmp_path):
    write(study(("ann", worker, "eve")), tmp_path)
    cells = [cell for line in (tmp_path / "answers.csv").read_text().splitlines() for cell in line.split(",")]
    assert not any(cell.lstrip('"').startswith(("=", "+", "@", "-cmd")) for cell in cells)
    assert worker in read_answers(tmp_path / "answers.csv").workers.tolist()


def test_what_nobody_was_asked_is_no_column_and_nobody_at_all_leaves_a_header(tmp_path):
    collected = study()
    bare = type(collected)(collected.persons, collected.answers.assign(valence=None, arousal=None, intensity=None))
    assert list(tables(bare)["answers.csv"]) == ["task", "worker", "label", "seconds"]
    nobody = type(collected)(collected.persons.iloc[:0], collected.answers.iloc[:0])
    assert [path.name for path in write(nobody, tmp_path)] == ["answers.csv"]
    assert (tmp_path / "answers.csv").read_text() == "task,worker,label,valence,arousal,intensity,seconds\n"


def test_writing_again_leaves_no_table_of_before(tmp_path):
    write(study(), tmp_path)
    collected = study()
    kept = type(collected)(collected.persons, collected.answers[~collected.answers["repeat"]], {}, {})
    write(kept, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.csv", "every_answer.csv", "persons.csv"]
