import numpy as np
import pandas as pd
import pytest

from fer_exp.config import DatasetConfig
from fer_exp.datasets.splits import hold_out, limit, select
from fer_exp.errors import RequestError


def faces(count: int = 200, subjects: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "face": [f"f{i:04d}" for i in range(count)],
            "split": np.where(np.arange(count) % 4 == 0, "test", "train"),
            "subject": [f"p{i % 23}" for i in range(count)] if subjects else pd.Series([None] * count, dtype=object),
            "label": rng.choice(["anger", "fear", "happiness"], count, p=[0.1, 0.2, 0.7]),
        }
    )


def test_validation_by_subject_shares_no_person_with_training():
    held = hold_out(faces(subjects=True), 0.2, 0)
    people = held.groupby("split")["subject"].agg(set)
    assert not people["train"] & people["val"]
    assert 0.2 <= (held["split"] == "val").sum() / 150 < 0.2 + 10 / 150  # one subject more at most


def test_validation_without_subjects_keeps_label_shares():
    table = faces()
    held = hold_out(table, 0.2, 0)
    train = table[table["split"] == "train"]["label"].value_counts()
    val = held[held["split"] == "val"]["label"].value_counts()
    assert val.sum() == 30
    for label, number in val.items():
        assert abs(number - 0.2 * train[label]) < 1


@pytest.mark.parametrize("wanted", [1, 7, 40, 10_000])
def test_limit_is_stratified_and_does_not_depend_on_row_order(wanted):
    table = faces()
    some = limit(table, wanted, None, 3)
    again = limit(table.sample(frac=1, random_state=1), wanted, None, 3)
    assert set(some["face"]) == set(again["face"])
    for split, part in table.groupby("split"):
        left = some[some["split"] == split]
        assert len(left) == min(wanted, len(part))
        expected = part["label"].value_counts() * len(left) / len(part)
        assert (left["label"].value_counts().reindex(expected.index, fill_value=0) - expected).abs().max() < 1


def test_a_limit_of_the_training_split_leaves_the_others_alone_and_sizes_within_each_other():
    table = faces()
    small, large = limit(table, None, 20, 3), limit(table, 30, 60, 3)
    sizes = {split: len(part) for split, part in table.groupby("split")}
    assert small["split"].value_counts().to_dict() == sizes | {"train": 20}
    assert large["split"].value_counts().to_dict() == {split: min(30, n) for split, n in sizes.items()} | {"train": 60}
    inside = set(small.loc[small["split"] == "train", "face"]) - set(large["face"])
    assert len(inside) <= 1  # rounding may give a label one face more in the smaller draw


def test_another_seed_draws_other_faces():
    assert set(limit(faces(), 40, None, 0)["face"]) != set(limit(faces(), 40, None, 1)["face"])


def test_select_drops_what_is_flagged_and_leaves_a_given_validation_split_alone():
    table = faces()
    table.loc[1:20, "split"] = "val"
    kept = select(table, {"constant": ["f0001", "f0150"]}, DatasetConfig(drop=["constant"]))
    assert len(kept) == 198
    assert not {"f0001", "f0150"} & set(kept["face"])
    assert (kept["split"] == "val").sum() == 19


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (DatasetConfig(drop=["blurred"]), "dataset.drop names 'blurred'"),
        (DatasetConfig(validation=0.0), "dataset.validation is 0.0"),
        (DatasetConfig(limit=0), "dataset.limit is 0"),
        (DatasetConfig(train_limit=0), "dataset.train_limit is 0"),
    ],
)
def test_bad_requests_name_the_key(config, said):
    with pytest.raises(RequestError, match=said):
        select(faces(), {"constant": []}, config)


def test_an_empty_split_is_named():
    table = faces()
    table.loc[table["split"] == "test", "split"] = "val"
    table["split"] = table["split"].where(table["split"] != "train", "test")
    with pytest.raises(RequestError, match="no face is left in the train split"):
        select(table, {}, DatasetConfig())


