"""Lightning's Trainer with our settings: device, precision, checkpoints that are whole, loggers, resume."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import Logger
from pytorch_lightning.plugins import TorchCheckpointIO

from fer_exp.config import TrainConfig, TrainerConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.files import whole
from fer_exp.methods import make_method
from fer_exp.methods.method import Output, Setting
from fer_exp.runs import Run
from fer_exp.training.augment import normalise
from fer_exp.training.batches import Batches, Examples, class_weights, resident
from fer_exp.training.module import FaceModule
from fer_exp.training.networks import FaceNetwork, build_network, fastest_layout
from fer_exp.training.processes import SharedBatchNorm, machines, own_processes
from fer_exp.training.progress import EpochPredictions, History, ProgressLines

PREDICT_BATCH = 256
PEER = 1_000_003
"""Added to the seed for the first weights of what a method has of its own: a second network, a head."""


@dataclass(frozen=True)
class Fitted:
    """A trained module, the device it was trained on, and its history, a row an epoch."""

    module: FaceModule
    device: torch.device
    history: list[dict[str, Any]]


def find_device(config: TrainerConfig) -> torch.device:
    """The device that a run will use.

    Raises:
        RequestError: a GPU is asked for and there is none, or fewer than asked.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if config.accelerator == "gpu" and not count:
        raise RequestError(
            "trainer.accelerator is gpu but torch finds no CUDA device; take trainer=cpu, or install a CUDA build."
        )
    if config.accelerator == "cpu" or not count:
        return torch.device("cpu")
    if config.devices > count and "SLURM_JOB_ID" not in os.environ:
        raise RequestError(f"trainer.devices is {config.devices} but there are {count} GPUs here.")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", os.environ.get("SLURM_LOCALID", "0"))))


def on_device(pixels: NDArray[np.uint8], device: torch.device) -> NDArray[np.uint8] | torch.Tensor:
    """The store's pixels where batches are best gathered from: in the GPU's memory if they fit, else the memory map."""
    return resident(pixels, device, torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0)


def fit(
    network: FaceNetwork, config: TrainConfig, run: Run, classes: tuple[str, ...], examples: dict[str, Examples]
) -> Fitted:
    """Train a network to the end, from the last checkpoint of its run where there is one.

    Args:
        network: with its first weights.
        config: method, trainer and seed are read.
        run: checkpoints/last.ckpt, history.csv and epochs/ are written in its folder after each epoch.
        classes: their names.
        examples: the faces of ``train``, ``val`` and ``test``. Nothing is chosen on validation, the last epoch's
            weights are the result; test is only looked at with ``trainer.every_epoch=test``, and kept apart.

    Raises:
        RequestError: no such device, a batch larger than the split, a checkpoint that does not fit, a missing logger.
        RunError: a loss of nan, or a checkpoint that cannot be written.
        KeyboardInterrupt: Ctrl-C; what the last whole epoch left can be resumed.
    """
    given, device, train = config.trainer, find_device(config.trainer), examples["train"]
    if given.batch_size > len(train):
        raise RequestError(
            f"trainer.batch_size is {given.batch_size} but the training split has {len(train)} faces; make it smaller."
        )
    method = make_method(config.method, make_setting(network, config, train))
    layout = fastest_layout(device, train.pixels.shape[1])
    module = FaceModule(network, method, given, classes, config.method.affect_weight, layout)
    resume = run.path("checkpoint") if run.has("checkpoint") else None
    if resume:
        _check_fits(resume, module)
    history = History(run.path("by_epoch"), len(train) // given.batch_size * given.batch_size)
    with quiet(), own_processes():
        watched = {"none": (), "val": ("val",), "test": ("val", "test")}[given.every_epoch]
        kept = [EpochPredictions(run, watched)] if watched else []
        trainer = make_trainer(given, device, run, [history, ProgressLines(history, given.batch_size), *kept])
        batches = Batches(train, given.batch_size, config.seed, shuffle=True, balance=given.balance == "sampler")
        # Every process sees the whole validation split: a share each would need padding, and so count faces twice.
        checks = [
            Batches(examples[split], PREDICT_BATCH, config.seed, shuffle=False, shard=False)
            for split in watched or ("val",)
        ]
        try:
            trainer.fit(module, batches, checks, ckpt_path=resume, weights_only=True if resume else None)
        except SystemExit as error:  # how Lightning ends after Ctrl-C
            raise KeyboardInterrupt from error
        except torch.OutOfMemoryError as error:
            raise RunError("The GPU's memory is full; make trainer.batch_size or dataset.size smaller.") from error
    if trainer.interrupted:
        raise KeyboardInterrupt
    return Fitted(module, device, history.rows)


def make_setting(network: FaceNetwork, config: TrainConfig, train: Examples) -> Setting:
    """What a method is told of a run."""
    target, size = train.target, train.pixels.shape[1]
    classes, affect = target.shape[1], network.affect is not None

    def another() -> FaceNetwork:
        return build_network(config.backbone, size, classes, affect, config.seed + PEER)[0]

    return Setting(
        classes,
        len(train),
        network.classify.in_features,
        config.trainer.epochs,
        another,
        one_class=bool((target.max(dim=1).values > 1 - 1e-6).all()),
        weights=class_weights(target) if config.trainer.balance == "weights" else None,
        noise_rate=None if train.clean is None else float((train.clean != target.argmax(dim=1)).double().mean()),
        seed=config.seed + PEER,
    )


def make_trainer(given: TrainerConfig, device: torch.device, run: Run, callbacks: list[Any]) -> Trainer:
    """Lightning's Trainer for a run folder; nothing is printed and nothing written but what is asked here."""
    last = run.path("checkpoint")
    saver = ModelCheckpoint(last.parent, last.stem, save_on_train_epoch_end=True, enable_version_counter=False)
    precision: Any = given.precision
    if precision == "auto":
        precision = "bf16-mixed" if device.type == "cuda" else "32-true"
    return Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=given.devices,
        num_nodes=machines(given),
        strategy=given.strategy,
        precision=precision,
        max_epochs=given.epochs,
        logger=_logger(given.logger, run.folder),
        callbacks=[*callbacks, saver],
        plugins=[WholeCheckpoints(), *([SharedBatchNorm(device)] if given.strategy == "ddp" else [])],
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run.folder,
    )


