"""The LightningModule of a pretraining: the one of training, with views and validation that need no labels."""

from __future__ import annotations

import torch
from torch import Tensor

from fer_exp.methods.method import Step
from fer_exp.pretraining.lesson import LessonMethod
from fer_exp.training.batches import Batch
from fer_exp.training.module import FaceModule


class LessonModule(FaceModule):
    """Teaches a network what a ``LessonMethod`` wants; its class head stays as it is."""

    method: LessonMethod

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Turns stored bytes into the method's views, and what is known of the faces into what is in these."""
        views, target = self.method.look(batch["pixels"], batch["target"], batch["draw"])
        return {**batch, "views": tuple(map(self._picture, views)), "target": target}

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> dict[str, Tensor]:
        """Logs the loss."""
        views, target, index, affect = (batch[name] for name in ("views", "target", "index", "affect"))
        learnt = self.method.learn(self.network, Step(views, target, index, affect, self.current_epoch, 0))
        self.log("val_loss", torch.as_tensor(learnt.loss), batch_size=len(index))
        return {}
