"""Which metrics apply: what is known of the faces of a split, and every metric that this allows."""

from __future__ import annotations

from collections.abc import Container, Mapping
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fer_exp.judging.predictions import class_names
from fer_exp.metrics.classification import onehot, shared_top
from fer_exp.metrics.faces import Faces
from fer_exp.metrics.registry import LABELS, MAJORITY, RATINGS, REPAIRED, SHARED, UNCOUNTED, VOTES, measure
from fer_exp.names import SIDES
from fer_exp.stats.bootstrap import FloatArray, Statistic, cluster_codes
from fer_exp.stats.shares import shares
from fer_exp.tables import places

Mask = NDArray[np.bool_]
Group = tuple[Mask, dict[str, Statistic]]
"""Which faces, shape (N,), and the metrics that are of them."""


class Judged(NamedTuple):
    """One split as arrays: N faces, K classes.

    ``label`` is -1 and ``counts`` are 0 where not known; ``ratings`` of people and ``affect`` of the model are valence
    and arousal, shape (N, 2), nan where not known.
    """

    model: FloatArray
    counts: FloatArray
    label: NDArray[np.int64]
    clusters: NDArray[np.int64]
    ratings: FloatArray
    affect: FloatArray

    @property
    def labelled(self) -> Mask:
        """Faces with a label."""
        return self.label >= 0

    @property
    def voted(self) -> Mask:
        """Faces with votes."""
        return np.asarray(self.counts.sum(axis=1) > 0)

    @property
    def shared(self) -> Mask:
        """Faces with votes of two raters or more."""
        return np.asarray(self.counts.sum(axis=1) >= 2)

    def of(self, faces: Mask) -> Judged:
        """Some of the faces, by a mask of shape (N,)."""
        return Judged._make(values[faces] for values in self)

    @property
    def counted(self) -> bool:
        """Whether it is known how many people are behind each face's distribution."""
        return bool((self.counts == np.floor(self.counts)).all())

    def people(self, faces: Mask) -> FloatArray:
        """Vote fractions of some faces that have votes."""
        return shares(self.counts[faces])


def arrays(table: pd.DataFrame, classes: tuple[str, ...] | None = None) -> Judged:
    """The rows of one split of a checked table as arrays; persons as clusters where every face names one.

    Args:
        table: the rows.
        classes: in another order than the table's own.
    """
    classes = class_names(table) if classes is None else classes
    model = table[[f"p_{name}" for name in classes]].to_numpy(np.float64)
    columns = [f"votes_{name}" for name in classes]
    counts = np.zeros(model.shape)
    if columns[0] in table:
        counts = np.nan_to_num(table[columns].to_numpy(np.float64))
    label = places(table["label"], classes)
    subject = table["subject"]
    known = len(table) > 0 and subject.notna().all()
    clusters = cluster_codes(subject.to_numpy(object).astype(str)) if known else np.arange(len(table), dtype=np.int64)
    ratings, affect = (
        table.reindex(columns=[f"{of}{side}" for side in SIDES]).to_numpy(np.float64) for of in ("human_", "")
    )
    return Judged(model, counts, label, clusters, ratings, affect)


def applies(judged: Judged) -> dict[str, Mask]:
    """What a metric may need (``Metric.needs``) -> the faces that have it; of ratings, one mask for each side."""
    rated = ~np.isnan(judged.ratings) & ~np.isnan(judged.affect)
    masks = {LABELS: judged.labelled, MAJORITY: judged.voted, VOTES: judged.voted, SHARED: judged.shared}
    return masks | dict(zip(SIDES, rated.T, strict=True))


def statistics(
    judged: Judged,
    classes: tuple[str, ...] = (),
    *,
    references: Mapping[str, FloatArray] | None = None,
    names: Container[str] | None = None,
) -> dict[str, Group]:
    """Every metric of the model that what people said of its faces allows.

    Args:
        classes: K names; empty leaves out what is told class by class, and the earth mover's distance.
        references: name -> other probabilities, shape (N, K), judged by the same metrics without detail, as NAME_l1.
        names: make these alone; None makes all.

    Returns:
        By what they need (labels, votes with their majority, votes of two raters or more, valence, arousal) the faces
        that have it, and their metrics; a group without faces is not there.
    """
    masks = {need: faces for need, faces in applies(judged).items() if faces.any()}
    references = references or {}

    def of_model(need: str) -> dict[str, Statistic]:
        return measure(need, _faces(judged, need, masks[need], judged.model, classes), names=names)

    def of_reference(need: str, reference: str, some: Container[str] | None) -> dict[str, Statistic]:
        faces = _faces(judged, need, masks[need], references[reference], classes)
        return measure(need, faces, f"{reference}_", detail=False, names=some)

    groups: dict[str, Group] = {}
    for key, needs in ((LABELS, (LABELS,)), (VOTES, (VOTES, MAJORITY))):
        if key in masks:
            metrics = {name: of for need in needs for name, of in of_model(need).items()}
            for reference, need in product(references, needs):
                metrics |= of_reference(need, reference, names)
            groups[key] = masks[key], metrics
    if SHARED in masks:
        metrics = of_model(SHARED)
        for reference in references:
            metrics |= of_reference(SHARED, reference, [f"{reference}_{name}" for name in REPAIRED])
        groups[SHARED] = masks[SHARED], metrics
    elif VOTES in masks and not judged.counted:
        some = {name for name in UNCOUNTED if names is None or name in names}
        faces = _faces(judged, VOTES, masks[VOTES], judged.model, classes)
        groups[VOTES][1].update(measure(SHARED, faces, names=some))
    for number, side in enumerate(SIDES):
        if side in masks:
            rated = Faces(judged.ratings[masks[side], number], judged.affect[masks[side], number])
            groups[side] = masks[side], measure(RATINGS, rated, f"{side}_", names=names)
    return groups


def _faces(judged: Judged, need: str, mask: Mask, model: FloatArray, classes: tuple[str, ...]) -> Faces:
    """Some faces with what a metric needs of people, and a model's probabilities."""
    counts = judged.counts[mask]
    if need == LABELS:
        truth = onehot(judged.label[mask], model.shape[1])
    else:
        truth = shared_top(counts) if need == MAJORITY else shares(counts)
    return Faces(truth, model[mask], classes, counts)
