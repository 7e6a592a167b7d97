"""Give run folders of versions before names went by content the names that they have now.

python scripts/rename_runs.py runs

Files that their configs name are read from where they say, so run it where the runs were trained. A folder whose faces
are not there, or are others now, stays as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from omegaconf import OmegaConf

from fer_exp.cli.compose import to_config
from fer_exp.config import TrainConfig
from fer_exp.errors import RequestError, RunError
from fer_exp.runs import Run, runs_in
from fer_exp.runs.naming import contents_of, run_name
from fer_exp.store import open_dataset


def new_name(run: Run) -> str:
    """The name of a run today.

    Raises:
        RequestError: its config is none of today's, or what it names is not there or has changed.
        RunError: as ``open_dataset``.
    """
    config = to_config("train", OmegaConf.create(run.config))
    if not isinstance(config, TrainConfig):
        raise RequestError("it is no training")
    _, store = open_dataset(config.dataset)
    if run.facts.get("data_hash", store.key) != store.key:
        raise RequestError("the faces are not those it was trained on")
    return run_name(config, contents_of(config, store))


def main() -> None:
    """Rename what can be, say what stays."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of run folders, e.g. runs")
    for run in runs_in(parser.parse_args().folder):
        try:
            name = new_name(run)
        except (RequestError, RunError) as error:
            print(f"{run.name}: stays, {error}")
            continue
        if name != run.name and (run.folder.parent / name).exists():
            print(f"{run.name}: stays, {name} is there already")
        elif name != run.name:
            run.folder.rename(run.folder.parent / name)
            print(f"{run.name} -> {name}")


if __name__ == "__main__":
    main()
