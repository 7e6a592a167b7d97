"""The report: one file, and a real browser that sorts and filters it."""

import html.parser
import json
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fer_exp.cli import main
from fer_exp.commands.report import report
from fer_exp.config import LabelsConfig, ReportConfig, TrainConfig, plain
from fer_exp.datasets import CORPORA
from fer_exp.errors import RequestError
from fer_exp.judging.judge import judge
from fer_exp.judging.predictions import check_predictions
from fer_exp.judging.sources import Source
from fer_exp.report.page.config import Judgement
from fer_exp.report.page.pictures import may_show, sprite
from fer_exp.report.page.render import render
from fer_exp.runs import Run
from fer_exp.store import Store
from tests.judging.tables import CLASSES, predictions_table

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
VOID = {"meta", "link", "br", "img", "input", "hr", "path", "use", "rect", "image", "circle"}

# What the page is put through in the browser, at the widths of a desk and of a phone; the answers end up in the title.
DRIVER = """
<script>
window.problems = [];
window.addEventListener("error", (event) => problems.push(String(event.message)));
for (const kind of ["error", "warn"]) console[kind] = (...words) => problems.push(words.join(" "));
</script>
"""
CHECKS = """
<script>
const told = { problems };
try {
  const $ = (id) => document.getElementById(id);
  const cards = () => [...document.querySelectorAll("#cards .card")];
  const texts = () => cards().map((card) => card.textContent);
  const set = (id, value) => { $(id).value = value; $(id).dispatchEvent(new Event("change")); };
  told.far = cards().map((card) => Number(card.dataset.l1));
  set("sort", "close");
  told.close = cards().map((card) => Number(card.dataset.l1));
  told.closest = cards()[0].dataset.face;
  $("more").click();
  told.more = cards().length;
  told.focus = document.activeElement.dataset.face === cards()[told.close.length].dataset.face;
  set("people", "2");
  told.filtered = texts();
  told.status = $("status").textContent;
  set("people", ""); set("answer", "same"); told.same = $("status").textContent;
  set("answer", "other"); told.other = $("status").textContent;
  set("answer", "1"); told.answered = texts();
  const used = [...document.querySelectorAll("select, button")];
  told.named = used.every((each) => each.labels?.length || each.textContent);
  told.pictures = document.querySelectorAll("[role=img][aria-label]").length;
  const face = document.querySelector(".face");
  told.sheet = face && getComputedStyle(face).backgroundImage.slice(0, 9);

  const table = [...document.querySelectorAll("table.confusion")].find((each) => each.dataset.config === "1");
  const cells = [...table.querySelectorAll("button.cell")];
  told.stops = cells.filter((cell) => cell.tabIndex === 0).length;
  cells[0].focus();
  const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  press("ArrowDown"); press("ArrowUp");
  told.arrows = document.activeElement === cells[0];
  document.activeElement.click();
  told.cell = $("status").textContent;
  told.chosen = ["people", "answer", "config"].map((id) => $(id).value);
  while (!$("more").hidden) $("more").click();
  told.inCell = cards().length;
  told.heard = document.activeElement.tagName;
  $("back").click();
  told.back = document.activeElement === cells[0] && $("back").hidden;

  const root = document.documentElement;
  told.wide = root.scrollWidth - root.clientWidth;
  const scrolls = [...document.querySelectorAll(".scroll")].filter((each) => each.scrollWidth > each.clientWidth);
  told.sideways = scrolls.length;
  told.signs = scrolls.every((each) => getComputedStyle(each).backgroundImage.split("gradient(").length === 5);
} catch (error) { told.problems.push(String(error)); }
parent.postMessage({ width: innerWidth, told }, "*");
</script>
"""
FRAMES = """<body><script>
const answers = {};
addEventListener("message", (event) => {
  answers[event.data.width] = event.data.told;
  document.title = JSON.stringify(answers);
});
</script>
"""


@cache
def made(faces=90, pictures=True, runs=1):
    table = check_predictions(predictions_table(faces))
    part = table[table["split"] == "test"].reset_index(drop=True)
    rows = judge(table, samples=50, only="test")["test"]
    pixels = np.random.default_rng(0).integers(0, 256, (faces, 24, 24, 1), dtype=np.uint8)
    labels = pd.DataFrame({"face": part["face"], "label": part["label"]})
    store = Store(Path(), labels, None, pixels, {}, {}, "", "", {}) if pictures else None
    names = [Path(f"/runs/a <run> & {i}.csv") for i in range(runs)]
    return part, render([Judgement([Source(name, part, {})], rows) for name in names], "test", store, pictures=pictures)


