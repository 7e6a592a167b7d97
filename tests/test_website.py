"""The documentation as a site: every page is found from its start, and what the reference says is what --help says."""

import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from fer_exp.cli import SCHEMAS
from fer_exp.cli.help import command
from fer_exp.config.keys import command_keys
from fer_exp.metrics.registry import METRICS

sys.path.append(str(Path(__file__).parents[1] / "scripts"))
from website import reference, stage
from website.notebook import as_markdown

ROOT = stage.ROOT


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return stage.texts(tmp_path_factory.mktemp("site"))


def trees(pages: dict[str, str]) -> set[str]:
    """All pages that a table of contents lists."""
    found = set()
    for page, text in pages.items():
        for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL):
            lines = [line for line in block.splitlines() if line and not line.startswith(":")]
            names = [re.sub(r".*<(.*)>$", r"\1", line) for line in lines]
            found |= {str(Path(page).parent / name) for name in names}
    return found


def test_every_page_stands_in_a_table_of_contents_once_there(pages):
    assert trees(pages) == set(pages) - {stage.START}


def test_every_page_of_docs_is_listed_in_its_readme():
    listed = set(re.findall(r"\(([\w-]+\.(?:md|ipynb))\)", stage.CONTENTS.read_text()))
    assert listed == {path.name for path in (ROOT / "docs").iterdir() if path.suffix in (".md", ".ipynb")} - {
        "README.md"
    }


def test_every_key_of_a_command_stands_on_its_page_as_help_has_it(pages):
    for name, schema in SCHEMAS.items():
        shown = pages[f"reference/{name}"]
        assert all(f"| `{key}` | `{row.value}` |" in shown for key, row in command_keys(name).items())
        assert all(f"{key}=" in command(name) for key in command_keys(name) if "." not in key)
        assert {key.partition(".")[0] for key in command_keys(name)} <= {field.name for field in fields(schema)}


def test_every_metric_stands_in_the_reference_with_its_formula_linked(pages):
    shown = pages["reference/metrics"]
    headings = {
        heading.lower() for heading in re.findall(r"^## (.*)", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    }
    for metric in METRICS:
        assert f"| `{metric.name}` |" in shown
        assert metric.section.replace("-", " ") in {heading.replace("'", "") for heading in headings}


def test_a_link_between_files_leads_to_their_pages_and_code_stays_as_it_is(tmp_path):
    text = (
        "[here](../README.md#more) [tables](../results) `[x](../README.md)` (docs/metrics.md)\n```\n[y](noise.md)\n```"
    )
    assert stage.linked(text, ROOT / "docs/noise.md", "noise", tmp_path) == (
        "[here](index.md#more) [tables](results/index.md) `[x](../README.md)` ([docs/metrics.md](metrics.md))\n"
        "```\n[y](noise.md)\n```"
    )


def test_a_comment_of_conf_is_text_in_the_reference():
    assert reference.escaped("a <b> of x_y [1]") == r"a \<b> of x\_y \[1]"
    assert list(reference.table(("a",), [("x | y",)]))[-1] == r"| x \| y |"


def test_the_notebook_is_a_page_with_what_its_cells_gave(tmp_path):
    page = as_markdown(ROOT / "docs" / "verdict.ipynb", tmp_path)
    assert "```python\n" in page
    assert "```text\n" in page
    assert len(list(tmp_path.glob("*.png"))) == page.count("![")
