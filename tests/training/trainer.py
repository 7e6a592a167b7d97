"""Lightning's Trainer as tests of single parts use it: on the CPU, printing and writing nothing."""

from pathlib import Path
from typing import Any

from pytorch_lightning import Trainer


def bare_trainer(folder: Path, epochs: int, **settings: Any) -> Trainer:
    settings = {"accelerator": "cpu", "enable_checkpointing": False, **settings}
    return Trainer(
        max_epochs=epochs,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **settings,
    )
