"""Where conf/ lies, and the options of its groups; read as text, so that nothing heavy is imported."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any


def conf_folder() -> Path:
    """Where conf/ lies: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    return package / "conf" if (package / "conf").is_dir() else package.parent / "conf"


def options(group: str) -> list[str]:
    """The options of a config group, sorted but with ResNets by depth."""
    return sorted((path.stem for path in (conf_folder() / group).glob("*.yaml")), key=lambda name: (len(name), name))


def written(group: str, option: str) -> dict[str, Any]:
    """What an option's file says, as plain values; the caller's own copy. A command's lies in no group: ``""``.

    >>> written("method", "gce")["q"]
    0.7
    """
    return copy.deepcopy(_read(group, option))


@cache  # a table names hundreds of runs, each by five files
def _read(group: str, option: str) -> dict[str, Any]:
    from omegaconf import OmegaConf

    content: Any = OmegaConf.to_container(OmegaConf.load(conf_folder() / group / f"{option}.yaml"))
    return dict(content)
