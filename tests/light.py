"""One convolution under the name of ResNet-18: a run of a test that is about something else takes half the time."""

from typing import Any

from torch import nn

from fer_exp.training import networks


class OneConvolution(nn.Module):
    """The parts of torchvision's ResNets that a FaceNetwork runs through; the stages pass on what they get."""

    def __init__(self, weights: None) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self.layer2 = self.layer3 = self.layer4 = nn.Identity()
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(64, 1000)


def light_row() -> tuple[Any, Any]:
    """What stands for ``resnet18`` among the backbones."""
    return OneConvolution, networks.BACKBONES["resnet18"][1]
