"""agreement, crowd and crowd plan, end to end through the command line; every mistake one sentence and exit code 2."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

import fer_exp
from fer_exp.answers.read import read_answers
from fer_exp.cli import main
from fer_exp.labels.votes import majority
from fer_exp.report.crowd_figures import workers_figure

CLASSES = ("neutral", "happiness", "fear")


@pytest.fixture
def crowd(tmp_path, monkeypatch):
    """answers.csv of 8 workers, the last two of whom press one button; gold.csv, lab.csv; in the working directory."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 60)
    table = np.where(rng.random((60, 8)) < 0.75, truth[:, None], rng.integers(0, 3, (60, 8)))
    table[:, 6:] = 0
    rows = pd.MultiIndex.from_product([range(60), range(8)], names=["task", "worker"]).to_frame(index=False)
    rows["label"] = np.array(CLASSES)[table.ravel()]
    rows["valence"] = np.round(np.clip(rng.normal(truth[rows["task"]] / 2 - 0.5, 0.3), -1, 1), 2)
    rows["arousal"] = np.round(np.clip(rng.normal(0, 0.3, len(rows)), -1, 1), 2)
    rows["seconds"] = np.where(rows["worker"] > 5, 0.5, 4.0)
    rows["subset"] = np.where(rows["task"] < 30, "difficult", "random")
    rows["original"] = np.array(CLASSES)[truth[rows["task"]]]
    rows["original_valence"], rows["original_arousal"] = truth[rows["task"]] / 2 - 0.5, 0.1
    rows.sample(frac=1, random_state=0).to_csv("answers.csv", index=False)
    gold = pd.DataFrame({"task": [*range(40), 999], "label": [*np.array(CLASSES)[truth[:40]], "fear"]})
    gold.to_csv("gold.csv", index=False)
    lab = rng.multinomial(30, 0.8 * np.eye(3)[truth] + 0.2 / 3)
    pd.DataFrame(lab, columns=CLASSES).assign(face=range(60)).to_csv("lab.csv", index=False)
    return tmp_path


def run(capsys, *words) -> tuple[str, Path]:
    """Stdout of a command that must succeed, and the folder on its last line."""
    assert main(list(words)) == 0
    printed = capsys.readouterr().out
    return printed, Path(printed.splitlines()[-1])


ANOTHER = {
    "crowd": (
        ["gold=gold.csv", "lab=lab.csv", "min_gold_accuracy=0.4", "bootstrap=5"],
        ["lab.png", "lab_agreement.csv", "lab_gain.md", "thresholds.svg", "accuracy.tex", "skill_dawid_skene.csv"],
        ["methods=[majority]", "bootstrap=5"],
    ),
    "agreement": (
        ["against=original", "bootstrap=5"],
        ["matrix_random.csv", "matrix_random.png", "plane_random.svg", "recognition.md", "recognition_raters.csv"],
        ["bootstrap=5"],
    ),
}
"""Command -> its words, files that it then leaves and others do not, the other words."""


@pytest.mark.drawn
@pytest.mark.parametrize("command", ["crowd", "agreement"])
def test_files_of_an_earlier_call_with_other_words_are_named(crowd, capsys, command):
    first, left, second = ANOTHER[command]
    pd.read_csv("answers.csv")[["task", "worker", "label"]].to_csv("plain.csv", index=False)
    run(capsys, command, "ratings=answers.csv", *first, "output=X")
    assert {*left} <= {path.name for path in Path("X").iterdir()}
    before = {path.name for path in Path("X").iterdir()}
    run(capsys, command, "ratings=plain.csv", *second, "output=Y")
    others = before - {path.name for path in Path("Y").iterdir()}
    assert {*left} <= others
    assert main([command, "ratings=plain.csv", *second, "output=X", "--json"]) == 0
    (line,) = (note for note in json.loads(capsys.readouterr().out)["notes"] if "has not made" in note)
    assert line.startswith(f"X has files that this call has not made, from an earlier one: {sorted(others)[0]}")
    assert line.endswith(f" and {len(others) - 6} more")
    assert {path.name for path in Path("X").iterdir()} == before


