"""What goes from the CPU to a GPU in a step, so that the step does not wait for it."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


def send(values: Tensor, device: torch.device) -> Tensor:
    """Values on a device. To a GPU they go from pinned memory, of which a copy can be left to itself."""
    if device.type == "cuda" and values.numel():
        return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)


@lru_cache
def constant(values: tuple[float, ...], device: torch.device, dtype: torch.dtype = torch.float32) -> Tensor:
    """A few numbers on a device, sent once: making them there anew waits each time for all that the GPU has to do."""
    with torch.inference_mode(False):  # of a validation's tensors no gradient could pass
        return torch.tensor(values, dtype=dtype, device=device)
