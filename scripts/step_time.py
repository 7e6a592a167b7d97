"""What a training step costs with each method, beside the bare step of its network and the passes that its idea needs.

usage: step_time.py [--methods ce,eac] [--size 48] [--batch 32] [--steps 20] [--repeats 5] [--augment weak]

A bare step is forward, backward and optimiser on one batch that lies on the device. A method's step is the whole path
of `fer-exp train`: gathering, views, Lightning, loss, optimiser. Methods whose idea needs more passes of a network
(``Method.passes``) are held against as many bare steps. Readings are taken in turn, so that a slow spell of the machine
meets all of them; printed are medians, and of the ratios their range over the rounds.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from fer_exp.cli.compose import method_keys
from fer_exp.commands.bench import network_alone, whole_path
from fer_exp.config import BenchConfig, DatasetConfig, MethodConfig, TrainerConfig, check_choice
from fer_exp.datasets import open_corpus
from fer_exp.methods import METHODS
from fer_exp.store import open_store
from fer_exp.training.batches import Examples, on_device
from fer_exp.training.devices import find_device
from fer_exp.training.networks import fastest_layout

CLASSES = 7
WRONG = 0.4
"""Share of labels made wrong, for methods that go by it."""
SETTLED: dict[str, dict[str, object]] = {
    "scn": {"relabel_epoch": 1},
    "co_teaching": {"ramp": 0},
    "jocor": {"ramp": 0},
    "dnfer": {"warmup": 0},
    "ncctfer": {"warmup": 0},
    "evidence": {"warmup": 0},
}
"""Keys by method that bring forward what begins after some epochs, so that it is timed too."""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default=",".join(METHODS))
    for name, default in (("size", 48), ("batch", 32), ("steps", 20), ("repeats", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--augment", default="weak")
    given = parser.parse_args()
    names = [check_choice("--methods", name, tuple(METHODS)) for name in given.methods.split(",")]
    config = BenchConfig(
        dataset=DatasetConfig(size=given.size, faces=max(500, 2 * given.batch)),
        trainer=TrainerConfig(batch_size=given.batch, augment=given.augment),
        steps=given.steps,
    )
    device = find_device(config.trainer)
    layout = fastest_layout(device, given.size)
    examples = some_faces(config, device)
    bare: list[float] = []
    whole: dict[str, list[float]] = {name: [] for name in names}
    for repeat in range(given.repeats):
        bare.append(given.batch / network_alone(examples, config, device, CLASSES, layout))
        for name in names:
            told = replace(config, method=MethodConfig(name, keys=method_keys(name) | SETTLED.get(name, {})))
            whole[name].append(given.batch / whole_path(examples, told, device, CLASSES))
        print(f"round {repeat + 1} of {given.repeats} done", file=sys.stderr, flush=True)

    threads = f"{torch.get_num_threads()} threads" if device.type == "cpu" else torch.cuda.get_device_name(device)
    table = Table(box=None, pad_edge=False, title_justify="left")
    table.title = f"resnet18, {given.size} px, batch {given.batch}, {given.steps} steps, {device.type}, {threads}"
    for column in ("method", "passes", "ms a step", "/ (passes x bare)", "lowest", "highest"):
        table.add_column(column, justify="left" if column == "method" else "right")
    table.add_row("bare network", "1", f"{1000 * np.median(bare):.1f}")
    for name, seconds in whole.items():
        passes = METHODS[name].passes
        ratios = np.asarray(seconds) / (passes * np.asarray(bare))
        middle = np.median(seconds) / (passes * np.median(bare))
        row = (f"{each:.3f}" for each in (middle, ratios.min(), ratios.max()))
        table.add_row(name, f"{passes:g}", f"{1000 * np.median(seconds):.1f}", *row)
    Console(highlight=False).print(table)


def some_faces(config: BenchConfig, device: torch.device) -> Examples:
    """The built-in faces, dealt to the classes in turn, a share of the labels wrong."""
    store = open_store(open_corpus(config.dataset), config.dataset.size, None, log=lambda line: None)
    clean = torch.arange(len(store.faces)) % CLASSES
    wrong = torch.rand(len(clean), generator=torch.Generator().manual_seed(0)) < WRONG
    target = torch.eye(CLASSES)[torch.where(wrong, (clean + 1) % CLASSES, clean)]
    affect = torch.full((len(clean), 2), torch.nan)
    return Examples(on_device(store.pixels, device), np.arange(len(clean)), target, affect, clean)


if __name__ == "__main__":
    main()