@pytest.mark.drawn
def test_agreement_measures_subsets_side_by_side_against_the_original(crowd, capsys):
    printed, folder = run(capsys, "agreement", "ratings=answers.csv", "against=original", "bootstrap=50")
    assert folder.parent == Path("runs")
    for word in (
        "difficult",
        "random",
        "fleiss_kappa",
        "icc_2_1",
        "where the variance is (random)",
        "Stuart-Maxwell",
        "recognition, by emotion (random)",
    ):
        assert word in printed
    found = json.loads((folder / "agreement.json").read_text())
    assert set(found) == {"difficult", "random"}
    assert found["random"]["verdict"].startswith("people are not shown to agree on the class beyond chance: kappa 0.")
    assert printed.splitlines()[0] == (folder / "verdict.txt").read_text().strip()
    assert found["random"]["valence"]["icc_2_1"]["guideline"] == "Koo and Li 2016"
    assert set(found["random"]["labels"]["fleiss_kappa"]) == {
        "value", "low", "high", "low_raters", "high_raters", "n", "reading", "guideline",
    }  # fmt: skip
    assert sum(map(sum, found["random"]["against"]["matrix"])) == found["random"]["against"]["n"]
    shown = found["random"]["recognition"]["emotions"]
    assert {row["measure"] for row in shown} == {"hit_rate", "hu", "chance_hu", "d_prime", "criterion"}
    assert all(row["low_raters"] < row["low"] < row["value"] for row in shown if row["measure"] == "hu")
    names = {path.name for path in folder.iterdir()}
    assert {"recognition_raters.csv", "recognition_faces.csv"} <= names
    for stem in (
        "agreement",
        "classes",
        "recognition",
        "recognition_tests",
        "shift_random",
        "matrix_random",
        "tests_random",
        "ratings_difficult",
    ):
        assert {f"{stem}.csv", f"{stem}.md", f"{stem}.tex"} <= names
    for stem in ("agreement", "shift", "matrix_random", "plane_difficult"):
        assert {f"{stem}.svg", f"{stem}.png"} <= names


def test_names_from_data_stay_in_the_folder_of_the_command(crowd, capsys):
    table = pd.read_csv("answers.csv")
    table["subset"] = table["subset"].map({"difficult": "/../../PWNED", "random": "day 1: <b>"})
    table.to_csv("answers.csv", index=False)
    before = set(crowd.parent.rglob("*"))
    assert main(["agreement", "ratings=answers.csv", "against=original", "bootstrap=0", "output=out"]) == 0
    new = set(crowd.parent.rglob("*")) - before
    assert {path for path in new if crowd / "out" not in path.parents} == {crowd / "out"}
    assert (crowd / "out/matrix_PWNED.svg").is_file()
    assert (crowd / "out/matrix_day_1_b.svg").is_file()


