"""From the words of a command to its end: Hydra composes, the command runs, alone or as each job of a sweep."""

from __future__ import annotations

import gc
import json
import os
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from functools import partial
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

from fer_exp.cli.compose import compose_all, compose_one, hydra_anew, to_config
from fer_exp.cli.gpus import SIDE_BY_SIDE, beside_others
from fer_exp.cli.machine import described
from fer_exp.cli.mistakes import sentence
from fer_exp.cli.next_steps import next_step, say_next
from fer_exp.cli.stopped import places_named
from fer_exp.cli.unused import without_the_unused
from fer_exp.cli.words import flags_and_overrides, is_sweep
from fer_exp.config import Config, TableConfig, TrainConfig, TrainerConfig, VerifyConfig
from fer_exp.config.folder import conf_folder
from fer_exp.config.paths import word
from fer_exp.errors import RequestError
from fer_exp.files import write_text
from fer_exp.progress import noted_lines
from fer_exp.runs.sweeps import SWEEPS, Records, folder_aside


def run_jobs(command: str, words: list[str], jobs: Sequence[Sequence[str]]) -> int:
    """Run a sweep of listed jobs instead of a product of axes: one pool, in the order of the list.

    Args:
        command: one of ``SCHEMAS``.
        words: of all jobs, with those for Hydra's launcher.
        jobs: the words of each; ``compose_all`` has checked them.

    Returns:
        The exit code.
    """
    aside = Records(folder_aside())
    try:
        listed = aside.folder / "jobs.json"
        write_text(listed, json.dumps(jobs))
        listed_word = word("hydra.sweeper.jobs", str(listed))
        return run(command, ["-m", "hydra/sweeper=fer_exp_jobs", listed_word, *words], guided=False)
    finally:
        aside.close()


def run(command: str, arguments: list[str], *, guided: bool = True, answer: dict[str, Any] | None = None) -> int:
    """Run a command on the config that its arguments describe, or each of a sweep's.

    One job without a word for Hydra itself is composed here, where its words are plain without Hydra,
    whose own way to it composes every config twice.

    Args:
        command: one of ``SCHEMAS``.
        arguments: Hydra overrides and flags, -m among them for a sweep.
        guided: whether to say, at the end, what people do next.
        answer: what ``--json`` prints, to be filled, in place of what is printed; None where it is not asked for.

    Returns:
        The exit code.

    Raises:
        RequestError: the arguments cannot be made into a config.
        RunError: the single run failed.
    """
    flags, overrides = flags_and_overrides(arguments)
    if flags or any("hydra" in one for one in overrides):
        return _by_hydra(command, flags, overrides, guided, answer)
    config = compose_one(command, overrides)
    with _started_with(sys.argv[0], command, *overrides):
        _single(command, config, guided, answer)
    return 0


def _single(command: str, config: Config, guided: bool, answer: dict[str, Any] | None) -> None:
    """A command that is no sweep, to its end."""
    if answer is None:
        place = run_and_show(command, config)
    else:
        from fer_exp.report.outcome import kept

        with kept() as outcomes, noted_lines() as lines:
            try:
                place = run_and_show(command, config)
            finally:  # what was found is told, also where it could not be kept
                answer |= described(config, outcomes, lines)
    if guided and (step := next_step(config, place)):
        say_next(step, answer)


def _by_hydra(command: str, flags: list[str], overrides: list[str], guided: bool, answer: dict[str, Any] | None) -> int:
    """``run`` with Hydra's own command line: sweeps, launchers, what prints a config."""
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from hydra.types import RunMode
    from omegaconf import DictConfig, OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from fer_exp.cli.sweep import asked_jobs, begun, check_folder, forget, show_sweep, why

    sweep, as_json = is_sweep(flags), answer is not None
    program, failed = sys.argv[0], list[Exception]()

    def task(composed: DictConfig) -> None:
        job = HydraConfig.get()
        words: Any = OmegaConf.to_container(job.overrides.task, resolve=False)  # as they were typed
        with _started_with(program, command, *words):
            if job.mode != RunMode.RUN:
                _record_job(command, composed, words, as_json)
                return
            try:
                _single(command, to_config(command, composed), guided, answer)
            except Exception as error:  # raised again below: Hydra would print lines of its own
                failed.append(error)

    os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra prints a traceback of its own and exits
    # The last word on a key counts.
    sys.argv = [program, *flags, *overrides, *(_sweep_words(command, overrides) if sweep else [])]
    printed, sweeps_before = StringIO(), begun()
    show = partial(show_sweep, asked_jobs(overrides), of_trainings=command == "train", answer=answer)
    try:
        caught = redirect_stdout(printed) if as_json and not sweep else nullcontext()  # what --cfg and --info print
        with caught, hydra_anew():
            hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=command)(task)()
    except (HydraException, OmegaConfBaseException) as error:
        forget()
        raise RequestError(sentence(error, command)) from error
    except KeyboardInterrupt:
        forget()
        raise
    except Exception as error:
        if not sweep:  # what fails in the command itself is in `failed`
            words = str(error).strip().partition("\n")[0].rstrip(".")
            raise RequestError(f"{' '.join([*flags, *overrides])}: Hydra cannot take this ({words}).") from error
        if begun() == sweeps_before:  # it ended before its first job
            raise
        check_folder()
        return show(lost=why(error).rstrip("."))
    finally:
        if answer is not None and (text := printed.getvalue()):
            answer["text"] = text
            if "job" in flags:  # of --cfg
                answer["config"] = OmegaConf.to_container(OmegaConf.create(text))
    if sweep:
        return show(guided=guided)
    if failed:  # not with --cfg
        raise failed[0]
    return 0


