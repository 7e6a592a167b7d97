"""The schema of conf/: every key of every command, its type, and the rules between keys."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class DatasetConfig:
    """Which faces, from where, at which size. See conf/dataset/."""

    name: str = "synthetic"
    root: str | None = None
    size: int = 48
    classes: int = 7
    limit: int | None = None
    validation: float = 0.1
    seed: int = 0
    drop: list[str] = field(default_factory=list)
    faces: int = 3000
    cache: str | None = None


@dataclass
class LabelsConfig:
    """What each training face is taught as. See conf/labels/."""

    kind: str = "onehot"
    source: str = "auto"
    rule: str = "majority"
    ties: str = "drop"
    smoothing: float = 0.0
    noise: str = "symmetric"
    rate: float = 0.0
    exact: bool = True
    seed: int = 0
    file: str | None = None


@dataclass
class BackboneConfig:
    """Which network, and where its first weights come from. See conf/backbone/."""

    name: str = "resnet18"
    weights: str = "none"
    stem: str = "auto"


@dataclass
class MethodConfig:
    """How the network is taught. See conf/method/."""

    name: str = "ce"
    affect_weight: float = 1.0


@dataclass
class TrainerConfig:
    """How long, how fast, on what. See conf/trainer/."""

    accelerator: str = "auto"
    devices: int = 1
    strategy: str = "auto"
    precision: str = "auto"
    compile: bool = False
    epochs: int = 10
    batch_size: int = 64
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    schedule: str = "cosine"
    augment: str = "weak"
    logger: str = "csv"


@dataclass
class TrainConfig:
    """Everything `fer-exp train` can be told."""

    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    labels: LabelsConfig = field(default_factory=LabelsConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    method: MethodConfig = field(default_factory=MethodConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    seed: int = 0
    output: str = "runs"
    bootstrap: int = 1000
