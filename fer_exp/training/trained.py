"""A network that was trained, ready for use: of a run folder, or of a file that stands for itself."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fer_exp.config import BackboneConfig, LabelsConfig, MethodConfig, check_choice
from fer_exp.config.settings import settings
from fer_exp.datasets import facts as corpus_facts
from fer_exp.errors import RequestError
from fer_exp.files import or_near, there
from fer_exp.judging.predictions import class_names
from fer_exp.labels.kinds import words
from fer_exp.methods import METHODS, make_method
from fer_exp.methods.method import Method, Setting
from fer_exp.regular import why
from fer_exp.runs import FILES, Run, as_written
from fer_exp.runs.claim import kept
from fer_exp.training.answers import answers_of, at_once
from fer_exp.training.augment import MEAN, STD
from fer_exp.training.network_file import Told, read_network, write_network
from fer_exp.training.networks import BACKBONES, build_network, fastest_layout, stem_of

if TYPE_CHECKING:
    from fer_exp.training.module import FaceModule

CPU = torch.device("cpu")


class Answers(NamedTuple):
    """What a network says of N faces, float64 as in predictions.parquet.

    Attributes:
        probabilities: shape (N, K), in the order of the network's classes, rows sum to 1.
        valence: -1 to 1, shape (N,); None of a network without that head.
        arousal: the same.
    """

    probabilities: NDArray[np.float64]
    valence: NDArray[np.float64] | None
    arousal: NDArray[np.float64] | None


@dataclass(frozen=True)
class Trained:
    """A network in eval mode, which answers as the run did.

    Attributes:
        network: pictures, shape (N, 3, size, size), as ``augment.normalise`` makes them, to an ``Output``.
        told: classes, size and all else that has to be known.
        device: where it is.
    """

    network: nn.Module
    told: Told
    device: torch.device = CPU

    def answers(self, pixels: NDArray[np.uint8]) -> Answers:
        """Its answers on faces as a store holds them: of the same faces in the same order the run's, to the bit.

        Args:
            pixels: uint8, shape (N, size, size, channels).

        Raises:
            ValueError: they are not of that shape or type.
        """
        shape = (self.told.size, self.told.size, self.told.channels)
        if pixels.dtype != np.uint8 or pixels.shape[1:] != shape:
            raise ValueError(f"faces are {pixels.dtype} of shape {pixels.shape}, not uint8 of (N, {shape})")
        step = at_once(self.told.size, self.device)
        pieces = (np.array(pixels[start : start + step]) for start in range(0, max(1, len(pixels)), step))
        probabilities, affect = answers_of(self.network, map(torch.from_numpy, pieces))
        valence, arousal = affect.T if self.told.affect else (None, None)
        return Answers(probabilities, valence, arousal)


def load(place: Path, device: torch.device = CPU) -> Trained:
    """The network of a finished run, or of a file that ``write_network`` wrote.

    Args:
        place: a run folder, with network.safetensors or, of a run of before, checkpoints/last.ckpt; or the file.
        device: where it shall be.

    Raises:
        RequestError: there is none, and why; or it is of another architecture than it says.
    """
    if not there(place):
        raise RequestError(f"There is no {place}{or_near(place)}")
    tensors, told = _of_run(Run(place)) if place.is_dir() else _of_file(place)
    network = _built(told, tensors, place).to(memory_format=fastest_layout(device, told.size))
    return Trained(network.to(device).eval(), told, device)


def keep_network(
    run: Run, module: FaceModule, config: Mapping[str, Any], classes: tuple[str, ...], channels: int
) -> None:
    """Write network.safetensors of a run: the network that it predicts with, and what has to be known to use it.

    Raises:
        RunError: the file cannot be written.
    """
    tensors = module.method.predictor(module.network).state_dict()
    write_network(
        run.path("network"), tensors, _told(tensors, config, run=run.name, classes=classes, channels=channels)
    )


def _told(tensors: Mapping[str, Tensor], config: Mapping[str, Any], **known: Any) -> Told:
    dataset, labels = config["dataset"], config["labels"]
    kernel = next(value for name, value in tensors.items() if name.endswith("backbone.conv1.weight"))
    return Told(
        corpus=dataset["name"],
        labels=words(LabelsConfig(labels["kind"], noise=labels["noise"], rate=labels["rate"])),
        method=config["method"]["name"],
        backbone=config["backbone"]["name"],
        stem=stem_of(kernel) or "imagenet",
        size=dataset["size"],
        crop=dataset.get("crop", "none"),
        margin=dataset.get("margin", 0.1),
        affect=any(name.endswith("affect.weight") for name in tensors),
        settings=settings(config),
        **known,
    )


def _of_run(run: Run) -> tuple[dict[str, Tensor], Told]:
    """The tensors of a run's predictor, and what is known of them."""
    folder = run.folder
    if run.has("backbone") or "pretrained" in run.facts:
        raise _of_pretraining(folder, run.path("backbone"))
    if not run.finished:
        if run.has("config"):
            raise RequestError(f"{folder} has not finished; the fer-exp train that began it goes on with it.")
        if found := sorted(folder.glob(f"*/{FILES['facts']}")):
            raise RequestError(f"{folder} is a folder of runs, {len(found)} of them; give {found[0].parent}, say.")
        raise RequestError(f"{folder} is no run folder: it has no {FILES['facts']}{or_near(folder)}")
    if run.has("network"):
        return read_network(run.sound("network"))
    if not run.has("checkpoint"):
        again = "remove the folder and start the same command again"
        if kept(run) == "none":
            raise RequestError(f"{folder} has kept no network (trainer.keep=none); {again}, with trainer.keep=network.")
        raise RequestError(
            f"{folder} has no {FILES['network']} (not copied with the folder, or removed); copy it from where the run "
            f"was trained, or {again}."
        )
    return _of_checkpoint(run)


