"""A network's passes as CUDA graphs: one launch a pass instead of hundreds, which on small faces are most of a step.

The kernels and their order are those of the ordinary pass, and so are the bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from fer_exp.methods.method import Output
from fer_exp.progress import progress

MOST = 8
"""Kinds of pass that are captured for a network; one more, and the ordinary pass is taken for it."""


class Graphs:
    """The graphs of one network on a GPU, captured when a pass of its kind is first asked for.

    A graph writes its answer, and all that its backward pass needs, to the same memory each time. So each pass of a
    step has a graph of its own, by its number in the step; ``new_step`` begins to count again.

    ``plain_pass`` is the network's ordinary one.
    """

    def __init__(self, network: nn.Module, plain_pass: Callable[[Tensor], Output]) -> None:
        self.network = network
        self.plain_pass = plain_pass
        self.captured: dict[Any, Callable[[Tensor], tuple[Tensor, ...]]] = {}
        self.passes = 0

    def new_step(self) -> None:
        """Begins a step: all passes of the one before are done, backward too."""
        self.passes = 0

    def __call__(self, pictures: Tensor) -> Output:
        """The network's answer on pictures, shape (B, 3, H, W): what ``plain_pass`` says."""
        low = torch.get_autocast_dtype("cuda") if torch.is_autocast_enabled("cuda") else None
        kind = (self.passes, self.network.training, torch.is_grad_enabled(), low, pictures.dtype, *pictures.shape)
        self.passes += 1
        if kind not in self.captured:
            if len(self.captured) == MOST or pictures.requires_grad:
                return self.plain_pass(pictures)
            self.captured[kind] = self._capture(pictures, low)
        logits, features, maps, *affect = self.captured[kind](pictures)
        return Output(logits, affect[0] if affect else None, features, maps)

    def _capture(self, pictures: Tensor, low: torch.dtype | None) -> Callable[[Tensor], tuple[Tensor, ...]]:
        """A graph of the pass, forward and backward; what the warm-up did to batch normalisation is undone."""
        buffers = [*self.network.buffers()]
        before = [buffer.clone() for buffer in buffers]
        plain = _PlainPass(self.network, self.plain_pass, low)
        try:
            with torch.autocast("cuda", enabled=False):  # only the pass itself is in low precision, not its gradients
                graphed: Any = torch.cuda.make_graphed_callables(plain, (pictures.detach().clone(),))
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            reason = str(error).partition("\n")[0]
            progress(f"trainer.graphs: a pass of the network cannot be captured ({reason}); it is done without.")
            graphed = plain
        with torch.no_grad():
            for buffer, value in zip(buffers, before, strict=True):
                buffer.copy_(value)
        answer: Callable[[Tensor], tuple[Tensor, ...]] = graphed
        return answer


class _PlainPass(nn.Module):
    """A pass that answers with tensors alone, as graphs do: logits, features, maps, and affect where there is one."""

    def __init__(self, network: nn.Module, plain_pass: Callable[[Tensor], Output], low: torch.dtype | None) -> None:
        super().__init__()
        self.network, self.plain_pass, self.low = network, plain_pass, low  # the network for its parameters
        self.training = network.training

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        # autocast would keep weights for the next pass, which a graph must not read.
        with torch.autocast("cuda", self.low, enabled=self.low is not None, cache_enabled=False):
            output = self.plain_pass(pictures)
        rated = () if output.affect is None else (output.affect,)
        return (output.logits, output.features, output.maps, *rated)
