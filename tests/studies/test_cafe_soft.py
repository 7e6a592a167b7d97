"""cafe-soft: made-up predictions with known answers, the built-in crowd counted by hand, then a tiny real table."""

import importlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from fer_exp.cli import main
from fer_exp.config import DatasetConfig, LabelsConfig, TrainConfig, plain
from fer_exp.datasets import open_corpus
from fer_exp.datasets.splits import select
from fer_exp.errors import RequestError, RunError
from fer_exp.judging.judge import judge
from fer_exp.judging.predictions import check_predictions
from fer_exp.runs import Run
from fer_exp.runs.naming import run_name
from fer_exp.studies.cafe_soft import crowd as cafe_soft_crowd, figure as cafe_soft_figure, tables as cafe_soft_tables
from fer_exp.studies.cafe_soft.networks import compare, differences, joined, modes, published_tests
from fer_exp.studies.presets import read_preset, read_published
from fer_exp.studies.trained import Trained
from tests.datasets import fake_cafe, fake_rafdb, fakes
from tests.judging.tables import CLASSES, predictions_table

train_command = importlib.import_module("fer_exp.commands.train")
P = [f"p_{name}" for name in CLASSES]
VOTES = [f"votes_{name}" for name in CLASSES]
PUBLISHED = read_published("cafe-soft")


def faces(number=60, seed=0):
    """Predictions of one network; a face without votes and two children with many faces among them."""
    frame = predictions_table(number, seed=5)
    noise = np.random.default_rng([seed, 1]).dirichlet(np.ones(4), len(frame))
    frame[P] = 0.7 * frame[P].to_numpy() + 0.3 * noise
    frame.loc[frame["face"] == "face-000", VOTES] = 0
    frame["label"] = np.random.default_rng(3).choice(CLASSES, len(frame))  # what was taught, not the corpus' label
    return check_predictions(frame)


def training(place, kind="onehot", seed=0, smoothing=0.0, fold=0, predictions=None):
    """A training, finished where it has predictions."""
    dataset = DatasetConfig(name="cafe", folds=2, fold=fold)
    labels = LabelsConfig(kind=kind, smoothing=smoothing, source="label", rule="all", ties="random")
    config = TrainConfig(dataset=dataset, labels=labels, seed=seed, output=str(place / "runs"))
    each = Trained({}, config, Run(place / "runs" / run_name(config, {})))
    if predictions is not None:
        each.run.folder.mkdir(parents=True)
        (each.run.folder / "run.json").write_text(json.dumps({"config": plain(each.config)}))
        predictions.to_parquet(each.run.folder / "predictions.parquet")
    return each


