"""`fer-exp pretrain`: from faces without labels to a file of first weights for a training."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fer_exp.commands.following import corpus_words, line
from fer_exp.commands.train import account, end, opening
from fer_exp.config import PretrainConfig, plain
from fer_exp.config.rules import check_machine
from fer_exp.errors import RequestError
from fer_exp.pretraining import make_lesson
from fer_exp.progress import is_main_process, progress
from fer_exp.report.outcome import Outcome, finish
from fer_exp.runs import Run
from fer_exp.runs.begun import begin, begun_with, check_begun, left_alone
from fer_exp.runs.claim import claimed, output_for
from fer_exp.runs.naming import check_same, contents_of_files, run_name, told
from fer_exp.system import without_collector

if TYPE_CHECKING:
    import torch

    from fer_exp.pretraining.lesson import Lesson
    from fer_exp.training.batches import Examples
    from fer_exp.training.loggers import RunLog


def pretrain(config: PretrainConfig) -> Path | None:
    """Pretrain as a config says and print the path of backbone.pt; what is finished is left as it is.

    The run folder has config.yaml, history.csv, history.parquet, backbone.pt and, written last, run.json; checkpoints/
    until then, or with ``trainer.keep=checkpoint``.

    Args:
        config: see conf/pretrain.yaml.

    Raises:
        RequestError: the config or the faces cannot be used as asked.
        RunError: the training failed.
    """
    check_machine(config)
    output_for(Path(config.output))
    started = time.time()
    lesson = make_lesson(config)
    contents = _contents(config, lesson)
    run = _run(config, lesson)
    with claimed(run.folder):
        check_same(run, config, lesson.unread)
        begins = begun_with(contents, told(config, lesson.unread))
        if run.finished and run.has("backbone"):
            of_it = left_alone(run, begins, config.trainer.keep)
            progress(f"{run.folder} is finished already{of_it}; remove it to pretrain again.")
        elif (learnt := _learn(config, lesson, run, contents, begins, started)) is not None:
            facts, log = learnt
            digest = contents_of_files({"backbone": str(run.path("backbone"))})
            end(run, {**facts, **digest}, log)
    if not is_main_process():
        return None
    backbone = run.path("backbone")
    finish(Outcome("run", run.facts, left=[backbone]))
    return backbone


def next_step(config: PretrainConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    device, name = config.trainer.accelerator, config.backbone.name
    network = [] if name == "resnet18" else [f"backbone={name}"]
    trainer = [] if device == "auto" else [f"trainer={device}"]
    return line("train", *corpus_words(config.dataset), *network, f"backbone.weights={place}", *trainer)


def find_pretraining(config: PretrainConfig) -> Run:
    """The run of a pretraining, whether it is there yet or not; its faces are prepared if need be.

    Raises:
        RequestError: the faces cannot be used as asked.
    """
    return _run(config, make_lesson(config))


def _run(config: PretrainConfig, lesson: Lesson) -> Run:
    name = run_name(config, _contents(config, lesson), lesson.unread)
    return Run(Path(config.output) / name)


def _contents(config: PretrainConfig, lesson: Lesson) -> dict[str, str]:
    return lesson.contents | contents_of_files({"backbone.weights": config.backbone.weights})


def _learn(
    config: PretrainConfig,
    lesson: Lesson,
    run: Run,
    contents: dict[str, str],
    begins: dict[str, Any],
    started: float,
) -> tuple[dict[str, object], RunLog | None] | None:
    """Train, and write all but run.json: its content, and the log; None in a DDP run's other processes."""
    from dataclasses import asdict

    with without_collector():
        import torch

        from fer_exp.methods.method import Setting
        from fer_exp.pretraining.lesson import digests
        from fer_exp.pretraining.module import LessonModule
        from fer_exp.pretraining.saved import save_backbone
        from fer_exp.training.devices import computes_on, find_device
        from fer_exp.training.fit import PEER, fit_module
        from fer_exp.training.networks import build_network, fastest_layout, resolve_stem

    device, size = find_device(config.trainer), lesson.store.pixels.shape[1]
    examples = _examples(lesson, device)
    network, weights = build_network(config.backbone, size, 1, False, config.seed)
    network.classify.requires_grad_(False)
    count, width = len(examples["train"]), network.classify.in_features
    setting = Setting(0, count, width, config.trainer.epochs, lambda: network, seed=config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed + PEER)
        method = lesson.make(setting, examples["train"].target)
    module = LessonModule(
        network, method, config.trainer, (), layout=fastest_layout(device, size, config.trainer.precision)
    )
    if is_main_process():
        check_begun(run, begins)
        begin(run, begins, *computes_on(device), started)
        run.write("config", plain(config))
    sizes = {split: len(of_split) for split, of_split in examples.items()}
    opening(run, sizes)
    fitted = fit_module(module, config.seed, run, examples, device)
    if not is_main_process():
        return None
    history = pd.DataFrame(fitted.history)
    losses = [name for name in ("train_loss", "val_loss") if name in history]
    facts = {
        "run": run.name,
        "task": config.task,
        "splits": list(config.splits),
        "faces": sizes,
        "contents": contents,
        "settings": told(config, lesson.unread),
        "stem": resolve_stem(config.backbone, size, network.backbone.state_dict()),
        **{name: float(history[name].iloc[-1]) for name in losses},
        **lesson.facts,
    }
    save_backbone(run.path("backbone"), network.backbone, facts, digests(lesson.store, examples["train"].rows))
    run.write("history", history)
    return {
        **account(config, lesson.store, fitted),
        "pretrained": facts,
        "weights": None if weights is None else asdict(weights),
    }, fitted.log


def _examples(lesson: Lesson, device: torch.device) -> dict[str, Examples]:
    """The faces by split; validation where there is any."""
    import torch

    from fer_exp.training.batches import Examples, on_device

    pixels = on_device(lesson.store.pixels, device)
    examples = {}
    for split in ("train", "val"):
        of_split = (lesson.faces["split"] == split).to_numpy()
        rows = lesson.faces.index.to_numpy(np.int64)[of_split]
        if len(rows):
            affect = torch.full((len(rows), 2), torch.nan)
            examples[split] = Examples(pixels, rows, torch.from_numpy(lesson.target[of_split]), affect)
    if "train" not in examples:
        raise RequestError("No face is left to learn from.")
    return examples
