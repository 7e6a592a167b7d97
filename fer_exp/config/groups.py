"""The schema of the groups of conf/: dataset, labels, backbone, method, trainer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fer_exp.config.paths import PATH, TEXT

CLASSES = TEXT | {"takes": int | str | list[str]}
NUMBERS = TEXT | {"takes": str | list[str] | dict[str, str] | None}
NAMES = TEXT | {"takes": str | list[str] | None}
SCALES = TEXT | {"takes": str | list[str] | dict | None}
"""Metadata of fields that take one of several types, which ``kinds.py`` tells apart."""


@dataclass
class DatasetConfig:
    """Which faces, from where, at which size. See conf/dataset/."""

    name: str = "synthetic"
    root: str | None = field(default=None, metadata=PATH)
    size: int = 48
    classes: Any = field(default=7, metadata=CLASSES)  # 7, 8, "found", or a list of class names
    numbers: Any = field(default=None, metadata=NUMBERS)  # a name in orders.ORDERS, classes, or number -> class
    limit: int | None = None
    train_limit: int | None = None
    validation: float = 0.1
    seed: int = 0
    drop: list[str] = field(default_factory=list)
    faces: int = 3000
    cache: str | None = field(default=None, metadata=PATH)
    table: str | None = field(default=None, metadata=PATH)
    votes: str | None = field(default=None, metadata=PATH)
    raters: int | None = None
    ratings: str | None = field(default=None, metadata=PATH)
    duplicates: str = "first"
    scale: list[float] = field(default_factory=lambda: [-1.0, 1.0])
    split_file: str | None = field(default=None, metadata=PATH)
    subject: str | None = field(default=None, metadata=TEXT)
    release: str = "auto"
    subset: str = "all"
    test: float = 0.2
    folds: int | None = None
    fold: int = 0
    max_rejected: float = 0.01
    crop: str = "none"
    margin: float = 0.1


@dataclass
class LabelsConfig:
    """What each training face is taught as. See conf/labels/."""

    kind: str = "onehot"
    source: str = "auto"
    rule: str = "majority"
    ties: str = "drop"
    common: bool = False
    smoothing: float = 0.0
    noise: str = "symmetric"
    rate: float = 0.0
    exact: bool = True
    clean_validation: bool = False
    seed: int = 0
    file: str | None = field(default=None, metadata=PATH)
    file_classes: Any = field(default=None, metadata=NAMES)  # a preset's name, or a list of class names
    file_first: int | None = None
    export: str | None = None
    posteriors: str | None = field(default=None, metadata=PATH)
    raters: int | None = None
    min_votes: int = 0
    outliers: int = 1
    others: str = "count"


@dataclass
class BackboneConfig:
    """Which network, and where its first weights come from. See conf/backbone/."""

    name: str = "resnet18"
    weights: str = field(default="none", metadata=PATH)  # or a word of settings.WEIGHTS
    stem: str = "auto"


@dataclass
class MethodConfig:
    """How the network is taught. See conf/method/.

    Attributes:
        name: of the method.
        affect_weight: of the valence/arousal loss, where faces are rated.
        keys: the method's own; on the command line and in conf/method/ they stand beside the other two.
    """

    name: str = "ce"
    affect_weight: float = 1.0
    keys: dict[str, Any] = field(default_factory=dict)


@dataclass
class TrainerConfig:
    """How long, how fast, on what. See conf/trainer/."""

    accelerator: str = "auto"
    devices: int = 1
    jobs_per_gpu: int = 1
    strategy: str = "auto"
    precision: str = "auto"
    compile: bool = False
    deterministic: bool = True
    graphs: bool = True
    epochs: int = 4
    batch_size: int = 32
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    head_learning_rate: float | None = None
    weight_decay: float = 1e-2
    schedule: str = "cosine"
    decay: float | None = None
    milestones: list[float] | None = None
    augment: str = "weak"
    every_epoch: str = "val"
    balance: str = "none"
    logger: str = "csv"
    keep: str = "network"
    save_every: float | None = 10.0


GROUPS: dict[str, type] = {
    "dataset": DatasetConfig,
    "labels": LabelsConfig,
    "backbone": BackboneConfig,
    "method": MethodConfig,
    "trainer": TrainerConfig,
}
