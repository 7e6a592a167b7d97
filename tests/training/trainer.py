"""Lightning's Trainer as tests of single parts use it: on the CPU, silent, writing nothing; trainings broken off."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import LightningModule, Trainer


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


@contextmanager
def broken_off(module: type[LightningModule], step: int, error: type[BaseException]) -> Iterator[None]:
    """The training in here ends with an error in a step of its second epoch."""
    learn = module.training_step

    def breaks(self, batch, number):
        if self.current_epoch == 1 and number == step:
            raise error
        return learn(self, batch, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "training_step", breaks)
        with pytest.raises(error):
            yield
