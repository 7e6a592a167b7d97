"""What spreadsheets and copying do to a table: hidden sheets, formulas, zeros, invisible letters, rows of totals."""

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fer_exp.answers.read import read_answers
from fer_exp.errors import RequestError
from fer_exp.face_names import finder
from fer_exp.tables import read_table

FACES, RATERS = 6, 4


@pytest.fixture
def answers() -> pd.DataFrame:
    """Every rater on every face; two words."""
    rows = [(f"{n:03d}", f"P{k}", ["happy", "sad"][(n * k) % 2]) for n in range(FACES) for k in range(RATERS)]
    return pd.DataFrame(rows, columns=["image", "participant", "emotion"])


def sizes(source) -> tuple[int, int, int]:
    read = read_answers(source, "ratings")
    return len(read.tasks), len(read.workers), len(read.task)


def saved(frame: pd.DataFrame, path, **sheets) -> str:
    with pd.ExcelWriter(path) as book:
        for name, more in sheets.items():
            more.to_excel(book, sheet_name=name, index=False)
        frame.to_excel(book, sheet_name="now", index=False)
    return str(path)


def test_a_hidden_sheet_is_not_read_but_named_and_may_be_asked_for(answers, tmp_path, capsys):
    path = saved(answers, tmp_path / "a.xlsx", old=answers.head(8))
    book = openpyxl.load_workbook(path)
    book["old"].sheet_state = "hidden"
    book.active = 1
    book.save(path)
    assert sizes(path) == (6, 4, 24)
    assert "hidden sheets are not read (old); FILE#SHEET takes one" in capsys.readouterr().err
    assert sizes(f"{path}#old") == (2, 4, 8)


