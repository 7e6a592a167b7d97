"""From overrides to a checked config: Hydra composes, the schema checks, errors become one sentence with a way out."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from fer_exp.cli.gpus import SIDE_BY_SIDE, own_gpus
from fer_exp.config import SCHEMAS, Config, MethodConfig, TrainConfig, validate
from fer_exp.config.folder import conf_folder, options
from fer_exp.errors import RequestError, did_you_mean

FLAGS = ("-m", "--multirun", "-r", "--resolve", "--hydra-help")
VALUED = ("-c", "--cfg", "-p", "--package", "-i", "--info")
"""Hydra's flags that a user of a command has a use for; those of VALUED take a word."""


def run(command: str, arguments: list[str]) -> int:
    """Run a command on the config that its arguments describe, or each of a sweep's.

    Args:
        command: one of ``SCHEMAS``.
        arguments: Hydra overrides and flags, -m among them for a sweep.

    Returns:
        The exit code.

    Raises:
        RequestError: the arguments cannot be made into a config.
        RunError: the single run failed.
    """
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from hydra.types import RunMode
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException

    from fer_exp.cli.sweep import record, show_sweep

    flags, overrides = _sorted(arguments)
    sweep = "-m" in flags or "--multirun" in flags
    if sweep and "TORCHELASTIC_RUN_ID" in os.environ:
        # Its processes meet once: a second job would look them up where the first one left their addresses.
        raise RequestError("torchrun starts one training; run the sweep without it, or torchrun once a training.")
    program = sys.argv[0]
    outcome: list[Path | Exception | None] = []
    records = Path(tempfile.mkdtemp()) if sweep and command != "train" else None
    own = [f"hydra.sweep.dir={records or '${output}/.sweep/' + uuid.uuid4().hex[:8]}", "hydra.sweep.subdir=."]

    def task(composed: DictConfig) -> None:
        hydra_config = HydraConfig.get()
        told = list(hydra_config.overrides.task)
        with _started_with(program, command, *told):
            if hydra_config.mode != RunMode.RUN:
                beside = str(hydra_config.launcher._target_).endswith(SIDE_BY_SIDE)
                job = partial(_job_beside_others if beside else run_job, command, composed)
                record(Path(hydra_config.sweep.dir), hydra_config.job.num, told, job, _folder(command, composed))
                return
            try:
                outcome.append(run_job(command, composed))
            except Exception as error:  # raised again below: Hydra would print lines of its own
                outcome.append(error)

    os.environ["HYDRA_FULL_ERROR"] = "1"  # else Hydra prints a traceback of its own and exits
    sys.argv = [program, *flags, *(own if sweep else []), *overrides]
    try:
        hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=command)(task)()
    except (HydraException, OmegaConfBaseException) as error:
        raise RequestError(_sentence(error, command)) from error
    except Exception as error:
        if not sweep:
            raise
        show_sweep(ended=False)
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        print(
            f"fer-exp: the launcher lost a job ({reason}). The same command runs what is missing; jobs that still run "
            "go on to their end.",
            file=sys.stderr,
        )
        return 1
    if sweep:
        return show_sweep()
    for each in outcome:  # none with --cfg
        if isinstance(each, Exception):
            raise each
        if each is not None:
            from fer_exp.commands.train import show

            show(each)
    return 0


def with_paths(command: str, arguments: list[str]) -> list[str]:
    """Plain words of a command that takes ``runs`` become that key, so that `fer-exp compare runs/*` works.

    Words of `fer-exp table` that are not its own keys are for the trainings, and become its key ``train``.

    Raises:
        RequestError: a word that is no path.

    >>> with_paths("compare", ["conf", "seed=1"])
    ["runs=['conf']", 'seed=1']
    """
    own = {field.name for field in fields(SCHEMAS[command])}
    if command == "table":
        return _with_train(own, arguments)
    if "runs" not in own:
        return arguments
    paths: list[str] = []
    rest: list[str] = []
    for word in arguments:
        after = rest[-1] if rest else ""
        if ("=" in word and not Path(word).exists()) or word.startswith(("-", "+", "~")) or after in VALUED:
            rest.append(word)
        elif Path(word).expanduser().exists():
            paths.append(word)
        else:
            raise RequestError(f"{word} is no run folder, no predictions file and no key=value.")
    if not paths:
        return rest
    return [f"runs={_quoted(paths)}", *rest]


