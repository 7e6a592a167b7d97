"""fer-exp export: a run's network as a file, its card as Hugging Face reads it, and what is refused."""

import contextlib
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard
from PIL import Image

from fer_exp.cli import main
from fer_exp.config.rules import CHOICES
from fer_exp.datasets import CORPORA, facts
from fer_exp.export import FORMATS, card, origin
from fer_exp.metrics.registry import HEADLINE
from fer_exp.runs import Run
from fer_exp.training.trained import load

pytestmark = pytest.mark.usefixtures("light")


@pytest.fixture(scope="module")
def run(tmp_path_factory, light) -> Run:
    """A run on a few built-in faces, a quarter of whose labels were made wrong."""
    output = tmp_path_factory.mktemp("runs")
    faces = ["dataset.faces=90", "dataset.size=16", f"dataset.cache={output / 'cache'}", f"output={output}"]
    noisy = ["labels=noisy", "labels.rate=0.25", "trainer=cpu", "trainer.epochs=1", "trainer.batch_size=16"]
    assert main(["train", *faces, *noisy, "bootstrap=20"]) == 0
    return Run(next(output.glob("*/run.json")).parent)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(words: list[str], capsys) -> str:
    assert main(["export", *words]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("name", FORMATS)
def test_the_ten_lines_of_each_card_run_and_give_the_runs_probabilities(run, here, capsys, monkeypatch, name):
    assert main(["export", str(run.folder), f"format={name}"]) == 0
    said = capsys.readouterr()
    place = here / "exports" / f"{run.name}-{name}"
    assert said.out.splitlines()[-1] == f"exports/{run.name}-{name}"
    assert sorted(path.name for path in place.iterdir()) == sorted(["README.md", "config.json", FORMATS[name].file])
    text = (place / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line]) <= 14
    face = run.store.pixels[3]
    monkeypatch.chdir(place)
    Image.fromarray(face).save("face.png")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, {})
    answers = eval(printed.getvalue())
    network = load(run.folder)
    assert tuple(answers) == network.told.classes
    assert np.allclose([*answers.values()], network.answers(face[None]).probabilities[0], atol=6e-4)  # as it is rounded


def test_safetensors_is_the_file_that_the_run_keeps_and_goes_out_again(run, here, capsys):
    assert main(["export", f"run={run.folder}", "output=out"]) == 0
    assert Path("out/model.safetensors").read_bytes() == run.path("network").read_bytes()
    capsys.readouterr()
    assert main(["export", "run=out/model.safetensors", "format=onnx", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["results"]
    assert (told["format"], told["file"], told["size"], told["channels"]) == ("onnx", "model.onnx", 16, 3)
    assert told["largest_difference"] < 1e-5
    text = Path(told["folder"], "README.md").read_text(encoding="utf-8")
    assert "exported without its run" in text
    assert ModelCard(text).data.model_name is None
    config = json.loads(Path(told["folder"], "config.json").read_text(encoding="utf-8"))
    assert config["id2label"]["1"] == config["classes"][1] == "happiness"


def test_the_card_says_what_was_taught_how_well_and_on_what_terms(run, here, capsys):
    assert main(["export", str(run.folder), "output=out"]) == 0
    text = Path("out/README.md").read_text(encoding="utf-8")
    data = ModelCard(text).data
    assert (data.license, data.library_name, data.datasets) == ("mit", "fer-exp", ["synthetic"])
    assert data.model_name == run.name
    results = {result.metric_type: result for result in data.eval_results}
    measured = run.metrics["test"]
    assert list(results) == [name for name in HEADLINE if name in measured]
    assert results["l1"].metric_value == pytest.approx(measured["l1"]["value"], abs=1e-6)
    assert results["l1"].metric_args["low_95"] == pytest.approx(measured["l1"]["low"], abs=1e-6)
    assert results["l1"].dataset_split == "test"
    row = measured["l1"]
    people, prior = measured["ceiling_l1"], measured["prior_l1"]
    shown = re.search(r"^\| L1 ↓ \| (.*?) \| (.*?) \| (.*?) \| (\d+) \|$", text, re.MULTILINE)
    assert shown[1] == f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}] ~"  # of few persons
    assert "~ rough" in text
    assert shown[2].startswith(f"{people['value']:.3f}")
    assert shown[3].startswith(f"{prior['value']:.3f}")
    noise = run.facts["noise"]["splits"]["train"]
    assert f"labels.noise=symmetric: {noise['flipped']} of {noise['faces']} of train" in text
    counts = run.targets[run.targets["split"] == "train"]["clean_label"].value_counts()
    assert f"| fear | {counts.get('fear', 0)} |" in text
    for part in ("Not for deciding about people", "nobody is pictured", "Ekman and Friesen", "stretched to 16 x 16"):
        assert part in text
    assert str(run.facts["versions"]["torch"]) in text
    assert "dataset.cache=PATH" in text
    for path in (run.folder.parent, here, Path.home()):
        assert str(path) not in text + Path("out/config.json").read_text(encoding="utf-8")


