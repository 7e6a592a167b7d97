"""constraints-lowest.txt holds every dependency at the bound that pyproject.toml gives it."""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def test_the_lowest_versions_are_the_bounds_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["dev"]])
    lines = (ROOT / "constraints-lowest.txt").read_text().splitlines()
    held = dict(line.lower().split("==") for line in lines if not line.startswith("#"))
    for each in asked:
        (bound,) = (bound.version for bound in each.specifier if bound.operator == ">=")
        assert Version(held[each.name]) == Version(bound), each.name