def _with_train(own: set[str], arguments: list[str]) -> list[str]:
    """Words of `fer-exp table`: its own keys and flags as they are, the others together."""
    rest: list[str] = []
    train: list[str] = []
    for word in arguments:
        key = word.partition("=")[0]
        (rest if key in own or word.startswith("-") or (rest and rest[-1] in VALUED) else train).append(word)
    return [*rest, f"train={_quoted(train)}"] if train else rest


def _quoted(words: list[str]) -> str:
    """A list of words as Hydra reads it, whatever is in them."""
    return "[" + ",".join("'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'" for word in words) + "]"


def _sorted(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Flags with their values, and overrides: Hydra wants the overrides in one piece, people type as they think."""
    flags: list[str] = []
    overrides: list[str] = []
    for word in arguments:
        if word.startswith("-"):
            if word.partition("=")[0] not in (*FLAGS, *VALUED):
                hint = did_you_mean(word, (*FLAGS, *VALUED, "--help", "--debug"))
                raise RequestError(f"There is no option {word}; {hint}fer-exp COMMAND --help lists what there is.")
            flags.append(word)
        elif flags and flags[-1] in VALUED:
            flags.append(word)
        else:
            overrides.append(word)
    return flags, overrides


def to_config(command: str, composed: Any) -> Config:
    """The composed config as the command's dataclass, every type checked.

    Raises:
        RequestError: a key that the schema does not have, or a value of another type.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    if "method" in composed:
        composed = _with_method_keys(composed)
    try:
        config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(SCHEMAS[command]), composed))
    except OmegaConfBaseException as error:
        raise RequestError(_sentence(error, command)) from error
    if not isinstance(config, SCHEMAS[command]):
        raise TypeError(f"{command}: composed a {type(config)}")
    return config


def _with_method_keys(composed: Any) -> Any:
    """The config with a method's own keys under ``keys``; conf/method/<name>.yaml is their schema.

    Raises:
        RequestError: a value of another type than the one in the file; where that is null, a number is asked for.
    """
    from omegaconf import OmegaConf

    given = OmegaConf.to_container(composed, resolve=True)
    if not isinstance(given, dict) or not isinstance(given["method"], dict):
        raise TypeError(f"composed a {type(composed)}")
    method, shared = given["method"], {field.name for field in fields(MethodConfig)}
    own = {key: value for key, value in method.items() if key not in shared}
    schema = method_keys(method["name"]) if own else {}
    for key, value in own.items():
        default = schema.get(key)
        kinds = (int, float) if isinstance(default, float) or default is None else (type(default),)
        fits = isinstance(value, kinds) and isinstance(value, bool) == isinstance(default, bool)
        if not fits and not (value is None and default is None):
            asked = (
                "a number" if float in kinds else {int: "a whole number", bool: "true or false"}.get(kinds[0], "text")
            )
            raise RequestError(f"method.{key} is {value!r}; it must be {asked}.")
    given["method"] = {key: value for key, value in method.items() if key in shared} | {"keys": own}
    return OmegaConf.create(given)


def method_keys(name: str) -> dict[str, Any]:
    """The keys of a method of its own, with their defaults, as conf/method/<name>.yaml has them.

    >>> method_keys("gce")
    {'q': 0.7}
    """
    from omegaconf import OmegaConf

    written: Any = OmegaConf.to_container(OmegaConf.load(conf_folder() / "method" / f"{name}.yaml"))
    shared = {"defaults", *(field.name for field in fields(MethodConfig))}
    return {key: value for key, value in written.items() if key not in shared}


def compose_all(command: str, combinations: Sequence[tuple[list[str], dict[str, str]]]) -> list[Config]:
    """What a sweep would run, without running it.

    Args:
        command: one of ``SCHEMAS``.
        combinations: for each job the words that all share, and key (or group) -> value of its own.

    Returns:
        The configs, checked as to types alone.

    Raises:
        RequestError: words that cannot be made into a config.
    """
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    GlobalHydra.instance().clear()  # of the command that asks, if Hydra composed it
    made: list[Config] = []
    begun: dict[tuple[str, ...], Any] = {}  # Hydra takes a tenth of a second a config, so plain keys are set afterwards
    try:
        with initialize_config_dir(str(conf_folder()), version_base="1.3"):
            parse = OverridesParser.create().parse_override
            for common, own in combinations:
                chosen = (f"{key}={value}" for key, value in own.items() if (conf_folder() / key).is_dir())
                words = (*common, *chosen)
                if words not in begun:
                    begun[words] = compose(command, list(words))
                composed = begun[words].copy()
                for key, value in own.items():
                    if f"{key}={value}" not in words:
                        OmegaConf.update(composed, key, parse(f"{key}={value}").value(), force_add=False)
                made.append(to_config(command, composed))
    except (HydraException, OmegaConfBaseException) as error:
        raise RequestError(_sentence(error, command)) from error
    return made


