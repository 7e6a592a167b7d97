"""docs/rate.md says every key of the study file, every platform and every file, and nothing else."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from fer_exp.collecting import FILES
from fer_exp.collecting.platforms import PLATFORMS
from fer_exp.collecting.study import Study, presets

PAGE = (Path(__file__).parents[2] / "docs" / "rate.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("heading", "there"),
    [("key", {each.name for each in fields(Study)}), ("file", set(FILES))],
    ids=["study file", "files"],
)
def test_the_page_names_each_once(heading, there):
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert sorted(named) == sorted(there)


def test_the_page_names_every_platform_and_preset():
    assert all(f"`name: {name}`" in PAGE for name in PLATFORMS if name != "none")
    assert all(f"study={name}" in PAGE for name in presets())
