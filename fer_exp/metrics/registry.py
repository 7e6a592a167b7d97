"""Every metric, a row each: what it is called and how, what it needs, how it is measured, which way is better.

Whatever lists metrics, in tables, figures, pages, comparisons or studies, takes its names and words from here.
Formulas, sources and examples stand with the functions and in docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import partial
from typing import NamedTuple

from fer_exp.metrics import affect, ambiguity, calibration, classification, distribution, emd, recognition
from fer_exp.metrics.faces import Faces
from fer_exp.names import SIDES
from fer_exp.stats.bootstrap import JACKKNIFE, SHARE, FloatArray, Statistic, mean_of

LABELS, MAJORITY, VOTES, SHARED, RATINGS, EPOCHS = "labels", "majority", "votes", "shared", "ratings", "epochs"
"""What a metric needs: a label, votes (their majority, or all of them), votes of two raters or more, ratings of valence
or arousal, or the history of a training."""

REPAIRS = {
    "temperature": "T by labels",
    "temperature_votes": "T by votes",
    "smoothing_votes": "+ uniform",
    "vector_votes": "vector by votes",
}
"""Repairs after training, whose results have such a name before them, as ``temperature_l1``, and their words."""
NO_FACE = {"prior": "class prior", "uniform": "uniform"}
"""Answers that look at no face, likewise."""
BASELINES = {**REPAIRS, **NO_FACE}
REFERENCES = (*BASELINES, "ceiling", "calibrated")
"""All that stands beside the model under such a name; people are ``ceiling``, a calibrated model is ``calibrated``."""

FEW_PERSONS = 20
CLASS = "<class>"
MORE, LESS, NEITHER = 1, -1, 0
UNIT, TWO, SIGNED, OPEN = (0.0, 1.0), (0.0, 2.0), (-1.0, 1.0), (0.0, float("inf"))
ANY = (float("-inf"), float("inf"))


class Metric(NamedTuple):
    """A row.

    Attributes:
        name: as in metrics.json; ``<class>`` stands for a class, ``<k>`` for a number.
        needs: what people must have said of a face; see ``LABELS``.
        section: of docs/metrics.md, where its formula stands.
        range: the least and the largest value there can be.
        better: 1 where more is better, -1 where less is, 0 where it tells of the faces or is best in between.
        statistic: of ``Faces``, and of a name with ``<class>`` also of the number of the class; gives None where the
            faces or classes do not allow it. None itself where judging makes it from more than one model's answers.
        lists: which lists it is in: ``headline`` (the table of a run, unless asked for everything), ``runs`` (a table
            of runs), ``repaired`` (the table of baselines), ``ceiling`` (people are held against people by it, too),
            ``smoothed`` (of these, what a class without a vote would decide alone), ``panels`` (what is made of a model
            and panels of raters), ``uncounted`` (of what needs two votes, what also stands where nobody knows how
            many people are behind a distribution);
            ``detail`` is what is looked at in a second step and not made of references.
        place: among others in lists and on the page; 0 comes after all that have one.
        compared: its place among what is compared unless told otherwise; 0 is not.
        words: as a person writes it; empty where that is the name with spaces.
        short: for a narrow column; empty where that is ``words``.
        few: persons, or faces where persons are not known, below which its interval is rough: 95 % intervals then hold
            the truth less than 92 times in 100 (docs/coverage.md).
    """

    name: str
    needs: str
    section: str
    range: tuple[float, float]
    better: int
    statistic: Callable[..., Statistic | None] | None = None
    lists: str = ""
    place: int = 0
    compared: int = 0
    words: str = ""
    short: str = ""
    few: int = FEW_PERSONS


def _face(distance: Callable[[FloatArray, FloatArray], FloatArray]) -> Callable[[Faces], Statistic]:
    """The mean over faces of a function of the human and the model's side."""
    return lambda faces: mean_of(distance(faces.truth, faces.model))


def _rated(measure: Callable[[FloatArray, FloatArray, FloatArray | None], FloatArray]) -> Callable[[Faces], Statistic]:
    return lambda faces: partial(measure, faces.truth, faces.model)


def _tallied(metric: Callable[[FloatArray], Statistic]) -> Callable[[Faces], Statistic]:
    """A metric of the top class alone."""
    return lambda faces: metric(faces.tallies)


