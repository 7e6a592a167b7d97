"""First weights as other trainings save them: wherever a ResNet lies in a file, and what is refused."""

import argparse
import collections
import datetime
import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from fer_exp.config import BackboneConfig
from fer_exp.errors import RequestError
from fer_exp.training.networks import build_network
from fer_exp.training.weights import architecture, load_backbone, read_weights


def small(make, **given):
    """A ResNet's tensors, each of one number, so that a file of them is small."""
    with torch.device("meta"):
        state = make(**given).state_dict()
    store = torch.arange(float(len(state)))
    return {
        key: store[n : n + 1].expand(value.shape) if value.ndim else torch.tensor(n)
        for n, (key, value) in enumerate(state.items())
    }


def few(state):
    """The first block of the first two layers, and what is around the layers."""
    return {key: value for key, value in state.items() if not key.startswith("layer") or key[5:8] in ("1.0", "2.0")}


WHOLE = small(models.resnet18)
STATE = few(WHOLE)
BODY = {key: value for key, value in STATE.items() if not key.startswith("fc.")}
CHILDREN = [name for name, _ in models.resnet18().named_children()]
NUMBERED = {f"{CHILDREN.index(key.split('.')[0])}.{key.partition('.')[2]}": value for key, value in STATE.items()}


def under(prefix, state=BODY):
    return {prefix + key: value for key, value in state.items()}


def read(tmp_path, content):
    torch.save(content, tmp_path / "weights.pth")
    return read_weights(tmp_path / "weights.pth")


def assert_same(tensors, state=BODY):
    assert tensors.keys() == state.keys()
    for key, value in state.items():
        assert torch.equal(torch.as_tensor(tensors[key]), value), key


HEAD = {"weight": torch.ones(7, 512), "bias": torch.ones(7)}
OPTIMIZER = {"state": {0: {"exp_avg": torch.ones(64, 3, 7, 7)}}, "param_groups": [{"lr": 0.1, "params": [0]}]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(STATE, "not used: fc", id="torchvision, timm"),
        pytest.param(BODY, "", id="without a head"),
        pytest.param(under("module.", STATE), "not used: fc", id="DataParallel"),
        pytest.param(
            {"state_dict": under("module.", STATE), "epoch": 3, "arch": "resnet18"}, "not used: fc", id="MS1M"
        ),
        pytest.param(
            {"state_dict": under("model.backbone.") | under("model.head.", HEAD), "pytorch-lightning_version": "2.6"},
            "not used: head",
            id="Lightning",
        ),
        pytest.param({"state_dict": under("net.")}, "", id="Lightning's net"),
        pytest.param({"model": STATE, "optimizer": OPTIMIZER}, "not used: fc, optimizer", id="model and optimizer"),
        pytest.param(
            {"model_state_dict": BODY, "optimizer_state_dict": OPTIMIZER}, "not used: optimizer", id="tutorial"
        ),
        pytest.param({"net": under("_orig_mod."), "acc": 71.2}, "", id="compiled"),
        pytest.param({"x": [{"y": {"module": under("encoder.")}}]}, "", id="nested, in a list"),
        pytest.param(
            under("backbone.", NUMBERED) | under("fc.", HEAD), "not used: 9, fc", id="a Sequential of children"
        ),
        pytest.param({"state_dict": under("module.features.", NUMBERED)}, "not used: 9", id="SCN, EAC"),
        pytest.param({key.replace("downsample", "shortcut"): value for key, value in BODY.items()}, "", id="CIFAR"),
        pytest.param(
            {"state_dict": under("module.encoder_q.") | {"module.queue": torch.ones(2, 3)}},
            "not used: queue",
            id="MoCo",
        ),
    ],
)
def test_a_resnet_is_found_wherever_it_lies(tmp_path, content, said):
    weights = read(tmp_path, content)
    assert_same(weights.tensors)
    assert ", ".join(weights.said).startswith(said)


OTHER = {key: value + 1 for key, value in BODY.items()}


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        ({"state_dict": OTHER, "state_dict_ema": BODY}, "state_dict_ema."),
        (
            {"state_dict": under("module.encoder_k.", OTHER) | under("module.encoder_q.")},
            "state_dict.module.encoder_q.",
        ),
        (under("module.momentum_encoder.", OTHER) | under("module.base_encoder."), "module.base_encoder."),
        ({"student": under("module.backbone.", OTHER), "teacher": under("backbone.")}, "teacher.backbone."),
        (under("target_encoder.", OTHER) | under("online_encoder."), "online_encoder."),
        ({"a": BODY, "b": OTHER}, "a."),
        (BODY | under("momentum.", OTHER), "what has no prefix"),
    ],
)
def test_of_two_networks_the_one_for_use_is_taken_and_the_other_named(tmp_path, content, taken):
    weights = read(tmp_path, content)
    assert_same(weights.tensors)
    assert weights.said[0].startswith(f"{taken} is taken, not ")


