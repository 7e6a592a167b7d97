"""Targets: the right faces, rows that sum to one, an honest account of the noise."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli.compose import check
from fer_exp.config import LabelsConfig, TrainConfig
from fer_exp.errors import RequestError
from fer_exp.labels.noise import NOISES
from fer_exp.labels.noise_files import save_noise
from fer_exp.labels.rules import check_labels
from fer_exp.labels.targets import make_targets, targets_hash
from fer_exp.labels.votes import clean
from fer_exp.names import CLASSES

SEVEN = CLASSES[:7]
COLUMNS = [f"target_{name}" for name in SEVEN]
NOISY = LabelsConfig(kind="noisy", rate=0.3, rule="crossentropy")


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(2)
    size = 1200
    shares = np.array([rng.dirichlet(np.full(9, 0.25)) for _ in range(size)])
    counts = np.array([rng.multinomial(10, share) for share in shares])
    counts[5] = 0
    faces = pd.DataFrame({"face": [f"f{i:04}" for i in range(size)], "subject": None})
    faces["split"] = rng.choice(["train", "val", "test"], size, p=[0.7, 0.15, 0.15])
    faces["label"] = rng.choice(SEVEN, size)
    faces.loc[::50, "label"] = None
    votes = pd.DataFrame(counts, columns=[*SEVEN, "unknown", "not_a_face"])
    votes.insert(0, "face", faces["face"])
    return faces, votes


def targets_of(table):
    return table[COLUMNS].to_numpy()


@pytest.mark.parametrize("rule", ["probability", "crossentropy", "multi_target", "all"])
@pytest.mark.parametrize("ties", ["drop", "first", "random"])
def test_every_kind_keeps_the_same_faces_under_a_rule(corpus, rule, ties):
    base = LabelsConfig(rule=rule, ties=ties)
    tables = [
        make_targets(*corpus, SEVEN, config)
        for config in (base, replace(base, kind="soft"), replace(base, kind="noisy", rate=0.4))
    ]
    for made in tables:
        assert made.table["face"].tolist() == tables[0].table["face"].tolist()
        assert made.dropped == tables[0].dropped
        assert len(made.table) + sum(made.dropped.values()) == len(corpus[0])
        assert targets_of(made.table).sum(axis=1) == pytest.approx(np.ones(len(made.table)))
    assert ("ties" in tables[0].dropped) == (ties == "drop")
    assert tables[0].dropped["no votes"] >= 1
    assert tables[0].table["face"].is_monotonic_increasing


def test_a_majority_cannot_be_tied(corpus):
    made = make_targets(*corpus, SEVEN, LabelsConfig())
    assert set(made.dropped) == {"no votes", "rule majority"}
    assert made.noise is None
    assert list(made.table.columns) == ["face", "split", "clean_label", "label", *COLUMNS]
    assert set(made.table["split"]) == {"train", "val", "test"}


def test_soft_targets_are_the_cleaned_fractions_of_that_face(corpus):
    faces, votes = corpus
    shuffled = votes.sample(frac=1, random_state=0)
    table = make_targets(faces, shuffled, SEVEN, LabelsConfig(kind="soft", rule="crossentropy", ties="first")).table
    kept, counts = clean(votes.drop(columns="face"), 7, "crossentropy")
    assert table["face"].tolist() == faces["face"][kept].tolist()
    assert targets_of(table) == pytest.approx(counts[kept] / counts[kept].sum(axis=1, keepdims=True))
    assert (targets_of(table) > 0).sum(axis=1).max() > 1


def test_smoothing_mixes_with_the_uniform_distribution(corpus):
    table = make_targets(*corpus, SEVEN, LabelsConfig(smoothing=0.7)).table
    assert np.unique(targets_of(table).round(9)).tolist() == [0.1, 0.4]


def test_sources(corpus):
    faces, votes = corpus
    by_votes = make_targets(faces, votes, SEVEN, LabelsConfig())
    by_label = make_targets(faces, votes, SEVEN, LabelsConfig(source="label"))
    assert by_label.dropped["no label"] > 0
    joined = by_label.table.merge(faces, on="face")
    assert (joined["label_x"] == joined["label_y"]).all()
    unrated = set(votes["face"][votes.drop(columns="face").sum(axis=1) == 0])
    assert unrated < set(by_label.table["face"])  # the corpus' label does not need votes
    assert set(by_label.table["face"]) - unrated < set(by_votes.table["face"])
    alone = make_targets(faces, None, SEVEN, LabelsConfig())
    assert alone.dropped == {"no label": 24}
    few = make_targets(faces, None, SEVEN[:6], LabelsConfig())
    assert few.dropped[f"label {SEVEN[6]}, no class here"] == int((faces["label"] == SEVEN[6]).sum())


@pytest.mark.parametrize("kind", [kind for kind in NOISES if kind != "file"])
@pytest.mark.parametrize("exact", [True, False])
def test_noise_flips_train_and_val_and_never_test(corpus, kind, exact):
    made = make_targets(*corpus, SEVEN, replace(NOISY, noise=kind, exact=exact))
    table, account = made.table, json.loads(json.dumps(made.noise))
    wrong = table["label"] != table["clean_label"]
    assert set(table["split"][wrong]) == {"train", "val"}
    assert account["flipped"] == wrong.sum()
    assert sum(part["flipped"] for part in account["splits"].values()) == wrong.sum()
    assert np.sum(account["realised"]) == account["faces"] == (table["split"] != "test").sum()
    assert account["realised_rate"] == pytest.approx(wrong.sum() / account["faces"])
    assert (np.asarray(SEVEN)[targets_of(table).argmax(axis=1)] == table["label"]).all()
    if exact and kind == "symmetric":
        for split in ("train", "val"):
            part = table[table["split"] == split]
            by_class = (part["label"] != part["clean_label"]).groupby(part["clean_label"]).agg(["sum", "size"])
            assert (np.abs(by_class["sum"] - 0.3 * by_class["size"]) < 1).all()


def test_the_validation_can_be_left_clean(corpus):
    made = make_targets(*corpus, SEVEN, replace(NOISY, clean_validation=True))
    both = make_targets(*corpus, SEVEN, NOISY)
    wrong = made.table["label"] != made.table["clean_label"]
    assert set(made.table["split"][wrong]) == {"train"}
    train = made.table["split"] == "train"
    assert made.table[train].equals(both.table[train])


def test_flips_and_hash_do_not_depend_on_the_order_of_faces(corpus):
    faces, votes = corpus
    order = np.random.default_rng(3).permutation(len(faces))
    config = replace(NOISY, ties="random")
    plain = make_targets(faces, votes, SEVEN, config)
    shuffled = make_targets(faces.iloc[order].reset_index(drop=True), votes, SEVEN, config)
    back = shuffled.table.sort_values("face", ignore_index=True)
    pd.testing.assert_frame_equal(back, plain.table)
    assert plain.noise == shuffled.noise
    assert targets_hash(plain.table) == targets_hash(shuffled.table)
    other = make_targets(faces, votes, SEVEN, replace(config, seed=1))
    assert targets_hash(plain.table) != targets_hash(other.table)
    assert plain.noise["hash"] != other.noise["hash"]


def test_a_saved_noise_file_gives_the_same_targets(corpus, tmp_path):
    made = make_targets(*corpus, SEVEN, NOISY)
    noisy = made.table[made.table["split"] != "test"]
    file = tmp_path / "noise.txt"
    assert save_noise(file, dict(zip(noisy["face"], noisy["label"], strict=True))) == made.noise["hash"]
    again = make_targets(*corpus, SEVEN, replace(NOISY, noise="file", file=str(file)))
    assert targets_hash(again.table) == targets_hash(made.table)
    assert again.noise["hash"] == made.noise["hash"]
    assert again.noise["realised"] == made.noise["realised"]
    assert again.noise["rate"] is None
    with pytest.raises(RequestError, match=r"has no label for .* train faces, first f0.*labels\.rule"):
        make_targets(*corpus, SEVEN, replace(NOISY, noise="file", file=str(file), rule="all"))


def test_a_file_of_training_faces_alone_leaves_the_validation_clean(corpus, tmp_path):
    train = make_targets(*corpus, SEVEN, NOISY).table.query("split == 'train'")
    save_noise(tmp_path / "n.txt", dict(zip(train["face"], train["label"], strict=True)))
    made = make_targets(*corpus, SEVEN, replace(NOISY, noise="file", file=str(tmp_path / "n.txt")))
    assert made.noise["splits"]["val"]["flipped"] == 0
    assert made.noise["splits"]["train"]["flipped"] > 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "sfot"}, "labels.kind=sfot is unknown; did you mean soft"),
        ({"source": "vote"}, "labels.source=vote is unknown; did you mean votes"),
        ({"rule": "majorty"}, "labels.rule=majorty is unknown; did you mean majority"),
        ({"ties": "rnd"}, "labels.ties=rnd is unknown"),
        ({"noise": "asymetric"}, "labels.noise=asymetric is unknown; did you mean asymmetric"),
        ({"rate": 0.2}, "labels.rate=0.2 does nothing with labels=onehot"),
        ({"kind": "noisy", "rate": 2.0}, "labels.rate=2 is no share"),
        ({"kind": "noisy", "rate": float("nan")}, "labels.rate is nan; it must be a finite number"),
        ({"rule": "crossentropi"}, r"labels\.rule=crossentropi is unknown; did you mean crossentropy\?"),
        ({"ties": "frist"}, r"labels\.ties=frist is unknown; did you mean first"),
        ({"smoothing": 1.5}, r"labels\.smoothing=1\.5 is no share"),
        ({"smoothing": -1.0}, "labels.smoothing=-1 is no share"),
        ({"file": "x.txt"}, "labels.file is read only with"),
        ({"kind": "noisy", "noise": "file"}, "labels.noise=file needs labels.file"),
        ({"kind": "soft", "rule": "majority"}, "set labels.rule=crossentropy"),
    ],
)
def test_a_wrong_request_names_the_key_and_the_way_out(change, sentence):
    with pytest.raises(RequestError, match=sentence):
        check(TrainConfig(labels=LabelsConfig(**change)))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "soft", "rule": "all"}, "labels.kind=soft needs votes .* dataset=ferplus"),
        ({"source": "votes"}, "labels.source=votes needs votes"),
        ({"raters": 3}, "labels.raters needs votes"),
        ({"kind": "noisy", "noise": "human"}, "labels.noise=human needs votes"),
        ({"kind": "noisy", "noise": "human_face"}, "labels.noise=human_face needs votes"),
    ],
)
def test_votes_asked_of_a_corpus_without_are_named(corpus, change, sentence):
    config = LabelsConfig(**change)
    check_labels(config)
    with pytest.raises(RequestError, match=sentence):
        make_targets(corpus[0], None, SEVEN, config)


def test_votes_that_do_not_fit_are_refused(corpus):
    faces, votes = corpus
    with pytest.raises(RequestError, match="there is no column 'fear'"):
        make_targets(faces, votes.drop(columns="fear"), SEVEN, LabelsConfig())
    with pytest.raises(RequestError, match="the face 'f0000' has two rows"):
        make_targets(faces, pd.concat([votes, votes.iloc[:1]]), SEVEN, LabelsConfig())
    shares = votes.copy()
    shares[shares.columns[1:]] = shares[shares.columns[1:]] / 10.0
    with pytest.raises(RequestError, match=r"these are proportions; set labels\.rule=all"):
        make_targets(faces, shares, SEVEN, LabelsConfig())
    assert len(make_targets(faces, shares, SEVEN, LabelsConfig(kind="soft", rule="all")).table) > 0
    nobody = votes.assign(**dict.fromkeys(SEVEN, 0))
    with pytest.raises(RequestError, match="none of 1,200 faces stays"):
        make_targets(faces, nobody, SEVEN, LabelsConfig())


def test_common_keeps_the_faces_that_every_rule_keeps():
    faces = pd.DataFrame({"face": list("abcd"), "split": "train", "label": None})
    votes = pd.DataFrame({"face": list("abcd"), "x": [9, 5, 4, 0], "y": [1, 5, 3, 2], "z": [0, 0, 3, 8]})
    configs = [LabelsConfig(rule="majority", common=True), LabelsConfig(kind="soft", rule="all", common=True)]
    kept = [make_targets(faces, votes, ("x", "y", "z"), config).table["face"].tolist() for config in configs]
    assert kept == [["a", "d"], ["a", "d"]]


def test_classes_of_ones_own_are_flipped_saved_and_believed(tmp_path):
    classes = ("neutral", "boredom", "facial_palsy")
    faces = pd.DataFrame({"face": [f"{n} x.png" for n in range(60)], "split": ["train", "val", "test"] * 20})
    faces["label"] = [classes[n % 4] if n % 4 < 3 else "thumbs" for n in range(60)]
    made = make_targets(faces, None, classes, LabelsConfig(kind="noisy", noise="pairflip", rate=0.5))
    assert made.dropped == {"label thumbs, no class here": 15}
    save_noise(tmp_path / "noise.txt", dict(zip(made.table["face"], made.table["label"], strict=True)))
    config = LabelsConfig(kind="noisy", noise="file", file=str(tmp_path / "noise.txt"))
    assert targets_hash(make_targets(faces, None, classes, config).table) == targets_hash(made.table)
    others = tmp_path / "theirs.txt"
    others.write_text("".join(f"{face} {'Facial Palsy'.replace(' ', '-')}\n" for face in faces["face"]))
    theirs = make_targets(faces, None, classes, replace(config, file=str(others), clean_validation=True))
    assert set(theirs.table["label"][theirs.table["split"] == "train"]) == {"facial_palsy"}
    beliefs = pd.DataFrame({"face": faces["face"], "p_Boredom": 0.25, "p_facial palsy": 0.75})
    beliefs.to_csv(tmp_path / "p.csv", index=False)
    config = LabelsConfig(kind="aggregated", posteriors=str(tmp_path / "p.csv"), ties="first")
    assert make_targets(faces, None, classes, config).table["target_facial_palsy"].eq(0.75).all()
    for share, other, wanted in ((75, 25, 0.75), (0.334, 0.665, 0.334 / 0.999)):  # in percent, rounded
        beliefs.assign(**{"p_Boredom": other, "p_facial palsy": share}).to_csv(tmp_path / "p.csv", index=False)
        found = make_targets(faces, None, classes, config).table["target_facial_palsy"]
        assert found.tolist() == pytest.approx([wanted] * len(found))
