"""Labels by epoch, raters drawn, and published noise files."""

import numpy as np
import pytest

from fer_exp.config import LabelsConfig
from fer_exp.errors import RequestError
from fer_exp.labels.draws import draw_raters, multipass, sampled
from fer_exp.labels.kinds import KINDS, by_epoch
from fer_exp.labels.noise_files import is_own, save_noise
from fer_exp.labels.published import file_form, read_published, save_published
from fer_exp.labels.targets import make_targets
from fer_exp.labels.votes import clean
from fer_exp.names import CLASSES
from fer_exp.orders import ORDERS
from tests.labels.test_targets import SEVEN, corpus  # noqa: F401 - a fixture


def some_counts(faces=400, raters=10):
    return np.random.default_rng(5).multinomial(raters, [0.4, 0.3, 0.2, 0.1], faces).astype(float)


def named(faces):
    return [f"f{i:03d}" for i in range(faces)]


def test_sampled_labels_follow_the_votes():
    counts = np.tile([6.0, 3.0, 1.0, 0.0], (2000, 1))
    given = sampled(counts, named(2000), (0, 0))
    shares = np.mean([np.bincount(given(epoch), minlength=4) / 2000 for epoch in range(10)], axis=0)
    assert shares == pytest.approx([0.6, 0.3, 0.1, 0], abs=0.015)  # four standard deviations of 20,000 draws
    assert shares[3] == 0


def test_multipass_meets_every_vote_once_before_it_starts_again():
    counts = some_counts()
    counts[0] = [1, 0, 0, 0]
    given = multipass(counts, named(400), (0, 0))
    labels = np.array([given(epoch) for epoch in range(20)])
    for face in range(1, 400):
        for first in (0, 10):
            assert np.bincount(labels[first : first + 10, face], minlength=4).tolist() == counts[face].tolist()
    assert (labels[:, 0] == 0).all()
    assert len({tuple(column) for column in labels.T}) > 300  # orders of their own


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.each_epoch])
def test_an_epochs_labels_depend_on_seed_epoch_and_face_alone(kind):
    counts, faces = some_counts(), named(400)
    order, deal = np.random.default_rng(1).permutation(400), KINDS[kind].each_epoch
    plain, other = deal(counts, faces, (3, 4)), deal(counts[order], [faces[i] for i in order], (3, 4))
    assert (other(7) == plain(7)[order]).all()  # epoch 7 asked first, as after a resume
    assert (plain(7) != plain(8)).any()
    assert (deal(counts, faces, (3, 5))(7) != plain(7)).any()
    targets = by_epoch(LabelsConfig(kind=kind, seed=3, smoothing=0.2), counts, faces, seed=4)(7)
    assert targets.dtype == np.float32
    assert (targets.argmax(axis=1) == plain(7)).all()
    assert targets.max(axis=1) == pytest.approx(np.full(400, 0.85))


def test_raters_are_drawn_without_replacement_and_nested():
    counts = some_counts(faces=3000)
    few, more = (draw_raters(counts, k, seed=1, faces=named(3000)) for k in (3, 6))
    assert (few.sum(axis=1) == 3).all()
    assert (few <= more).all()
    assert (more <= counts).all()
    assert (draw_raters(counts, 10, 1) == counts).all()
    assert few.mean(axis=0) == pytest.approx(counts.mean(axis=0) * 0.3, abs=0.05)
    # the variance of one draw is the hypergeometric's: (N - k) / (N - 1) of the binomial's
    same = np.tile([6.0, 4.0], (4000, 1))
    drawn = draw_raters(same, 4, seed=2)[:, 0]
    assert drawn.var() == pytest.approx(4 * 0.6 * 0.4 * (10 - 4) / (10 - 1), rel=0.1)
    with pytest.raises(RequestError, match="face 'b' has 1,000,000 votes; is this number a slip"):
        draw_raters(np.vstack([np.ones((4000, 2)), [[999_999, 1]]]), 1, 0, [*map(str, range(4000)), "b"])
    with pytest.raises(RequestError, match="these are proportions"):
        draw_raters([[0.5, 0.5]], 1)


def test_outliers_and_other_answers_are_named_rules():
    counts = [[3, 1, 0, 0], [1, 1, 1, 7], [2, 2, 0, 6]]
    assert clean(counts, 3, "crossentropy").counts[0].tolist() == [3, 0, 0]
    assert clean(counts, 3, "crossentropy", outliers=0).counts[0].tolist() == [3, 0, 0]  # 75 % are there with 3
    assert clean([[2, 1, 1, 0]], 3, "crossentropy", outliers=0).counts[0].tolist() == [2, 1, 1]
    assert not clean(counts, 3, "majority").kept[2]


def test_keys_about_votes_drop_and_count_faces(corpus):  # noqa: F811
    faces, votes = corpus
    base = {"kind": "soft", "rule": "all", "ties": "random"}
    few = make_targets(faces, votes, SEVEN, LabelsConfig(**base, raters=4))
    answers = votes.set_index("face").drop(columns="face", errors="ignore")
    taught = few.table["split"] != "test"
    assert (few.counts[taught].sum(axis=1) <= 4).all()
    tested = few.table["face"][~taught]
    assert few.counts[~taught].sum(axis=1).tolist() == answers.loc[tested, list(SEVEN)].sum(axis=1).tolist()
    least = make_targets(faces, votes, SEVEN, LabelsConfig(**base, min_votes=9))
    assert least.dropped["fewer votes than 9"] > 0
    assert (least.counts.sum(axis=1) >= 9).all()
    ignoring = make_targets(faces, votes, SEVEN, LabelsConfig(**base, others="ignore"))
    assert len(ignoring.table) > len(make_targets(faces, votes, SEVEN, LabelsConfig(**base)).table)
    short = votes.copy()
    short.loc[short.index[:10], [*SEVEN, "unknown", "not_a_face"]] = 0
    short.loc[short.index[:10], SEVEN[0]] = 2
    made = make_targets(faces, short, SEVEN, LabelsConfig(**base, raters=4))
    assert made.dropped["fewer raters than 4"] == (faces["split"][:10] != "test").sum()


