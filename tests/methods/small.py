"""A network small enough to be followed by hand, steps to teach it with, and methods with the keys of conf/."""

import torch
from torch import Tensor, nn

from fer_exp.cli.compose import method_keys
from fer_exp.config import MethodConfig
from fer_exp.methods import make_method
from fer_exp.methods.method import Method, Output, Setting, Step

CLASSES, FEATURES, FACES = 4, 6, 40
TAUGHT = ("one class", "distributions", "one class for all")


class SmallNetwork(nn.Module):
    """One convolution, pooled, and a linear head; float64."""

    def __init__(self) -> None:
        super().__init__()
        self.convolve = nn.Conv2d(3, FEATURES, 3, stride=2, padding=1)
        self.classify = nn.Linear(FEATURES, CLASSES)
        generator = torch.Generator().manual_seed(0)
        for each in self.parameters():
            nn.init.normal_(each, std=0.5, generator=generator)
        self.double()

    def forward(self, pictures: Tensor) -> Output:
        maps = self.convolve(pictures).relu()
        features = maps.mean(dim=(2, 3))
        return Output(self.classify(features), None, features, maps)


def made(name: str, setting: Setting | None = None, **keys: object) -> Method:
    """A method in float64, with the keys of its YAML file but for those given."""
    own = method_keys(name)
    assert set(keys) <= set(own)
    config = MethodConfig(name, keys=own | keys)
    return make_method(config, setting or Setting(CLASSES, FACES, FEATURES, 20, SmallNetwork)).double()


def targets_of(kind: str, count: int) -> Tensor | None:
    """Targets of one of ``TAUGHT``; None leaves one class a face to ``a_step``."""
    if kind == "one class":
        return None
    if kind == "distributions":
        return torch.rand(count, CLASSES, dtype=torch.float64).softmax(dim=1)
    return torch.eye(CLASSES, dtype=torch.float64)[[1] * count]


def a_step(count: int = 10, seed: int = 0, epoch: int = 0, target: Tensor | None = None, views: int = 1) -> Step:
    """A step on random pictures of the faces 0 to count - 1; without a target each face has one class."""
    generator = torch.Generator().manual_seed(seed)
    first = torch.randn(count, 3, 8, 8, generator=generator, dtype=torch.float64)
    if target is None:
        target = torch.eye(CLASSES, dtype=torch.float64)[torch.randint(CLASSES, (count,), generator=generator)]
    seen = (first, *(torch.randn(first.shape, generator=generator, dtype=torch.float64) for _ in range(views - 1)))
    return Step(seen, target, torch.arange(count), torch.full((count, 2), torch.nan), epoch, seed)
