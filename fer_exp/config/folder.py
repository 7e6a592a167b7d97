"""Where conf/ lies, and the options of its groups; read as text, so that nothing heavy is imported."""

from __future__ import annotations

from pathlib import Path


def conf_folder() -> Path:
    """Where conf/ lies: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    return package / "conf" if (package / "conf").is_dir() else package.parent / "conf"


def options(group: str) -> list[str]:
    """The options of a config group, sorted but with ResNets by depth."""
    return sorted((path.stem for path in (conf_folder() / group).glob("*.yaml")), key=lambda name: (len(name), name))
