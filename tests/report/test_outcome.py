"""One object is what a command shows, saves and gives as JSON."""

import json
import math
import os

import pandas as pd
import pytest
from matplotlib.figure import Figure
from rich.table import Table

from fer_exp.errors import RunError
from fer_exp.report.cells import interval, p_value
from fer_exp.report.outcome import Outcome, OutcomeTable, finish, kept, records


def drawing(drawn: list[str]):
    def draw() -> Figure:
        drawn.append("figure")
        return Figure()

    return draw


@pytest.fixture
def drawn() -> list[str]:
    return []


@pytest.fixture
def outcome(drawn) -> Outcome:
    rows = pd.DataFrame({"class": ["[joy]"], "share": [1 / 3]})
    table = Table("class", "share")
    table.add_row("[joy]", "0.333 [0.2, 0.5]")
    return Outcome(
        "found",
        {"share": 1 / 3},
        screen=[table, "a line of [brackets] and :smile: " + "that is not broken " * 6],
        notes=["twice", "twice"],
        tables=[OutcomeTable("shares", "Shares of classes", rows, rows.round(1))],
        figures={"shares": drawing(drawn), "nothing": lambda: None},
        data={"votes.csv": rows, "votes.parquet": rows},
    )


def test_a_narrow_tables_caption_is_not_a_word_a_line(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    table = Table("seeds", caption="95 % intervals over test faces; one seed a row says nothing of other trainings")
    table.add_row("0 of 2")
    finish(Outcome("found", {}, screen=[table]))
    assert "one seed a row says" in capsys.readouterr().out
    assert table.caption


@pytest.mark.drawn
def test_a_folder_holds_every_form_and_is_named_last(outcome, drawn, tmp_path, capsys):
    place = tmp_path / "new" / "folder"
    finish(outcome, place)
    names = {path.name for path in place.iterdir()}
    forms = {f"shares.{suffix}" for suffix in ("csv", "md", "tex", "svg", "png")}
    assert names == {*forms, "votes.csv", "votes.parquet", "found.json"}
    assert drawn == ["figure"]
    assert json.loads((place / "found.json").read_text()) == {"share": 1 / 3}
    assert pd.read_csv(place / "shares.csv")["share"].item() == 1 / 3
    assert "0.300" in (place / "shares.md").read_text()  # what readers see
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == ["note: twice", str(place)]
    assert sum("twice" in line for line in lines) == 1


def test_numbers_are_read_while_figures_are_drawn(outcome, tmp_path, capsys):
    printed = []
    outcome.figures["shares"] = lambda: printed.append(capsys.readouterr().out)
    finish(outcome, tmp_path / "new")
    assert "0.333 [0.2, 0.5]" in printed[0]
    assert capsys.readouterr().out == f"{tmp_path / 'new'}\n"


def test_a_reader_who_goes_before_the_end_leaves_a_whole_folder(outcome, tmp_path, monkeypatch):
    monkeypatch.setattr("fer_exp.report.outcome.Terminal.print", lambda *given, **named: os.write(pipe, b"x" * 9))
    read, pipe = os.pipe()
    os.close(read)
    with pytest.raises(BrokenPipeError):
        finish(outcome, tmp_path / "new")
    os.close(pipe)
    assert {"shares.svg", "shares.png", "found.json"} <= {path.name for path in (tmp_path / "new").iterdir()}


def test_names_are_printed_as_they_are(outcome, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    finish(outcome)
    printed = capsys.readouterr().out
    assert "[joy]" in printed
    assert "0.333 [0.2, 0.5]" in printed
    assert outcome.screen[1].rstrip() in map(str.rstrip, printed.splitlines())


def test_without_a_folder_nothing_is_drawn_or_written(outcome, drawn, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    finish(outcome)
    assert drawn == []
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err == ""


def test_what_is_kept_for_a_program_is_not_shown_and_its_files_are_listed(outcome, tmp_path, capsys):
    page = tmp_path / "page.html"
    page.write_text("")
    outcome.left = [page]
    with kept() as outcomes:
        assert finish(outcome, tmp_path / "new", file=True) == tmp_path / "new" / "found.json"
    assert capsys.readouterr() == ("", "")
    (one,) = outcomes
    assert one.outcome is outcome
    assert one.place == tmp_path / "new" / "found.json"
    assert set(one.files) == {page, *(tmp_path / "new").iterdir()}


@pytest.mark.drawn
def test_what_another_call_left_is_named_and_what_is_not_of_its_kind_is_not(outcome, tmp_path, capsys):
    outcome.may = ("matrix*", "lab", "skill_*.csv")
    finish(outcome, tmp_path)
    assert "earlier" not in capsys.readouterr().err
    of_tables = [f"matrix_v1.2.{suffix}" for suffix in ("csv", "md", "tex")]
    left = ["lab.png", "lab.svg", *of_tables, "skill_a.csv"]
    own = ["matrix.csv", "matrix_b.md", "laboratory.svg", "laboratory.png", "lab.csv", "skill.csv", "x.txt"]
    for name in (*left, *own):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    finish(outcome, tmp_path)
    said = capsys.readouterr().err
    assert f"{tmp_path} has files that this call has not made, from an earlier one: {', '.join(left)}\n" in said
    assert all((tmp_path / name).read_text(encoding="utf-8") == "mine" for name in (*left, *own))


@pytest.mark.drawn
def test_in_a_notebook_it_is_text_or_html_and_prints_nothing(outcome, drawn, monkeypatch, capsys):
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")  # as Jupyter does
    assert outcome.screen[1].split()[0] in repr(outcome)
    assert "0.333 [0.2, 0.5]" in repr(outcome)
    assert "\x1b" not in repr(outcome)
    assert drawn == []
    shown = outcome._repr_html_()
    assert shown.count("<img") == 1
    assert shown.index("0.333 [0.2, 0.5]") < shown.index("note: twice") < shown.index("<img")
    assert tuple(capsys.readouterr()) == ("", "")


def test_a_folder_that_cannot_be_is_one_sentence(outcome, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        finish(outcome, tmp_path / "taken")


def test_what_is_not_a_number_is_null_in_json_and_a_word_in_a_cell():
    frame = pd.DataFrame({"value": [math.nan], "n": [1]})
    assert json.dumps(records(frame), allow_nan=False) == '[{"value": null, "n": 1}]'
    assert interval(math.nan, math.nan, math.nan, missing="undefined") == "undefined"
    assert interval(0.5, math.nan, math.nan) == "0.500"
    assert p_value(math.nan) == p_value(None) == "–"
