"""From a network with its first weights to a trained one and its answers: device, resume, the fit, prediction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from pytorch_lightning import Callback

from fer_exp.config import TrainConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.methods import make_method
from fer_exp.methods.method import Setting
from fer_exp.progress import is_main_process, say
from fer_exp.runs import Run
from fer_exp.runs.begun import identity
from fer_exp.training.answers import answers_of, at_once
from fer_exp.training.batches import Batches, Examples, class_weights
from fer_exp.training.loggers import LogEpochs, RunLog, logged
from fer_exp.training.module import FaceModule
from fer_exp.training.monitor import Monitor
from fer_exp.training.networks import FaceNetwork, build_network, fastest_layout
from fer_exp.training.processes import forgotten_process_group
from fer_exp.training.progress import EpochPredictions, History, ProgressLines
from fer_exp.training.resuming import check_checkpoint
from fer_exp.training.room import check_room
from fer_exp.training.saving import Ended, Preempted
from fer_exp.training.trainer import make_trainer, quiet

PEER = 1_000_003
"""Added to the seed for the first weights of a second network or a head that a method has."""


@dataclass(frozen=True)
class Fitted:
    """A trained module, the device it was trained on, its history, a row an epoch, and its log where there is one.

    ``epochs`` has the SHA-256 of the answers that were kept of each epoch.
    """

    module: FaceModule
    device: torch.device
    history: list[dict[str, Any]]
    log: RunLog | None = None
    epochs: Mapping[int, str] = field(default_factory=dict)

    def answers(self, examples: Examples) -> tuple[NDArray[Any], NDArray[Any]]:
        """The trained network's answers, as ``answers_of`` gives them."""
        batches = Batches(examples, at_once(examples.pixels.shape[1], self.device), seed=0, shuffle=False, shard=False)
        network = self.module.method.predictor(self.module.network).to(self.device)
        return answers_of(network, (batch["pixels"] for batch in batches))

    def taught(self, train: Examples) -> dict[str, float]:
        """What it answers of its training faces as they are, as ``Monitor.figures``; nan is left out.

        The history counts while it learns, of pictures as the method sees them; this is one measure for all methods.
        """
        monitor = Monitor(self.module.monitor.classes)
        monitor.see(torch.from_numpy(self.answers(train)[0]), train.target, train.clean, None, {})
        return {name: value for name, value in monitor.figures().items() if value == value}


def fit(
    network: FaceNetwork,
    config: TrainConfig,
    run: Run,
    classes: tuple[str, ...],
    examples: dict[str, Examples],
    device: torch.device,
) -> Fitted:
    """Train a network as a config says, with its method; ``fit_module`` says the rest."""
    method = make_method(config.method, make_setting(network, config, examples["train"]))
    layout = fastest_layout(device, examples["train"].pixels.shape[1], config.trainer.precision)
    module = FaceModule(network, method, config.trainer, classes, config.method.affect_weight, layout)
    judged = {"none": (), "val": ("val",), "test": ("val", "test")}[config.trainer.every_epoch]
    return fit_module(module, config.seed, run, examples, device, judged)