@cache
def dumped():
    """The answers of a page of two configs after ``CHECKS`` in headless Chromium, by width."""
    page = made(runs=2)[1]
    driven = page.replace("<body>", "<body>" + DRIVER).replace("</body>", CHECKS + "</body>")
    frame = f'srcdoc="{html.escape(driven)}" height="900" style="border: 0"'
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(FRAMES + "".join(f'<iframe width="{width}" {frame}></iframe>' for width in (1280, 390)))
        flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        flags += f" --disable-component-update --disable-sync --window-size=1700,900 --user-data-dir={folder}/profile"
        command = [str(BROWSER), *flags.split(), "--dump-dom", f"file://{path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.S)
    return json.loads(html.unescape(title[1]))


@pytest.mark.drawn
@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on the path to open the page in")
@pytest.mark.parametrize("width", ["1280", "390"])
def test_a_browser_sorts_and_filters_the_faces_without_an_error(width):
    part = made()[0]
    told = dumped()[width]
    assert told["problems"] == []
    votes = part[[f"votes_{name}" for name in CLASSES]].to_numpy(float)
    p = part[[f"p_{name}" for name in CLASSES]].to_numpy()
    distance = np.abs(votes / votes.sum(axis=1, keepdims=True) - p).sum(axis=1)
    assert told["far"] == pytest.approx(sorted(distance, reverse=True)[:24], abs=0.01)
    assert told["close"] == pytest.approx(sorted(distance)[:24], abs=0.01)
    assert told["closest"] == part["face"][distance.argmin()]
    assert told["more"] == 48
    assert told["focus"]
    majority = votes == votes.max(axis=1, keepdims=True)
    assert told["filtered"]
    assert len(told["filtered"]) == min(24, majority[:, 2].sum())
    assert f"of {majority[:, 2].sum()} faces" in told["status"]
    right = majority[np.arange(90), p.argmax(axis=1)].sum()
    assert f"of {right} faces" in told["same"]
    assert f"of {90 - right} faces" in told["other"]
    assert all(f"model: {CLASSES[1]}" in text for text in told["answered"])
    assert told["named"]
    assert told["pictures"] > 24
    assert told["sheet"] == 'url("blob'  # a longer one is cut, and no face is seen

    first = majority[:, 0] & (p.argmax(axis=1) == 0)  # a cell that the second config's table begins with
    assert told["stops"] == 1
    assert told["arrows"]
    assert told["chosen"] == ["0", "0", "1"]
    assert f"People's majority: {CLASSES[0]}, the model's answer: {CLASSES[0]} (B" in told["cell"]
    assert told["inCell"] == first.sum()
    assert told["heard"] in ("H2", "LI")
    assert told["back"]

    assert told["wide"] <= 0  # nothing sticks out sideways, on a phone either
    assert (told["sideways"] > 0) == (width == "390")
    assert told["signs"]  # and what is scrolled sideways has a shadow where there is more


class Outline(html.parser.HTMLParser):
    """Tags that are opened and closed, ids, and what points out of the page."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.out, self.headings = [], [], [], []

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in named and not self.open.count("svg"):
            self.ids.append(named["id"])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        for key in ("src", "href", "xlink:href"):
            value = named.get(key) or ""
            if value and not value.startswith(("#", "data:")):
                self.out.append(value)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.mark.drawn
@pytest.mark.parametrize("runs", [1, 2])
def test_the_page_is_one_whole_file_that_asks_nothing_of_a_network(runs):
    _, page = made(runs=runs)
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    assert outline.out == []
    assert len(set(outline.ids)) == len(outline.ids)
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert "default-src 'none'" in page
    assert "a &lt;run&gt; &amp; 0" in page
    assert "<run>" not in page
    assert len(page.encode()) < 5e6


def test_pictures_can_be_left_out():
    assert 'id="sheet"' not in made(pictures=False)[1]


@pytest.mark.parametrize("corpus", [*CORPORA, "another"])
def test_pictures_stand_in_a_page_only_where_their_corpus_lets_them_be_passed_on_or_they_are_asked_for(corpus):
    store = Store(Path(), pd.DataFrame(), None, np.zeros((1, 2, 2, 1), np.uint8), {}, {}, "", "", {"corpus": corpus})
    free = corpus in ("synthetic", "folder")
    shown, why = may_show(store, True, None)
    assert shown is free
    assert free or ("pictures=true" in why and ("(" in why or corpus == "another"))  # with where its terms stand
    assert ("pictures of your own" in why) == (corpus == "folder")
    shown, why = may_show(store, True, True)
    assert shown
    assert free or "Keep it to yourself" in why
    assert not may_show(store, True, False)[0]
    assert "not on this machine" in may_show(None, True, None)[1]
    assert "a file of predictions" in may_show(None, False, None)[1]


def test_a_sprite_holds_every_face_where_it_is_looked_for():
    import base64
    import io

    from PIL import Image

    pixels = np.zeros((70, 24, 24, 3), dtype=np.uint8)
    pixels[65] = 255
    data = sprite(pixels, np.arange(70))
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data.split(",")[1]))).convert("L"))
    assert sheet.shape == (96, 60 * 48)
    assert sheet[60:90, 5 * 48 + 5 : 6 * 48 - 5].min() > 240
    assert sheet[:40].max() < 20


def test_a_store_that_is_gone_is_none(tmp_path):
    assert Run(tmp_path).store is None
    config = {"dataset": {"name": "synthetic", "size": 48, "cache": str(tmp_path)}}
    (tmp_path / "run.json").write_text(json.dumps({"config": config, "data_hash": "0" * 32}))
    assert Run(tmp_path).store is None


@pytest.mark.drawn
def test_the_command_writes_the_page_of_a_file_and_of_several(tmp_path, capsys):
    for name in ("one", "two"):
        predictions_table(30).to_parquet(tmp_path / f"{name}.parquet")
    report(ReportConfig(run=str(tmp_path / "one.parquet"), bootstrap=20))
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "one.report.html")
    both = [str(tmp_path / f"{name}.parquet") for name in ("one", "two")]
    report(ReportConfig(runs=both, bootstrap=20, output=str(tmp_path / "all.html")))
    assert "A minus B" in (tmp_path / "all.html").read_text()
    with pytest.raises(RequestError, match=r"run=FOLDER or runs="):
        report(ReportConfig())


def trained(folder, kind, seed):
    """A run folder as one who is called alice left it, on a machine where paths say so."""
    config = plain(TrainConfig(seed=seed, labels=LabelsConfig(kind=kind)))
    config["dataset"] |= {"name": "rafdb", "root": "/home/alice/faces", "votes": "/home/alice/votes.csv"}
    config["backbone"]["weights"] = "C:\\Users\\alice\\face.pt"
    config["output"] = "/home/alice/runs"
    command = "/home/alice/env/bin/fer-exp train dataset.root=/home/alice/faces dataset.votes=/home/alice/votes.csv"
    facts = {"config": config, "command": [*command.split(), "~/alice's own"], "seeds": {"seed": seed}}
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(facts | {"device": "cpu", "versions": {"python": "3.12"}}))
    table = predictions_table(30, seed=0).assign(face=lambda rows: "/home/alice/faces/" + rows["face"] + ".png")
    other = predictions_table(30, seed=seed + (kind == "soft") + 1)
    table.assign(**{name: other[name] for name in other if name.startswith("p_")}).to_parquet(
        folder / "predictions.parquet"
    )


def test_seeds_are_one_config_with_one_letter_and_nobody_s_machine_is_told_of(tmp_path, capsys):
    for kind in ("onehot", "soft"):
        for seed in (0, 1):
            trained(tmp_path / f"{kind}{seed}", kind, seed)
    runs = [str(tmp_path / name) for name in ("onehot0", "onehot1", "soft0", "soft1")]
    assert main(["report", *runs, "bootstrap=40"]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "2 configs, 4 runs" in page
    assert re.findall(r'<h2 id="config-.-title">([^<]*)', page) == ["A: labels=onehot", "B: labels=soft"]
    assert page.count(", 2 seeds.") == 2
    assert len(re.findall(r"<td><strong>", page.partition('id="config-A"')[2].partition("</section>")[0])) > 10
    told = json.loads(re.search(r'id="gallery-data">(.*?)</script>', page)[1])
    assert told["configs"] == ["A labels=onehot", "B labels=soft"]
    assert [len(answers) for answers in told["answers"]] == [2, 2]
    assert told["faces"][0] == "face-000.png"
    assert "alice" not in page
    assert str(tmp_path) not in page
    for key, *values in (("labels.kind", "onehot", "soft"), ("dataset.votes", "votes.csv", "votes.csv")):
        cells = "".join(f'<td class="words">{value}</td>' for value in values)
        assert f'<tr><th scope="row">{key}</th>{cells}<td' in page
    assert "the prepared faces of the runs are not on this machine" in capsys.readouterr().out
