"""Self-Cure Network (Wang et al., CVPR 2020): attention weighs and ranks faces, doubtful labels are replaced."""

from __future__ import annotations

from math import inf

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fer_exp.methods.ce import precise, soft_cross_entropy
from fer_exp.methods.method import Learnt, Method, Network, Output, Setting, Step, exact, gathered, start_after


def high_group(attention: Tensor, beta: float) -> Tensor:
    """The faces of a batch with the most attention.

    ``beta`` is their share, 0 to 1; their number is rounded down, but at least one is in and one is out. Shape (B,),
    bool; of equal faces the first comes first. All False for a single face.

    >>> high_group(torch.tensor([0.2, 0.9, 0.4]), 0.7)
    tensor([False,  True,  True])
    """
    count = min(max(1, int(len(attention) * beta + 1e-9)), len(attention) - 1)
    group = torch.zeros_like(attention, dtype=torch.bool)
    group.scatter_(0, attention.detach().argsort(descending=True, stable=True)[:count], True)
    return group


def rank_loss(attention: Tensor, high: Tensor, margin: float) -> tuple[Tensor, Tensor, Tensor]:
    r"""How far the two groups' mean attention falls short of the margin between them.

    .. math:: \max(0,\, \delta_1 - (\bar\alpha_{high} - \bar\alpha_{low}))

    ``high`` are the faces of ``high_group``, shape (B,), ``margin`` is :math:`\delta_1`, 0 to 1.

    Returns:
        The loss (0 where there is only one group) and the mean attention of the high and of the low group.
    """
    in_high = (attention * high).sum() / high.sum().clamp(min=1)
    in_low = (attention * ~high).sum() / (~high).sum().clamp(min=1)
    return F.relu(margin - (in_high - in_low)) * high.any(), in_high, in_low


def relabel(probabilities: Tensor, label: Tensor, margin: float) -> Tensor:
    """The predicted class of each face of which the class taught is less probable by more than a margin.

    ``label`` is the class taught, shape (B,), ``margin`` delta_2 of the paper, 0 to 1. -1 for the other faces.

    >>> relabel(torch.tensor([[0.7, 0.3], [0.55, 0.45]]), torch.tensor([1, 1]), margin=0.2)
    tensor([ 0, -1])
    """
    most, predicted = probabilities.max(dim=1)
    taught = probabilities.gather(1, label[:, None]).squeeze(1)
    return torch.where(most - taught > margin, predicted, -1)


class SelfCureNetwork(Method):
    """Logits are scaled by an attention of 0 to 1, in training and when predicting.

    Args:
        beta: see ``high_group``.
        margin: of ``rank_loss``.
        relabel_margin: of ``relabel``.
        relabel_epoch: the first epoch, from 1, that relabels; None: the paper's 10, or after a third of a short run.
        relabel_group: whether faces of ``low`` attention alone are relabelled, or ``all``.
    """

    views = ("noised_or_mirrored",)
    ranges = (("beta", 0, 1), ("margin", 0, 1), ("relabel_margin", 0, 1), ("relabel_epoch", 1, inf))
    choices = (("relabel_group", ("low", "all")),)

    def __init__(
        self, setting: Setting, *, beta: float, margin: float,
        relabel_margin: float, relabel_epoch: int | None, relabel_group: str,
    ) -> None:  # fmt: skip
        super().__init__(setting)
        self.beta, self.margin = beta, margin
        self.relabel_margin, self.relabel_group = relabel_margin, relabel_group
        self.relabel_epoch = 1 + start_after(None if relabel_epoch is None else relabel_epoch - 1, 9, setting.epochs)
        self.attention = nn.Linear(setting.features, 1)
        self.relabelled: Tensor
        self.register_buffer("relabelled", torch.full((setting.faces,), -1))

    def learn(self, network: Network, step: Step) -> Learnt:
        """Cross-entropy of the scaled logits plus the rank loss; from ``relabel_epoch`` on, labels are replaced."""
        output = network(step.views[0])
        attention, logits = attended(self.attention, output)
        replaced = self.relabelled[step.index]
        taught = F.one_hot(replaced.clamp(min=0), self.setting.classes).to(step.target.dtype)
        taught = torch.where(replaced[:, None] >= 0, taught, step.target)
        high = high_group(attention, self.beta)
        ranked, in_high, in_low = rank_loss(attention, high, self.margin)
        if step.epoch + 1 >= self.relabel_epoch:
            new = relabel(logits.detach().softmax(dim=1), taught.argmax(dim=1), self.relabel_margin)
            self.remember(step.index, torch.where(high, -1, new) if self.relabel_group == "low" else new)
        relabelled = exact(self.relabelled[step.index] >= 0).mean()
        figures = {"attention_high": in_high, "attention_low": in_low, "relabelled_share": relabelled}
        return Learnt(soft_cross_entropy(logits, taught, self.setting.weights) + ranked, output, figures=figures)

    def remember(self, index: Tensor, new: Tensor) -> None:
        """Keep the new classes, shape (B,), of the faces ``index`` of all processes; -1 changes nothing."""
        latest = torch.full_like(self.relabelled, -1)
        # A face may be in a batch twice; the largest class wins, whatever order the device writes in.
        latest.scatter_reduce_(0, gathered(index), gathered(new), "amax")
        self.relabelled.copy_(torch.where(latest >= 0, latest, self.relabelled))

    def predictor(self, network: nn.Module) -> nn.Module:
        """The network with its logits scaled by attention, as they were trained."""
        return Attended(network, self.attention)


def attended(attend: nn.Module, output: Output) -> tuple[Tensor, Tensor]:
    """Attention, shape (B,), 0 to 1, and the logits scaled by it, shape (B, K)."""
    attention = precise(torch.sigmoid(attend(output.features)).squeeze(1))
    return attention, attention[:, None] * output.logits


class Attended(nn.Module):
    """A network whose logits are scaled by attention."""

    def __init__(self, network: nn.Module, attend: nn.Module) -> None:
        super().__init__()
        self.network, self.attend = network, attend

    def forward(self, pictures: Tensor) -> Output:
        """What the network says of pictures, shape (N, 3, H, W)."""
        output: Output = self.network(pictures)
        return output._replace(logits=attended(self.attend, output)[1])