def test_hidden_rows_are_read_and_formulas_without_a_value_are_said(answers, tmp_path, capsys):
    path = saved(answers, tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(path)
    for row in (3, 4, 5):
        book["now"].row_dimensions[row].hidden = True
    for row in (7, 8):
        book["now"].cell(row, 3).value = f"=B{row}"
    book.save(path)
    assert sizes(path) == (6, 4, 22)
    said = capsys.readouterr().err
    assert "3 rows that are hidden are read, too" in said
    assert "2 cells are formulas without a value, and so empty; open it in Excel or LibreOffice, and save it" in said


def test_what_nobody_sees_in_an_id_makes_no_other_of_it(answers, tmp_path):
    odd = answers.copy()
    odd.loc[::2, "image"] = "\u200b" + odd["image"] + "\ufeff"
    odd.loc[::3, "participant"] += "\u2060"
    odd.to_csv(tmp_path / "a.csv", index=False)
    assert sizes(str(tmp_path / "a.csv")) == (6, 4, 24)
    kept = answers.assign(image='="' + answers["image"] + '"')
    kept.to_csv(tmp_path / "b.csv", index=False)
    assert read_answers(str(tmp_path / "b.csv")).tasks.tolist() == [f"{n:03d}" for n in range(FACES)]


@pytest.mark.parametrize(
    ("column", "change", "words"),
    [
        ("participant", str.lower, "4 names in participant differ from others in case or in zeros alone"),
        ("image", lambda name: str(int(name)), "6 names in image differ from others in case or in zeros alone"),
    ],
)
def test_ids_that_are_alike_for_people_are_two_and_that_is_said(answers, tmp_path, capsys, column, change, words):
    odd = answers[column].where(answers.index % 5 > 1, answers[column].map(change))  # in some rows of each
    answers.assign(**{column: odd}).to_csv(tmp_path / "a.csv", index=False)
    sizes(str(tmp_path / "a.csv"))
    assert words in capsys.readouterr().err


def test_zeros_that_a_spreadsheet_took_are_no_part_of_a_faces_name():
    find = finder(["001.png", "002.png", "010.png", "b/7.png", "c/007.png"])
    assert [find(name) for name in ("1", "02", "10.png", "7", "11")] == [
        "001.png",
        "002.png",
        "010.png",
        "b/7.png",
        None,
    ]
    assert finder(["1.png", "001.png"])("01") is None  # which of the two?


@pytest.mark.parametrize("who", ["SD", "Sum", "Avg"])
def test_a_person_who_is_called_like_a_total_is_none(answers, tmp_path, who):
    named = answers.replace({"P2": who})[["participant", "image", "emotion"]]
    for suffix, save in (("csv", named.to_csv), ("xlsx", named.to_excel)):
        save(tmp_path / f"a.{suffix}", index=False)
        assert sizes(str(tmp_path / f"a.{suffix}")) == (6, 4, 24)
    coded = named.assign(image=named["image"].astype(int), emotion=named["emotion"].map({"happy": 1, "sad": 2}))
    coded.sort_values("participant").to_csv(tmp_path / "b.csv", index=False)
    assert sizes(str(tmp_path / "b.csv")) == (6, 4, 24)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("place", [2, 6])
def test_rows_of_totals_are_left_out_wherever_they_stand(tmp_path, suffix, place):
    rows = [[f"f{n}", n, 9 - n] for n in range(6)]
    rows.insert(place, ["Total", 15, 39])
    frame = pd.DataFrame(rows, columns=["face", "happy", "sad"])
    (frame.to_csv if suffix == "csv" else frame.to_excel)(tmp_path / f"a.{suffix}", index=False)
    assert len(read_answers(str(tmp_path / f"a.{suffix}")).tasks) == 6


def test_parquet_whose_codes_have_no_sign_is_read(answers, tmp_path):
    coded = {name: pa.array(answers[name]).dictionary_encode().cast(pa.dictionary(pa.uint32(), pa.string()))
             for name in answers}  # fmt: skip
    pq.write_table(pa.table(coded), tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").text(0).tolist() == answers["image"].tolist()
    assert sizes(str(tmp_path / "a.parquet")) == (6, 4, 24)


@pytest.mark.parametrize("column", ["face", "image", "picture", "file", "Bild", "stimulus"])
def test_a_face_that_is_there_twice_is_one_or_refused_whatever_its_column_is_called(tmp_path, column, capsys):
    votes = pd.DataFrame({column: ["a", "b", "c"], "happy": [3, 1, 0], "sad": [1, 3, 4]})
    pd.concat([votes, votes.head(1)]).to_csv(tmp_path / "a.csv", index=False)
    read = read_answers(str(tmp_path / "a.csv"), "ratings")
    assert (read.tasks.tolist(), read.counts.tolist()) == (["a", "b", "c"], [[3, 1], [1, 3], [0, 4]])
    assert read.notes == ("1 rows that repeat another one are left out",)
    pd.concat([votes, votes.head(1).assign(sad=0)]).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(RequestError, match="it has a row already, with other answers; add the two up, or keep one"):
        read_answers(str(tmp_path / "b.csv"), "ratings")


def test_rows_without_a_vote_are_counted():
    votes = read_answers(pd.DataFrame({"face": ["a", "b", "c"], "happy": [3, 0, 0], "sad": [1, 0, 4]}))
    assert votes.notes == ("1 rows have no vote for a class",)


def test_a_code_for_who_does_not_know_is_left_out_before_numbers_are_named():
    frame = pd.DataFrame({"task": [1, 1, 2], "worker": [1, 2, 1], "label": [1, 6, 2]})
    read = read_answers(frame, numbers=["happy", "sad"], ignore=["6"])
    assert read.label.tolist() == [0, 1]
    assert read.classes == ("happiness", "sadness")
    assert read.notes == ("1 answers '6' are no class and left out",)


def test_percentages_of_nobody_knows_how_many_people_are_shares(capsys):
    frame = pd.DataFrame({"face": ["a", "b"], "happy": [70, 20], "sad": [30, 80]})
    shares = read_answers(frame, uncounted=True)
    assert shares.counts.tolist() == [[0.7, 0.3], [0.2, 0.8]]
    assert read_answers(frame, uncounted=True, raters=100).counts.tolist() == [[70, 30], [20, 80]]
    assert read_answers(frame, uncounted=True, raters=10).counts.tolist() == [[7, 3], [2, 8]]
    assert read_answers(frame).counts.tolist() == [[70, 30], [20, 80]]


@pytest.mark.parametrize("ending", ["header", "rows", "both"])
def test_a_delimiter_too_many_at_the_end_is_no_column(answers, tmp_path, ending, capsys):
    header, *rows = answers.to_csv(index=False).splitlines()
    header += "," * (ending in ("header", "both"))
    rows = [row + "," * (ending in ("rows", "both")) for row in rows]
    (tmp_path / "a.csv").write_text("\n".join([header, *rows]))
    assert sizes(str(tmp_path / "a.csv")) == (6, 4, 24)
    assert "not used" not in capsys.readouterr().err


def test_classes_stand_in_our_order_also_beside_others():
    frame = pd.DataFrame({"task": range(4), "worker": 1, "label": ["bored", "sad", "happy", "fear"]})
    assert read_answers(frame).classes == ("happiness", "sadness", "fear", "bored")


@pytest.mark.parametrize(
    ("columns", "rows", "total"),
    [
        ("Column Labels", "Row Labels", "Grand Total"),
        ("Spaltenbeschriftungen", "Zeilenbeschriftungen", "Gesamtergebnis"),
        ("Étiquettes de colonnes", "Étiquettes de lignes", "Total général"),
        ("Etiquetas de columna", "Etiquetas de fila", "Total general"),
    ],
)
def test_a_pivot_table_of_excel_is_a_table_of_votes(tmp_path, columns, rows, total):
    book = openpyxl.Workbook()
    for row in (
        ["Count of emotion", columns],
        [rows, "happy", "neutral", "sad", total],
        *([f"{n:02d}.jpg", n, 2, 6 - n, 8] for n in range(6)),
        [total, 15, 12, 21, 48],
    ):
        book.active.append(row)
    book.save(tmp_path / "pivot.xlsx")
    votes = read_answers(str(tmp_path / "pivot.xlsx"), "ratings")
    assert votes.tasks.tolist() == [f"{n:02d}.jpg" for n in range(6)]
    by_class = dict(zip(votes.classes, votes.counts.T.tolist(), strict=True))
    assert by_class == {"neutral": [2] * 6, "happiness": [0, 1, 2, 3, 4, 5], "sadness": [6, 5, 4, 3, 2, 1]}
