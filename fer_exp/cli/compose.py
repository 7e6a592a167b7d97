"""From overrides to a config that is checked: Hydra composes, the schema says the types, the rules the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from types import NoneType
from typing import Any

from fer_exp.cli.mistakes import no_such_key, sentence
from fer_exp.cli.plain import plain
from fer_exp.config import SCHEMAS, Config, MethodConfig, PretrainConfig, TrainConfig, validate
from fer_exp.config.folder import conf_folder, written
from fer_exp.config.kinds import made, shown, wanted
from fer_exp.config.settings import WEIGHTS
from fer_exp.errors import RequestError
from fer_exp.runs import weights_in

SHARED = {field.name for field in fields(MethodConfig)}
"""Keys that every method has; the others are its own."""


def to_config(command: str, composed: Any) -> Config:
    """The composed config as the command's dataclass. This is the door: types and rules are checked here, and once.

    Raises:
        RequestError: a key that the schema does not have, a value of another type, or what ``check`` finds.
    """
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        content: Any = OmegaConf.to_container(composed, resolve=True)
    except OmegaConfBaseException as error:
        raise RequestError(sentence(error, command)) from error
    if content.get("method"):
        content["method"] = _with_method_keys(content["method"])
    try:
        config = made(SCHEMAS[command](), content)
    except KeyError as error:
        raise RequestError(no_such_key(command, error.args[0])) from None
    check(config)
    backbone = getattr(config, "backbone", None)
    if backbone is not None and backbone.weights not in WEIGHTS:
        backbone.weights = weights_in(backbone.weights)
    return config


def check(config: Config) -> None:
    """Every rule that a config alone can break; behind the door nothing asks again.

    Raises:
        RequestError: one sentence that names the key and the way out.
    """
    validate(config)
    if isinstance(config, TrainConfig):
        from fer_exp.labels.rules import check_labels

        check_labels(config.labels)
    if isinstance(config, PretrainConfig):
        from fer_exp.pretraining import check_pretrain

        check_pretrain(config)


def _with_method_keys(method: dict[str, Any]) -> dict[str, Any]:
    """A method with its own keys under ``keys``; conf/method/<name>.yaml is their schema.

    Raises:
        RequestError: a value of another type than the one in the file; where that is null, a number is asked for.
    """
    special = {key: value for key, value in method.items() if key not in SHARED}
    schema = method_keys(method["name"]) if special else {}
    for key, value in special.items():
        default = schema.get(key)
        kinds = (float, NoneType) if default is None else (type(default),)
        of = (int, float, NoneType) if default is None else (int, float) if isinstance(default, float) else kinds
        if not isinstance(value, of) or isinstance(value, bool) != isinstance(default, bool):
            raise RequestError(f"method.{key} is {shown(value)}; it must be {wanted(f'method.{key}', kinds)}.")
    return {key: value for key, value in method.items() if key in SHARED} | {"keys": special}


def method_keys(name: str) -> dict[str, Any]:
    """The keys of a method of its own, with their defaults, as conf/method/<name>.yaml has them.

    >>> method_keys("gce")
    {'q': 0.7}
    """
    return {key: value for key, value in written("method", name).items() if key not in {"defaults", *SHARED}}


def compose_one(command: str, words: Sequence[str]) -> Config:
    """The config that words make, without Hydra where they are plain.

    Raises:
        RequestError: words that cannot be made into a config.
    """
    from omegaconf import OmegaConf

    content = plain(command, words)
    return (
        compose_all(command, [([*words], {})])[0] if content is None else to_config(command, OmegaConf.create(content))
    )


def compose_all(command: str, combinations: Sequence[tuple[list[str], dict[str, str]]]) -> list[Config]:
    """What a sweep would run, without running it.

    Args:
        command: one of ``SCHEMAS``.
        combinations: for each job the words that all share, and key (or group) -> value of its own.

    Returns:
        The configs, checked.

    Raises:
        RequestError: words that cannot be made into a config.
    """
    from hydra import compose, initialize_config_dir
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    configs: list[Config] = []
    begun: dict[tuple[str, ...], Any] = {}  # Hydra takes a tenth of a second a config, so plain keys are set afterwards
    try:
        with hydra_anew(), initialize_config_dir(str(conf_folder()), version_base="1.3"):
            parse = OverridesParser.create().parse_override
            for common, axes in combinations:
                chosen = (f"{key}={value}" for key, value in axes.items() if (conf_folder() / key).is_dir())
                words = (*common, *chosen)
                if words not in begun:
                    with _grammar():
                        begun[words] = compose(command, list(words))
                composed = begun[words].copy()
                for key, value in axes.items():
                    if f"{key}={value}" not in words:
                        OmegaConf.update(composed, key, parse(f"{key}={value}").value(), force_add=False)
                configs.append(to_config(command, composed))
    except (HydraException, OmegaConfBaseException) as error:
        raise RequestError(sentence(error, command)) from error
    return configs


@contextmanager
def _grammar() -> Iterator[None]:
    """Hydra's grammar takes a number of 5,000 digits for a number, and Python does not."""
    try:
        yield
    except RequestError:
        raise
    except ValueError as error:
        raise RequestError(f"a value is none that can be read ({error}); give another.") from error


@contextmanager
def hydra_anew() -> Iterator[None]:
    """Hydra as if it had not begun: it begins once a process, and a command or a user's program may hold it here."""
    from hydra.core.global_hydra import GlobalHydra

    before = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = before