def _soft(metric: Callable[[FloatArray, int], Statistic]) -> Callable[[Faces, int], Statistic]:
    """A metric of one class, of the whole distribution that the model states."""
    return lambda faces, k: metric(faces.soft_tallies, k)


def _binned(error: Callable[..., Statistic], **how: str) -> Callable[[Faces], Statistic]:
    """A calibration error of the top answer."""
    return lambda faces: error(*faces.top, **how)


def _brier(term: str) -> Callable[[Faces], Statistic]:
    return lambda faces: faces.brier_parts[term]


def _top(k: int) -> Callable[[Faces], Statistic | None]:
    """Agreement with the k most probable classes; None where these are all."""

    def among_top(faces: Faces) -> Statistic | None:
        few = k < faces.model.shape[1]
        return mean_of(ambiguity.top_k_agreement(faces.truth, faces.model, k), SHARE) if few else None

    return among_top


def _classwise_ece(faces: Faces) -> Statistic:
    return calibration.calibration_error(faces.model, faces.truth)


def _earth_movers_distance(faces: Faces) -> Statistic | None:
    """None where a class has no place in the valence-arousal plane."""
    cost = emd.ground_cost(faces.classes) if faces.classes else None
    return None if cost is None else mean_of(emd.earth_movers_distance(faces.truth, faces.model, cost))


ACCURACY, BALANCED = _tallied(classification.accuracy_of), _tallied(classification.balanced_accuracy_of)
MACRO_F1, WEIGHTED_F1 = _tallied(classification.macro_f1_of), _tallied(classification.weighted_f1_of)
ECE, ECE_EQUAL_COUNT = (_binned(calibration.calibration_error, mass=mass) for mass in ("width", "count"))
ECE_DEBIASED = _binned(calibration.calibration_error_debiased)


def _recognised(figure: str) -> Callable[[Faces, int], Statistic]:
    return lambda faces, k: recognition.figure_of(figure, faces.tallies, k)


PEOPLE, ANSWER, RECOGNISED, SURE, RATED, SCORED, FEW, HISTORY = (
    "against-peoples-votes", "against-one-answer", "emotion-by-emotion", "calibration", "valence-and-arousal",
    "what-people-would-score", "few-votes", "by-epoch")  # fmt: skip

