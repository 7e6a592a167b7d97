"""The LightningModule: views, loss, optimiser. What a method teaches stands in methods/."""

from __future__ import annotations

import math
import os
from typing import Any

import torch
import torch.distributed
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from fer_exp.config import TrainerConfig
from fer_exp.errors import RunError
from fer_exp.methods.affect import affect_loss
from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.methods.method import Method, Output, Step, exact
from fer_exp.store import cache_folder
from fer_exp.training.augment import normalise, view_for
from fer_exp.training.batches import Batch, place, seed_of
from fer_exp.training.graphs import Graphs
from fer_exp.training.monitor import Monitor
from fer_exp.training.networks import FaceNetwork
from fer_exp.training.processes import rows_of_all
from fer_exp.training.saving import Saver

SO_FAR = "epoch_so_far"
"""Where a checkpoint within an epoch has what was counted in it."""
CHECK_EVERY = 50
"""Steps between looks for a loss of nan on a GPU, which each look waits for; on a CPU every step is looked at."""


class FaceModule(LightningModule):
    """Trains a network with a method; knows nothing of datasets or of what is reported.

    ``classes`` are names, for the figures of an epoch; ``affect_weight`` is that of the valence/arousal loss;
    ``layout`` that of the network and its pictures in memory.
    """

    def __init__(
        self,
        network: FaceNetwork,
        method: Method,
        trainer: TrainerConfig,
        classes: tuple[str, ...],
        affect_weight: float = 1.0,
        layout: torch.memory_format = torch.channels_last,
    ) -> None:
        super().__init__()
        self.network = network.to(memory_format=layout)
        self.method = method.to(memory_format=layout)
        self.layout = layout
        self.affect_weight = affect_weight
        self.settings = trainer
        if trainer.compile:
            # Where torch keeps what it compiled is emptied with the temporary files, else.
            os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / "compiled"))
            self.network.compile()
        self.monitor = Monitor(classes)
        self._losses: list[Tensor] = []
        self._graphs: list[Graphs] = []
        self._so_far: dict[str, Any] | None = None

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the figures of an epoch that is not at its end, those of each process."""
        if not 0 < len(self._losses) < self.trainer.num_training_batches:
            return
        own = {"losses": torch.stack(self._losses).cpu(), **self.monitor.state()}
        of_all: list[Any] = [own]
        if place()[1] > 1:
            of_all = [None] * place()[1]
            torch.distributed.all_gather_object(of_all, own)
        checkpoint[SO_FAR] = of_all

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keeps the figures of an epoch that was not at its end, until the device is there."""
        of_all = checkpoint.get(SO_FAR)
        self._so_far = of_all[place()[0]] if of_all else None

    def on_train_start(self) -> None:
        """On one GPU the passes of the network, and of those that its method has, become graphs if that is wanted."""
        if self._so_far is not None:
            self._losses = [*self._so_far["losses"].to(self.device)]
            self.monitor.load(self._so_far, self.device)
            batches: Any = self.trainer.train_dataloader
            batches.go_on_after(len(self._losses))
            self._so_far = None
        wanted = self.settings.graphs and not self.settings.compile and self.settings.strategy != "ddp"
        if wanted and self.device.type == "cuda":
            for network in self._networks():
                network.graphs = Graphs(network, network.plain_pass)
                self._graphs.append(network.graphs)

    def on_train_end(self) -> None:
        """Lightning moves the weights now; graphs would look for them where they were."""
        self._graphs.clear()
        for network in self._networks():
            network.graphs = None

    def _networks(self) -> list[FaceNetwork]:
        return [each for each in self.modules() if isinstance(each, FaceNetwork)]

    def on_train_epoch_start(self) -> None:
        """An epoch's figures begin."""
        self.monitor.reset()
        self._losses.clear()

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """Sends a batch, unless it is there: to look at each of its numbers takes Lightning longer than to make it."""
        if batch["pixels"].device == device:
            return batch
        sent: Batch = super().transfer_batch_to_device(batch, device, dataloader_idx)
        return sent

    def on_after_batch_transfer(self, batch: Batch, dataloader_idx: int) -> Batch:
        """Turns stored bytes into network input, on the device; training faces are augmented, a view at a time."""
        pixels, draw = batch["pixels"], batch["draw"]
        if not self.training:
            return {**batch, "views": (self._picture(pixels),)}
        views = []
        for number, name in enumerate(self.method.views):
            view = view_for(name, self.settings.augment)
            # Each view has its own seed; the first keeps the batch's, so that all methods see the same first views.
            view_draw = draw if not number else (seed_of(draw[0], number), *draw[1:])
            views.append(self._picture(view(pixels, view_draw)))
        return {**batch, "views": tuple(views)}

    def _picture(self, pixels: Tensor) -> Tensor:
        return normalise(pixels).to(self.dtype).contiguous(memory_format=self.layout)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The method's loss on a batch, plus the valence/arousal loss where there is that head."""
        for graphs in self._graphs:
            graphs.new_step()
        seed, rank, _, _ = batch["draw"]
        views, target, index, affect = (batch[name] for name in ("views", "target", "index", "affect"))
        step = Step(views, target, index, affect, self.current_epoch, seed_of(seed, 99, rank))
        learnt = self.method.learn(self.network, step)
        loss = learnt.loss
        if learnt.output.affect is not None:
            rated = batch["affect"] if learnt.affect is None else learnt.affect
            loss = loss + self.affect_weight * affect_loss(rows_of_all(learnt.output.affect), rows_of_all(rated))
        if (self.device.type == "cpu" or batch_idx % CHECK_EVERY == 0) and not torch.isfinite(loss):
            raise self._diverged(f"the loss is {float(loss.detach())}", f", step {batch_idx + 1}")
        self._losses.append(loss.detach())
        if batch_idx + 1 == self.trainer.num_training_batches:  # to log each step took a fifth of Lightning's time
            mean = torch.stack(self._losses).mean()
            self.log("train_loss", mean, on_step=False, on_epoch=True, batch_size=1, sync_dist=True)
        self.monitor.see(learnt.output.logits, batch["target"], batch.get("clean"), learnt.selected, learnt.figures)
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """The method's turn once the weights have moved; then all of the step is done, and may be saved."""
        self.method.after_step(self.network)
        saver = self.trainer.checkpoint_callback
        if isinstance(saver, Saver):
            saver.after_step(self.trainer)

    def on_train_epoch_end(self) -> None:
        """The method's turn at the end of an epoch; one that went astray ends the run before it is saved.

        Raises:
            RunError: a loss, a weight or what the optimiser knows of gradients is no number.
        """
        for name, words in {"train_loss": "the loss", "val_loss": "the loss on validation"}.items():
            loss = self.trainer.callback_metrics.get(name)
            if loss is not None and not torch.isfinite(loss):
                raise self._diverged(f"{words} is {float(loss)}")
        # Of the last step no loss tells, and a GPU is looked at now and then only. An optimiser's means of squares
        # overflow before the weights, which then stand still.
        states = [state for optimizer in self.trainer.optimizers for state in optimizer.state.values()]
        for held, words in (
            ([each for network in self._networks() for each in (*network.parameters(), *network.buffers())], "weights"),
            ([each for state in states for each in state.values() if isinstance(each, Tensor)], "gradients"),
        ):
            if held and not torch.stack([torch.isfinite(each.detach()).all() for each in held]).all():
                raise self._diverged(f"the {words} are no numbers any more")
        self.method.after_epoch(self.current_epoch)

    def _diverged(self, what: str, step: str = "") -> RunError:
        precise = "" if self.settings.precision in ("32-true", "64-true") else ", or trainer.precision=32-true"
        return RunError(
            f"The training diverged: {what} at epoch {self.current_epoch + 1}{step}. Repeated, it would again; try a "
            f"smaller trainer.learning_rate{precise}."
        )

    def validation_step(self, batch: Batch, batch_idx: int, dataloader_idx: int = 0) -> dict[str, Tensor]:
        """Logs loss and accuracy against validation's labels, noise included.

        The second loader is the test split, asked for by ``trainer.every_epoch=test``. Nothing of it is logged, so that
        nothing can be chosen on it.

        Returns:
            ``probabilities``, shape (B, K), and with a valence/arousal head ``affect``, shape (B, 2).
        """
        output: Output = self.method.predictor(self.network)(batch["views"][0])
        logits = output.logits
        if dataloader_idx == 0:
            right = logits.argmax(dim=1) == batch["target"].argmax(dim=1)
            shared: dict[str, Any] = {"batch_size": len(logits), "add_dataloader_idx": False}
            self.log("val_loss", soft_cross_entropy(logits, batch["target"]), **shared)
            self.log("val_accuracy", right.float().mean(), **shared)
        answers = {"probabilities": exact(logits).softmax(dim=1)}
        return answers if output.affect is None else {**answers, "affect": output.affect}

    def configure_optimizers(self) -> Any:
        """The optimiser, and a learning rate that is a function of the step alone."""
        optimizer = make_optimizer(self.settings, self)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: factor(self.settings, step / steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def make_optimizer(config: TrainerConfig, module: nn.Module) -> torch.optim.Optimizer:
    """The optimiser that ``trainer.optimizer`` names, fused: AdamW's step on ResNet-18 takes a third of the time.

    All parameters of the module that want a gradient are trained, those outside a backbone at ``head_learning_rate``
    where that is set.
    """
    trained = {name: weights for name, weights in module.named_parameters() if weights.requires_grad}
    groups: list[dict[str, Any]] = [{"params": [*trained.values()]}]
    if config.head_learning_rate is not None:
        heads = [weights for name, weights in trained.items() if "backbone." not in name]
        groups = [
            {"params": [weights for name, weights in trained.items() if "backbone." in name]},
            {"params": heads, "lr": config.head_learning_rate},
        ]
    settings: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay, "fused": True}
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=0.9, nesterov=True, **settings)
    return (torch.optim.Adam if config.optimizer == "adam" else torch.optim.AdamW)(groups, **settings)


