"""How fast judging is: bootstrap, comparison and report on 3,500 faces with ten votes each. Prints medians.

OMP_NUM_THREADS=1 python scripts/judge_speed.py
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from fer_exp.commands.report import report
from fer_exp.config import ReportConfig
from fer_exp.judging.applicable import arrays, statistics
from fer_exp.judging.comparison import compare_sources
from fer_exp.judging.judge import judge
from fer_exp.judging.predictions import check_predictions
from fer_exp.judging.sources import Source, on_same_faces
from fer_exp.report.page.config import Judgement
from fer_exp.report.page.render import render
from fer_exp.stats.bootstrap import OfSums, intervals
from fer_exp.store import Store

CLASSES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
FACES, PERSONS, REPEATS = 3500, 300, 3


def table(seed: int) -> pd.DataFrame:
    """Predictions of one run; faces and votes are the same for every seed."""
    people, own = np.random.default_rng(0), np.random.default_rng(seed + 1)
    parts = []
    for split in ("val", "test"):
        truth = people.dirichlet(np.full(len(CLASSES), 0.2), FACES)
        votes = np.array([people.multinomial(10, row) for row in truth])
        p = 0.6 * truth + 0.4 * own.dirichlet(np.full(len(CLASSES), 0.5), FACES)
        part = pd.DataFrame({"face": [f"{split}{i:05d}" for i in range(FACES)], "split": split})
        part["subject"] = [f"s{i % PERSONS}" for i in range(FACES)]
        for k, name in enumerate(CLASSES):
            part[f"p_{name}"], part[f"votes_{name}"] = p[:, k], votes[:, k]
        part["label"] = [CLASSES[k] for k in votes.argmax(axis=1)]
        parts.append(part)
    return check_predictions(pd.concat(parts, ignore_index=True))


def timed(what: str, job: Callable[[], object]) -> None:
    """Run a job ``REPEATS`` times and print the median wall and CPU seconds."""
    wall, cpu = [], []
    for _ in range(REPEATS):
        one, other = time.perf_counter(), time.process_time()
        job()
        wall.append(time.perf_counter() - one)
        cpu.append(time.process_time() - other)
    print(f"{what}: {median(wall):.2f} s wall, {median(cpu):.2f} s CPU", flush=True)


def main() -> None:
    """Measure."""
    first = table(0)
    part = first[first["split"] == "test"]
    every = statistics(arrays(part, CLASSES), CLASSES)["votes"][1]
    means = {name: each for name, each in every.items() if isinstance(each, OfSums) and each.columns.shape[1] == 1}
    persons = np.unique(part["subject"].to_numpy(object).astype(str), return_inverse=True)[1].astype(np.int64)
    timed(f"10,000 samples, {PERSONS} persons, {len(means)} means", lambda: intervals(means, persons, 10_000, 0))
    timed(f"10,000 samples, {PERSONS} persons, all {len(every)}", lambda: intervals(every, persons, 10_000, 0))
    timed(f"10,000 samples, single faces, {len(means)} means", lambda: intervals(means, np.arange(FACES), 10_000, 0))
    timed("judge, both splits, 1,000 samples", lambda: judge(first))

    def sources(configs: int) -> list[Source]:
        runs = [{"config": {"seed": i, "labels": {"rate": i % configs}}} for i in range(20)]
        return [Source(Path(f"run{i}"), table(i), run) for i, run in enumerate(runs)]

    for configs in (4, 20):
        all_of_them = sources(configs)
        same, _ = on_same_faces(all_of_them, "test", common=False)
        timed(f"compare, 20 runs of {configs} configs", lambda a=all_of_them, b=same: compare_sources(a, b, None))  # type: ignore[misc]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.parquet"
        first.to_parquet(path)
        timed("report, without pictures", lambda: report(ReportConfig(run=str(path), output=f"{folder}/page.html")))
        pixels = np.random.default_rng(0).integers(0, 256, (FACES, 12, 12, 1), dtype=np.uint8).repeat(4, 1).repeat(4, 2)
        labels = pd.DataFrame({"face": part["face"], "label": part["label"]})
        store = Store(Path(folder), labels, None, pixels, {}, {}, "", "", {})
        rows = judge(first, samples=1000, only="test")["test"]
        own = Judgement([Source(path, part.reset_index(drop=True), {})], rows)
        page = render([own], "test", store)
        timed("report, drawing alone, with pictures (noise, the worst case)", lambda: render([own], "test", store))
        print(f"page: {len(page.encode()) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
