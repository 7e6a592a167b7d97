"""`fer-exp compare`: runs or prediction files against each other, on the same faces and the same people."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console

from fer_exp.config import CompareConfig
from fer_exp.errors import RequestError
from fer_exp.files import write_json
from fer_exp.judging.comparison import compare_sources
from fer_exp.judging.sources import on_same_faces
from fer_exp.metrics.words import better
from fer_exp.report.compare_tables import groups_frame, groups_table, pairs_frame, pairs_tables
from fer_exp.report.files import save_table
from fer_exp.runs import read_sources


def compare(config: CompareConfig) -> None:
    """Compare, print, and write where asked.

    Args:
        config: see conf/compare.yaml.

    Raises:
        RequestError: nothing to compare, sources that do not fit each other (other faces, classes or votes), an
            unknown metric.
        RunError: the output cannot be written.
    """
    sources, unfinished = read_sources(config.runs)
    if unfinished:
        print(f"left out, no finished run: {', '.join(unfinished)}", file=sys.stderr)
    if len(sources) < 2:
        raise RequestError(
            f"compare needs two runs or more and has {len(sources)}; give folders or prediction files, e.g. "
            "fer-exp compare runs/*."
        )
    same, notes = on_same_faces(sources, config.split, config.common)
    result = compare_sources(
        sources,
        same,
        config.metrics,
        samples=config.bootstrap,
        permutations=config.permutations,
        seed=config.seed,
        repairs=config.repairs,
    )
    result = {"split": config.split, "notes": notes, **result}
    if config.output:
        stem = Path(config.output).expanduser()
        write_json(stem.with_name(f"{stem.name}.json"), result)
        words = f"{result['faces']:,} faces of {config.split}"
        save_table(groups_frame(result), stem.with_name(f"{stem.name}-configs"), f"Metrics on {words}")
        save_table(pairs_frame(result), stem.with_name(f"{stem.name}-pairs"), f"Differences on {words}")
    if config.json:
        print(json.dumps(result, indent=1, allow_nan=False))
        return
    console = Console(highlight=False)
    console.print(groups_table(result, better))
    for table in pairs_tables(result, better):
        console.print(table)
    for note in notes:
        print(f"note: {note}")
    if config.output:
        print(f"{config.output}.json")
