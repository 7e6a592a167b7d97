"""AffectNet as others repack it: folders of classes by number or name, tables of labels, YOLO's label files."""

from __future__ import annotations

from typing import ClassVar

from fer_exp.datasets.affectnet_facts import CODES, OTHERS, AffectNetFacts
from fer_exp.datasets.repacked import LEFT_OUT, Repacked
from fer_exp.datasets.yolo import Yolo
from fer_exp.names import normal
from fer_exp.orders import ORDERS


class AffectNetRepacked(AffectNetFacts, Repacked):
    """``train/0/`` to ``7/``, ``train_class/class001/`` to ``class008/``, ``Train/Anger/``, or a table of labels.

    Numbers are in the order of the release, from 0, those of class001 from 1.
    """

    numbers: ClassVar[dict[str, str]] = {
        **ORDERS["affectnet"].meaning,
        **{f"class{number:03d}": name for number, name in enumerate(CODES, start=1)},
        **{mark: LEFT_OUT for number, name in OTHERS.items() for mark in (str(number), normal(name))},
    }
    expected: ClassVar[dict[str, int]] = {}  # each repacking has its own part of the corpus


class AffectNetYolo(AffectNetFacts, Yolo):
    """AffectNet in YOLO's format."""

    expected: ClassVar[dict[str, int]] = {}
