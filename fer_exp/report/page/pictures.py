"""The gallery: what the page says of each face, and the faces as one small picture, taken from the runs' store."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import PureWindowsPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from fer_exp.datasets import CORPORA, facts
from fer_exp.judging.applicable import Judged
from fer_exp.judging.sources import Source
from fer_exp.metrics.distribution import entropy, l1
from fer_exp.pictures.decoding import as_image
from fer_exp.report.figures import colour_of
from fer_exp.report.model_verdicts import letters
from fer_exp.report.page import data_uri
from fer_exp.runs import Run
from fer_exp.stats.shares import shares
from fer_exp.store import Store
from fer_exp.tables import places

TILE = 48  # pixels on the page before the browser enlarges them; FER2013's own size
ACROSS = 60  # tiles in a row; 60 rows of them stay far below WebP's limit of 16,383 pixels
MOST = ACROSS * 60  # faces in the gallery; of more, the most and least human-like and some between
LARGEST = 2_600_000  # bytes of the picture; a third more as text, so that a page stays below 5 MB
QUALITIES = (70, 55, 40, 25)


def store_of(sources: Sequence[Source]) -> Store | None:
    """The store of the first of some runs on the same faces that still has one."""
    return next((store for source in sources if (store := Run(source.path).store) is not None), None)


def may_show(store: Store | None, trained: bool, wanted: bool | None) -> tuple[bool, str]:
    """Whether a page has pictures, and a sentence on it, which is empty where there is nothing to say.

    Args:
        store: where they are; None where that is not known.
        trained: whether there is a run at all, and not predictions alone.
        wanted: as ``pictures`` of conf/report.yaml: None goes by the terms of the corpus.
    """
    if wanted is False:
        return False, "The faces' pictures are left out, as pictures=false asks."
    if store is None:
        why = "the prepared faces of the runs are not on this machine" if trained else "a file of predictions has none"
        return False, f"The faces' pictures are left out: {why}."
    corpus = str(store.facts.get("corpus"))
    title, terms = (facts(corpus).title, facts(corpus).withheld) if corpus in CORPORA else (corpus, "terms unknown")
    if not terms:
        own = "These are pictures of your own. Before you pass the page on, see that those shown have agreed to it"
        return True, f"{own}; pictures=false leaves them out." if corpus == "folder" else ""
    if wanted:
        return (
            True,
            f"This page shows pictures of {title}. Keep it to yourself: {terms}. pictures=false leaves them out.",
        )
    return False, f"Pictures of {title} are left out: {terms}. For a page that you keep to yourself, add pictures=true."


def sprite(pixels: NDArray[np.uint8], rows: NDArray[np.int64]) -> str:
    """Faces side by side in one WebP picture, as a data URI.

    Args:
        pixels: of the store, shape (N, size, size, channels).
        rows: which, in which order; face i lies at column i % ``ACROSS``, row i // ``ACROSS``.

    Returns:
        ``data:image/webp;base64,...`` of at most about ``LARGEST`` bytes where the lowest quality allows it.
    """
    high = -(-len(rows) // ACROSS)
    channels = pixels.shape[3]
    sheet = np.zeros((high * TILE, ACROSS * TILE, channels), dtype=np.uint8)
    for i, row in enumerate(rows):
        tile = pixels[row]
        if tile.shape[0] != TILE:
            small = as_image(tile).resize((TILE, TILE), Image.Resampling.BOX)
            tile = np.asarray(small).reshape(TILE, TILE, channels)
        y, x = divmod(i, ACROSS)
        sheet[y * TILE : (y + 1) * TILE, x * TILE : (x + 1) * TILE] = tile
    image = as_image(sheet)
    content = b""
    for quality in QUALITIES:
        stream = io.BytesIO()
        image.save(stream, "WEBP", quality=quality, method=2)
        content = stream.getvalue()
        if len(content) <= LARGEST:
            break
    return data_uri("webp", content)


def make_gallery(
    names: Sequence[str],
    table: pd.DataFrame,
    all_arrays: Sequence[Sequence[Judged]],
    classes: tuple[str, ...],
    store: Store | None,
    originals: NDArray[np.int64] | None,
) -> tuple[dict[str, Any], str | None]:
    """What the page's script needs of each face, and the sheet of pictures.

    Args:
        names: of the configs.
        table: predictions, for the names of the faces.
        all_arrays: for each config its runs, which share what people said.
        classes: K names.
        store: where the pictures are; None leaves them out.
        originals: the corpus' own labels, -1 where not known, shape (N,).
    """
    first = all_arrays[0][0]
    human = shares(first.counts)
    means = [np.mean([judged.model for judged in of_runs], axis=0) for of_runs in all_arrays]
    distance = l1(human, means[0])
    chosen = np.arange(len(table))
    if len(table) > MOST:
        order, third = np.argsort(distance, kind="stable"), MOST // 3
        middle = np.random.default_rng(0).choice(order[third:-third], MOST - 2 * third, replace=False)
        chosen = np.sort(np.concatenate([order[:third], middle, order[-third:]]))
    picture = None
    if store is not None:
        rows = places(table["face"].to_numpy(object)[chosen], store.faces["face"])
        if (rows >= 0).all():
            picture = sprite(store.pixels, rows)
    gallery = {
        "classes": list(classes),
        "colours": [colour_of(name, k) for k, name in enumerate(classes)],
        "configs": [f"{letters(i)} {name}" for i, name in enumerate(names)] if len(names) > 1 else ["the model"],
        "across": ACROSS,
        "tile": TILE,
        "high": -(-len(chosen) // ACROSS),
        "all": len(table),
        "faces": _without_folder(table["face"].astype(str).iloc[chosen].tolist()),
        "labels": first.label[chosen].tolist(),
        "originals": None if originals is None else originals[chosen].tolist(),
        "votes": first.counts[chosen].astype(int).tolist(),
        "entropy": [round(float(value), 3) for value in entropy(human)[chosen]],
        "p": [(mean[chosen] * 1000).round().astype(int).tolist() for mean in means],
        "answers": [[judged.model[chosen].argmax(axis=1).tolist() for judged in of_runs] for of_runs in all_arrays],
    }
    return gallery, picture


def _without_folder(faces: list[str]) -> list[str]:
    """Faces that are named by whole paths, without the folder that holds them all: it says whose machine it was.

    >>> _without_folder(["/home/me/a/1.png", "/home/me/b/1.png"]), _without_folder(["a/1.png"])
    (['a/1.png', 'b/1.png'], ['a/1.png'])
    """
    paths = [PureWindowsPath(face) for face in faces]  # which reads both kinds of slash
    if not any(path.root for path in paths):
        return faces
    folders = [path.parent.parts for path in paths]
    shared = next(
        (i for i, parts in enumerate(zip(*folders, strict=False)) if len(set(parts)) > 1), min(map(len, folders))
    )
    return ["/".join(path.parts[shared:]) for path in paths]
