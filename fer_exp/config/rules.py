"""What types cannot say of a config: the closed choices, the bounds, the rules between keys."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from fer_exp.bounds import MOST_VOTES, scales_named
from fer_exp.config.command import Config
from fer_exp.config.folder import options, written
from fer_exp.config.groups import DatasetConfig, TrainerConfig
from fer_exp.config.paths import path_keys
from fer_exp.config.schema import PredictConfig, PretrainConfig, TrainConfig
from fer_exp.config.settings import WEIGHTS
from fer_exp.config.spellings import option_called
from fer_exp.errors import RequestError
from fer_exp.files import file_of, there
from fer_exp.orders import order_of
from fer_exp.regular import MOST_BYTES, no_file, regular

Leaf = TypeVar("Leaf")

TIES = ("drop", "first", "random")
DUPLICATES = ("refuse", "first", "last")
"""What becomes of a second answer of the same worker to the same task."""

CHOICES: dict[str, tuple[str, ...]] = {
    "dataset.release": ("auto", "2017", "2021"),
    "dataset.subset": ("all", "A", "B"),
    "dataset.duplicates": DUPLICATES,
    "dataset.crop": ("none", "face"),
    "duplicates": DUPLICATES,
    "device": ("auto", "cpu", "gpu", "mps"),
    "format": ("safetensors", "onnx", "torchscript"),
    "backbone.stem": ("auto", "imagenet", "small"),
    "labels.source": ("auto", "label", "votes"),
    "labels.ties": TIES,
    "labels.others": ("count", "ignore"),
    "ties": TIES,
    "weights": ("ordinal", "linear", "quadratic"),
    "trainer.accelerator": ("auto", "cpu", "gpu", "mps"),
    "trainer.strategy": ("auto", "ddp"),
    "trainer.precision": ("auto", "32-true", "64-true", "bf16-mixed", "16-mixed"),
    "trainer.optimizer": ("adamw", "adam", "sgd"),
    "trainer.schedule": ("cosine", "step", "exponential", "linear", "constant"),
    "trainer.augment": ("weak", "strong", "none"),
    "trainer.every_epoch": ("val", "test", "none"),
    "trainer.balance": ("none", "sampler", "weights"),
    "trainer.keep": ("network", "checkpoint", "none"),
    "trainer.logger": ("csv", "tensorboard", "mlflow", "wandb"),
}
"""The closed choices by key; labels.kind, rule and noise are rows in fer_exp/labels/."""

LOGGERS = {"tensorboard": ("tensorboard",), "mlflow": ("mlflow", "sqlalchemy", "alembic"), "wandb": ("wandb",)}
"""What ``trainer.logger`` needs to be installed."""

OPTIONS = {"dataset.name": "dataset", "backbone.name": "backbone"}
"""Names by key that are the options of a group of conf/."""

AT_LEAST = {
    "seed": 0,
    "bootstrap": 0,
    "permutations": 0,
    "repeats": 1,
    "steps": 1,
    "min_shared": 2,
    "gold_tasks": 1,
    "enough_gold_answers": 1,
    **dict.fromkeys(("min_answers", "min_gold_answers", "min_seconds", "min_entropy", "max_entropy"), 0),
    "raters": 2,
    "budget": 1,
    "faces": 1,
    "pilot": 10,
    "per_face": 1,
    "per_person": 1,
    "port": 0,
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
    "trainer.jobs_per_gpu": 1,
    "trainer.epochs": 1,
    "trainer.batch_size": 2,  # batch normalisation and CCC need two
    "trainer.weight_decay": 0,
    "trainer.save_every": 0,
}

MOST_SEED = 2**62
AT_MOST = {
    **dict.fromkeys(("raters", "dataset.raters", "labels.raters"), MOST_VOTES),
    **dict.fromkeys(("seed", "dataset.seed", "labels.seed"), MOST_SEED),
    **dict.fromkeys(("bootstrap", "permutations", "repeats", "steps", "trainer.epochs", "trainer.batch_size"), 10**7),
    **dict.fromkeys(("faces", "dataset.limit", "dataset.train_limit"), 10**9),
    "dataset.faces": 10**6,
    "budget": 10**12,
    "per_face": 100_000,
    "per_person": 1000,
    "port": 65_535,
    "dataset.size": 4096,
    "trainer.devices": 4096,
    "trainer.jobs_per_gpu": 4096,
}
"""What no study asks for, and what would fail late: in torch's seeds, in memory, after days."""
LONGEST = 255
"""Bytes of a name in a path; no common file system takes more."""


