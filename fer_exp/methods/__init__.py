"""Training methods: a name in conf/method/ and the class that teaches."""

from __future__ import annotations

import torch

from fer_exp.config import MethodConfig, check_choice
from fer_exp.errors import RequestError
from fer_exp.methods.ce import CrossEntropy, TwoViews
from fer_exp.methods.co_teaching import CoTeaching
from fer_exp.methods.dnfer import Dnfer
from fer_exp.methods.eac import ErasingAttentionConsistency
from fer_exp.methods.elr import Elr
from fer_exp.methods.evidence import Evidence
from fer_exp.methods.gce import Gce
from fer_exp.methods.jocor import Jocor
from fer_exp.methods.label_smoothing import LabelSmoothing
from fer_exp.methods.method import Method, Setting, check_keys
from fer_exp.methods.mixup import Mixup
from fer_exp.methods.ncctfer import Ncctfer
from fer_exp.methods.rul import RelativeUncertaintyLearning
from fer_exp.methods.sce import Sce
from fer_exp.methods.scn import SelfCureNetwork

METHODS: dict[str, type[Method]] = {
    "ce": CrossEntropy,
    "ce_two_views": TwoViews,
    "co_teaching": CoTeaching,
    "dnfer": Dnfer,
    "eac": ErasingAttentionConsistency,
    "elr": Elr,
    "evidence": Evidence,
    "gce": Gce,
    "jocor": Jocor,
    "label_smoothing": LabelSmoothing,
    "mixup": Mixup,
    "ncctfer": Ncctfer,
    "rul": RelativeUncertaintyLearning,
    "sce": Sce,
    "scn": SelfCureNetwork,
}


def make_method(config: MethodConfig, setting: Setting) -> Method:
    """The method that a config names, with its keys checked and its own first weights drawn from ``setting.seed``.

    Raises:
        RequestError: unknown, a key out of range, or what the method cannot do with these targets.
    """
    kind = METHODS[check_choice("method.name", config.name, tuple(METHODS))]
    check_keys(kind, config.name, config.keys)
    if setting.classes < 2:
        raise RequestError(f"method={config.name} needs at least two classes and this dataset has {setting.classes}.")
    if kind.needs_one_class and not setting.one_class:
        raise RequestError(
            f"method={config.name} cannot be taught distributions: {kind.needs_one_class}. "
            "Take labels=onehot or labels=noisy, or another method."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(setting.seed)
        return kind(setting, **config.keys)
