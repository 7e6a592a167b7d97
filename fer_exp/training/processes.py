"""What the processes of a DDP run do together, so that results do not depend on their number."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed
from pytorch_lightning.plugins.layer_sync import LayerSync, TorchSyncBatchNorm
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from fer_exp.config import TrainerConfig
from fer_exp.errors import RequestError
from fer_exp.training.batches import place


def machines(config: TrainerConfig) -> int:
    """Number of machines that share a run, as torchrun or SLURM says.

    Raises:
        RequestError: torchrun started another number of processes here than the run has devices, or they cannot share
            a batch evenly.
    """
    local, count = os.environ.get("LOCAL_WORLD_SIZE"), 1
    if local is not None:
        if int(local) != config.devices:
            raise RequestError(
                f"trainer.devices is {config.devices} but torchrun started {local} processes on this machine; give "
                f"trainer=ddp trainer.devices={local}."
            )
        count = int(os.environ["WORLD_SIZE"]) // int(local)
    elif config.strategy == "ddp":
        count = int(os.environ.get("SLURM_NNODES", "1"))
    if config.batch_size % (config.devices * count):
        raise RequestError(
            f"trainer.batch_size is {config.batch_size} and {config.devices} devices on each of {count} machines share "
            f"it evenly; make it a multiple of {config.devices * count}."
        )
    return count


@contextmanager
def forgotten_process_group() -> Iterator[None]:
    """Ends the process group with the fit and removes its address, which the next DDP job of a sweep would look for."""
    names = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK", "LOCAL_RANK", "WORLD_SIZE")
    before = {name: os.environ[name] for name in names if name in os.environ}
    try:
        yield
    finally:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        for name in names:
            os.environ.pop(name, None)
        os.environ.update(before)


class _Sum(torch.autograd.Function):
    """The sum over all processes, and over their gradients; torch deprecated its own, distributed.nn.all_reduce."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        torch.distributed.all_reduce(total)
        return total


def rows_of_all(values: Tensor) -> Tensor:
    """The rows of all processes, one process after the other; gradients pass.

    A loss that every process computes of them has the right gradient once DDP has taken the mean. All processes have as
    many rows.
    """
    rank, world = place()
    if world == 1:
        return values
    shares = [values if other == rank else torch.zeros_like(values) for other in range(world)]
    total: Tensor = _Sum.apply(torch.cat(shares))
    return total


class _BatchNormOfAll(_BatchNorm):
    """What torch.nn.SyncBatchNorm computes; torch refuses that on CPUs."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        values = input.to(torch.promote_types(input.dtype, torch.float32))
        others = [axis for axis in range(values.dim()) if axis != 1]
        variances, means = rows_of_all(torch.stack(torch.var_mean(values, others, correction=0))[None]).unbind(dim=1)
        mean = means.mean(dim=0)
        variance = variances.mean(dim=0) + (means - mean).square().mean(dim=0)
        self._update_running(mean.detach(), variance.detach(), values.numel() // len(mean))
        shape = (-1, *(1 for _ in others[1:]))
        normal = (values - mean.view(shape)) * torch.rsqrt(variance + self.eps).view(shape)
        if self.affine:
            normal = normal * self.weight.view(shape) + self.bias.view(shape)
        return normal.to(input.dtype)

    def _update_running(self, mean: Tensor, variance: Tensor, count: int) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked += 1
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        total = count * place()[1]
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * (total / (total - 1)), share)

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of dimensions."""


class SharedBatchNorm(LayerSync):
    """Lightning's plugin: during a fit, batch normalisation is over the batch of all processes, on CPUs too."""

    def __init__(self, device: torch.device) -> None:
        self._gpu = TorchSyncBatchNorm() if device.type == "cuda" else None
        self._before: dict[nn.Module, type[nn.Module]] = {}

    def apply(self, model: nn.Module) -> nn.Module:
        """Makes the layers share."""
        if self._gpu is not None:
            return self._gpu.apply(model)
        for layer in model.modules():
            if type(layer) in (nn.BatchNorm1d, nn.BatchNorm2d):
                self._before[layer] = type(layer)
                layer.__class__ = _BatchNormOfAll
        return model

    def revert(self, model: nn.Module) -> nn.Module:
        """Makes them ordinary layers again."""
        if self._gpu is not None:
            return self._gpu.revert(model)
        for layer, kind in self._before.items():
            layer.__class__ = kind
        self._before.clear()
        return model
