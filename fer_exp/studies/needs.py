"""What a study needs of a corpus: said before anything is trained, or, of what it can do without, in its tables."""

from __future__ import annotations

from collections.abc import Collection
from pkgutil import resolve_name

import pandas as pd

from fer_exp.answers import Answers
from fer_exp.answers.read import read_answers
from fer_exp.config import DatasetConfig, TrainConfig
from fer_exp.errors import RequestError
from fer_exp.names import SIDES
from fer_exp.progress import silent
from fer_exp.studies import STUDIES
from fer_exp.studies.presets import Preset

VOTED = "cafe (with dataset.votes=FILE), ferplus or synthetic"


def check_corpus(preset: Preset, config: TrainConfig) -> None:
    """Ask of a corpus what the study is about, and of the words that they leave its comparison.

    Args:
        preset: what was asked.
        config: of any of its trainings.

    Raises:
        RequestError: what is missing, and which corpora have it; or what opening the corpus, or a crowd, finds.
    """
    study = STUDIES[preset.study]
    if preset.crowd is not None and not study.reads_crowd:
        readers = ", ".join(name for name, one in STUDIES.items() if one.reads_crowd)
        raise RequestError(f"crowd={preset.crowd} is read by study={readers} alone; leave it out.")
    if not study.of_votes:
        return
    from fer_exp.datasets.splits import select
    from fer_exp.store import open_dataset

    _, store = open_dataset(config.dataset)
    if store.votes is None or not store.votes.drop(columns="face", errors="ignore").to_numpy().any():
        raise RequestError(
            f"{preset.study} needs the votes of several people a face, and {preset.corpus} has one label a face here; "
            f"attach votes with dataset.votes=FILE or dataset.ratings=FILE, or take {VOTED}."
        )
    if study.check is not None:
        resolve_name(study.check)(preset, config, store.faces)
    faces = select(store.faces, store.flags, config.dataset)
    counts = store.votes.loc[faces.index[faces["split"] == "test"], list(store.facts["classes"])]
    if not counts.to_numpy().any():
        raise RequestError(
            f"{preset.study} judges the test split, and none of its {len(counts):,} faces has a vote; name the faces "
            "annotated again as test in dataset.split_file=FILE (face, split)."
        )


def given_ratings(config: DatasetConfig, judged: Collection[str]) -> tuple[pd.DataFrame | None, str]:
    """Each person's valence and arousal of the judged faces, or what is missing for them.

    A corpus' own valence and arousal may be one annotator's; what several people rated is what has single answers.

    Args:
        config: the dataset group.
        judged: ids of faces.

    Returns:
        The ratings, task, worker, valence and arousal, and ''; or None and a sentence that says what
        is missing and the way out. Ratings that leave some judged faces with the corpus' own valence count as missing:
        both would be thrown together.

    Raises:
        RequestError: what reading the table finds.
    """
    from fer_exp.datasets.attach import single_answers
    from fer_exp.store import open_dataset

    corpus, store = open_dataset(config, log=silent)
    frame = single_answers(config, corpus, store.faces["face"])
    if frame is None:
        way_out = "attach them with dataset.ratings=FILE (task, worker, label, valence, arousal)"
        return None, f"no ratings of several people; {way_out}"
    frame = frame[frame["task"].isin(set(judged))]
    frame = frame[frame[[*SIDES]].notna().any(axis=1)]
    if frame.empty:
        return None, "no valence or arousal of a judged face in dataset.ratings"
    faces = store.faces[store.faces["face"].isin(set(judged))]
    unrated = faces[[*SIDES]].notna().any(axis=1) & ~faces["face"].isin(frame["task"])
    if unrated.any():
        return None, (
            f"{int(unrated.sum()):,} of {len(faces):,} judged faces have the corpus' own valence and no ratings; leave "
            "them out of the test split with dataset.split_file=FILE"
        )
    frame = frame[["task", "worker", *SIDES]].reset_index(drop=True)
    return (frame, "") if as_ratings(frame) is not None else (None, "no single ratings")


def as_ratings(frame: pd.DataFrame) -> Answers | None:
    """Ratings as ``given_ratings`` has them, as answers."""
    rated = read_answers(frame, duplicates="first")
    return rated if isinstance(rated, Answers) else None
