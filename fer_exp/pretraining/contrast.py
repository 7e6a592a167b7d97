"""The task ``contrast``: two views of a face are to be found alike among the views of others (SimCLR); no labels."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor

from fer_exp.config import PretrainConfig
from fer_exp.errors import RequestError
from fer_exp.methods.ce import precise
from fer_exp.methods.method import Learnt, Network, Setting, Step, first_view
from fer_exp.pretraining.lesson import Lesson, LessonMethod, corpus_faces
from fer_exp.training.augment import ERASED, Draw, uniform
from fer_exp.training.batches import place
from fer_exp.training.crops import DRAWN, crop, draw_crops, relight
from fer_exp.training.erasing import erase

WIDTH = 128
"""Of what views are compared by (SimCLR)."""

UNREAD = ("faces", "width")
"""Keys that this task does not go by."""


def contrast(config: PretrainConfig) -> Lesson:
    """The faces of a corpus, of which nothing is known.

    Raises:
        RequestError: lightly is not installed; as ``corpus_faces``.
    """
    try:
        import lightly.loss  # noqa: F401  said before anything is read
    except ModuleNotFoundError as error:
        raise RequestError(
            f"task=contrast takes its loss from lightly, which is not installed ({error.name}): "
            "pip install 'fer-exp[pretrain]', or take task=drawn."
        ) from error
    store, faces = corpus_faces(config.dataset, config.splits)
    make = partial(Contrast, crop=config.crop, augment=config.trainer.augment, temperature=config.temperature)
    nothing = np.empty((len(faces), 0), np.float32)
    return Lesson(store, faces, nothing, make, {"dataset": store.content}, {}, UNREAD)


class Contrast(LessonMethod):
    """SimCLR's projection head and the normalised temperature-scaled cross-entropy, both lightly's.

    Source: Chen et al. 2020, A simple framework for contrastive learning of visual representations. ICML.
    """

    def __init__(self, setting: Setting, target: Tensor, crop: float, augment: str, temperature: float) -> None:
        from lightly.loss import NTXentLoss
        from lightly.models.modules import SimCLRProjectionHead

        super().__init__(setting)
        self.crop, self.augment = crop, augment
        self.project = SimCLRProjectionHead(setting.features, setting.features, WIDTH)
        self.compare = NTXentLoss(temperature)

    def look(self, pixels: Tensor, target: Tensor, draw: Draw) -> tuple[tuple[Tensor, ...], Tensor]:
        """Two views: crops, half of them mirrored, under another light; with ``strong`` half have a part erased."""
        return (self._view(pixels, draw, 0), self._view(pixels, draw, 1)), target

    def _view(self, pixels: Tensor, draw: Draw, number: int) -> Tensor:
        drawn = uniform(draw, DRAWN, number)
        view = relight(crop(pixels, draw_crops(drawn, self.crop, mirror=True)), drawn)
        if self.augment != "strong":
            return view
        return erase(view, uniform(draw, 5, ERASED, number, dtype=torch.float64))

    def learn(self, network: Network, step: Step) -> Learnt:
        """The loss of a batch, whose views go through the network in one pass."""
        count = len(step.views[0])
        output = network(torch.cat(step.views))
        with torch.autocast(output.features.device.type, enabled=False):
            one, other = self.project(precise(output.features)).split(count)
            self.compare.gather_distributed = place()[1] > 1
            # A last face of validation that is alone has none to be told from, which lightly cannot count.
            loss = self.compare(one, other) if count > 1 else one.sum() * 0
        return Learnt(loss, first_view(output, count))
