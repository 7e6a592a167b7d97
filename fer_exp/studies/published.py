"""Figures that the papers state, with their sources: conf/experiment/<study>.yaml."""

from __future__ import annotations

from typing import Any, NamedTuple

from omegaconf import OmegaConf

from fer_exp.config.folder import conf_folder


class Accuracy(NamedTuple):
    """A published accuracy in percent: from which first weights (``face`` or ``none``), read how (``measure``)."""

    value: float
    weights: str
    measure: str


def read_published(study: str) -> dict[str, Any]:
    """What is published of a study, as the file has it."""
    content: Any = OmegaConf.to_container(OmegaConf.load(conf_folder() / "experiment" / f"{study}.yaml"))
    found: dict[str, Any] = content["published"]
    return found


def accuracy(published: dict[str, Any], corpus: str, method: str, rate: float, weights: str) -> Accuracy | None:
    """A method's published accuracy under symmetric noise; None where no paper states it.

    Args:
        published: ``read_published("noisy-labels")``.
        corpus: a dataset option.
        method: a method option.
        rate: of the noise.
        weights: what the network here began from; of two figures, that from alike weights is taken.
    """
    found = [
        Accuracy(value, row["weights"], row.get("measure", "not stated"))
        for row in published["accuracy"]
        if (row["corpus"], row["method"]) == (corpus, method)
        for own, value in zip(published["rates"], row["values"], strict=True)
        if abs(own - rate) < 1e-9
    ]
    alike = "none" if weights == "none" else "face"
    return min(found, key=lambda each: each.weights != alike, default=None)
