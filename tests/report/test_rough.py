"""Intervals that simulation found too short are marked where they are printed: table, JSON, page, model card."""

import json

import numpy as np
import pandas as pd

from fer_exp.cli import main
from fer_exp.export.card import results_table
from fer_exp.judging.judge import judge
from tests.judging.tables import CLASSES, predictions_table

MARK, NOTE = " ~", "~ rough: holds the truth less often than it says"


def line_of(name, out):
    return next(line for line in out.splitlines() if name in line)


def test_of_twenty_persons_two_metrics_are_rough_and_of_sixty_none(tmp_path, capsys):
    few = tmp_path / "few.parquet"
    predictions_table(splits=("test",)).to_parquet(few)
    assert main(["evaluate", f"predictions={few}", "bootstrap=50"]) == 0
    out = capsys.readouterr().out
    rows = json.loads((tmp_path / "few.metrics.json").read_text())["test"]
    assert {name for name, row in rows.items() if row.get("rough")} >= {"rater_equivalents", "vote_correlation"}
    assert "rough" not in rows["l1"]
    assert MARK in line_of("rater_equivalents", out)
    assert MARK not in line_of("l1 ", out)
    assert NOTE in out
    assert "] ~" in results_table(rows)
    assert NOTE in results_table(rows)
    many = judge(predictions_table(180, splits=("test",)), samples=50)["test"]
    assert not [name for name, row in many.items() if row.get("rough")]


def test_a_difference_of_rater_equivalents_from_two_votes_a_face_is_rough(tmp_path, capsys):
    table = predictions_table(180, splits=("test",))
    for votes, name in ((2, "two"), (10, "ten")):
        counts = np.random.default_rng(0).multinomial(votes, [0.4, 0.3, 0.2, 0.1], len(table))
        people = dict(zip([f"votes_{each}" for each in CLASSES], counts.T, strict=True))
        p = table[[f"p_{each}" for each in CLASSES]].to_numpy()
        flat = dict(zip([f"p_{each}" for each in CLASSES], (0.5 * p + 0.125).T, strict=True))
        for model, more in (("a", {}), ("b", flat)):
            table.assign(**people, **more).to_parquet(tmp_path / f"{name}-{model}.parquet")
        main(["compare", *(str(tmp_path / f"{name}-{model}.parquet") for model in "ab"), "bootstrap=50", "--json"])
        entries = json.loads(capsys.readouterr().out)["results"]["pairs"][0]["metrics"]
        assert {each for each, entry in entries.items() if entry.get("rough")} == (
            {"rater_equivalents"} if votes == 2 else set()
        )
    main(["compare", str(tmp_path / "two-a.parquet"), str(tmp_path / "two-b.parquet"), "bootstrap=50"])
    out = capsys.readouterr().out
    assert NOTE in out
    main(["report", str(tmp_path / "two-a.parquet"), str(tmp_path / "two-b.parquet"), "bootstrap=50",
          "pictures=false", f"output={tmp_path / 'page.html'}"])  # fmt: skip
    assert NOTE in (tmp_path / "page.html").read_text()


def test_wagners_test_of_few_raters_and_faces_is_rough(tmp_path, capsys):
    generator, emotions = np.random.default_rng(0), ["fear", "anger", "neutral"]
    rows = [(f"t{task}", f"w{worker}", generator.choice(emotions)) for task in range(6) for worker in range(10)]
    answers = pd.DataFrame(rows, columns=["task", "worker", "label"])
    answers["intended"] = [emotions[int(task[1:]) % 3] for task in answers["task"]]
    answers.to_csv(tmp_path / "answers.csv", index=False)
    main(["agreement", str(tmp_path / "answers.csv"), "against=intended", f"output={tmp_path / 'out'}"])
    assert "finds too much, of so few raters and faces" in " ".join(capsys.readouterr().out.split())
