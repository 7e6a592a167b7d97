import hashlib

import pytest
import torch
from torchvision import models

from fer_exp.config import BackboneConfig
from fer_exp.errors import RequestError
from fer_exp.training.networks import build_network, resolve_stem


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(1)
    state = models.resnet18(num_classes=1000).state_dict()
    torch.save(state, tmp_path / "weights.pt")
    return tmp_path / "weights.pt", state


def test_the_seed_decides_the_first_weights():
    first, again, other = (
        build_network(BackboneConfig(), 48, 7, True, seed)[0].state_dict()["backbone.conv1.weight"]
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_loaded_weights_are_those_of_the_file(weights):
    path, state = weights
    network, loaded = build_network(BackboneConfig(weights=str(path)), 48, 7, False, 0)
    for key, value in network.backbone.state_dict().items():
        assert torch.equal(value, state[key]), key
    assert loaded.matched == len(network.backbone.state_dict())
    assert len(loaded.sha256) == len(hashlib.sha256().hexdigest())


@pytest.mark.parametrize("prefix", ["module.", "backbone.", "network.backbone."])
def test_prefixes_of_other_training_code_are_taken_off(weights, tmp_path, prefix):
    state = {prefix + key: value for key, value in weights[1].items()}
    torch.save({"state_dict": state}, tmp_path / "other.ckpt")
    network, _ = build_network(BackboneConfig(weights=str(tmp_path / "other.ckpt")), 48, 7, False, 0)
    assert torch.equal(network.backbone.conv1.weight, weights[1]["conv1.weight"])


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"name": "resnet50"}, "does not fit resnet50"),
        ({"stem": "small"}, "has the imagenet stem"),
    ],
)
def test_weights_of_another_architecture_are_refused(weights, config, said):
    with pytest.raises(RequestError, match=said):
        build_network(BackboneConfig(weights=str(weights[0]), **config), 48, 7, False, 0)


def test_a_missing_or_garbled_file_is_refused(tmp_path):
    with pytest.raises(RequestError, match="there is no file"):
        build_network(BackboneConfig(weights=str(tmp_path / "none.pt")), 48, 7, False, 0)
    (tmp_path / "text.pt").write_text("no tensors")
    with pytest.raises(RequestError, match="is no file of tensors"):
        build_network(BackboneConfig(weights=str(tmp_path / "text.pt")), 48, 7, False, 0)


@pytest.mark.parametrize(("size", "stem"), [(40, "small"), (48, "imagenet")])
def test_auto_stem_without_weights(size, stem):
    assert resolve_stem(BackboneConfig(), size) == stem


def test_affect_head_stays_in_range_and_is_optional():
    pictures = 50 * torch.randn(2, 3, 48, 48)
    logits, affect, *_ = build_network(BackboneConfig(), 48, 8, True, 0)[0](pictures)
    assert logits.shape == (2, 8)
    assert affect.abs().max() <= 1
    assert build_network(BackboneConfig(), 48, 8, False, 0)[0](pictures).affect is None


def test_auto_takes_the_stem_of_the_file_and_another_stem_is_named(tmp_path):
    network, _ = build_network(BackboneConfig(stem="small"), 48, 7, False, 0)
    torch.save(network.backbone.state_dict(), tmp_path / "small.pt")
    config = BackboneConfig(weights=str(tmp_path / "small.pt"))
    assert build_network(config, 48, 7, False, 0)[0].backbone.conv1.weight.shape == (64, 3, 3, 3)
    config.stem = "imagenet"
    with pytest.raises(RequestError, match=r"has the small stem .* take backbone.stem=small"):
        build_network(config, 48, 7, False, 0)
