"""The schema of conf/: every command with its keys, their types and defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from fer_exp.config.command import Config, Takes
from fer_exp.config.groups import (
    NUMBERS,
    SCALES,
    BackboneConfig,
    DatasetConfig,
    LabelsConfig,
    MethodConfig,
    TrainerConfig,
)
from fer_exp.config.paths import PATH, TEXT

FACES = Takes("a folder of pictures, or a table that names them", "dataset.root", "dataset.table", ("dataset=folder",))
RUNS = Takes("run folders and tables of predictions", "runs", "runs")


@dataclass
class TrainConfig(Config):
    """Train a network under a label mode, and judge it by the human answers."""

    has_network = goes_on = True
    takes = FACES
    called = "training fit run learn finetune fine_tune start main launch sweep multirun trainer experiment"
    examples = (("train method=published/scn labels=noisy labels.rate=0.3", "with its paper's optimiser"),)
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
    takes = FACES._replace(besides=("dataset=folder", "task=contrast"))  # the task drawn looks at no dataset
    called = "pretraining pre_train pretext ssl selfsupervised"
    examples = (
        ("pretrain trainer=gpu", "what moves in a drawn face: weights to start from"),
        ("pretrain task=contrast dataset=ferplus dataset.root=DIR", "what tells faces apart"),
    )
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

    takes = Takes("a run folder, or a table of predictions", "run", "predictions")
    called = "eval test testing validate validation val evaluation score metrics judge assess evaluate_model"
    examples = (
        ("evaluate run=runs/NAME all=true", "every metric of a run"),
        ("evaluate predictions=mine.csv", "judge any model's predictions"),
    )
    run: str | None = field(default=None, metadata=PATH)
    predictions: str | None = field(default=None, metadata=PATH)
    seeds: list[str] = field(default_factory=list, metadata=PATH)
    votes: str | None = field(default=None, metadata=PATH)
    raters: int | None = None
    numbers: Any = field(default=None, metadata=NUMBERS)  # as of a dataset
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

    takes = RUNS
    called = "comparison diff versus vs significance compare_runs"
    examples = (("compare a.parquet b.csv common=true", "on the faces that both saw"),)
    runs: list[str] = field(default_factory=list, metadata=PATH)
    split: str = "test"
    common: bool = False
    seeds: list[str] = field(default_factory=list, metadata=PATH)
    votes: str | None = field(default=None, metadata=PATH)
    raters: int | None = None
    numbers: Any = field(default=None, metadata=NUMBERS)  # as of a dataset
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

    takes = RUNS
    called = "html page plot plots visualize visualise show view reports figure figures dashboard"
    examples = (("report run=runs/NAME", "one page with figures and faces"),)
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
    takes = Takes("a run, then pictures: a folder, files, or a table", "pictures", "pictures", run="run")
    called = (
        "inference infer predictions prediction classify classification recognise recognize apply answer deploy "
        "forward detect analyse analyze use"
    )
    examples = (
        ("predict runs/NAME photos/", "what a network sees in a folder of pictures"),
        ("predict runs/NAME photos/ crop=face page=true", "in photographs, with a page to look at"),
    )
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
    takes = Takes("a run folder", "run", "run")
    called = "convert onnx torchscript deploy freeze package publish share upload hub push_to_hub save_model exporter"
    examples = (("export run=runs/NAME format=onnx", "the network alone, with a model card"),)
    run: str | None = field(default=None, metadata=PATH)
    format: str = "safetensors"
    overwrite: bool = False
    output: str | None = field(default=None, metadata=PATH)


@dataclass
class PrepareConfig(Config):
    """Read a corpus once and say what is in it."""

    takes = FACES
    called = "prep preprocess preprocessing data dataset datasets download check inspect info describe load"
    examples = (("prepare dataset=ferplus dataset.root=DIR", "what is in a corpus"),)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    check: bool = False


@dataclass
class BenchConfig(Config):
    """Measure images per second: batches, network, whole training path."""

    has_network = True
    takes = FACES
    called = "benchmark speed throughput time timing profile perf"
    examples = (("bench trainer=cpu dataset.size=112", "images per second"),)
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
    called = "tables study studies reproduce paper results"
    examples = (
        ("table study=cafe-soft", "one label against a distribution, on the built-in faces"),
        ("table study=noisy-labels", "a paper's table, on the built-in faces"),
        ("table study=affectnet-crowd", "single labels against a crowd, on the built-in faces"),
        ("table study=noisy-labels archive=true", "with slim runs beside it, for a paper's supplement"),
    )
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

    takes = Takes("folders of tables, and documents", "places", "places")
    called = "verification check_results recompute recheck reproducibility audit claims"
    examples = (
        ("verify", "are all published numbers what they are computed to be?"),
        ("verify results/NAME README.md", "those of a folder of tables, and of a document"),
    )
    places: list[str] = field(default_factory=list, metadata=PATH)
    results: str = field(default="results", metadata=PATH)


@dataclass
class PeopleConfig(Config):
    """Where people's answers come from, and how their table is read."""

    takes = Takes("a table of answers, or a folder of them", "ratings", "ratings")
    dataset: DatasetConfig | None = None
    ratings: str | None = field(default=None, metadata=PATH)
    task: str | None = field(default=None, metadata=TEXT)
    worker: str | None = field(default=None, metadata=TEXT)
    label: str | None = field(default=None, metadata=TEXT)
    classes: list[str] = field(default_factory=list, metadata=TEXT)
    numbers: Any = field(default=None, metadata=NUMBERS)  # as of a dataset
    ignore: list[str] = field(default_factory=lambda: ["unknown", "not_a_face"], metadata=TEXT)
    duplicates: str = "refuse"
    scale: list[float] = field(default_factory=lambda: [-1.0, 1.0])
    bootstrap: int = 1000
    seed: int = 0
    output: str | None = field(default=None, metadata=PATH)


