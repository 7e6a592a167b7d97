"""affectnet-crowd: made-up histories and predictions with known answers, then a tiny real table."""

import json

import krippendorff
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import SquareTable
from statsmodels.stats.inter_rater import fleiss_kappa

from fer_exp.cli import main
from fer_exp.config import DatasetConfig, LabelsConfig, TrainConfig, TrainerConfig
from fer_exp.datasets import open_corpus
from fer_exp.errors import RequestError
from fer_exp.judging.judge import judge
from fer_exp.judging.predictions import check_predictions
from fer_exp.runs import Run
from fer_exp.runs.naming import run_name
from fer_exp.store import open_dataset
from fer_exp.studies.affectnet_crowd import (
    labels as crowd_labels,
    ratings as crowd_ratings,
    study as affectnet_crowd,
    training as weak_training,
)
from fer_exp.studies.needs import as_ratings, check_corpus, given_ratings
from fer_exp.studies.presets import read_preset, read_published
from fer_exp.studies.trained import Trained
from tests.judging.tables import CLASSES, predictions_table

MEASURES = {"l1": "L1", "valence_ccc": "valence CCC"}


def faces(number=200, seed=0):
    """Judged faces whose original label is often not the crowd's; one without votes, one without a label."""
    frame = predictions_table(number, seed, splits=("test",))
    generator = np.random.default_rng([seed, 9])
    swapped = generator.random(number) < 0.3
    frame.loc[swapped, "label"] = generator.choice(CLASSES, int(swapped.sum()))
    frame.loc[0, [f"votes_{name}" for name in CLASSES]] = 0
    frame.loc[1, "label"] = None
    return check_predictions(frame)


def training(place, seed=0, limit=None, history=None, predictions=None, learnt=100):
    """A finished training that has what is given, or one that was never run."""
    dataset = DatasetConfig(limit=limit, faces=48, size=16, cache=str(place / "cache"))
    config = TrainConfig(dataset=dataset, labels=LabelsConfig(source="label"), seed=seed, output=str(place / "runs"))
    config.bootstrap = 0
    each = Trained({}, config, Run(place / "runs" / run_name(config, {})))
    if history is not None:
        each.run.folder.mkdir(parents=True)
        (each.run.folder / "run.json").write_text(json.dumps({"faces": {"train": learnt}}))
        frame = pd.DataFrame(history)
        frame.insert(0, "epoch", range(1, len(frame) + 1))
        frame.to_parquet(each.run.folder / "history.parquet")
    if predictions is not None:
        predictions.to_parquet(each.run.folder / "predictions.parquet")
    return each


def t_interval(values):
    return stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))


def test_an_epoch_is_chosen_on_validation_and_compared_on_test_with_the_same_seed(tmp_path):
    val = ([0.9, 0.5, 0.5, 0.8], [0.4, 0.5, 0.6, 0.7], [0.9, 0.8, np.nan, 0.7])  # epochs 2 (first of equals), 1, 4
    test = ([1.0, 0.7, 0.1, 0.9], [0.8, 0.2, 0.3, 0.5], [0.9, 0.1, 0.2, 0.6])  # test alone would choose 3, 2, 2
    group = [training(tmp_path, s, history={"val_l1": val[s], "test_l1": test[s]}) for s in range(3)]
    table = weak_training.answer({"100": group}, MEASURES, "not stated")
    row = table.rows.iloc[0]
    differences = [0.7 - 0.9, 0.8 - 0.5, 0.6 - 0.6]
    low, high = t_interval(differences)
    assert row["chosen"] == pytest.approx(7 / 3)
    assert row["l1_chosen"] == pytest.approx((0.7 + 0.8 + 0.6) / 3)
    assert row["l1_last"] == pytest.approx(2 / 3)
    assert row["l1_difference"] == pytest.approx(np.mean(differences))
    assert (row["l1_difference_low"], row["l1_difference_high"]) == pytest.approx((low, high))
    shown = table.shown.iloc[0]
    assert (shown["chosen"], shown["of"], shown["valence CCC"]) == ("2, 1, 4", "4", "-")
    assert shown["published"] == "not stated"


