"""Rules between the keys of the labels group: what a config says wrong, and what it asks of a corpus without votes."""

from __future__ import annotations

from fer_exp.config import LabelsConfig, check_choice
from fer_exp.errors import RequestError
from fer_exp.labels import KINDS, NOISES, OF_VOTES, OTHERS, RULES, SOURCES, TIES
from fer_exp.labels.published import FORMS, file_form

WITH_VOTES = "dataset=ferplus and dataset=synthetic have votes, dataset.votes=FILE attaches some"


def check_labels(config: LabelsConfig) -> None:
    """Raise RequestError where keys of the labels group are unknown or contradict each other."""
    choices = {"kind": KINDS, "source": SOURCES, "rule": RULES, "ties": TIES, "noise": NOISES, "others": OTHERS}
    for key, names in choices.items():
        check_choice(f"labels.{key}", getattr(config, key), names)
    for key in ("rate", "smoothing"):
        if not 0 <= (share := getattr(config, key)) <= 1:
            raise RequestError(f"labels.{key}={share} is no share; give one from 0 to 1.")
    noisy = config.kind == "noisy"
    if config.rate and not noisy:
        raise RequestError(
            f"labels.rate={config.rate} does nothing with labels.kind={config.kind}; set labels.kind=noisy or rate=0."
        )
    if config.file and not (noisy and config.noise == "file"):
        raise RequestError("labels.file is read only with labels.kind=noisy and labels.noise=file; set both.")
    if noisy and config.noise == "file" and not config.file:
        raise RequestError("labels.noise=file needs labels.file, a file of lines 'face label'.")
    if config.file_classes is not None:
        file_form(config.file_classes, config.file_first)
        if not config.file:
            raise RequestError("labels.file_classes says what the numbers of labels.file mean; set labels.file, too.")
    if config.export:
        check_choice("labels.export", config.export, tuple(FORMS))
        if not noisy:
            raise RequestError("labels.export writes the labels after noise; set labels=noisy.")
    if config.kind in OF_VOTES and config.rule == "majority":
        raise RequestError(
            f"labels.rule=majority leaves one class per face, so that labels.kind={config.kind} would be one-hot; set "
            "labels.rule=crossentropy (FER+'s own for distributions) or all."
        )
    if (config.kind == "aggregated") != bool(config.posteriors):
        raise RequestError("labels=aggregated and labels.posteriors=FILE (face and a column per class) go together.")
    if config.raters is not None and config.rule != "all" and config.raters <= config.outliers:
        raise RequestError(
            f"labels.raters={config.raters} leaves no answer with more than labels.outliers={config.outliers} votes; "
            "set labels.outliers=0 or labels.rule=all."
        )


def check_votes(config: LabelsConfig) -> None:
    """Raise RequestError where the labels group needs votes, of a corpus that has none."""
    noise = config.kind == "noisy" and config.noise in ("human", "human_face")
    wants = {
        f"labels.kind={config.kind}": config.kind in OF_VOTES,
        "labels.source=votes": config.source == "votes",
        "labels.raters": config.raters is not None,
        f"labels.noise={config.noise}": noise,
    }
    for key, wanted in wants.items():
        if wanted:
            raise RequestError(f"{key} needs votes and this corpus has none; {WITH_VOTES}.")
