"""Numeric scales in people's answers: any name, any range, long, wide, a row a scale; what is refused, what is said."""

import json

import numpy as np
import pandas as pd
import pytest

from fer_exp.answers.read import read_answers
from fer_exp.bounds import scales_named
from fer_exp.cli import main
from fer_exp.errors import RequestError
from fer_exp.raters.survey import survey

FACES, RATERS = [f"f{n}.jpg" for n in range(12)], ["w1", "w2", "w3", "w4"]


def drawn(low, high, seed=0):
    """Whole ratings of 12 faces by 4 raters, (12, 4), who agree somewhat."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(12, 1)) + rng.normal(0, 0.6, (12, 4))
    return np.round(low + (shared - shared.min()) / np.ptp(shared) * (high - low)).astype(int)


def long(**scales):
    ids = pd.MultiIndex.from_product([FACES, RATERS], names=["face_id", "rater_id"]).to_frame(index=False)
    return ids.assign(**{name: values.ravel() for name, values in scales.items()})


def wide(table, name):
    """Ratings of an answer's scale, (12, 4), whatever the order of its rows."""
    frame = pd.DataFrame(
        {"task": table.tasks[table.task], "worker": table.workers[table.worker], "x": table.rated[name]}
    )
    return frame.pivot(index="task", columns="worker", values="x").loc[FACES].to_numpy()


def test_scales_are_known_by_name_or_named_and_the_line_says_what_they_run_from(tmp_path, capsys):
    """Columns as the Psychological Science Accelerator's ratings of faces have them, 1 to 9."""
    table = long(
        attractive=drawn(1, 9), Perceived_Intensity=drawn(0, 100, 1), caring=drawn(1, 9, 2), age=drawn(20, 60, 3)
    )
    table.to_csv(tmp_path / "a.csv", index=False)
    assert main(["agreement", f"{tmp_path}/a.csv", "scales=[caring:1..9]", "bootstrap=0", f"output={tmp_path}/o"]) == 0
    line = capsys.readouterr().err
    assert "attractiveness is attractive, and runs from 1 to 9 (guessed, scales=[attractiveness:1..9] says it)" in line
    assert "intensity is Perceived_Intensity, and runs from 0 to 100 (guessed" in line
    assert "caring runs from 1 to 9 (as scales= says)" in line
    assert "not used: age; of these 1 holds numbers (age): scales=[age] takes one as ratings" in line
    found = json.loads((tmp_path / "o/agreement.json").read_text())["all"]
    assert list(found["scales"]) == ["attractiveness", "intensity", "caring"]
    assert found["scales"]["caring"] == {"low": 1, "high": 9, "how": "given"}
    same = survey(read_answers(table.rename(columns={"caring": "valence"}), scale=[1, 9]), ends=False)["valence"]
    for name in ("icc_2_1", "icc_3_k", "alpha_interval", "alpha_ordinal", "split_half"):
        assert found["caring"][name]["value"] == pytest.approx(same[name]["value"]), name  # as for valence


@pytest.mark.parametrize("form", ["long", "raters", "one scale", "tasks", "a row a scale"])
def test_every_form_of_a_table_gives_the_same_ratings(form):
    intensity, dominance = drawn(1, 7), drawn(-3, 3, 1)
    table = long(intensity=intensity, dominance=dominance)
    named = {"intensity": (1.0, 7.0)}
    if form == "raters":
        table = pd.DataFrame({"face": FACES, **{f"intensity_{w}": intensity[:, k] for k, w in enumerate(RATERS)},
                              **{f"{w}_dominance": dominance[:, k] for k, w in enumerate(RATERS)}})  # fmt: skip
    elif form == "one scale":
        table = pd.DataFrame({"face": FACES, **dict(zip(RATERS, intensity.T, strict=True))})
    elif form == "tasks":
        by_face = {f"{face}.intensity": intensity[n] for n, face in enumerate(FACES)}
        by_face |= {f"{face}.dominance": dominance[n] for n, face in enumerate(FACES)}
        table = pd.DataFrame({"participant": RATERS, **by_face})
    elif form == "a row a scale":
        table = table.melt(["face_id", "rater_id"], var_name="trait", value_name="rating")
        table = table.sample(frac=1, random_state=0)
    answers = read_answers(table, scales=named)
    np.testing.assert_array_equal(wide(answers, "intensity"), intensity)
    if form != "one scale":
        np.testing.assert_array_equal(wide(answers, "dominance"), dominance)
        assert answers.scales["dominance"][:2] == (-3, 3)