SHARES = (
    "labels.rate",
    "labels.smoothing",
    "dataset.validation",
    "dataset.test",
    "min_gold_accuracy",
    "min_agreement",
    "min_consistency",
    "max_spam",
    "crop",
)
"""Keys whose values are shares, 0 to 1, which people also give in percent."""


def or_percent(key: str, value: float) -> str:
    """The end of a sentence that says a value is no share: a full stop, or what it is if it was meant in percent.

    >>> or_percent("labels.rate", 40)
    ': write labels.rate=0.4.'
    """
    return f": write {key}={value / 100:g}." if 1 < value <= 100 else "."


def validate(config: Config) -> None:
    """Check what types cannot say, before anything is read or computed.

    What can only be known from the faces (votes there or not, a batch larger than its split) is checked where they
    are read.

    Raises:
        RequestError: one sentence that names the key and the way out.
    """
    for key, choices in [*CHOICES.items(), *((key, options(group)) for key, group in OPTIONS.items())]:
        if (value := _value(config, key)) is not None:
            check_choice(key, str(value), choices)
    _check_bounds(config)
    _check_texts(config)
    for key, number in _leaves(asdict(config), float):
        if not isfinite(number):
            raise RequestError(f"{key} is {number}; it must be a finite number.")
    for key in SHARES:
        share = _value(config, key)
        if isinstance(share, int | float) and not 0 <= share <= 1:
            raise RequestError(f"{key}={share:g} is no share; give one from 0 to 1{or_percent(key, share)}")
    if isinstance(config, PredictConfig):
        if config.crop is not None:
            check_choice("crop", config.crop, CHOICES["dataset.crop"], "dataset.crop")
        _check_margin("margin", config.margin)
    if (dataset := getattr(config, "dataset", None)) is not None:
        _check_dataset(dataset)
    if (trainer := getattr(config, "trainer", None)) is not None:
        _check_trainer(trainer)
    _check_scales(config)


def _check_bounds(config: Config) -> None:
    numbers = {key: _value(config, key) for key in (*AT_LEAST, *AT_MOST)}
    there = {key: number for key, number in numbers.items() if isinstance(number, int | float)}
    for key, least in AT_LEAST.items():
        if key in there and not there[key] >= least:
            raise RequestError(f"{key} is {there[key]}; it must be at least {least}.")
    for key, most in AT_MOST.items():
        if key in there and there[key] > most:
            raise RequestError(f"{key} is {there[key]}; it must be at most {most:,}.")


def _check_scales(config: Config) -> None:
    """How classes are numbered and ratings run, and the distance that a plan aims at."""
    for key in ("numbers", "dataset.numbers"):
        if (named := _value(config, key)) is not None and not isinstance(named, dict):
            order_of(named, key)
    if isinstance(l1 := _value(config, "l1"), float) and not 0 < l1 < 2:
        raise RequestError(f"l1={l1} is no target: give a distance above 0 and below 2.")
    scales_named(getattr(config, "scales", None))
    for key in ("scale", "dataset.scale"):
        scale = _value(config, key)
        if isinstance(scale, list) and not (len(scale) == 2 and scale[0] < scale[1]):
            raise RequestError(f"{key} is {scale}; give the lowest and the highest rating, e.g. {key}=[1,9].")


def _check_texts(config: Config) -> None:
    """Texts and names of files that no system takes, said before anything else stumbles over them."""
    paths = path_keys(type(config))
    for key, text in _leaves(asdict(config), str):
        if "\0" in text:
            raise RequestError(f"{key}={text} holds a NUL character, which no name can have; take it out.")
        if key not in paths:
            continue
        longest = max(Path(text).parts, key=len, default="")
        if len(os.fsencode(longest)) > LONGEST:
            said = f"{key}={text[:40]}…"
            raise RequestError(f"{said} is no path: a name in it has {len(longest):,} letters; give a shorter one.")
        first = Path(text).parts[:1]
        if text.startswith("~") and not there(Path(*first)):
            raise RequestError(f"{key}={text}: there is no user {first[0][1:]}, whose home that would be.")