def test_without_votes_in_validation_no_epoch_is_chosen(tmp_path):
    group = [training(tmp_path, history={"val_accuracy": [0.1, 0.9], "test_l1": [0.2, 0.9]})]
    table = weak_training.answer({"100": group}, MEASURES, "not stated")
    assert "no votes in validation" in table.shown["chosen"].item()
    assert table.shown["L1"].item() == "-"
    assert table.rows["seeds"].item() == 0


def test_a_row_an_epoch_and_size_and_people_last(tmp_path):
    generator = np.random.default_rng(3)
    small = generator.uniform(0, 2, (3, 6))
    group = [training(tmp_path, s, 100, {"test_l1": small[s]}) for s in range(3)]
    undefined = [training(tmp_path, s, None, {"test_l1": [np.nan, s + 0.5]}) for s in range(2)]
    absent = [training(tmp_path, 7)]
    sizes = {"few": group, "all": undefined, "none": absent}
    table = weak_training.by_epoch(sizes, MEASURES, {"l1": 0.25})
    few = table.rows[table.rows["faces"] == "few"].set_index("epoch")
    assert few.index.tolist() == [1, 2, 3, 4, 5, 6]
    for epoch in few.index:
        values = small[:, int(epoch) - 1]
        assert few.loc[epoch, "l1"] == pytest.approx(values.mean())
        assert (few.loc[epoch, "l1_low"], few.loc[epoch, "l1_high"]) == pytest.approx(t_interval(values))
    every = table.rows[table.rows["faces"] == "all"]
    assert np.isnan(every["l1"].iloc[0])
    assert every["l1"].iloc[1] == 1.0
    assert table.rows.iloc[-2][["faces", "state"]].tolist() == ["none", "not run: 1"]
    assert table.rows.iloc[-1][["faces", "l1"]].tolist() == ["people", 0.25]
    assert table.shown[table.shown["faces"] == "few"]["epoch"].tolist() == ["1", "2", "4", "6"]
    drawn = weak_training.figure(sizes, MEASURES, {"l1": 0.25}, {"l1": 1.2}, "made up")
    lines = drawn.axes[0].get_lines()
    assert lines[0].get_ydata().tolist() == pytest.approx(small.mean(axis=0).tolist())
    assert [line.get_label() for line in lines] == ["few faces", "all faces", "people", "the mean vote, always"]
    assert [lines[at].get_ydata()[0] for at in (-2, -1)] == [0.25, 1.2]


def test_one_answer_for_all_is_the_class_prior_of_judge():
    frame = faces()
    judged = judge(frame, samples=0, seed=0)["test"]
    same = weak_training.constant(frame)
    assert {*same} == {*weak_training.OF_DISTANCE}
    for name, value in same.items():
        assert value == pytest.approx(judged[f"prior_{name}"]["value"])


def test_people_are_the_ceiling_of_judge_and_a_second_panel(monkeypatch):
    frame = faces()
    judged = judge(frame, samples=0, seed=0)["test"]
    people = weak_training.people(frame, {"valence": {"icc_2_k": {"value": 0.9}}, "arousal": {}})
    for name in set(weak_training.OF_VOTES) - {"vote_correlation"}:
        assert people[name] == pytest.approx(judged[f"ceiling_{name}"]["value"])
    assert people["valence_ccc"] == 0.9
    assert "arousal_ccc" not in people
    monkeypatch.setattr(weak_training, "HALVINGS", 600)  # one halving has a standard deviation of 0.019 here
    counts = frame[[f"votes_{name}" for name in CLASSES]].to_numpy(np.int64)[1:]
    raters = np.array([np.repeat(np.arange(len(CLASSES)), row) for row in counts])  # one by one
    generator = np.random.default_rng(5)
    means = []
    for _ in range(2000):
        half = generator.permuted(raters, axis=1)[:, :5]
        one = np.stack([(half == k).sum(axis=1) for k in range(len(CLASSES))], axis=1)
        means.append(np.mean([np.corrcoef(one[:, k], counts[:, k] - one[:, k])[0, 1] for k in range(len(CLASSES))]))
    many = weak_training.people(frame, {})["vote_correlation"]
    assert many == pytest.approx(np.mean(means), abs=0.003)


