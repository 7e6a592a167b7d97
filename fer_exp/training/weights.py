"""First weights from a file of any training: which of its tensors are a ResNet's, by torchvision's names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from fer_exp.config import BackboneConfig
from fer_exp.errors import RequestError
from fer_exp.training.checkpoints import named_tensors, read_checkpoint
from fer_exp.training.resnets import NAMINGS, Naming, architecture, renamed

BESIDE = "fer-exp pretrain"
"""Where a file of ours says, beside its tensors, how they came about: ``facts`` in words and numbers, ``faces``."""


BETTER = ("network.backbone.", "state_dict_ema", "model_ema", "ema", "encoder_q", "base_encoder", "online", "teacher")
"""Of several networks in a file the one that its training is for: as timm, MoCo, BYOL and DINO take them for use."""
WORSE = ("momentum", "encoder_k", "target", "_k.")
BLOCK = re.compile(r"(^|\.)layer\d+\.\d+\.$")
PARTS = re.compile(r"(conv1|bn1|layer\d+)\.")


class Weights(NamedTuple):
    """A backbone's tensors by its own names, what `fer-exp pretrain` left beside them, and what should be said."""

    tensors: dict[str, Tensor]
    beside: Mapping[str, Any] = {}
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadedWeights:
    """Where the first weights came from.

    Attributes:
        source: ``backbone.weights`` as it was given.
        matched: how many tensors were loaded.
        sha256: of these.
        pretrained: what `fer-exp pretrain` says of the file in it; None of a file from elsewhere.
    """

    source: str
    matched: int
    sha256: str
    pretrained: dict[str, Any] | None = field(default=None)


def read_weights(path: Path) -> Weights:
    """The tensors of a ResNet in a file, wherever they lie in it and whatever stands before their names.

    Raises:
        RequestError: the file cannot be read, or holds no ResNet.
    """
    content = read_checkpoint(path)
    beside = content.pop(BESIDE, {})
    tensors = dict(named_tensors(content))
    if not (found := _networks_in(tensors)):
        first = ", ".join(list(tensors)[:3])
        there = f"{len(tensors):,} tensors ({first}, ...), none of a ResNet" if tensors else "no tensors"
        raise RequestError(f"backbone.weights={path} holds {there}; give weights of the ResNet that backbone names.")
    best = min(found, key=_rank)  # of equal ones the first
    body = {name: value for name, value in best.state.items() if PARTS.match(name)}
    said = [best.naming.said] if best.naming.said else []
    if others := [each.above for each in found if each is not best and each.layered == best.layered]:
        taken, *left = (above or "what has no prefix" for above in (best.above, *others[:3]))
        said.append(f"{taken} is taken, not {' or '.join(left)}, which are there, too")
    beyond = [name.split(".")[0] for name in best.state if name not in body]
    beyond += [_parting(name, best.above) for name in tensors if not name.startswith(best.above)]
    if names := list(dict.fromkeys(beyond)):
        said.append(f"not used: {', '.join(names[:6])}{', ...' if len(names) > 6 else ''}")
    return Weights(body, beside, tuple(said))


class _Network(NamedTuple):
    """A network in a file: what stands before its names there, and its tensors by torchvision's names."""

    above: str
    naming: Naming
    state: dict[str, Tensor]

    @property
    def layered(self) -> bool:
        """Whether it has layers of blocks; a block has not."""
        return any(key.startswith("layer1.0.") for key in self.state)


def _networks_in(tensors: Mapping[str, Tensor]) -> list[_Network]:
    found = []
    for naming in NAMINGS:
        for name in tensors:
            above = name.removesuffix(naming.mark)
            if above == name or (above and not above.endswith(".")) or BLOCK.search(above):
                continue
            own = {key.removeprefix(above): value for key, value in tensors.items() if key.startswith(above)}
            state = {renamed(key, naming): value for key, value in own.items()}
            if any(key.startswith("conv1.") for key in state):
                found.append(_Network(above, naming, state))
    return found


def _rank(network: _Network) -> tuple[bool, bool, int]:
    """The lower, the likelier a network is the one that is meant."""
    better = next((place for place, word in enumerate(BETTER) if word in network.above), len(BETTER))
    return not network.layered, any(word in network.above for word in WORSE), better


def _parting(name: str, above: str) -> str:
    """The part of a name where it goes another way than a prefix.

    >>> _parting("state_dict.model.head.weight", "state_dict.model.backbone.")
    'head'
    """
    return next(ours for ours, other in zip(name.split("."), [*above.split("."), ""], strict=False) if ours != other)


def load_backbone(
    backbone: nn.Module, config: BackboneConfig, state: Mapping[str, Tensor], choices: Iterable[str] = ()
) -> tuple[int, str]:
    """Fills the backbone, a ResNet without its class head, from ``state``, the tensors of ``config.weights``.

    Args:
        backbone: one of torchvision's.
        config: names it, and the file in messages.
        state: as ``read_weights`` gives them; an ImageNet head is passed over.
        choices: the backbones that there are.

    Returns:
        How many tensors were loaded, and their SHA-256.

    Raises:
        RequestError: a key other than an old class head's does not fit (says which ResNet the tensors are of), or
            holds numbers that no weights are.
    """
    expected = backbone.state_dict()
    loaded = {key: value for key, value in state.items() if not key.startswith("fc.")}
    # Old files lack BatchNorm's batch counters, which inference and training do not depend on here.
    missing = [key for key in expected if key not in loaded and not key.endswith("num_batches_tracked")]
    unknown = [key for key in loaded if key not in expected]
    other = [key for key in loaded if key in expected and loaded[key].shape != expected[key].shape]
    if missing or unknown or other:
        raise _misfit(config, state, expected, (missing, unknown, other), choices)
    for key, value in loaded.items():
        if value.is_complex() or not bool(torch.isfinite(value).all()):
            what = "complex numbers" if value.is_complex() else "numbers that are not finite"
            raise RequestError(f"backbone.weights={config.weights}: {key} holds {what}; give other weights, or none.")
    backbone.load_state_dict(loaded, strict=False)
    digest = hashlib.sha256()
    for key in sorted(loaded):
        digest.update(key.encode())
        digest.update(loaded[key].detach().contiguous().cpu().view(-1).view(torch.uint8).numpy().tobytes())
    return len(loaded), digest.hexdigest()


def _misfit(
    config: BackboneConfig,
    state: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    keys: tuple[list[str], list[str], list[str]],
    choices: Iterable[str],
) -> RequestError:
    """What to raise of tensors of another network; ``keys`` are missing, unknown, and of another shape."""
    missing, unknown, other = keys
    kind = architecture(state)
    if other:
        shapes = f"{tuple(state[other[0]].shape)} in the file and {tuple(expected[other[0]].shape)} here"
        first = f"{other[0]} is {shapes}"
    else:
        first = f"{(missing or unknown)[0]} is {'missing from' if missing else 'only in'} the file"
    way_out = "give the weights of this architecture and stem, or backbone.weights=none"
    if kind in choices and kind != config.name:
        way_out = f"take backbone={kind}, or give weights of {config.name}"
    elif other == ["conv1.weight"] and not missing and not unknown and state["conv1.weight"].shape[1] == 1:
        kind = f"{kind} of grey pictures"
        way_out = "repeat it for three colours, conv1.weight.repeat(1, 3, 1, 1) / 3 (docs/pretrain.md)"
    return RequestError(
        f"backbone.weights={config.weights} does not fit {config.name}: it is {kind}; {len(missing)} keys are "
        f"missing, {len(unknown)} unknown, {len(other)} of another shape ({first}); {way_out}."
    )
