"""Groups of raters: chances of agreeing, a distance without the bias of few votes, and what chance alone does."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from fer_exp.answers.groups import with_groups
from fer_exp.answers.read import read_answers
from fer_exp.errors import RequestError
from fer_exp.grouping import Grouping
from fer_exp.raters.groups import between, compared
from fer_exp.tables import read_table
from tests.exports import PEOPLE, qualtrics_wide

WORDS = np.array(["neutral", "happiness", "fear"])


def drawn(seed=0, effect=0.0, faces=30, raters=(6, 5), answered=0.8, ratings=False):
    """A table of answers with a column culture; raters of the second group answer otherwise by ``effect``."""
    generator = np.random.default_rng(seed)
    truth, other = (generator.dirichlet(np.full(3, 0.5), faces) for _ in range(2))
    rows = []
    for number in range(sum(raters)):
        second = number >= raters[0]
        p = (1 - effect * second) * truth + effect * second * other
        faces_of = np.flatnonzero(generator.random(faces) < answered)
        said = [WORDS[generator.choice(3, p=p[face])] for face in faces_of]
        rows += [(f"f{face}", f"w{number}", word, "JP" if second else "US")
                 for face, word in zip(faces_of, said, strict=True)]  # fmt: skip
    table = pd.DataFrame(rows, columns=["task", "worker", "label", "culture"])
    return table.assign(valence=generator.uniform(-1, 1, len(table)).round(2)) if ratings else table


def found_in(table, **how):
    source = read_table(table)
    answers, groups = with_groups(read_answers(source), "culture", source, {})
    return answers, groups, between(answers, groups, **how)


def by_pairs(table, one, other):
    """The chance that two raters of these groups agree, the mean over faces where both have two raters, by listing."""
    chances = []
    for _, face in table.groupby("task"):
        sides = [face.loc[face["culture"] == name, "label"].tolist() for name in ("JP", "US")]
        if min(map(len, sides)) < 2:
            continue
        said = dict(zip(("JP", "US"), sides, strict=True))
        pairs = combinations(said[one], 2) if one == other else product(said[one], said[other])
        chances.append(np.mean([a == b for a, b in pairs]))
    return float(np.mean(chances)), len(chances)


def test_groups_are_of_the_persons_that_an_export_names(tmp_path):
    lines = [line.replace(",EN,", ",DE,") if "R_w1" in line else line for line in qualtrics_wide().splitlines()]
    (tmp_path / "q.csv").write_text("\n".join(lines), encoding="utf-8")
    source = read_table(tmp_path / "q.csv", "ratings")
    answers, groups = with_groups(read_answers(tmp_path / "q.csv"), "UserLanguage", source, {})
    assert groups is not None
    language = dict(zip(answers.workers, np.array(groups.names)[groups.code], strict=True))
    assert language == {name: "DE" if name == "w1" else "EN" for name in PEOPLE}  # by Prolific's id, not ResponseId


def test_within_and_across_are_the_chances_that_pairs_of_raters_agree():
    table = drawn(effect=0.5)
    _, _, found = found_in(table, permutations=0)
    row = found["pairs"]["labels"][0]
    jp, us, across = (by_pairs(table, *pair)[0] for pair in (("JP", "JP"), ("US", "US"), ("JP", "US")))
    assert (row["one"], row["other"], row["raters"]) == ("JP", "US", [5, 6])
    assert row["faces"] == by_pairs(table, "JP", "US")[1]
    assert row["within"] == pytest.approx([jp, us])
    assert row["across"] == pytest.approx(across)
    assert row["distance"] == pytest.approx(jp + us - 2 * across)
    assert row["p"] is None
    assert row["low_raters"] < row["low"] < row["distance"] < row["high"] < row["high_raters"]


def test_of_ratings_the_distance_is_that_of_means_without_what_few_raters_add():
    table = drawn(ratings=True, raters=(4, 4), answered=1.0)
    table["valence"] += np.where(table["culture"] == "JP", 0.0, 0.0)
    _, _, found = found_in(table, permutations=0)
    gaps = []
    for _, face in table.groupby("task"):
        one, other = (face.loc[face["culture"] == name, "valence"] for name in ("JP", "US"))
        gaps.append((one.mean() - other.mean()) ** 2 - one.var() / 4 - other.var() / 4)
    row = found["pairs"]["valence"][0]
    assert row["distance"] == pytest.approx(np.mean(gaps))
    means = table.groupby("culture")["valence"].mean()
    assert row["shift"][0]["difference"] == pytest.approx(means["JP"] - means["US"])


def test_the_p_is_that_of_all_ways_to_deal_raters():
    table = drawn(3, effect=0.6, faces=12, raters=(3, 3), answered=1.0)
    answers, groups, found = found_in(table, permutations=4000)

    def studentised(codes):
        one, other = (answers.counts() * 0 for _ in range(2))
        for side, counts in ((0, one), (1, other)):
            rows = codes[answers.worker] == side
            np.add.at(counts, (answers.task[rows], answers.label[rows]), 1)
        within = [(c * (c - 1)).sum(axis=1) / 6 for c in (one, other)]
        apart = sum(within) - 2 * (one * other).sum(axis=1) / 9
        return apart.mean() / np.sqrt(apart.var(ddof=1) / len(apart))

    own = studentised(groups.code)
    every = [studentised(np.isin(np.arange(6), some) * 1) for some in combinations(range(6), 3)]
    p = np.mean(np.array(every) >= own - 1e-9)
    assert found["pairs"]["labels"][0]["p"] == pytest.approx(p, abs=0.03)


def test_groups_that_answer_otherwise_are_told_apart_and_raters_with_habits_are_not():
    assert found_in(drawn(3, effect=0.8), permutations=200)[2]["pairs"]["labels"][0]["p"] < 0.02
    task = np.repeat(np.arange(40), 8).astype(np.int32)
    worker = np.tile(np.arange(8), 40).astype(np.int32)
    habit = np.where(worker == 0, 1.0, 0.0)[:, None]  # one rater who says yes to all
    rows = compared(
        np.hstack([habit, 1 - habit]), task, worker, Grouping("g", ("a", "b"), np.repeat([0, 1], 4)), permutations=200
    )
    assert rows[0]["p"] > 0.5


def test_a_column_of_faces_makes_subsets_and_one_of_neither_is_refused():
    table = drawn()
    table["race"] = np.where(table["task"].str[-1].astype(int) < 4, "Asian", "White")
    table["mood"] = np.where(np.arange(len(table)) % 2, "good", "bad")
    source = read_table(table)
    answers = read_answers(source)
    data, groups = with_groups(answers, "Race", source, {})
    assert groups is None
    assert sorted(set(data.subset)) == ["Asian", "White"]
    with pytest.raises(RequestError, match=r"rater w0 has .*, face f\d+ has"):
        with_groups(answers, "mood", source, {})
    with pytest.raises(RequestError, match="did you mean race"):
        with_groups(answers, "rase", source, {})
    crossed, _ = with_groups(data, "race", source, {})
    assert set(crossed.subset) == {"Asian, Asian", "White, White"}


def test_who_has_no_group_is_left_out_and_said():
    table = drawn(faces=10)
    table.loc[table["worker"] == "w0", "culture"] = None
    _, groups, found = found_in(table, permutations=0)
    assert groups.code[0] == -1
    assert found["raters"] == {"JP": 5, "US": 5}
    assert "1 raters are in no group and left out (1 empty)" in found["notes"][0]


def test_groups_that_share_no_face_are_said_to():
    table = drawn(raters=(4, 4), answered=1.0)
    apart = table[(table["culture"] == "JP") == (table["task"].str[-1].astype(int) < 5)]
    together = pd.concat([apart, table[(table["task"] == "f1") & (table["worker"] == "w0")]])
    _, _, found = found_in(together, permutations=20)
    assert found["pairs"]["labels"][0]["faces"] == 0
    assert "have no face in common that two raters of each answered" in found["notes"][0]