def factor(config: TrainerConfig, done: float) -> float:
    """What the learning rate is multiplied by once a share of all steps is done.

    ``cosine`` falls from 1 to 0, ``constant`` stays at 1; ``step`` multiplies by ``decay`` at each of ``milestones``,
    ``exponential`` after each epoch; ``linear`` falls evenly from 1 at the first milestone to 0 at the end.

    >>> [factor(TrainerConfig(schedule=name), 0.5) for name in ("cosine", "constant", "step", "linear")]
    [0.5, 1.0, 1.0, 0.5]
    >>> factor(TrainerConfig(schedule="exponential", decay=0.5, epochs=4), 0.5)
    0.25
    """
    if config.schedule == "cosine":
        return (1 + math.cos(math.pi * min(done, 1.0))) / 2
    if config.schedule == "step":
        milestones = (2 / 3, 8 / 9) if config.milestones is None else config.milestones
        return (0.1 if config.decay is None else config.decay) ** sum(done >= milestone for milestone in milestones)
    if config.schedule == "exponential":
        epochs = int(done * config.epochs + 1e-6)  # whole ones; a share of steps is not exact
        return (0.9 if config.decay is None else config.decay) ** epochs
    if config.schedule == "linear":
        start = config.milestones[0] if config.milestones else 0.0
        return min(1.0, max(0.0, 1 - done) / (1 - start))
    return 1.0
