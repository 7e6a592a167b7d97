"""One table of what is accepted, at every door: contents by the way a file is written, each through the door itself."""

import base64
import gzip
import json
import unicodedata
import zipfile
import zlib
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from fer_exp.answers.read import read_answers, read_labels
from fer_exp.config import DatasetConfig, LabelsConfig
from fer_exp.datasets.attach import attach
from fer_exp.datasets.corpus import Faces
from fer_exp.datasets.folder import Folder
from fer_exp.datasets.splits import read_splits
from fer_exp.errors import RequestError
from fer_exp.formats import read_columns
from fer_exp.frames import text_of
from fer_exp.judging.reading import read_predictions
from fer_exp.labels.targets import make_targets
from fer_exp.names import CLASSES, expression
from fer_exp.tables import read_table
from fer_exp.vocabulary import ELSEWHERE, ENGLISH

SEVEN = CLASSES[:7]
FACES = ["größe.jpg", "b.jpg", "c.jpg"]


def delimited(frame: pd.DataFrame, delimiter: str, comma: bool = False) -> str:
    cells = [[text_of(cell).replace(".", ",") if comma and isinstance(cell, float) else text_of(cell) for cell in row]
             for row in frame.itertuples(index=False)]  # fmt: skip
    quoted = [[f'"{cell}"' if delimiter in cell else cell for cell in row] for row in [list(frame.columns), *cells]]
    return "".join(delimiter.join(row) + "\n" for row in quoted)


def as_r_writes(frame: pd.DataFrame) -> str:
    """With spaces between, names of rows without a header, and every text in quotes."""
    rows = [list(frame.columns), *([str(number), *row] for number, row in enumerate(frame.itertuples(index=False), 1))]
    return "".join(" ".join(f'"{text_of(cell) or "NA"}"' for cell in row) + "\n" for row in rows)


def written_by_hand(frame: pd.DataFrame, file: Path) -> None:
    """A title over all columns, an empty row, the table, and notes below it."""
    book = openpyxl.Workbook()
    sheet = book.active
    rows = [[None if text_of(cell) == "" else cell for cell in row] for row in frame.itertuples(index=False)]
    notes = [["Mean", *[1] * (len(frame.columns) - 1)], [], ["Read: 3.1.", "by us"] if len(frame.columns) > 3 else []]
    for row in [["Study 2, spring"], [], list(frame.columns), *rows, *notes]:
        sheet.append(row)
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(frame.columns))
    book.save(file)


def excel(frame: pd.DataFrame, file: Path, sheet: str = "Sheet1") -> None:
    with pd.ExcelWriter(file) as book:
        if sheet != "Sheet1":
            pd.DataFrame({"about": ["this study"]}).to_excel(book, index=False, sheet_name="Sheet1")
        frame.to_excel(book, index=False, sheet_name=sheet)


def written(frame: pd.DataFrame, form: str, folder: Path) -> str:
    """The name of a file with the frame, written in one of the forms, as a user would type it."""
    name, texts = {
        "csv": ("t.csv", delimited(frame, ",").encode()),
        "tsv": ("t.tsv", delimited(frame, "\t").encode()),
        "txt with bars": ("t.txt", delimited(frame, "|").encode()),
        "semicolons and decimal commas": ("t.csv", delimited(frame, ";", comma=True).encode()),
        "decimal commas in quotes": ("t.csv", delimited(frame, ",", comma=True).encode()),
        "byte order mark": ("t.csv", b"\xef\xbb\xbf" + delimited(frame, ",").encode()),
        "UTF-16": ("t.txt", delimited(frame, "\t").encode("utf-16")),
        "UTF-16 without a mark": ("t.csv", delimited(frame, ",").encode("utf-16-be")),
        "cp1252": ("t.csv", delimited(frame, ";", comma=True).encode("cp1252")),
        "gz": ("t.csv.gz", gzip.compress(delimited(frame, ",").encode())),
        "gz without its name": ("t.csv", gzip.compress(delimited(frame, "\t").encode())),
        "Excel's hint": ("t.csv", b"\xef\xbb\xbfsep=;\n" + delimited(frame, ";", comma=True).encode()),
        "Windows lines": ("t.csv", delimited(frame, ",").replace("\n", "\r\n").encode()),
        "a title above": ("t.csv", f"\nFaces of the spring, rated\n\n{delimited(frame, ';')}".encode()),
        "comments above": ("t.csv", f"# rated in spring, twice\n# by three\n{delimited(frame, ',')}".encode()),
        "notes below": ("t.csv", f"{delimited(frame, ',')}\nNote: w2 was tired\nTotal\n".encode()),
        "R's write.table": ("t.txt", as_r_writes(frame).encode()),
    }.get(form, ("", b""))
    if name:
        (folder / name).write_bytes(texts)
        return str(folder / name)
    if form == "parquet":
        frame.to_parquet(folder / "t.parquet")
        return str(folder / "t.parquet")
    if form in ("sav", "zsav", "dta"):
        write = pyreadstat.write_dta if form == "dta" else pyreadstat.write_sav
        write(frame, folder / f"t.{form}", **({"compress": True} if form == "zsav" else {}))
        return str(folder / f"t.{form}")
    if form == "a sheet with a title and notes":
        written_by_hand(frame, folder / "t.xlsx")
        return str(folder / "t.xlsx")
    excel(frame, folder / "t.xlsx", "Answers" if "#" in form else "Sheet1")
    return str(folder / ("t.xlsx#Answers" if "#" in form else "t.xlsx"))


