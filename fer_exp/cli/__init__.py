"""The command line: a word chooses the command, Hydra reads the rest. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from fer_exp import __version__
from fer_exp.cli import help as pages
from fer_exp.cli.checks import check_typed
from fer_exp.cli.mistakes import unknown_command
from fer_exp.cli.stopped import by_signal, by_system, check_limit, check_working_folder, told_by_signals
from fer_exp.cli.words import in_one, with_paths
from fer_exp.commit import git_commit
from fer_exp.config import SCHEMAS
from fer_exp.errors import RequestError, RunError
from fer_exp.system import open_streams, readable, silent, while_read

HELP = ("-h", "--help", "help")
COMPLETION = ("-sc", "--shell-completion")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: what was typed after ``fer-exp``; None takes it from ``sys.argv``.

    Returns:
        The exit code: 0 done, 1 a run or a disk failed, 2 the request was wrong, 130 interrupted, 143 and 129 stopped
        by SIGTERM and SIGHUP, 75 a training that is to be started again.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    open_streams()
    frozen = gc.get_freeze_count()
    gc.disable()  # until a command begins: imports make objects that stay, and each look at them all is for nothing
    try:
        with told_by_signals(), while_read():
            if any("json" in word.lower() for word in words) and not {*words[:2]} & {*COMPLETION}:
                return _perhaps_as_object(words)
            return _ended(words)[0]
    finally:
        gc.enable()
        if arguments is None and "torch" not in sys.modules:  # whose triton would say that it leaks
            gc.freeze()  # the process ends, and a last look at all that it made takes a third of a second
        elif not frozen:
            gc.unfreeze()


def _perhaps_as_object(words: list[str]) -> int:
    """With ``--json`` the command's object, else as always."""
    from fer_exp.cli.machine import as_object, asked

    try:
        rest, what = asked(words)
    except RequestError as error:
        _say(str(error))
        return 2
    return as_object(rest, _ended, what) if what else _ended(rest)[0]


def _ended(words: Sequence[str], answer: dict[str, Any] | None = None) -> tuple[int, str]:
    """Run a command; how it ended: the exit code, and what was wrong, which has been said.

    Args:
        words: what was typed after ``fer-exp``, without ``--json``.
        answer: what ``--json`` prints, to be filled; None where it is not asked for.
    """
    debug = "--debug" in words
    try:
        code = _dispatch([word for word in words if word != "--debug"], answer)
        sys.stdout.flush()  # here it can be said that there was no room for it
        return code, ""
    except (RequestError, RunError) as error:
        if debug:
            raise
        return 2 if isinstance(error, RequestError) else 1, _say(str(error))
    except KeyboardInterrupt as stop:
        code, sentence = by_signal(stop, words[0] if words else "")
        return code, _say(sentence)
    except Exception as error:  # a disk, a network, the memory: none of them a fault of ours
        sentence = "" if debug else by_system(error)
        if not sentence:
            raise
        return 1, _say(sentence)


def _say(sentence: str) -> str:
    try:
        print(readable(f"fer-exp: {sentence}", sys.stderr), file=sys.stderr, flush=True)
    except OSError:  # nobody can be told; the exit code still says it
        sys.stderr = silent()
    return sentence


def _show(text: str, answer: dict[str, Any] | None) -> int:
    """Print a text, or give it as the object's ``text``."""
    if answer is None:
        print(text)
    else:
        answer["text"] = text
    return 0


def _dispatch(words: list[str], answer: dict[str, Any] | None) -> int:
    if words and words[0] in HELP:  # fer-exp help train is fer-exp train --help
        if len(words) == 1:
            return _show(pages.overview(), answer)
        words = [*words[1:], words[0]]
    if not words:
        return _without_command(answer)
    command, *rest = words = in_one(words)
    if command in ("--version", "-V"):
        commit = git_commit()
        return _show(f"fer-exp {__version__}{f' ({commit[:12]}{commit[40:]})' if commit else ''}", answer)
    if answer is not None and command in SCHEMAS:
        answer["command"] = command
    if command in COMPLETION or (rest and rest[0] in COMPLETION):
        from fer_exp.cli.completion import complete

        return complete(words)
    if command not in SCHEMAS:
        raise RequestError(unknown_command(words))
    check_typed(command, [word for word in rest if word not in HELP])
    if any(word in HELP for word in rest):
        return _show(pages.command(command, pages.chosen(command, rest)), answer)
    check_working_folder()
    check_limit(command)
    from fer_exp.cli.start import run

    return run(command, with_paths(command, rest), answer=answer)


def _without_command(answer: dict[str, Any] | None) -> int:
    """``fer-exp`` alone: on a terminal a few questions, else the first page of help."""
    from fer_exp.cli.guide import guide, on_terminal

    if answer is None and on_terminal():
        return guide(partial(_dispatch, answer=None))
    return _show(pages.overview(), answer)