# fmt: off
METRICS = (
    Metric("accuracy", LABELS, ANSWER, UNIT, MORE, ACCURACY, "headline runs repaired", 1, 7),
    Metric("balanced_accuracy", LABELS, ANSWER, UNIT, MORE, BALANCED),
    Metric("macro_f1", LABELS, ANSWER, UNIT, MORE, MACRO_F1, "headline", 6, words="macro F1", short="F1 label"),
    Metric("weighted_f1", LABELS, ANSWER, UNIT, MORE, WEIGHTED_F1, words="weighted F1",
           short="weighted F1 label"),
    Metric("nll", LABELS, SURE, OPEN, LESS, lambda faces: mean_of(calibration.nll(faces.label, faces.model)),
           place=26, words="NLL"),
    Metric("brier", LABELS, SURE, TWO, LESS, lambda faces: mean_of(calibration.brier(faces.label, faces.model)),
           place=24, words="Brier"),
    Metric("ece", LABELS, SURE, UNIT, LESS, ECE, "headline runs repaired", 14, 9, "ECE"),
    Metric("classwise_ece", LABELS, SURE, UNIT, LESS, _classwise_ece, words="classwise ECE"),
    Metric("ece_equal_count", LABELS, SURE, UNIT, LESS, ECE_EQUAL_COUNT, "detail", words="ECE equal count"),
    Metric("ece_debiased", LABELS, SURE, UNIT, LESS, ECE_DEBIASED, "detail", 23, words="ECE debiased"),
    Metric("brier_reliability", LABELS, SURE, ANY, LESS, _brier("reliability"), "detail",
           words="Brier reliability"),
    Metric("brier_resolution", LABELS, SURE, ANY, MORE, _brier("resolution"), "detail", words="Brier resolution"),
    Metric("brier_uncertainty", LABELS, SURE, UNIT, NEITHER, _brier("uncertainty"), "detail",
           words="Brier uncertainty"),
    Metric("top2_accuracy", LABELS, ANSWER, UNIT, MORE, _top(2), "detail"),
    Metric("top3_accuracy", LABELS, ANSWER, UNIT, MORE, _top(3), "detail"),
    Metric("f1_<class>", LABELS, ANSWER, UNIT, MORE, lambda faces, k: classification.f1_of(faces.tallies, k), "detail",
           words="F1 <class>"),
    Metric("hit_rate_<class>", LABELS, RECOGNISED, UNIT, MORE, _recognised("hit_rate"), "detail"),
    Metric("hu_<class>", LABELS, RECOGNISED, UNIT, MORE, _recognised("hu"), "detail", words="Hu <class>"),
    Metric("chance_hu_<class>", LABELS, RECOGNISED, UNIT, NEITHER, _recognised("chance_hu"), "detail",
           words="chance of Hu <class>"),
    Metric("d_prime_<class>", LABELS, RECOGNISED, ANY, MORE, _recognised("d_prime"), "detail", words="d' <class>"),
    Metric("criterion_<class>", LABELS, RECOGNISED, ANY, NEITHER, _recognised("criterion"), "detail"),

    Metric("l1", VOTES, PEOPLE, TWO, LESS, _face(distribution.l1), "headline runs repaired ceiling", 7, 1, "L1"),
    Metric("total_variation", VOTES, PEOPLE, UNIT, LESS, _face(distribution.total_variation), "ceiling"),
    Metric("jensen_shannon_divergence", VOTES, PEOPLE, UNIT, LESS, _face(distribution.jensen_shannon_divergence),
           "headline ceiling", 9, 2, "Jensen–Shannon divergence", "JS"),
    Metric("kl_divergence", VOTES, PEOPLE, OPEN, LESS, _face(distribution.kl_divergence), "ceiling smoothed",
           words="KL divergence", short="KL"),
    Metric("soft_cross_entropy", VOTES, PEOPLE, OPEN, LESS, _face(distribution.soft_cross_entropy),
           "headline repaired ceiling smoothed", 10, 3, "soft cross-entropy", "cross-entropy"),
    Metric("chebyshev", VOTES, PEOPLE, UNIT, LESS, _face(distribution.chebyshev), "ceiling"),
    Metric("clark", VOTES, PEOPLE, OPEN, LESS, _face(distribution.clark), "ceiling"),
    Metric("canberra", VOTES, PEOPLE, OPEN, LESS, _face(distribution.canberra), "ceiling"),
    Metric("cosine", VOTES, PEOPLE, UNIT, MORE, _face(distribution.cosine), "ceiling"),
    Metric("intersection", VOTES, PEOPLE, UNIT, MORE, _face(distribution.intersection), "ceiling"),
    Metric("earth_movers_distance", VOTES, PEOPLE, UNIT, LESS, _earth_movers_distance, "headline ceiling", 11, 4,
           "earth mover's distance"),
    Metric("entropy_correlation", VOTES, PEOPLE, SIGNED, MORE,
           lambda faces: ambiguity.entropy_correlation(faces.truth, faces.model),
           "headline runs repaired ceiling", 13, 5, short="entropy r"),
    Metric("entropy_similarity", VOTES, PEOPLE, UNIT, MORE,
           lambda faces: ambiguity.entropy_similarity(faces.truth, faces.model), "ceiling", 19),
    Metric("people_ece", VOTES, SURE, UNIT, LESS, ECE, "headline", 15, 10, "people ECE"),
    Metric("people_classwise_ece", VOTES, SURE, UNIT, LESS, _classwise_ece, place=22,
           words="people classwise ECE"),
    Metric("confidence_gap", VOTES, SURE, SIGNED, NEITHER, lambda faces: mean_of((faces.top[0] - faces.top[1])[:, 0])),
    Metric("people_brier", VOTES, SURE, TWO, LESS, _face(calibration.brier_people), place=25, words="people Brier"),
    Metric("people_ece_equal_count", VOTES, SURE, UNIT, LESS, ECE_EQUAL_COUNT, "detail",
           words="people ECE equal count"),
    Metric("people_ece_debiased", VOTES, SURE, UNIT, LESS, ECE_DEBIASED, "detail", words="people ECE debiased"),
    Metric("people_brier_reliability", VOTES, SURE, ANY, LESS, _brier("reliability"), "detail",
           words="people Brier reliability"),
    Metric("people_brier_resolution", VOTES, SURE, ANY, MORE, _brier("resolution"), "detail",
           words="people Brier resolution"),
    Metric("people_brier_uncertainty", VOTES, SURE, UNIT, NEITHER, _brier("uncertainty"), "detail",
           words="people Brier uncertainty"),
    Metric("top2_agreement", VOTES, PEOPLE, UNIT, MORE, _top(2), "detail", 20),
    Metric("top3_agreement", VOTES, PEOPLE, UNIT, MORE, _top(3), "detail"),
    Metric("soft_macro_f1", VOTES, PEOPLE, UNIT, MORE,
           lambda faces: classification.macro_f1_of(faces.soft_tallies, JACKKNIFE), "detail", 21,
           words="soft macro F1"),
    Metric("vote_correlation", VOTES, PEOPLE, SIGNED, MORE, lambda faces: faces.class_correlations[-1],
           "headline detail", 12, short="vote r", few=30),
    Metric("vote_correlation_<class>", VOTES, PEOPLE, SIGNED, MORE, lambda faces, k: faces.class_correlations[k],
           "detail"),
    Metric("soft_precision_<class>", VOTES, PEOPLE, UNIT, MORE, _soft(classification.precision_of), "detail"),
    Metric("soft_recall_<class>", VOTES, PEOPLE, UNIT, MORE, _soft(classification.recall_of), "detail"),
    Metric("soft_f1_<class>", VOTES, PEOPLE, UNIT, MORE, _soft(classification.f1_of), "detail",
           words="soft F1 <class>"),

    Metric("majority_accuracy", MAJORITY, ANSWER, UNIT, MORE, ACCURACY, "headline", 5, 8),
    Metric("majority_balanced_accuracy", MAJORITY, ANSWER, UNIT, MORE, BALANCED),
    Metric("majority_macro_f1", MAJORITY, ANSWER, UNIT, MORE, MACRO_F1, words="majority macro F1",
           short="F1 majority"),
    Metric("majority_weighted_f1", MAJORITY, ANSWER, UNIT, MORE, WEIGHTED_F1, words="majority weighted F1",
           short="weighted F1 majority"),
    Metric("majority_ties", MAJORITY, ANSWER, UNIT, NEITHER),

    Metric("entropy_human", SHARED, PEOPLE, OPEN, NEITHER, lambda faces: mean_of(distribution.entropy(faces.truth)),
           "uncounted"),
    Metric("entropy_human_corrected", SHARED, PEOPLE, OPEN, NEITHER,
           lambda faces: mean_of(ambiguity.entropy_corrected(faces.counts))),
    Metric("entropy_model", SHARED, PEOPLE, OPEN, NEITHER, lambda faces: mean_of(distribution.entropy(faces.model)),
           "uncounted"),
    Metric("kl_divergence_corrected", SHARED, FEW, ANY, LESS,
           lambda faces: mean_of(ambiguity.kl_divergence_corrected(faces.counts, faces.model)), place=18,
           words="KL divergence corrected"),
    Metric("squared_error", SHARED, PEOPLE, TWO, LESS,
           lambda faces: mean_of(((faces.truth - faces.model) ** 2).sum(axis=1)), "uncounted"),
    Metric("squared_error_corrected", SHARED, FEW, ANY, LESS,
           lambda faces: mean_of(ambiguity.squared_error_corrected(faces.counts, faces.model))),
    Metric("rater_equivalents", SHARED, SCORED, OPEN, MORE,
           lambda faces: ambiguity.rater_equivalents(faces.counts, faces.model), "headline repaired", 8, 6,
           short="raters", few=30),
    Metric("rater_equivalents_log", SHARED, SCORED, OPEN, MORE, None, "panels",
           words="rater equivalents by log score"),
    Metric("held_out_l1", SHARED, SCORED, TWO, LESS, None, "panels", words="held out L1"),
    Metric("panel<k>_l1", SHARED, SCORED, TWO, LESS, words="panel<k> L1"),
    Metric("leave_one_out_l1", SHARED, SCORED, TWO, LESS, words="leave one out L1"),
    Metric("leave_one_out_accuracy", SHARED, SCORED, UNIT, MORE),
    Metric("sampling_l1", SHARED, SCORED, TWO, LESS, words="sampling L1"),

    Metric("ccc", RATINGS, RATED, SIGNED, MORE, _rated(affect.ccc), "headline", 16, 11, "CCC"),
    Metric("pearson", RATINGS, RATED, SIGNED, MORE, lambda faces: affect.pearson(faces.truth, faces.model)),
    Metric("rmse", RATINGS, RATED, OPEN, LESS, _rated(affect.rmse), place=27, words="RMSE"),
    Metric("sagr", RATINGS, RATED, UNIT, MORE, _rated(affect.sagr), words="SAGR"),
    Metric("icc", RATINGS, RATED, (float("-inf"), 1.0), MORE, _rated(affect.icc), words="ICC"),

    Metric("accuracy_last5", EPOCHS, HISTORY, UNIT, MORE, None, "headline", 2),
    Metric("accuracy_best_val", EPOCHS, HISTORY, UNIT, MORE, None, "headline", 3),
    Metric("accuracy_best_test", EPOCHS, HISTORY, UNIT, MORE, None, "headline", 4),
)
# fmt: on


