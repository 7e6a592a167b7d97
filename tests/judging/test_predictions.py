import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.errors import RequestError
from fer_exp.judging.predictions import check_predictions, class_names, target_prior
from fer_exp.judging.reading import read_predictions
from tests.judging.tables import CLASSES, predictions_table


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_comes_back_from_disk_as_it_was(tmp_path, suffix):
    table, path = predictions_table(), tmp_path / f"model.{suffix}"
    table.to_csv(path, index=False) if suffix == "csv" else table.to_parquet(path)
    read = read_predictions(path)
    assert class_names(read) == CLASSES
    pd.testing.assert_frame_equal(read, check_predictions(table), rtol=1e-12)


def test_csv_keeps_ids_with_leading_zeros_and_a_class_called_none(tmp_path):
    path = tmp_path / "model.csv"
    path.write_text("face,split,label,subject,p_None,p_fear\n001,test,None,,0.5,0.5\n002,test,,07,0.25,0.75\n")
    read = read_predictions(path)
    assert read["face"].tolist() == ["001", "002"]
    assert read["label"].tolist() == ["None", None]
    assert read["subject"].tolist() == [None, "07"]
    assert np.isnan(read["human_valence"]).all()


def test_the_given_table_is_left_alone():
    table = predictions_table().drop(columns="subject")
    before = table.copy()
    check_predictions(table)
    pd.testing.assert_frame_equal(table, before)


def test_any_human_column_may_be_missing_or_null():
    table = predictions_table()
    human = [name for name in table if name.startswith(("votes_", "human_")) or name in ("label", "subject")]
    assert "votes_neutral" not in check_predictions(table.drop(columns=human))
    table[human] = None
    assert check_predictions(table)["label"].isna().all()
    assert check_predictions(table)["votes_neutral"].isna().all()


def spoil(column, value, row=2):
    def change(table):
        table[column] = table[column].astype(object)
        table.loc[row, column] = value
        return table

    return change


BAD = {
    "sum": (spoil("p_neutral", 7.0), r"row 3 \(face face-002\) has probabilities that sum to 7\.\d+ instead of 1"),
    "negative": (spoil("p_neutral", -0.1), r"row 3 \(face face-002\) has a negative probability"),
    "nan": (spoil("p_neutral", np.nan), r"row 3 \(face face-002\) has a missing probability"),
    "infinite": (spoil("p_neutral", np.inf), r"row 3 .*infinite number in column p_neutral"),
    "text": (spoil("p_neutral", "high"), r"row 3 .*no number in column p_neutral"),
    "label": (
        spoil("label", "hapiness"),
        r"row 3 .*has label hapiness, which no p_ .* mean happiness",
    ),
    "fraction of a vote": (
        spoil("votes_neutral", 0.5),
        r"row 3 .* has 0.5 in column votes_neutral; a number of votes is whole",
    ),
    "negative vote": (spoil("votes_neutral", -1), r"row 3 .* has -1 in column votes_neutral; .* from 0 to 1,000,000"),
    "far too many votes": (spoil("votes_neutral", 1e300), r"row 3 .* has 1e\+300 in column votes_neutral"),
    "valence on another scale": (spoil("valence", 1e300), r"row 3 .* has a valence of 1e\+300; people's run"),
    "some votes null": (spoil("votes_neutral", None), r"row 3 .*votes for some classes and null"),
    "rating": (spoil("human_valence", -2), r"row 3 .*human_valence outside -1\.\.1"),
    "duplicate": (spoil("face", "face-000"), r"row 3 \(face face-000\) occurs a second time in its split"),
    "no face": (spoil("face", None), r"row 3 .*has no face"),
    "no split": (spoil("split", None), r"row 3 .*has no split"),
    "column": (lambda t: t.rename(columns={"face": "faces"}), r"has no column face; did you mean faces"),
    "near column": (
        lambda t: t.rename(columns={"human_valence": "human_valance"}),
        "human_valance is not known; .*human_v",
    ),
    "classes differ": (
        lambda t: t.rename(columns={"votes_neutral": "votes_fear"}),
        "p_neutral and votes_fear stand alone",
    ),
    "no classes": (lambda t: t[["face", "split", "label"]], r"needs a column p_<class> for each class and has 0"),
    "no rows": (lambda t: t.iloc[:0], "has no rows"),
    "column twice": (lambda t: pd.concat([t, t[["label"]]], axis=1), "column label occurs twice"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_breaks_the_contract_is_named_in_one_sentence(case):
    change, message = BAD[case]
    with pytest.raises(RequestError, match=message) as error:
        check_predictions(change(predictions_table()), "mine.csv")
    assert str(error.value).startswith("mine.csv")
    assert "\n" not in str(error.value)


def test_several_bad_rows_are_counted():
    table = predictions_table()
    table.loc[[1, 4, 5], "label"] = "bliss"
    with pytest.raises(RequestError, match=r"row 2 .*; 2 more rows are like it"):
        check_predictions(table)


def test_the_same_face_may_be_in_two_splits():
    assert len(check_predictions(predictions_table(splits=("val", "test")))) == 120


@pytest.mark.parametrize("name", ["absent.csv", "broken.parquet", "empty.csv", "broken.csv", "folder"])
def test_unreadable_files_are_refused(tmp_path, name):
    (tmp_path / "broken.parquet").write_text("no parquet")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "broken.csv").write_bytes(b"face,split\n\xff\xfe,\x00\n")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RequestError, match=name):
        read_predictions(tmp_path / name)


