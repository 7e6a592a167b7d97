"""The command of a small table of noisy-labels, for the tests of tables and of their archives."""

from pathlib import Path


def words(place: Path, cache: Path, *more: str, seeds: str = "0,1") -> list[str]:
    small = ["dataset.faces=120", "dataset.size=16", f"dataset.cache={cache}", "trainer=cpu", "trainer.epochs=1"]
    axes = ["method=ce,gce", "labels.rate=0.4", f"seed={seeds}"]
    places = [f"output={place / 'runs'}", f"results={place / 'results'}", "bootstrap=10"]
    return ["table", "study=noisy-labels", *small, *axes, *places, *more]
