"""Run folders: their names, and the one reader of what lies in them."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_exp.config import TrainConfig, plain
from fer_exp.config.folder import conf_folder
from fer_exp.config.settings import WEIGHTS, settings
from fer_exp.errors import RequestError, RunError
from fer_exp.files import TABLES, file_of, locked, make_folder, whole, write_json
from fer_exp.progress import is_main_process

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from fer_exp.judging.sources import Source
    from fer_exp.store import Store

FILES = {
    "config": "config.yaml",
    "targets": "targets.parquet",
    "predictions": "predictions.parquet",
    "history": "history.parquet",
    "metrics": "metrics.json",
    "facts": "run.json",
    "checkpoint": "checkpoints/last.ckpt",
    "by_epoch": "history.csv",
    "failed": "failed.log",
}
"""What lies in a run folder. facts is the last file that a run writes; by_epoch grows while it trains; failed is the
traceback of the last try, where that failed in a sweep."""
NAMED = ("dataset.name", "labels.kind", "backbone.name", "method.name")
"""Keys that choose an option, and with it the defaults of the others."""
PACKAGES = ("fer-exp", "torch", "torchvision", "pytorch-lightning", "numpy", "pandas", "scipy", "hydra-core")
EPOCHS = "epochs"
"""Folder of the predictions of every epoch, while a run is not finished; history is made of it."""


class Run:
    """A run folder, whole or not yet there; each file is read when it is asked for, once.

    Args:
        folder: the run folder. Of another path, as of a predictions file, nothing is there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def finished(self) -> bool:
        """Whether the run is whole."""
        return self.has("facts")

    def path(self, what: str) -> Path:
        """Where one of ``FILES`` lies."""
        return self.folder / FILES[what]

    def has(self, what: str) -> bool:
        """Whether one of ``FILES`` is there."""
        return self.path(what).is_file()

    @cached_property
    def facts(self) -> dict[str, Any]:
        """run.json; empty where the run has not finished.

        Raises:
            RequestError: it is no JSON.
        """
        return self._json("facts")

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """metrics.json: split -> metric -> value, low, high, n; empty where it is not there.

        Raises:
            RequestError: it is no JSON.
        """
        return self._json("metrics")

    @property
    def config(self) -> dict[str, Any]:
        """What the run was told, as conf/ has it; also of a run that has not finished; empty where nothing says so."""
        if self.finished:
            return dict(self.facts.get("config", {}))
        if not self.has("config"):
            return {}
        from omegaconf import OmegaConf

        written: Any = OmegaConf.to_container(OmegaConf.load(self.path("config")))
        return dict(written)

    @cached_property
    def targets(self) -> pd.DataFrame | None:
        """targets.parquet, None where it is not there.

        Raises:
            RequestError: it cannot be read.
        """
        return self._table("targets")

    @cached_property
    def history(self) -> pd.DataFrame | None:
        """history.parquet, a row an epoch; None where it is not there.

        Raises:
            RequestError: it cannot be read.
        """
        return self._table("history")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """predictions.parquet as ``check_predictions`` gives it.

        Raises:
            RequestError: there is none, or it is against its contract.
        """
        from fer_exp.judging.predictions import read_predictions

        if not self.has("predictions"):
            raise RequestError(
                f"{self.folder} has no {FILES['predictions']}: it is no run folder, or its run has not finished."
            )
        return read_predictions(self.path("predictions"))

    @property
    def prior(self) -> NDArray[np.float64] | None:
        """The mean training target in the order of the predictions' classes; None without targets.

        Raises:
            RequestError: as ``targets``, ``predictions`` and ``target_prior``.
        """
        from fer_exp.judging.predictions import class_names, target_prior

        return None if self.targets is None else target_prior(self.targets, class_names(self.predictions))

    @property
    def store(self) -> Store | None:
        """The store that the run was trained from; None where it is gone, or the run has not finished."""
        from fer_exp.store import find_store

        return find_store(self.facts)

    @property
    def source(self) -> Source:
        """The run as ``judging`` takes it.

        Raises:
            RequestError: as ``predictions`` and ``facts``.
        """
        from fer_exp.judging.sources import Source

        return Source(self.folder, self.predictions, self.facts)

    def write(self, what: str, content: Any) -> None:
        """Write one of ``FILES``, a table or JSON, so that a reader finds the old file or the new one.

        Raises:
            RunError: it cannot be written; an older file is then still whole.
        """
        path = self.path(what)
        if path.suffix == ".json":
            write_json(path, content)
        else:
            write_table(content, path)
        self.__dict__.pop(what, None)

    def epoch_file(self, epoch: int) -> Path:
        """Where the predictions of an epoch (from 1) lie.

        >>> Run(Path("run")).epoch_file(7).as_posix()
        'run/epochs/007.npz'
        """
        return self.folder / EPOCHS / f"{epoch:03d}.npz"

    def epoch(self, epoch: int) -> dict[str, NDArray[np.float32]]:
        """The arrays that were kept of an epoch (from 1); empty where none were."""
        import numpy as np

        path = self.epoch_file(epoch)
        if not path.is_file():
            return {}
        with np.load(path) as kept:
            return dict(kept)

    def _json(self, what: str) -> dict[str, Any]:
        path = self.path(what)
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except ValueError as error:
            raise RequestError(f"{path} is no JSON ({error}).") from error
        return content

    def _table(self, what: str) -> pd.DataFrame | None:
        import pandas as pd

        path = self.path(what)
        if not path.is_file():
            return None
        try:
            return pd.read_parquet(path)
        except (OSError, ValueError) as error:
            raise RequestError(f"{path} cannot be read as parquet: {str(error).splitlines()[0]}") from error


