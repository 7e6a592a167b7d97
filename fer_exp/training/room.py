"""Whether a disk has room for what a run will write, asked before its first step and not after hours."""

from __future__ import annotations

import shutil

from torch import nn

from fer_exp.config import TrainerConfig
from fer_exp.errors import RunError
from fer_exp.runs import EPOCHS, Run

MOMENTS = {"sgd": 1, "adam": 2, "adamw": 2}
"""Numbers that an optimiser keeps for each weight."""
ROW = 400
"""Bytes of a face in tables and answers beside those of its classes: its name, its people's answers."""


def check_room(run: Run, module: nn.Module, config: TrainerConfig, faces: int, judged: int, classes: int) -> None:
    """Raise RunError where the disk of a run folder has less room than the run will take at its fullest.

    Args:
        run: its folder is there; what it holds already is not counted again.
        module: all that is saved.
        config: how many epochs, and which optimiser.
        faces: of all splits.
        judged: faces whose answers are kept of every epoch.
        classes: answers a face.
    """
    trained = sum(each.numel() * each.element_size() for each in module.parameters() if each.requires_grad)
    checkpoint = trained * MOMENTS[config.optimizer]
    checkpoint += sum(each.numel() * each.element_size() for each in module.state_dict().values())
    answers = 4 * (classes + 2) * judged * config.epochs
    needed = 2 * checkpoint + answers + ROW * faces  # a new checkpoint lies beside the old one until it is whole
    present = [run.path("checkpoint"), *(run.folder / EPOCHS).glob("*.npz")]
    needed -= sum(path.stat().st_size for path in present if path.is_file())
    free = shutil.disk_usage(run.folder).free
    if free < needed:
        raise RunError(
            f"{run.folder}: the run will write {needed / 1e6:,.1f} MB (a checkpoint has {checkpoint / 1e6:,.1f} MB and "
            f"is there twice while it is replaced), and {free / 1e6:,.1f} MB are free; make room, or set output to a "
            "folder on another disk."
        )