def caffe(key):
    """VGGFace2's name of a tensor of torchvision's ResNet-50."""
    part, *rest = key.split(".")
    if part in ("conv1", "bn1"):
        return f"conv1_7x7_s2{'_bn' * (part == 'bn1')}.{rest[0]}"
    block, layer, *more = rest
    word = {"1": "1x1_reduce", "2": "3x3", "3": "1x1_increase"}.get(layer[-1], "1x1_proj")
    norm = layer.startswith("bn") or (layer == "downsample" and more[0] == "1")
    return f"conv{int(part[-1]) + 1}_{int(block) + 1}_{word}{'_bn' * norm}.{more[-1]}"


def huggingface(key):
    """transformers' name of a tensor of torchvision's ResNet."""
    part, *rest = key.split(".")
    if part in ("conv1", "bn1"):
        return f"resnet.embedder.embedder.{'convolution' if part == 'conv1' else 'normalization'}.{rest[0]}"
    block, layer, *more = rest
    kind = "convolution" if layer.startswith("conv") or more[0] == "0" else "normalization"
    at = "shortcut" if layer == "downsample" else f"layer.{int(layer[-1]) - 1}"
    return f"resnet.encoder.stages.{int(part[-1]) - 1}.layers.{block}.{at}.{kind}.{more[-1]}"


@pytest.mark.parametrize("naming", [caffe, huggingface])
def test_other_names_of_a_resnet50_are_understood(tmp_path, naming):
    body = {key: value for key, value in few(small(models.resnet50)).items() if not key.startswith("fc.")}
    renamed = {naming(key): value for key, value in body.items()} | under("classifier.", HEAD)
    assert len(renamed) == len(body) + 2
    weights = read(tmp_path, renamed)
    assert_same(weights.tensors, body)
    assert weights.said[-1] == "not used: classifier"


def test_what_trainers_keep_beside_their_tensors_is_read_safely(tmp_path):
    lists = collections.defaultdict(list, loss=[0.3])
    beside = {
        "best": np.float64(0.71), "hits": np.int64(3), "mean": np.float32(1), "done": np.bool_(True),
        "curve": np.ones(3), "args": argparse.Namespace(lr=0.1, root=Path("/data")), "opt": SimpleNamespace(a=1),
        "history": lists,
        "when": datetime.datetime(2026, 1, 2), "took": datetime.timedelta(3), "dtype": np.dtype("float32"),
        "hyper_parameters": OmegaConf.create({"lr": 0.1, "layers": [1, {"a": None}], "name": "x", "yes": True}),
    }  # fmt: skip
    for newer in (True, False):
        torch.save({"state_dict": BODY, **beside}, tmp_path / "a.pt", _use_new_zipfile_serialization=newer)
        assert_same(read_weights(tmp_path / "a.pt").tensors)


def test_safetensors_and_pickled_arrays_are_read(tmp_path):
    tensors = {
        "conv1.weight": torch.arange(6.0).reshape(2, 3),
        "bn1.weight": torch.ones(2),
        "layer1.0.a": torch.ones(1),
    }
    save_file(tensors, tmp_path / "model.safetensors")
    assert_same(read_weights(tmp_path / "model.safetensors").tensors, tensors)
    arrays = {key: value.numpy() for key, value in tensors.items()}
    for protocol in (0, 2, 4, 5):
        (tmp_path / "resnet50_ft_weight.pkl").write_bytes(pickle.dumps(arrays, protocol))
        assert_same(read_weights(tmp_path / "resnet50_ft_weight.pkl").tensors, tensors)