@torch.inference_mode()
def predict(module: FaceModule, device: torch.device, examples: Examples) -> tuple[NDArray[Any], NDArray[Any]]:
    """Probabilities (N, K), rows sum to 1, and valence and arousal (N, 2), nan without that head; float64."""
    network = module.method.predictor(module.network).to(device).eval()
    logits, affect = [], []
    for batch in Batches(examples, PREDICT_BATCH, seed=0, shuffle=False, shard=False):
        output: Output = network(normalise(batch["pixels"].to(device)))
        logits.append(output.logits.double().cpu())
        affect.append(torch.full((len(logits[-1]), 2), torch.nan) if output.affect is None else output.affect.cpu())
    return torch.cat(logits).softmax(dim=1).numpy(), torch.cat(affect).numpy().astype(np.float64)


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints are written aside and renamed: a file that is there is whole."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Saves; RunError where the disk does not take it, the checkpoint before is then still there."""
        with whole(Path(path)) as aside:
            try:
                torch.save(checkpoint, aside)
            except RuntimeError as error:  # torch makes one of a full disk
                raise OSError(str(error).splitlines()[0]) from error


def _check_fits(path: Path, module: FaceModule) -> None:
    """Raise RequestError where a checkpoint is broken or of another architecture."""
    way_out = "remove the run folder to start again"
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    except Exception as error:  # torch raises many kinds for a broken file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RequestError(f"{path} cannot be read ({reason}); {way_out}.") from error
    own = module.state_dict()
    odd = [key for key in {**own, **state} if key not in own or key not in state or own[key].shape != state[key].shape]
    if odd:
        raise RequestError(f"{path} is of another architecture: {len(odd)} tensors differ, first {odd[0]}; {way_out}.")


def _logger(name: str, folder: Path) -> Logger | bool:
    """A logger beside history.csv; False for none."""
    if name == "csv":
        return False
    from pytorch_lightning import loggers

    try:
        if name == "tensorboard":
            return loggers.TensorBoardLogger(folder, name="", version="tensorboard")
        if name == "mlflow":
            uri = f"sqlite:///{folder.parent / 'mlflow.db'}"
            return loggers.MLFlowLogger("fer-exp", run_name=folder.name, tracking_uri=uri)
        return loggers.WandbLogger(folder.name, save_dir=folder, project="fer-exp")
    except ModuleNotFoundError as error:
        raise RequestError(
            f"trainer.logger={name} is not installed ({error.name or error}): pip install 'fer-exp[{name}]'."
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Lightning's tips, and its warnings about what is meant here (no worker processes), are for its own users."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"pytorch_lightning|lightning_fabric|torch")
            yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