def test_targets_of_another_run_are_refused():
    with pytest.raises(RequestError, match=r"not of the same run: .*fear"):
        target_prior(pd.DataFrame({"target_fear": [0.5], "target_sadness": [0.5]}), ("sadness", "anger"))


def test_no_training_rows_give_no_prior():
    frame = pd.DataFrame({"split": ["val"], "target_a": [0.5], "target_b": [0.5]})
    assert target_prior(frame, ("a", "b")) is None


def test_classes_meet_however_they_are_spelt(tmp_path):
    table = predictions_table()
    names = {"p_happiness": "p_happy", "votes_happiness": "votes_JOY", "p_sadness": "p_Trauer"}
    other = table.rename(columns=names).assign(
        label=table["label"].replace({"happiness": "Happy", "sadness": "triste"})
    )
    pd.testing.assert_frame_equal(check_predictions(other), check_predictions(table))
    other.to_csv(tmp_path / "t.csv", index=False)
    pd.testing.assert_frame_equal(read_predictions(tmp_path / "t.csv"), check_predictions(table), rtol=1e-12)


@pytest.mark.parametrize("name", ["other.xlsx#Model", "other.tsv.gz"])
def test_compare_takes_predictions_in_any_form_and_spelling(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    table = predictions_table(splits=("test",)).round(3)  # Excel keeps 15 digits
    table["p_neutral"] = 1 - table[["p_happiness", "p_sadness", "p_surprise"]].sum(axis=1)
    table.to_csv("mine.csv", index=False)
    other = table.rename(columns={"p_happiness": "p_happy", "votes_happiness": "votes_HAPPY"})
    if name.endswith(".gz"):
        other.to_csv(name, index=False, sep="\t")
    else:
        with pd.ExcelWriter("other.xlsx") as book:
            pd.DataFrame({"about": ["a model"]}).to_excel(book, sheet_name="About")
            other.to_excel(book, sheet_name="Model", index=False)
    assert main(["compare", "mine.csv", name, "bootstrap=20", "permutations=20", "output=out", "json=true"]) == 0
    printed = capsys.readouterr()
    assert "earth_movers_distance" in printed.out
    assert "left out" not in printed.err


@pytest.mark.parametrize(
    ("image", "usage", "split"), [("Image Name", "Usage", "PrivateTest"), ("FACE", "Set", "Testing")]
)
def test_columns_and_splits_are_found_by_their_other_names(tmp_path, image, usage, split):
    plain = predictions_table().drop_duplicates("face").assign(split="test")
    other = plain.assign(split=split).rename(columns=lambda name: name.replace("p_", "P_"))
    other = other.rename(columns={"face": image, "split": usage})
    for name, table in (("plain", plain), ("other", other)):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    read = [read_predictions(tmp_path / f"{name}.csv") for name in ("plain", "other")]
    pd.testing.assert_frame_equal(*read)