class Danger:
    """Runs something when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("danger",)


def whole(file):
    torch.save(nn.Sequential(nn.Conv2d(1, 1, 1)), file)


def program(file):
    with pytest.warns((FutureWarning, DeprecationWarning)):
        torch.jit.script(nn.Linear(2, 2)).save(file)


def cut(file):
    torch.save({"a": torch.ones(9)}, file)
    file.write_bytes(file.read_bytes()[:-200])


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            whole,
            r"is a whole network, code and all \(torch.nn.modules.*which cannot be read safely; docs/pretrain.md",
        ),
        (
            lambda file: torch.save({"a": torch.ones(1), "b": Danger()}, file),
            r"types such as (posix|nt).mkdir, which cannot be",
        ),
        (lambda file: torch.save(Danger(), file, _use_new_zipfile_serialization=False), "cannot be read safely"),
        (lambda file: file.write_bytes(pickle.dumps(Danger())), "cannot be read safely"),
        (program, r"a program \(TorchScript\)"),
        (cut, "is cut short or damaged; get the file again"),
        (lambda file: file.write_bytes(b""), "is empty"),
        (lambda file: file.write_text("<!DOCTYPE html><html>"), "it is a web page"),
        (lambda file: file.write_text("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
        (lambda file: file.write_bytes(b"\x89HDF\r\n\x1a\n"), "it is of Keras"),
        (lambda file: file.write_text("no tensors"), "is no file of tensors"),
        (lambda file: torch.save(torch.ones(3), file), "holds no state dict .* but a Tensor"),
        (lambda file: torch.save({"epoch": 3}, file), "holds no tensors; give weights"),
        (
            lambda file: torch.save({"blocks.0.attn.qkv.weight": torch.ones(3)}, file),
            r"holds 1 tensors \(blocks.0.attn.qkv.weight, ...\), none of a ResNet",
        ),
        (
            lambda file: (file.mkdir(), (file / "model.safetensors").touch()),
            "is a folder; give a file in it: model.safe",
        ),
    ],
)
def test_what_cannot_be_read_safely_is_one_plain_sentence(tmp_path, monkeypatch, make, said):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "weights.pth")
    with pytest.raises(RequestError, match=said) as refused:
        read_weights(tmp_path / "weights.pth")
    words = str(refused.value)
    assert not any(odd in words for odd in ("\n", "\x1b", "weights_only", "add_safe_globals"))
    assert words.endswith(".")
    assert not (tmp_path / "danger").exists()


@pytest.fixture(scope="module")
def backbone():
    return build_network(BackboneConfig(), 48, 7, False, 0)[0].backbone


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (small(models.resnet50), "it is resnet50; .* take backbone=resnet50, or give weights of resnet18"),
        (small(models.resnet34), "it is resnet34; .* only in the file"),
        (small(models.wide_resnet50_2), "it is resnet50 with other widths"),
        (small(models.resnext50_32x4d), "it is resnet50 with other widths"),
        (
            {key: value for key, value in small(models.resnet50).items() if key != "conv1.weight"}
            | {"conv1.0.weight": torch.ones(32, 3, 3, 3)},
            r"it is resnet50 with a stem of three convolutions \(timm's resnet50d",
        ),
        (
            WHOLE | {"layer1.0.se.fc1.weight": torch.ones(1)},
            r"it is resnet18 with parts that torchvision's has not \(layer1.0.se.fc1.weight\)",
        ),
        (
            WHOLE | {"conv1.weight": torch.ones(64, 1, 7, 7)},
            r"it is resnet18 of grey pictures; .*\.repeat\(1, 3, 1, 1\) / 3",
        ),
    ],
)
def test_weights_of_another_network_are_refused_by_its_name(backbone, state, said):
    with pytest.raises(RequestError, match=f"backbone.weights=a.pth does not fit resnet18: {said}"):
        load_backbone(backbone, BackboneConfig(weights="a.pth"), state, ["resnet18", "resnet50"])


@pytest.mark.parametrize(("value", "said"), [(1j, "complex numbers"), (float("nan"), "numbers that are not finite")])
def test_numbers_that_are_no_weights_are_refused(backbone, value, said):
    state = WHOLE | {"conv1.weight": torch.full(WHOLE["conv1.weight"].shape, value)}
    with pytest.raises(RequestError, match=f"backbone.weights=a.pth: conv1.weight holds {said}"):
        load_backbone(backbone, BackboneConfig(weights="a.pth"), state)


def test_every_resnet_of_torchvision_is_known_by_name():
    for make in (models.resnet18, models.resnet34, models.resnet50, models.resnet101, models.resnet152):
        with torch.device("meta"):
            assert architecture(make().state_dict()) == make.__name__


def test_a_training_says_what_is_taken_of_a_file(tmp_path, capsys):
    torch.manual_seed(0)
    state = models.resnet18(num_classes=7).half().state_dict()
    torch.save({"state_dict": {f"module.{key}": value for key, value in state.items()}}, tmp_path / "fer.pth.tar")
    network, loaded = build_network(BackboneConfig(weights=str(tmp_path / "fer.pth.tar")), 48, 8, False, 0)
    assert torch.equal(network.backbone.layer4[1].conv2.weight, state["layer4.1.conv2.weight"].float())
    assert loaded.matched == len(state) - 2
    assert capsys.readouterr().err == f"backbone.weights={tmp_path}/fer.pth.tar: not used: fc\n"