def runs_in(folder: Path) -> list[Run]:
    """The runs, finished or not, whose folders lie in a folder."""
    return [Run(path.parent) for path in sorted(folder.glob(f"*/{FILES['config']}"))]


def read_sources(paths: Sequence[str]) -> tuple[list[Source], list[str]]:
    """Read runs and prediction files.

    Args:
        paths: run folders, folders of run folders, and prediction files.

    Returns:
        The sources, and the folders that were left out because their run has not finished.

    Raises:
        RequestError: a path that is none of these, or a table against its contract.
    """
    from fer_exp.judging.predictions import read_predictions
    from fer_exp.judging.sources import Source

    sources: list[Source] = []
    unfinished: list[str] = []
    for path in dict.fromkeys(Path(name).expanduser() for name in paths):
        if (file := file_of(path)[0]).is_file():
            if file.suffix.lower() in TABLES:
                sources.append(Source(path, read_predictions(path), {}))
            else:
                unfinished.append(str(path))
            continue
        if not path.is_dir():
            raise RequestError(f"{path} is no run folder and no predictions file.")
        inside = [Run(path)] if Run(path).has("predictions") else [Run(each) for each in sorted(path.iterdir())]
        judged = [run for run in inside if run.has("predictions")]
        if not judged:
            unfinished.append(str(path))
        sources += [run.source for run in judged]
    if not sources:
        what = f": {unfinished[0]} has no {FILES['predictions']}" if unfinished else ""
        raise RequestError(f"There is no finished run and no predictions file{what}.")
    return sources, unfinished


def run_name(config: TrainConfig, contents: Mapping[str, str]) -> str:
    """What the run is, in words, and a hash of all that can change a number.

    The hash is over the keys that differ from the defaults of the options chosen in conf/, the seed apart, and over
    the contents of the files that they name, not their paths. So a copy of the corpus finds the same run, a key that is
    new and left alone renames none, and the seeds of a config share its hash.

    Args:
        config: of the run.
        contents: as ``contents_of`` gives them.

    >>> run_name(TrainConfig(seed=3), {"dataset": "0" * 32})
    'synthetic-onehot-resnet18-ce-seed3-...'
    """
    from fer_exp.labels.kinds import words as labels_words

    labels = labels_words(config.labels)
    words = (config.dataset.name, labels, config.backbone.name, config.method.name, f"seed{config.seed}")
    defaults = _defaults(config)
    changed = {
        key: float(value) if type(value) is int else value  # q=1 is q=1.0
        for key, value in settings(plain(config)).items()
        if key not in defaults or value != defaults[key]
    }
    hashed = json.dumps({**changed, "seed": None, "contents": dict(contents)}, sort_keys=True)
    return "-".join([*words, hashlib.sha256(hashed.encode()).hexdigest()[:8]])


