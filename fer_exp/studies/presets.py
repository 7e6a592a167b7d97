"""conf/experiment/<study>.yaml: a study's trainings as grids, with what a user adds, and what its paper states."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from fer_exp.config import check_choice
from fer_exp.config.folder import written
from fer_exp.config.paths import typed
from fer_exp.errors import RequestError
from fer_exp.studies import STUDIES

SCALES = ("smoke", "small", "full")

OF_START = (
    *("dataset", "dataset.root", "dataset.size", "dataset.cache", "backbone", "backbone.stem", "trainer"),
    *("trainer.accelerator", "trainer.devices", "trainer.strategy", "trainer.precision"),
)
"""What a pretraining is told as the trainings are that start from it."""
START = "start."
"""Before a word that is for the pretraining."""

Grid = dict[str, list[str]]
"""Axis (a key or a group) -> its values, as they are typed; more words may follow a value, for it alone."""


@dataclass(frozen=True)
class Preset:
    """The trainings of a table.

    Attributes:
        study: its name.
        scale: smoke, small or full.
        corpus: the dataset option.
        common: key -> word of every training; a word is ``key=value`` as typed.
        grids: each is crossed on its own; a table is rarely one product. Trainings run in their order, so that what a
            time limit cuts off is the least telling.
        launcher: words for Hydra itself, such as hydra/launcher=joblib.
        crowd: a folder that fer-exp crowd wrote, for the study that reads one.
        start: words of ``fer-exp pretrain`` for the weights that all trainings start from; none where they start from
            ``backbone.weights`` as a user gave it, or as it is by default.
    """

    study: str
    scale: str
    corpus: str
    common: dict[str, str]
    grids: list[Grid]
    launcher: list[str]
    crowd: Path | None = None
    start: tuple[str, ...] = ()

    def combinations(self) -> Iterator[dict[str, str]]:
        """Key -> value of what sets each training apart, grid after grid, the last axis fastest.

        >>> grids = [{"seed": ["0", "1"], "method": ["ce", "mixup method.alpha=8"]}]
        >>> list(Preset("noisy-labels", "small", "ferplus", {}, grids, []).combinations())[1]
        {'seed': '0', 'method': 'mixup', 'method.alpha': '8'}
        """
        for grid in self.grids:
            for values in product(*grid.values()):
                words = " ".join(f"{key}={value}" for key, value in zip(grid, values, strict=True))
                yield dict(word.split("=", 1) for word in words.split())


def read_preset(study: str, scale: str, words: Sequence[str] = ()) -> Preset:
    """A preset with a user's words on top: what both say, the user decides.

    Args:
        study: one of ``STUDIES``.
        scale: one of ``SCALES``.
        words: overrides of ``fer-exp train``; of an axis, one value or several (``seed=0,1``). A dataset chosen here
            brings the preset's own settings and axes for that corpus. Those of ``fer-exp pretrain`` begin with
            ``start.``; ``backbone.weights`` does without a pretraining.

    Raises:
        RequestError: an unknown study or scale, a word that is no override, or several values of what is no axis.
    """
    check_choice("study", study, tuple(STUDIES))
    check_choice("scale", scale, SCALES)
    content = written("experiment", study)[scale]
    single, several, launcher = _sorted(words)
    of_start = {key[len(START) :]: single.pop(key)[len(START) :] for key in [*single] if key.startswith(START)}
    corpus = single["dataset"].partition("=")[2] if "dataset" in single else str(content["dataset"])
    of_corpus = (content.get("axes") or {}).get(corpus) or {}  # folds of a corpus that has no test split, say
    grids: list[Grid] = [
        {key: [typed(value) for value in values] for key, values in {**grid, **of_corpus}.items()}
        for grid in content["grids"]
    ]
    axes = {key for grid in grids for key in grid}
    for key, values in several.items():
        if key not in axes:
            raise RequestError(
                f"{key}={','.join(values)}: a table of {study} has one {key}; several values are for its axes: "
                f"{', '.join(sorted(axes))}."
            )
    common = {"dataset": f"dataset={corpus}"}
    for settings in (content.get("train") or {}, (content.get("corpora") or {}).get(corpus) or {}):
        common |= {key: f"{key}={typed(value)}" for key, value in settings.items()}
    common |= single
    grids = [
        {key: several.get(key, _without(values, single)) for key, values in grid.items() if key not in single}
        for grid in grids
    ]
    start: tuple[str, ...] = ()
    begun = {key: f"{key}={typed(value)}" for key, value in (content.get("start") or {}).items()} | of_start
    if begun and "backbone.weights" not in common:
        start = tuple(({key: common[key] for key in OF_START if key in common} | begun).values())
    return Preset(study, scale, corpus, common, grids, launcher, start=start)


class Accuracy(NamedTuple):
    """A published accuracy in percent.

    ``source`` is whose table it stands in, ``weights`` the network's first (``face`` or ``none``), ``measure`` what it
    was read from.
    """

    value: float
    source: str
    weights: str
    measure: str


def read_published(study: str) -> dict[str, Any]:
    """What is published of a study, as the file has it."""
    published: dict[str, Any] = written("experiment", study)["published"]
    return published


def accuracies(published: dict[str, Any], corpus: str, method: str, rate: float, weights: str) -> list[Accuracy]:
    """A method's published accuracies under symmetric noise, a row a source that states one.

    Args:
        published: ``read_published("noisy-labels")``.
        corpus: a dataset option.
        method: a method option.
        rate: of the noise.
        weights: what the network here began from; figures from alike weights come first.
    """
    stated = [
        Accuracy(value, row["source"], row["weights"], row.get("measure", "not stated"))
        for row in published["accuracy"]
        if (row["corpus"], row["method"]) == (corpus, method)
        for at, value in zip(published["rates"], row["values"], strict=True)
        if abs(at - rate) < 1e-9 and value is not None
    ]
    alike = "none" if weights == "none" else "face"
    return sorted(stated, key=lambda one: one.weights != alike)


def gain(ours: list[Accuracy], over: list[Accuracy]) -> tuple[float, str] | None:
    """What a method gains over another in one table, and whose table; None where none has both from alike weights.

    Tables have baselines of their own, so figures of two of them have no difference.

    >>> theirs = Accuracy(86.0, "B", "face", "not stated")
    >>> gain([theirs], [Accuracy(83.0, "A", "face", "not stated"), Accuracy(85.5, "B", "face", "not stated")])
    (0.5, 'B')
    """
    for one in ours:
        for other in over:
            if (one.source, one.weights) == (other.source, other.weights):
                return round(one.value - other.value, 6), one.source
    return None


def _sorted(words: Sequence[str]) -> tuple[dict[str, str], Grid, list[str]]:
    """Words by key, the values of those with several, and the words for Hydra."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    single: dict[str, str] = {}
    several: Grid = {}
    launcher = []
    for word in words:
        try:
            override = OverridesParser.create().parse_override(word)
        except HydraException as error:
            raise RequestError(f"{word} is no key=value; give overrides as key=value, e.g. seed=0,1.") from error
        key = override.get_key_element().lstrip("+~")
        if override.is_hydra_override():
            launcher.append(word)
        elif override.is_sweep_override():
            several[key] = list(override.sweep_string_iterator())
        else:
            single[key] = word
            several.pop(key, None)
    return single, several, launcher


def _without(values: list[str], keys: Collection[str]) -> list[str]:
    """The values of an axis without the words behind them that set one of these keys.

    >>> _without(["ce", "mixup method.alpha=8"], ["method.alpha"])
    ['ce', 'mixup']
    """
    return [" ".join(word for word in value.split() if word.partition("=")[0] not in keys) for value in values]
