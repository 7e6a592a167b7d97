"""Values that cannot be those of their key, each with what was meant."""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatch

from fer_exp.cli.meant import SWITCH, all_options, keys, share, written
from fer_exp.cli.paths import exists
from fer_exp.cli.typed import Typed, parted
from fer_exp.config.keys import groups

SEVERAL = re.compile(r"(choice|range|interval|glob|shuffle|sort)\(.*\)$")
"""What Hydra makes several values of, beside commas."""


def hollow(typed: Typed) -> str:
    """``choice()``, which is to try several values and has none."""
    if not re.fullmatch(r"(choice|range|interval|shuffle|sort)\(\s*\)", typed.value):
        return ""
    if typed.is_free and not typed.sweeps:
        return ""  # a file may be called so
    return f"{typed.word}: nothing stands in its brackets; write {typed.key}=VALUE,VALUE with -m, a run of each."


def empty(typed: Typed) -> str:
    """A key with nothing behind ``=``, or with the value as a word of its own."""
    if typed.value:
        return ""
    if typed.behind:
        meant = written(typed.command, typed.key, typed.behind[0], typed.chosen)
        return f"{typed.key}= {typed.behind[0]} has a space; write {meant}."
    meant = written(typed.command, typed.key, "", typed.chosen)
    return f"{typed.key}= has no value (is a variable of the shell empty?); write {meant}."


def nothing(typed: Typed) -> str:
    """``null`` for a group, of which Hydra wants an option, or for a key that has to have a value."""
    chosen = groups(typed.command)
    values = values_of(typed.value) if typed.sweeps else [typed.value]
    if "null" not in map(str.lower, values):
        return ""
    if typed.key not in chosen:
        filled = typed.type.startswith(("int", "float", "str", "bool", "list")) and "None" not in typed.type
        return f"{typed.word}: null is no value of it; leave the word out, or give one." if filled else ""
    if (default := chosen[typed.key]) == "null":
        return f"{typed.word}: none is chosen where nothing is said; leave the word out."
    return f"{typed.word}: one has to be chosen; write {typed.key}={default}, which is taken where nothing is said."


def listed(typed: Typed) -> str:
    """A bracket that is not closed, a list without brackets."""
    value = typed.value
    if exists(value):
        return ""
    if value.startswith("[") and value.count("[") > value.count("]"):
        joined = "".join((value, *typed.behind)) if any("]" in word for word in typed.behind) else f"{value}]"
        reason = "lists have no spaces" if joined != f"{value}]" else "its bracket is not closed"
        return f"{typed.word}: {reason}; write {shlex.quote(f'{typed.key}={joined}')}."
    names = typed.key.endswith("classes") and "," in value
    if ("list" in typed.type or names) and value[0] not in "[$" and value != "null":
        numbers = re.findall(r"\d+\.?\d*", value) if "list[float]" in typed.type else []
        inside = ",".join(["1", *numbers] if len(numbers) == 1 and typed.key.endswith("scale") else numbers) or value
        return f"{typed.key} takes a list; write {shlex.quote(f'{typed.key}=[{inside}]')}."
    if ";" in value and value[0] == "[":
        return f"{typed.word}: a list has commas; write {shlex.quote(typed.word.replace(';', ','))}."
    return ""


def globbed(typed: Typed) -> str:
    """``glob(...)``, which picks options of a group, of something else, or that picks none."""
    if not (match := re.fullmatch(r"glob\((.*?)(,.*)?\)", typed.value)):
        return ""
    if typed.key not in groups(typed.command):
        return f"{typed.word}: glob picks options of a group, as method=glob(ncc*); write the values with commas."
    patterns = [word.strip(" []'\"") for word in match[1].split(",")]
    options = [option for option in all_options(typed.key) if any(fnmatch(option, pattern) for pattern in patterns)]
    if not options:
        return f"{typed.word} picks nothing; there are: {', '.join(all_options(typed.key))}."
    return f"{typed.word}: write {typed.key}={','.join(options)}." if typed.of_table else ""


def several(typed: Typed) -> str:
    """Several values without -m; a comma where a decimal point is meant."""
    value = typed.value
    if typed.sweeps and value[0] not in "[{'\"" and (short := re.sub(",+", ",", value).strip(",")) != value:
        return f"{typed.word}: nothing stands beside one of its commas; write {typed.key}={short or 'VALUE'}."
    if typed.sweeps or value[0] in "{'\"" or exists(value):
        return ""
    if value[0] == "[" and (typed.type.startswith(("int", "float", "bool")) or typed.key in groups(typed.command)):
        values = value.strip("[]")
        return f"{typed.word}: several values need -m; write {typed.whole(f'{typed.key}={values}')}."
    if value[0] == "[":
        return ""
    if typed.type.startswith("int") and re.fullmatch(r"\d{1,3}(,000)+", value):
        number = typed.word.replace(",", "")
        return f"{typed.word}: a number has no commas, and several values need -m; write {number}."
    if "float" in typed.type and re.fullmatch(r"\d+,\d+", value):
        point = written(typed.command, typed.key, value.replace(",", "."), typed.chosen)
        return f"{typed.word}: decimals have a point, and several values need -m; write {point}."
    if value.endswith(","):
        return parted(typed)
    if "," in value or SEVERAL.match(value):
        return f"{typed.word}: several values need -m; write {typed.whole(typed.word)}."
    return ""


def fits(typed: Typed) -> str:
    """A value of another type than its key's."""
    value, kind = typed.value, typed.type.split(" |")[0]
    if typed.sweeps and "," in value and "${" not in value:
        return next((said for part in values_of(value) if (said := fits(typed.instead(part)))), "")
    if value == "null" or "${" in value or (typed.sweeps and ("," in value or SEVERAL.match(value))):
        return ""
    if kind == "int" and not re.fullmatch(r"[+-]?\d[\d_]{,40}", value):
        near = f"{float(value):.0f}" if _is_number(value) and len(value) < 40 else re.sub(r"(?<=\d)k$", "000", value)
        near = near if near.isdigit() and len(near) < 40 else ""
        return f"{typed.word}: it must be a whole number, as in {_example(typed, near)}."
    if kind == "float" and not _is_number(value):
        near = share(value) if _is_number(share(value)) else ""
        return f"{typed.word}: it must be a number, as in {_example(typed, near)}."
    if kind == "bool" and value.lower() not in SWITCH:
        return f"{typed.word}: it must be {typed.key}=true or {typed.key}=false."
    return ""


def values_of(value: str) -> list[str]:
    """What Hydra's commas part; nothing of a list or of what stands for several."""
    return value.split(",") if not SEVERAL.match(value) and value[:1] != "[" else []


def _example(typed: Typed, near: str) -> str:
    """The key with the number that is like what was typed, or with its default, for the end of a sentence."""
    default = keys(typed.command)[typed.key].value
    value = near or ("" if default != "null" else "10" if typed.type.startswith("int") else "0.5")
    return written(typed.command, typed.key, value, typed.chosen)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return "_" not in value.strip("_")
