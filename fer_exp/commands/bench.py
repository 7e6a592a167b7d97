"""`fer-exp bench`: what the training path costs beside the network alone, and beside its batches alone."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from rich.table import Table

from fer_exp.config import BenchConfig, TrainConfig
from fer_exp.errors import RequestError
from fer_exp.files import made, writable
from fer_exp.methods import make_method
from fer_exp.methods.ce import soft_cross_entropy
from fer_exp.progress import progress
from fer_exp.report.outcome import Outcome, finish
from fer_exp.runs import Run
from fer_exp.store import open_dataset
from fer_exp.training.augment import normalise, weak
from fer_exp.training.batches import Batch, Batches, Examples, on_device
from fer_exp.training.devices import find_device
from fer_exp.training.fit import make_setting
from fer_exp.training.graphs import Graphs
from fer_exp.training.module import FaceModule, make_optimizer
from fer_exp.training.networks import build_network, fastest_layout
from fer_exp.training.trainer import has_bfloat16, make_trainer, precision_on, quiet, set_arithmetic

WARM = 3
"""Steps before each reading's clock starts."""


def bench(config: BenchConfig) -> None:
    """Print images per second of batches, of bare loops and of the whole path: medians over readings, and their range.

    A bare loop trains the network on one normalised batch that lies on the device: in either memory format; on a GPU
    also with its passes as CUDA graphs, where trainer.graphs is true; on a CPU that has it also in bfloat16, to be seen
    beside float32. The whole path is Lightning's Trainer over the store with views, loss and optimiser, as `train` runs
    it, held against the best bare loop of its own precision.

    Args:
        config: see conf/bench.yaml.

    Raises:
        RequestError: fewer faces than a reading needs.
    """
    device = find_device(config.trainer)
    if config.output is not None:
        writable(Path(config.output))
    corpus, store = open_dataset(config.dataset)
    size, classes = config.trainer.batch_size, len(corpus.classes)
    if len(store.faces) < size:
        raise RequestError(f"bench needs a batch of {size} faces and the corpus has {len(store.faces)}.")
    target = torch.eye(classes)[torch.arange(len(store.faces)) % classes]
    pixels = on_device(store.pixels, device)
    examples = Examples(pixels, np.arange(len(store.faces)), target, torch.full((len(target), 2), torch.nan))
    alone = partial(network_alone, examples, config, device, classes)
    readings: dict[str, Callable[[], float]] = {
        "batches alone": partial(batches_alone, examples, config, device),
        "network alone, nchw": partial(alone, torch.contiguous_format),
        "network alone, channels_last": partial(alone, torch.channels_last),
    }
    if device.type == "cuda" and config.trainer.graphs and not config.trainer.compile:
        readings["network alone, graphs"] = partial(alone, torch.channels_last, graphs=True)
    best_of = list(readings)[1:]
    precision = precision_on(config.trainer, device)
    other = {"32-true": "bf16-mixed", "bf16-mixed": "32-true"}.get(precision, "32-true")
    if device.type == "cpu" and has_bfloat16():
        readings[f"network alone, {other}"] = partial(alone, torch.channels_last, precision=other)
    readings["whole path"] = partial(whole_path, examples, config, device, classes)
    measured: dict[str, list[float]] = {name: [] for name in readings}
    for repeat in range(config.repeats):
        for name, measure in readings.items():
            with quiet():
                measured[name].append(measure())
        progress(f"reading {repeat + 1} of {config.repeats} done")
    title = (
        f"{config.backbone.name}, {config.dataset.size} px, batch {size}, {config.steps} steps, {device}, {precision}"
    )
    table = Table("images per second", title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("median", "lowest", "highest"):
        table.add_column(column, justify="right")
    for name, values in measured.items():
        table.add_row(name, *(f"{value:,.1f}" for value in (np.median(values), min(values), max(values))))
    # The better format is chosen by its median: the better of two readings each time would be the luckier one.
    best = max(best_of, key=lambda name: float(np.median(measured[name])))
    ratios = np.asarray(measured["whole path"]) / np.asarray(measured[best])
    ratio = float(np.median(measured["whole path"]) / np.median(measured[best]))
    spread = f"{ratios.min():.3f} to {ratios.max():.3f} in {config.repeats} readings"
    content = {"images_per_second": measured, "best": best, "whole_path_share": ratio, "shares": ratios.tolist()}
    finish(Outcome("bench", content, screen=[table, f"whole path / {best}: {ratio:.3f} ({spread})"]))


def batches_alone(examples: Examples, config: BenchConfig, device: torch.device) -> float:
    """Images/s of gathering, sending, augmenting and normalising batches."""
    batches, start = Batches(examples, config.trainer.batch_size, config.seed, shuffle=True), time.perf_counter()

    def epochs() -> Iterator[Batch]:
        for epoch in itertools.count():
            batches.set_epoch(epoch)
            yield from batches

    for batch in itertools.islice(epochs(), config.steps):
        normalise(weak(batch["pixels"].to(device), batch["draw"]))
    _wait(device)
    return config.steps * config.trainer.batch_size / (time.perf_counter() - start)


def network_alone(
    examples: Examples,
    config: BenchConfig,
    device: torch.device,
    classes: int,
    layout: torch.memory_format,
    precision: str = "",
    graphs: bool = False,
) -> float:
    """Images/s of a bare training loop on one batch that lies on the device in the network's layout.

    ``precision`` is that of the config if empty; ``graphs`` makes the network's passes CUDA graphs.
    """
    low = (precision or precision_on(config.trainer, device)) == "bf16-mixed"
    set_arithmetic(config.trainer, device)
    network, _ = build_network(config.backbone, config.dataset.size, classes, False, config.seed)
    network = network.to(device, memory_format=layout).train()  # type: ignore[call-overload]
    optimizer = make_optimizer(config.trainer, network)
    batch = next(iter(Batches(examples, config.trainer.batch_size, config.seed, shuffle=True)))
    pictures = normalise(batch["pixels"].to(device)).contiguous(memory_format=layout)
    target = batch["target"].to(device)
    if graphs:
        network.graphs = Graphs(network, network.plain_pass)
    start = 0.0
    for step in range(WARM + config.steps):
        if step == WARM:
            _wait(device)
            start = time.perf_counter()
        if network.graphs is not None:
            network.graphs.new_step()
        with torch.autocast(device.type, torch.bfloat16, enabled=low):
            loss = soft_cross_entropy(network(pictures).logits, target)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    _wait(device)
    return config.steps * config.trainer.batch_size / (time.perf_counter() - start)


def whole_path(examples: Examples, config: BenchConfig, device: torch.device, classes: int) -> float:
    """Images/s of Lightning's Trainer as `fer-exp train` sets it up, validation and checkpoints apart."""
    # A small corpus is met more than once.
    rows = np.resize(examples.rows, (WARM + config.steps) * config.trainer.batch_size)
    repeated = replace(examples, rows=rows, target=examples.target[rows], affect=examples.affect[rows])
    network, _ = build_network(config.backbone, config.dataset.size, classes, False, config.seed)
    layout = fastest_layout(device, config.dataset.size, config.trainer.precision)
    training = TrainConfig(backbone=config.backbone, method=config.method, trainer=config.trainer, seed=config.seed)
    method = make_method(config.method, make_setting(network, training, repeated))
    module = FaceModule(network, method, config.trainer, tuple(map(str, range(classes))), layout=layout)
    clock = Clock(device, config.steps)
    place = nullcontext() if config.output is None else made(Path(config.output))
    with place as above, tempfile.TemporaryDirectory(dir=above) as folder:
        trainer = make_trainer(replace(config.trainer, epochs=1), device, Run(Path(folder)), [clock])
        trainer.fit(module, Batches(repeated, config.trainer.batch_size, config.seed, shuffle=True))
    return config.steps * config.trainer.batch_size / (clock.stop - clock.start)


class Clock(Callback):
    """Times the steps after the first few, once the device has done them."""

    def __init__(self, device: torch.device, steps: int) -> None:
        self.device = device
        self.last = WARM + steps - 1
        self.start = self.stop = 0.0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: Batch, batch_idx: int
    ) -> None:
        """Starts the clock after the first steps and stops it after the last one."""
        if batch_idx in (WARM - 1, self.last):
            _wait(self.device)
            self.start, self.stop = self.stop, time.perf_counter()


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
