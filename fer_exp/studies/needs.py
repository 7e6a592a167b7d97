"""What a study needs of a corpus: said before anything is trained."""

from __future__ import annotations

import sys

from fer_exp.config import TrainConfig
from fer_exp.errors import RequestError
from fer_exp.studies.presets import Preset

VOTED = "cafe (with dataset.votes=FILE), ferplus or synthetic"


def check_corpus(preset: Preset, config: TrainConfig) -> None:
    """Raise RequestError where the corpus has not what the study is about.

    noisy-labels takes any corpus. cafe-soft needs votes; affectnet-crowd votes, and original labels beside them.

    Args:
        preset: what was asked.
        config: of any of its trainings.

    Raises:
        RequestError: what is missing, and which corpora have it; or what opening the corpus finds.
    """
    if preset.study == "noisy-labels":
        return
    from fer_exp.store import open_dataset

    _, store = open_dataset(config.dataset, log=lambda line: print(line, file=sys.stderr, flush=True))
    if store.votes is None or not store.votes.drop(columns="face", errors="ignore").to_numpy().any():
        raise RequestError(
            f"{preset.study} needs the votes of several people a face, and {preset.corpus} has one label a face here; "
            f"attach votes with dataset.votes=FILE or dataset.ratings=FILE, or take {VOTED}."
        )
    if preset.study == "affectnet-crowd" and store.faces["label"].isna().all():
        raise RequestError(
            f"affectnet-crowd needs an original label beside the votes, and {preset.corpus} has none; take affectnet "
            "with dataset.ratings=FILE, ferplus or synthetic."
        )
