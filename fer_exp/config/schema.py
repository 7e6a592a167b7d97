"""The schema of conf/: every command with its keys, their types and defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from fer_exp.config.groups import BackboneConfig, DatasetConfig, LabelsConfig, MethodConfig, TrainerConfig
from fer_exp.config.paths import PATH, TEXT


@dataclass
class Config:
    """What one command can be told; its first sentence is what the command is for, as the help pages say it.

    Attributes:
        has_network: whether the command loads torch.
        goes_on: whether nothing is lost of one that is stopped, because the same command goes on with it.
    """

    has_network: ClassVar[bool] = False
    goes_on: ClassVar[bool] = False

    @classmethod
    def purpose(cls) -> str:
        """What the command is for, in half a sentence."""
        words = (cls.__doc__ or "").partition("\n")[0].removesuffix(".")
        return words[:1].lower() + words[1:]


@dataclass
class TrainConfig(Config):
    """Train a network under a label mode, and judge it by the human answers."""

    has_network = goes_on = True
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    labels: LabelsConfig = field(default_factory=LabelsConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    method: MethodConfig = field(default_factory=MethodConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    seed: int = 0
    output: str = field(default="runs", metadata=PATH)
    bootstrap: int = 1000


@dataclass
class PretrainConfig(Config):
    """Teach a network what faces are, without one expression label."""

    has_network = goes_on = True
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    trainer: TrainerConfig = field(default_factory=lambda: TrainerConfig(epochs=10, batch_size=256))
    task: str = "drawn"
    splits: list[str] = field(default_factory=lambda: ["train"])
    faces: int = 20_000
    points: str | None = field(default=None, metadata=PATH)
    width: float | None = None
    crop: float = 0.5
    temperature: float = 0.2
    seed: int = 0
    output: str = field(default="runs", metadata=PATH)


@dataclass
class EvaluateConfig(Config):
    """Judge saved predictions again, of a run or of any model."""

    run: str | None = field(default=None, metadata=PATH)
    predictions: str | None = field(default=None, metadata=PATH)
    seeds: list[str] = field(default_factory=list, metadata=PATH)
    votes: str | None = field(default=None, metadata=PATH)
    raters: int | None = None
    numbers: Any = field(default=None, metadata=TEXT)  # as of a dataset
    scale: list[float] = field(default_factory=lambda: [-1.0, 1.0])
    classes: list[str] = field(default_factory=list, metadata=TEXT)
    by: str | None = field(default=None, metadata=TEXT)
    groups: str | None = field(default=None, metadata=PATH)
    bootstrap: int = 1000
    seed: int = 0
    all: bool = False
    output: str | None = field(default=None, metadata=PATH)


@dataclass
class CompareConfig(Config):
    """Hold runs or prediction files against each other on the same faces."""

    runs: list[str] = field(default_factory=list, metadata=PATH)
    split: str = "test"
    common: bool = False
    seeds: list[str] = field(default_factory=list, metadata=PATH)
    votes: str | None = field(default=None, metadata=PATH)
    raters: int | None = None
    numbers: Any = field(default=None, metadata=TEXT)  # as of a dataset
    scale: list[float] = field(default_factory=lambda: [-1.0, 1.0])
    classes: list[str] = field(default_factory=list, metadata=TEXT)
    metrics: list[str] | None = None
    primary: str | None = None
    by: str | None = field(default=None, metadata=TEXT)
    groups: str | None = field(default=None, metadata=PATH)
    repairs: bool = True
    bootstrap: int = 2000
    permutations: int = 10000
    seed: int = 0
    output: str | None = field(default=None, metadata=PATH)


@dataclass
class ReportConfig(Config):
    """One page of one run or several: metrics, figures, faces."""

    run: str | None = field(default=None, metadata=PATH)
    runs: list[str] = field(default_factory=list, metadata=PATH)
    split: str = "test"
    common: bool = False
    by: str | None = field(default=None, metadata=TEXT)
    groups: str | None = field(default=None, metadata=PATH)
    pictures: bool | None = None
    bootstrap: int = 1000
    seed: int = 0
    output: str | None = field(default=None, metadata=PATH)


@dataclass
class PredictConfig(Config):
    """Say what a trained network sees in pictures, as probabilities and as ten people."""

    has_network = True
    run: str | None = field(default=None, metadata=PATH)
    pictures: list[str] = field(default_factory=list, metadata=PATH)
    root: str | None = field(default=None, metadata=PATH)
    crop: str | None = None
    margin: float | None = None
    device: str = "auto"
    page: bool = False
    overwrite: bool = False
    output: str | None = field(default=None, metadata=PATH)


@dataclass
class ExportConfig(Config):
    """Take a trained network out, as one file with a model card."""

    has_network = True
    run: str | None = field(default=None, metadata=PATH)
    format: str = "safetensors"
    overwrite: bool = False
    output: str | None = field(default=None, metadata=PATH)


@dataclass
class PrepareConfig(Config):
    """Read a corpus once and say what is in it."""

    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    check: bool = False


@dataclass
class BenchConfig(Config):
    """Measure images per second: batches, network, whole training path."""

    has_network = True
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    method: MethodConfig = field(default_factory=MethodConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    seed: int = 0
    steps: int = 20
    repeats: int = 5
    output: str | None = field(default=None, metadata=PATH)


@dataclass
class TableConfig(Config):
    """A paper's table with ours beside it: trains what is missing, then writes it."""

    has_network = goes_on = True
    study: str | None = None
    scale: str = "smoke"
    train: list[str] = field(default_factory=list)  # every word that is no key of this command
    run: bool = True
    output: str = field(default="runs", metadata=PATH)
    results: str = field(default="results", metadata=PATH)
    starts: str | None = field(default=None, metadata=PATH)
    bootstrap: int = 1000
    crowd: str | None = field(default=None, metadata=PATH)
    archive: bool = False