def test_agreement_of_counts_and_json(crowd, capsys):
    assert main(["agreement", "ratings=lab.csv", "against=gold.csv", "bootstrap=0", "output=out", "json=true"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["all"]["labels"]["fleiss_kappa"]["low"] is None
    assert found["all"]["against"]["without_answers"] == 1
    assert "mean_cohen_kappa" not in found["all"]["labels"]


def test_intended_emotions_of_a_column_are_what_people_recognise(crowd, capsys):
    table = pd.read_csv("answers.csv").drop(columns=["subset", "original_valence", "original_arousal"])
    table.rename(columns={"original": "intended"}).to_csv("posed.csv", index=False)
    printed, folder = run(capsys, "agreement", "posed.csv", "against=intended", "bootstrap=0")
    assert "p: Hu against chance," in printed
    faces = pd.read_csv(folder / "recognition_faces.csv")
    assert len(faces) == 60
    tests = json.loads((folder / "agreement.json").read_text())["all"]["recognition"]["tests"]
    assert [row["raters"] for row in tests] == [8, 6, 6]  # two press one button
    assert main(["agreement", "posed.csv", "against=original"]) == 2
    assert "no column original; write against=intended." in capsys.readouterr().err


def test_agreement_of_a_dataset(crowd, capsys, tmp_path):
    words = ["dataset=synthetic", "dataset.faces=60", f"dataset.cache={tmp_path}", "bootstrap=20"]
    printed, _ = run(capsys, "agreement", *words)
    assert "recognition, by emotion" in printed  # the corpus has labels
    printed, _ = run(capsys, "agreement", *words, "against=original")
    assert "valence" in printed
    assert "'unknown' are no class" in printed


@pytest.mark.drawn
def test_crowd_filters_aggregates_and_compares(crowd, capsys):
    printed, folder = run(
        capsys, "crowd", "ratings=answers.csv", "gold=gold.csv", "gold_tasks=20", "lab=lab.csv", "min_seconds=1.5",
        "min_gold_accuracy=0.3", "merge=[fear+neutral]", "bootstrap=50",
    )  # fmt: skip
    for word in ("6 of 8 kept", "seconds 0.5, below 1.5", "fear + neutral", "1 gold tasks have no answer"):
        assert word in printed
    votes = read_answers(folder / "votes.csv")
    assert votes.classes == CLASSES
    assert (votes.counts.sum(axis=1) == 6).all()
    verdict = printed.splitlines()[0]
    assert "agreement with the lab" in verdict
    assert "accuracy on gold" in verdict
    assert verdict == (folder / "verdict.txt").read_text().strip()
    soft = pd.read_csv(folder / "soft_labels.csv")
    assert soft[list(CLASSES)].sum(axis=1).to_numpy() == pytest.approx(np.ones(60))
    posterior = pd.read_parquet(folder / "posteriors_dawid_skene.parquet")
    assert list(posterior.columns) == ["face", *CLASSES]
    assert majority(votes.counts, "first").top.shape == (60,)
    found = json.loads((folder / "crowd.json").read_text())
    accuracy = {(row["answers"], row["method"]): row for row in found["accuracy"]}
    assert accuracy["filtered", "majority"]["n"] == 20  # the other twenty were shown to the filter
    assert len(found["removed"]) >= 2
    assert found["verdict"] == verdict
    assert set(found["gain"]) == {"change", "low", "high", "n"}
    distance = {(row["answers"], row["merged"]): row for row in found["lab"]["l1"]}
    assert distance["filtered", False]["value"] < distance["all", False]["value"]
    for stem in ("workers", "thresholds", "lab"):
        assert (folder / f"{stem}.svg").is_file()


def test_gold_thresholds_spare_whom_few_gold_answers_speak_of(crowd, capsys):
    rows = pd.read_csv("answers.csv")
    few = rows[(rows["worker"] < 7) | (rows["task"] >= 37)]  # worker 7 answered three gold tasks
    few.to_csv("few.csv", index=False)
    asked = ["ratings=few.csv", "gold=gold.csv", "min_gold_accuracy=0.5", "methods=[majority]"]
    printed, folder = run(capsys, "crowd", *asked)
    assert (
        "of 8 workers 1 has fewer than 10 gold answers, too few for min_gold_accuracy=0.5, and stay: 7 (3)" in printed
    )
    workers = pd.read_csv(folder / "workers.csv").set_index("worker")
    assert workers["kept"].tolist() == [True] * 6 + [False, True]
    assert "on 40 gold answers, below 0.5" in (folder / "removed.csv").read_text()
    printed, _ = run(capsys, "crowd", *asked, "min_gold_answers=10")
    assert "6 of 8 kept" in printed


def test_the_figure_of_workers_shows_everyone(crowd, capsys):
    rows = pd.read_csv("answers.csv")
    rows[(rows["worker"] < 7) | (rows["task"] >= 40)].to_csv("few.csv", index=False)  # of worker 7 no gold is known
    asked = ["ratings=few.csv", "gold=gold.csv", "min_gold_accuracy=0.5", "min_gold_answers=5", "methods=[majority]"]
    _, folder = run(capsys, "crowd", *asked)
    drawn = workers_figure(pd.read_csv(folder / "workers.csv"))
    points = [group for group in drawn.axes[0].collections if isinstance(group, PathCollection)]
    assert sum(len(group.get_offsets()) for group in points) == 8
    assert {text.get_text() for text in drawn.legends[0].get_texts()} == {"kept (6)", "removed (2)"}


def test_crowd_without_gold_or_lab(crowd, capsys):
    printed, folder = run(capsys, "crowd", "ratings=answers.csv", "methods=[one_coin]", "max_spam=0.9")
    assert "6 of 8 kept" in printed
    assert not (folder / "accuracy.csv").exists()
    assert (folder / "posteriors_one_coin.csv").is_file()


def test_thresholds_spare_whom_few_answers_speak_against(crowd, capsys):
    table = pd.read_csv("answers.csv")
    others = table[table["worker"] == 0].nsmallest(2, "task")
    wrong = others["label"].map(dict(zip(CLASSES, [*CLASSES[1:], CLASSES[0]], strict=True)))
    pd.concat([table, others.assign(worker="new", label=wrong)]).to_csv("few.csv", index=False)
    asked = ["crowd", "few.csv", "min_agreement=0.5", "methods=[majority]", "output=out"]
    printed, _ = run(capsys, *asked)
    assert "1 of 9 workers gave fewer than 10 answers" in printed
    assert "do not meet it but stay" in printed
    assert "new (2)" in printed
    rows = {
        str(row["worker"]): row for row in json.loads(Path("out/crowd.json").read_text(encoding="utf-8"))["workers"]
    }
    assert rows["new"]["kept"]
    assert rows["new"]["accuracy_high"] - rows["new"]["accuracy_low"] > 0.2
    assert rows["new"]["agreement"] < 0.5 < rows["new"]["agreement_high"]
    printed, _ = run(capsys, *asked, "sure=false")
    assert not {
        str(row["worker"]): row["kept"]
        for row in json.loads(Path("out/crowd.json").read_text(encoding="utf-8"))["workers"]
    }["new"]


@pytest.mark.drawn
def test_a_plan_answers_how_many_raters(crowd, capsys):
    asked = ["ratings=answers.csv", "raters=20", "bootstrap=2", "budget=500", "l1=0.3"]
    printed, folder = run(capsys, "crowd", "plan", *asked)
    for word in ("that 8 votes of 60 faces allow", "soft labels within L1 0.3", "500 answers give"):
        assert word in printed
    assert len(pd.read_csv(folder / "plan.csv")) == 20
    verdict = printed.splitlines()[0]
    assert "raters a face" in verdict
    assert json.loads((folder / "plan.json").read_text())["verdict"] == verdict
    assert (folder / "plan.svg").is_file()
    assert (folder / "budget.png").is_file()


def test_a_plan_of_ratings_alone_says_how_many_raters_are_dependable(crowd, capsys):
    pd.read_csv("answers.csv")[["task", "worker", "valence"]].to_csv("valence.csv", index=False)
    printed, folder = run(capsys, "crowd", "plan", "ratings=valence.csv", "raters=12")
    assert printed.startswith("means of valence are dependable to 0.8 with ")
    found = pd.read_csv(folder / "dependability.csv").set_index("coefficient")
    assert (found["for_0.8"] <= found["for_0.9"]).all()
    assert len(pd.read_csv(folder / "d_study.csv")) == 24


def test_a_plan_for_the_faces_that_are_there(crowd, capsys):
    asked = ["ratings=answers.csv", "raters=9", "bootstrap=0", "faces=250"]
    printed, folder = run(capsys, "crowd", "plan", *asked)
    assert "what 250 faces take" in printed
    budget = pd.read_csv(folder / "budget.csv")
    assert set(budget["faces"]) == {250}
    assert budget["answers"].max() == 2250
    assert main(["crowd", "plan", *asked, "budget=249"]) == 2
    assert "less than one answer a face" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["agreement"], "No answers are given: name a table with ratings=FILE, or a dataset"),
        (["agreement", "ratings=none.csv"], "ratings=none.csv: there is no such file"),
        (["agreement", "ratings=answers.csv", "worker=who"], "no column who, which worker=who asks for"),
        (["agreement", "ratings=answers.csv", "classes=[neutral,hapiness,fear]"], "did you mean hapiness?"),
        (["agreement", "ratings=answers.csv", "scale=[1]"], "scale is [1.0]; give the lowest and the highest"),
        (["agreement", "ratings=answers.csv", "ties=frist"], "ties=frist is unknown; did you mean first?"),
        (["agreement", "ratings=lab.csv", "against=original"], "has no column original"),
        (["agreement", "ratings=answers.csv", "against=lab.csv"], "has no column label"),
        (["agreement", "ratings=answers.csv", "min_shared=1"], "min_shared is 1; it must be at least 2"),
        (["crowd", "ratings=answers.csv", "min_agreement=-1"], "min_agreement=-1 is no share; give one from 0 to 1"),
        (["crowd", "ratings=answers.csv", "max_spam=-0.5"], "max_spam=-0.5 is no share; give one from 0 to 1"),
        (["crowd", "ratings=answers.csv", "min_answers=-3"], "min_answers is -3; it must be at least 0"),
        (["crowd", "ratings=answers.csv", "max_entropy=-1"], "max_entropy is -1.0; it must be at least 0"),
        (["crowd", "ratings=lab.csv"], "has counts of votes, but not who gave them"),
        (["crowd", "ratings=answers.csv", "methods=[dawid]"], "methods=dawid is unknown"),
        (["crowd", "ratings=answers.csv", "min_gold_accuracy=0.5"], "it needs gold=FILE"),
        (["crowd", "ratings=answers.csv", "min_answers=100"], "removes all 8 workers: the highest answers is 60"),
        (["crowd", "ratings=answers.csv", "gold=gold.csv", "gold_tasks=40"], "leaves nothing to judge on: 40 gold"),
        (["crowd", "ratings=answers.csv", "gold_tasks=10"], "gold_tasks needs gold=FILE"),
        (["crowd", "ratings=answers.csv", "lab=lab.csv", "merge=[fear+bliss]"], "merge names bliss, which is no class"),
        (["crowd", "plan", "ratings=answers.csv", "l1=3"], "l1=3.0 is no target"),
        (["crowd", "plan", "ratings=answers.csv", "faces=0"], "faces is 0; it must be at least 1"),
        (["plan", "ratings=alone.csv"], "no face has two answers"),
        (["crowd", "ratings=strange.csv"], "row 2 is a second answer of worker w to task 1"),
        (["agreement", "dataset=fer2013"], "dataset.root is not set"),
    ],
)
def test_a_mistake_is_one_sentence_with_a_way_out(crowd, capsys, words, said):
    Path("alone.csv").write_text("task,worker,label\n1,w,fear\n2,w,anger\n", encoding="utf-8")
    Path("strange.csv").write_text("task,worker,label\n1,w,fear\n1,w,anger\n", encoding="utf-8")
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    notes = ("aggregating", "ratings=", "gold=", "lab=", "against=")
    errors = [line for line in printed.err.splitlines() if not line.startswith(notes)]
    assert len(errors) == 1, printed.err
    assert said in errors[0]


