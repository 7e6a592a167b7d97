"""Batches gathered from the store: one fancy index a batch, no worker processes, nothing random but (seed, epoch)."""

from __future__ import annotations

import io
import mmap
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.distributed
from numpy.typing import NDArray
from torch import Tensor

from fer_exp.errors import RunError

RESIDENT = 64 * 2**20
"""Bytes of the memory map that are read at once while it is copied to a GPU."""

Batch = dict[str, Any]
"""What ``Batches`` yields: tensors by name, and ``draw``, four plain numbers."""


@dataclass(frozen=True)
class Examples:
    """The faces of one split as a network meets them.

    Attributes:
        pixels: the whole store, shape (M, size, size, channels), uint8; a memory map on CPU, or a tensor on a GPU.
        rows: row of each face in ``pixels``, shape (N,).
        target: the distribution over classes that each face teaches, shape (N, K), rows sum to 1.
        affect: valence and arousal, shape (N, 2), nan where a face is not rated.
        clean: class of each face before labels were made wrong on purpose, shape (N,), int64; None where none were. The
            monitor counts with it; no method sees it.
        at_epoch: where labels change by epoch: epoch (from 0) -> the targets that replace ``target``.
    """

    pixels: NDArray[np.uint8] | Tensor
    rows: NDArray[np.int64]
    target: Tensor
    affect: Tensor
    clean: Tensor | None = None
    at_epoch: Callable[[int], NDArray[np.float32]] | None = None

    def __len__(self) -> int:
        return len(self.rows)