def _sweep_words(command: str, overrides: Sequence[str]) -> list[str]:
    """What Hydra is told of a sweep beside what was typed: where its jobs leave their records.

    Raises:
        RequestError: it is started by torchrun, or says itself where its runs lie.
    """
    if "TORCHELASTIC_RUN_ID" in os.environ:
        # Its processes meet once: a second job would look them up where the first one left their addresses.
        raise RequestError("torchrun starts one training; run the sweep without it, or torchrun once a training.")
    for typed in overrides:
        if typed.lstrip("+~").startswith(("hydra.sweep.", "hydra.sweep=")):
            # A sweep's folder for itself goes at its end, so it must be its own.
            raise RequestError(f"{typed}: where the runs of a sweep lie is said by output; leave this word out.")
    folder = f"hydra.sweep.dir=${{output}}/{SWEEPS}/{uuid.uuid4().hex[:8]}"
    if command != "train":
        folder = word("hydra.sweep.dir", str(folder_aside()))
    words = [folder, "hydra.sweep.subdir=."]
    if "hydra/launcher=joblib" in overrides and not any("launcher.batch_size" in typed for typed in overrides):
        # joblib would give a worker several jobs at once after a few that were finished already, and leave others idle.
        words.append("hydra.launcher.batch_size=1")
    return words


def _record_job(command: str, composed: Any, words: list[str], as_json: bool) -> None:
    """Run one job of a sweep, which leaves a record; beside others of this machine with its share of the GPUs."""
    from hydra.core.hydra_config import HydraConfig

    from fer_exp.cli.sweep import record

    hydra_config = HydraConfig.get()
    beside = str(hydra_config.launcher._target_).endswith(SIDE_BY_SIDE)
    job = partial(_job_beside_others if beside else run_job, command)
    make = partial(to_config, command, composed)
    record(Path(hydra_config.sweep.dir), hydra_config.job.num, words, make, job, as_json)


def run_and_show(command: str, config: Config) -> Path | None:
    """``run_job``, and of a training what it reached: a sweep shows that of all at its end."""
    place = run_job(command, config)
    if isinstance(config, TrainConfig) and place is not None:
        from fer_exp.commands.train import show

        show(place)
    return place


def run_job(command: str, config: Config) -> Path | None:
    """Run one command on its config: the function of its name in fer_exp/commands/.

    Returns:
        What it left, a file or a folder, or None: of a command that leaves none, or in a DDP run's other processes.
    """
    without_the_unused()
    run_command = getattr(import_module(f"fer_exp.commands.{command}"), command)
    if not gc.isenabled():  # ``main`` had it wait, and gives back what is put by here: imports, which stay
        if not gc.get_freeze_count():
            gc.freeze()
        gc.enable()
    if isinstance(config, TableConfig):  # which starts trainings
        run_command = partial(run_command, compose=compose_all, start=run_jobs)
    elif isinstance(config, VerifyConfig):
        run_command = partial(run_command, compose=compose_all)
    with places_named(config):
        place: Path | None = run_command(config)
    return place


def _job_beside_others(command: str, config: Config) -> Path | None:
    """``run_job`` with GPUs of its own, or its share of one, where it wants any."""
    trainer: TrainerConfig | None = getattr(config, "trainer", None)
    if trainer is None or trainer.accelerator == "cpu":
        return run_job(command, config)
    return beside_others(partial(run_job, command, config), trainer.devices, trainer.jobs_per_gpu)


@contextmanager
def _started_with(*words: str) -> Iterator[None]:
    """Makes this process one that was started with these words.

    Lightning starts the other processes of a DDP run as it finds this one started; a launcher's worker was started as
    something else.
    """
    before = sys.argv, sys.modules["__main__"]
    sys.argv, sys.modules["__main__"] = list(words), import_module("fer_exp.__main__")
    try:
        yield
    finally:
        sys.argv, sys.modules["__main__"] = before