def test_a_test_split_is_drawn_by_subject_where_there_is_none():
    table = faces(subjects=True).assign(split=None)
    drawn = select(table, {}, DatasetConfig(test=0.25, validation=0.2))
    people = drawn.groupby("split")["subject"].agg(set)
    assert not people["train"] & people["test"]
    assert not people["val"] & (people["test"] | people["train"])
    assert 0.25 <= (drawn["split"] == "test").mean() < 0.25 + 10 / 200
    again = select(table.sample(frac=1, random_state=2), {}, DatasetConfig(test=0.25, validation=0.2))
    assert again.sort_values("face")["split"].tolist() == drawn["split"].tolist()


@pytest.mark.parametrize("subjects", [True, False])
def test_folds_test_every_face_once_and_are_about_equal(subjects):
    table = faces(subjects=subjects).assign(split=None)
    tests = []
    for fold in range(5):
        drawn = select(table, {}, DatasetConfig(folds=5, fold=fold))
        tested = drawn["split"] == "test"
        tests.append(set(drawn["face"][tested]))
        assert abs(tested.sum() - 40) <= 9
        if subjects:
            assert not set(drawn["subject"][tested]) & set(drawn["subject"][~tested])
        else:
            for label, number in table["label"].value_counts().items():
                assert abs((drawn["label"][tested] == label).sum() - number / 5) <= 1
    assert sorted(face for each in tests for face in each) == table["face"].tolist()


def test_folds_of_a_corpus_with_a_test_split_are_refused():
    with pytest.raises(RequestError, match="has a test split"):
        select(faces(), {}, DatasetConfig(folds=5))
    with pytest.raises(RequestError, match="only 200 subjects or faces"):
        select(faces().assign(split=None), {}, DatasetConfig(folds=201))


def test_a_split_file_gives_the_same_splits_and_is_the_same_file(tmp_path):
    table = faces(subjects=True).assign(split=None)
    file = tmp_path / "splits" / "mine.csv"
    drawn = select(table, {}, DatasetConfig(split_file=str(file)))
    text = file.read_bytes()
    other = DatasetConfig(split_file=str(file), seed=9, test=0.5)  # the file decides
    assert select(table.iloc[::-1], {}, other).sort_index()["split"].tolist() == drawn["split"].tolist()
    assert file.read_bytes() == text
    select(table.iloc[::-1], {}, DatasetConfig(split_file=str(tmp_path / "again.csv")))
    assert (tmp_path / "again.csv").read_bytes() == text
    lines = text.decode().splitlines()
    assert lines[0] == "face,split"
    assert lines[1:] == sorted(lines[1:])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["face,fold", "f0000,1"], r"has no column split .*There are: face, fold"),
        (["face,split", "f0000,tset"], "row 1: split is 'tset'"),
        (["face,split", "f0000,test", "f0000.png,val"], "row 2: face is 'f0000.png'; it has a row already"),
        (["face,split", "f0000,test", "g,val"], "names 1 faces that are not in this dataset, first 'g'"),
        (["face,split", "f0000,test", "f0001,train"], "no face is left in the val split"),
    ],
)
def test_an_unusable_split_file_is_refused(tmp_path, lines, said):
    (tmp_path / "s.csv").write_text("\n".join(lines))
    with pytest.raises(RequestError, match=said):
        select(faces(), {}, DatasetConfig(split_file=str(tmp_path / "s.csv")))


def test_faces_that_name_nobody_do_not_part_the_faces_of_those_who_are_named():
    table = faces(subjects=True).assign(split=None)
    table.loc[::7, "subject"] = None
    said: list[str] = []
    for config in (DatasetConfig("folder"), DatasetConfig("folder", folds=5, fold=2)):
        drawn = select(table, {}, config, said.append)
        assert (drawn.dropna(subset=["subject"]).groupby("subject")["split"].nunique() == 1).all()
        assert drawn.loc[drawn["subject"].isna(), "split"].nunique() > 1
        assert said.pop() == "29 of 200 faces name no person; each is dealt as a person of its own"
    assert not said


def test_persons_whom_a_split_file_puts_on_both_sides_are_counted(tmp_path):
    table = faces(subjects=True)
    file = tmp_path / "splits.csv"
    pd.DataFrame({"face": table["face"], "split": ["train", "val", "test", "train"] * 50}).to_csv(file, index=False)
    said: list[str] = []
    select(table, {}, DatasetConfig("folder", split_file=str(file)), said.append)
    assert said[-1] == "23 persons are in more than one split: a network may know them, not their expression"