def test_completion_knows_crowd_plan(monkeypatch, capsys):
    from fer_exp.cli.completion import complete

    line = "fer-exp crowd plan bud"
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    complete(["-sc", "query=bash"])
    assert "budget=" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["a column a class", "a row a class"])
def test_a_lab_keeps_the_classes_that_the_crowd_never_gave(tmp_path, form):
    crowd = pd.DataFrame([(f"f{n}", f"w{k}", ["happy", "sad"][(n + (k > 3)) % 2]) for n in range(8) for k in range(5)],
                         columns=["task", "worker", "label"])  # fmt: skip
    lab = pd.DataFrame({"face": [f"f{n}" for n in range(8)], "happy": 1, "sad": 2, "fear": [20] * 6 + [0] * 2})
    if form == "a row a class":
        lab = lab.melt("face", var_name="label", value_name="count")
    lab.to_csv(tmp_path / "lab.csv", index=False)
    outcome = fer_exp.crowd(crowd, lab=str(tmp_path / "lab.csv"), methods=["majority"], bootstrap=20)
    agreement = outcome.frames["lab_agreement"].set_index(["answers", "class"])["agreement"]
    assert agreement["all", "fear"] == 0
    assert agreement["all", "all"] == pytest.approx(1 / 8)  # f7: most say sad, where the lab does
    assert "classes that the lab gave and the crowd never: fear." in outcome.notes
    distances = outcome.frames["lab_l1"].set_index("answers")["value"]
    ours = crowd.groupby(["task", "label"]).size().unstack(fill_value=0).reindex(columns=["happy", "sad", "fear"]) / 5
    theirs = np.array([[1, 2, 20]] * 6 + [[1, 2, 0]] * 2) / np.array([[23]] * 6 + [[3]] * 2)
    assert distances["all"] == pytest.approx(np.abs(ours.fillna(0).to_numpy() - theirs).sum(axis=1).mean())


def test_faces_without_an_original_or_a_gold_label_are_counted(crowd, capsys):
    gold = pd.read_csv("gold.csv")
    gold["label"] = gold["label"].where(gold.index > 4)
    gold.to_csv("some.csv", index=False)
    assert main(["crowd", "answers.csv", "gold=some.csv", "methods=[majority]", "bootstrap=20"]) == 0
    assert "gold=some.csv: 5 rows have no label" in capsys.readouterr().err
    assert main(["agreement", "answers.csv", "against=some.csv", "bootstrap=20"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    labelled = gold["label"].notna() & gold["task"].isin(pd.read_csv("answers.csv")["task"])
    assert sum(map(int, re.findall(r"(\d+) answered ones no label", said))) == 60 - labelled.sum()  # of all subsets
