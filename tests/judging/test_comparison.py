import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind, ttest_rel, wilcoxon
from statsmodels.stats.multitest import multipletests

from fer_exp.errors import RequestError
from fer_exp.judging.comparison import compare_sources
from fer_exp.judging.groups import group_names, grouped
from fer_exp.judging.judge import judge
from fer_exp.judging.predictions import check_predictions
from fer_exp.judging.sources import Source, on_same_faces
from fer_exp.runs.sources import read_sources
from tests.judging.tables import CLASSES, predictions_table

P = [f"p_{name}" for name in CLASSES]


def source(name, table, **config):
    run = {"config": {"seed": config.pop("seed", 0), "labels": config}} if config else {}
    return Source(Path(f"/runs/{name}.csv"), check_predictions(table), run)


def closer(table, share):
    """The same faces and people, and a model nearer to them."""
    votes = table[[f"votes_{name}" for name in CLASSES]].to_numpy(float)
    human = votes / votes.sum(axis=1, keepdims=True)
    return table.assign(**dict(zip(P, ((1 - share) * table[P].to_numpy() + share * human).T, strict=True)))


@pytest.fixture(scope="module")
def table():
    return predictions_table(90)


@pytest.fixture(scope="module")
def compared(table):
    sources = [source("far", table, kind="onehot"), source("near", closer(table, 0.4), kind="soft")]
    same, _ = on_same_faces(sources, "test", common=False)
    return compare_sources(sources, same, None, samples=400, permutations=2000)


def test_differences_and_tests_are_those_of_the_face_by_face_values(table, compared):
    part = table[table["split"] == "test"]
    votes = part[[f"votes_{name}" for name in CLASSES]].to_numpy(float)
    human = votes / votes.sum(axis=1, keepdims=True)
    a, b = (np.abs(each[P].to_numpy() - human).sum(axis=1) for each in (part, closer(part, 0.4)))
    entry = compared["pairs"][0]["metrics"]["l1"]
    assert entry["difference"] == pytest.approx(a.mean() - b.mean(), abs=1e-9)
    assert entry["p_t"] == pytest.approx(ttest_ind(a, b).pvalue, abs=1e-9)
    assert entry["p_paired"] == pytest.approx(ttest_rel(a, b).pvalue, abs=1e-9)
    assert entry["p_wilcoxon"] == pytest.approx(wilcoxon(a, b).pvalue, abs=1e-9)
    assert entry["dz"] == pytest.approx((a - b).mean() / (a - b).std(ddof=1), abs=1e-9)
    assert entry["low"] < entry["difference"] < entry["high"]
    assert entry["p_permutation"] <= 2 / 2001
    assert "p_mcnemar" in compared["pairs"][0]["metrics"]["accuracy"]
    assert "p_t" not in compared["pairs"][0]["metrics"]["entropy_correlation"]
    assert all(each["holm"] >= each["p"] for each in compared["pairs"][0]["metrics"].values() if each["p"] is not None)


def test_ranks_and_right_or_wrong_are_tested_of_single_runs_alone(table):
    sources = [source(f"{kind}{i}", closer(table, 0.1 * i), kind=kind, seed=i) for kind in "ab" for i in range(3)]
    same, _ = on_same_faces(sources[:-1], "test", common=False)  # three seeds against two
    result = compare_sources(sources[:-1], same, ["accuracy"], samples=20, permutations=20, repairs=False)
    entry = result["pairs"][0]["metrics"]["accuracy"]
    assert {"p_wilcoxon", "p_mcnemar"}.isdisjoint(entry)
    assert {"p_paired", "p_permutation"} <= set(entry)


def test_a_primary_metric_is_corrected_alone_and_the_rest_is_exploratory(table):
    sources = [source(f"{share}", closer(table, share), kind=str(share)) for share in (0.0, 0.1, 0.2)]
    same, _ = on_same_faces(sources, "test", common=False)
    result = compare_sources(sources, same, None, primary="accuracy", samples=100, permutations=0, repairs=False)
    assert result["metrics"][0] == result["primary"] == "accuracy"
    entries = [pair["metrics"] for pair in result["pairs"]]
    p = np.array([metrics["accuracy"]["p"] for metrics in entries])
    assert [metrics["accuracy"]["holm"] for metrics in entries] == pytest.approx(multipletests(p, method="holm")[1])
    assert {metrics["l1"]["holm"] for metrics in entries} == {None}


def test_repairs_prior_and_uniform_stand_beside_the_runs(compared):
    names = [(group["name"], group["repair"]) for group in compared["groups"]]
    assert names[:2] == [("labels=onehot", None), ("labels=soft", None)]
    assert ("labels=onehot, T by labels", "temperature") in names
    assert names[-2:] == [("class prior", "prior"), ("uniform", "uniform")]
    assert compared["subjects"] == 30
    scaled = [pair for pair in compared["pairs"] if compared["groups"][pair["a"]]["repair"] == "temperature"]
    assert all(compared["groups"][pair["a"]]["base"] != pair["b"] for pair in scaled)


