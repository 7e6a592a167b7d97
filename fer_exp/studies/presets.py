"""Presets of the studies: conf/experiment/<study>.yaml as grids of trainings, with what a user adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from fer_exp.config import check_choice
from fer_exp.config.folder import conf_folder
from fer_exp.errors import RequestError
from fer_exp.studies import STUDIES

SCALES = ("smoke", "small", "full")

Grid = dict[str, list[str]]
"""Axis (a key or a group) -> its values, as they are typed."""


@dataclass(frozen=True)
class Preset:
    """The trainings of a table.

    Attributes:
        study: its name.
        scale: smoke, small or full.
        corpus: the dataset option.
        common: key -> word, told to every training; a word is ``key=value`` as typed.
        grids: each is crossed on its own; a table is rarely one product.
        launcher: words for Hydra itself, such as hydra/launcher=joblib.
        crowd: a folder that fer-exp crowd wrote, for the study that reads one.
    """

    study: str
    scale: str
    corpus: str
    common: dict[str, str]
    grids: list[Grid]
    launcher: list[str]
    crowd: Path | None = None

    def sweep(self, grid: Grid) -> list[str]:
        """What is typed after ``fer-exp train`` to run a grid."""
        axes = [f"{key}={','.join(values)}" for key, values in grid.items()]
        return ["-m", *self.launcher, *self.common.values(), *axes]

    def combinations(self, grid: Grid) -> Iterator[dict[str, str]]:
        """Key -> value of each training of a grid, the last axis fastest, as Hydra has them."""
        for values in product(*grid.values()):
            yield dict(zip(grid, values, strict=True))


def read_preset(study: str, scale: str, words: Sequence[str] = ()) -> Preset:
    """A preset with a user's words on top: what is told twice, the user decides.

    Args:
        study: one of ``STUDIES``.
        scale: one of ``SCALES``.
        words: overrides of ``fer-exp train``; of an axis, one value or several (``seed=0,1``). A dataset chosen here
            brings the preset's own settings and axes for that corpus.

    Raises:
        RequestError: an unknown study or scale, a word that is no override, or several values of what is no axis.
    """
    check_choice("study", study, tuple(STUDIES))
    check_choice("scale", scale, SCALES)
    file: Any = OmegaConf.to_container(OmegaConf.load(conf_folder() / "experiment" / f"{study}.yaml"))
    content = file[scale]
    told, several, launcher = _sorted(words)
    corpus = told["dataset"].partition("=")[2] if "dataset" in told else str(content["dataset"])
    own_axes = (content.get("axes") or {}).get(corpus) or {}  # folds of a corpus that has no test split, say
    grids: list[Grid] = [
        {key: [_typed(value) for value in values] for key, values in {**grid, **own_axes}.items()}
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
    for part in (content.get("train") or {}, (content.get("corpora") or {}).get(corpus) or {}):
        common |= {key: f"{key}={_typed(value)}" for key, value in part.items()}
    common |= told
    grids = [
        {key: several.get(key, values) for key, values in grid.items() if key not in told or key in several}
        for grid in grids
    ]
    return Preset(study, scale, corpus, common, grids, launcher)


def _sorted(words: Sequence[str]) -> tuple[dict[str, str], Grid, list[str]]:
    """Words by key, the values of those with several, and the words for Hydra."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    told: dict[str, str] = {}
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
            told[key] = word
            several.pop(key, None)
    return told, several, launcher


def _typed(value: object) -> str:
    """A value of YAML as it is typed in an override.

    >>> [_typed(value) for value in (True, None, 0.2, ["a", "b"], "soft")]
    ['true', 'null', '0.2', '[a,b]', 'soft']
    """
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{','.join(_typed(each) for each in value)}]"
    return str(value)