def test_corpora_of_others_keep_their_terms_and_every_corpus_says_whom_it_shows(run):
    told = load(run.folder).told
    for name in CORPORA:
        assert len(facts(name).pictured) > 10
    front = card.front_matter(told, facts("cafe"), {}, "onnx")
    assert "license: other" in front
    assert "model-index" not in front
    assert "datasets" not in card.front_matter(told, facts("folder"), {}, "onnx")
    weights = {"source": "/home/me/b.pt", "sha256": "12" * 32, "pretrained": {"settings": {"dataset.name": "rafdb"}}}
    (run.folder / "copy").mkdir()
    other = Run(run.folder / "copy")
    other.write("facts", {"config": run.config, "weights": weights})
    lines = origin.licences(told, other, facts("ferplus"))
    assert lines[0] == f"FER+: {facts('ferplus').licence}. {facts('ferplus').citation}"
    assert facts("fer2013").citation in lines[1]
    assert facts("ferplus").withheld in lines[2]
    assert any("pretrained on RAF-DB" in line for line in lines)
    shutil.rmtree(other.folder)


def test_a_target_that_exists_is_refused_and_only_an_export_is_replaced(run, here, capsys):
    assert main(["export", str(run.folder), "output=out"]) == 0
    capsys.readouterr()
    said = refused([str(run.folder), "output=out", "format=onnx"], capsys)
    assert "out is there already; write overwrite=true to replace it, or another folder: output=out-2." in said
    assert main(["export", str(run.folder), "output=out", "format=onnx", "overwrite=true"]) == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["README.md", "config.json", "model.onnx"]
    Path("out/mine.txt").touch()
    said = refused([str(run.folder), "output=out", "overwrite=true"], capsys)
    assert "out is there and holds mine.txt, which is of no export; give another: output=out-2." in said
    Path("notes").mkdir()
    Path("notes/README.md").write_text("mine", encoding="utf-8")
    assert "holds README.md" in refused([str(run.folder), "output=notes", "overwrite=true"], capsys)
    assert Path("notes/README.md").read_text(encoding="utf-8") == "mine"
    assert "write output=face." in refused([str(run.folder), "output=face.onnx", "format=onnx"], capsys)
    Path("empty").mkdir()
    assert main(["export", str(run.folder), "output=empty"]) == 0
    assert not list(here.glob(".*"))


def test_what_cannot_go_out_is_one_sentence_and_leaves_nothing(run, here, capsys, monkeypatch):
    assert "export needs run=FOLDER" in refused([], capsys)
    assert "did you mean onnx? There are: safetensors, onnx, torchscript." in refused(
        [str(run.folder), "format=onxx"], capsys
    )
    assert "did you mean torchscript?" in refused([str(run.folder), "format=jit"], capsys)
    begun = shutil.copytree(run.folder, here / "begun")
    (begun / "run.json").unlink()
    assert "has not finished; the fer-exp train that began it goes on with it" in refused(["run=begun"], capsys)
    unkept = shutil.copytree(run.folder, here / "unkept")
    Run(unkept).path("network").unlink()
    shutil.rmtree(unkept / "checkpoints", ignore_errors=True)
    assert "has no network.safetensors" in refused(["run=unkept"], capsys)
    monkeypatch.setattr("fer_exp.config.rules.find_spec", lambda package: None)
    assert "format=onnx needs onnx: pip install 'fer-exp[onnx]'." in refused([str(run.folder), "format=onnx"], capsys)
    assert not Path("exports").exists()


def test_the_formats_of_the_config_are_those_that_there_are():
    assert CHOICES["format"] == tuple(FORMATS)
