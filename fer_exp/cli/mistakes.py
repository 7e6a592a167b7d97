"""What Hydra and OmegaConf raise, in a sentence that names the nearest valid name."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import Any

from fer_exp.config import SCHEMAS
from fer_exp.config.folder import conf_folder, options
from fer_exp.errors import did_you_mean


def sentence(error: Exception, command: str) -> str:
    """What Hydra or OmegaConf raised over the words of a command, as a sentence with a way out."""
    from hydra.errors import MissingConfigException

    causes: list[BaseException] = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    message = "\n".join(str(cause).strip() for cause in causes)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        group, _, name = str(error.missing_cfg_file).partition("/")
        return f"{group}={name} is unknown{_nearest(name, options(group))}"
    key = next((str(full) for cause in causes if (full := getattr(cause, "full_key", None))), "")
    if not key and (match := re.search(r"Could not override '([^']+)'|Key '([^']+)' is not in struct", message)):
        key = match[1] or match[2]
    known = _keys(SCHEMAS[command])
    if key and ("not in struct" in message or "No match in the defaults" in message or "not in '" in message):
        group, _, rest = key.partition(".")
        if key in known and rest:
            others = [name for name in options(group) if re.search(rf"(?m)^{rest}:", _text(group, name))]
            return f"{key} is no key of the {group} chosen here; it is one of {group}={' or '.join(others)}."
        return f"{key} is no key of fer-exp {command}{_nearest(key, known)}"
    if key:
        reason, *_ = [*str(causes[-1]).strip().splitlines(), type(error).__name__]
        return f"{key}: {reason}."
    return f"{message.splitlines()[0].rstrip('.')}; give overrides as key=value, e.g. trainer.epochs=10."


def _nearest(name: str, choices: list[str]) -> str:
    near = did_you_mean(name, choices, 0.5)
    if not near:  # a key given without its group, e.g. epochs
        same = [choice for choice in choices if choice.rpartition(".")[2] == name.rpartition(".")[2]]
        near = f"did you mean {same[0]}? " if same else ""
    hint = f"; {near}" if near else ". "
    return f"{hint}There are: {', '.join(choices)}." if len(choices) <= 12 else hint.rstrip()


def _text(group: str, name: str) -> str:
    return (conf_folder() / group / f"{name}.yaml").read_text(encoding="utf-8")


def _keys(schema: Any, prefix: str = "") -> list[str]:
    """Every dotted key of a schema, groups included."""
    keys = []
    for field in fields(schema):
        keys.append(prefix + field.name)
        group: Any = field.default_factory  # a group's dataclass, or MISSING
        if is_dataclass(group):
            keys += _keys(group, f"{prefix}{field.name}.")
        if field.name == "method":
            written = "".join(_text("method", name) for name in options("method"))
            special = (f"method.{key}" for key in re.findall(r"(?m)^(\w+):", written) if key != "defaults")
            keys = list(dict.fromkeys([*keys, *special]))
    return keys
