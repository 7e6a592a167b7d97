"""The whole circle: simulated people rate drawn faces in a browser, and every command that follows reads their answers.

    python scripts/circle.py FOLDER [--people 12] [--faces 30] [--no-train]

Faces are drawn (``fer_exp.datasets.synthetic``), so the chance of each answer is known for each person. Three people
are careless: one does not look, two hardly do. Half of the people answer by keyboard, half by mouse or touch; a quarter
of them on a screen as small as a telephone's. Gold faces end the visit of who does not look. Then crowd, crowd plan,
train and report run on what was collected, and estimated skill stands beside the true one. FOLDER gets pictures,
answers, the folders of all commands, and screenshots. It needs playwright, and Debian's chromium or that of $CHROMIUM.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image
from scipy.stats import spearmanr

from fer_exp.datasets.synthetic import raters as simulated
from fer_exp.datasets.synthetic.corpus import Synthetic
from fer_exp.datasets.synthetic.expressions import affect, visible
from fer_exp.names import CLASSES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

SEVEN = CLASSES[:7]
SKILL = (0.0, 0.28, 0.35, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.6, 2.0)
"""Factor on how sharply a person sees; of the first three, who are careless, the first does not look."""
SHOWN = "SELECT trials.token, task FROM trials JOIN faces USING (face) JOIN persons USING (person) WHERE worker = ?"
DESK: ViewportSize = {"width": 1200, "height": 850}
PHONE: ViewportSize = {"width": 390, "height": 844}
BROWSER = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
WORDS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
STUDY = """# what scripts/circle.py asks
title: Drawn faces
contact: Somebody, somebody@example.org
languages: [en]
classes: [neutral, happiness, sadness, surprise, fear, disgust, anger]
other: true
affect: manikins
order: shuffled
per_face: {people}
per_person: {faces}
practice: {practice}
gold: gold.csv
gold_faces: {gold}
min_gold_accuracy: 0.5
enough_gold_answers: {enough}
repeats: {repeats}
attention: 1
break_every: 20
"""
SEEN = """() => {
  const text = (within, each) => within.querySelector(each)?.textContent || "";
  const image = document.querySelector(".trial[data-question] .face img");
  if (image) {
    const trial = image.closest(".trial");
    const keys = [...trial.querySelectorAll(".choice")].map((each) => [each.dataset.value, text(each, "kbd")]);
    const token = image.getAttribute("src").split("/").pop().split("?")[0];
    return { question: trial.dataset.question, trial: token, ask: text(trial, "#ask"), keys: Object.fromEntries(keys) };
  }
  const screen = document.querySelector(".screen");
  if (!screen || text(screen, "h1").endsWith("…")) return null; // answers are being saved
  const buttons = [...screen.querySelectorAll("button")].map((each) => each.dataset.name).filter(Boolean);
  return { heading: text(screen, "h1"), code: text(screen, "#code"), buttons };
}"""
"""What stands on the page: a question about a face, or a screen with buttons."""


class Faces(NamedTuple):
    """Names of T drawn faces, their corpus, their places in it; those after ``dealt`` have a known answer, ``gold``."""

    tasks: list[str]
    corpus: Synthetic
    places: list[int]
    dealt: int
    gold: list[str]


class People(NamedTuple):
    """P people: ids, chances of their answers (P, T, K), and the valence and arousal they feel (P, T, 2)."""

    names: list[str]
    chances: np.ndarray
    felt: np.ndarray


def draw(folder: Path, faces: int, gold: int, seed: int = 3) -> Faces:
    """Draw the faces into ``folder/pictures``, and write gold.csv of those whose class nearly everybody sees."""
    corpus = Synthetic(faces=max(48, round(2.4 * (faces + gold))), classes=SEVEN, seed=seed)
    table, truth = corpus.read().table, corpus.truth()
    clear = [n for n in np.argsort(-truth[list(SEVEN)].max(axis=1).to_numpy(), kind="stable").tolist()
             if truth.loc[n, table.loc[n, "label"]] == truth.loc[n, list(SEVEN)].max()][:gold]  # fmt: skip
    places = [n for n in range(corpus.faces) if n not in clear][:faces] + clear
    tasks = [f"{table.loc[n, 'face']}.png" for n in places]
    (folder / "pictures").mkdir(parents=True)
    for task, place in zip(tasks, places, strict=True):
        Image.fromarray(corpus.picture(place, 160)).save(folder / "pictures" / task)
    known = pd.DataFrame({"task": tasks[faces:], "label": table.loc[clear, "label"].tolist()})
    known.to_csv(folder / "gold.csv", index=False)
    return Faces(tasks, corpus, places, faces, known["label"].tolist())


def invite(faces: Faces, skill: tuple[float, ...] = SKILL, seed: int = 5) -> People:
    """People of known skill, who see as the simulated raters of the corpus do."""
    rng, number = np.random.default_rng(seed), len(skill)
    bias = rng.normal(0, 0.04, (number, len(SEVEN)))
    pool = simulated.Raters(np.array(skill), bias, np.ones(number), np.zeros((number, 2)))
    sittings = [faces.corpus._sittings[n] for n in faces.places]
    active = np.stack([sitting.expression.activation for sitting in sittings])
    clear = np.array([sitting.view.clarity for sitting in sittings])
    seen = np.stack([visible(sitting.view.cover, SEVEN) for sitting in sittings])
    chances = simulated.answers(pool, active, seen, clear, SEVEN)
    felt = affect(active, SEVEN)[None] + rng.normal(0, 0.18, (number, len(sittings), 2))
    felt[pool.skill == 0] = rng.uniform(-1, 1, (int((pool.skill == 0).sum()), len(sittings), 2))
    return People([f"person-{n:02d}" for n in range(number)], chances, felt)


def true_skill(people: People, faces: Faces) -> np.ndarray:
    """The chance that each person names the class that the face was posed in, mean over faces that are dealt, (P,)."""
    posed = faces.corpus.read().table.loc[faces.places, "label"].map(SEVEN.index).to_numpy()
    return np.asarray(people.chances[:, np.arange(len(posed)), posed][:, : faces.dealt].mean(axis=1))


class Visit:
    """One person's way through the page, by keyboard, mouse or touch.

    Args:
        page: of the browser.
        people: who they are; ``number`` of them is it.
        faces: that are shown.
        ledger: which face each trial shows, as only the server knows.
        by: keys, mouse or touch.
    """

    def __init__(self, page: Page, people: People, number: int, faces: Faces, ledger: Path, by: str) -> None:
        self.page, self.by, self.ledger, self.name = page, by, ledger, people.names[number]
        self.chances, self.felt, self.tasks = people.chances[number], people.felt[number], faces.tasks
        self.rng = np.random.default_rng([17, number])
        self.shots: dict[str, Path] = {}
        self.faces: dict[str, int] = {}

    def go(self, address: str) -> str:
        """From the first page to the last; gives the last one's heading."""
        self.page.goto(f"{address}?participant={self.name}")
        before: Any = None
        while True:
            now = self._next(before)
            if "question" in now:
                self._look(now)
                self._answer(now)
            elif not now["buttons"]:
                self._shoot("end")
                return str(now["heading"])
            else:
                self._shoot("start")
                self._press("Enter" if self.by == "keys" and now["buttons"] == ["go_on"] else None, "button.main")
            before = now

    def _next(self, before: Any) -> Any:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            now = self.page.evaluate(SEEN)
            if now and now != before:
                return now
            self.page.wait_for_timeout(5)
        raise RuntimeError(f"{self.name}: the page stands still at {before}")

    def _answer(self, now: dict[str, Any]) -> None:
        place = self._face(now["trial"])
        if now["question"] == "label":
            wanted = re.search(r"choose “(.+?)”", now["ask"])
            said = wanted[1].lower() if wanted else str(self.rng.choice(SEVEN, p=self.chances[place]))
            said = {"other / cannot tell": "unknown"}.get(said, said)
            self._press(now["keys"][said], f'.choice[data-value="{said}"]')
        else:
            side = ("valence", "arousal").index(now["question"])
            point = int(np.clip(round(5 + 4 * self.felt[place, side]), 1, 9))
            self._press(str(point), f'.point[data-value="{point}"]')

    def _face(self, trial: str) -> int:
        if trial not in self.faces:
            with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as ledger:
                rows = ledger.execute(
                    SHOWN,
                    (self.name,),
                )
                self.faces = {token: self.tasks.index(task) for token, task in rows}
        return self.faces[trial]

    def _press(self, key: str | None, selector: str) -> None:
        if self.by == "keys" and key:
            self.page.keyboard.press(key)
        elif self.by == "touch":
            self.page.wait_for_timeout(320)  # a faster one would be taken for the second of a double tap
            self.page.locator(selector).first.tap()
        else:
            self.page.locator(selector).first.click()

    def _look(self, now: dict[str, Any]) -> None:
        self._shoot({"label": "task", "valence": "manikins"}.get(now["question"], ""))

    def _shoot(self, what: str) -> None:
        if path := self.shots.pop(what, None):
            self.page.screenshot(path=path)