def measure(
    needs: str, faces: Faces, prefix: str = "", *, detail: bool = True, names: Container[str] | None = None
) -> dict[str, Statistic]:
    """Every metric of one kind, of the same faces.

    Args:
        needs: ``LABELS``, ``MAJORITY``, ``VOTES``, ``SHARED`` or ``RATINGS``; ``faces.truth`` has what that says.
        faces: the faces.
        prefix: stands before each name, as ``prior_`` or ``valence_``.
        detail: also what is looked at in a second step: class by class, other ways to bin, parts of the Brier score.
        names: make these alone (with their prefix); None makes all.

    Returns:
        Name -> statistic. The earth mover's distance and what is told class by class need ``faces.classes``.

    >>> import numpy as np
    >>> right = Faces(np.eye(2), np.array([[0.9, 0.1], [0.4, 0.6]]))
    >>> {name: float(of(None).round(3)) for name, of in measure(LABELS, right, names=["accuracy", "nll"]).items()}
    {'accuracy': 1.0, 'nll': 0.308}
    """
    statistics: dict[str, Statistic | None] = {}
    rows = [row for row in METRICS if row.needs == needs and (detail or "detail" not in row.lists)]
    for k, class_name in [(-1, ""), *enumerate(faces.classes)]:
        for row in rows:
            name = prefix + row.name.replace(CLASS, class_name)
            if row.statistic is None or (CLASS in row.name) != (k >= 0) or (names is not None and name not in names):
                continue
            statistics[name] = row.statistic(faces, k) if k >= 0 else row.statistic(faces)
    return {name: statistic for name, statistic in statistics.items() if statistic is not None}


def _names(rows: list[Metric]) -> tuple[str, ...]:
    """As in metrics.json, both sides of what is of ratings."""
    befores = [[f"{side}_" for side in SIDES] if row.needs == RATINGS else [""] for row in rows]
    return tuple(before + row.name for row, both in zip(rows, befores, strict=True) for before in both)


def _listed(word: str) -> tuple[str, ...]:
    rows = [row for row in METRICS if word in row.lists.split()]
    return _names(sorted(rows, key=lambda row: row.place))


HEADLINE, RUNS, REPAIRED, CEILING, SMOOTHED, PANELS, UNCOUNTED = (
    _listed(word) for word in ("headline", "runs", "repaired", "ceiling", "smoothed", "panels", "uncounted")
)
"""The lists of ``Metric.lists``, by place."""
PLACED = _names(sorted((row for row in METRICS if row.place), key=lambda row: row.place))
"""All that have a place, by place: the headline first."""
RIGHT = tuple(row.name for row in METRICS if row.statistic is ACCURACY)
"""How often an answer is right: by the label, by the majority of the votes."""
COMPARED = _names(sorted((row for row in METRICS if row.compared), key=lambda row: row.compared))
"""What is compared unless told otherwise, where the faces have it."""
