"""What ``import fer_exp`` gives: what commands compute, on frames or files, with nothing printed and no file written.

Each function takes the keys of its command as keyword arguments, and they go through the same door: a key that is none
is answered by the sentence that the command line says. Where a key names a file, a DataFrame does, too; it is read by
the reader of files. See docs/python.md.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from inspect import Parameter, cleandoc, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from warnings import catch_warnings

import pandas as pd

from fer_exp.cli.given import TERMINAL, Source, configured, table_or_path
from fer_exp.config import SCHEMAS
from fer_exp.config.keys import command_keys
from fer_exp.errors import RequestError
from fer_exp.files import file_of, there
from fer_exp.progress import kept_lines
from fer_exp.report.outcome import Outcome as Outcome
from fer_exp.runs import Run
from fer_exp.tables import A_FRAME, Frames

if TYPE_CHECKING:
    from fer_exp.predictor import Predictor

F = TypeVar("F", bound=Callable[..., Outcome])


def _with_keys(command: str) -> Callable[[F], F]:
    """Gives a function the keys of its command: in its signature with their defaults, in its help with the reasons."""

    def with_keys(function: F) -> F:
        defaults = SCHEMAS[command]()
        plain = signature(function)
        named = {*TERMINAL, *plain.parameters}
        keys = {name: key for name, key in command_keys(command).items() if name not in named}
        keyword = [Parameter(name, Parameter.KEYWORD_ONLY, default=getattr(defaults, name)) for name in keys]
        kept = [each for each in plain.parameters.values() if each.kind is not Parameter.VAR_KEYWORD]
        function.__signature__ = plain.replace(parameters=[*kept, *keyword])  # type: ignore[attr-defined]
        lines = [f"    {name}: {key.comment} [{key.value}]" for name, key in keys.items()]
        function.__doc__ = "\n".join([cleandoc(function.__doc__ or ""), "", "Keys:", *lines])
        return function

    return with_keys


@_with_keys("evaluate")
def evaluate(predictions: Source | None = None, **keys: Any) -> Outcome:
    """Judge predictions of any model, or of a run, against people.

    Args:
        predictions: a table with a face, a probability per class, and what people said; or a run folder.
        keys: of ``fer-exp evaluate``, as below.

    Returns:
        The metrics with intervals: ``.frames["metrics"]``, a row each.

    Raises:
        RequestError: what the command would say.

    >>> table = pd.DataFrame({"face": ["a", "b"], "p_fear": [0.9, 0.4], "p_anger": [0.1, 0.6]})
    >>> people = pd.DataFrame({"face": ["a", "b"], "fear": [9, 5], "anger": [1, 5]})
    >>> found = evaluate(table, votes=people, bootstrap=0).frames["metrics"].set_index("metric")
    >>> float(found.loc["l1", "value"].round(3)), int(found.loc["l1", "n"])
    (0.1, 2)
    """
    return _outcome("evaluate", predictions, keys)


@_with_keys("agreement")
def agreement(ratings: Source | None = None, **keys: Any) -> Outcome:
    """How well people agree, and what a crowd changes against the original labels.

    Args:
        ratings: task, worker and label; or a face and counts per class; None where ``dataset`` says whose.
        keys: of ``fer-exp agreement``, as below.

    Raises:
        RequestError: what the command would say.

    >>> votes = pd.DataFrame({"face": ["a", "b", "c"], "fear": [2, 0, 1], "anger": [0, 2, 1]})
    >>> found = agreement(votes, bootstrap=0).frames["agreement"].set_index("measure")
    >>> float(found.loc["fleiss_kappa", "value"].round(3))
    0.333
    """
    return _outcome("agreement", ratings, keys)


@_with_keys("crowd")
def crowd(ratings: Source | None = None, **keys: Any) -> Outcome:
    """Which workers to trust, what remains of their answers, and how it compares with gold and a lab.

    Args:
        ratings: task, worker and label, an answer a row.
        keys: of ``fer-exp crowd``, as below.

    Returns:
        Tables ``workers``, ``removed``, ``soft`` and data ``votes``, ``soft_labels``, ``posteriors_…``, in ``.frames``.

    Raises:
        RequestError: what the command would say.

    >>> rows = [(task, worker, "fear" if worker < 3 else "anger") for task in "abcd" for worker in range(4)]
    >>> found = crowd(pd.DataFrame(rows, columns=["task", "worker", "label"]), min_agreement=0.5, methods=["majority"])
    >>> found.frames["removed"]["worker"].tolist()
    ['3']
    """
    return _outcome("crowd", ratings, keys)


@_with_keys("plan")
def plan(ratings: Source | None = None, **keys: Any) -> Outcome:
    """How many raters a face needs, from a pilot's answers.

    Args:
        ratings: of the pilot, as ``agreement`` takes them.
        keys: of ``fer-exp crowd plan``, as below.

    Raises:
        RequestError: what the command would say.

    >>> pilot = pd.DataFrame({"face": range(12), "fear": [9, 5, 1] * 4, "anger": [1, 5, 9] * 4})
    >>> len(plan(pilot, raters=5, bootstrap=0).frames["plan"])
    5
    """
    return _outcome("plan", ratings, keys)


@_with_keys("compare")
def compare(*runs: Source | Sequence[Source] | Mapping[str, pd.DataFrame], **keys: Any) -> Outcome:
    """Models against each other on the same faces and the same people.

    Args:
        runs: run folders, folders of them, tables of predictions, lists of these, and mappings of names to tables.
        keys: of ``fer-exp compare``, as below.

    Returns:
        Tables ``compare-configs`` and ``compare-pairs``, in ``.frames``.

    Raises:
        RequestError: what the command would say.

    >>> people = {"face": ["a", "b", "c"], "votes_fear": [9, 5, 2], "votes_anger": [1, 5, 8]}
    >>> sure = pd.DataFrame({**people, "p_fear": [1.0, 1.0, 0.0], "p_anger": [0.0, 0.0, 1.0]})
    >>> soft = pd.DataFrame({**people, "p_fear": [0.8, 0.6, 0.3], "p_anger": [0.2, 0.4, 0.7]})
    >>> found = compare({"sure": sure, "soft": soft}, metrics=["l1"], repairs=False, bootstrap=50)
    >>> float(found.frames["compare-pairs"]["difference"].iloc[0].round(3))
    0.333
    """
    frames: dict[str, pd.DataFrame] = {}
    names: list[str] = []
    flat = [each for source in runs for each in (source if isinstance(source, list | tuple) else [source])]
    for number, source in enumerate(flat, start=1):
        several = source if isinstance(source, Mapping) else {f"{A_FRAME} {number}": source}
        for name, each in several.items():
            found = table_or_path(each, "compare")
            if isinstance(found, str) and isinstance(source, Mapping):
                raise RequestError(
                    f"compare: {name} is a path; a mapping holds tables, and paths are given on their own."
                )
            if isinstance(found, str):
                names += [found] if there(file_of(found)[0]) else sorted(glob.glob(found)) or [found]  # noqa: PTH207
                continue
            if str(name) in frames:
                raise RequestError(f"compare: two tables are called {name}; give each a name of its own.")
            frames[str(name)] = found
            names.append(str(name))
    if names and "runs" in keys:
        raise RequestError("compare: runs is given twice, with and without its name; give it once.")
    return _outcome("compare", None, {"runs": names, **keys}, frames)


def load(
    run: str | os.PathLike[str], crop: str | None = None, margin: float | None = None, device: str = "auto"
) -> Predictor:
    """A trained network, to be called with pictures.

    Args:
        run: a folder of a finished run, or a file that ``fer-exp export format=safetensors`` wrote.
        crop: ``face`` or ``none``: whether the face is cut out of each picture first; None: as the run's faces were.
        margin: of the cut, share of the face's box added on each side; None: as the run has it.
        device: auto, cpu, gpu or mps.

    Raises:
        RequestError: what ``fer-exp predict`` would say.
    """
    keys = {"run": run, "crop": crop, "margin": margin, "device": device}
    with kept_lines():
        config, _ = configured("predict", None, keys)
        with catch_warnings():  # a filter of Pillow's that is for pictures of a corpus
            from fer_exp.commands.predict import network
            from fer_exp.predictor import Predictor
        return Predictor(*network(config), Run(Path(os.fspath(config.run))))


def _outcome(command: str, source: Source | None, keys: Mapping[str, Any], *others: Frames) -> Outcome:
    """Read and compute as a command does; what it would have said on standard error goes to the notes.

    Args:
        command: one of ``SCHEMAS``.
        source: what the command takes without a key.
        keys: of the command.
        others: more that ``read`` takes.
    """
    module: Any = import_module(f"fer_exp.commands.{command}")  # one of them: those that draw wait for matplotlib
    with kept_lines() as said:
        config, frames = configured(command, source, keys)
        outcome: Outcome = module.measured(config, module.read(config, frames, *others))
    return replace(outcome, notes=[*said, *outcome.notes])
