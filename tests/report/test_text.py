"""Names from data are text: no markup, no formula, no command to a terminal, whatever stands in them."""

import contextlib
import io
import re
from types import SimpleNamespace
from xml.dom import minidom

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.export.card import class_counts
from fer_exp.report.files import save_table

CLASSES = [
    "un[/x]",
    r"$\frac$",
    "\x1b[31mred",
    "rtl\u202egnp",
    "is[red]",
    "_low",
    "<img src=x onerror=alert(1)>",
    "\x9b31m",
]
WORKERS = ["[red]", "[/x]", "=cmd|' /C calc'!A0", "+1", "-1+1", "@x", "\x1b]0;title\x07", "two\nlines", "a|b", "w\r1"]
COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What a terminal would obey; a new line is none of them."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Answers, what is right, and the predictions of two models, all with hostile names."""
    folder = tmp_path_factory.mktemp("hostile")
    rng = np.random.default_rng(0)
    faces = [rf"$\frac$[/x]{number}\x1b[2J".replace(r"\x1b", "\x1b") for number in range(40)]
    truth = [CLASSES[number % len(CLASSES)] for number in range(40)]
    answers = [
        (face, worker, right if rng.random() < 0.7 else str(rng.choice(CLASSES)), subset)
        for face, right, subset in zip(faces, truth, ["/../../[/x]", "day\x1b[2J"] * 20, strict=True)
        for worker in rng.choice(WORKERS, 6, replace=False)
    ]
    columns = ["task", "worker", "label", "subset"]
    pd.DataFrame(answers, columns=columns).to_parquet(folder / "answers.parquet")
    pd.DataFrame({"task": faces, "label": truth}).to_parquet(folder / "gold.parquet")
    votes = rng.integers(0, 5, (40, len(CLASSES)))
    for name in ("[bold]one", "\x1b[31mtwo"):
        shares = rng.dirichlet(np.ones(len(CLASSES)), 40)
        table = pd.DataFrame({"face": faces, "split": "test", "subject": None, "label": truth})
        table = table.assign(**{f"p_{each}": shares[:, k] for k, each in enumerate(CLASSES)})
        table = table.assign(**{f"votes_{each}": votes[:, k] for k, each in enumerate(CLASSES)})
        table.to_parquet(folder / f"{name}.parquet")
    return folder


QUICK = {
    "agreement": ["answers.parquet", "bootstrap=3", "output=agreed"],
    "crowd": ["answers.parquet", "gold=gold.parquet", "min_gold_accuracy=0.75", "bootstrap=3", "methods=[majority]",
              "output=trusted"],
    "compare": ["[bold]one.parquet", "\x1b[31mtwo.parquet", "bootstrap=3", "permutations=5", "output=compared"],
    "report": ["[bold]one.parquet", "bootstrap=3", "output=page.html"],
}  # fmt: skip


@pytest.fixture(scope="module")
def said(desk):
    """What each command prints, and writes in the folder."""
    words = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk)
        patch.setenv("COLUMNS", "200")
        for command, given in QUICK.items():
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main([command, *given])
            words[command] = code, out.getvalue(), err.getvalue()
    return words


@pytest.mark.parametrize("command", QUICK)
def test_names_reach_the_terminal_as_text(said, command):
    code, out, err = said[command]
    assert code == 0, err
    assert not COMMANDS.search(out + err)


def test_figures_show_names_as_they_are_and_stay_xml(desk, said):
    figure = (desk / "agreed" / "agreement.svg").read_text()
    minidom.parseString(figure)
    texts = re.findall(r">([^<>]*)</text>", figure)
    assert {"un[/x]", r"$\frac$", r"\x1b[31mred", r"rtl\u202egnp", "/../../[/x]"} <= set(texts)


def test_a_page_shows_names_as_text(desk, said):
    page = (desk / "page.html").read_text()
    assert "<img src=x" not in page
    assert not COMMANDS.search(page)
    assert r">$\frac$<" in page


def test_markdown_and_latex_show_cells_as_text(tmp_path):
    names = [*CLASSES, *WORKERS, "[a](javascript:b)", "`x`", "**b**", "&lt;", "p_a"]
    table = pd.DataFrame({"[x]_": names, "n": range(len(names))})
    _, markdown, latex = save_table(table, tmp_path / "t", "of <b>\n# day|1")
    caption, _, _, _, *rows = markdown.read_text().splitlines()
    assert caption == "of &lt;b> # day\\|1"
    assert [re.split(r" *(?<!\\)\| *", row)[1] for row in rows] == [
        "un[/x]", r"\$\\frac\$", r"\\x1b[31mred", r"rtl\\u202egnp", "is[red]", r"\_low",
        "&lt;img src=x onerror=alert(1)>",
        r"\\x9b31m", "[red]", "[/x]", r"=cmd\|' /C calc'!A0", "+1", "-1+1", "@x",
        r"\\x1b]0;title\\x07", "two<br>lines", r"a\|b",
        r"w\\r1", r"[a\](javascript:b)", r"\`x\`", r"\*\*b\*\*", "&amp;lt;", "p_a",
    ]  # fmt: skip
    body = latex.read_text()
    assert not COMMANDS.search(markdown.read_text() + body)
    assert not re.search(r"^\s*[\[*]", body, re.M)  # what follows \\\\ in brackets is a height
    assert "two lines & 15" in body


def test_a_model_card_shows_classes_as_text():
    targets = pd.DataFrame({"clean_label": ["a|b", "<img src=x>"], "split": "train"})
    counts = class_counts(SimpleNamespace(targets=targets), ("a|b", "<img src=x>"))
    assert counts.splitlines()[2:] == [r"| a\|b | 1 |", "| &lt;img src=x> | 1 |"]


def test_a_table_for_people_holds_no_formula_and_tables_for_programs_hold_what_was_said(desk, said, tmp_path):
    workers = pd.read_csv(desk / "trusted" / "workers.csv")["worker"]
    assert {"'=cmd|' /C calc'!A0", "'+1", "'-1+1", "'@x", "[red]"} <= set(workers)
    frame = pd.DataFrame({"=a": ["-", "\t=1", "-0.5"], "share": [-0.5, 1.0, 2.0]})
    kept = save_table(frame, tmp_path / "t", "")[0].read_text()
    assert kept == "'=a,share\n-,-0.5\n'\t=1,1.0\n'-0.5,2.0\n"
    skills = pd.read_csv(desk / "trusted" / "votes.csv")
    assert set(CLASSES) <= set(skills)