def test_agreement_is_that_of_other_libraries_and_missing_ratings_say_so():
    frame = faces()
    table, rated = crowd_labels.agreement(frame, None, "no ratings here", "not stated", 0)
    counts = frame[[f"votes_{name}" for name in CLASSES]].to_numpy(np.int64)[1:]
    rows = table.rows.set_index(["of", "measure"])
    assert rows.loc[("labels", "fleiss_kappa"), "value"] == pytest.approx(fleiss_kappa(counts))
    alpha = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
    assert rows.loc[("labels", "krippendorff_alpha"), "value"] == pytest.approx(alpha)
    entropies = [stats.entropy(row) for row in counts]
    assert rows.loc[("labels", "vote_entropy"), "value"] == pytest.approx(np.mean(entropies))
    assert rated == {}
    for side in ("valence", "arousal"):
        assert table.shown[table.shown["of"] == side]["value"].tolist() == ["no ratings here"]


def test_shift_counts_what_the_majority_changes_and_leaves_ties_out():
    frame = faces()
    shift, tests = crowd_labels.shift(frame, "not stated", 0)
    matrix = np.zeros((4, 4))
    for row in frame.to_dict("records"):
        votes = [row[f"votes_{name}"] for name in CLASSES]
        if row["label"] is not None and sum(votes) and votes.count(max(votes)) == 1:
            matrix[CLASSES.index(row["label"]), votes.index(max(votes))] += 1
    change = (matrix.sum(axis=0) - matrix.sum(axis=1)) / matrix.sum()
    assert shift.rows["change"].tolist() == pytest.approx(change.tolist())
    assert shift.shown["change"].iloc[0].startswith(f"{100 * change[0]:+.1f} [")
    assert f"{int(matrix.sum())} faces compared" in shift.caption
    reference = SquareTable(matrix, shift_zeros=False).homogeneity(method="stuart_maxwell")
    tested = tests.rows.set_index("test").loc["Stuart-Maxwell"]
    assert (tested["statistic"], tested["p"]) == pytest.approx((reference.statistic, reference.pvalue))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_difficult_faces_are_errors_and_random_ones_have_the_same_labels(seed):
    frame = faces(300, seed)
    right = frame["label"] == "surprise"  # a label without a difficult face
    frame.loc[right, [f"p_{name}" for name in CLASSES]] = [0.0, 0.0, 0.0, 1.0]
    found = crowd_labels.difficult_and_random(frame, seed)
    answer = frame[[f"p_{name}" for name in CLASSES]].to_numpy().argmax(axis=1)
    wrong = dict.fromkeys(CLASSES, 0)
    for i in range(1, len(frame)):  # the first has no votes
        label = frame["label"][i]
        wrong[label] = wrong.get(label, 0) + (label is not None and CLASSES[answer[i]] != label)
    least = min(wrong[name] for name in CLASSES if wrong[name])
    assert found.without == ("surprise",)
    for rows in (found.difficult, found.random):
        assert len(set(rows.tolist())) == len(rows)
        assert frame["label"].iloc[rows].value_counts().to_dict() == dict.fromkeys(CLASSES[:3], least)
        assert 0 not in rows
    assert all(CLASSES[answer[i]] != frame["label"][i] for i in found.difficult)
    assert any(CLASSES[answer[i]] == frame["label"][i] for i in found.random)
    assert found.difficult.tolist() == crowd_labels.difficult_and_random(frame, seed).difficult.tolist()