def _check_trainer(trainer: TrainerConfig) -> None:
    for key in ("learning_rate", "head_learning_rate"):
        if (rate := getattr(trainer, key)) is not None and not rate > 0:
            raise RequestError(f"trainer.{key} is {rate}; it must be above 0.")
    if trainer.decay is not None and not 0 < trainer.decay <= 1:
        raise RequestError(
            f"trainer.decay is {trainer.decay}; the learning rate is multiplied by it: above 0, at most 1."
        )
    _check_milestones(trainer.milestones or [], trainer.epochs)
    for key, schedules in {"decay": ("step", "exponential"), "milestones": ("step", "linear")}.items():
        if getattr(trainer, key) is not None and trainer.schedule not in schedules:
            raise RequestError(
                f"trainer.{key} is for trainer.schedule={' or '.join(schedules)}, and the schedule is "
                f"{trainer.schedule}; write trainer.schedule={schedules[0]}, or trainer.{key}=null."
            )
    if trainer.batch_size % trainer.devices:
        raise RequestError(
            f"trainer.batch_size is {trainer.batch_size} and trainer.devices {trainer.devices}: devices share each "
            "batch evenly; make one a multiple of the other."
        )
    if trainer.devices > 1 and trainer.strategy == "auto":
        raise RequestError(
            f"trainer.devices is {trainer.devices} but nothing shares the work; write trainer=ddp "
            f"trainer.devices={trainer.devices}."
        )


def _check_milestones(milestones: list[float], epochs: int) -> None:
    """Refuse what are no rising shares of the run; of epochs, as others count them, say which shares they are."""
    ends = [0.0, *milestones, 1.0]
    if ends == sorted(set(ends)):
        return
    last, shares = max(milestones), [0.5, 0.75]
    if 1 < last < epochs:
        shares = [round(epoch / epochs, 3) for epoch in milestones]
    meant = ",".join(f"{share:g}" for share in shares)
    raise RequestError(
        f"trainer.milestones is {milestones}; they are rising shares of the run between 0 and 1: write "
        f"trainer.milestones=[{meant}], say."
    )


def check_installed(word: str, packages: Sequence[str], extra: str) -> None:
    """Raise RequestError, with the line that installs it, where a package that a word needs is not here."""
    if missing := [package for package in packages if find_spec(package) is None]:
        raise RequestError(f"{word} needs {' and '.join(missing)}: pip install 'fer-exp[{extra}]'.")


MOST_WEIGHTS = 1 << 33
"""Bytes of a file of weights; a ResNet's tensors have a hundredth of it."""


def check_machine(config: TrainConfig | PretrainConfig) -> None:
    """Raise RequestError of what is not here, or too large, and would be missed long after the faces are read.

    These are files, and the package of ``trainer.logger``.
    """
    name = config.trainer.logger
    check_installed(f"trainer.logger={name}", LOGGERS.get(name, ()), name)
    named: dict[str, str | None] = {"backbone.weights": config.backbone.weights}
    if isinstance(config, TrainConfig):
        named |= {"labels.file": config.labels.file, "labels.posteriors": config.labels.posteriors}
    for key, value in named.items():
        if value is None or (key == "backbone.weights" and value in WEIGHTS):
            continue
        file = file_of(value)[0]
        if file.is_file():
            try:
                regular(file, MOST_WEIGHTS if key == "backbone.weights" else MOST_BYTES)
            except OSError as problem:
                raise RequestError(f"{key}={value}: {problem}.") from None
            continue
        choice = option_called(key, value, WEIGHTS, 0.75) if key == "backbone.weights" else None
        reason = no_file(file)
        if choice and not there(file):
            reason = f"there is no such file; did you mean {key}={choice}?"
        raise RequestError(f"{key}={value}: {reason}")


