"""`fer-exp train method=...` on a few built-in faces: two networks, memory, attention, and what is refused."""

import json
from pathlib import Path

import pandas as pd
import pytest

from fer_exp.cli import main

pytestmark = pytest.mark.usefixtures("light")


def words(cache: Path, output: Path, *more: str) -> list[str]:
    faces = ["dataset.faces=120", "dataset.size=16", f"dataset.cache={cache}", f"output={output}"]
    return ["train", *faces, "labels.rule=all", "trainer=cpu", "trainer.epochs=1", "bootstrap=0", *more]


@pytest.mark.parametrize(
    ("name", "figure"), [("co_teaching", "selection_precision"), ("elr", "wrong_memorised"), ("scn", "attention_high")]
)
def test_a_method_trains_on_wrong_labels_and_its_figures_are_in_the_history(cache, tmp_path, capsys, name, figure):
    assert main(words(cache, tmp_path, f"method={name}", "labels=noisy", "labels.rate=0.4")) == 0
    folder = Path(capsys.readouterr().out.splitlines()[-1])
    history = pd.read_csv(folder / "history.csv")
    assert 0 <= history[figure].item() <= 1
    facts = json.loads((folder / "run.json").read_text())
    assert facts["config"]["method"]["name"] == name
    targets = pd.read_parquet(folder / "targets.parquet").query("split == 'train'")
    wrong, taught = (targets["label"] != targets["clean_label"]).mean(), facts["taught"]
    of_right, of_wrong = (1 - wrong) * taught["train_accuracy_clean"], wrong * taught["wrong_memorised"]
    assert taught["train_accuracy"] == pytest.approx(of_right + of_wrong)
    predictions = pd.read_parquet(folder / "predictions.parquet")
    shares = predictions[[column for column in predictions if column.startswith("p_")]]
    assert (shares.sum(axis=1) - 1).abs().max() < 1e-6


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["method=gce", "method.q=2"], "method.q is 2"),
        (["method=gce", "method.q=abc"], "method.q"),
        (["method=gce", "method.qq=1"], "method.qq"),
        (["method=elr", "method.q=0.5"], "method.q"),
        (["method=co_teaching"], "set method.forget_rate"),
        (["method=ncctfer", "method.k=40", "labels=noisy"], "method.k is 40"),
        (["method=evidence", "labels=soft"], "method=evidence cannot be taught distributions"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_cannot_be_is_refused_in_one_sentence(cache, tmp_path, capsys, given, said):
    assert main(words(cache, tmp_path, *given)) == 2
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    last = errors.strip().splitlines()[-1]
    assert said in last
    assert last.endswith((".", "?"))