def test_runs_of_one_config_are_pooled_and_their_seeds_widen_the_interval(table):
    generator = np.random.default_rng(0)
    shares = 0.1 + 0.2 * generator.random(4)
    sources = [source(f"a{i}", closer(table, share), kind="onehot", seed=i) for i, share in enumerate(shares)]
    assert grouped(sources) == [[0, 1, 2, 3]]
    same, _ = on_same_faces(sources, "test", common=False)
    pooled = compare_sources(sources, same, ["l1"], samples=500, repairs=False)
    own = pooled["groups"][0]["metrics"]["l1"]
    assert own["value"] == pytest.approx(np.mean(own["values"]))
    assert own["sd"] == pytest.approx(np.std(own["values"], ddof=1))
    one = compare_sources(sources[:1], same[:1], ["l1"], samples=500, repairs=False)["groups"][0]["metrics"]["l1"]
    assert own["high"] - own["low"] > one["high"] - one["low"]
    assert one["sd"] is None
    assert pooled["pairs"] == []


def test_two_configs_with_seeds_of_very_different_runs_are_not_told_apart_by_faces_alone(table):
    # Means over two seeds that differ by less than the seeds do: the paired t sees a difference, two levels do not.
    shares = {"onehot": (0.0, 0.5), "soft": (0.1, 0.6)}
    sources = [
        source(f"{kind}{seed}", closer(table, share), kind=kind, seed=seed)
        for kind, pair in shares.items()
        for seed, share in enumerate(pair)
    ]
    same, _ = on_same_faces(sources, "test", common=False)
    entry = compare_sources(sources, same, ["l1"], samples=500, repairs=False)["pairs"][0]["metrics"]["l1"]
    assert entry["p_paired"] < 0.001
    assert entry["p"] > 0.05


def test_groups_are_named_after_what_differs(table):
    sources = [source("a", table, kind="onehot", rule="majority"), source("b", table, kind="soft", rule="majority")]
    sources.append(source("vgg", table))
    assert group_names(sources, grouped(sources)) == ["labels=onehot", "labels=soft", "vgg"]
    sources[1] = source("b", table, kind="smooth", rule="majority", share=0.1)  # a key that the other has not
    assert group_names(sources, grouped(sources)) == ["labels=onehot", "labels=smooth share=0.1", "vgg"]


def test_other_faces_are_refused_and_common_restricts(table):
    fewer = table.drop(index=table.index[table["split"] == "test"][:5])
    sources = [source("all", table), source("some", fewer)]
    with pytest.raises(RequestError, match=r"some and all saw other faces \(85 and 90, .* 85 are in both.*common=true"):
        on_same_faces(sources, "test", common=False)
    same, notes = on_same_faces(sources, "test", common=True)
    assert [len(each.table) for each in same] == [85, 85]
    assert "85 faces that all saw" in notes[0]


def test_a_face_is_the_same_however_its_name_is_spelt(table):
    names = table["face"]
    first = table.assign(face="pictures/Müller/" + names + ".jpg")
    bare = table.assign(face=names)
    apart = table.assign(face=unicodedata.normalize("NFD", "Müller/") + names + ".JPG")
    sources = [source(name, each) for name, each in (("a", first), ("b", bare), ("c", apart))]
    same, notes = on_same_faces(sources, "test", common=False)
    assert all(each.table["face"].tolist() == same[0].table["face"].tolist() for each in same)
    number = int((table["split"] == "test").sum())
    assert notes[0] == f"b calls {number} faces by other names, e.g. face-000 for pictures/Müller/face-000.jpg"
    elsewhere = table.assign(face="others/" + names + ".jpg")
    with pytest.raises(RequestError, match="have no face in common"):
        on_same_faces([sources[0], source("d", elsewhere)], "test", common=True)
    twice = pd.concat([bare, bare.assign(face=names + ".jpg")])
    with pytest.raises(RequestError, match=r"two rows mean the face .*face-000.jpg, face-000 and face-000.jpg"):
        on_same_faces([sources[0], source("e", twice)], "test", common=True)


def test_order_of_faces_and_classes_plays_no_part(table):
    columns = [name for name in table if not name.startswith("p_")]
    shuffled = table.sample(frac=1, random_state=0)[[*columns, *P[::-1]]]
    same, notes = on_same_faces([source("a", table), source("b", shuffled)], "test", common=False)
    assert notes == []
    np.testing.assert_array_equal(same[0].table[P], same[1].table[P])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.assign(face=t["face"] + "x"), "no face in common"),
        (lambda t: t.assign(votes_neutral=t["votes_neutral"] + 1), "other votes for 90 faces, face-000 the first"),
        (
            lambda t: t.rename(columns={"p_surprise": "p_fear", "votes_surprise": "votes_fear"}).assign(label=None),
            "other classes: fear, surprise",
        ),
        (lambda t: t[t["split"] == "val"], "no faces in the split test"),
        (lambda t: t.assign(subject="one"), "shows another subject"),
    ],
)
def test_sources_that_do_not_fit_are_refused(table, change, said):
    with pytest.raises(RequestError, match=said):
        on_same_faces([source("a", table), source("b", change(table))], "test", common=True)


