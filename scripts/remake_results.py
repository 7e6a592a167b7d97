"""After a change of the statistics: tables of results/ from their archives, and what documents say of them, anew.

usage: remake_results.py [FOLDER of results]

`fer-exp verify` says which numbers differ; this writes them: each table with its figures, claims.csv, and the numbers
of the documents in the places that claims.csv names. Blocks that show what a command prints are written up to the line
of their run folder. Look at the difference before it is committed: words around a number may not hold any more.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from functools import partial
from pathlib import Path

from fer_exp.cli.compose import compose_all
from fer_exp.commands.verify import BLOCKS, Sources, remake, shown
from fer_exp.report.outcome import save
from fer_exp.studies import archive
from fer_exp.verifying import Checked
from fer_exp.verifying.claims import COLUMNS, FILE, Claim, computed_text, read_claims, sections_of, spans_of
from fer_exp.verifying.numbers import NUMBER, numbers
from fer_exp.verifying.results import MOMENT


class Committed(Sources):
    """The tables as they lie there, which have just been made."""

    def check(self, folder: Path) -> list[Checked]:
        """Nothing to find."""
        return []

    def place(self, key: Path) -> Path:
        """The folder itself."""
        return key


def write_tables(folder: Path) -> None:
    """Make a folder's tables and figures from its archive."""
    kept = archive.read(folder)
    if kept is None:
        return
    stated = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    save(remake(kept, {name: stated.get(name) for name in MOMENT}, compose_all), folder)
    archive.close(folder, kept.told)
    print(folder, flush=True)


def rewritten(text: str, claim: Claim, expected: str) -> str:
    """A document with what a claim is computed to be."""
    section = sections_of(text)[claim.section]
    if claim.values in BLOCKS:
        first = expected.split("\n")[0].split()[0]
        block = re.compile(rf"(?ms)^ *{re.escape(first)}\b.*?(?=^runs/)")
        old = next(found for found in block.finditer(section) if "──" in found[0])
        new = section[: old.start()] + expected + "\n" + section[old.end() :]
    else:
        new = section
        for start, end in reversed(spans_of(section, claim.text)):
            parts = iter(numbers(expected))
            new = new[:start] + NUMBER.sub(lambda _: next(parts), new[start:end]) + new[end:]  # noqa: B023
    return text.replace(section, new)


def main() -> None:
    """Write all."""
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    for folder in sorted(path for path in results.iterdir() if path.is_dir()):
        write_tables(folder)
    root, file = results.parent, results / FILE
    sources = Committed(results, partial(remake, compose=compose_all))
    blocks = {name: partial(shown, root, show) for name, show in BLOCKS.items()}
    rows = []
    for claim in read_claims(file):
        path = root / claim.document
        expected = computed_text(claim, partial(sources.rows, root), blocks)[0]
        text = path.read_text(encoding="utf-8")
        if (new := rewritten(text, claim, expected)) != text:
            path.write_text(new, encoding="utf-8")
            print(f"{path}: {' '.join(claim.text.split()) or claim.source}")
        rows.append(claim if claim.values in BLOCKS else claim._replace(text=expected))
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([COLUMNS, *rows])


if __name__ == "__main__":
    main()
