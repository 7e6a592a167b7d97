"""Counts over an epoch, for the history: what is learnt of right and of wrong labels, and which faces are selected.

Under noise made on purpose it is known which labels are wrong. The three memorisation curves follow Liu et al. 2020
(ELR): accuracy on clean faces, wrong labels memorised, and faces with wrong labels seen as what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed
from torch import Tensor

from fer_exp.methods.method import exact
from fer_exp.training.batches import place

RIGHT, WRONG, MEMORISED, RECOVERED, CLEAN_RIGHT = range(5)
SELECTED, SELECTED_RIGHT, COULD_BE_SELECTED = range(5, 8)


class Monitor:
    """Counts per class of the label over one epoch; ``classes`` in the order of the logits, none for figures alone.

    What a batch says stays on its device and is counted at the end of the epoch: counting it at once would start as
    many small operations on a GPU as half a network, and fetching it would make the GPU wait.
    """

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self.reset()

    def reset(self) -> None:
        """Begins an epoch."""
        self._known = self._selects = False
        self._batches: list[tuple[Tensor, Tensor, Tensor, Tensor | None]] = []
        self._figures: dict[str, list[Tensor]] = {}

    def state(self) -> dict[str, Any]:
        """What was seen so far, on the CPU, in a few tensors: batches that select together, and the others."""
        kinds = [[batch for batch in self._batches if (batch[3] is None) == none] for none in (True, False)]
        batches = [
            tuple(None if parts[0] is None else torch.cat(parts).cpu() for parts in zip(*batches, strict=True))
            for batches in kinds
            if batches
        ]
        figures = {name: torch.stack(values).cpu() for name, values in self._figures.items()}
        return {"batches": batches, "figures": figures, "known": self._known, "selects": self._selects}

    def load(self, state: dict[str, Any], device: torch.device) -> None:
        """Goes on after what ``state`` gave."""
        self._batches = []
        for label, predicted, truth, selected in state["batches"]:
            chosen = None if selected is None else selected.to(device)
            self._batches.append((label.to(device), predicted.to(device), truth.to(device), chosen))
        self._figures = {name: [*values.to(device)] for name, values in state["figures"].items()}
        self._known, self._selects = state["known"], state["selects"]

    def see(
        self,
        logits: Tensor,
        target: Tensor,
        clean: Tensor | None,
        selected: Tensor | None,
        figures: Mapping[str, Tensor],
    ) -> None:
        """Note one batch: a face's label is its first class of the highest share.

        Logits are of the first view, in training mode; ``clean`` are classes before noise, shape (B,), ``selected`` the
        faces that taught their label, (B,), ``figures`` a method's scalars or (K,) tensors.
        """
        for name, value in figures.items():
            self._figures.setdefault(name, []).append(value.detach())
        if not self.classes:
            return
        label = target.argmax(dim=1)
        self._batches.append((label, logits.detach().argmax(dim=1), label if clean is None else clean, selected))
        self._known |= clean is not None
        self._selects |= selected is not None

    def _counts(self) -> Tensor:
        """Of all processes, shape (8, K), on the CPU: rows as named above, a column a class of the label."""
        label, predicted, truth = (torch.cat(part) for part in list(zip(*self._batches, strict=True))[:3])
        selected = [(of, by) for of, _, _, by in self._batches]
        chosen = torch.cat([torch.zeros_like(of, dtype=torch.bool) if by is None else by for of, by in selected])
        could = torch.cat([torch.full_like(of, by is not None, dtype=torch.bool) for of, by in selected])
        right, learnt = label == truth, predicted == label
        rows = [right, ~right, ~right & learnt, ~right & (predicted == truth), right & learnt]
        rows += [chosen, chosen & right, right & could]
        onehot = exact(torch.nn.functional.one_hot(label, len(self.classes)))
        return _summed(exact(torch.stack(rows)) @ onehot).cpu()

    def figures(self) -> dict[str, float]:
        """The epoch's figures over all processes, nan where a share is of nothing; the counts start again.

        Returns:
            ``train_accuracy``. Where labels were made wrong on purpose: ``train_accuracy_clean``, ``wrong_memorised``
            and ``wrong_recovered``. Where the method selects: ``selected_share``, over all and by class of the label;
            if wrong labels are known as well, likewise ``selection_precision`` and ``selection_recall``. And the
            method's own figures.
        """
        figures = self._learnt(self._counts()) if self._batches else {}
        for name, values in self._figures.items():
            each = exact(torch.stack(values))
            known = ~torch.isnan(each)
            value = _summed(torch.where(known, each, 0.0).sum(dim=0)) / _summed(known.sum(dim=0))
            value = value.cpu()
            if value.ndim:
                figures |= {f"{name}_{label}": float(mean) for label, mean in zip(self.classes, value, strict=True)}
            else:
                figures[name] = float(value)
        self.reset()
        return figures

    def _learnt(self, count: Tensor) -> dict[str, float]:
        """The figures that are counts, shape (8, K)."""
        total = count.sum(dim=1)
        figures = {"train_accuracy": _share(total[CLEAN_RIGHT] + total[MEMORISED], total[RIGHT] + total[WRONG])}
        if self._known:
            figures["train_accuracy_clean"] = _share(total[CLEAN_RIGHT], total[RIGHT])
            figures["wrong_memorised"] = _share(total[MEMORISED], total[WRONG])
            figures["wrong_recovered"] = _share(total[RECOVERED], total[WRONG])
        if self._selects:
            figures |= self._by_class("selected_share", count[SELECTED], count[RIGHT] + count[WRONG])
            if self._known:
                figures |= self._by_class("selection_precision", count[SELECTED_RIGHT], count[SELECTED])
                figures |= self._by_class("selection_recall", count[SELECTED_RIGHT], count[COULD_BE_SELECTED])
        return figures

    def _by_class(self, name: str, count: Tensor, total: Tensor) -> dict[str, float]:
        shares = {f"{name}_{label}": _share(count[k], total[k]) for k, label in enumerate(self.classes)}
        return {name: _share(count.sum(), total.sum()), **shares}


def _share(count: Tensor, total: Tensor) -> float:
    return float(count / total) if total > 0 else float("nan")


def _summed(values: Tensor) -> Tensor:
    """Over all processes of a DDP run."""
    if place()[1] > 1:
        values = values.clone()
        torch.distributed.all_reduce(values)
    return values