def test_a_table_without_people_borrows_them_and_differing_labels_are_left_out(table):
    bare = table[["face", "split", *P]]
    same, notes = on_same_faces([source("a", table), source("b", bare)], "test", common=False)
    assert same[1].table["votes_neutral"].equals(same[0].table["votes_neutral"])
    assert "b has no votes: taken from a" in notes
    same, notes = on_same_faces([source("a", table), source("b", table.assign(label="sadness"))], "test", common=False)
    assert "labels differ" in notes[0]
    result = compare_sources(same, same, None, samples=0, permutations=0, repairs=False)
    assert "accuracy" not in result["metrics"]
    assert "majority_accuracy" in result["metrics"]


@pytest.mark.filterwarnings("error")
def test_awkward_tables_are_compared(table):
    constant = table.assign(**dict.fromkeys(P, 0.25), subject="one", valence=0.1)
    pair = [source("a", table.assign(subject="one")), source("b", constant)]
    result = compare_sources(pair, on_same_faces(pair, "test", common=False)[0], None, samples=50, permutations=50)
    entry = result["pairs"][0]["metrics"]["l1"]
    assert entry["low"] is None  # a single person cannot be drawn from
    assert entry["difference"] is not None
    assert result["pairs"][0]["metrics"]["entropy_correlation"]["difference"] is None
    one = table.copy()
    votes = [f"votes_{name}" for name in CLASSES]
    one[votes] = np.eye(4, dtype=int)[np.arange(len(one)) % 3]  # one rater a face, an empty class
    pair = [source("a", one), source("b", closer(one, 0.2))]
    result = compare_sources(pair, on_same_faces(pair, "test", common=False)[0], None, samples=50, permutations=50)
    assert "rater_equivalents" not in result["metrics"]
    none = table.assign(**dict.fromkeys(votes, 0), label=None).drop(columns=["human_valence", "human_arousal"])
    pair = [source("a", none), source("b", none)]
    with pytest.raises(RequestError, match="No face has a label, votes or ratings"):
        compare_sources(pair, on_same_faces(pair, "test", common=False)[0], None, samples=0)


def test_an_unknown_metric_is_refused(table):
    pair = [source("a", table), source("b", table)]
    with pytest.raises(RequestError, match=r"metrics names l2.*usual ones are: .*l1"):
        compare_sources(pair, on_same_faces(pair, "test", common=False)[0], ["l2"], samples=0)


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(RequestError, match="is no run folder and no predictions file"):
        read_sources([str(tmp_path / "nothing")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError, match=r"no finished run .*empty has no predictions\.parquet"):
        read_sources([str(tmp_path / "empty")])


def test_two_copies_of_a_corpus_are_one_config_and_two_corpora_are_two(table):
    def of_folder(root, contents, seed):
        config = {"seed": seed, "dataset": {"name": "folder", "root": root}, "labels": {"kind": "soft"}}
        run = {"config": config, "contents": {"dataset": contents}}
        return Source(Path(f"/runs/{root}{seed}"), check_predictions(table), run)

    sources = [of_folder("/home/faces", "a1", 0), of_folder("/box/faces", "a1", 1), of_folder("/box/others", "b2", 0)]
    assert grouped(sources) == [[0, 1], [2]]
    assert group_names(sources, [[0, 1], [2]]) == ["root=/home/faces", "root=/box/others"]
    assert group_names(sources[:2], [[0], [1]]) == ["faces0", "faces1"]


def test_errors_of_calibration_are_not_tested_and_what_few_faces_do_not_bias_is_found_equal():
    """Two calibrated models: one that knows much of each face, and one that knows the shares of classes alone."""
    found = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        known = rng.dirichlet(np.full(3, 0.3), 300)
        label = (known.cumsum(axis=1) > rng.random((300, 1))).argmax(axis=1)
        table = pd.DataFrame(known, columns=P[:3]).assign(face=range(300), split="test", label=np.array(CLASSES)[label])
        flat = table.assign(**dict.fromkeys(P[:3], 1 / 3))
        pair = compare_sources(
            *[[source("sharp", table), source("flat", flat)]] * 2, ["ece", "brier_reliability"],
            samples=200, permutations=0, repairs=False,
        )["pairs"][0]["metrics"]  # fmt: skip
        assert pair["ece"]["difference"] > 0
        assert [pair["ece"][name] for name in ("low", "high", "p", "holm")] == [None] * 4
        found.append(pair["brier_reliability"]["p"])
    assert sum(p < 0.05 for p in found) <= 2


def test_a_single_run_has_the_interval_of_accuracy_that_it_has_alone(table, compared):
    part = table[table["split"] == "test"]
    alone = judge(part, samples=50)["test"]
    for name in ("accuracy", "majority_accuracy"):
        found = compared["groups"][0]["metrics"][name]
        assert [found[end] for end in ("value", "low", "high")] == [
            pytest.approx(alone[name][end]) for end in ("value", "low", "high")
        ]
