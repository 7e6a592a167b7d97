"""Natural mistakes: what was typed, what must be said; exit code 2, a sentence or two, the words that were meant."""

import re
import shlex
from pathlib import Path

from fer_exp.cli.typed import check_typed
from fer_exp.config import SCHEMAS

TOP = Path(__file__).parents[2]


def commands_of_the_docs() -> list[str]:
    """Every fer-exp command in a block of code of README and docs, lines that end in a backslash joined."""
    found = []
    for page in [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for block in re.findall(r"(?ms)^```\w*\n(.*?)^```", text):
            found += [line for line in block.splitlines() if line.startswith("fer-exp ")]
    return found


def test_no_command_of_the_docs_is_taken_for_a_mistake():
    lines = commands_of_the_docs()
    assert len(lines) > 50
    for line in lines:
        _, command, *words = shlex.split(line, comments=True)
        if command == "crowd" and words[:1] == ["plan"]:
            command, words = "plan", words[1:]
        if command in SCHEMAS:
            check_typed(command, [word for word in words if word != "--help"])
