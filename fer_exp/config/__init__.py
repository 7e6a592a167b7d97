"""The schema of conf/: every key of every command, its type and choices, and the rules between keys.

Light to import: it stands at the bottom of the house, and the command line reads it before anything heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fer_exp.errors import RequestError, did_you_mean

CORPORA = ("synthetic", "fer2013", "ferplus", "rafdb", "affectnet", "cafe", "folder")
BACKBONES = ("resnet18", "resnet50", "resnet152")
STUDIES = ("cafe-soft", "noisy-labels", "affectnet-crowd")
SCALES = ("smoke", "small", "full")
CHOICES = {
    "dataset.name": CORPORA,
    "dataset.release": ("auto", "2017", "2021"),
    "dataset.subset": ("all", "A", "B"),
    "backbone.name": BACKBONES,
    "backbone.stem": ("auto", "imagenet", "small"),
    "trainer.accelerator": ("auto", "cpu", "gpu"),
    "trainer.strategy": ("auto", "ddp"),
    "trainer.precision": ("auto", "32-true", "bf16-mixed", "16-mixed"),
    "trainer.optimizer": ("adamw", "adam", "sgd"),
    "trainer.schedule": ("cosine", "step", "constant"),
    "trainer.augment": ("weak", "strong", "none"),
    "trainer.every_epoch": ("val", "test", "none"),
    "trainer.balance": ("none", "sampler", "weights"),
    "trainer.logger": ("csv", "tensorboard", "mlflow", "wandb"),
}
"""The closed choices by key; those of ``labels`` stand in fer_exp/labels/ beside what they mean."""

AT_LEAST = {
    "seed": 0,
    "bootstrap": 0,
    "permutations": 0,
    "repeats": 1,
    "steps": 1,
    "min_shared": 2,
    "gold_tasks": 1,
    "raters": 2,
    "budget": 1,
    "faces": 10,
    "dataset.size": 16,
    "dataset.seed": 0,
    "dataset.limit": 1,
    "dataset.train_limit": 1,
    "dataset.folds": 2,
    "dataset.fold": 0,
    "dataset.raters": 1,
    "labels.seed": 0,
    "labels.raters": 1,
    "labels.min_votes": 0,
    "labels.outliers": 0,
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
    train_limit: int | None = None
    validation: float = 0.1
    seed: int = 0
    drop: list[str] = field(default_factory=list)
    faces: int = 3000
    cache: str | None = None
    table: str | None = None
    votes: str | None = None
    raters: int | None = None
    ratings: str | None = None
    split_file: str | None = None
    release: str = "auto"
    subset: str = "all"
    test: float = 0.2
    folds: int | None = None
    fold: int = 0
    max_rejected: float = 0.01


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
    file: str | None = None
    file_classes: Any = None  # a preset's name, or a list of class names
    file_first: int | None = None
    export: str | None = None
    posteriors: str | None = None
    raters: int | None = None
    min_votes: int = 0
    outliers: int = 1
    others: str = "count"


@dataclass
class BackboneConfig:
    """Which network, and where its first weights come from. See conf/backbone/."""

    name: str = "resnet18"
    weights: str = "none"
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
    strategy: str = "auto"
    precision: str = "auto"
    compile: bool = False
    epochs: int = 4
    batch_size: int = 32
    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    head_learning_rate: float | None = None
    weight_decay: float = 1e-2
    schedule: str = "cosine"
    augment: str = "weak"
    every_epoch: str = "val"
    balance: str = "none"
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
    common: bool = False
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
    common: bool = False
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


@dataclass
class TableConfig:
    """Everything `fer-exp table` can be told; every other word goes to the trainings, as ``train``."""

    study: str | None = None
    scale: str = "smoke"
    train: list[str] = field(default_factory=list)
    run: bool = True
    output: str = "runs"
    results: str = "results"
    bootstrap: int = 1000
    crowd: str | None = None


@dataclass
class PeopleConfig:
    """Where people's answers come from, and how their table is read."""

    dataset: DatasetConfig | None = None
    ratings: str | None = None
    task: str | None = None
    worker: str | None = None
    label: str | None = None
    classes: list[str] = field(default_factory=list)
    ignore: list[str] = field(default_factory=lambda: ["unknown", "not_a_face"])
    duplicates: str = "refuse"
    scale: list[float] = field(default_factory=lambda: [-1.0, 1.0])
    bootstrap: int = 1000
    seed: int = 0
    output: str | None = None
    json: bool = False


@dataclass
class AgreementConfig(PeopleConfig):
    """Everything `fer-exp agreement` can be told."""

    against: str | None = None
    ties: str = "drop"
    ordered: bool = False
    min_shared: int = 10