def test_multi_target_gives_equal_weight_to_the_classes_of_its_rule(corpus):  # noqa: F811
    made = make_targets(*corpus, SEVEN, LabelsConfig(kind="multi_target", rule="multi_target", ties="first"))
    kept, counts = clean(corpus[1].drop(columns="face"), 7, "multi_target")
    expected = (counts[kept] > 0) / (counts[kept] > 0).sum(axis=1, keepdims=True)
    assert made.table.filter(like="target_").to_numpy() == pytest.approx(expected)
    assert expected.min(axis=1).max() == 0
    assert ((expected > 0).sum(axis=1) > 1).any()


NAMES = {f"train_{i:05d}": f"train_{i:05d}" for i in range(1, 8)}


@pytest.mark.parametrize("form", ORDERS)
def test_every_published_form_reads_back_what_it_writes(tmp_path, form):
    classes = ORDERS[form].classes
    labels = {face: classes[i % len(classes)] for i, face in enumerate(NAMES)}
    save_published(tmp_path / "n.txt", labels, ORDERS[form])
    assert read_published(tmp_path / "n.txt", NAMES, CLASSES, ORDERS[form]) == (labels, 0)
    numbers = {int(line.split()[1]) for line in (tmp_path / "n.txt").read_text().splitlines()}
    assert min(numbers) == ORDERS[form].first
    assert not is_own(tmp_path / "n.txt")


@pytest.mark.parametrize(
    "line",
    [
        "train_00003.jpg 4",
        "train_00003_aligned.jpg 4",
        "train_00003 4",
        "/home/some one/RAF DB/train_00003.jpg 4",
        "C:\\faces\\train_00003.JPG 4",
        "train_00003.jpg 4 1",
        "train_00003.jpg,4,0",
        "train_00003.jpg\t4\tTrue",
    ],
)
def test_names_of_other_machines_and_a_flag_column_are_understood(tmp_path, line):
    (tmp_path / "n.txt").write_text(f"train_00001.jpg 1\r\n{line}\nstranger.jpg 2\n")
    labels, strange = read_published(tmp_path / "n.txt", NAMES, CLASSES, ORDERS["rafdb"])
    assert labels == {"train_00001": "surprise", "train_00003": "happiness"}
    assert strange == 1


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("train_00001.jpg 7\n", "scn", "line 1: the label '7' is out of 0 to 6"),
        ("train_00001.jpg 0\n", "rafdb", "line 1: the label '0' is out of 1 to 7"),
        ("train_00001.jpg 3\n", None, "numbers mean other classes in every tool: name them with labels.file_classes"),
        ("train_00001.jpg hapiness\n", None, "did you mean happiness"),
        ("train_00001.jpg\n", "scn", "is no name and label"),
        ("train_00001.jpg 1\ntrain_00001 2\n", "scn", "line 2: the face 'train_00001' has a label already"),
        ("a 1\nb 2\n", "scn", "none of its 2 faces is in this dataset, first 'a'"),
        ("train_00001.jpg 7\n", "ferplus", "contempt is no class of this run"),
    ],
)
def test_a_bad_published_file_is_named_by_line(tmp_path, text, form, said):
    (tmp_path / "n.txt").write_text(text)
    with pytest.raises(RequestError, match=said):
        read_published(tmp_path / "n.txt", NAMES, CLASSES[:7], ORDERS[form] if form else None)


def test_the_order_of_a_list_and_its_first_number_are_named():
    assert file_form(["Happy", "sad"], 1).classes == ("happiness", "sadness")
    with pytest.raises(RequestError, match=r"labels.file_first=0 or 1"):
        file_form(["happy", "sad"], None)
    with pytest.raises(RequestError, match="every class once"):
        file_form(["happy", "joy"], 0)
    with pytest.raises(RequestError, match="did you mean happiness"):
        file_form(["hapiness"], 0)


def test_own_files_are_told_from_others(tmp_path):
    save_noise(tmp_path / "own.txt", {"a": "fear"})
    assert is_own(tmp_path / "own.txt")
    assert not is_own(tmp_path / "none.txt")


def test_ferplus_names_are_joined_by_picture_and_not_by_row(corpus, tmp_path):  # noqa: F811
    """From row 60 on FER+'s picture names are those of other rows: face fer0000060 is not the picture fer0000060."""
    faces, _ = corpus
    faces = faces.assign(label="fear", split="train").iloc[:4].reset_index(drop=True)
    faces["face"] = ["fer0000000", "fer0000001", "fer0000002", "fer0000003"]
    faces["picture"] = ["fer0000000", "fer0000002", "fer0000003", "fer0000004"]
    (tmp_path / "n.txt").write_text("fer0000000 0\nfer0000002.png 1\nfer0000003.png 2\nfer0000004.png 3\n")
    config = LabelsConfig(kind="noisy", noise="file", file=str(tmp_path / "n.txt"), file_classes="ferplus")
    made = make_targets(faces, None, SEVEN, config)
    assert made.table["label"].tolist() == ["neutral", "happiness", "surprise", "sadness"]