@dataclass
class AgreementConfig(PeopleConfig):
    """How well people agree, and what a crowd changes against the original labels."""

    called = "agree reliability kappa icc alpha irr fleiss krippendorff iaa agreements interrater"
    examples = (("agreement dataset=ferplus dataset.root=DIR against=original", "what a crowd changes"),)
    scales: Any = field(default=None, metadata=SCALES)  # names, perhaps with ranges, or name -> range
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

    called = "workers worker raters annotators aggregate aggregation vote votes dawidskene mturk crowdsourcing clean"
    examples = (("crowd ratings=answers.csv gold=gold.csv min_gold_accuracy=0.6", "whom to trust"),)
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

    called = "power planning samplesize budget pilot"
    examples = (("crowd plan ratings=pilot.csv", "how many raters a face?"),)
    raters: int = 100
    faces: int | None = None
    budget: int | None = None
    l1: float = 0.25
    pilot: int = 1000
    bootstrap: int = 50


@dataclass
class RateConfig(Config):
    """Ask people on a web page what faces express, and keep their answers."""

    takes = Takes("a folder of pictures, or a table that names them", "pictures", "pictures")
    called = (
        "ask collect annotate annotation annotator label labelling labeling rating ratings serve server survey "
        "jspsych questionnaire crowdsource collection study_page jatos pavlovia prolific"
    )
    examples = (
        ("rate photos/ study=cafe", "ask people on a web page, on this machine"),
        ("rate answers output=runs/NAME", "the tables of a study, also while it is served"),
        ("rate erase worker=ID output=runs/NAME", "everything of a person, for good"),
    )
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
    schema.command(): schema
    for schema in (
        TrainConfig,
        PretrainConfig,
        EvaluateConfig,
        CompareConfig,
        TableConfig,
        VerifyConfig,
        ReportConfig,
        PredictConfig,
        ExportConfig,
        PrepareConfig,
        AgreementConfig,
        CrowdConfig,
        PlanConfig,
        RateConfig,
        BenchConfig,
    )
}
"""The commands, as the first page of help lists them; its keys and their reasons stand in conf/<command>.yaml."""


def plain(config: Config) -> dict[str, Any]:
    """The config as nested dicts, as conf/ has it: a method's own keys stand beside its name."""
    nested = asdict(config)
    if nested.get("method"):
        nested["method"] |= nested["method"].pop("keys")
    return nested
