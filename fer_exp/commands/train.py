"""`fer-exp train`: from a corpus to a run folder that holds a trained network and how people would judge it."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fer_exp.commands.evaluate import run_metrics
from fer_exp.commands.following import line
from fer_exp.commit import git_commit
from fer_exp.config import PretrainConfig, TrainConfig, plain
from fer_exp.config.folder import written
from fer_exp.config.rules import check_machine
from fer_exp.datasets.splits import select
from fer_exp.errors import RequestError
from fer_exp.judging.epochs import judged_history
from fer_exp.judging.predictions import check_predictions
from fer_exp.labels.kinds import by_epoch
from fer_exp.labels.noise_files import save_noise
from fer_exp.labels.published import pictures_of, save_published
from fer_exp.labels.targets import Targets, make_targets, targets_hash
from fer_exp.names import in_order
from fer_exp.orders import ORDERS
from fer_exp.progress import is_main_process, progress, say
from fer_exp.report.outcome import Outcome, finish
from fer_exp.report.tables import metrics_table
from fer_exp.runs import Run
from fer_exp.runs.begun import all_starts, begin, begun_with, check_begun, left_alone, versions
from fer_exp.runs.claim import claimed, output_for, sweep
from fer_exp.runs.naming import check_same, contents_of, run_name, told
from fer_exp.split_names import SPLITS
from fer_exp.store import Store, open_dataset
from fer_exp.system import without_collector
from fer_exp.tables import places

if TYPE_CHECKING:
    from fer_exp.training.batches import Examples
    from fer_exp.training.fit import Fitted
    from fer_exp.training.loggers import RunLog


def train(config: TrainConfig) -> Path | None:
    """Train, predict and judge as a config says; a finished run is left as it is, an interrupted one goes on.

    Args:
        config: see conf/train.yaml.

    Returns:
        The run folder: config.yaml, targets.parquet, predictions.parquet, metrics.json, history.csv, history.parquet,
        network.safetensors, checkpoints/ and, written last, run.json. None in a DDP run's other processes, which train
        and write nothing.

    Raises:
        RequestError: the config or the corpus cannot be used as asked.
        RunError: the training failed.
    """
    check_machine(config)
    _check_method(config)
    output = output_for(Path(config.output))
    started = time.time()
    corpus, store = open_dataset(config.dataset)
    if len(corpus.classes) < 2:
        raise RequestError(
            f"{corpus.name}: {', '.join(corpus.classes)} is the only class there is; a classifier needs two or more."
        )
    contents = contents_of(config, store)
    run = Run(output / run_name(config, contents))
    with claimed(run.folder):
        check_same(run, config)
        if run.finished:
            _say_finished(run, config, contents)
            return run.folder
        faces = select(store.faces, store.flags, config.dataset, progress)
        votes = None if store.votes is None else store.votes.loc[faces.index]
        targets = make_targets(faces, votes, corpus.classes, config.labels)
        begins = begun_with(contents, told(config), targets_hash=targets_hash(targets.table))
        if is_main_process():
            check_begun(run, begins)
            _write_targets(run, config, targets, faces)
            _log_dropped(len(faces), targets)
        examples, fitted, weights = _fit(config, run, store, corpus.classes, targets, begins, started)
        if not is_main_process():
            return None
        _write_results(config, run, store, corpus.classes, targets, examples, fitted)
        facts = {
            **account(config, store, fitted),
            "seeds": {"seed": config.seed, "labels": config.labels.seed, "dataset": config.dataset.seed},
            "contents": contents,
            "targets_hash": begins["targets_hash"],
            "faces": {split: len(of_split) for split, of_split in examples.items()},
            "dropped": targets.dropped,
            "noise": targets.noise,
            "taught": fitted.taught(examples["train"]),
            "weights": weights,
        }
        end(run, facts, fitted.log)
    return run.folder


def _say_finished(run: Run, config: TrainConfig, contents: Mapping[str, str]) -> None:
    """What there is to say of a run that is asked for again; RequestError where it is not what it wrote."""
    of_it = left_alone(run, begun_with(contents, told(config)), config.trainer.keep)
    progress(f"{run.folder} is finished already{of_it}; remove it to train again.")
    if (before := run.config.get("bootstrap")) != config.bootstrap:
        others = f"fer-exp evaluate run={run.folder} bootstrap={config.bootstrap} makes others"
        progress(f"its intervals are those of bootstrap={before}; {others}.")
    form = config.labels.export
    if form is not None and not (run.folder / f"noise_{form}.txt").is_file():
        progress(f"labels.export={form} is not written: remove the folder, and train again.")


def _fit(
    config: TrainConfig,
    run: Run,
    store: Store,
    classes: tuple[str, ...],
    targets: Targets,
    begins: Mapping[str, Any],
    started: float,
) -> tuple[dict[str, Examples], Fitted, dict[str, Any] | None]:
    """Train; the faces by split, what came of it, and what is known of its first weights, None of random ones."""
    with without_collector():  # torch is wanted from here on, not before
        from fer_exp.pretraining.saved import seen_before
        from fer_exp.training.batches import on_device
        from fer_exp.training.devices import computes_on, find_device
        from fer_exp.training.fit import fit
        from fer_exp.training.networks import build_network

    device = find_device(config.trainer)
    pixels = on_device(store.pixels, device)
    examples = {split: _examples(store, pixels, targets, classes, split) for split in SPLITS}
    taught = (targets.table["split"] == "train").to_numpy()
    anew = by_epoch(config.labels, targets.counts[taught], targets.table["face"][taught].tolist(), config.seed)
    examples["train"] = replace(examples["train"], at_epoch=anew)
    affect = bool(np.isfinite(examples["train"].affect.numpy()).any())
    network, loaded = build_network(config.backbone, config.dataset.size, len(classes), affect, config.seed)
    weights = None
    if loaded is not None:
        weights = {**asdict(loaded), "test_faces_seen": seen_before(config.backbone, store, examples["test"].rows)}
    opening(run, {split: len(of_split) for split, of_split in examples.items()})
    if is_main_process():
        begin(run, begins, *computes_on(device), started)
    return examples, fit(network, config, run, classes, examples, device), weights


def _write_results(
    config: TrainConfig,
    run: Run,
    store: Store,
    classes: tuple[str, ...],
    targets: Targets,
    examples: Mapping[str, Examples],
    fitted: Fitted,
) -> None:
    """Predict, judge, and write all but run.json."""
    from fer_exp.training.trained import keep_network

    answers = {split: fitted.answers(examples[split]) for split in ("val", "test")}
    predictions = _predictions(store, targets, classes, answers)
    run.write("predictions", predictions)
    run.predictions = check_predictions(predictions)  # as the file's readers have it
    history = pd.DataFrame(fitted.history)
    kept = (run.epoch(row["epoch"], fitted.epochs.get(row["epoch"])) for row in fitted.history)
    run.write("history", judged_history(history, run.predictions, kept))
    run.write("metrics", run_metrics(run, samples=config.bootstrap, seed=config.seed))
    if fitted.log is not None and run.history is not None:
        fitted.log.end(run.metrics, run.history, training=[*history])
    if config.trainer.keep != "none":
        keep_network(run, fitted.module, plain(config), classes, store.pixels.shape[3])


def next_step(config: TrainConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    return line("report", f"run={place}")


def account(config: TrainConfig | PretrainConfig, store: Store, fitted: Fitted) -> dict[str, Any]:
    """How a run came about, for run.json: what was asked, with which versions, on what data and device, how fast."""
    import torch

    from fer_exp.training.devices import device_name

    return {
        "config": plain(config),
        "command": ["fer-exp", *sys.argv[1:]],
        "versions": versions(),
        "git_commit": git_commit(),
        "device": device_name(fitted.device),
        "threads": torch.get_num_threads(),
        "data_hash": store.key,
        "store": store.folder.name,
        "epochs_seconds": round(sum(row["seconds"] for row in fitted.history), 1),
        "images_per_second": float(np.median([row["images_per_second"] for row in fitted.history])),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def show(folder: Path) -> None:
    """Print the metrics of a run on the test split; the last line is its folder."""
    metrics = Run(folder).metrics
    finish(Outcome("metrics", metrics, screen=[metrics_table(metrics, "test")], left=[folder]))


def _write_targets(run: Run, config: TrainConfig, targets: Targets, faces: pd.DataFrame) -> None:
    """targets.parquet and config.yaml; an interrupted run must still see the same faces and targets."""
    begun = run.targets if run.has("checkpoint") and not run.begun else None  # of a version that wrote no begun.json
    if begun is not None and targets_hash(begun) != targets_hash(targets.table):
        raise RequestError(
            f"{run.folder}: the faces or votes are not those that this interrupted run began with; remove the folder "
            "to start again."
        )
    run.write("targets", targets.table)
    run.write("config", plain(config))
    if targets.noise is not None:
        rows = targets.table[targets.table["split"].isin(list(targets.noise["splits"]))]
        labels = dict(zip(rows["face"], rows["label"], strict=True))
        save_noise(run.folder / "noise.txt", labels)
        if (form := config.labels.export) is not None:
            save_published(run.folder / f"noise_{form}.txt", pictures_of(faces, labels), ORDERS[form])


def _check_method(config: TrainConfig) -> None:
    """Raise RequestError of a method's own key that cannot be, before faces are prepared.

    Methods bring torch along, which waits where all keys are the usual ones.
    """
    usual = written("method", config.method.name)
    if any(value != usual.get(key) for key, value in config.method.keys.items()):
        from fer_exp.methods import METHODS
        from fer_exp.methods.method import check_keys, check_used

        kind = METHODS[config.method.name]
        check_keys(kind, config.method.name, config.method.keys)
        check_used(kind, config.method.name, config.method.keys)


def _log_dropped(faces: int, targets: Targets) -> None:
    """What each rule about labels left out of the faces selected; the same numbers stand in run.json."""
    if targets.dropped:
        reasons = ", ".join(f"{reason}: {number:,}" for reason, number in targets.dropped.items())
        say(f"labels: {len(targets.table):,} of {faces:,} faces stay; left out by {reasons}")
    taught = targets.table[targets.table["split"] == "train"]
    never = [name for name in set(targets.table["clean_label"]) if not taught[f"target_{name}"].any()]
    if never:
        say(f"labels: no training face is {', '.join(in_order(never))}, so the network cannot learn that")
    if targets.noise and targets.noise["not_here"]:
        say(f"labels.file: {targets.noise['not_here']:,} of its faces are not in this dataset")
    if targets.noise and not targets.noise["file"] and (nobody := targets.noise["nobody"]):
        say(f"labels.noise: no face is {', '.join(nobody)}, so no label becomes that")
    if targets.noise and targets.noise["rate"] and (stay := targets.noise["stay"]):
        kind = targets.noise["kind"]
        say(f"labels.noise={kind}: there is no class that {', '.join(stay)} is taken for; these labels stay right")


def _examples(store: Store, pixels: Any, targets: Targets, classes: tuple[str, ...], split: str) -> Examples:
    import torch

    from fer_exp.training.batches import Examples

    table = targets.table[targets.table["split"] == split]
    if table.empty:
        why = ", ".join(f"{number:,} by {reason}" for reason, number in targets.dropped.items())
        raise RequestError(
            f"no face is left in the {split} split; over all splits are left out: {why or 'none'}. Ask less of a face "
            "(labels.raters, labels.min_votes), or take another labels.rule."
        )
    rows = places(table["face"], store.faces["face"])
    target = table[[f"target_{name}" for name in classes]].to_numpy(np.float32, copy=True)
    affect = store.faces.iloc[rows][["valence", "arousal"]].to_numpy(np.float32, copy=True)
    clean = None
    if targets.noise is not None:
        clean = torch.from_numpy(places(table["clean_label"], classes))
    return Examples(pixels, rows, torch.from_numpy(target), torch.from_numpy(affect), clean)


def _predictions(
    store: Store, targets: Targets, classes: tuple[str, ...], answers: dict[str, tuple[Any, Any]]
) -> pd.DataFrame:
    """The predictions table: what the network says of each face beside what people said."""
    from fer_exp.training.answers import answer_columns

    tables = []
    for split, (probabilities, affect) in answers.items():
        table = targets.table[targets.table["split"] == split].reset_index(drop=True)
        rows = places(table["face"], store.faces["face"])
        faces = store.faces.iloc[rows].reset_index(drop=True)
        columns: dict[str, Any] = {"face": table["face"], "split": split, "subject": faces["subject"]}
        columns |= answer_columns(classes, probabilities, affect)
        if store.votes is not None:
            counts = store.votes.iloc[rows]
            columns |= {f"votes_{name}": counts[name].to_numpy() for name in classes}
        columns |= {"label": table["clean_label"], "human_valence": faces["valence"], "human_arousal": faces["arousal"]}
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def opening(run: Run, sizes: Mapping[str, int]) -> None:
    """Say what a training begins with, how many faces of each split."""
    goes_on = " (interrupted before, goes on)" if run.has("checkpoint") else ""
    progress(f"{run.name}: {', '.join(f'{count:,} {split}' for split, count in sizes.items())} faces{goes_on}")


def end(run: Run, facts: Mapping[str, Any], log: RunLog | None) -> None:
    """Write run.json, the last word of a log, and sweep: a run interrupted after its last epoch needs what goes."""
    run.finish({**facts, **all_starts(run)})
    if log is not None:
        log.close()
    sweep(run)
