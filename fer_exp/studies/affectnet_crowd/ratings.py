"""How a crowd's valence and arousal differ from original ratings: the pattern that affectnet-crowd asks about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fer_exp.config import DatasetConfig
from fer_exp.judging.applicable import arrays
from fer_exp.judging.predictions import class_names
from fer_exp.names import SIDES
from fer_exp.progress import silent
from fer_exp.raters.changes import rating_changes
from fer_exp.raters.shift import RATING_MEASURES
from fer_exp.report.agreement_figures import plane_figure
from fer_exp.report.cells import interval
from fer_exp.report.outcome import OutcomeTable

NO_ORIGINALS = "no original ratings beside the crowd's; affectnet with dataset.ratings=FILE has both"


def original_ratings(config: DatasetConfig, faces: pd.Series) -> pd.DataFrame | None:
    """The corpus' own valence and arousal of faces whose ratings a table of the crowd's replaced.

    Args:
        config: the dataset group.
        faces: ids.

    Returns:
        Columns valence and arousal, -1..1, nan where missing, in the order of ``faces``; None where no table replaced
        them (they are then the crowd's, or not there), or none of these faces has any.

    Raises:
        RequestError: what opening the corpus finds.
    """
    from fer_exp.store import open_dataset

    if not config.ratings:
        return None
    _, store = open_dataset(replace(config, ratings=None, subset="all"), log=silent)
    rated = store.faces.set_index("face")[[*SIDES]].reindex(faces)
    return None if rated.isna().all(axis=None) else rated.reset_index(drop=True)


def pattern(
    faces: pd.DataFrame, original: pd.DataFrame | None, published: str, samples: int, title: str
) -> tuple[OutcomeTable, Callable[[], Figure] | None]:
    """Bias, slope, CCC, Pearson, RMSE and SAGR of the crowd's mean ratings against the original ones.

    Args:
        faces: checked predictions of the judged faces; labels and the crowd's mean ratings are read.
        original: as ``original_ratings`` has them, in the order of ``faces``.
        published: what a cell of the published column says.
        samples: bootstrap replicates, of faces.
        title: of the figure.

    Returns:
        A row a side and class (or all), the measures as columns; what draws the plane of valence and arousal with both
        clouds.
        Without original ratings a row that says so, and no figure.
    """
    if original is None:
        rows = pd.DataFrame([{"side": "all", "state": NO_ORIGINALS}])
        return OutcomeTable("ratings", "", rows, pd.DataFrame([{"side": NO_ORIGINALS, "published": published}])), None
    classes = class_names(faces)
    label = arrays(faces, classes).label.astype(np.int32)
    crowd = faces[["human_valence", "human_arousal"]].to_numpy(np.float64)
    before = original[[*SIDES]].to_numpy(np.float64)
    by_side = [{side: values[:, number] for number, side in enumerate(SIDES)} for values in (before, crowd)]
    changes = rating_changes(by_side[0], by_side[1], label, classes, samples=samples)
    shown = []
    for (side, name), rows in changes.groupby(["side", "class"], sort=False):
        measures = rows.set_index("measure")
        cells = {"side": side, "class": name, "faces": f"{measures['n'].iloc[0]:,}"}
        for measure in RATING_MEASURES:
            value, low, high = measures.loc[[measure], ["value", "low", "high"]].to_numpy(np.float64)[0]
            cells[measure] = interval(value, low, high, 2, "+" if measure == "bias" else "")
        shown.append({**cells, "published": published})
    table = OutcomeTable("ratings", "", changes.assign(state="done"), pd.DataFrame(shown))
    return table, partial(plane_figure, before, crowd, label, classes, title)
