"""The schema of conf/: every key of every command, its type and choices, and the rules between keys.

Light to import: it stands at the bottom of the house, and the command line reads it before anything heavy.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

from fer_exp.errors import RequestError

CORPORA = ("synthetic", "fer2013", "ferplus")
BACKBONES = ("resnet18", "resnet50", "resnet152")
METHODS = ("ce",)
CHOICES = {
    "dataset.name": CORPORA,
    "backbone.name": BACKBONES,
    "backbone.stem": ("auto", "imagenet", "small"),
    "method.name": METHODS,
    "trainer.accelerator": ("auto", "cpu", "gpu"),
    "trainer.strategy": ("auto", "ddp"),
    "trainer.precision": ("auto", "32-true", "bf16-mixed", "16-mixed"),
    "trainer.optimizer": ("adamw", "adam", "sgd"),
    "trainer.schedule": ("cosine", "step", "constant"),
    "trainer.augment": ("weak", "none"),
    "faces": ("same", "common"),
    "trainer.logger": ("csv", "tensorboard", "mlflow", "wandb"),
}
"""The closed choices by key; those of ``labels`` stand in fer_exp/labels/ beside what they mean."""

AT_LEAST = {
    "seed": 0,
    "bootstrap": 0,
    "permutations": 0,
    "repeats": 1,
    "steps": 1,
    "dataset.size": 16,
    "dataset.seed": 0,
    "dataset.limit": 1,
    "labels.seed": 0,
    "method.affect_weight": 0,
    "trainer.devices": 1,
    "trainer.epochs": 1,
    "trainer.batch_size": 2,  # batch normalisation and CCC need two
    "trainer.weight_decay": 0,
}


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
    common: bool = False
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
    epochs: int = 5
    batch_size: int = 32
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


@dataclass
class EvaluateConfig:
    """Everything `fer-exp evaluate` can be told."""

    run: str | None = None
    predictions: str | None = None
    bootstrap: int = 1000
    seed: int = 0
    json: bool = False
    all: bool = False


@dataclass
class CompareConfig:
    """Everything `fer-exp compare` can be told."""

    runs: list[str] = field(default_factory=list)
    split: str = "test"
    faces: str = "same"
    metrics: list[str] | None = None
    repairs: bool = True
    bootstrap: int = 2000
    permutations: int = 10000
    seed: int = 0
    json: bool = False
    output: str | None = None


@dataclass
class ReportConfig:
    """Everything `fer-exp report` can be told."""

    run: str | None = None
    runs: list[str] = field(default_factory=list)
    split: str = "test"
    faces: str = "same"
    pictures: bool = True
    bootstrap: int = 1000
    seed: int = 0
    output: str | None = None


@dataclass
class PrepareConfig:
    """Everything `fer-exp prepare` can be told."""

    dataset: DatasetConfig = field(default_factory=DatasetConfig)


@dataclass
class BenchConfig:
    """Everything `fer-exp bench` can be told."""

    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    method: MethodConfig = field(default_factory=MethodConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    seed: int = 0
    steps: int = 20
    repeats: int = 5
    output: str | None = None


Config = TrainConfig | EvaluateConfig | CompareConfig | ReportConfig | PrepareConfig | BenchConfig
SCHEMAS: dict[str, type[Config]] = {
    "train": TrainConfig,
    "evaluate": EvaluateConfig,
    "compare": CompareConfig,
    "report": ReportConfig,
    "prepare": PrepareConfig,
    "bench": BenchConfig,
}


def validate(config: Config) -> None:
    """Check what types cannot say, before anything is read or computed.

    What can only be known from the faces (votes there or not, a batch larger than its split) is checked where they
    are read.

    Raises:
        RequestError: one sentence that names the key and the way out.
    """
    for key, choices in CHOICES.items():
        value = _value(config, key)
        if value is not None:
            check_choice(key, str(value), choices)
    for key, least in AT_LEAST.items():
        value = _value(config, key)
        if isinstance(value, int | float) and not value >= least:
            raise RequestError(f"{key} is {value}; it must be at least {least}.")
    if isinstance(config, TrainConfig | BenchConfig):
        trainer = config.trainer
        if not trainer.learning_rate > 0:
            raise RequestError(f"trainer.learning_rate is {trainer.learning_rate}; it must be above 0.")
        if trainer.batch_size % trainer.devices:
            raise RequestError(
                f"trainer.batch_size is {trainer.batch_size} and trainer.devices {trainer.devices}: devices share each "
                "batch evenly; make one a multiple of the other."
            )
        if trainer.devices > 1 and trainer.strategy == "auto":
            raise RequestError(f"trainer.devices is {trainer.devices} but nothing shares the work; take trainer=ddp.")
    if isinstance(config, TrainConfig):
        from fer_exp.labels.targets import check_config

        check_config(config.labels, has_votes=True)


def check_choice(key: str, value: str, choices: Sequence[str]) -> str:
    """``value`` itself if it is one of ``choices``.

    Raises:
        RequestError: it is not; names the nearest choice and all of them.

    >>> check_choice("labels.rule", "majorty", ("majority", "all"))
    Traceback (most recent call last):
    fer_exp.errors.RequestError: labels.rule=majorty is unknown; did you mean majority? There are: majority, all.
    """
    if value in choices:
        return value
    near = difflib.get_close_matches(value, choices, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise RequestError(f"{key}={value} is unknown; {hint}There are: {', '.join(choices)}.")


def _value(config: object, key: str) -> object:
    """The value at a dotted key, None where this command has no such key."""
    for part in key.split("."):
        config = getattr(config, part, None)
    return config
