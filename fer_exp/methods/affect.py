"""The loss of the valence/arousal head."""

from __future__ import annotations

import torch
from torch import Tensor


def affect_loss(predicted: Tensor, rated: Tensor) -> Tensor:
    r"""One minus the concordance correlation coefficient, plus the mean squared error, over valence and arousal.

    .. math:: \mathrm{CCC} = \frac{2\,\mathrm{cov}(x, y)}{\sigma_x^2 + \sigma_y^2 + (\mu_x - \mu_y)^2}

    with population variances (Lin 1989). CCC is taken over the rated faces of the batch; with fewer than two of them,
    or where both sides are constant, only the squared error remains.

    Args:
        predicted: valence and arousal in -1..1, shape (N, 2).
        rated: the human ratings, shape (N, 2), nan where missing; a missing rating has no influence.

    Returns:
        A scalar: the mean over the dimensions that have any rating, 0 where none has.
    """
    known = ~torch.isnan(rated)
    count = known.sum(dim=0)
    divisor = count.clamp(min=1)
    weight = known.to(predicted.dtype)
    truth = torch.where(known, rated, 0.0).to(predicted.dtype)
    mean_p, mean_t = (predicted * weight).sum(0) / divisor, (truth * weight).sum(0) / divisor
    off_p, off_t = (predicted - mean_p) * weight, (truth - mean_t) * weight
    covariance = (off_p * off_t).sum(0) / divisor
    spread = (off_p.square().sum(0) + off_t.square().sum(0)) / divisor + (mean_p - mean_t).square()
    usable = (count > 1) & (spread > 1e-12)
    ccc = 2 * covariance / torch.where(usable, spread, 1.0)
    squared = ((predicted - truth) * weight).square().sum(0) / divisor
    loss = torch.where(usable, 1 - ccc, 0.0) + squared
    present = count > 0
    return torch.where(present, loss, 0.0).sum() / present.sum().clamp(min=1)