def _of_checkpoint(run: Run) -> tuple[dict[str, Tensor], Told]:
    path, config = run.sound("checkpoint"), run.config
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)["state_dict"]
    except Exception as error:  # torch raises many kinds for a broken file
        raise RequestError(f"{path} cannot be read ({why(error)}); remove the folder and train again.") from error
    classes, store = tuple(class_names(run.predictions)), run.store
    channels = corpus_facts(config["dataset"]["name"]).channels if store is None else store.pixels.shape[3]
    told = _told(state, config, run=run.name, classes=classes, channels=channels)
    network, method = _structure(told)
    names = {id(value): f"network.{name}" for name, value in network.state_dict(keep_vars=True).items()}
    if method is not None:
        names |= {id(value): f"method.{name}" for name, value in method.state_dict(keep_vars=True).items()}
        network = method.predictor(network)
    own = {name: names[id(value)] for name, value in network.state_dict(keep_vars=True).items()}
    return {name: state[there] for name, there in own.items() if there in state}, told


def _of_file(path: Path) -> tuple[dict[str, Tensor], Told]:
    if path.name == FILES["backbone"]:
        raise _of_pretraining(path, path)
    if path.suffix == ".ckpt":
        raise RequestError(f"{path} is a checkpoint, to go on from; give the run folder, {path.parent.parent}.")
    return read_network(as_written(path))


def _of_pretraining(given: Path, weights: Path) -> RequestError:
    return RequestError(
        f"{given} is of a pretraining, which knows no expressions; train with backbone.weights={weights}, and give "
        "that run."
    )


def _structure(told: Told) -> tuple[nn.Module, Method | None]:
    """A network of this architecture, and the method, where what it predicts with is another network than that."""
    check_choice("backbone", told.backbone, tuple(BACKBONES))
    check_choice("method", told.method, tuple(METHODS))
    backbone = BackboneConfig(told.backbone, stem=told.stem)
    network, _ = build_network(backbone, told.size, len(told.classes), told.affect, seed=0)
    if METHODS[told.method].predictor is Method.predictor:
        return network, None
    own = {name.removeprefix("method."): value for name, value in told.settings.items() if name.startswith("method.")}
    keys = {name: value for name, value in own.items() if name not in ("name", "affect_weight")}
    setting = Setting(len(told.classes), 1, network.classify.in_features, 1, lambda: deepcopy(network), noise_rate=0.0)
    return network, make_method(MethodConfig(told.method, keys=keys), setting)


def _built(told: Told, tensors: Mapping[str, Tensor], where: Path) -> nn.Module:
    """The network with its tensors, in their precision; RequestError where it is of another architecture than told."""
    network, method = _structure(told)
    if method is not None:
        network = method.predictor(network)
    expected = network.state_dict()
    differing = [
        name
        for name in {**expected, **tensors}
        if name not in tensors
        or name not in expected
        or tensors[name].shape != expected[name].shape
        or tensors[name].is_floating_point() != expected[name].is_floating_point()  # complex numbers would lose a half
    ]
    if differing or (told.mean, told.std) != (MEAN, STD):
        raise RequestError(
            f"{where} is of another network than it says, {told.backbone} with the {told.stem} stem taught by "
            f"{told.method}: {len(differing)} tensors differ, first {differing[0] if differing else 'mean'}."
        )
    precision = next(value.dtype for value in tensors.values() if value.is_floating_point())
    network.to(precision).load_state_dict(tensors)
    return network
