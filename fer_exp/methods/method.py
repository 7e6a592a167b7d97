"""What every training method is: a small module that turns a step's views, logits and targets into a loss.

In all methods ``setting`` is the run; ``logits`` have shape (N, K), ``target`` are distributions of the same shape and
rows that sum to 1, and ``weights`` those of the classes, shape (K,), or None for 1 each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from fer_exp.config import check_choice
from fer_exp.config.folder import written
from fer_exp.errors import RequestError

Ranges = tuple[tuple[str, float, float], ...]
PASSES = ("joint", "separate")
"""Ways for several views of a batch to go through a network, see ``look``."""


class Output(NamedTuple):
    """What a network says of a batch of faces.

    Attributes:
        logits: shape (B, K).
        affect: valence and arousal in -1..1, shape (B, 2), or None without that head.
        features: pooled, shape (B, F); ``classify`` maps them to logits.
        maps: the last feature maps before pooling, shape (B, F, h, w).
    """

    logits: Tensor
    affect: Tensor | None
    features: Tensor
    maps: Tensor


def exact(values: Tensor) -> Tensor:
    """Values in float64, where they are; of Apple's GPUs, which have no such numbers, on the CPU."""
    return (values.cpu() if values.device.type == "mps" else values).double()


def sent(values: Tensor, device: torch.device) -> Tensor:
    """Values on a device. CUDA is not waited for; on Apple's GPU they might be read before they have come."""
    return values.to(device, non_blocking=device.type == "cuda")


class Network(Protocol):
    """What a method may use of a network: the call, and the linear head that maps features to logits."""

    classify: nn.Linear

    def __call__(self, pictures: Tensor) -> Output:
        """Look at pictures, shape (B, 3, H, W)."""


@dataclass(frozen=True)
class Setting:
    """What a method knows of the run that it works in; of true labels it knows nothing.

    Attributes:
        classes: K.
        faces: training faces N, for what a method remembers of each.
        features: F, width of the network's features.
        epochs: of the whole run.
        make_network: makes another network of the same architecture, its first weights drawn from another seed.
        one_class: whether every training face is taught one class, so that targets are no distributions.
        weights: of the classes, shape (K,), or None.
        noise_rate: share of wrong training labels where they were made wrong on purpose, else None.
        seed: of the first weights of what a method has beside the network; ``make_method`` sets it.
    """

    classes: int
    faces: int
    features: int
    epochs: int
    make_network: Callable[[], nn.Module]
    one_class: bool = True
    weights: Tensor | None = None
    noise_rate: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Step:
    """One batch as a method meets it.

    Attributes:
        views: what ``Method.views`` names, each of shape (B, 3, H, W).
        target: the distributions taught, shape (B, K), rows sum to 1.
        index: numbers of these training faces, shape (B,), 0 to N - 1.
        affect: human valence and arousal, shape (B, 2), nan where not rated.
        epoch: from 0.
        seed: of this step and process; a method draws from it alone, so that a resumed run draws the same.
    """

    views: tuple[Tensor, ...]
    target: Tensor
    index: Tensor
    affect: Tensor
    epoch: int
    seed: int

    def generator(self) -> torch.Generator:
        """A new generator on the CPU; draw there and send the result over."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True)
class Learnt:
    """What a method made of a step.

    Attributes:
        loss: a scalar, without the valence/arousal loss, which the module adds.
        output: of the network on the first view; the memorisation curve and the valence/arousal loss use it.
        selected: the faces that taught their own label in this step, shape (B,), bool; None for a method that never
            chooses, or does not choose yet.
        affect: ratings for ``output.affect`` where they are not those of the step (blended pictures).
        figures: scalars that the history keeps as means over an epoch, by column name; a tensor of shape (K,) becomes
            a column a class. nan is left out of the mean.
    """

    loss: Tensor
    output: Output
    selected: Tensor | None = None
    affect: Tensor | None = None
    figures: Mapping[str, Tensor] = field(default_factory=dict)


class Method(nn.Module):
    """The base of every method. What it remembers are buffers, so that a checkpoint holds it.

    In a DDP run every parameter must have a part in every step's loss; ``gathered`` brings together what the processes
    saw. The keys of conf/method/<name>.yaml, but ``name`` and ``affect_weight``, are the keyword arguments of
    ``__init__`` after ``setting``.
    """

    views: tuple[str, ...] = ("weak",)
    """Of ``augment.VIEWS``; in the place of those in ``augment.LIGHT`` stands what trainer.augment says."""
    passes: ClassVar[float] = 1
    """Passes of one network, forward and backward over one batch, that a step needs; its time is held against them."""
    ranges: ClassVar[Ranges] = ()
    """Keys with the lowest and the highest value allowed, both included."""
    choices: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]] = ()
    """Keys with the values allowed."""
    only: ClassVar[tuple[tuple[str, dict[str, tuple[str, ...]]], ...]] = ()
    """Keys that play a part where another key has one of some values alone: with each such key and these values."""
    needs_one_class: ClassVar[str] = ""
    """Why the method cannot be taught distributions, a clause; empty where it can."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.setting = setting

    def learn(self, network: Network, step: Step) -> Learnt:
        """The loss of one batch."""
        raise NotImplementedError

    def after_step(self, network: nn.Module) -> None:
        """Called once the optimiser has moved the weights."""

    def after_epoch(self, epoch: int) -> None:
        """Called at the end of each training epoch (from 0), before its checkpoint is written."""

    def predictor(self, network: nn.Module) -> nn.Module:
        """The network that is validated, tested and kept."""
        return network


