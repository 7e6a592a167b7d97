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
    some = limit(table, wanted, 3)
    again = limit(table.sample(frac=1, random_state=1), wanted, 3)
    assert set(some["face"]) == set(again["face"])
    for split, part in table.groupby("split"):
        left = some[some["split"] == split]
        assert len(left) == min(wanted, len(part))
        expected = part["label"].value_counts() * len(left) / len(part)
        assert (left["label"].value_counts().reindex(expected.index, fill_value=0) - expected).abs().max() < 1


def test_another_seed_draws_other_faces():
    assert set(limit(faces(), 40, 0)["face"]) != set(limit(faces(), 40, 1)["face"])


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
    ],
)
def test_bad_requests_name_the_key(config, said):
    with pytest.raises(RequestError, match=said):
        select(faces(), {"constant": []}, config)


def test_an_empty_split_is_named():
    table = faces()
    with pytest.raises(RequestError, match="no face is left in the test split"):
        select(table[table["split"] == "train"], {}, DatasetConfig())
