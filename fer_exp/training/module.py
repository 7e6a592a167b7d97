"""The LightningModule: views, loss, optimiser. What a method teaches stands in methods/."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from fer_exp.config import MethodConfig, TrainerConfig
from fer_exp.errors import RunError
from fer_exp.methods import METHODS
from fer_exp.methods.affect import affect_loss
from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.training.augment import normalise, weak
from fer_exp.training.batches import Batch
from fer_exp.training.networks import FaceNetwork

CHECK_EVERY = 50
"""Steps between looks for a loss of nan on a GPU, which each look waits for; on a CPU every step is looked at."""


class FaceModule(LightningModule):
    """Trains a network with a method; knows nothing of datasets or of what is reported.

    Args:
        network: logits and, where faces are rated, valence and arousal.
        method: which method, and the weight of the valence/arousal loss.
        trainer: optimizer, learning_rate, weight_decay, schedule and augment are read.
        weights: of the classes in the training loss, shape (K,), or None.
        layout: of the network and its pictures in memory.
    """

    def __init__(
        self,
        network: FaceNetwork,
        method: MethodConfig,
        trainer: TrainerConfig,
        weights: Tensor | None = None,
        layout: torch.memory_format = torch.channels_last,
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=layout)
        self.layout = layout
        self.method = METHODS[method.name](weights)
        self.affect_weight = method.affect_weight
        self.settings = trainer

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Turns stored bytes into network input, on the device; training faces are augmented."""
        pixels = batch["pixels"]
        if self.training and self.settings.augment == "weak":
            pixels = weak(pixels, batch["draw"])
        return {**batch, "pictures": normalise(pixels).contiguous(memory_format=self.layout)}

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The method's loss on a batch, plus the valence/arousal loss where there is that head."""
        logits, affect = self.network(batch["pictures"])
        loss = self.method.loss(logits, batch["target"])
        if affect is not None:
            loss = loss + self.affect_weight * affect_loss(affect, batch["affect"])
        if (self.device.type == "cpu" or batch_idx % CHECK_EVERY == 0) and not torch.isfinite(loss):
            raise RunError(
                f"The loss is {float(loss.detach())} at epoch {self.current_epoch + 1}, step {batch_idx + 1}; the "
                "last good checkpoint is kept. Try a smaller trainer.learning_rate, or trainer.precision=32-true."
            )
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(logits), sync_dist=True)
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Logs loss and accuracy against the labels that validation carries."""
        logits, _ = self.network(batch["pictures"])
        right = logits.argmax(dim=1) == batch["target"].argmax(dim=1)
        self.log("val_loss", soft_cross_entropy(logits, batch["target"]), batch_size=len(logits))
        self.log("val_accuracy", right.float().mean(), batch_size=len(logits))

    def configure_optimizers(self) -> Any:
        """The optimiser, and a learning rate that is a function of the step alone."""
        given = self.settings
        optimizer = make_optimizer(given, self.parameters())
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(given.schedule, step / steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def make_optimizer(given: TrainerConfig, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimiser that ``trainer.optimizer`` names, fused: AdamW's step on ResNet-18 takes a third of the time."""
    rate, decay = given.learning_rate, given.weight_decay
    if given.optimizer == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=0.9, weight_decay=decay, nesterov=True, fused=True)
    if given.optimizer == "adam":
        return torch.optim.Adam(parameters, rate, weight_decay=decay, fused=True)
    return torch.optim.AdamW(parameters, rate, weight_decay=decay, fused=True)


def factor(schedule: str, done: float) -> float:
    """What the learning rate is multiplied by once a share ``done`` (0..1) of the steps is taken.

    ``cosine`` falls from 1 to 0, ``step`` divides by ten after two thirds and again after eight ninths, ``constant``
    stays.

    >>> factor("cosine", 0.5), factor("step", 0.7), factor("constant", 0.9)
    (0.5, 0.1, 1.0)
    """
    if schedule == "cosine":
        return (1 + math.cos(math.pi * min(done, 1.0))) / 2
    if schedule == "step":
        return 1.0 if done < 2 / 3 else 0.1 if done < 8 / 9 else 0.01
    return 1.0
