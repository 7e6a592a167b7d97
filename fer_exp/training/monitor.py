"""What is learnt of right and of wrong labels, and whom a method selects: counts over an epoch, for the history.

Under noise made on purpose it is known which labels are wrong. The three memorisation curves follow Liu et al. 2020
(ELR): accuracy on clean faces, wrong labels memorised, and faces with wrong labels seen as what they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.distributed
from torch import Tensor

RIGHT, WRONG, MEMORISED, RECOVERED, CLEAN_RIGHT = range(5)
SELECTED, SELECTED_RIGHT, COULD_BE_SELECTED = range(5, 8)


class Monitor:
    """Counts, per class of the label given, over one epoch, on the device that the batches are on.

    Args:
        classes: names of the columns a class; index by index.
    """

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self._forget()

    def _forget(self) -> None:
        self._counts: Tensor | None = None
        self._known = self._selects = False
        self._sums: dict[str, Tensor] = {}
        self._numbers: dict[str, Tensor] = {}

    def see(
        self,
        logits: Tensor,
        target: Tensor,
        clean: Tensor | None,
        selected: Tensor | None,
        figures: Mapping[str, Tensor],
    ) -> None:
        """Count one batch.

        Args:
            logits: of the first view, shape (B, K), in training mode.
            target: distributions taught, shape (B, K); a face's given label is the first of its largest.
            clean: classes before noise, shape (B,), or None.
            selected: which faces taught their own label, shape (B,), bool, or None.
            figures: a method's own scalars or (K,) tensors.
        """
        given, said = target.argmax(dim=1), logits.detach().argmax(dim=1)
        truth = given if clean is None else clean
        right = given == truth
        rows = [right, ~right, ~right & (said == given), ~right & (said == truth), right & (said == given)]
        chosen = torch.zeros_like(right) if selected is None else selected
        rows += [chosen, chosen & right, right if selected is not None else chosen]
        onehot = torch.nn.functional.one_hot(given, len(self.classes)).double()
        counts = torch.stack(rows).double() @ onehot
        self._counts = counts if self._counts is None else self._counts + counts
        self._known |= clean is not None
        self._selects |= selected is not None
        for name, value in figures.items():
            value = value.detach().double()
            there = ~torch.isnan(value)
            self._sums[name] = self._sums.get(name, 0) + torch.where(there, value, 0.0)
            self._numbers[name] = self._numbers.get(name, 0) + there.double()

    def figures(self) -> dict[str, float]:
        """The epoch's figures over all processes, nan where a share is of nothing; the counts start again.

        Returns:
            ``train_accuracy``; where labels were made wrong on purpose ``train_accuracy_clean``,
            ``wrong_memorised`` and ``wrong_recovered``; where the method selects ``selected_share``, and with wrong
            labels known ``selection_precision`` and ``selection_recall``, each over all and by class of the given
            label; and the method's own figures.
        """
        if self._counts is None:
            return {}
        count = _summed(self._counts)
        total = count.sum(dim=1)
        made = {"train_accuracy": _share(total[CLEAN_RIGHT] + total[MEMORISED], total[RIGHT] + total[WRONG])}
        if self._known:
            made["train_accuracy_clean"] = _share(total[CLEAN_RIGHT], total[RIGHT])
            made["wrong_memorised"] = _share(total[MEMORISED], total[WRONG])
            made["wrong_recovered"] = _share(total[RECOVERED], total[WRONG])
        if self._selects:
            made |= self._by_class("selected_share", count[SELECTED], count[RIGHT] + count[WRONG])
            if self._known:
                made |= self._by_class("selection_precision", count[SELECTED_RIGHT], count[SELECTED])
                made |= self._by_class("selection_recall", count[SELECTED_RIGHT], count[COULD_BE_SELECTED])
        for name in self._sums:
            value = _summed(self._sums[name]) / _summed(self._numbers[name])
            if value.ndim:
                made |= {f"{name}_{own}": float(each) for own, each in zip(self.classes, value, strict=True)}
            else:
                made[name] = float(value)
        self._forget()
        return made

    def _by_class(self, name: str, part: Tensor, whole: Tensor) -> dict[str, float]:
        shares = {f"{name}_{own}": _share(part[k], whole[k]) for k, own in enumerate(self.classes)}
        return {name: _share(part.sum(), whole.sum()), **shares}


def _share(part: Tensor, whole: Tensor) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _summed(values: Tensor) -> Tensor:
    """Over all processes of a DDP run."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        values = values.clone()
        torch.distributed.all_reduce(values)
    return values
