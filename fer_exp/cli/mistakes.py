"""Mistakes of names in a sentence that gives the words meant; what Hydra and OmegaConf raise, likewise."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from fer_exp.cli.meant import (
    all_options,
    command_meant,
    elsewhere,
    group_called,
    key_meant,
    key_near,
    keys,
    option_meant,
    option_near,
    told,
    written,
)
from fer_exp.cli.paths import exists
from fer_exp.config import SCHEMAS
from fer_exp.config.folder import options
from fer_exp.config.keys import groups, option_keys
from fer_exp.errors import nearest
from fer_exp.files import file_of


def unknown_command(words: Sequence[str]) -> str:
    """What to say of words of which the first is no command.

    >>> unknown_command(["eval", "run=runs/a"])
    "There is no command 'eval'; write fer-exp evaluate run=runs/a."
    """
    first, *rest = words
    if first == "fer-exp":
        return f"fer-exp is typed once; write {shlex.join(words)}."
    if near := nearest(first.lstrip("-"), ("version", "help"), 0.75):
        return f"There is no command {first!r}; write fer-exp --{near}."
    if command := next((word for word in rest if word in SCHEMAS), None):
        rest.remove(command)
        return f"A command comes first; write {shlex.join(['fer-exp', command, first, *rest])}."
    names = ", ".join(SCHEMAS)
    if "=" in first or first.startswith("-"):
        typed = f"{_command_of(first, rest)} {shlex.join(rest)}".rstrip()
        return f"A command comes first; write fer-exp {typed}. There are: {names}."
    if exists(first):
        return f"A command comes first; write fer-exp {_command_for(first)}. There are: {names}."
    meant = command_meant(first)
    hint = f"write {shlex.join(['fer-exp', meant, *rest])}." if meant else f"there are: {names}."
    return f"There is no command {first!r}; {hint}"


def _command_of(word: str, rest: list[str]) -> str:
    """The command that has a key, and the key; of an option, whose value may be the first of the rest."""
    name, _, value = word.lstrip("-").partition("=")
    owner = next((command for command in SCHEMAS if name in keys(command)), None)
    owner = owner or next((command for command in SCHEMAS if key_meant(command, name, value or "1", {})), "train")
    if not word.startswith("-"):
        return f"{owner} {word}"
    value = value or (rest.pop(0) if rest and "=" not in rest[0] else "")
    return f"{owner} {key_meant(owner, name, value, {}) or word}"


def _command_for(place: str) -> str:
    """The command that takes what lies at a place, and the place."""
    file = file_of(place)[0]
    if file.is_file():
        return f"agreement {place}"
    return (
        f"report {place}"
        if (file / "run.json").is_file()
        else f"train dataset=folder dataset.root={shlex.quote(place)}"
    )


def unknown_key(command: str, name: str, value: str, chosen: Mapping[str, str]) -> str:
    """What to say of ``name=value`` where the command has no such key.

    >>> unknown_key("train", "lr", "0.1", {})
    'lr is no key of fer-exp train; write trainer.learning_rate=0.1.'
    """
    said = f"{name} is no key of fer-exp {command}"
    if meant := key_meant(command, name, value, chosen):
        _, _, told_value = meant.partition("=")
        each = " with -m, for a run of each" if "," in told_value and "[" not in meant and command != "table" else ""
        return f"{said}; write {meant}{each}."
    if instead := told(name):
        return f"{said}: {instead}."
    if (group := group_called(command, name)) and not key_near(command, name, value, chosen):
        return f"{name} is called {group} here, and {unknown_option(command, group, value)}"
    if (other := elsewhere(command, name, value)) is not None:
        return f"{said} but of fer-exp {other[0]}, where it is written {other[1]}."
    if near := key_near(command, name, value, chosen):
        return f"{said}; did you mean {near}?"
    return f"{said}; fer-exp {command} --help lists them."


def unknown_option(command: str, group: str, name: str) -> str:
    """What to say of ``group=name`` where the group has no such option.

    >>> unknown_option("train", "labels", "one-hot")
    'labels=one-hot is not there; write labels=onehot.'
    """
    if meant := option_meant(command, group, name):
        return f"{group}={name} is not there; write {meant}."
    if near := option_near(group, name):
        return f"{group}={name} is not there; did you mean {near}?"
    return f"{group}={name} is not there. {_there_are(group)}"


def key_not_here(command: str, key: str, value: str, chosen: Mapping[str, str]) -> str:
    """What to say of a key of another option than the one that is chosen.

    >>> key_not_here("train", "labels.rate", "0.2", {})
    'labels.rate is a key of labels=noisy, and labels=onehot is chosen here; write labels=noisy labels.rate=0.2.'
    """
    group = key.partition(".")[0]
    option = {**groups(command), **chosen}[group]
    having = [other for other in options(group) if key in option_keys(group, other)]
    said = f"{key} is a key of {group}={' or '.join(having)}, and "
    if group == "dataset" and group in chosen:
        return f"{said}{group}={option} is chosen, which has no use for it; leave it out."
    if group == "labels" and option not in ("null", "onehot") and "noisy" in having and len(having) > 1:
        others = " or ".join(f"labels={other}" for other in having if other in ("onehot", "soft"))
        return f"{said}labels={option} is chosen here, which has no use for it; leave it out, or take {others}."
    here = "none is chosen" if option == "null" else f"{group}={option} is chosen"
    return f"{said}{here} here; write {written(command, key, value, chosen)}."


def no_such_key(command: str, key: str) -> str:
    """What to say of a key that the composed config has and the schema does not, or that is added to none."""
    group = key.partition(".")[0]
    if having := [option for option in options(group) if key in option_keys(group, option)]:
        return f"{key} is no key of the {group} chosen here; it is one of {group}={' or '.join(having)}."
    return unknown_key(command, key, "", {})


def sentence(error: Exception, command: str) -> str:
    """What Hydra or OmegaConf raised over the words of a command, as a sentence with a way out."""
    from hydra.errors import MissingConfigException

    causes: list[BaseException] = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    message = "\n".join(str(cause).strip() for cause in causes)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = str(error.missing_cfg_file).rpartition("/")
        return _unknown_plugin(group, name) if group.startswith("hydra") else unknown_option(command, group, name)
    key = _key_in(causes, message)
    if key and ("not in struct" in message or "No match in the defaults" in message or "not in '" in message):
        return no_such_key(command, key)
    if "nterpolation" in message or "${" in message or any("resolver" in str(cause) for cause in causes):
        return f"{key or 'a key'}: {_of_interpolation(message)}."
    if key:
        return f"{key} does not take a value of this type; leave it out, or give one as {key}=VALUE."
    override = next((each for cause in causes if (each := getattr(cause, "override", None))), "")
    said = f"{override}: a quote or bracket in it is not closed, or a sign means something" if override else ""
    return f"{said or _reason(causes[-1])}; give overrides as key=value: fer-exp {command} --help lists them."


def _of_interpolation(message: str) -> str:
    """What is wrong with a ``${...}``, and the way out."""
    if variable := re.search(r"Environment variable '([^']+)' not found", message):
        return f"there is no environment variable {variable[1]}; set it, or write what it should say"
    if variable := re.search(r"Interpolation key '([^']+)' not found", message):
        return (
            f"${{{variable[1]}}} is no key; a shell puts its variable there without single quotes, and "
            f"${{oc.env:{variable[1]}}} is that of the environment"
        )
    if re.search("(?i)recursive|parent node", message):
        return "its ${...} leads back to itself; write the value"
    return "its ${...} cannot be read; write ${KEY} with a key of this command, or the value itself"


def _reason(error: BaseException) -> str:
    return [*str(error).strip().splitlines(), type(error).__name__][0].rstrip(".")


def _key_in(causes: Sequence[BaseException], message: str) -> str:
    """The key that errors of Hydra and OmegaConf are about, '' where they say none."""
    if key := next((str(full) for cause in causes if (full := getattr(cause, "full_key", None))), ""):
        return key
    match = re.search(r"Could not override '([^']+)'|Key '([^']+)' is not in struct", message)
    return match[1] or match[2] if match else ""


def _unknown_plugin(group: str, name: str) -> str:
    extra = next((word for word in ("joblib", "submitit") if word in name), None)
    install = f"pip install {shlex.quote(f'fer-exp[{extra}]')} brings it" if extra else "joblib and submitit are extras"
    return f"{group}={name} is not installed; {install}, and without it a sweep's jobs run one after the other."


def _there_are(group: str) -> str:
    names = [name for name in all_options(group) if "/" not in name]
    return f"There are: {', '.join(f'{group}={name}' for name in names) if len(names) < 6 else ', '.join(names)}."