def fit_module(
    module: FaceModule,
    seed: int,
    run: Run,
    examples: dict[str, Examples],
    device: torch.device,
    judged: tuple[str, ...] = (),
) -> Fitted:
    """Train a module to the end, from the last checkpoint of its run where there is one.

    Validation is looked at after every epoch where there is any; the answers on the splits ``judged`` are kept.

    Files checkpoints/last.ckpt, history.csv and epochs/ are written in the run's folder after each epoch, the first
    also within one: every ``trainer.save_every`` minutes, and where a signal ends the process. Nothing is
    chosen on validation, the last epoch's weights are kept. Test is met only with ``trainer.every_epoch=test``, and its
    answers are stored apart.

    Raises:
        RequestError: a batch larger than the split, a checkpoint that does not fit, a missing logger.
        RunError: a loss of nan, a disk without room for the run, or a checkpoint that cannot be written.
        KeyboardInterrupt: Ctrl-C; the run can be resumed from its last checkpoint. ``Preempted``: it was just saved.
    """
    settings, train = module.settings, examples["train"]
    if settings.batch_size > len(train):
        raise RequestError(
            f"trainer.batch_size is {settings.batch_size} but the training split has {len(train)} faces; "
            "make it smaller."
        )
    if settings.precision == "64-true":
        module.double()  # Lightning does so after it has loaded a checkpoint, which a module in float32 would round
    checkpoint = _checkpoint(run, module)
    if is_main_process():
        of_judged = sum(len(examples[split]) for split in judged if split in examples)
        check_room(run, module, settings, sum(map(len, examples.values())), of_judged, train.target.shape[1])
    history = History(run.path("by_epoch"), len(train) // settings.batch_size * settings.batch_size)
    predictions = EpochPredictions(run, judged)
    with quiet(), forgotten_process_group(), logged(settings.logger, run) as log:
        callbacks: list[Callback] = [history, ProgressLines(history, settings.batch_size)]
        callbacks += [predictions] if judged else []
        callbacks += [] if log is None else [LogEpochs(log, history)]
        trainer = make_trainer(settings, device, run, callbacks)
        batches = Batches(train, settings.batch_size, seed, shuffle=True, balance=settings.balance == "sampler")
        # Every process sees the whole validation split: a share each would need padding, and so count faces twice.
        validation = [
            Batches(examples[split], at_once(train.pixels.shape[1], device), seed, shuffle=False, shard=False)
            for split in judged or ("val",)
            if split in examples
        ]
        with _in_our_words(run):
            trainer.fit(module, batches, validation, ckpt_path=checkpoint, weights_only=True if checkpoint else None)
            if trainer.interrupted:
                raise SystemExit
        if log is not None:  # of a run interrupted after its last epoch
            log.epochs(history.rows)
    return Fitted(module, device, history.rows, log, predictions.digests)


def _checkpoint(run: Run, module: FaceModule) -> Path | None:
    """The checkpoint that a run goes on from, which is one of its own; None of a run that begins."""
    path = run.path("checkpoint")
    if run.has("checkpoint"):
        check_checkpoint(path, module, identity(run))
        return path
    if path.with_suffix(".digests").is_file():
        say(f"{run.folder}: its checkpoint is gone; the run begins anew.")
    return None


@contextmanager
def _in_our_words(run: Run) -> Iterator[None]:
    """What ends Lightning's fit early, as the command line knows it."""
    try:
        yield
    except Ended as end:
        raise Preempted(end.number, str(end)) from end
    except SystemExit as error:  # how Lightning ends after Ctrl-C
        saved = ["Whole epochs are saved; the same command goes on from there."] if run.has("checkpoint") else []
        raise KeyboardInterrupt(*saved) from error
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "MPS backend out of memory" not in str(error):
            raise
        raise RunError("The GPU's memory is full; make trainer.batch_size or dataset.size smaller.") from error


def make_setting(network: FaceNetwork, config: TrainConfig, train: Examples) -> Setting:
    """The facts of a run that a method may use; true labels are none of them."""
    target, size = train.target, train.pixels.shape[1]
    classes, affect = target.shape[1], network.affect is not None
    where = train.pixels.device if isinstance(train.pixels, torch.Tensor) else "cpu"

    def make_peer() -> FaceNetwork:
        return build_network(config.backbone, size, classes, affect, config.seed + PEER)[0]

    return Setting(
        classes,
        len(train),
        network.classify.in_features,
        config.trainer.epochs,
        make_peer,
        one_class=bool((target.max(dim=1).values > 1 - 1e-6).all()),
        weights=class_weights(target).to(where) if config.trainer.balance == "weights" else None,
        noise_rate=None if train.clean is None else float((train.clean != target.argmax(dim=1)).double().mean()),
        seed=config.seed + PEER,
    )