def on_device(pixels: NDArray[np.uint8], device: torch.device) -> NDArray[np.uint8] | Tensor:
    """The store's pixels on a GPU, where gathering a batch costs nothing, if they take at most half of its free memory.

    On a CPU, on Apple's GPU, which shares its memory, or where they are too large, ``pixels`` as they are.
    """
    if device.type in ("cpu", "mps") or pixels.nbytes > torch.cuda.mem_get_info(device)[0] / 2:
        return pixels
    placed = torch.empty(pixels.shape, dtype=torch.uint8, device=device)
    rows = max(1, RESIDENT * len(pixels) // pixels.nbytes)
    for start in range(0, len(pixels), rows):
        placed[start : start + rows] = torch.from_numpy(np.array(pixels[start : start + rows]))
    return placed


def place() -> tuple[int, int]:
    """Rank and number of processes; (0, 1) outside a distributed run."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1


def seed_of(*numbers: int) -> int:
    """One 63-bit seed from several numbers (seed, epoch, step), so that no draw depends on what came before it.

    >>> seed_of(0, 1) == seed_of(0, 1), seed_of(0, 1) == seed_of(1, 0)
    (True, False)
    """
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


class Batches:
    """An iterable of batches for Lightning, or for a bare loop.

    Each batch is a dict: ``pixels`` (B, size, size, channels) uint8, ``target`` (B, K), ``affect`` (B, 2), ``index``
    (B,) the position in the split, ``clean`` (B,) where it is known, and ``draw``: the seed of the augmentation, the
    rank of this process, the number of processes, and the faces over all of them; these stay on the CPU. Where the
    pixels lie on a GPU, so do all tensors: an epoch's order is sent there once, and a step sends nothing.

    Args:
        batch_size: faces a step, over all processes together.
        seed: with the epoch it decides the order.
        shuffle: another order each epoch, without the last incomplete batch. Each face still has the same chance of
            being met, and no step is taken on a handful of faces.
        shard: whether the processes of a DDP run share a batch between them, or each see all of it.
        balance: draw N faces with replacement, every class as likely (``sampler_chances``), instead of each face once.
    """

    batch_sampler = None  # Lightning asks for it wherever there is a sampler

    def __init__(
        self, examples: Examples, batch_size: int, seed: int, shuffle: bool, shard: bool = True, balance: bool = False
    ) -> None:
        self.examples = examples
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.shard = shard
        self.chances = sampler_chances(examples.target) if balance else None
        self.epoch = 0
        self._first = 0
        self.device = examples.pixels.device if isinstance(examples.pixels, Tensor) else torch.device("cpu")
        self._target, self._affect = examples.target.to(self.device), examples.affect.to(self.device)
        self._clean = None if examples.clean is None else examples.clean.to(self.device)
        self._rows = torch.from_numpy(examples.rows).to(self.device)
        self._file: io.FileIO | None = None

    @property
    def sampler(self) -> Batches:
        """Lightning looks here for ``set_epoch`` and calls it before each epoch, also after a resume."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch whose order the next iteration follows."""
        self.epoch = epoch

    def go_on_after(self, batches: int) -> None:
        """Lets the next iteration leave out so many batches, which have been met; the one after it is whole again.

        Lightning would do so by ``load_state_dict``, but not where it has asked for the number of steps before.
        """
        self._first = batches

    def __len__(self) -> int:
        whole, rest = divmod(len(self.examples), self.batch_size)
        return whole if self.shuffle or not rest else whole + 1

    def __iter__(self) -> Iterator[Batch]:
        order = np.arange(len(self.examples))
        if self.shuffle:
            random = np.random.default_rng(seed_of(self.seed, self.epoch))
            if self.chances is None:
                order = random.permutation(order)
            else:
                order = random.choice(order, len(order), p=self.chances)
        if self.examples.at_epoch is not None:
            self._target = torch.from_numpy(self.examples.at_epoch(self.epoch)).to(self.device)
        rank, world = place() if self.shard else (0, 1)
        index = torch.from_numpy(order).to(self.device)
        known = {"target": self._target, "affect": self._affect, "clean": self._clean, "rows": self._rows}
        # In the epoch's order once, so that a step takes slices.
        ordered = {name: values[index] for name, values in known.items() if values is not None} | {"index": index}
        first, self._first = self._first, 0
        for step in range(first, len(self)):
            start, end = step * self.batch_size, min((step + 1) * self.batch_size, len(order))
            # Every process draws for the whole batch and takes its share, so that the draws do not depend on how many
            # processes there are.
            batch: Batch = {name: values[start + rank : end : world] for name, values in ordered.items()}
            pixels, draw = (
                self._gather(batch.pop("rows")),
                (seed_of(self.seed, self.epoch, step), rank, world, end - start),
            )
            yield {"pixels": pixels, **batch, "draw": draw}

    def _gather(self, rows: Tensor) -> Tensor:
        pixels = self.examples.pixels
        if isinstance(pixels, Tensor):
            return pixels.index_select(0, rows)
        if isinstance(pixels, np.memmap) and isinstance(getattr(pixels, "base", None), mmap.mmap):
            return torch.from_numpy(self._read(pixels, rows.numpy()))
        return torch.from_numpy(np.asarray(pixels[rows.numpy()]))

    def _read(self, pixels: np.memmap[Any, np.dtype[np.uint8]], rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Reads faces by their position in the file.

        Linux maps files in pieces of up to 2 MB, so touching the map for 15 batches of 32 faces held 760 MB of 2 GB.
        """
        if self._file is None:
            self._file = io.FileIO(str(pixels.filename))
            weakref.finalize(self, self._file.close)
        faces = np.empty((len(rows), *pixels.shape[1:]), np.uint8)
        length = faces[:1].nbytes
        for face, row in zip(faces, rows.tolist(), strict=True):
            self._file.seek(pixels.offset + row * length)  # preadv is one call, but neither macOS nor Windows has it
            if self._file.readinto(face) != length:
                raise RunError(f"{pixels.filename} became shorter while it was read; run the command again.")
        return faces


def class_weights(target: Tensor) -> Tensor:
    r"""Weight of each class for ``trainer.balance=weights``: :math:`w_k = N / (K \sum_n t_{nk})`, 0 for an empty class.

    The mean of the weights, shape (K,), over all targets, shape (N, K), is 1, so that the loss keeps its scale.

    >>> class_weights(torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    tensor([0.6667, 2.0000])
    """
    mass = target.double().sum(dim=0)
    weights = torch.where(mass > 0, len(target) / (target.shape[1] * mass.clamp(min=1e-12)), 0.0)
    return weights.to(target.dtype)


def sampler_chances(target: Tensor) -> NDArray[np.float64]:
    r"""Chance of each face for ``trainer.balance=sampler``: proportional to :math:`\sum_k t_{nk} w_k`, sums to 1.

    With one class a face, every class that has faces is drawn equally often.
    """
    chances = (target.double() * class_weights(target).double()).sum(dim=1).numpy()
    return np.asarray(chances / chances.sum())
