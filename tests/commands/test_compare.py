import json

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from tests.judging.tables import CLASSES, predictions_table

P = [f"p_{name}" for name in CLASSES]
QUICK = ["bootstrap=50", "permutations=100"]


@pytest.fixture
def runs(tmp_path):
    """Two configs with two seeds each, as run folders."""
    table = predictions_table(40)
    for kind in ("onehot", "soft"):
        for seed in (0, 1):
            folder = tmp_path / "runs" / f"{kind}{seed}"
            folder.mkdir(parents=True)
            noise = np.random.default_rng([seed, kind == "soft"]).dirichlet(np.ones(4), len(table))
            share = 0.1 if kind == "soft" else 0.4
            table.assign(**dict(zip(P, ((1 - share) * table[P].to_numpy() + share * noise).T, strict=True))).to_parquet(
                folder / "predictions.parquet"
            )
            config = {"seed": seed, "labels": {"kind": kind, "seed": 0}, "dataset": {"name": "x", "cache": None}}
            (folder / "run.json").write_text(json.dumps({"config": config}))
    (tmp_path / "runs" / "unfinished").mkdir()
    return tmp_path / "runs"


def test_plain_folders_are_grouped_and_tested(runs, capsys):
    assert main(["compare", *map(str, sorted(runs.iterdir())), *QUICK]) == 0
    printed = capsys.readouterr()
    for words in ("labels=onehot", "labels=soft", "A - B", "40 faces of 14 people", "A, T by labels", "class prior"):
        assert words in printed.out
    assert "left out" in printed.err
    assert max(map(len, printed.out.splitlines())) <= 80


def test_a_folder_of_runs_gives_json_alone_and_files(runs, capsys, tmp_path):
    assert main(["compare", str(runs), "json=true", f"output={tmp_path}/out/table", *QUICK]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [group["seeds"] for group in result["groups"][:2]] == [[0, 1], [0, 1]]
    assert result == json.loads((tmp_path / "out" / "table.json").read_text())
    kept = pd.read_csv(tmp_path / "out" / "table-pairs.csv")
    assert {"metric", "difference", "p_t", "p_paired", "p_permutation", "d", "dz", "holm"} <= set(kept)
    assert (tmp_path / "out" / "table-configs.tex").is_file()


def test_folders_with_awkward_names_are_found(runs, capsys):
    for number, name in enumerate(["seed=0 it's, [one]", "soft {x}: 100 %"]):
        (runs / f"soft{number}").rename(runs / name)
    words = [str(runs / "seed=0 it's, [one]"), str(runs / "soft {x}: 100 %")]
    assert main(["compare", *words, "metrics=[l1]", "json=true", *QUICK]) == 0
    assert json.loads(capsys.readouterr().out)["groups"][0]["runs"] == ["seed=0 it's, [one]", "soft {x}: 100 %"]


def fails(capsys, *words):
    assert main(list(words)) == 2
    printed = capsys.readouterr().err
    assert len(printed.splitlines()) == 1
    return printed


def test_wrong_requests_are_one_sentence(runs, capsys, tmp_path):
    assert "there is no such file or folder" in fails(capsys, "compare", "nowhere")
    assert "finished run" in fails(capsys, "compare")
    assert "needs two runs or more and has 1" in fails(capsys, "compare", str(runs / "soft0"))
    pair = str(runs / "soft0"), str(runs / "soft1")
    assert "common=maybe: it must be common=true or" in fails(capsys, "compare", *pair, "common=maybe")
    assert "metrics names l7" in fails(capsys, "compare", *pair, "metrics=[l7]", *QUICK)
    assert "no faces in the split tst" in fails(capsys, "compare", *pair, "split=tst")
    assert "run=FOLDER or runs=" in fails(capsys, "report")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.assign(p_neutral=t["p_neutral"] + 0.5), "row 1 (face face-000) has probabilities that sum to 1.5"),
        (lambda t: t.assign(p_neutral=-t["p_neutral"]), "has a negative probability"),
        (
            lambda t: t.assign(p_neutral=np.where(t.index == 3, np.nan, t["p_neutral"])),
            "row 4 (face face-003) has a missing",
        ),
        (lambda t: t.assign(face=[f"other-{i}" for i in range(len(t))]), "no face in common"),
        (lambda t: t[t["face"] != "face-001"], "add common=true"),
        (lambda t: t.assign(votes_neutral=t["votes_neutral"] + 2), "other votes"),
        (
            lambda t: t.rename(columns={"p_neutral": "p_pain", "votes_neutral": "votes_pain"}).assign(label=None),
            "other classes",
        ),
    ],
)
def test_tables_that_cannot_be_compared_are_one_sentence(capsys, tmp_path, change, said):
    table = predictions_table(20, splits=("test",))
    table.to_csv(tmp_path / "a.csv", index=False)
    changed = change(table)
    changed.to_csv(tmp_path / "b.csv", index=False)
    assert said in fails(capsys, "compare", str(tmp_path / "a.csv"), str(tmp_path / "b.csv"), *QUICK)
