"""The network of a finished run, from its folder or a file: the run's answers to the bit, and what is refused."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from fer_exp.cli import main
from fer_exp.errors import RequestError
from fer_exp.runs import Run
from fer_exp.training import trained
from fer_exp.training.network_file import read_network, write_network
from scripts import keep_networks

pytestmark = pytest.mark.usefixtures("light")

OWN_PREDICTOR = ("scn", "rul", "evidence")
"""Methods that predict with another network than the one that is taught."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory, light) -> dict[str, Run]:
    """A run by method, on a few built-in faces; ``ce`` in float64."""
    output = tmp_path_factory.mktemp("runs")
    faces = ["dataset.faces=90", "dataset.size=16", f"dataset.cache={output / 'cache'}", f"output={output}"]
    short = [
        "trainer=cpu",
        "trainer.keep=checkpoint",
        "trainer.epochs=1",
        "trainer.batch_size=16",
        "bootstrap=0",
        "labels.rule=majority",
    ]
    for method in ("ce", *OWN_PREDICTOR):
        more = ["trainer.precision=64-true"] if method == "ce" else []
        assert main(["train", *faces, *short, f"method={method}", *more]) == 0
    return {Run(path.parent).facts["config"]["method"]["name"]: Run(path.parent) for path in output.glob("*/run.json")}


def check_answers(run: Run, network: trained.Trained) -> None:
    for split in ("val", "test"):
        table = run.predictions[run.predictions["split"] == split]
        rows = pd.Index(run.store.faces["face"]).get_indexer(pd.Index(table["face"]))
        answers = network.answers(run.store.pixels[rows])
        assert (answers.probabilities == table[[f"p_{name}" for name in network.told.classes]].to_numpy()).all()
        assert (answers.valence == table["valence"].to_numpy()).all()
        assert (answers.arousal == table["arousal"].to_numpy()).all()


@pytest.mark.parametrize("method", ["ce", *OWN_PREDICTOR])
def test_it_answers_as_the_run_did_to_the_bit_also_from_a_checkpoint_of_before(runs, tmp_path, method):
    run = runs[method]
    check_answers(run, trained.load(run.folder))
    check_answers(run, trained.load(run.path("network")))
    before = Run(shutil.copytree(run.folder, tmp_path / run.name))
    before.path("network").unlink()
    check_answers(before, trained.load(before.folder))
    assert len(trained.load(run.folder).answers(run.store.pixels[:0]).probabilities) == 0


def test_a_run_of_before_keeps_its_network_in_place_of_its_checkpoint_where_that_is_asked(runs, tmp_path, capsys):
    before = Run(shutil.copytree(runs["scn"].folder, tmp_path / "runs" / runs["scn"].name))
    before.path("network").unlink()
    config = before.facts["config"]
    del config["trainer"]["keep"]
    facts = {key: value for key, value in before.facts.items() if key not in ("files", "digest")}
    before.write("facts", facts | {"config": config})
    assert keep_networks.main([str(tmp_path / "runs"), str(runs["ce"].folder.parent)]) == 0
    assert capsys.readouterr().out.startswith("1 runs keep their network alone now")
    assert not before.has("checkpoint")
    assert runs["ce"].has("checkpoint")  # which was told to keep it
    check_answers(before, trained.load(before.folder))


def test_the_file_says_what_it_is_of_and_equal_contents_are_equal_bytes(runs, tmp_path):
    path = runs["ce"].path("network")
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    assert metadata["classes"].startswith('["neutral", "happiness"')
    assert (metadata["run"], metadata["size"], metadata["channels"]) == (runs["ce"].name, "16", "3")
    assert "/" not in metadata["settings"]
    write_network(tmp_path / "again.safetensors", *read_network(path))
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_what_is_no_trained_network_is_refused_with_the_way_out(runs, tmp_path):
    network = runs["ce"].path("network").read_bytes()
    tensors, told = read_network(runs["ce"].path("network"))
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun/config.yaml").touch()
    (tmp_path / "empty").mkdir()
    unkept = Run(shutil.copytree(runs["ce"].folder, tmp_path / "unkept"))
    for what in ("network", "checkpoint"):
        unkept.path(what).unlink()
    pretrained = tmp_path / "pretrain"
    pretrained.mkdir()
    torch.save({}, pretrained / "backbone.pt")
    (tmp_path / "cut.safetensors").write_bytes(network[: len(network) // 2])
    (tmp_path / "picture.png").write_bytes(b"\x89PNG and so on")
    save_file(tensors, tmp_path / "theirs.safetensors")
    write_network(tmp_path / "stem.safetensors", tensors, replace(told, stem="imagenet"))
    write_network(tmp_path / "classes.safetensors", tensors, replace(told, classes=("anger", "fear")))
    write_network(tmp_path / "mean.safetensors", tensors, replace(told, mean=(0.0, 0.0, 0.0)))
    for name, said in {
        "begun": "has not finished; the fer-exp train that began it goes on with it",
        "empty": "is no run folder: it has no run.json",
        "unkept": "has no network.safetensors (not copied with the folder, or removed); copy it",
        "x" * 300: "There is no ",
        "pretrain": f"train with backbone.weights={pretrained / 'backbone.pt'}",
        "pretrain/backbone.pt": f"train with backbone.weights={pretrained / 'backbone.pt'}",
        "nowhere": "There is no ",
        "cut.safetensors": "is cut short or damaged",
        "picture.png": "is no network that fer-exp kept",
        "theirs.safetensors": "as first weights of a training it may do",
        "stem.safetensors": "the imagenet stem",
        "classes.safetensors": "first classify.weight",
        "mean.safetensors": "first mean",
        f"{unkept.name}/checkpoints/last.ckpt": "There is no ",
    }.items():
        with pytest.raises(RequestError, match=f"(?i){re.escape(said)}"):
            trained.load(tmp_path / Path(name))
    with pytest.raises(RequestError, match=f"is a folder of runs, 4 of them; give {runs['ce'].folder.parent}"):
        trained.load(runs["ce"].folder.parent)
    with pytest.raises(ValueError, match="not uint8"):
        trained.load(runs["ce"].folder).answers(runs["ce"].store.pixels[:2].astype(float))
