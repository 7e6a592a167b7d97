"""The built-in faces: reproducible, told apart by their pixels, answered by raters whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from fer_exp.datasets.corpus import FACE_COLUMNS
from fer_exp.datasets.synthetic.corpus import Synthetic
from fer_exp.datasets.synthetic.drawing import draw_face
from fer_exp.datasets.synthetic.expressions import ACTION_UNITS, PROTOTYPES, combine
from fer_exp.datasets.synthetic.people import View, draw_person
from fer_exp.datasets.synthetic.raters import PANEL, SPAMMERS
from fer_exp.errors import RequestError
from fer_exp.names import CLASSES

SEVEN = CLASSES[:7]


@pytest.fixture(scope="module")
def corpus() -> Synthetic:
    return Synthetic(1200, SEVEN, 0)


def pictures(corpus: Synthetic, size: int = 24):
    return np.concatenate(list(corpus.pixels(size)))


def test_the_same_seed_draws_the_same_bytes_and_votes_and_another_seed_others():
    one, same, other = (Synthetic(60, SEVEN, seed) for seed in (3, 3, 4))
    assert (pictures(one) == pictures(same)).all()
    pd.testing.assert_frame_equal(one.read().votes, same.read().votes)
    assert (pictures(one) != pictures(other)).any()
    assert one.recipe() != other.recipe()


def test_a_face_does_not_depend_on_how_many_are_drawn():
    assert (pictures(Synthetic(60, SEVEN, 0)) == pictures(Synthetic(120, SEVEN, 0))[:60]).all()


@pytest.mark.parametrize("size", [24, 48, 112])
def test_pictures_have_the_size_asked_for(size):
    drawn = pictures(Synthetic(48, CLASSES, 0), size)
    assert drawn.shape == (48, size, size, 3)
    assert drawn.dtype == np.uint8
    assert drawn.std(axis=(1, 2, 3)).min() > 5


def test_tables_keep_their_contract(corpus):
    faces = corpus.read()
    assert tuple(faces.table.columns) == FACE_COLUMNS
    assert faces.table["face"].is_unique
    assert faces.votes["face"].tolist() == faces.table["face"].tolist()
    assert (faces.votes.drop(columns="face").sum(axis=1) == PANEL).all()
    assert faces.table.groupby("subject")["split"].nunique().max() == 1
    assert 0.15 < (faces.table["split"] == "test").mean() < 0.35
    assert faces.table[["valence", "arousal"]].abs().max().max() <= 1


def test_answers_add_up_to_votes_and_ratings(corpus):
    faces, answers = corpus.read(), corpus.ratings()
    counted = pd.crosstab(answers["task"], answers["label"]).reindex(faces.table["face"])
    for name in counted:
        assert counted[name].tolist() == faces.votes[name].tolist()
    assert not answers.duplicated(["task", "worker"]).any()


def test_votes_are_draws_from_the_truth(corpus):
    """Mean vote shares over the faces lie within four standard errors of the mean truth, class by class."""
    truth, votes = corpus.truth().set_index("face"), corpus.read().votes.set_index("face")[list(SEVEN)]
    np.testing.assert_allclose(truth.sum(axis=1), 1)
    total = votes.sum(axis=1)
    expected = truth.mul(total, axis=0).sum()
    error = np.sqrt((truth * (1 - truth)).mul(total, axis=0).sum())
    assert ((votes.sum() - expected).abs() < 4 * error).all()
    shares = votes.div(total, axis=0)
    assert np.corrcoef(shares.to_numpy().ravel(), truth.to_numpy().ravel())[0, 1] > 0.9


def test_people_confuse_what_people_confuse(corpus):
    table, truth = corpus.read().table, corpus.truth()[list(SEVEN)]
    mean = truth.groupby(table["label"]).mean()
    assert mean.loc["fear"].drop(["fear", "neutral"]).idxmax() == "surprise"
    assert mean.loc["disgust"].drop(["disgust", "neutral"]).idxmax() == "anger"
    strength = np.array([sitting.expression.activation.max() for sitting in corpus._sittings])
    emotional = (table["label"] != "neutral").to_numpy()
    faint, strong = emotional & (strength < 0.4), emotional & (strength > 0.8)
    assert truth["neutral"][faint].mean() > 3 * truth["neutral"][strong].mean()


def test_spammers_agree_with_nobody(corpus):
    answers, label = corpus.ratings(), corpus.read().table.set_index("face")["label"]
    right = (answers["label"] == answers["task"].map(label)).groupby(answers["worker"]).mean()
    skill = corpus.workers().set_index("worker")["skill"]
    assert (skill == 0).sum() == SPAMMERS
    assert right[skill == 0].max() < right[skill > 0].min()


def test_the_expression_is_in_the_pixels(corpus):
    """A linear model on small grey pictures tells strong surprise from strong happiness in persons it has not seen."""
    table, grey = corpus.read().table, pictures(corpus).mean(axis=3).reshape(len(corpus._ids), -1) / 255
    strength = np.array([sitting.expression.activation.max() for sitting in corpus._sittings])
    some = (table["label"].isin(["happiness", "surprise"]) & (strength > 0.6)).to_numpy()
    train = (table["split"] == "train").to_numpy()
    scaled = grey - grey.mean(axis=1, keepdims=True)
    model = LogisticRegression(C=0.1, max_iter=500).fit(scaled[some & train], table["label"][some & train])
    assert model.score(scaled[some & ~train], table["label"][some & ~train]) > 0.65


@pytest.mark.parametrize(
    ("unit", "rows"), [("AU12", (55, 90)), ("AU4", (20, 50)), ("AU26", (55, 96)), ("AU5", (30, 55))]
)
def test_an_action_unit_moves_its_own_part_of_the_face(unit, rows):
    person = draw_person(np.random.default_rng(1))
    rest = dict.fromkeys(ACTION_UNITS, 0.0)
    still, moved = (
        draw_face(person, View(), actions, 1, 96, (0,)).astype(int) for actions in (rest, {**rest, unit: 1.0})
    )
    changed = np.abs(still - moved).sum(axis=(1, 2))
    assert changed.sum() > 0
    assert changed[rows[0] : rows[1]].sum() > 0.95 * changed.sum()


def test_every_prototype_looks_different():
    person = draw_person(np.random.default_rng(2))
    drawn = {
        (name, number): draw_face(person, View(), combine({name: 1.0}, {name: variant}), 1, 48, (0,)).tobytes()
        for name, variants in PROTOTYPES.items()
        for number, variant in enumerate(variants)
    }
    assert len(set(drawn.values())) == len(drawn)


def test_too_few_faces_are_refused():
    with pytest.raises(RequestError, match=r"dataset.faces is 10; give at least 48"):
        Synthetic(10, SEVEN, 0)