@dataclass
class VerifyConfig(Config):
    """Compute published numbers again from what lies beside them: PASS or FAIL by number."""

    places: list[str] = field(default_factory=list, metadata=PATH)
    results: str = field(default="results", metadata=PATH)


@dataclass
class PeopleConfig(Config):
    """Where people's answers come from, and how their table is read."""

    dataset: DatasetConfig | None = None
    ratings: str | None = field(default=None, metadata=PATH)
    task: str | None = field(default=None, metadata=TEXT)
    worker: str | None = field(default=None, metadata=TEXT)
    label: str | None = field(default=None, metadata=TEXT)
    classes: list[str] = field(default_factory=list, metadata=TEXT)
    numbers: Any = field(default=None, metadata=TEXT)  # as of a dataset
    ignore: list[str] = field(default_factory=lambda: ["unknown", "not_a_face"], metadata=TEXT)
    duplicates: str = "refuse"
    scale: list[float] = field(default_factory=lambda: [-1.0, 1.0])
    bootstrap: int = 1000
    seed: int = 0
    output: str | None = field(default=None, metadata=PATH)


@dataclass
class AgreementConfig(PeopleConfig):
    """How well people agree, and what a crowd changes against the original labels."""

    scales: Any = field(default=None, metadata=TEXT)  # names, perhaps with ranges, or name -> range
    against: str | None = field(default=None, metadata=PATH)  # or the word original
    ties: str = "drop"
    ordered: bool = False
    weights: str = "ordinal"
    min_shared: int = 10
    by: str | None = field(default=None, metadata=TEXT)
    groups: str | None = field(default=None, metadata=PATH)
    permutations: int = 10000


@dataclass
class CrowdConfig(PeopleConfig):
    """Trust of workers, filters, soft labels, Dawid-Skene, GLAD, MACE, a crowd against a lab."""

    gold: str | None = field(default=None, metadata=PATH)
    gold_tasks: int | None = None
    lab: str | None = field(default=None, metadata=PATH)
    merge: list[str] = field(default_factory=list, metadata=TEXT)
    ties: str = "drop"
    methods: list[str] = field(default_factory=lambda: ["majority", "dawid_skene", "one_coin", "glad", "mace"])
    min_answers: int | None = None
    sure: bool = True
    enough_gold_answers: int = 10
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
    """How many raters a crowd needs, from a pilot's answers; also typed as crowd plan."""

    raters: int = 100
    faces: int | None = None
    budget: int | None = None
    l1: float = 0.25
    pilot: int = 1000
    bootstrap: int = 50


@dataclass
class RateConfig(Config):
    """Ask people on a web page what faces express, and keep their answers."""

    pictures: list[str] = field(default_factory=list, metadata=PATH)
    study: str | None = field(default=None, metadata=PATH)
    root: str | None = field(default=None, metadata=PATH)
    gold: str | None = field(default=None, metadata=PATH)
    per_face: int | None = None
    per_person: int | None = None
    hash_ids: bool | None = None
    host: str = field(default="127.0.0.1", metadata=TEXT)
    port: int = 8000
    changed: bool = False
    export: str | None = field(default=None, metadata=PATH)
    overwrite: bool = False
    l1: float = 0.25
    answers: bool = False
    erase: bool = False
    worker: str | None = field(default=None, metadata=TEXT)
    output: str | None = field(default=None, metadata=PATH)


SCHEMAS: dict[str, type[Config]] = {
    "train": TrainConfig,
    "pretrain": PretrainConfig,
    "evaluate": EvaluateConfig,
    "compare": CompareConfig,
    "table": TableConfig,
    "verify": VerifyConfig,
    "report": ReportConfig,
    "predict": PredictConfig,
    "export": ExportConfig,
    "prepare": PrepareConfig,
    "agreement": AgreementConfig,
    "crowd": CrowdConfig,
    "plan": PlanConfig,
    "rate": RateConfig,
    "bench": BenchConfig,
}
"""The commands, as the first page of help lists them; its keys and their reasons stand in conf/<command>.yaml."""


def plain(config: Config) -> dict[str, Any]:
    """The config as nested dicts, as conf/ has it: a method's own keys stand beside its name."""
    nested = asdict(config)
    if nested.get("method"):
        nested["method"] |= nested["method"].pop("keys")
    return nested