def check_keys(kind: type[Method], name: str, keys: Mapping[str, Any]) -> None:
    """RequestError where a key of the method ``name`` is out of range or no choice; None is always allowed."""
    for key, low, high in kind.ranges:
        value = keys.get(key)
        if value is not None and not low <= value <= high:
            most = "" if high == float("inf") else f" and at most {high:g}"
            raise RequestError(f"method.{key} is {value}; with method={name} it must be at least {low:g}{most}.")
    for key, choices in kind.choices:
        if keys.get(key) is not None:
            check_choice(f"method.{key}", str(keys[key]), choices)


def check_used(kind: type[Method], name: str, keys: Mapping[str, Any]) -> None:
    """RequestError where a key was given that the method's other keys leave without effect."""
    usual = written("method", name)
    for key, uses in kind.only:
        used = any(str(keys.get(other, usual[other])) in values for other, values in uses.items())
        if not used and keys.get(key, usual[key]) != usual[key]:
            ways = " or ".join(f"method.{other}={values[0]}" for other, values in uses.items())
            raise RequestError(
                f"method.{key}={keys[key]} does nothing without {ways}; write that, too, or leave it out."
            )


def start_after(configured: float | None, published: int, epochs: int) -> float:
    """Epochs of warm-up: those configured, else the paper's, but at most a third of the run.

    A short run with the published number would never reach what the method is about.

    >>> [start_after(None, 4, epochs) for epochs in (40, 6, 2)], start_after(4, 4, 6)
    ([4, 2, 1], 4)
    """
    return min(published, math.ceil(epochs / 3)) if configured is None else configured


def mean_over(values: Tensor, chosen: Tensor, weights: Tensor | None = None, total: bool = False) -> Tensor:
    """Weighted mean of the chosen values, a scalar; 0 where none is chosen.

    Values, ``chosen`` and ``weights``, or None for 1 each, have shape (N,); ``total`` takes the weighted sum in place
    of the mean.

    >>> mean_over(torch.tensor([1.0, 3.0, 8.0]), torch.tensor([True, True, False]))
    tensor(2.)
    """
    share = chosen.to(values.dtype) if weights is None else chosen * weights
    return (values * share).sum() / (1 if total else share.sum().clamp(min=1e-12))


def first_view(output: Output, size: int) -> Output:
    """The first ``size`` rows of an output: the first of several views that went through the network in one pass."""
    logits, affect, features, maps = output
    return Output(logits[:size], None if affect is None else affect[:size], features[:size], maps[:size])


def look(network: Network, views: tuple[Tensor, ...], passes: str) -> list[Output]:
    """What a network says of each view of a batch.

    With ``passes="joint"`` all views go through it at once, which is faster, and batch normalisation takes its
    statistics over all of them; with ``"separate"`` each goes alone, with statistics of its own.
    """
    if passes == "separate":
        return [network(view) for view in views]
    size, (logits, affect, features, maps) = len(views[0]), network(torch.cat(views))
    rows = [slice(start, start + size) for start in range(0, len(logits), size)]
    return [Output(logits[at], None if affect is None else affect[at], features[at], maps[at]) for at in rows]


def taught(losses: Tensor, chosen: Tensor, weights: Tensor | None = None, total: bool = False) -> Tensor:
    """``mean_over`` the chosen faces; where there is none, the plain mean over all, as NCCTFER and DNFER released it.

    >>> taught(torch.tensor([1.0, 3.0]), torch.tensor([False, False]), total=True)
    tensor(2.)
    """
    return torch.where(chosen.any(), mean_over(losses, chosen, weights, total), losses.mean())


def face_weights(target: Tensor, weights: Tensor | None) -> Tensor:
    r"""Weight of each face under class weights: :math:`\sum_k t_k w_k`.

    Shape (N,); ones without weights.
    """
    return target.sum(dim=1) if weights is None else target @ weights.to(target)


def gathered(values: Tensor) -> Tensor:
    """The rows of all processes of a DDP run, in the order of the whole batch; on one process the rows as they are.

    Process r of R holds the rows r, r + R, ... of the whole batch (see ``Batches``). No gradient passes.
    """
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return values
    world = torch.distributed.get_world_size()
    counts = [torch.zeros(1, dtype=torch.int64, device=values.device) for _ in range(world)]
    torch.distributed.all_gather(counts, torch.tensor([len(values)], device=values.device))
    most = int(max(counts))
    padded = torch.zeros((most, *values.shape[1:]), dtype=values.dtype, device=values.device)
    padded[: len(values)] = values.detach()
    by_process = [torch.zeros_like(padded) for _ in range(world)]
    torch.distributed.all_gather(by_process, padded)
    whole = torch.stack(by_process, dim=1).flatten(0, 1)
    held = torch.stack([torch.arange(most, device=values.device) < count for count in counts], dim=1).flatten()
    return whole[held]