@dataclass
class CrowdConfig(PeopleConfig):
    """Everything `fer-exp crowd` can be told."""

    gold: str | None = None
    gold_tasks: int | None = None
    lab: str | None = None
    merge: list[str] = field(default_factory=list)
    ties: str = "drop"
    methods: list[str] = field(default_factory=lambda: ["majority", "dawid_skene", "one_coin", "glad", "mace"])
    min_answers: int | None = None
    min_gold_answers: int | None = None
    min_gold_accuracy: float | None = None
    min_agreement: float | None = None
    min_skill: float | None = None
    min_consistency: float | None = None
    min_seconds: float | None = None
    min_entropy: float | None = None
    max_entropy: float | None = None
    max_spam: float | None = None


@dataclass
class PlanConfig(PeopleConfig):
    """Everything `fer-exp crowd plan` can be told."""

    raters: int = 100
    budget: int = 10_000
    faces: int = 1000
    l1: float = 0.25
    bootstrap: int = 50


Config = (
    TrainConfig
    | EvaluateConfig
    | CompareConfig
    | ReportConfig
    | PrepareConfig
    | AgreementConfig
    | CrowdConfig
    | PlanConfig
    | BenchConfig
    | TableConfig
)
SCHEMAS: dict[str, type[Config]] = {
    "train": TrainConfig,
    "evaluate": EvaluateConfig,
    "compare": CompareConfig,
    "report": ReportConfig,
    "prepare": PrepareConfig,
    "agreement": AgreementConfig,
    "crowd": CrowdConfig,
    "plan": PlanConfig,
    "bench": BenchConfig,
    "table": TableConfig,
}


def plain(config: TrainConfig) -> dict[str, Any]:
    """The config as nested dicts, as conf/ has it: a method's own keys stand beside its name."""
    found = asdict(config)
    found["method"].update(found["method"].pop("keys"))
    return found


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
    if isinstance(config, TrainConfig | PrepareConfig | BenchConfig):
        check_dataset(config.dataset)
    if isinstance(config, TrainConfig | BenchConfig):
        trainer = config.trainer
        for key in ("learning_rate", "head_learning_rate"):
            if (rate := getattr(trainer, key)) is not None and not rate > 0:
                raise RequestError(f"trainer.{key} is {rate}; it must be above 0.")
        if trainer.batch_size % trainer.devices:
            raise RequestError(
                f"trainer.batch_size is {trainer.batch_size} and trainer.devices {trainer.devices}: devices share each "
                "batch evenly; make one a multiple of the other."
            )
        if trainer.devices > 1 and trainer.strategy == "auto":
            raise RequestError(f"trainer.devices is {trainer.devices} but nothing shares the work; take trainer=ddp.")
    if isinstance(config, PeopleConfig) and not (len(config.scale) == 2 and config.scale[0] < config.scale[1]):
        raise RequestError(f"scale is {config.scale}; give the lowest and the highest rating, e.g. scale=[1,9].")
    if isinstance(config, TrainConfig):
        from fer_exp.labels.targets import check_config

        check_config(config.labels, has_votes=True)


def check_dataset(given: DatasetConfig) -> None:
    """Raise RequestError where keys of the dataset group are out of range or contradict each other."""
    if not 0 < given.test < 1:
        raise RequestError(f"dataset.test is {given.test}; it is the share of faces tested on, between 0 and 1.")
    if not 0 <= given.max_rejected <= 1:
        raise RequestError(f"dataset.max_rejected is {given.max_rejected}; it is a share of the pictures, 0 to 1.")
    if given.folds is not None and given.fold >= given.folds:
        raise RequestError(f"dataset.fold is {given.fold} but dataset.folds={given.folds} are counted from 0.")
    if given.fold and given.folds is None:
        raise RequestError(f"dataset.fold={given.fold} does nothing without dataset.folds; set dataset.folds=5, say.")
    if given.votes and given.ratings:
        raise RequestError("dataset.votes and dataset.ratings both say what raters answered; give one of them.")
    if given.subset != "all" and not (given.votes or given.ratings):
        raise RequestError(f"dataset.subset={given.subset} goes by the raters' agreement; set dataset.votes=FILE.")


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
    raise RequestError(f"{key}={value} is unknown; {did_you_mean(value, choices)}There are: {', '.join(choices)}.")


def _value(config: object, key: str) -> object:
    """The value at a dotted key, None where this command has no such key."""
    for part in key.split("."):
        config = getattr(config, part, None)
    return config
