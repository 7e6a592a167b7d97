"""Awkward batches of logits and targets, and losses of one face in plain Python."""

import math

import torch
from torch import Tensor

LOGITS = {
    "ordinary": [[0.3, -1.2, 2.0], [1.0, 1.0, 1.0], [-0.5, 0.1, 0.0], [2.0, -3.0, 0.5]],
    "extreme": [[700.0, -700.0, 0.0], [0.0, 0.0, -900.0], [1e-9, -1e-9, 0.0], [40.0, 39.0, -40.0]],
    "two faces": [[0.2, 0.9, -0.4], [3.0, -1.0, 0.0]],
}
TARGETS = {
    "one class a face": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
    "an empty class": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]],
    "distributions": [[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.1, 0.2, 0.7], [0.0, 0.01, 0.99]],
}
BATCHES = [(f"{a}, {b}", LOGITS[a], TARGETS[b][: len(LOGITS[a])]) for a in LOGITS for b in TARGETS]
IDS = [name for name, _, _ in BATCHES]
PAIRS = [(logits, target) for _, logits, target in BATCHES]
WEIGHTS = [0.5, 2.0, 0.0, 1.0]


def double(rows: list) -> Tensor:
    return torch.tensor(rows, dtype=torch.float64)


def log_softmax(row: list[float]) -> list[float]:
    top = max(row)
    total = top + math.log(sum(math.exp(value - top) for value in row))
    return [value - total for value in row]


def softmax(row: list[float]) -> list[float]:
    return [math.exp(value) for value in log_softmax(row)]


def cross_entropy(logits: list[float], target: list[float], weights: list[float] | None = None) -> float:
    own = weights or [1.0] * len(target)
    return -sum(w * t * each for w, t, each in zip(own, target, log_softmax(logits), strict=True))


def excess(logits: list[float], target: list[float]) -> float:
    """Cross-entropy above the entropy of the target."""
    return sum(t * (math.log(t) - each) for t, each in zip(target, log_softmax(logits), strict=True) if t > 0)


def symmetric_divergence(one: list[float], other: list[float]) -> float:
    """KL(p, q) + KL(q, p), each as its own sum."""
    p, q = log_softmax(one), log_softmax(other)
    forth = sum(math.exp(a) * (a - b) for a, b in zip(p, q, strict=True))
    return forth + sum(math.exp(b) * (b - a) for a, b in zip(p, q, strict=True))