FORMS = (
    "csv", "tsv", "txt with bars", "semicolons and decimal commas", "decimal commas in quotes", "byte order mark",
    "UTF-16", "UTF-16 without a mark", "cp1252", "gz", "gz without its name", "Windows lines", "parquet", "xlsx",
    "xlsx#sheet", "Excel's hint", "a title above", "comments above", "notes below", "R's write.table",
    "a sheet with a title and notes", "sav", "zsav", "dta",
)  # fmt: skip

LONG = pd.DataFrame(
    {
        "task": [*np.repeat(FACES, 2)],
        "worker": ["w1", "w2"] * 3,
        "label": ["Happy", "joy", "Angst", "fearful", "ANGRY", None],
        "valence": [0.5, 1.0, -0.25, None, -1.0, 0.125],
        "arousal": [0.5] * 6,
    }
)
COUNTS = {"happiness": [2, 0, 0], "fear": [0, 2, 0], "anger": [0, 0, 1]}
VOTES = pd.DataFrame({"face": FACES, "Neutral": 0, "Happy": [2, 0, 0], "sad": 0, "Surprise": 0, "fearful": [0, 2, 0],
                      "DI": 0, "Wut": [0, 0, 1]})  # fmt: skip
LABELS = pd.DataFrame({"task": FACES, "label": ["Happy", "Angst", "ANGRY"], "valence": [0.5, -0.25, None],
                       "arousal": [0.5, 0.5, 0.5]})  # fmt: skip
PROBABILITIES = pd.DataFrame(np.eye(7)[[1, 4, 6]] * 0.5 + 0.5 / 7, columns=[*VOTES.columns[1:]])


def counted(votes: pd.DataFrame) -> dict[str, list[int]]:
    return {name: votes[name].tolist() for name in COUNTS}


def ratings(source, **how):
    answers = read_answers(source, "ratings", **how)
    places = [answers.tasks.tolist().index(face) for face in FACES]
    return {name: answers.counts()[places, answers.classes.index(name)].tolist() for name in COUNTS}


def votes(source, key="ratings", **how):
    read = read_answers(source, key, **how)
    assert read.tasks.tolist() == FACES
    return {name: read.counts[:, read.classes.index(name)].tolist() for name in COUNTS}


def labels(source, key):
    tasks, codes, rated = read_labels(source, SEVEN, key)
    affect = np.stack([rated["valence"], rated["arousal"]], axis=1)
    assert affect[:2].tolist() == [[0.5, 0.5], [-0.25, 0.5]]
    assert np.isnan(affect[2, 0])
    return {task: SEVEN[code] for task, code in zip(tasks, codes, strict=True)}


def faces_table(**columns):
    table = pd.DataFrame({"face": FACES, "split": None, "subject": None, "label": None, "valence": np.nan,
                          "arousal": np.nan, "source": "x"})  # fmt: skip
    return table.assign(**columns)


def attached(source, key, **how):
    read, _ = attach(Faces(faces_table()), DatasetConfig(**{key: source, **how}), SEVEN)
    if key == "ratings":
        assert read.table["valence"].tolist() == [0.75, -0.25, -0.4375]
    return counted(read.votes)


def faces_of_a_folder(source):
    faces = Folder(None, SEVEN, Path(source)).read()
    return counted(faces.votes.set_index("face").loc[FACES])


def targets(source):
    config = LabelsConfig(kind="aggregated", posteriors=source)
    made = make_targets(faces_table(split=["train", "val", "test"]), None, SEVEN, config).table
    return made.filter(like="target_").to_numpy().round(6).tolist()


def predicted(source):
    read = read_predictions(Path(source))
    assert read["votes_happiness"].tolist() == [2, 0, 0]
    return read[[f"p_{name}" for name in SEVEN]].to_numpy().round(6).tolist(), read["label"].tolist()