def test_subsets_say_how_far_difficult_faces_move_and_random_ones_do_not():
    """People call every difficult face neutral, every other face as it is labelled; with 8 of 10 votes."""
    by_seed = {}
    for seed, errors in enumerate((10, 16, 22)):
        rows = []
        for name in CLASSES[1:]:
            for i in range(40):
                hard = i < errors
                votes = {f"votes_{each}": 0 for each in CLASSES}
                votes[f"votes_{'neutral' if hard else name}"] += 8
                votes["votes_sadness"] += 2
                answer = "neutral" if hard else name
                rows.append({"face": f"{name}{i}", "split": "test", "label": name, **votes,
                             **{f"p_{each}": float(each == answer) for each in CLASSES}})  # fmt: skip
        by_seed[seed] = check_predictions(pd.DataFrame(rows))
    table = crowd_labels.subsets(by_seed, "not stated")
    at = table.rows.set_index(["class", "faces"])
    assert at.loc[("neutral", "difficult"), "majority"] == pytest.approx(100)
    assert at.loc[("neutral", "difficult"), "votes"] == pytest.approx(80)
    assert at.loc[("happiness", "difficult"), "majority"] == pytest.approx(-100 / 3)
    assert at.loc[("neutral", "difficult"), "n"] == 48
    drawn = []
    for seed, frame in by_seed.items():
        part = frame.iloc[crowd_labels.difficult_and_random(frame, seed).random]
        drawn.append(100 * float((part["votes_neutral"] == 8).mean()))
    low, _ = t_interval(drawn)
    assert at.loc[("neutral", "random"), "majority"] == pytest.approx(np.mean(drawn))
    assert at.loc[("neutral", "random"), "majority_low"] == pytest.approx(low)
    paired = at.loc[("neutral", "difficult - random")]
    assert paired["majority"] == pytest.approx(100 - np.mean(drawn))
    assert paired["majority_high"] == pytest.approx(100 - low)
    assert crowd_labels.subsets({0: by_seed[0].assign(label="neutral", p_neutral=2.0)}, "not stated") is None


def test_sizes_judged_by_other_faces_are_said(tmp_path):
    preset = read_preset("affectnet-crowd", "smoke")
    history = {"val_l1": [0.5], "test_l1": [0.5]}
    few, many = faces(80), faces(120)
    trained = [training(tmp_path, 0, None, history, many, 300), training(tmp_path, 0, 60, history, few, 60)]
    outcome = affectnet_crowd.build(trained, preset, affectnet_crowd.asks(trained, preset))
    assert any("different test faces (80, 120)" in note for note in outcome.notes)
    epochs = next(table for table in outcome.tables if table.name == "epochs")
    assert epochs.shown["faces"].tolist() == ["60 (limit 60)", "300 (no limit)", "people"]  # fewest first
    same = [training(tmp_path / "same", s, limit, history, many, 300) for s, limit in ((0, 60), (0, None))]
    notes = affectnet_crowd.build(same, preset, affectnet_crowd.asks(same, preset)).notes
    assert not any("different test faces" in note for note in notes)
    assert any("same number of training faces" in note for note in notes)


def test_nothing_run_is_a_table_that_says_so(tmp_path):
    outcome = affectnet_crowd.build([training(tmp_path)], read_preset("affectnet-crowd", "smoke"), {})
    assert [table.name for table in outcome.tables] == ["epochs", "answer"]
    assert outcome.tables[0].rows["state"].tolist() == ["not run: 1", "done"]
    assert all(draw() is None for draw in outcome.figures.values())


def test_what_is_published_is_words_and_no_figure():
    published = read_published("affectnet-crowd")
    assert set(published["statements"]) == {"agreement", "shift", "ratings", "epochs", "answer", "subsets"}
    assert not any(character.isdigit() for words in published["statements"].values() for character in words)