def contents_of(config: TrainConfig, store: Store) -> dict[str, str]:
    """Key -> a digest of what the files hold that a config names; the store stands for those of the corpus.

    A split file counts by the splits that follow from it: they are the same before a run writes it and after.
    """
    from fer_exp.datasets.splits import select

    found = {"dataset": store.content}
    if config.dataset.split_file:
        there = Path(config.dataset.split_file).expanduser().exists()
        given = config.dataset if there else replace(config.dataset, split_file=None)
        faces = select(store.faces, store.flags, given)
        splits = "\n".join(sorted(faces["face"].astype(str) + " " + faces["split"]))
        found["dataset.split_file"] = hashlib.md5(splits.encode(), usedforsecurity=False).hexdigest()
    files = {"labels.file": config.labels.file, "labels.posteriors": config.labels.posteriors}
    if config.backbone.weights not in WEIGHTS:
        files["backbone.weights"] = config.backbone.weights
    for key, name in files.items():
        if name is None:
            continue
        path, found[key] = Path(name).expanduser(), name  # of a file that is not there training will speak
        if path.is_file():
            with path.open("rb") as stream:
                found[key] = hashlib.file_digest(stream, "md5").hexdigest()
    return found


def find_runs(configs: Iterable[TrainConfig]) -> list[Run]:
    """The run of each config, whether it is there yet or not. Each corpus is opened once, and prepared if need be.

    Raises:
        RequestError: as ``open_dataset`` and ``select``.
        RunError: as ``open_dataset``.
    """
    from fer_exp.store import open_dataset

    known: dict[str, dict[str, str]] = {}
    runs = []
    for config in configs:
        read = repr((config.dataset, config.labels.file, config.labels.posteriors, config.backbone.weights))
        if read not in known:
            known[read] = contents_of(config, open_dataset(config.dataset)[1])
        runs.append(Run(Path(config.output).expanduser() / run_name(config, known[read])))
    return runs


def check_same(run: Run, config: TrainConfig) -> None:
    """Raise RequestError where a run of this name was told otherwise: a default is another since then."""
    now, before = settings(plain(config)), settings(run.config)
    for key in now.keys() & before.keys():
        if now[key] != before[key]:
            raise RequestError(
                f"{run.folder} has {key}={before[key]}, the default of its time, where {key}={now[key]} is asked for; "
                "set output to another folder, or remove it."
            )


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make a run folder and keep other commands out of it; the kernel lets go of it however the process ends.

    Raises:
        RunError: another process is at work on the same run, or the folder cannot be made.
    """

    def busy() -> None:
        raise RunError(f"{folder}: another process is at work on this run; wait for it or stop it.")

    if not is_main_process():  # its parent holds the claim
        yield
        return
    make_folder(folder, "output")
    with locked(folder / ".lock", busy):
        yield


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that numbers come from."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write parquet, or csv where the name says so, aside and rename: a reader finds the old file or the new one.

    Raises:
        RunError: the file cannot be written.
    """
    with whole(path) as aside:
        if path.suffix == ".csv":
            table.to_csv(aside, index=False)
        else:
            table.to_parquet(aside, index=False)


def _defaults(config: TrainConfig) -> dict[str, object]:
    """Dotted key -> what conf/ says where a user chooses an option and no more; else what the schema says."""
    from omegaconf import OmegaConf

    defaults = plain(TrainConfig())
    chosen = {name: getattr(config, name).name for name in ("dataset", "backbone", "method")}
    for group, option in (chosen | {"labels": config.labels.kind, "trainer": "auto"}).items():
        file = conf_folder() / group / f"{option}.yaml"
        if file.is_file():
            written: Any = OmegaConf.to_container(OmegaConf.load(file))
            defaults[group] |= written
    flat = settings(defaults)
    return {key: value for key, value in flat.items() if key not in NAMED}
