"""Classes through the shell: five folders, some classes of a corpus, classes of one's own, and noise among them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from tests.datasets.fake_pictures import save
from tests.datasets.fake_rafdb import write_rafdb

pytestmark = pytest.mark.usefixtures("light")
SMALL = ("trainer=cpu", "trainer.epochs=1", "trainer.batch_size=8", "bootstrap=0", "dataset.size=16")
OWN = {"Boredom": "anger", "pain": "happiness", "neutral": "neutral"}
FIVE = {"angry": "anger", "Happy": "happiness", "sad": "sadness", "neutral": "neutral", "Angst": "fear"}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a command on a folder there; gives its last line as a path, and what it said."""
    monkeypatch.setenv("FER_EXP_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def started(*words: str, code: int = 0) -> tuple[Path, str]:
        assert main([*words]) == code
        said = capsys.readouterr()
        return Path(["", *said.out.split()][-1]), said.out + said.err

    return started


def pictures(root: Path, kinds: dict[str, str], each: int = 8) -> None:
    for kind, label in kinds.items():
        for number in range(each):
            save(root / kind / f"{number}.png", label, number)


def probabilities(folder: Path) -> list[str]:
    return [name for name in pd.read_parquet(folder / "predictions.parquet") if name.startswith("p_")]


def test_five_folders_train_five_classes_and_seven_teach_nobody_the_other_two(tmp_path, run):
    pictures(tmp_path / "f", FIVE)
    words = ("train", "dataset=folder", "dataset.root=f", "labels=noisy", "labels.rate=0.5", *SMALL)
    folder, said = run(*words)
    assert probabilities(folder) == ["p_neutral", "p_happiness", "p_sadness", "p_fear", "p_anger"]
    assert "folder: classes: neutral, happiness, sadness, fear, anger" in said
    seven, said = run(*words, "dataset.classes=7")
    assert len(probabilities(seven)) == 7
    assert "no face is surprise, disgust, so no label becomes that" in said
    assert set(pd.read_parquet(seven / "targets.parquet")["label"]) == {
        "neutral",
        "happiness",
        "sadness",
        "fear",
        "anger",
    }
    named, _ = run(*words, "dataset.classes=[happy,fear,sad,neutral,angry]")
    assert named == folder  # the same classes are the same run


def test_some_classes_of_a_corpus_are_trained_and_the_others_counted(tmp_path, run):
    write_rafdb(tmp_path / "raf")
    words = ("dataset=rafdb", "dataset.root=raf", "dataset.max_rejected=0.1", "dataset.classes=[joy,sad,neutral]")
    _, said = run("prepare", *words, "dataset.size=16")
    assert "anger (no class here)" in said
    folder, said = run("train", *words, *SMALL)
    assert probabilities(folder) == ["p_neutral", "p_happiness", "p_sadness"]
    dropped = json.loads((folder / "run.json").read_text())["dropped"]
    table = pd.read_parquet(folder / "targets.parquet")
    assert set(table["label"]) == {"neutral", "happiness", "sadness"}
    assert set(dropped) == {f"label {name}, no class here" for name in ("anger", "disgust", "fear", "surprise")}
    assert sum(dropped.values()) + len(table) == 75  # two of 77 pictures are broken
    assert "label fear, no class here" in said


def test_classes_of_ones_own_go_through_every_command(tmp_path, run):
    pictures(tmp_path / "f", OWN | {"thumbs": "fear"}, 9)
    random = np.random.default_rng(0)
    strays = iter(random.choice(["PAIN", "neutral", "joy", ""], 108, p=[0.1, 0.1, 0.1, 0.7]))
    rows = [(f"{kind}/{n}.png", f"w{w}", next(strays) or kind) for kind in OWN for n in range(9) for w in range(4)]
    pd.DataFrame(rows, columns=["face", "worker", "label"]).to_csv("r.csv", index=False)
    data = ("dataset=folder", "dataset.root=f", "dataset.size=16")
    _, said = run("train", *data, *SMALL, code=2)
    assert "the folders 'Boredom', 'pain', 'thumbs' are no expressions" in said
    data = (*data, "dataset.classes=[boredom,pain,neutral]", "dataset.ratings=r.csv")
    words = ("train", *data, *SMALL, "labels.rule=all", "labels.ties=first")
    soft, said = run(*words, "labels=soft")
    assert probabilities(soft) == ["p_neutral", "p_boredom", "p_pain"]
    assert "9 in thumbs" in said
    assert "votes for happiness, which is no class here, counted as unknown" in said
    assert "earth mover's distance is left out: boredom, pain have" in " ".join(said.split())
    metrics = json.loads((soft / "metrics.json").read_text())["test"]
    assert {"l1", "f1_boredom", "soft_f1_pain"} <= metrics.keys()
    assert "earth_movers_distance" not in metrics
    noisy, said = run(*words, "labels=noisy", "labels.noise=asymmetric", "labels.rate=0.5")
    assert "there is no class that neutral, boredom, pain is taken for" in said
    _, said = run("compare", f"runs=[{soft},{noisy}]", "bootstrap=0", "permutations=50")
    assert "note: earth mover's distance is left out" in said
    run("report", f"run={soft}", "bootstrap=0")
    _, said = run("agreement", *data, "against=original", "bootstrap=0", "json=true")
    assert '"boredom"' in said


def test_one_class_and_a_class_to_be_tested_alone_are_sentences(tmp_path, run):
    pictures(tmp_path / "one", {"happy": "happiness"})
    _, said = run("train", "dataset=folder", "dataset.root=one", *SMALL, code=2)
    assert "happiness is the only class there is" in said
    assert not (tmp_path / "runs").exists()
    pictures(tmp_path / "two" / "train", {"happy": "happiness", "sad": "sadness"})
    pictures(tmp_path / "two" / "test", {"happy": "happiness", "sad": "sadness", "fear": "fear"}, 2)
    folder, said = run("train", "dataset=folder", "dataset.root=two", "trainer.balance=weights", *SMALL)
    assert "no training face is fear, so the network cannot learn that" in said
    assert np.isfinite(json.loads((folder / "metrics.json").read_text())["test"]["macro_f1"]["value"])


def test_numbered_answers_agree_as_named_ones_do(tmp_path, run):
    rows = [(task, worker, "happy" if (task + worker) % 3 else "sad") for task in range(12) for worker in range(3)]
    frame = pd.DataFrame(rows, columns=["task", "worker", "label"])
    frame.to_csv("named.csv", index=False)
    frame.replace({"happy": 4, "sad": 5}).to_csv("numbered.csv", index=False)
    _, named = run("agreement", "ratings=named.csv", "bootstrap=20", "json=true", "output=a")
    _, numbered = run("agreement", "ratings=numbered.csv", "numbers=rafdb", "bootstrap=20", "json=true", "output=b")
    assert json.loads((tmp_path / "a/agreement.json").read_text()) == json.loads(
        (tmp_path / "b/agreement.json").read_text()
    )
    assert "numbers: 4 is happiness, 5 is sadness" in numbered
    assert "numbers" not in named