def test_six_intensities_below_names_of_emotions_are_scales():
    six = {name: drawn(0, 100, n) for n, name in enumerate(["Happy", "sad", "fear", "anger", "disgust", "Surprise"])}
    answers = read_answers(long(**six), scales={})
    assert list(answers.rated) == ["happiness", "sadness", "fear", "anger", "disgust", "surprise"]
    assert answers.classes == ()
    np.testing.assert_array_equal(wide(answers, "anger"), six["anger"])


@pytest.mark.parametrize(("cell", "named", "words"), [
    ("9", {"warmth": (1.0, 7.0)}, r"row 6: warmth is '9'; ratings run from 1 to 7 .*scales=\[warmth:1..9\]"),
    ("-99", {"warmth": None}, r"row 6: warmth is '-99'; the other ratings run from 1 to 7, so it looks like a mark"),
    ("high", {"warmth": None}, "row 6: warmth is 'high'; a number belongs there"),
    ("4", {"warm": None}, "no column warm, which scales asks for; did you mean warmth"),
])  # fmt: skip
def test_what_is_no_rating_is_refused_with_its_row(tmp_path, cell, named, words):
    table = long(warmth=drawn(1, 7)).astype({"warmth": object})
    table.loc[5, "warmth"] = cell
    table.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(RequestError, match=words):
        read_answers(tmp_path / "a.csv", scales=named)


def test_a_scale_that_is_named_and_not_there_is_refused_with_votes_and_corpora_too(tmp_path, capsys):
    pd.DataFrame({"face": FACES, "happy": 3, "sad": 2}).to_csv(tmp_path / "votes.csv", index=False)
    corpus = ["dataset=synthetic", "dataset.faces=48", f"dataset.cache={tmp_path}"]
    for words in (["ratings=votes.csv"], corpus):
        words = [word.replace("=votes", f"={tmp_path}/votes") for word in words]
        assert main(["agreement", *words, "scales=[warmth]", "bootstrap=0"]) == 2
        assert "scales names warmth, which " in capsys.readouterr().err


def test_a_wide_table_is_refused_by_its_own_row_and_column():
    table = pd.DataFrame({"face": FACES, **{f"intensity_{w}": drawn(1, 7)[:, k] for k, w in enumerate(RATERS)}})
    table.loc[3, "intensity_w3"] = 8
    with pytest.raises(RequestError, match="row 4: intensity_w3 is '8'"):
        read_answers(table, scales={"intensity": (1.0, 7.0)})


@pytest.mark.parametrize("asked", ["scales=[warmth:1..7,genuineness]", "scales={warmth:[1,7],genuineness:null}"])
def test_the_shell_takes_scales_with_and_without_ranges(tmp_path, asked, capsys):
    table = long(warmth=drawn(1, 7), genuineness=drawn(0, 100, 1))
    table = table.assign(original_warmth=np.repeat(drawn(1, 7).mean(axis=1).round(2), 4))
    table.to_csv(tmp_path / "a.csv", index=False)
    words = ["agreement", f"{tmp_path}/a.csv", asked, "against=original", "bootstrap=0", f"output={tmp_path}/o"]
    assert main(words) == 0, capsys.readouterr().err
    changed = pd.read_csv(tmp_path / "o/ratings.csv").set_index("measure")
    assert set(changed["side"]) == {"warmth"}
    assert changed.loc["ccc", "value"] == pytest.approx(1, abs=1e-4)  # the originals are the crowd's own means, rounded
    assert "sagr" not in changed.index  # signs mean nothing from 1 to 7


@pytest.mark.parametrize("asked", ["scales=[warmth:7..1]", "scales=[label]", "scales={warmth:high}", "scales=[a,a]"])
def test_what_is_no_scale_is_said_before_anything_is_read(asked, capsys):
    assert main(["agreement", "ratings=none.csv", asked]) == 2
    assert "write scales=[intensity,warmth:0..100]" in capsys.readouterr().err


def test_ranges_are_read_as_people_write_them():
    assert scales_named(["a:-3..3", "b: 1-7", "c d:0 to 100"]) == {"a": (-3, 3), "b": (1, 7), "c d": (0, 100)}


def test_a_scale_that_runs_downwards_is_refused_whatever_scale_is_given():
    frame = pd.DataFrame({"task": [0, 0], "worker": [0, 1], "valence (9-1)": [4, 5], "arousal": [0, 0]})
    for scale in ((-1, 1), (1, 9)):
        with pytest.raises(RequestError, match=r"runs downwards, .*; write 10 less each rating where 9 is the low end"):
            read_answers(frame, scale=scale)
