"""Regression of what is known of a face: landmarks, action units, head pose, light."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_exp.methods.ce import precise
from fer_exp.methods.method import Learnt, Network, Setting, Step
from fer_exp.pretraining.lesson import LessonMethod
from fer_exp.training.augment import ERASED, Draw, uniform
from fer_exp.training.crops import DRAWN, crop, draw_crops, greyed, moved, relight
from fer_exp.training.erasing import erase

AS_GREY = 0.5
"""Share of colour pictures that are shown grey: the network may meet either kind later."""


def kind_of(column: str) -> str:
    """What a column of targets is of: points (``x_3``), else the word before its first underscore.

    >>> kind_of("y_12"), kind_of("unit_AU1")
    ('points', 'unit')
    """
    word = column.partition("_")[0]
    return "points" if word in ("x", "y") else word


class Regression(LessonMethod):
    r"""A linear map from the network's features to each target, standardised by mean and deviation over the faces.

    .. math:: \frac{1}{G} \sum_g \mathrm{mean}_{t \in g} \, \mathrm{huber}(\hat t - t)

    over the G kinds of targets, which weigh the same however many they are; one that is not known has no influence.
    ``columns`` name the targets, kind by kind; landmarks are ``x_0, y_0, x_1, ...`` in this order, shares of a picture.
    ``lit`` says whether views may change the light. Views are not mirrored: which landmark would be which is not known.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, setting: Setting, target: Tensor, columns: Sequence[str], crop: float, augment: str, lit: bool
    ) -> None:
        super().__init__(setting)
        self.crop, self.augment, self.lit = crop, augment, lit
        kinds = [kind_of(column) for column in columns]
        # Slices: on a GPU every list of places would be sent over anew.
        self.kinds = {kind: slice(kinds.index(kind), kinds.index(kind) + kinds.count(kind)) for kind in kinds}
        target = target.double()
        mean = target.nanmean(dim=0)
        deviation = (target - mean).square().nanmean(dim=0).sqrt()
        self.register_buffer("mean", mean.float())
        self.register_buffer("deviation", torch.where(deviation > 1e-6, deviation, 1.0).float())
        self.head = nn.Linear(setting.features, len(columns))

    def look(self, pixels: Tensor, target: Tensor, draw: Draw) -> tuple[tuple[Tensor, ...], Tensor]:
        """One view: a crop, perhaps under another light or grey; with ``strong`` half of them have a part erased."""
        if not self.training or self.augment == "none":
            return (pixels,), target
        drawn = uniform(draw, DRAWN)
        crops = draw_crops(drawn, self.crop, mirror=False)
        view = crop(pixels, crops)
        view = relight(view, drawn) if self.lit else greyed(view, drawn[:, 9] < AS_GREY)
        if self.augment == "strong":
            view = erase(view, uniform(draw, 5, ERASED, dtype=torch.float64))
        places = self.kinds["points"]
        seen = target.clone()
        seen[:, places] = moved(target[:, places].view(len(target), -1, 2), crops).flatten(1)
        return (view,), seen

    def learn(self, network: Network, step: Step) -> Learnt:
        """The loss of a batch; the history has each kind's mean absolute error, of points the mean distance."""
        output = network(step.views[0])
        predicted = precise(self.head(output.features))
        mean, deviation = self.mean.to(predicted), self.deviation.to(predicted)
        target = step.target.to(predicted)
        known = ~torch.isnan(target)
        wanted = torch.where(known, (target - mean) / deviation, 0.0)
        loss = F.smooth_l1_loss(predicted, wanted, reduction="none") * known
        off = torch.where(known, (predicted - wanted).detach() * deviation, torch.nan)
        losses, figures = [], {}
        for kind, places in self.kinds.items():
            losses.append(loss[:, places].sum() / known[:, places].sum().clamp(min=1))
            error = off[:, places].view(len(off), -1, 2).norm(dim=2) if kind == "points" else off[:, places].abs()
            figures[f"{kind}_error"] = error.nanmean()
        return Learnt(torch.stack(losses).mean(), output, figures=figures)
