"""Rules between the keys of the labels group, asked at the door."""

from __future__ import annotations

from fer_exp.config import LabelsConfig, check_choice
from fer_exp.config.folder import written
from fer_exp.errors import RequestError
from fer_exp.labels.kinds import KINDS
from fer_exp.labels.noise import NOISES
from fer_exp.labels.published import file_form
from fer_exp.labels.votes import RULES
from fer_exp.orders import ORDERS


def check_labels(config: LabelsConfig) -> None:
    """Raise RequestError where keys of the labels group are unknown or contradict each other."""
    for key, names in {"kind": tuple(KINDS), "rule": tuple(RULES), "noise": tuple(NOISES)}.items():
        check_choice(f"labels.{key}", getattr(config, key), names)
    _check_noise(config)
    kind = KINDS[config.kind]
    if kind.of_votes and config.rule == "majority":
        raise RequestError(
            f"labels.rule=majority leaves one class per face, so that labels.kind={config.kind} would be one-hot; set "
            "labels.rule=crossentropy (FER+'s own for distributions) or all."
        )
    if kind.from_file != bool(config.posteriors):
        raise RequestError(
            "labels=aggregated needs labels.posteriors=FILE, a table of face and a column per class, as fer-exp crowd "
            "writes, and nothing else reads it; write both."
        )
    if config.raters is None or config.rule == "all":
        return
    if kind.of_votes and config.raters < 2 * (config.outliers + 1):
        raise RequestError(
            f"labels.raters={config.raters} with labels.outliers={config.outliers} leaves one class per face, so that "
            f"labels.kind={config.kind} would be one-hot; set labels.outliers=0 or labels.rule=all."
        )
    if config.raters <= config.outliers:
        raise RequestError(
            f"labels.raters={config.raters} leaves no answer with more than labels.outliers={config.outliers} votes; "
            "set labels.outliers=0 or labels.rule=all."
        )


def _check_noise(config: LabelsConfig) -> None:
    """Raise RequestError where keys of wrong labels, and of the file that may have them, do nothing or lack another."""
    noisy = KINDS[config.kind].noisy
    from_file = noisy and NOISES[config.noise].from_file
    if config.rate and not noisy:
        raise RequestError(
            f"labels.rate={config.rate} does nothing with labels={config.kind}; write labels=noisy or leave it out."
        )
    if config.file and not from_file:
        raise RequestError("labels.file is read only with labels=noisy labels.noise=file; write both, too.")
    if from_file and not config.file:
        raise RequestError("labels.noise=file needs labels.file, a file of lines 'face label'.")
    for key in ("rate", "exact") if from_file else ():
        usual = written("labels", "noisy")[key], getattr(LabelsConfig, key)
        if (value := getattr(config, key)) not in usual:
            raise RequestError(
                f"labels.{key}={str(value).lower()} does nothing with labels.noise=file, for the file has the labels; "
                "leave it out."
            )
    if config.file_classes is not None:
        file_form(config.file_classes, config.file_first)
        if not config.file:
            raise RequestError("labels.file_classes says what the numbers of labels.file mean; set labels.file, too.")
    if config.export:
        check_choice("labels.export", config.export, tuple(ORDERS))
        if not noisy:
            raise RequestError("labels.export writes the labels after noise; set labels=noisy.")
