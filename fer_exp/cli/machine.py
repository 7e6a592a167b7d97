"""What ``--json`` prints: one object a command, also where it fails, and nothing else on standard output."""

from __future__ import annotations

import json
import math
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any, TextIO

from fer_exp import __version__
from fer_exp.commit import git_commit
from fer_exp.config import Config, plain
from fer_exp.errors import RequestError, RunError
from fer_exp.progress import is_main_process
from fer_exp.troubles import in_words

if TYPE_CHECKING:
    from fer_exp.report.outcome import Kept

Answer = dict[str, Any]
"""The object while it grows."""
WHOLE, RESULTS, NOTHING = "whole", "results", ""
OLD = {"json=true": RESULTS, "json=false": NOTHING}
"""A key that some commands had before, and what it asks for: the object's ``results`` alone, of what succeeds."""
WAYS_OUT = re.compile(
    r"(?:^|(?<=[;:.,?] ))(?:write|did you mean|give|take|set|add|make|remove|try|wait|install|pip install|have|compare|"
    r"judge|name|there are|fer-exp|run|the same command|end|use|leave|choose|keeps?|pass|start|read|see|get|put|set|"
    r"say|show|expected|lower|raise)\b.*",
    re.IGNORECASE | re.DOTALL,
)
"""Where a sentence begins to say what to do: behind a mark, with one of the words that our errors say it with."""


def asked(words: Sequence[str]) -> tuple[list[str], str]:
    """The words without ``--json``, wherever it stands, and what is asked for: ``WHOLE``, ``RESULTS`` or ``NOTHING``.

    Raises:
        RequestError: it is given a value, which it does not take.

    >>> asked(["--json", "train", "seed=1"]), asked(["evaluate", "json=true"])
    ((['train', 'seed=1'], 'whole'), (['evaluate'], 'results'))
    """
    rest = [word for word in words if word != "--json" and word.lower() not in OLD]
    for word in rest:
        if word.startswith(("--json=", "json=", "+json=")):
            value = word.partition("=")[2]
            place = f" > {value}" if value.lower() not in ("true", "false", "yes", "no", "1", "0", "") else ""
            raise RequestError(f"{word}: --json takes no value, and prints; write --json{place}.")
    old = [OLD[word.lower()] for word in words if word.lower() in OLD]
    return rest, WHOLE if "--json" in words else old[-1] if old else NOTHING


def as_object(words: Sequence[str], run: Callable[[Sequence[str], Answer], tuple[int, str]], what: str = WHOLE) -> int:
    """Run a command and print its object.

    Args:
        words: what was typed after ``fer-exp``.
        run: runs them, fills the object and returns the exit code and what was wrong.
        what: ``WHOLE``, or ``RESULTS``: these alone, and nothing where there are none.

    Returns:
        The exit code.
    """
    answer: Answer = {}
    with alone() as out:
        try:
            code, wrong = run(words, answer)
        except SystemExit as end:  # how Hydra ends after some of its own options
            code, wrong = end.code if isinstance(end.code, int) else int(end.code is not None), ""
        except Exception as error:  # --debug shows where, or the fault is ours
            traceback.print_exc()
            known = isinstance(error, RequestError | RunError)
            code, wrong = 1 + isinstance(error, RequestError), f"{'' if known else f'{type(error).__name__}: '}{error}"
        if not is_main_process() or (what == RESULTS and not answer.get("results")):
            return code  # of a training on several processes the first speaks
        shown = answer["results"] if what == RESULTS else {**_head(words, code, wrong), **answer}
        try:
            print(json.dumps(plain_json(shown), indent=1, allow_nan=False), file=out, flush=True)
        except BrokenPipeError:  # the reader has gone
            sys.stdout = None
        except OSError as error:
            print(f"fer-exp: the object cannot be printed: {in_words(error)}.", file=sys.stderr)
            return code or 1
    return code


def _head(words: Sequence[str], code: int, wrong: str) -> Answer:

    return {
        "command": None,
        "words": list(words),
        "version": __version__,
        "commit": git_commit(),
        "exit_code": code,
        "error": wrong or None,
        "hint": way_out(wrong),
        "config": None,
        "place": None,
        "results": {},
        "files": [],
        "notes": [],
        "next": None,
    }


def described(config: Config, outcomes: Sequence[Kept], lines: Sequence[str] = ()) -> Answer:
    """What a command was told and what it said: its own outcome, the last, the files of all, and ``lines`` said."""
    told: Answer = {"config": plain(config), "place": None, "results": {}, "files": [], "notes": [*lines]}
    if not outcomes:
        return told
    outcome, place, _, _ = last = outcomes[-1]
    left = [str(path) for path in ([place] if place is not None else outcome.left)]
    return told | {
        "place": left[-1] if len(left) == 1 else None,
        "results": outcome.content,
        "files": list(dict.fromkeys(str(path) for each in outcomes for path in each.files)),
        "notes": list(dict.fromkeys([*lines, *outcome.notes, *last.notes])),
    }


def way_out(sentence: str) -> str | None:
    """What an error says to do, None where it says nothing.

    >>> way_out("lr is no key of fer-exp train; write trainer.learning_rate=0.1.")
    'write trainer.learning_rate=0.1.'
    >>> way_out("") is None
    True
    """
    found = WAYS_OUT.search(sentence)
    return found[0] if found else None


def plain_json(value: Any) -> Any:
    """A value as JSON knows it: null for what is no number, lists for arrays, text for paths.

    >>> plain_json({"l1": float("nan"), "seeds": (0, 1)})
    {'l1': None, 'seeds': [0, 1]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_json(inner) for inner in value]
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        return plain_json(value.tolist())
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


@contextmanager
def alone() -> Iterator[TextIO]:
    """Standard output for the object alone: what else is printed there goes to standard error.

    So does what other processes and libraries in C print, to which the same file is open.

    Yields:
        Where the object goes.
    """
    before = sys.stdout
    before.flush()
    try:
        number, other = before.fileno(), sys.stderr.fileno()
    except (OSError, ValueError, AttributeError):  # in a notebook or a test it is no file
        with redirect_stdout(sys.stderr):
            yield before
        return
    saved = os.dup(number)
    os.dup2(other, number)
    try:
        out = os.fdopen(os.dup(saved), "w", encoding="utf-8")
        with redirect_stdout(sys.stderr):
            yield out
        with suppress(OSError):  # the reader has gone
            out.close()
    finally:
        os.dup2(saved, number)
        os.close(saved)
