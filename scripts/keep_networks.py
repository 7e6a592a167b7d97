"""python scripts/keep_networks.py runs: finished runs of before keep their network in place of their checkpoint.

Runs had a checkpoint each, 134 MB of ResNet-18, where they keep 45 MB now (docs/sweeps.md). What is removed is the
optimiser's state, and what a method remembered while it learnt; nothing that fer-exp reads of a finished run.
"""

import shutil
import sys
from pathlib import Path

from fer_exp.errors import RequestError, RunError
from fer_exp.runs import Run, runs_in
from fer_exp.runs.claim import claimed, kept
from fer_exp.training.network_file import read_network, write_network
from fer_exp.training.trained import load


def shrink(run: Run) -> int:
    """Bytes that were won; RequestError or RunError where the run cannot be read, written or held."""
    with claimed(run.folder):
        if not (run.finished and run.has("checkpoint")) or kept(run):
            return 0
        before = size(run.folder)
        if not run.has("backbone"):
            network = load(run.folder)
            write_network(run.path("network"), network.network.state_dict(), network.told)
            read_network(run.path("network"))
        shutil.rmtree(run.path("checkpoint").parent)
        return before - size(run.folder)


def size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main(folders: list[str]) -> int:
    """Shrink the runs in some folders; 1 where one of them could not be."""
    won, shrunk, failed = 0, 0, 0
    for run in (run for folder in folders for run in runs_in(Path(folder))):
        try:
            less = shrink(run)
        except (RequestError, RunError) as error:
            print(f"stays as it is: {error}", file=sys.stderr)
            failed += 1
        else:
            won, shrunk = won + less, shrunk + bool(less)
    print(f"{shrunk} runs keep their network alone now, {won / 1e9:.2f} GB less")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["runs"]))