CORPUS = {f"face-{i:03d}": CLASSES[i % 4] for i in range(60)}


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Soft, one-hot and smoothed networks of two seeds; soft stands first, as nobody promises an order."""
    place = tmp_path_factory.mktemp("three")
    made = {}
    for number, (kind, smoothing) in enumerate((("soft", 0.0), ("onehot", 0.0), ("onehot", 0.1))):
        for seed in (0, 1):
            frame = faces(seed=10 * number + seed)
            if kind == "soft":  # nearer to people
                counts = frame[VOTES].to_numpy() + 0.25
                frame[P] = 0.5 * frame[P] + 0.5 * counts / counts.sum(axis=1, keepdims=True)
            made[kind, smoothing, seed] = frame
    trained = [training(place, kind, seed, smooth, predictions=frame) for (kind, smooth, seed), frame in made.items()]
    groups = modes(trained)
    return made, groups, compare(groups, CORPUS, samples=200)


def facewise(frame):
    """L1 of each test face with votes, spelt out."""
    test = frame[(frame["split"] == "test") & (frame[VOTES].sum(axis=1) > 0)]
    return np.array(
        [
            sum(abs(row[p] - row[v] / sum(row[name] for name in VOTES)) for p, v in zip(P, VOTES, strict=True))
            for row in test.to_dict("records")
        ]
    )


def test_the_published_test_is_scipys_for_each_seed_and_the_right_ones_take_means_over_seeds(three):
    made, _, found = three
    rows = {(row["test"], row["of"]): row for row in published_tests(found)}
    one, soft = ([facewise(made[kind, 0.0, seed]) for seed in (0, 1)] for kind in ("onehot", "soft"))
    assert len(one[0]) == 59
    for seed in (0, 1):
        reference = stats.ttest_ind(one[seed], soft[seed])
        row = rows["independent t", f"seed {seed}"]
        assert (row["statistic"], row["p"], row["df"]) == pytest.approx((reference.statistic, reference.pvalue, 116))
        assert row["effect"] == pytest.approx(reference.statistic * np.sqrt(2 / 59))
    a, b = np.mean(one, axis=0), np.mean(soft, axis=0)
    assert (a > b).mean() > 0.5
    for name, reference in (
        ("independent t", stats.ttest_ind(a, b)),
        ("paired t", stats.ttest_rel(a, b)),
        ("Wilcoxon", stats.wilcoxon(a, b, method="approx")),
    ):
        row = rows[name, "means over seeds"]
        assert (row["statistic"], row["p"]) == pytest.approx((reference.statistic, reference.pvalue))
    assert rows["permutation", "means over seeds"]["p"] < 0.01
    of_seeds = stats.ttest_rel([each.mean() for each in one], [each.mean() for each in soft])
    row = rows["paired t", "seeds"]
    assert (row["statistic"], row["p"], row["df"]) == pytest.approx((of_seeds.statistic, of_seeds.pvalue, 1))
    both = rows["t", "runs and persons"]
    assert both["statistic"] == pytest.approx((a - b).mean())
    assert both["low"] < both["statistic"] < both["high"]


def test_f1_is_sklearns_against_the_corpus_label_and_the_majority(three):
    metrics = pytest.importorskip("sklearn.metrics")
    made, groups, found = three
    table = cafe_soft_tables.networks(groups, found, cafe_soft_tables.Shown(PUBLISHED, True, "made up"), "")
    rows = table.rows.set_index("network")
    for mode, (kind, smoothing) in {"one-hot": ("onehot", 0.0), "smoothed 0.1": ("onehot", 0.1)}.items():
        of_label, weighted = [], []
        for seed in (0, 1):
            test = made[kind, smoothing, seed].query("split == 'test'")
            truth, answer = test["face"].map(CORPUS), [CLASSES[k] for k in test[P].to_numpy().argmax(axis=1)]
            of_label.append(metrics.f1_score(truth, answer, average="macro"))
            weighted.append(metrics.f1_score(truth, answer, average="weighted"))
        assert rows.loc[mode, "macro_f1"] == pytest.approx(np.mean(of_label))
        assert rows.loc[mode, "weighted_f1"] == pytest.approx(np.mean(weighted))
    difference = 100 * rows.loc["one-hot", "macro_f1"] - 94.33
    assert rows.loc["one-hot", "difference"] == pytest.approx(difference)
    assert table.shown.set_index("network").loc["one-hot", "difference"] == f"{difference:+.2f}"
    assert np.isnan(rows.loc["smoothed 0.1", "published"])
    counts = made["soft", 0.0, 0].query("split == 'test'")[VOTES].to_numpy()
    clear = (counts == counts.max(axis=1, keepdims=True)).sum(axis=1) == 1
    hits = []
    for seed in (0, 1):
        answer = made["soft", 0.0, seed].query("split == 'test'")[P].to_numpy().argmax(axis=1)
        hits.append(metrics.f1_score(counts[clear].argmax(axis=1), answer[clear], average="macro"))
    assert rows.loc["soft", "majority_macro_f1"] == pytest.approx(np.mean(hits), abs=0.05)  # ties count by halves


def test_differences_are_to_soft_and_holm_corrects_all_of_them(three):
    made, _, found = three
    rows = differences(found)
    at = {(row["network"], row["metric"]): row for row in rows}
    soft = np.mean([facewise(made["soft", 0.0, seed]) for seed in (0, 1)], axis=0)
    for mode, smoothing in (("one-hot", 0.0), ("smoothed 0.1", 0.1)):
        own = np.mean([facewise(made["onehot", smoothing, seed]) for seed in (0, 1)], axis=0)
        assert at[mode, "l1"]["difference"] == pytest.approx((own - soft).mean())
        assert at[mode, "l1"]["dz"] == pytest.approx((own - soft).mean() / (own - soft).std(ddof=1))
    assert {network for network, _ in at} == {
        "one-hot",
        "smoothed 0.1",
        "one-hot, T by labels",
        "one-hot, T by votes",
    }
    assert ("one-hot, T by votes", "l1") in at
    assert ("one-hot, T by votes", "macro_f1") not in at  # a temperature changes no answer
    told = [row for row in rows if row["p"] is not None]
    assert {row["metric"] for row in rows if row not in told} <= {
        "rater_equivalents"
    }  # made-up networks near the truth
    expected = multipletests([row["p"] for row in told], method="holm")[1]
    assert [row["p_holm"] for row in told] == pytest.approx(expected)


def test_people_and_baselines_stand_beside_the_networks(three):
    made, groups, found = three
    shown = cafe_soft_tables.Shown(PUBLISHED, False, "made up")
    table = cafe_soft_tables.networks(groups, found, shown, "")
    rows = table.rows.set_index("network")
    reference = judge(made["soft", 0.0, 0], samples=0, seed=0, only="test")["test"]
    for name, metric in (
        ("people, half", "ceiling_l1"),
        ("people, one", "ceiling_leave_one_out_l1"),
        ("people, all anew", "ceiling_sampling_l1"),
        ("class prior", "prior_l1"),
    ):
        assert rows.loc[name, "l1"] == pytest.approx(reference[metric]["value"])
    uniform = made["soft", 0.0, 0].assign(**dict.fromkeys(P, 0.25))
    assert rows.loc["uniform", "l1"] == pytest.approx(facewise(uniform).mean())
    said = table.shown.set_index("network")
    assert said.loc["soft", "published"] == "78.68 (CAFE)"
    assert set(said["difference"]) == {"other corpus"}  # no difference to a paper on other faces
    assert table.shown["network"].tolist()[:3] == ["one-hot", "smoothed 0.1", "soft"]


def test_the_figure_draws_each_face_once_and_people(three):
    made, _, found = three
    drawn = cafe_soft_figure.figure(found, "made up")
    lines = {line.get_label(): line for line in drawn.axes[0].get_lines()}
    soft = np.sort(np.mean([facewise(made["soft", 0.0, seed]) for seed in (0, 1)], axis=0))
    assert lines["soft"].get_xdata()[1:].tolist() == pytest.approx(soft.tolist())
    reference = judge(made["soft", 0.0, 0], samples=0, seed=0, only="test")["test"]["ceiling_l1"]["value"]
    assert lines["people, half against half"].get_xdata()[1:].mean() == pytest.approx(reference)


def test_folds_of_a_seed_are_put_together_and_a_seed_with_a_gap_is_left_out(tmp_path):
    parts = []
    for fold in (0, 1):
        frame = faces(seed=fold)
        mine = frame["face"].map(lambda face, fold=fold: int(face[-1]) % 2 == fold)
        parts.append(frame[(frame["split"] == "val") | mine])
    group = [training(tmp_path, fold=fold, predictions=part) for fold, part in enumerate(parts)]
    group += [training(tmp_path, seed=1, predictions=parts[0]), training(tmp_path, seed=1, fold=1)]
    (source,) = joined(group, CORPUS)
    test = source.table[source.table["split"] == "test"].set_index("face")
    assert sorted(test.index) == sorted(CORPUS)
    assert test["label"].to_dict() == CORPUS
    own = parts[1].query("split == 'test' and face == 'face-007'")["p_neutral"].item()
    assert test.loc["face-007", "p_neutral"] == own
    assert (source.table.query("split == 'val'")["label"].iloc[:60] == parts[0].query("split == 'val'")["label"]).all()
    groups = modes(group)
    found = compare(groups, CORPUS, samples=0)
    assert found.result["faces"] == 60
    row = cafe_soft_tables.networks(groups, found, cafe_soft_tables.Shown(PUBLISHED, True, "x"), "").rows.iloc[0]
    assert (row["seeds"], row["state"]) == (1, "not run: 1")


def test_nothing_finished_is_a_table_that_says_so(tmp_path):
    broken = training(tmp_path, "soft")
    broken.run.folder.mkdir(parents=True)
    broken.log.write_text("the loss is nan")
    groups = modes([training(tmp_path), broken])
    assert compare(groups, CORPUS, samples=0) is None
    table = cafe_soft_tables.networks(groups, None, cafe_soft_tables.Shown(PUBLISHED, True, "x"), "")
    assert table.shown["L1"].tolist() == ["not run: 1", f"failed: {broken.log}"]


def test_the_built_in_crowd_is_filtered_on_training_faces_and_counted_on_test_faces():
    config = DatasetConfig(faces=240, size=16)
    corpus = open_corpus(config)
    table = select(corpus.read().table, {}, config)
    found = cafe_soft_crowd.built_in(config, table, samples=0)
    answers = corpus.ratings().query("label not in ('unknown', 'not_a_face')")
    by_face = table.set_index("face")
    answers = answers.assign(posed=answers["task"].map(by_face["label"]), split=answers["task"].map(by_face["split"]))
    asked = answers[answers["split"] != "test"]
    right = (asked["label"] == asked["posed"]).groupby(asked["worker"]).mean()
    assert {"w00", "w01", "w02"} <= set(right.index[right < 0.5])  # those who do not look
    judged = answers[(answers["split"] == "test") & answers["worker"].isin(right.index[right >= 0.5])]
    assert (found.workers, found.kept) == (40, int((right >= 0.5).sum()))
    hits = {"fear + surprise": [0, 0], "anger + disgust": [0, 0]}
    for _, own in judged.groupby("task"):
        votes = own["label"].value_counts().to_dict()
        summed = {name: sum(votes.pop(part, 0) for part in name.split(" + ")) for name in hits}
        votes |= summed
        top = [name for name, number in votes.items() if number == max(votes.values())]
        for name in hits:
            if own["posed"].iloc[0] in name.split(" + ") and len(top) == 1:
                hits[name][0] += top[0] == name
                hits[name][1] += 1
    at = found.agreement[found.agreement["merged"]].set_index(["answers", "class"])
    for name, (number, of) in hits.items():
        assert at.loc[("filtered", name), "n"] == of
        assert at.loc[("filtered", name), "agreement"] == pytest.approx(number / of)
    truth = corpus.truth().set_index("face")
    shares = judged.groupby("task")["label"].value_counts(normalize=True).unstack(fill_value=0)
    to_truth = (shares - truth.loc[shares.index, shares.columns]).abs().sum(axis=1).mean()
    row = found.l1.query("answers == 'filtered' and not merged").iloc[0]
    assert row["value"] == pytest.approx(to_truth, abs=0.04)  # 100 raters of the lab are near the truth
    assert 0.25 < row["floor"] < 0.45


def test_published_agreement_stands_beside_merged_classes_alone():
    config = DatasetConfig(faces=120, size=16)
    faces_table = select(open_corpus(config).read().table, {}, config)
    found = cafe_soft_crowd.built_in(config, faces_table, samples=0)
    crowd, distances = cafe_soft_crowd.tables(found, True, PUBLISHED["crowd"], "smoke")
    merged = crowd.rows[crowd.rows["merged"]].set_index("class")
    assert merged.loc["anger + disgust", "published"] == 88.8
    expected = 100 * merged.loc["anger + disgust", "filtered"] - 88.8
    assert merged.loc["anger + disgust", "difference"] == pytest.approx(expected)
    assert crowd.rows[~crowd.rows["merged"]]["published"].isna().all()
    assert "207 faces" in crowd.caption
    assert distances.shown["published"].unique().tolist() == ["not stated"]
    elsewhere, _ = cafe_soft_crowd.tables(found, False, PUBLISHED["crowd"], "smoke")
    assert elsewhere.shown["difference"].unique().tolist() == ["other corpus"]


@pytest.mark.parametrize("scale", ["smoke", "small", "full"])
def test_presets_hold_one_hot_against_soft_on_the_same_faces_with_three_seeds(scale):
    preset = read_preset("cafe-soft", scale)
    assert preset.grids[0]["labels"][:2] == ["onehot", "soft"]
    assert all(grid["seed"] == ["0", "1", "2"] for grid in preset.grids)
    for corpus in ("synthetic", "ferplus", "cafe"):
        own = read_preset("cafe-soft", scale, [f"dataset={corpus}"])
        assert own.common["labels.ties"] == "labels.ties=random"
        assert own.common["labels.rule"] in ("labels.rule=all", "labels.rule=crossentropy")
        folds = [len(grid.get("dataset.fold", [])) for grid in own.grids]
        asked = own.common.get("dataset.folds", "=0").partition("=")[2]
        assert folds == [int(asked)] * len(own.grids)  # every fold of CAFE, none where there is a test split
    assert "dataset.fold" not in read_preset("cafe-soft", scale, ["dataset=cafe", "dataset.fold=1"]).grids[0]


def fails(capsys, *words):
    assert main(["table", "study=cafe-soft", *words]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert "Traceback" not in said
    return said


def test_what_is_missing_is_said_before_anything_is_trained(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(train_command, "train", lambda config: pytest.fail("trained"))
    fake_rafdb.write_rafdb(tmp_path / "rafdb")
    cache = f"dataset.cache={tmp_path / 'cache'}"
    rafdb = ["dataset=rafdb", f"dataset.root={tmp_path / 'rafdb'}", "dataset.size=24", cache]
    said = fails(capsys, *rafdb, "dataset.max_rejected=0.1", "seed=0")
    assert "rafdb has one label a face here" in said
    assert "cafe (with dataset.votes=FILE), ferplus or synthetic" in said
    small = ["dataset.faces=48", "dataset.size=16", "seed=0", cache]
    assert "leave labels as they are" in fails(capsys, *small, "labels=soft")
    assert "has no crowd.json" in fails(capsys, *small, f"crowd={tmp_path}")
    (tmp_path / "crowd.json").write_text(json.dumps({"workers": []}))
    assert "run fer-exp crowd again with lab=VOTES" in fails(capsys, *small, f"crowd={tmp_path}")
    assert main(["table", "study=noisy-labels", f"crowd={tmp_path}", *small]) == 2
    assert "study=cafe-soft alone" in capsys.readouterr().err


def test_ferplus_says_that_it_needs_worker_answers_and_how_to_give_them(tmp_path):
    fakes.write_fer2013(tmp_path / "fer")
    fakes.write_votes(tmp_path / "fer")
    words = ["dataset=ferplus", f"dataset.root={tmp_path / 'fer'}", f"dataset.cache={tmp_path / 'cache'}"]
    places = [f"output={tmp_path / 'runs'}", f"results={tmp_path / 'results'}", "run=false"]
    assert main(["table", "study=cafe-soft", *words, *places]) == 0
    folder = tmp_path / "results" / "cafe-soft-ferplus-smoke"
    facts = json.loads((folder / "results.json").read_text())
    assert facts["tables"]["crowd"]["rows"][0]["state"] == "needs worker answers"
    assert "crowd=FOLDER" in (folder / "crowd.md").read_text()
    assert "207 faces" in (folder / "crowd.md").read_text()
    assert len(facts["runs"]["not run"]) == 9


def test_cafe_is_dealt_into_folds_by_child(tmp_path):
    names = fake_cafe.write_cafe(tmp_path / "cafe")
    fake_cafe.write_answers(tmp_path / "votes.csv", names, proportions=True)
    words = ["dataset=cafe", f"dataset.root={tmp_path / 'cafe'}", f"dataset.votes={tmp_path / 'votes.csv'}"]
    words += ["dataset.size=16", "dataset.max_rejected=0.1", f"dataset.cache={tmp_path / 'cache'}", "run=false"]
    places = [f"output={tmp_path / 'runs'}", f"results={tmp_path / 'results'}"]
    assert main(["table", "study=cafe-soft", "scale=full", *words, *places]) == 0
    facts = json.loads((tmp_path / "results" / "cafe-soft-cafe-full" / "results.json").read_text())
    assert len(facts["runs"]["not run"]) == 45
    assert "5 folds, each face tested on in one" in facts["tables"]["networks"]["caption"]
    assert "weights imagenet" in facts["tables"]["networks"]["caption"]


@pytest.fixture(scope="module")
def made(light, tmp_path_factory):
    """A finished table of one seed on 120 built-in faces, and the words that made it."""
    place = tmp_path_factory.mktemp("cafe-soft")
    words = ["dataset.faces=120", "dataset.size=16", f"dataset.cache={place / 'cache'}", "trainer=cpu"]
    words += ["trainer.epochs=1", "seed=0", "bootstrap=20", f"output={place / 'runs'}", f"results={place / 'results'}"]
    assert main(["table", "study=cafe-soft", *words]) == 0
    return place, words


def test_the_table_of_a_real_run_has_its_numbers(made):
    place, _ = made
    folder = place / "results" / "cafe-soft-synthetic-smoke"
    facts = json.loads((folder / "results.json").read_text())
    assert set(facts["tables"]) == {"crowd", "crowd_l1", "networks", "tests", "differences"}
    assert all((folder / f"{name}.svg").is_file() for name in ("l1", "crowd"))
    rows = pd.read_csv(folder / "networks.csv").set_index("network")
    by_mode = {}
    for path in (place / "runs").glob("*/run.json"):
        config = json.loads(path.read_text())["config"]
        name = "smoothed 0.1" if config["labels"]["smoothing"] else config["labels"]["kind"]
        by_mode[{"onehot": "one-hot"}.get(name, name)] = path.parent
    assert set(by_mode) == {"one-hot", "smoothed 0.1", "soft"}
    for mode, run in by_mode.items():
        metrics = json.loads((run / "metrics.json").read_text())["test"]
        for metric in ("l1", "macro_f1", "majority_macro_f1", "rater_equivalents"):
            assert rows.loc[mode, metric] == pytest.approx(metrics[metric]["value"])
        if mode == "one-hot":
            assert rows.loc["one-hot, T by votes", "l1"] == pytest.approx(metrics["temperature_votes_l1"]["value"])
    taught = {mode: pd.read_parquet(run / "targets.parquet").set_index("face") for mode, run in by_mode.items()}
    assert taught["soft"].index.equals(taught["one-hot"].index)  # the same faces, all of them
    assert len(taught["soft"]) == 120
    corpus = open_corpus(DatasetConfig(faces=120, size=16)).read().table.set_index("face")["label"]
    assert (taught["one-hot"]["clean_label"] == corpus.loc[taught["one-hot"].index]).all()


def test_a_crowd_folder_takes_the_place_of_the_built_in_crowd(made, tmp_path, monkeypatch):
    _, words = made
    corpus = open_corpus(DatasetConfig(faces=120, size=16))
    corpus.ratings().to_csv(tmp_path / "answers.csv", index=False)
    lab = corpus.truth()
    classes = list(corpus.classes)
    lab[classes] = np.random.default_rng(0).multinomial(100, lab[classes])
    lab.to_csv(tmp_path / "lab.csv", index=False)
    asked = [f"ratings={tmp_path / 'answers.csv'}", f"lab={tmp_path / 'lab.csv'}", f"output={tmp_path / 'crowd'}"]
    merge = "merge=[fear+surprise,anger+disgust]"
    assert main(["crowd", *asked, merge, "min_agreement=0.3", "methods=[]", "bootstrap=10"]) == 0
    monkeypatch.setattr(train_command, "train", lambda config: pytest.fail("trained again"))
    results = f"results={tmp_path / 'results'}"
    assert main(["table", "study=cafe-soft", *words, results, f"crowd={tmp_path / 'crowd'}"]) == 0
    folder = tmp_path / "results" / "cafe-soft-synthetic-smoke"
    found = pd.read_csv(folder / "crowd.csv")
    theirs = pd.read_csv(tmp_path / "crowd" / "lab_agreement.csv").query("answers == 'filtered'")
    assert found["filtered"].tolist() == pytest.approx(theirs["agreement"].tolist(), nan_ok=True)
    assert "the lab's majority" in (folder / "crowd.md").read_text()


def test_a_failed_run_has_a_cell_that_says_so_and_the_table_is_written(made, tmp_path, capsys, monkeypatch):
    place, words = made
    shutil.copytree(place / "runs", tmp_path / "runs")
    for path in (tmp_path / "runs").glob("*soft*"):
        shutil.rmtree(path)
    real = train_command.train

    def failing(config):
        if config.labels.kind == "soft":
            raise RunError("the loss is nan")
        return real(config)

    monkeypatch.setattr(train_command, "train", failing)
    places = [f"output={tmp_path / 'runs'}", f"results={tmp_path / 'results'}"]
    assert main(["table", "study=cafe-soft", *words[:-2], *places]) == 1
    assert "1 of 3 trainings failed" in capsys.readouterr().err
    rows = pd.read_csv(tmp_path / "results" / "cafe-soft-synthetic-smoke" / "networks.csv").set_index("network")
    assert "failed.log" in rows.loc["soft", "state"]
    assert rows.loc["one-hot", "state"] == "done"
    assert np.isfinite(rows.loc["one-hot", "l1"])


def test_a_filter_that_nobody_meets_is_a_sentence(monkeypatch):
    config = DatasetConfig(faces=48, size=16)
    monkeypatch.setattr(cafe_soft_crowd, "FILTER", {"min_gold_accuracy": 1.1})
    with pytest.raises(RequestError, match="removes all 40 workers"):
        cafe_soft_crowd.built_in(config, select(open_corpus(config).read().table, {}, config), samples=0)