@pytest.mark.parametrize("scale", ["smoke", "small", "full"])
def test_presets_train_on_all_original_labels_with_three_seeds(scale):
    preset = read_preset("affectnet-crowd", scale)
    told = " ".join(preset.common.values())
    assert "labels=onehot labels.source=label labels.rule=all labels.ties=first" in told
    assert "trainer.every_epoch=test" in told
    assert all(len(grid["seed"]) == 3 and len(grid["dataset.train_limit"]) > 1 for grid in preset.grids)


@pytest.fixture(scope="module")
def built_in(tmp_path_factory):
    """The config of 48 built-in faces, and the ids of all."""
    config = DatasetConfig(faces=48, size=16, cache=str(tmp_path_factory.mktemp("cache")))
    _, store = open_dataset(config, log=lambda line: None)
    return config, store


def test_ratings_are_those_of_the_judged_faces_or_say_what_is_missing(built_in, tmp_path):
    config, store = built_in
    judged = store.faces["face"].tolist()[:10]
    everyone = open_corpus(config).ratings()
    own, missing = given_ratings(config, judged)
    own = as_ratings(own)
    assert missing == ""
    assert own.tasks.tolist() == sorted(judged)
    assert len(own.task) == 100
    part = everyone[everyone["task"].isin(judged)].copy()
    part = pd.concat([part, part.head(3).assign(valence=1.0)])  # answered again: the first counts
    part["task"] = "pictures/" + part["task"] + ".png"
    file = tmp_path / "ratings.csv"
    part.to_csv(file, index=False)
    attached, missing = given_ratings(DatasetConfig(**{**vars(config), "ratings": str(file)}), judged)
    assert missing == ""
    assert as_ratings(attached).ratings("valence").tolist() == own.ratings("valence").tolist()
    part[~part["task"].str.contains(judged[0])].to_csv(file, index=False)
    found, missing = given_ratings(DatasetConfig(**{**vars(config), "ratings": str(file)}), judged)
    assert found is None
    assert missing.startswith("1 of 10 judged faces have the corpus' own valence")
    part.drop(columns=["valence", "arousal"]).to_csv(file, index=False)
    assert given_ratings(DatasetConfig(**{**vars(config), "ratings": str(file)}), judged)[0] is None
    votes = tmp_path / "votes.csv"
    store.votes.to_csv(votes, index=False)
    found, missing = given_ratings(DatasetConfig(**{**vars(config), "votes": str(votes)}), judged)
    assert found is None
    assert "dataset.ratings=FILE" in missing


def test_the_crowds_ratings_are_held_against_those_that_they_replaced(built_in, tmp_path):
    config, store = built_in
    assert crowd_ratings.original_ratings(config, store.faces["face"]) is None
    everyone = open_corpus(config).ratings()
    for side in ("valence", "arousal"):
        everyone[side] = (everyone[side] / 2 + 0.1).clip(-1, 1)
    everyone.to_csv(tmp_path / "ratings.csv", index=False)
    attached = DatasetConfig(**{**vars(config), "ratings": str(tmp_path / "ratings.csv")})
    _, crowd = open_dataset(attached, log=lambda line: None)
    order = np.random.default_rng(1).permutation(len(store.faces))
    table = crowd.faces.iloc[order].reset_index(drop=True)
    original = crowd_ratings.original_ratings(attached, table["face"])
    own = store.faces.iloc[order]
    assert original["valence"].tolist() == own["valence"].tolist()
    original.loc[3, "arousal"] = np.nan
    judged = predictions_table(len(table), 0, splits=("test",))
    judged["label"] = CLASSES[0]
    judged[["human_valence", "human_arousal"]] = table[["valence", "arousal"]].to_numpy()
    found, plane = crowd_ratings.pattern(check_predictions(judged), original, "not stated", 20, "made up")
    rows = found.rows.set_index(["side", "class", "measure"])
    x, y = own["valence"].to_numpy(), table["valence"].to_numpy()
    assert rows.loc[("valence", "all", "bias"), "value"] == pytest.approx((y - x).mean())
    assert rows.loc[("valence", CLASSES[0], "slope"), "value"] == pytest.approx(stats.linregress(x, y).slope)
    assert rows.loc[("arousal", "all", "pearson"), "n"] == len(table) - 1
    known = np.arange(len(table)) != 3
    r = stats.pearsonr(own["arousal"].to_numpy()[known], table["arousal"].to_numpy()[known]).statistic
    assert rows.loc[("arousal", "all", "pearson"), "value"] == pytest.approx(r)
    assert set(found.shown["side"]) == {"valence", "arousal"}
    assert len(plane().axes) == 1
    without, nothing = crowd_ratings.pattern(judged, None, "not stated", 20, "made up")
    assert nothing is None
    assert "dataset.ratings=FILE" in without.shown["side"].item()


