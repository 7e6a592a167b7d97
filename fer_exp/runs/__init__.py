"""Run folders, and the one reader of what lies in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fer_exp.digests import SEAL, of_text, sealed
from fer_exp.errors import RequestError
from fer_exp.files import json_text, or_near, there, write_json, write_table, write_text
from fer_exp.regular import reading, whole_text
from fer_exp.runs.contract import AGAIN, LISTED, check_columns, check_facts, check_file, check_seal, digests_of

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
    "network": "network.safetensors",
    "checkpoint": "checkpoints/last.ckpt",
    "by_epoch": "history.csv",
    "begun": "begun.json",
    "backbone": "backbone.pt",
    "failed": "failed.log",
}
"""What lies in a run folder. network is what a training is for, backbone what a pretraining is; facts is the last file
that a run writes; by_epoch grows while it trains; begun says what it began with; failed is the traceback of the last
try, of a sweep."""
NETWORKS = (".safetensors", ".ckpt", ".pt", ".pth")
"""Suffixes of files that hold networks."""
EPOCHS = "epochs"
"""Folder of the predictions of every epoch, while a run is not finished; history is made of it."""


class Run:
    """A run folder, whole or not yet there; each file is read when it is asked for, once.

    Of a finished run what is read is what was written, by the digests in run.json; runs of before have none. Of
    another path, as of a predictions file, nothing is there.
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

    def wrote(self, what: str) -> bool:
        """Whether one of ``FILES`` is there, or should be: what is gone is then missed where it is read."""
        return self.has(what) or FILES[what] in self.listed

    @property
    def listed(self) -> Mapping[str, Any]:
        """The digests of what a finished run left, by path below its folder; empty of one of before."""
        listed: Mapping[str, Any] = self.facts.get(LISTED, {})
        return listed

    def sound(self, what: str) -> Path:
        """Where one of ``FILES`` lies, or would lie; RequestError where it is not what a finished run wrote."""
        check_file(self.folder, FILES[what], self.listed)
        return self.path(what)

    def check(self) -> None:
        """Raise RequestError where any file of a finished run is not what it wrote."""
        for name in self.listed:
            check_file(self.folder, name, self.listed)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """run.json; empty where the run has not finished. RequestError where it is no JSON, or has been changed."""
        facts = self._json(self.path("facts"))
        check_seal(self.path("facts"), facts)
        check_facts(self.path("facts"), facts)
        return facts

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """metrics.json: split -> metric -> value, low, high, n; empty and RequestError as ``facts``.

        Once ``rater_equivalents`` were made of the L1 of panels; these stand under ``rater_equivalents_l1``.
        """
        old = "rater_equivalents"
        return {
            split: rows
            if f"{old}_log" in rows
            else {f"{name}_l1" if name.endswith(old) else name: row for name, row in rows.items()}
            for split, rows in self._json(self.sound("metrics")).items()
        }

    @property
    def config(self) -> dict[str, Any]:
        """What the run was told, as conf/ has it; also of a run that has not finished; empty where nothing says so."""
        if self.finished:
            return dict(self.facts.get("config", {}))
        if not self.has("config"):
            return {}
        from omegaconf import OmegaConf

        with reading(self.path("config"), way_out=AGAIN):
            written: Any = OmegaConf.to_container(OmegaConf.create(whole_text(self.path("config"))))
            return dict(written)

    @cached_property
    def begun(self) -> dict[str, Any]:
        """begun.json, what the run began with; empty and RequestError as ``facts``."""
        begun = self._json(self.path("begun"))
        check_seal(self.path("begun"), begun)
        return begun

    @cached_property
    def targets(self) -> pd.DataFrame | None:
        """targets.parquet; None where it was never there, RequestError where it cannot be read or ``sound`` says so."""
        return self._table("targets")

    @cached_property
    def history(self) -> pd.DataFrame | None:
        """history.parquet, a row an epoch; None and RequestError as ``targets``."""
        return self._table("history")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """predictions.parquet as ``check_predictions`` gives it.

        Raises:
            RequestError: there is none, or it is against its contract.
        """
        from fer_exp.judging.reading import read_predictions

        if not self.wrote("predictions"):
            raise RequestError(self._no_predictions())
        return read_predictions(self.sound("predictions"))

    def _no_predictions(self) -> str:
        """What the folder is in place of a finished run."""
        if self.folder.is_file():
            return f"{self.folder} is a file, no run folder; write predictions={self.folder}, if it holds predictions."
        found = sorted(self.folder.glob(f"*/{FILES['predictions']}"))
        if found:
            return f"{self.folder} is a folder of runs, {len(found)} of them; write run={found[0].parent}, say."
        reason = f"it is no run folder, or its run has not finished{or_near(self.folder)}"
        return f"{self.folder} has no {FILES['predictions']}: {reason}"

    @property
    def prior(self) -> NDArray[np.float64] | None:
        """The mean training target in the order of the predictions' classes; None without targets."""
        from fer_exp.judging.predictions import class_names, target_prior

        return None if self.targets is None else target_prior(self.targets, class_names(self.predictions))

    @property
    def store(self) -> Store | None:
        """The store that the run was trained from; None where it is gone, or the run has not finished."""
        from fer_exp.store import find_store

        return find_store(self.facts)

    @property
    def source(self) -> Source:
        """The run as ``judging`` takes it; RequestError as ``predictions`` and ``facts``."""
        from fer_exp.judging.sources import Source

        return Source(self.folder, self.predictions, self.facts)

    def write(self, what: str, content: Any) -> None:
        """Write one of ``FILES``, a table, JSON or YAML, so that a reader finds the old file or the new one.

        Raises:
            RunError: it cannot be written; an older file is then still whole.
        """
        path = self.path(what)
        if path.suffix == ".yaml":
            from omegaconf import OmegaConf

            write_text(path, OmegaConf.to_yaml(OmegaConf.create(content)))
        else:
            (write_json if path.suffix == ".json" else write_table)(path, content)
        self.__dict__.pop(what, None)

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write run.json, which has the digests of all that stays; RunError as ``write``.

        Checkpoints stay with ``trainer.keep=checkpoint`` alone.
        """
        keep = facts["config"]["trainer"]["keep"] == "checkpoint"
        last = self.path("checkpoint")
        stay = [name for what, name in FILES.items() if what not in ("facts", "failed", "checkpoint")]
        noise = sorted(path.name for path in self.folder.glob("noise*.txt"))
        kept = [f"{last.parent.name}/{name}" for name in (last.name, f"{last.stem}.digests")] if keep else []
        self.write("facts", sealed({**facts, LISTED: digests_of(self.folder, [*stay, *noise, *kept])}))

    def expect(self, metrics: Mapping[str, Any]) -> bool:
        """Let a finished run know that its metrics.json is to be written anew; whether it differs from what is there.

        What was there until now is known, too, so that a process may be killed before it is replaced. RunError as
        ``write``.
        """
        path, text = self.path("metrics"), json_text(metrics)
        known, new = self.listed.get(path.name), of_text(text)
        if known is not None and new != known:
            old = known[-1] if isinstance(known, list) else known
            rest = {key: value for key, value in self.facts.items() if key != SEAL}
            self.write("facts", sealed(rest | {LISTED: {**self.listed, path.name: [old, new]}}))
        return path.is_file() and path.read_bytes() != text.encode()

    def epoch_file(self, epoch: int) -> Path:
        """Where the predictions of an epoch (from 1) lie."""
        return self.folder / EPOCHS / f"{epoch:03d}.npz"

    def epoch(self, epoch: int, digest: str | None = None) -> dict[str, NDArray[np.float32]]:
        """The arrays that were kept of an epoch (from 1); empty where none were.

        Raises:
            RequestError: the file cannot be read, or is not the one of that ``digest``.
        """
        import numpy as np

        path = self.epoch_file(epoch)
        if digest is not None:
            check_file(self.folder, f"{EPOCHS}/{path.name}", {f"{EPOCHS}/{path.name}": digest})
        if not path.is_file():
            return {}
        with reading(path, way_out=AGAIN), np.load(path) as kept:
            arrays = dict(kept)
        if not arrays:  # a zip whose directory is lost reads as an empty one
            raise RequestError(f"{path} cannot be read: it holds no arrays; {AGAIN}.")
        return arrays

    def _json(self, path: Path) -> dict[str, Any]:
        """What a file holds; nothing where it is not there."""
        if not path.is_file():
            return {}
        with reading(path, way_out=AGAIN):
            content = json.loads(whole_text(path))
        if not isinstance(content, dict):
            raise RequestError(f"{path} cannot be read: it holds no object; {AGAIN}.")
        return content

    def _table(self, what: str) -> pd.DataFrame | None:
        import pandas as pd

        path = self.sound(what)
        if not path.is_file():
            return None
        with reading(path, way_out=AGAIN):
            table = pd.read_parquet(path, page_checksum_verification=True)
        check_columns(path, what, table.columns)
        return table


def as_written(path: Path) -> Path:
    """A path itself; RequestError where it names a file of a finished run that is not what the run wrote."""
    if path.name in FILES.values() and (run := Run(path.parent)).finished:
        check_file(run.folder, path.name, run.listed)
    return path


def is_network(path: Path) -> bool:
    """Whether a path is the folder of a run, finished or not, or by its name a file that holds a network.

    What may not be looked into is none here; who reads it says why.
    """
    with suppress(OSError):
        if path.is_dir():
            return any(Run(path).has(what) for what in ("facts", "config", "network", "checkpoint"))
    return path.suffix.lower() in NETWORKS


def runs_in(folder: Path) -> list[Run]:
    """The runs, finished or not, whose folders lie in a folder."""
    return [Run(path.parent) for path in sorted(folder.glob(f"*/{FILES['config']}"))]


def weights_in(place: str) -> str:
    """The file that ``backbone.weights`` means where it names a run: what that is for, else its last checkpoint.

    Raises:
        RequestError: the run has not finished, has kept no weights, or has kept its network in place of the checkpoint.
    """
    run = Run(Path(place))
    if not there(run.folder):
        network = Run(run.folder.parent.parent).path("network")
        if run.name == Path(FILES["checkpoint"]).name and there(network):
            raise RequestError(f"backbone.weights={place} went when its run was finished; take {network}.")
        return place
    if not run.has("config"):
        return str(as_written(run.folder))
    if not run.finished:
        raise RequestError(f"backbone.weights={place}: its training has not finished; what began it goes on with it.")
    found = next((what for what in ("backbone", "network", "checkpoint") if run.has(what)), None)
    if found is None:
        raise RequestError(f"backbone.weights={place}: that run has kept no weights (trainer.keep says what is kept).")
    return str(run.sound(found))
