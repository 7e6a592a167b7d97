"""Whatever network goes out, its file answers as it did: each stem, grey and colour, with and without valence."""

import json
import zipfile
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from fer_exp.cli.compose import method_keys
from fer_exp.config import BackboneConfig, MethodConfig
from fer_exp.export import FORMATS
from fer_exp.export.described import describe
from fer_exp.methods import make_method
from fer_exp.methods.method import Setting
from fer_exp.training.network_file import Told, as_texts
from fer_exp.training.networks import build_network, fastest_layout
from fer_exp.training.trained import Trained


def made(backbone: str, stem: str, size: int, channels: int, affect: bool, method: str = "ce") -> Trained:
    """A network that was never trained, with batch statistics that are no zeros and ones."""
    network, _ = build_network(BackboneConfig(backbone, stem=stem), size, 3, affect, seed=0)
    torch.manual_seed(0)
    with torch.no_grad():
        network.train()(torch.randn(8, 3, size, size))
    setting = Setting(3, 8, network.classify.in_features, 1, lambda: deepcopy(network), noise_rate=0.2)
    whole = make_method(MethodConfig(method, keys=method_keys(method)), setting).predictor(network)
    classes = ("anger", "Glück", 'a "b"')
    told = Told("run", "folder", "onehot", method, backbone, stem, classes, size, channels, "none", 0.1, affect)
    layout = fastest_layout(torch.device("cpu"), size)
    return Trained(whole.to(memory_format=layout).eval(), told)


def faces_of(told: Told, count: int) -> np.ndarray:
    shape = (count, told.size, told.size, told.channels)
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def check_answers(trained: Trained, name: str, folder: Path) -> None:
    """Write, read, ask: the answers of one face and of several are the network's."""
    path = folder / FORMATS[name].file
    FORMATS[name].code.write(path, trained, as_texts(describe(trained.told, name)))
    answers = FORMATS[name].code.read(path)
    for count in (1, 5):
        faces = faces_of(trained.told, count)
        ours, theirs = trained.answers(faces), answers(faces)
        assert theirs.probabilities.shape == (count, 3)
        assert ours.probabilities.max() < 0.99
        for a, b in zip(ours, theirs, strict=True):
            assert (a is None) == (b is None)
            assert a is None or np.abs(a - b).max() < 1e-5


@pytest.mark.parametrize("name", ["onnx", "torchscript"])
def test_a_whole_resnet_answers_as_it_did_before(tmp_path, name):
    check_answers(made("resnet18", "imagenet", 66, 3, True), name, tmp_path)  # of this size in channels-last memory


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize("name", ["onnx", "torchscript"])
@pytest.mark.parametrize(
    ("stem", "channels", "affect"), [("small", 1, False), ("imagenet", 1, True), ("small", 3, True)]
)
def test_each_stem_grey_and_colour_with_and_without_valence(tmp_path, name, stem, channels, affect):
    check_answers(made("resnet18", stem, 24, channels, affect), name, tmp_path)


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize("method", ["scn", "rul", "evidence"])
def test_methods_that_predict_with_another_network_export_that_one(tmp_path, method):
    for name in ("onnx", "torchscript"):
        check_answers(made("resnet18", "imagenet", 24, 3, True, method), name, tmp_path)


@pytest.mark.usefixtures("light")
def test_a_network_in_float64_is_exported_in_float32(tmp_path):
    trained = made("resnet18", "imagenet", 24, 3, True)
    trained.network.double()
    FORMATS["onnx"].code.write(tmp_path / "model.onnx", trained, {})
    faces = faces_of(trained.told, 3)
    theirs = FORMATS["onnx"].code.read(tmp_path / "model.onnx")(faces)
    assert np.abs(trained.answers(faces).probabilities - theirs.probabilities).max() < 1e-5
    assert next(trained.network.parameters()).dtype == torch.float64


@pytest.mark.usefixtures("light")
def test_files_carry_classes_size_and_preprocessing_and_no_path_of_this_machine(tmp_path):
    trained = made("resnet18", "imagenet", 24, 1, False)
    for name in ("onnx", "torchscript"):
        FORMATS[name].code.write(tmp_path / FORMATS[name].file, trained, as_texts(describe(trained.told, name)))
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    told = {"metadata.json": ""}
    torch.jit.load(tmp_path / "model.pt", _extra_files=told)
    for texts in (session.get_modelmeta().custom_metadata_map, json.loads(told["metadata.json"])):
        assert json.loads(texts["classes"]) == ["anger", "Glück", 'a "b"']
        assert (texts["run"], texts["size"], json.loads(texts["mean"])[0]) == ("run", "24", 0.485)
        assert "stretched to 24 x 24" in texts["preprocessing"]
        assert json.loads(texts["input"])["shape"] == ["N", 24, 24, 1]
    (inlet,) = session.get_inputs()
    assert (inlet.name, inlet.type, inlet.shape) == ("faces", "tensor(uint8)", ["N", 24, 24, 1])
    assert [outlet.name for outlet in session.get_outputs()] == ["probabilities"]
    here = __file__.rpartition("/tests/")[0]
    assert here.encode() not in (tmp_path / "model.onnx").read_bytes()
    with zipfile.ZipFile(tmp_path / "model.pt") as archive:
        assert not [each for each in archive.namelist() if here.encode() in archive.read(each)]
    onnx.checker.check_model(onnx.load(tmp_path / "model.onnx"), full_check=True)