def take_part(
    browser: Browser, people: People, faces: Faces, address: str, ledger: Path, shots: Path | None
) -> list[str]:
    """All people, one after the other, each with a browser of their own; the heading of the last page of each."""
    ends = []
    for number, name in enumerate(people.names):
        phone, by = number % 4 == 2, ("keys", "mouse")[number % 2]
        context = browser.new_context(viewport=PHONE if phone else DESK, has_touch=phone, is_mobile=phone)
        visit = Visit(context.new_page(), people, number, faces, ledger, "touch" if phone else by)
        visit.page.on("pageerror", lambda error: print(f"error on the page: {error}", file=sys.stderr))
        if shots is not None:
            wanted = {0: {"start": "start", "end": "early"}, 2: {"task": "phone", "manikins": "phone-manikins"},
                      3: {"task": "task", "manikins": "manikins", "end": "end"}}.get(number, {})  # fmt: skip
            visit.shots = {what: shots / f"{file}.png" for what, file in wanted.items()}
        ends.append(visit.go(address))
        context.close()
        print(f"{name}, {'telephone' if phone else 'desk'}, {visit.by}: {ends[-1]}", flush=True)
    return ends


def command(folder: Path, *words: str) -> str:
    """A command of fer-exp in a folder; what it printed."""
    print(f"$ fer-exp {' '.join(words)}", flush=True)
    typed = [sys.executable, "-m", "fer_exp", *words]
    done = subprocess.run(typed, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"fer-exp {words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    print(done.stdout.partition("\n")[0], flush=True)
    return done.stdout


def serve(folder: Path) -> tuple[subprocess.Popen[str], str, str]:
    """Begin the study; the server, the address of the study and that of the experimenter's page."""
    words = ["rate", "pictures", "study=study.yaml", "port=0", "output=study"]
    server = subprocess.Popen([sys.executable, "-m", "fer_exp", *words], cwd=folder, stderr=subprocess.PIPE, text=True)
    study = watch = ""
    for line in server.stderr or ():
        print(line, end="", flush=True)
        for address in re.findall(r"http://\S+?/(?=[\s,]|$)", line):
            study, watch = (study, address) if "/watch/" in address else (address, watch)
        if study and watch:
            return server, study, watch
    raise SystemExit("the server has not begun")


def beside(folder: Path, people: People, faces: Faces) -> str:
    """Estimated skill of ``fer-exp crowd`` beside the true one, and their rank correlation with its 95 % interval."""
    found = pd.read_csv(folder / "crowd" / "workers.csv").set_index("worker")
    persons = pd.read_csv(folder / "study" / "persons.csv").set_index("worker")
    table = pd.DataFrame({"true": true_skill(people, faces)}, index=people.names)
    table["estimated"] = found["accuracy"].reindex(table.index)
    table["95 %"] = [f"{row.accuracy_low:.2f}–{row.accuracy_high:.2f}" if name in found.index else "" for name, row in
                     found.reindex(table.index).iterrows()]  # fmt: skip
    table["gold"] = [f"{persons.loc[name, 'gold_right']} of {persons.loc[name, 'gold']}" for name in table.index]
    table["state"] = persons["state"].reindex(table.index)
    both = table.dropna(subset="estimated")
    rank = float(spearmanr(both["true"], both["estimated"])[0])
    half = 1.96 * np.sqrt((1 + rank**2 / 2) / max(len(both) - 3, 1))  # Bonett and Wright 2000
    low, high = np.tanh(np.arctanh(min(rank, 0.999999)) + np.array([-half, half]))
    words = f"rank correlation of estimated and true skill {rank:.2f} [{low:.2f}, {high:.2f}], {len(both)} people"
    return f"{table.round(3).to_string()}\n{words}"


def main() -> None:
    """Draw, ask, and run what follows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=12)
    parser.add_argument("--faces", type=int, default=30)
    parser.add_argument("--no-train", action="store_true")
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    folder, began = asked.folder.absolute(), time.monotonic()
    faces = draw(folder, asked.faces, gold=10)
    people = invite(faces, SKILL[: asked.people])
    (folder / "study.yaml").write_text(
        STUDY.format(people=asked.people, faces=asked.faces, practice=2, gold=8, enough=5, repeats=4), encoding="utf-8"
    )
    (shots := folder / "screenshots").mkdir()
    server, study, watch = serve(folder)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=BROWSER, args=list(WORDS))
            ends = take_part(browser, people, faces, study, folder / "study" / "ledger.sqlite", shots)
            for name, size in (("experimenter", DESK), ("experimenter-phone", PHONE)):
                page = browser.new_page(viewport=size)
                page.goto(watch)
                page.wait_for_selector("#workers", timeout=120_000)
                page.screenshot(path=shots / f"{name}.png", full_page=True)
            browser.close()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
    print(f"{len(ends)} people in {time.monotonic() - began:.0f} s; answers: {folder / 'study' / 'answers.csv'}")
    command(folder, "crowd", "ratings=study/repeats.csv", "duplicates=first", "gold=gold.csv", "output=crowd")
    command(folder, "crowd", "plan", "ratings=study/answers.csv", "l1=0.3", "output=plan")
    command(folder, "agreement", "ratings=study/answers.csv", "output=agreement")
    print(beside(folder, people, faces))
    if not asked.no_train:
        data = ["dataset=folder", "dataset.root=pictures", "dataset.ratings=study/answers.csv", "dataset.size=48"]
        tiny = ["labels=soft", "trainer.epochs=2", "trainer.batch_size=8", "trainer=cpu"]
        told = command(folder, "train", *data, *tiny)
        command(folder, "report", told.strip().splitlines()[-1], "output=report")
    print(f"the circle is closed: {folder}, {time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main()
