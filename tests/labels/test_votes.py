"""FER+'s rules against a face-by-face reading of the paper, and against the published numbers of faces."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.errors import RequestError
from fer_exp.labels.votes import RULES, clean, fractions, majority, smooth

SHARED = Path(__file__).parents[3] / "shared/data/fer2013/fer2013new.csv"
VOTES = Path(os.environ.get("FER_EXP_FER2013") or SHARED)
SPLITS = ("Training", "PublicTest", "PrivateTest")


def one_face(votes, classes, rule):
    """One face in plain Python: the class counts that stay, or None if the face goes. Written from the rule's words."""
    if rule == "all":
        top_class = max(votes[:classes], default=0)
        return None if top_class == 0 or any(v > top_class for v in votes[classes:]) else list(votes[:classes])
    votes = [v if v > 1 else 0 for v in votes]
    total, stay = sum(votes), [0] * len(votes)
    if rule == "majority":
        stay = [v if 2 * v > total else 0 for v in votes]
        if not any(stay[:classes]):
            return None
    elif rule == "multi_target":
        stay = [v if 10 * v >= 3 * total else 0 for v in votes]
        if 2 * sum(stay) <= total or stay.index(max(stay)) >= classes:
            return None
    else:
        left = dict(enumerate(votes))
        while 4 * sum(stay) < 3 * total and sum(v > 0 for v in stay) < 3:
            top = max(left.values())
            level = [i for i, v in left.items() if v == top]
            for i in level:
                stay[i] = left.pop(i) if i < classes else 0
            if any(i >= classes for i in level):
                break
        if 2 * sum(stay) <= total or sum(v > 0 for v in stay) > 3:
            return None
    return stay[:classes]


AWKWARD = [
    [0] * 10,
    [1] * 10,
    [5, 0, 0, 0, 0, 0, 0, 0, 5, 0],  # a class and unknown share the top
    [0, 0, 0, 0, 0, 0, 0, 0, 5, 5],
    [5, 5, 0, 0, 0, 0, 0, 0, 0, 0],  # exactly half is no majority
    [4, 2, 2, 2, 0, 0, 0, 0, 0, 0],  # equal counts make four classes
    [3, 0, 0, 3, 0, 0, 0, 0, 3, 1],
    [4, 0, 0, 0, 0, 0, 0, 0, 2, 2],
    [6, 0, 0, 0, 0, 0, 0, 0, 3, 0],
    [3, 3, 3, 0, 0, 0, 0, 0, 0, 0],
    [2, 2, 2, 2, 2, 0, 0, 0, 0, 0],
    [0, 1, 0, 0, 0, 0, 0, 0, 0, 9],
    [4, 0, 0, 2, 0, 0, 0, 0, 4, 0],
    [5, 3, 2, 0, 0, 0, 0, 0, 0, 0],
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("others", [0, 1, 2])
@pytest.mark.parametrize("raters", ["awkward", "random 10", "random 3..100"])
def test_rules_equal_a_face_by_face_reading(rule, others, raters):
    rng = np.random.default_rng(7)
    if raters == "awkward":
        counts = np.array(AWKWARD)[:, : 8 + others]
    else:
        number = np.full(3000, 10) if raters == "random 10" else rng.integers(3, 101, 3000)
        counts = np.array([rng.multinomial(n, rng.dirichlet(np.full(8 + others, 0.3))) for n in number])
    kept, cleaned = clean(counts, 8, rule)
    for row, keep, left in zip(counts.tolist(), kept, cleaned.tolist(), strict=True):
        expected = one_face(row, 8, rule)
        assert keep == (expected is not None), row
        assert left == (expected or [0] * 8), row


@pytest.mark.parametrize("rule", RULES)
def test_the_order_of_classes_plays_no_part(rule):
    rng = np.random.default_rng(1)
    counts = rng.multinomial(10, np.full(10, 0.1), size=2000)
    order = rng.permutation(8)
    plain, shuffled = clean(counts, 8, rule), clean(counts[:, [*order, 8, 9]], 8, rule)
    assert (plain.kept == shuffled.kept).all()
    assert (plain.counts[:, order] == shuffled.counts).all()


@pytest.mark.parametrize(
    ("rule", "published"), [("majority", (25_060, 3_199, 3_153)), ("crossentropy", (27_956, 3_505, 3_505))]
)
def test_published_numbers_of_faces_left(rule, published):
    votes = VOTES / "fer2013new.csv" if VOTES.is_dir() else VOTES
    if not votes.is_file():
        pytest.skip(f"FER+'s votes are not at {votes}; set FER_EXP_FER2013 to fer2013new.csv or its folder")
    table = pd.read_csv(votes)
    kept = clean(table.iloc[:, 2:], 8, rule).kept
    assert tuple(int(kept[table["Usage"] == split].sum()) for split in SPLITS) == published
    assert not kept[table["Image name"].isna()].any()  # so whether rows without a name count makes no difference


@pytest.mark.parametrize("bad", [[[1, -1]], [[1, np.nan]], [[1, np.inf]]])
def test_counts_that_are_no_counts_are_named_by_row(bad):
    with pytest.raises(RequestError, match="row 2 has a count that is negative or missing"):
        clean([[1, 2], *bad], 2, "all")


def test_ties_are_counted_and_settled_by_the_named_policy():
    counts = [[3, 1, 0], [0, 2, 2], [0, 0, 0]]
    assert majority(counts).top.tolist() == [0, -1, -1]
    assert majority(counts, "first").top.tolist() == [0, 1, -1]
    assert majority(counts, "random", seed=3).top[1] in (1, 2)
    assert all(majority(counts, ties).ties == 1 for ties in ("drop", "first", "random"))


def test_random_ties_are_even_and_do_not_depend_on_the_order_of_faces():
    counts = np.tile([2, 0, 2, 2], (3000, 1))
    faces = [f"face{i}" for i in range(3000)]
    top = majority(counts, "random", 5, faces).top
    assert (np.bincount(top, minlength=4) == 0).tolist() == [False, True, False, False]
    assert np.abs(np.bincount(top, minlength=4)[[0, 2, 3]] - 1000).max() < 120  # over four standard deviations
    order = np.random.default_rng(0).permutation(3000)
    assert (majority(counts[order], "random", 5, [faces[i] for i in order]).top == top[order]).all()
    with pytest.raises(RequestError, match="different face ids"):
        majority(counts[:2], "random", 5, ["a", "a"])


def test_fractions_and_smoothing_are_distributions():
    share = fractions([[3, 1, 0], [1, 1, 1]])
    assert share[0].tolist() == [0.75, 0.25, 0]
    assert smooth(share, 0.3).sum(axis=1) == pytest.approx([1, 1])
    assert smooth(share, 0) == pytest.approx(share)
    assert smooth(share, 1) == pytest.approx(np.full((2, 3), 1 / 3))
    with pytest.raises(RequestError, match="row 2 has no vote"):
        fractions([[1, 0], [0, 0]])