def run_job(command: str, composed: Any) -> Path | None:
    """Run one command on its composed config: the function of its name in fer_exp/commands/.

    Returns:
        The run folder to show, or None: of a command that has none, or in a DDP run's other processes.
    """
    config = to_config(command, composed)
    validate(config)
    run_command = getattr(import_module(f"fer_exp.commands.{command}"), command)
    made: Path | None = run_command(config)
    return made


def _job_beside_others(command: str, composed: Any) -> Path | None:
    """``run_job`` with GPUs of its own, where it wants any."""
    trainer = composed.get("trainer")
    if trainer is None or trainer.accelerator == "cpu":
        return run_job(command, composed)
    with own_gpus(int(trainer.devices)):
        return run_job(command, composed)


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


def _folder(command: str, composed: Any) -> Path | None:
    """The run folder of a job, None where it has none or its config cannot be made."""
    if command != "train":
        return None
    from fer_exp.runs import run_folder

    try:
        config = to_config(command, composed)
    except RequestError:
        return None
    return run_folder(config) if isinstance(config, TrainConfig) else None


def _sentence(error: Exception, command: str) -> str:
    """What Hydra or OmegaConf raised, in a sentence that names the nearest valid name."""
    from hydra.errors import MissingConfigException

    causes: list[BaseException] = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    said = "\n".join(str(each).strip() for each in causes)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = str(error.missing_cfg_file).partition("/")
        return f"{group}={name} is unknown{_nearest(name, options(group))}"
    key = next((str(own) for each in causes if (own := getattr(each, "full_key", None))), "")
    if not key and (match := re.search(r"Could not override '([^']+)'|Key '([^']+)' is not in struct", said)):
        key = match[1] or match[2]
    known = _keys(SCHEMAS[command])
    reason = str(causes[-1]).strip().splitlines()[0] if str(causes[-1]).strip() else type(error).__name__
    if key and ("not in struct" in said or "No match in the defaults" in said or "not in '" in said):
        group, _, own = key.partition(".")
        if key in known and own:
            others = [name for name in options(group) if re.search(rf"(?m)^{own}:", _text(group, name))]
            return f"{key} is no key of the {group} chosen here; it is one of {group}={' or '.join(others)}."
        return f"{key} is no key of fer-exp {command}{_nearest(key, known)}"
    if key:
        return f"{key}: {reason}."
    return f"{said.splitlines()[0].rstrip('.')}; give overrides as key=value, e.g. trainer.epochs=10."


def _nearest(name: str, choices: list[str]) -> str:
    near = did_you_mean(name, choices, 0.5)
    if not near:  # a key given without its group, e.g. epochs
        own = [choice for choice in choices if choice.rpartition(".")[2] == name.rpartition(".")[2]]
        near = f"did you mean {own[0]}? " if own else ""
    hint = f"; {near}" if near else ". "
    return f"{hint}There are: {', '.join(choices)}." if len(choices) <= 12 else hint.rstrip()


def _text(group: str, name: str) -> str:
    return (conf_folder() / group / f"{name}.yaml").read_text(encoding="utf-8")


def _keys(schema: Any, prefix: str = "") -> list[str]:
    """Every dotted key of a schema, groups included."""
    found = []
    for field in fields(schema):
        found.append(prefix + field.name)
        part: Any = field.default_factory  # a group's dataclass, or MISSING
        if is_dataclass(part):
            found += _keys(part, f"{prefix}{field.name}.")
        if field.name == "method":
            own = [key for name in options("method") for key in re.findall(r"(?m)^(\w+):", _text("method", name))]
            found += [f"method.{key}" for key in dict.fromkeys(own) if key not in ("defaults", "name", "affect_weight")]
    return found