LABELLED = dict(zip(FACES, ["happiness", "fear", "anger"], strict=True))
SURE = PROBABILITIES.to_numpy().round(6).tolist()
PREDICTIONS = pd.concat(
    [LABELS.rename(columns={"task": "face", "valence": "human_valence", "arousal": "human_arousal"}),
     PROBABILITIES.add_prefix("p_"), VOTES.iloc[:, 1:].add_prefix("votes_")], axis=1,
).assign(split="test")  # fmt: skip
DOORS = {
    "ratings, an answer a row": (LONG, ratings, COUNTS),
    "ratings, a column a class": (VOTES, votes, COUNTS),
    "lab": (VOTES, lambda source: votes(source, "lab", classes=SEVEN), COUNTS),
    "gold": (LABELS, lambda source: labels(source, "gold"), LABELLED),
    "against": (LABELS, lambda source: labels(source, "against"), LABELLED),
    "dataset.ratings": (LONG, lambda source: attached(source, "ratings"), COUNTS),
    "dataset.votes": (VOTES, lambda source: attached(source, "votes"), COUNTS),
    "dataset.table": (VOTES.rename(columns={"face": "path"}), faces_of_a_folder, COUNTS),
    "dataset.split_file": (
        pd.DataFrame({"face": FACES, "split": ["training", "VAL", "test"], "weight": 0.5}),
        lambda source: read_splits(faces_table(), Path(source), lambda line: None)["split"].tolist(),
        ["train", "val", "test"],
    ),
    "labels.posteriors": (pd.concat([VOTES[["face"]], PROBABILITIES], axis=1), targets, SURE),
    "predictions": (PREDICTIONS, predicted, (SURE, ["happiness", "fear", "anger"])),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("door", DOORS)
def test_every_form_is_taken_at_every_door(tmp_path, door, form):
    content, read, expected = DOORS[door]
    assert read(written(content, form, tmp_path)) == expected


@pytest.mark.parametrize("door", ["ratings, an answer a row", "dataset.ratings"])
@pytest.mark.parametrize("empty", ["", "NA", "N/A", "NaN", "None", "null"])
def test_an_empty_cell_is_empty_however_it_is_written(tmp_path, door, empty):
    content, read, expected = DOORS[door]
    (tmp_path / "t.csv").write_text(content.to_csv(index=False, na_rep=empty), encoding="utf-8")
    assert read(str(tmp_path / "t.csv")) == expected


SYNONYMS = [
    ("Image Name", "Rater_ID", "Emotion"),
    ("question", "ResponseId", "answer"),
    ("FILE", "participant", "Response"),
    ("stimulus id", "Annotator", "expression"),
]


@pytest.mark.parametrize("door", ["ratings, an answer a row", "dataset.ratings"])
@pytest.mark.parametrize("names", SYNONYMS)
def test_columns_are_found_by_their_other_names(tmp_path, door, names, capsys):
    content, read, expected = DOORS[door]
    renamed = content.rename(columns=dict(zip(["task", "worker", "label"], names, strict=True)))
    assert read(written(renamed, "csv", tmp_path)) == expected
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert f"task is {names[0]}" in said[0]
    assert "Happy and joy are one class" in said[0]


WORDS = {"happiness": "Happy", "fear": "fearful", "anger": "ANGRY"}
SAID = {
    "a number before": "{n} - {word}", "a number behind": "{word} ({n})", "a face": "{word} face", "a sign": "{sign}",
    "two names": "{word}/{name}", "a degree": "{word} (strong)", "in a list": '["{word}"]',
}  # fmt: skip


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("door", ["ratings, an answer a row", "gold", "against", "dataset.ratings"])
def test_a_label_with_more_about_it_is_its_expression_at_every_door(tmp_path, door, said):
    content, read, expected = DOORS[door]
    signs = {"happiness": "😀", "fear": "😨", "anger": "😠"}
    labels = [None if pd.isna(label) else expression(label) for label in content["label"]]
    cells = [None if name is None else SAID[said].format(n=list(WORDS).index(name), word=WORDS[name], name=name,
                                                         sign=signs[name]) for name in labels]  # fmt: skip
    (tmp_path / "t.csv").write_text(content.assign(label=cells).to_csv(index=False), encoding="utf-8")
    assert read(str(tmp_path / "t.csv")) == expected


def test_names_of_one_class_stay_two_where_they_are_classes_of_ones_own_or_columns(tmp_path):
    frame = pd.DataFrame({"task": ["a", "b"], "worker": 1, "label": ["happy_1", "happy_2"]})
    assert read_answers(frame, classes=["happy_1", "happy_2"]).label.tolist() == [0, 1]
    pictures = pd.DataFrame({"worker": ["a", "b"], "happy_1": ["happy", "sad"], "happy_2": ["fear", "sad"]})
    assert read_answers(pictures).tasks.tolist() == ["happy_1", "happy_2"]


HEADERS = [
    ("Bild", "Versuchsperson", "Antwort"), ("图片", "评分者", "情绪"), ("画像", "評価者", "感情"),
    ("Imagen", "Evaluador", "Emoción"), ("Visage", "Évaluateur", "Émotion"), ("Immagine", "Valutatore", "Emozione"),
    ("Gezicht", "Beoordelaar", "Emotie"),
    ("Изображение", "Участник", "Эмоция"),
    ("Zdjęcie", "Uczestnik", "Emocja"),
    ("Fotoğraf", "KATILIMCI", "Duygu"),
    ("Bild", "Deltagare", "Känsla"),
    ("사진", "참가자", "감정"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("cp1251", ("Радость", "страх", "ГНЕВ")), ("cp1250", ("radość", "lęk", "złość")),
     ("cp949", ("행복", "두려움", "분노")), ("cp1254", ("mutluluk", "KORKU", "kızgın")),
     ("cp1256", ("سعادة", "خوف", "غضب")), ("utf-8", ("شادی", "ترس", "خشم"))],
)  # fmt: skip
def test_text_is_read_in_the_encoding_that_makes_expressions_of_it(tmp_path, encoding, words):
    rows = [f"{face},{worker},{words[FACES.index(face)]}" for face in FACES for worker in ("w1", "w2")][:-1]
    rows = [row.replace("größe", "a") for row in rows]
    (tmp_path / "t.csv").write_text("\n".join(["task,worker,label", *rows]), encoding=encoding)
    answers = read_answers(tmp_path / "t.csv", "ratings")
    assert answers.classes == ("happiness", "fear", "anger")
    assert answers.counts().tolist() == [[2, 0, 0], [0, 2, 0], [0, 0, 1]]


@pytest.mark.parametrize("names", HEADERS)
def test_columns_are_found_by_their_names_in_the_languages_of_the_classes(tmp_path, names):
    content, read, expected = DOORS["ratings, an answer a row"]
    renamed = content.rename(columns=dict(zip(["task", "worker", "label"], names, strict=True)))
    (tmp_path / "t.csv").write_text(renamed.to_csv(index=False), encoding="utf-8")
    assert read(str(tmp_path / "t.csv")) == expected


def test_a_header_of_two_rows_says_who_rated_on_which_scale(tmp_path, capsys):
    book = openpyxl.Workbook()
    for row in [["Photo", "Anna", None, "Ben", None], [None, *["valence", "arousal"] * 2], ["a.jpg", 1, 9, 5, 9],
                ["b.jpg", 9, 1, 5, 1]]:  # fmt: skip
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    answers = read_answers(tmp_path / "t.xlsx", "ratings", scale=[1, 9])
    assert answers.workers.tolist() == ["Anna", "Ben"]
    assert sorted(answers.rated["valence"]) == [-1, 0, 0, 1]
    assert sorted(answers.rated["arousal"]) == [-1, -1, 1, 1]
    assert "a header of 2 rows, such as 'Ben arousal'" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_pivot_as_pandas_writes_it_is_a_table_of_raters(tmp_path, suffix):
    long = pd.DataFrame({"photo": ["a.jpg", "a.jpg", "b.jpg", "b.jpg"], "rater": ["An", "Bo"] * 2,
                         "emotion": ["happy", "sad", "sad", "sad"], "valence": [0.5, -0.5, -1, -1]})  # fmt: skip
    pivot = long.pivot(index="photo", columns="rater", values=["emotion", "valence"])
    getattr(pivot, "to_excel" if suffix == "xlsx" else "to_csv")(tmp_path / f"t.{suffix}")
    answers = read_answers(tmp_path / f"t.{suffix}")
    assert (answers.tasks.tolist(), answers.workers.tolist()) == (["a.jpg", "b.jpg"], ["An", "Bo"])
    assert (answers.classes, answers.counts().tolist()) == (("happiness", "sadness"), [[1, 1], [0, 2]])
    assert sorted(answers.rated["valence"]) == [-1, -1, -0.5, 0.5]


def test_names_that_differ_in_case_alone_are_said(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("task,worker,label\na.jpg,1,happy\nA.JPG,2,happy\n")
    read_answers(tmp_path / "t.csv", "ratings")
    assert (
        "1 names in task differ from others in case or in zeros alone, and are others (A.JPG and a.jpg)"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("cell", ["-", ".", "no response", "skipped", "#N/A", "?"])
def test_a_cell_that_says_no_answer_is_no_class(cell):
    frame = pd.DataFrame({"task": ["a", "b"], "worker": 1, "label": ["happy", cell]})
    assert read_answers(frame).classes == ("happiness",)


def test_cells_that_are_merged_with_the_one_above_have_its_content(tmp_path, capsys):
    book = openpyxl.Workbook()
    for row in [["face", "rater", "emotion"], ["a.jpg", "x", "happy"], [None, "y", "sad"], ["b.jpg", "x", "sad"]]:
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "t.xlsx")
    answers = read_answers(tmp_path / "t.xlsx#sheet", "ratings")  # whose name is Sheet
    assert answers.tasks[answers.task].tolist() == ["a.jpg", "a.jpg", "b.jpg"]
    assert "1 cells filled that were merged with the one above" in capsys.readouterr().err


def test_a_row_of_totals_is_no_face(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("face,happy,sad\na.jpg,3,1\nb.jpg,0,4\nTotal,3,5\nSum,8\n")
    assert read_answers(tmp_path / "t.csv", "ratings").tasks.tolist() == ["a.jpg", "b.jpg"]
    assert "rows of totals or notes below the table (2)" in capsys.readouterr().err


def test_the_table_of_a_zip_lies_beside_a_readme(tmp_path):
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as packed:
        packed.writestr("a.csv", "task,worker,label\na,1,happy\n")
        packed.writestr("readme.txt", "our study")
    assert read_answers(tmp_path / "t.zip").tasks.tolist() == ["a"]


@pytest.mark.parametrize("marks", [("1", "0"), ("TRUE", "FALSE"), ("x", "")])
def test_boxes_that_each_rater_ticked_are_labels(tmp_path, marks):
    yes, no = marks
    text = f"image,rater,Happy,Sad\na,1,{yes},{no}\na,2,{no},{yes}\nb,1,{yes},{yes}\n"
    (tmp_path / "t.csv").write_text(text)
    answers = read_answers(tmp_path / "t.csv", columns={}, scales={})
    assert (answers.classes, answers.counts().tolist()) == (("happiness", "sadness"), [[1, 1], [0, 0]])
    assert answers.counted == {"answers of several choices or none are no class and left out": 1}


@pytest.mark.parametrize("column", ["subject", "ID", "Code"])
def test_a_column_that_tells_raters_apart_is_theirs_whatever_it_is_called(column):
    rated = pd.DataFrame({column: ["x", "y", "x", "y"], "image": ["a", "a", "b", "b"], "label": ["happy"] * 4})
    assert read_answers(rated).workers.tolist() == ["x", "y"]
    posers = rated.assign(**{column: ["x", "x", "y", "y"]})  # of the pictures
    assert read_answers(posers).counts.tolist() == [[2], [2]]
    numbered = rated.assign(**{column: range(4)})  # the rows
    assert read_answers(numbered).counts.tolist() == [[2], [2]]


def test_of_a_name_and_an_id_of_the_picture_the_name_is_meant():
    frame = pd.DataFrame(
        {"image_id": [7], "image_name": ["a.jpg"], "user_name": ["An"], "user_id": [3], "label": "sad"}
    )
    answers = read_answers(frame)
    assert (answers.tasks.tolist(), answers.workers.tolist()) == (["a.jpg"], ["3"])


def test_a_table_without_a_header_is_told_what_it_lacks(tmp_path):
    (tmp_path / "t.txt").write_text("train_00001.jpg 5\ntrain_00002.jpg 3\n")
    with pytest.raises(RequestError, match=r"Is its first line \(train_00001.jpg 5 …\) a row\? Then write the names"):
        read_answers(tmp_path / "t.txt", "ratings")


@pytest.mark.parametrize("names", [("n_happy", "n_sad"), ("happy_votes", "sad_votes"), ("happy (n)", "sad (n)"),
                                   ("emotion_happy", "emotion_sad"), ("Count Happy", "Count Sad")])  # fmt: skip
def test_columns_of_counts_are_found_whatever_stands_beside_the_class(names):
    frame = pd.DataFrame({"face": ["a", "b"], names[0]: [3, 0], names[1]: [1, 4], "total": 4})
    assert read_answers(frame).counts.tolist() == [[3, 1], [0, 4]]


def test_what_was_guessed_is_said_in_one_line(tmp_path, capsys):
    content = VOTES.assign(Total=2, HAPPY=[1, 0, 0], age=31.5)
    assert votes(written(content, "cp1252", tmp_path))["happiness"] == [3, 0, 0]
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    for words in ("semicolons", "read as cp1252", "Happy and HAPPY are one class, added up", "not used: Total, age"):
        assert words in said


def test_qualtrics_header_rows_are_none_of_the_answers(tmp_path, capsys):
    (tmp_path / "q.csv").write_text(
        'ResponseId,Q1,Q2,Duration\nResponse ID,"Which one?\nLook well.",Which?,Seconds\n'
        '"{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}","{""ImportId"":""d""}"\n'
        "R_1,Happy,Sad,30\nR_2,joy,Angry,22\n"
    )
    answers = read_answers(tmp_path / "q.csv", "ratings")
    assert answers.tasks.tolist() == ["Q1", "Q2"]
    assert answers.workers.tolist() == ["R_1", "R_2"]
    assert dict(zip(answers.classes, answers.counts().T.tolist(), strict=True)) == {
        "happiness": [2, 0], "sadness": [0, 1], "anger": [0, 1],
    }  # fmt: skip
    assert "2 header rows of Qualtrics left out" in capsys.readouterr().err


@pytest.mark.parametrize(("cell", "number"), [("0,5", 0.5), ("-,25", -0.25), ("50 %", 50), ("1e-3", 0.001), ("-2", -2)])
def test_numbers_as_people_write_them(tmp_path, cell, number):
    table = read_table(pd.DataFrame({"x": [cell, "n/a", None]}))
    assert table.numbers(0).tolist() == pytest.approx([number, np.nan, np.nan], nan_ok=True)
    with pytest.raises(RequestError, match="row 2: x is '1,000'; a number belongs there"):
        read_table(pd.DataFrame({"x": ["1", "1,000"]})).numbers(0)  # a thousand, or one: not to be known


def test_no_spelling_means_two_expressions_and_every_name_means_itself():
    words = [(word, name) for table in (ENGLISH, ELSEWHERE) for name, text in table.items() for word in text.split()]
    for word, name in [*words, *((name, name) for name in ENGLISH)]:
        assert expression(word) == expression(word.upper()) == expression(f" {word.replace('-', ' ')} ") == name


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("none.csv", None, "there is no such file"),
        ("a.parquet", b"no parquet", "cannot be read"),
        ("a.xlsx", b"PK\x03\x04 cut short", "cannot be read"),
        ("a.csv.gz", b"\x1f\x8b cut short", "cannot be read"),
        ("a.csv", b"", "is empty; a first line with the names of its columns is needed"),
        ("a.csv", b"task,worker\n", "has no rows"),
        ("a.csv", b"task,worker", "has no rows"),
        ("a.csv", b"task,worker\n1\n", "cannot be read: .*Row #2: Expected 2 columns, got 1"),
        (".", None, "it is a folder"),
        ("a.csv", b"task\0,worker\0\n", "it is neither text nor xlsx nor parquet"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(tmp_path, name, raw, said):
    if raw is not None:
        (tmp_path / name).write_bytes(raw)
    with pytest.raises(RequestError, match=said) as caught:
        read_table(tmp_path / name, "ratings")
    assert str(caught.value).startswith(f"ratings={tmp_path / name}")
    assert "\n" not in str(caught.value)


def test_a_sheet_that_is_not_there(tmp_path):
    excel(VOTES, tmp_path / "t.xlsx")
    with pytest.raises(RequestError, match="there is no sheet Lab; there are: Sheet1"):
        read_table(f"{tmp_path / 't.xlsx'}#Lab", "lab")
    (tmp_path / "t.csv").write_text("a\n1\n")
    with pytest.raises(RequestError, match="only an xlsx file has sheets such as Lab"):
        read_table(f"{tmp_path / 't.csv'}#Lab", "lab")


def test_a_refusal_says_how_the_table_was_read(tmp_path):
    excel(VOTES, tmp_path / "t.xlsx", "Votes")
    with pytest.raises(RequestError, match=r"about. .* its sheet Sheet1; FILE#SHEET takes another \(Votes\)"):
        read_table(tmp_path / "t.xlsx", "ratings").need("task")


def test_nested_cells_of_parquet_are_texts(tmp_path):
    pd.DataFrame({"task": [1, 2], "worker": 1, "label": [["joy"], ["Sad"]]}).to_parquet(tmp_path / "t.parquet")
    assert read_answers(tmp_path / "t.parquet").classes == ("happiness", "sadness")


OLD_EXCEL = (
    "c-rk)O=uHA6#iy6|FmgRQ=t_~C|I@jB3`_-YX$AeQoSf5=%!sk6B1dAQV&|KISPU&#Y>?VFI6x8pa;DP3KcyFf|%;jlc3<C&HCo;"
    "Y)mwV2DDh2FYMcyH}k%EnfGRPc3&-~D|7dHmhcOPVWR5A5vkJ&y5d141#0&^Sq$zmx;%|_g?Nkt842TY`^%_|p^Wzu4BQPpBME$@"
    ">nKiRtW<QeYluDUgDs>FLnH-mktT_5_NtTR1j`L9?{Lp2EO)c!D$612TM<XFXpIf*QdxZ1=;O8|B<};ZdB>U^=)!ZE#TTy$zi${L"
    "?n%4wZ#MLX+At4_+o)4?T)R*~h5|T`Z(bJo8m!c(S*>4Ny#VRIH|nEJ^w*6LFaz&6CwQ4Q*AJ#2;E`omNT@xPI!)PU^0YM1mE64J"
    "hJk{ea|#srvv$ELPB@enHd&r3O;g_!j_r~nC(ZrkooZO#?VR>)Bq!0q<uoUMiUwQ0{pI!k+_-g&H8VWCzwvLDzQV&LX+g$GZVA=o"
    "09$Nld6`)^ak+<OhEkU9{o`G#uy2<8T;bM!8fPctjkTq&yp_u3&j%j%mOokBsJt+`bUw52)|x{f&DA8?%ik;p#h|!(L*kJY+=bdC"
    "-m~ofZNrEeDdoGTo^Bmj;VB2rhlF2~vm<IXL(P?6GpS}OF42TbFqfR23r2!{O>+eNHpvyPwMniQipyxiWi)X4QA;Q;gSjHLHpwL)"
    "%96`$!eug7RP{F-{4#5P2_r%^$u(?r;=Xi%w$`6WKtn@ALqkJDLu1`R@Szs!m<T@j$)jLYeb-r`tExYf{I@uW68)y=#dI%<baye`"
    "QvPg2SOi>Rl{UfmLWx5(x{Ew=>_@)k{H2#XQU8BdZJ7FVOQ_ZHtF8F?m&gABXPMZW"
)
"""A file of Excel 97, packed: task, worker, label, valence and three rows."""
MANIFEST = """<?xml version="1.0"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"""
OPEN_DOCUMENT = """<?xml version="1.0"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
 <table:table table:name="A">%s</table:table></office:spreadsheet></office:body></office:document-content>"""


def test_sheets_of_old_excel_and_of_libreoffice_are_tables(tmp_path):
    rows = [["task", "worker", "label"], ["a", "1", "joy"], ["a", "2", "fear"], ["b", "1", "joy"]]
    cells = "".join(
        "<table:table-row>" + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        ) + "</table:table-row>" for row in rows
    )  # fmt: skip
    with zipfile.ZipFile(tmp_path / "t.ods", "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", MANIFEST)
        book.writestr("content.xml", OPEN_DOCUMENT % cells)
    (tmp_path / "t.xls").write_bytes(zlib.decompress(base64.b85decode(OLD_EXCEL)))
    for name in ("t.xls", "t.ods", "t.xls#A"):
        answers = read_answers(tmp_path / name)
        assert (answers.tasks.tolist(), answers.workers.tolist()) == (["a", "b"], ["1", "2"])
        assert answers.counts().tolist() == [[1, 1], [1, 0]]
    (tmp_path / "t.xls").write_bytes(b"\xd0\xcf\x11\xe0 cut short")
    with pytest.raises(RequestError, match=r"cannot be read: .*; save it as xlsx, or csv"):
        read_table(tmp_path / "t.xls")


def test_ids_are_one_however_their_accents_are_written(tmp_path):
    apart, together = (unicodedata.normalize(form, "Müller.jpg") for form in ("NFD", "NFC"))
    rows = f"task,worker,label\n{apart},1,joy\n{together},2,fear\nb.jpg,1,joy\n"
    (tmp_path / "t.csv").write_text(rows, encoding="utf-8")
    answers = read_answers(tmp_path / "t.csv")
    assert sorted(answers.tasks) == [apart, "b.jpg"]
    assert answers.counts().sum() == 3


def test_a_workbook_has_the_cells_that_openpyxl_finds(tmp_path):
    cells = {"task": ["007", "a b", "人"], "number": [1.0, 2.5, None], "day": pd.to_datetime(["2024-01-02"] * 3),
             "yes": [True, False, True], "large": [123456789012345, 0.1, 1 / 3]}  # fmt: skip
    pd.DataFrame(cells).to_excel(tmp_path / "t.xlsx", index=False)
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").active
    theirs = [[text_of(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    read = read_columns(tmp_path / "t.xlsx")
    ours = [
        [text_of(cell) for cell in row] for row in zip(*(column.to_pylist() for column in read.values), strict=True)
    ]
    assert [read.names, *ours] == theirs


@pytest.mark.parametrize("form", ["sheets", "json"])
def test_sheets_and_keys_that_are_splits_are_one_table_with_a_column_of_them(tmp_path, form):
    parts = {"train": ["a", "b"], "Validation": ["c"], "test": ["d", "e"]}
    frames = {split: pd.DataFrame({"image": faces, "label": "fear"}) for split, faces in parts.items()}

    def table(frames):
        file = tmp_path / f"faces.{'xlsx' if form == 'sheets' else 'json'}"
        if form == "json":
            file.write_text(json.dumps({name: frame.to_dict("records") for name, frame in frames.items()}))
            return read_table(file)
        with pd.ExcelWriter(file) as book:
            for name, frame in frames.items():
                frame.to_excel(book, index=False, sheet_name=name)
        return read_table(file)

    read = table(frames)
    split = read.names.index("split")
    assert list(read.text(read.names.index("image"))) == ["a", "b", "c", "d", "e"]
    assert list(read.text(split)) == ["train", "train", "val", "test", "test"]
    other = table({"answers": frames["train"], "test": frames["test"]})
    assert "split" not in other.names


def test_sheets_beside_splits_are_named_and_a_sheet_of_a_split_is_of_it(tmp_path):
    faces = pd.DataFrame({"image": ["a", "b"], "label": "fear"})
    file = tmp_path / "faces.xlsx"
    with pd.ExcelWriter(file) as book:
        pd.DataFrame({"About": ["us"]}).to_excel(book, index=False, sheet_name="README")
        for name in ("Train set", "test_preds"):
            faces.assign(image=faces["image"] + name).to_excel(book, index=False, sheet_name=name)
        faces[:0].to_excel(book, index=False, sheet_name="Sheet4")
    read = read_table(file)
    assert read.text(read.names.index("split")).tolist() == ["train", "train", "test", "test"]
    assert read.guessed == ["its sheets Train set, test_preds together", "not read: README, Sheet4"]
    one = read_table(f"{file}#test_preds")
    assert one.text(one.names.index("split")).tolist() == ["test", "test"]


def test_sheets_of_one_header_are_a_table_of_answers_and_copies_count_once(tmp_path):
    file = tmp_path / "answers.xlsx"
    with pd.ExcelWriter(file) as book:
        for name, labels in {"Anna": ["fear", "anger"], "Ben": ["fear", "fear"], "Ben (2)": ["fear", "fear"]}.items():
            pd.DataFrame({"image": ["a", "b"], "label": labels}).to_excel(book, index=False, sheet_name=name)
    answers = read_answers(str(file), "ratings")
    assert answers.workers.tolist() == ["Anna", "Ben"]
    assert answers.counts().tolist() == [[2, 0], [1, 1]]


def test_rows_of_totals_are_no_faces_wherever_they_stand_and_leave_no_class_behind(tmp_path):
    (tmp_path / "votes.csv").write_text("face,happy,sad\nTotal,5,7\na,3,1\nTotal,3,1\nb,0,4\nc,2,2\n")
    votes = read_answers(str(tmp_path / "votes.csv"), "ratings")
    assert votes.tasks.tolist() == ["a", "b", "c"]
    (tmp_path / "long.csv").write_text("picture,worker,label\na,1,happy\na,2,sad\nb,1,sad\nb,2,sad\nTotal,,15\n")
    assert read_answers(str(tmp_path / "long.csv"), "ratings").classes == ("happiness", "sadness")


def test_a_cell_of_another_kind_does_not_drop_a_raters_column(tmp_path, capsys):
    rows = "a.jpg,happy,happy,sad\nb.jpg,sad,sad,happy\nc.jpg,angry,angry,sad\nd.jpg,happy,other,happy\n"
    rows += "e.jpg,sad,sad,sad\n"
    (tmp_path / "wide.csv").write_text("picture,Anna,Ben,Cara\n" + rows)
    wide = read_answers(str(tmp_path / "wide.csv"), "ratings")
    assert wide.workers.tolist() == ["Anna", "Ben", "Cara"]
    assert wide.counts().sum() == 15
    (tmp_path / "wide.csv").write_text("picture,Anna,Ben,Cara\n" + rows.replace("other", "hapy"))
    assert len(read_answers(str(tmp_path / "wide.csv"), "ratings").workers) == 3
    assert "hapy, 1 of 15 labels, may be happiness mistyped" in capsys.readouterr().err


def test_a_folder_of_votes_or_of_raters_columns_is_one_table(tmp_path):
    for name, rows in {"one": "a,3,1\nb,0,4\n", "two": "c,2,2\n"}.items():
        (tmp_path / f"{name}.csv").write_text("face,happy,sad\n" + rows)
    votes = read_answers(str(tmp_path), "ratings")
    assert votes.counts.tolist() == [[3, 1], [0, 4], [2, 2]]
    for name, rows in {"one": "a,happy,sad\nb,sad,sad\n", "two": "c,happy,happy\n"}.items():
        (tmp_path / f"{name}.csv").write_text("face,Anna,Ben\n" + rows)
    assert read_answers(str(tmp_path), "ratings").workers.tolist() == ["Anna", "Ben"]


def test_of_several_files_with_several_sheets_the_first_is_read_and_the_others_are_named(tmp_path):
    for person in ("ada", "bo"):
        with pd.ExcelWriter(tmp_path / f"{person}.xlsx") as book:
            for block in ("first", "second"):
                frame = pd.DataFrame({"image": [f"{block}.jpg"], "emotion": ["happy"]})
                frame.to_excel(book, sheet_name=block, index=False)
    pd.DataFrame({"image": ["first.jpg"], "emotion": ["sad"]}).to_csv(tmp_path / "cy.csv", index=False)
    table = read_table(tmp_path, together=True)
    assert table.text(0).tolist() == ["first.jpg"] * 3
    assert "only the first sheet of each is read, not ada.xlsx#second, say, and of 1 more files" in table.guessed


def test_what_was_found_out_about_a_sheet_is_said_of_several_and_an_empty_one_has_no_columns(tmp_path):
    file = tmp_path / "answers.xlsx"
    with pd.ExcelWriter(file) as book:
        for name in ("train", "test"):
            frame = pd.DataFrame({"image": [f"a{name}", None], "rater": [1, 2], "label": ["fear", "anger"]})
            frame.to_excel(book, index=False, sheet_name=name)
            book.sheets[name].merge_cells("A2:A3")
        pd.DataFrame().to_excel(book, index=False, sheet_name="val")
    assert "1 cells filled that were merged with the one above" in read_table(str(file)).guessed
    with pytest.raises(RequestError, match="is empty"):
        read_table(f"{file}#val")
