"""What a run is called, by all that can change a number; and the runs of some configs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_exp.config import PretrainConfig, TrainConfig, plain
from fer_exp.config.folder import conf_folder, written
from fer_exp.config.settings import WEIGHTS, settings
from fer_exp.errors import RequestError
from fer_exp.files import md5
from fer_exp.runs import FILES, Run

if TYPE_CHECKING:
    from fer_exp.store import Store

NAMED = ("dataset.name", "labels.kind", "backbone.name", "method.name")
"""Keys that choose an option, and with it the defaults of the others."""


Named = TrainConfig | PretrainConfig
"""Configs of commands that leave run folders."""


def run_name(config: Named, contents: Mapping[str, str], unread: Collection[str] = ()) -> str:
    """What the run is, in words, and a hash of all that can change a number.

    The hash is over the keys that differ from the defaults of the options chosen in conf/, the seed apart, and over
    the contents of the files that they name, not their paths. So a copy of the corpus finds the same run, a key that is
    new and left alone renames none, and the seeds of a config share its hash.

    Args:
        config: of a training or a pretraining.
        contents: as of ``contents_of``.
        unread: keys and groups of keys that this run does not go by, whatever they are.

    >>> run_name(TrainConfig(seed=3), {"dataset": "0" * 32})
    'synthetic-onehot-resnet18-ce-seed3-...'
    """
    defaults = defaults_of(plain(config), type(config))
    changed = {
        key: float(value) if type(value) is int else value  # q=1 is q=1.0
        for key, value in told(config, unread).items()
        if key not in defaults or value != defaults[key]
    }
    hashed = json.dumps({**changed, "seed": None, "contents": dict(contents)}, sort_keys=True)
    return "-".join([*_words(config, unread), hashlib.sha256(hashed.encode()).hexdigest()[:8]])


def contents_of(config: TrainConfig, store: Store) -> dict[str, str]:
    """Key -> a digest of what the files hold that a config names; the store stands for those of the corpus.

    A split file counts by the splits that follow from it: they are the same before a run writes it and after.
    """
    from fer_exp.datasets.splits import select

    digests = {"dataset": store.content}
    if config.dataset.split_file:
        there = Path(config.dataset.split_file).exists()
        faces = select(store.faces, store.flags, config.dataset if there else replace(config.dataset, split_file=None))
        splits = "\n".join(sorted(faces["face"].astype(str) + " " + faces["split"]))
        digests["dataset.split_file"] = md5(splits)
    files = {"labels.file": config.labels.file, "labels.posteriors": config.labels.posteriors}
    return digests | contents_of_files({**files, "backbone.weights": config.backbone.weights})


def contents_of_files(files: Mapping[str, str | None]) -> dict[str, str]:
    """Key -> a digest of the file that it names, for those that name any.

    Of a backbone.pt that stayed on another machine the run.json beside it knows it.
    """
    digests: dict[str, str] = {}
    for key, name in files.items():
        if name is None or (key == "backbone.weights" and name in WEIGHTS):
            continue
        path, digests[key] = Path(name), name  # of a file that is not there training will speak
        if path.is_file():
            with path.open("rb") as stream:
                digests[key] = hashlib.file_digest(stream, "md5").hexdigest()
        elif path.name == FILES["backbone"]:
            digests[key] = Run(path.parent).facts.get("backbone", name)
    return digests


def find_runs(configs: Iterable[TrainConfig]) -> list[Run]:
    """The run of each config, whether it is there yet or not. Each corpus is opened once, and prepared if need be.

    Raises:
        RequestError: as ``open_dataset`` and ``select``.
        RunError: as ``open_dataset``.
    """
    from fer_exp.store import open_dataset

    known: dict[str, dict[str, str]] = {}
    runs = []
    for config in configs:
        read = repr((config.dataset, config.labels.file, config.labels.posteriors, config.backbone.weights))
        if read not in known:
            known[read] = contents_of(config, open_dataset(config.dataset)[1])
        runs.append(Run(Path(config.output) / run_name(config, known[read])))
    return runs


def told(config: Named, unread: Collection[str] = ()) -> dict[str, object]:
    """Dotted key -> value of all that can change a number of a run, but what files hold."""
    return _read(plain(config), unread)


def check_same(run: Run, config: Named, unread: Collection[str] = ()) -> None:
    """Raise RequestError where a run of this name was asked for otherwise: a default is another since then."""
    now, before = told(config, unread), _read(run.config, unread)
    for key in now.keys() & before.keys():
        if now[key] != before[key]:
            raise RequestError(
                f"{run.folder} was made with {key}={before[key]}, and {key}={now[key]} is asked for; set output to "
                "another folder, or remove this one."
            )


def _read(config: Mapping[str, Any], unread: Collection[str]) -> dict[str, object]:
    """What can change a number of a run that does not go by some keys and groups of keys."""
    return {key: value for key, value in settings(config).items() if not {key, key.partition(".")[0]} & {*unread}}


def _words(config: Named, unread: Collection[str]) -> list[str]:
    from fer_exp.labels.kinds import words as labels_words

    if isinstance(config, PretrainConfig):
        words = ["pretrain", config.task, *([] if "dataset" in unread else [config.dataset.name]), config.backbone.name]
    else:
        words = [config.dataset.name, labels_words(config.labels), config.backbone.name, config.method.name]
    return [*words, f"seed{config.seed}"]


def defaults_of(config: Mapping[str, Any], schema: type[Named] = TrainConfig) -> dict[str, object]:
    """Dotted key -> what conf/ says where a user chooses an option and no more; else what the schema says.

    Of ``config``, as conf/ has it, only the options chosen are read; keys of ``READ`` have no default here.
    """
    defaults = plain(schema())
    groups = ("dataset", "backbone", "method")
    chosen = {name: config[name]["name"] for name in groups if name in config} | {"trainer": "auto"}
    if schema is TrainConfig:
        chosen["labels"] = config["labels"]["kind"]
    for group, option in chosen.items():
        if (conf_folder() / group / f"{option}.yaml").is_file():
            # What a command has in place of a group's values stands in its schema, too.
            defaults[group] |= written(group, option) | written("", schema.command()).get(group, {})
    # A folder's default was 7 before it was what is there.
    return {"dataset.classes": 7} | {key: value for key, value in settings(defaults).items() if key not in NAMED}