def test_a_corpus_without_a_voted_test_face_and_other_labels_are_refused(built_in, tmp_path):
    config, store = built_in
    preset = read_preset("affectnet-crowd", "smoke")
    given = TrainConfig(dataset=config, labels=LabelsConfig(source="label"), trainer=TrainerConfig(every_epoch="test"))
    check_corpus(preset, given)
    votes = tmp_path / "votes.csv"
    train = store.faces[store.faces["split"] == "train"]["face"]
    store.votes[store.votes["face"].isin(train)].to_csv(votes, index=False)
    given.dataset = DatasetConfig(**{**vars(config), "votes": str(votes)})
    with pytest.raises(RequestError, match=r"none of its 12 faces has a vote.*dataset.split_file"):
        check_corpus(preset, given)
    given.dataset, given.labels = config, LabelsConfig()
    with pytest.raises(RequestError, match=r"labels\.source=label"):
        check_corpus(preset, given)


@pytest.mark.usefixtures("light")
def test_the_table_of_a_real_run_has_its_numbers(tmp_path):
    words = ["dataset.faces=120", "dataset.size=16", f"dataset.cache={tmp_path / 'cache'}", "trainer=cpu"]
    axes = ["trainer.epochs=2", "dataset.train_limit=40,100", "seed=0,1", "bootstrap=10"]
    places = [f"output={tmp_path / 'runs'}", f"results={tmp_path / 'results'}"]
    assert main(["table", "study=affectnet-crowd", *words, *axes, *places]) == 0
    folder = tmp_path / "results" / "affectnet-crowd-synthetic-smoke"
    facts = json.loads((folder / "results.json").read_text())
    assert set(facts["tables"]) == {"agreement", "shift", "shift_tests", "ratings", "epochs", "answer", "subsets"}
    assert (folder / "epochs.svg").is_file()
    table = pd.read_csv(folder / "epochs.csv")
    runs = [(json.loads(path.read_text()), path.parent) for path in (tmp_path / "runs").glob("*/run.json")]
    assert len(runs) == 4
    for limit in (40, 100):
        own = [place for run, place in runs if run["config"]["dataset"]["train_limit"] == limit]
        l1 = [json.loads((place / "metrics.json").read_text())["test"]["l1"]["value"] for place in own]
        last = table[table["faces"].str.contains(f"limit {limit}") & (table["epoch"] == 2)]
        assert last["l1"].item() == pytest.approx(np.mean(l1), abs=1e-5)
    seed0 = next(place for run, place in runs if run["config"]["seed"] == 0)
    ceiling = json.loads((seed0 / "metrics.json").read_text())["test"]["ceiling_l1"]["value"]
    assert table[table["faces"] == "people"]["l1"].item() == pytest.approx(ceiling)
    taught = pd.read_parquet(seed0 / "targets.parquet").set_index("face")["clean_label"]
    corpus = open_corpus(DatasetConfig(faces=120, size=16)).read().table.set_index("face")["label"]
    assert (taught == corpus.loc[taught.index]).all()  # never the crowd's
