"""The file that a pretraining leaves: a backbone's tensors, and beside them how they came about."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from fer_exp.config import BackboneConfig
from fer_exp.config.settings import WEIGHTS
from fer_exp.errors import RequestError
from fer_exp.files import whole
from fer_exp.pretraining.lesson import digests
from fer_exp.progress import progress
from fer_exp.store import Store
from fer_exp.training.weights import BESIDE, read_weights


def save_backbone(path: Path, backbone: nn.Module, facts: dict[str, Any], faces: NDArray[np.int64]) -> None:
    """Write a backbone's tensors, plain facts and the ``digests`` of the faces that it learnt from.

    Equal contents are equal bytes: runs are named by them.

    Raises:
        RunError: the file cannot be written.
    """
    tensors = {key: value.detach().cpu().contiguous() for key, value in backbone.state_dict().items()}
    content = {"state_dict": tensors, BESIDE: {"facts": facts, "faces": torch.from_numpy(faces.copy())}}
    buffer = io.BytesIO()  # into a file torch writes its name, too
    torch.save(content, buffer)
    with whole(path) as aside:
        aside.write_bytes(buffer.getvalue())


def seen_before(config: BackboneConfig, store: Store, tests: NDArray[np.int64]) -> int | None:
    """How many test faces, by their rows in the store, the weights of a config have learnt from; None: not known.

    It is said in a line where the pretraining was told to meet test faces.

    Raises:
        RequestError: test faces were learnt from though the pretraining was not told so: it had other splits.
    """
    beside = {} if config.weights in WEIGHTS else read_weights(Path(config.weights)).beside
    if "faces" not in beside:
        return None
    seen = int(np.isin(digests(store, tests), beside["faces"].numpy()).sum())
    if not seen:
        return 0
    learnt = f"backbone.weights={config.weights} has learnt from {seen:,} of the {len(tests):,} test faces"
    if "test" not in beside["facts"].get("splits", []):
        raise RequestError(
            f"{learnt}, which were training faces there; pretrain with the splits of this training (dataset.seed, "
            "dataset.split_file, dataset.folds), or with splits=[train,test] if they are to be seen."
        )
    progress(f"{learnt}, as its pretraining was told")
    return seen
