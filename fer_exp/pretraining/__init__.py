"""What a network learns of faces before it learns expressions: a row a task, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from fer_exp.config import PretrainConfig, check_choice
from fer_exp.errors import RequestError
from fer_exp.split_names import SPLITS

if TYPE_CHECKING:
    from fer_exp.pretraining.lesson import Lesson

TASKS = {
    "drawn": "fer_exp.pretraining.drawn:drawn",
    "contrast": "fer_exp.pretraining.contrast:contrast",
    "points": "fer_exp.pretraining.points:points",
}
"""``task`` -> the function that makes its ``Lesson``, imported when it is asked for."""


def make_lesson(config: PretrainConfig) -> Lesson:
    """The faces of a pretraining and what is to be learnt of them.

    Raises:
        RequestError: as the task's own function.
    """
    make: Callable[[PretrainConfig], Lesson] = resolve_name(TASKS[config.task])
    return make(config)


def check_pretrain(config: PretrainConfig) -> None:
    """The rules between the keys of a pretraining.

    Raises:
        RequestError: one sentence that names the key and the way out.
    """
    check_choice("task", config.task, tuple(TASKS))
    for split in config.splits:
        check_choice("splits", split, SPLITS)
    if not config.splits:
        raise RequestError("splits is empty; splits=[train] learns from the training faces.")
    if (config.task == "points") != (config.points is not None):
        given = "needs points=FILE, a table of landmarks" if config.points is None else f"does not read {config.points}"
        raise RequestError(f"task={config.task} {given}; fer-exp pretrain task=points points=FILE does.")
    if not 0 < config.crop <= 1:
        raise RequestError(f"crop is {config.crop}; it is the least share of a face that a view keeps, above 0 to 1.")
    for key in ("temperature", "width"):
        if (value := getattr(config, key)) is not None and not value > 0:
            raise RequestError(f"{key} is {value}; it must be above 0.")
    for key, task in {"faces": "drawn", "width": "points", "temperature": "contrast"}.items():
        if config.task != task and (value := getattr(config, key)) != getattr(PretrainConfig, key):
            raise RequestError(
                f"{key}={value} is for task={task}, and does nothing with task={config.task}; leave it out."
            )
    if config.task == "contrast" and config.trainer.augment == "none":
        raise RequestError("trainer.augment=none leaves two equal views, which teach nothing; take weak or strong.")
    if config.trainer.keep == "none":
        raise RequestError("trainer.keep=none would leave nothing of a pretraining; network keeps backbone.pt.")
    if config.trainer.balance != "none" or config.trainer.every_epoch == "test":
        key, way = ("balance", "none") if config.trainer.balance != "none" else ("every_epoch", "val")
        asked = getattr(config.trainer, key)
        raise RequestError(f"trainer.{key}={asked} goes by labels, and a pretraining has none; take {way}.")