def _check_dataset(dataset: DatasetConfig) -> None:
    named = isinstance(dataset.classes, list) and len(dataset.classes) > 1
    if not named and (isinstance(dataset.classes, bool) or dataset.classes not in (7, 8, "found")):
        raise RequestError(
            f"dataset.classes is {dataset.classes}; it must be 7, or 8 to count contempt as a class, or two names or "
            "more, e.g. dataset.classes=[neutral,happiness], or found: what is in a folder or table of your own."
        )
    if dataset.test in (0, 1):
        raise RequestError(f"dataset.test is {dataset.test}; it is the share of faces tested on, between 0 and 1.")
    if not 0 <= dataset.max_rejected <= 1:
        raise RequestError(f"dataset.max_rejected is {dataset.max_rejected}; it is a share of the pictures, 0 to 1.")
    _check_margin("dataset.margin", dataset.margin)
    if dataset.folds is not None and dataset.fold >= dataset.folds:
        raise RequestError(f"dataset.fold is {dataset.fold} but dataset.folds={dataset.folds} are counted from 0.")
    if dataset.fold and dataset.folds is None:
        raise RequestError(f"dataset.fold={dataset.fold} does nothing without dataset.folds; set dataset.folds=5, say.")
    usual = written("dataset", dataset.name)
    for key, (wanted, with_it) in {
        "raters": ("dataset.votes=FILE", dataset.votes),
        "duplicates": ("dataset.ratings=FILE", dataset.ratings),
        "margin": ("dataset.crop=face", dataset.crop != "none"),
    }.items():
        value = getattr(dataset, key)
        if not with_it and value not in (usual.get(key), getattr(DatasetConfig, key)):
            raise RequestError(
                f"dataset.{key}={value} does nothing without {wanted}; write it, too, or leave {key} out."
            )
    if dataset.folds is not None and dataset.test not in (usual.get("test"), DatasetConfig.test):
        raise RequestError(
            f"dataset.test={dataset.test} does nothing with dataset.folds, of which one is tested on; leave it out."
        )
    if dataset.votes and dataset.ratings:
        raise RequestError("dataset.votes and dataset.ratings both say what raters answered; give one of them.")
    if dataset.subset != "all" and not (dataset.votes or dataset.ratings):
        raise RequestError(f"dataset.subset={dataset.subset} goes by the raters' agreement; set dataset.votes=FILE.")


def _check_margin(key: str, margin: float | None) -> None:
    if margin is not None and not 0 <= margin <= 1:
        raise RequestError(f"{key} is {margin}; it is a share of the face's box, 0 to 1.")


def check_choice(key: str, value: str, choices: Sequence[str], spelt_as: str | None = None) -> str:
    """``value`` itself if it is one of ``choices``; ``spelt_as`` is the key whose spellings these have, if not ``key``.

    Raises:
        RequestError: it is not; names the nearest choice and all of them.

    >>> check_choice("labels.rule", "majorty", ("majority", "all"))
    Traceback (most recent call last):
    fer_exp.errors.RequestError: labels.rule=majorty is unknown; did you mean majority? There are: majority, all.
    """
    if value in choices:
        return value
    near = option_called(spelt_as or key, value, choices)
    hint = f"; did you mean {near}?" if near else "."
    raise RequestError(f"{key}={value} is unknown{hint} There are: {', '.join(choices)}.")


def _leaves(values: Mapping[str, Any], kind: type[Leaf], above: str = "") -> Iterator[tuple[str, Leaf]]:
    """Dotted key -> value, of all that are of a kind, also in lists.

    Of a method's own keys texts alone: what numbers these may be it says itself.
    """
    for key, value in values.items():
        if isinstance(value, dict) and (kind is str or key != "keys"):
            yield from _leaves({str(name): inner for name, inner in value.items()}, kind, f"{above}{key}.")
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, kind):
                yield f"{above}{key}", one


def _value(config: object, key: str) -> object:
    """The value at a dotted key, None where this command has no such key."""
    for name in key.split("."):
        config = getattr(config, name, None)
    return config
