"""What of a training's config can change a number: what runs are named and grouped by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fer_exp.config.paths import path_keys
from fer_exp.config.schema import PretrainConfig, TrainConfig

ASIDE = (
    *("output", "bootstrap", "dataset.cache", "dataset.max_rejected", "labels.export", "trainer.logger"),
    *("trainer.jobs_per_gpu", "trainer.graphs", "trainer.keep", "trainer.save_every"),
)
"""Keys that change no number of a training: where it runs, where things are kept, what else is written or refused."""
READ = {*path_keys(TrainConfig), *path_keys(PretrainConfig), "dataset.numbers"} - {*ASIDE, "backbone.weights"}
"""Keys that name files; what these hold counts."""
SEEDS = ("seed", "labels.seed")
"""Keys that make another run of the same config; labels.seed draws the noise."""
WEIGHTS = ("none", "imagenet")
"""Values of backbone.weights that are no path."""


def names_file(key: str, value: str) -> bool:
    """Whether a key of a training with this value names a file or folder.

    >>> names_file("backbone.weights", "imagenet"), names_file("backbone.weights", "face.pt")
    (False, True)
    """
    return key in path_keys(TrainConfig) and value not in (*WEIGHTS, "null")


def flat(config: Mapping[str, Any]) -> dict[str, object]:
    """Dotted key -> value, without what changes no number.

    >>> flat({"seed": 1, "output": "runs", "dataset": {"name": "folder"}})
    {'seed': 1, 'dataset.name': 'folder'}
    """
    keys: dict[str, object] = {}
    for key, value in config.items():
        keys |= {f"{key}.{name}": inner for name, inner in value.items()} if isinstance(value, dict) else {key: value}
    return {key: value for key, value in keys.items() if key not in ASIDE}


def settings(config: Mapping[str, Any]) -> dict[str, object]:
    """The same without what the contents of a corpus tell: the names of files, and classes that are no number.

    >>> settings({"seed": 1, "dataset": {"name": "folder", "root": "/faces"}})
    {'seed': 1, 'dataset.name': 'folder'}
    """
    keys = flat(config)
    if not isinstance(keys.get("dataset.classes"), int):
        keys.pop("dataset.classes", None)
    if keys.get("backbone.weights") not in WEIGHTS:
        keys.pop("backbone.weights", None)
    return {key: value for key, value in keys.items() if key not in READ}
