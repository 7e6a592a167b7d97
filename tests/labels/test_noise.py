"""Wrong labels on purpose: as many as asked, where asked, and the same ones again."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, chisquare

from fer_exp.config import LabelsConfig
from fer_exp.errors import RequestError
from fer_exp.labels import flips, noise_files, transitions
from fer_exp.labels.noise import NOISES, CleanLabels, add_noise
from fer_exp.names import CLASSES

MATRIX_KINDS = ("symmetric", "uniform", "asymmetric", "pairflip", "human")
CONFUSION = np.random.default_rng(0).integers(1, 50, (8, 8))


def some_labels(size=4000, seed=0):
    labels = np.random.default_rng(seed).choice(8, size, p=np.array([30, 25, 15, 12, 8, 5, 4, 1]) / 100)
    return labels, [f"face{i}" for i in range(size)]


def matrix_of(kind, rate, classes, confusion=None):
    return transitions.transition(getattr(transitions, kind)(classes, confusion), rate)


@pytest.mark.parametrize("kind", MATRIX_KINDS)
@pytest.mark.parametrize("rate", [0, 0.2, 1])
@pytest.mark.parametrize("classes", [CLASSES, CLASSES[:7], CLASSES[:2]])
def test_rows_are_distributions_that_leave_at_the_rate(kind, rate, classes):
    size = len(classes)
    matrix = matrix_of(kind, rate, classes, CONFUSION[:size, :size])
    assert matrix.min() >= 0
    assert matrix.sum(axis=1) == pytest.approx(np.ones(size))
    leave = 1 - matrix.diagonal()
    if kind == "uniform":
        assert leave == pytest.approx(np.full(size, rate * (size - 1) / size))
    elif kind == "asymmetric":
        moves = [name in transitions.PAIRS and transitions.PAIRS[name] in classes for name in classes]
        assert leave == pytest.approx(rate * np.array(moves))
    else:
        assert leave == pytest.approx(np.full(size, rate))


def test_where_labels_go():
    symmetric = matrix_of("symmetric", 0.7, CLASSES)
    assert symmetric[~np.eye(8, dtype=bool)] == pytest.approx(np.full(56, 0.1))
    flips = matrix_of("asymmetric", 1, CLASSES).argmax(axis=1)
    goes = {CLASSES[i]: CLASSES[j] for i, j in enumerate(flips) if i != j}
    assert goes == transitions.PAIRS
    assert matrix_of("pairflip", 1, CLASSES).argmax(axis=1).tolist() == [1, 2, 3, 4, 5, 6, 7, 0]
    human = matrix_of("human", 0.4, ("a", "b", "c"), [[9, 3, 1], [2, 8, 0], [0, 0, 5]])
    assert human == pytest.approx(np.array([[0.6, 0.3, 0.1], [0.4, 0.6, 0], [0, 0, 1]]))


def test_labels_and_matrices_that_do_not_fit_are_refused():
    with pytest.raises(RequestError, match="run from 0 to 1, found 0 to 2"):
        flips.flip([0, 2], np.eye(2))
    with pytest.raises(RequestError, match="rows sum to 1"):
        flips.flip([0, 1], [[0.5, 0.4], [0, 1]])


@pytest.mark.parametrize("kind", MATRIX_KINDS)
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5, 0.77])
@pytest.mark.parametrize("size", [11, 400, 4001])
def test_exact_counts_are_within_one_face_of_the_expected(kind, rate, size):
    labels, faces = some_labels(size)
    matrix = matrix_of(kind, rate, CLASSES, CONFUSION)
    counts, rates = flips.realised(labels, flips.flip(labels, matrix, True, 3, faces), 8)
    number = counts.sum(axis=1)
    assert np.abs(counts - matrix * number[:, None]).max() < 1
    seen = number > 0
    assert (np.abs(rates - (1 - matrix.diagonal()))[seen] * number[seen] < 1).all()
    assert np.isnan(rates[~seen]).all()


def test_bernoulli_follows_the_matrix():
    labels = np.repeat(np.arange(8), 5000)
    matrix = matrix_of("human", 0.4, CLASSES, CONFUSION)
    counts, _ = flips.realised(labels, flips.flip(labels, matrix, exact=False, seed=11), 8)
    statistic = sum(chisquare(row, expected).statistic for row, expected in zip(counts, matrix * 5000, strict=True))
    assert chi2.sf(statistic, 8 * 7) > 0.001  # one fixed seed, so this cannot fail by chance on another day
    never = matrix_of("pairflip", 0.5, CLASSES) == 0
    after = flips.flip(labels, matrix_of("pairflip", 0.5, CLASSES), exact=False, seed=2)
    assert (flips.realised(labels, after, 8)[0][never] == 0).all()


@pytest.mark.parametrize("exact", [True, False])
def test_flips_belong_to_faces_and_not_to_rows(exact):
    labels, faces = some_labels()
    order = np.random.default_rng(9).permutation(len(labels))
    shuffled = [faces[i] for i in order]
    votes = np.random.default_rng(4).dirichlet(np.ones(8), len(labels))
    matrix = matrix_of("symmetric", 0.3, CLASSES)
    plain = flips.flip(labels, matrix, exact, 5, faces)
    assert (flips.flip(labels[order], matrix, exact, 5, shuffled) == plain[order]).all()
    assert (flips.flip(labels, matrix, exact, 5, faces) == plain).all()
    assert (flips.flip(labels, matrix, exact, 6, faces) != plain).any()
    own = flips.flip_by_votes(labels, votes, 0.3, exact, 5, faces)
    assert (flips.flip_by_votes(labels[order], votes[order], 0.3, exact, 5, shuffled) == own[order]).all()


@pytest.mark.parametrize("exact", [True, False])
def test_faces_wrong_at_a_low_rate_are_wrong_at_a_higher_one(exact):
    labels, faces = some_labels()
    low, high = (flips.flip(labels, matrix_of("symmetric", rate, CLASSES), exact, 5, faces) for rate in (0.1, 0.4))
    assert (high != labels)[low != labels].all()


def test_a_face_gets_only_labels_that_its_own_raters_gave():
    labels, faces = some_labels()
    other = (labels + 3) % 8
    votes = 0.5 * np.eye(8)[labels] + 0.5 * np.eye(8)[other]
    after = flips.flip_by_votes(labels, votes, 0.6, True, 1, faces)
    assert ((after == labels) | (after == other)).all()
    assert np.mean(after != labels) == pytest.approx(0.3, abs=0.03)  # half of those drawn again come out clean
    assert (flips.flip_by_votes(labels, np.eye(8)[other], 1, True, 1, faces) == other).all()
    certain = flips.flip_by_votes(labels, np.eye(8)[other], 0.25, True, 1, faces)
    counts, rates = flips.realised(labels, certain, 8)
    assert (np.abs(rates - 0.25) * counts.sum(axis=1) < 0.5 + 1e-9).all()
    assert (flips.flip_by_votes(labels, votes, 0, False, 1, faces) == labels).all()


def test_a_noise_file_gives_the_same_labels_back(tmp_path):
    labels = {"a b.png": "fear", "ü/2.png": "anger", "1": "neutral"}
    digest = noise_files.save_noise(tmp_path / "noise.txt", labels)
    assert noise_files.read_noise(tmp_path / "noise.txt", list(labels), CLASSES) == labels
    assert digest == noise_files.labels_hash(dict(reversed(labels.items())))
    assert digest != noise_files.labels_hash({**labels, "1": "fear"})
    assert (tmp_path / "noise.txt").read_text("utf-8").splitlines()[1] == "a b.png fear"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a fear\nc fear\n", "line 2: there is no face 'c'"),
        ("a fear\n\nb feer\n", "line 3: 'feer' is no class"),
        ("a 4\n", "line 1: '4' is no class.*Numbers mean other classes in every tool"),
        ("a\n", "line 1: '' is no class"),
        ("a fear\na anger\n", "line 2: the face 'a' has a label already"),
        (noise_files.HEADER + "0" * 64 + "\na fear\n", "the labels are not those that were saved"),
    ],
)
def test_a_bad_noise_file_is_named_by_line(tmp_path, text, sentence):
    (tmp_path / "noise.txt").write_text(text)
    with pytest.raises(RequestError, match=sentence):
        noise_files.read_noise(tmp_path / "noise.txt", ["a", "b"], CLASSES)


def test_a_missing_file_or_an_id_that_fits_no_line_is_refused(tmp_path):
    with pytest.raises(RequestError, match="there is no such file"):
        noise_files.read_noise(tmp_path / "none.txt", [], CLASSES)
    for face in ("", " a", "a\nb", "# a"):
        with pytest.raises(RequestError, match="cannot be written"):
            noise_files.save_noise(tmp_path / "noise.txt", {face: "fear"})


@pytest.mark.parametrize("kind", [name for name, row in NOISES.items() if not row.from_file])
def test_no_label_becomes_a_class_that_nobody_has(kind):
    labels, faces = some_labels()
    labels = np.where(np.isin(labels, (1, 4)), 0, labels)  # nobody is happy or afraid
    counts = np.random.default_rng(3).integers(0, 5, (len(labels), 8)).astype(float)
    counts[0] = np.eye(8)[4]  # whose raters all chose what nobody has
    splits = np.array(["train"] * 3000 + ["val"] * 500 + ["test"] * 500, dtype=object)
    clean = CleanLabels(
        np.array(faces, dtype=object), splits, labels, counts, CLASSES, ("train", "val"), pd.DataFrame()
    )
    after, account = add_noise(clean, LabelsConfig(kind="noisy", noise=kind, rate=0.6))
    assert account["nobody"] == ["happiness", "fear"]
    assert not np.isin(after, (1, 4)).any()
    assert after[0] == labels[0] or kind != "human_face"
    if kind == "pairflip":  # to the next class that there is, neutral to sadness
        assert set(after[(labels == 0) & (after != labels)].tolist()) == {2}
    if kind in ("symmetric", "pairflip"):
        assert account["realised_rate"] == pytest.approx(0.6, abs=0.001)
    if kind == "asymmetric":
        assert account["stay"] == ["contempt"]
