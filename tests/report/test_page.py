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

from fer_exp.commands.report import report
from fer_exp.config import ReportConfig
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

# What the page is put through in the browser; the answers end up in its title.
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
  const set = (id, value) => { $(id).value = value; $(id).dispatchEvent(new Event("change")); };
  told.far = cards().map((card) => Number(card.dataset.l1));
  set("sort", "close");
  told.close = cards().map((card) => Number(card.dataset.l1));
  told.closest = cards()[0].dataset.face;
  $("more").click();
  told.more = cards().length;
  told.focus = document.activeElement.dataset.face === cards()[told.close.length].dataset.face;
  set("people", "2");
  told.filtered = cards().map((card) => card.textContent);
  told.status = $("status").textContent;
  set("people", ""); set("answer", "same"); told.same = $("status").textContent;
  set("answer", "other"); told.other = $("status").textContent;
  set("answer", "1"); told.answered = cards().map((card) => card.textContent);
  const used = [...document.querySelectorAll("select, button")];
  told.named = used.every((each) => each.labels?.length || each.textContent);
  told.pictures = document.querySelectorAll("[role=img][aria-label]").length;
  told.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
} catch (error) { told.problems.push(String(error)); }
document.title = JSON.stringify(told);
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


def dumped(page, width=1280):
    """The page's answers after ``CHECKS`` in headless Chromium."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        driven = page.replace("<body>", "<body>" + DRIVER).replace("</body>", CHECKS + "</body>")
        path.write_text(driven, encoding="utf-8")
        flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        flags += (
            f" --disable-component-update --disable-sync --window-size={width},900 --user-data-dir={folder}/profile"
        )
        command = [str(BROWSER), *flags.split(), "--dump-dom", f"file://{path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.S)
    return json.loads(html.unescape(title[1]))


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium on the path to open the page in")
@pytest.mark.parametrize("width", [1280, 500])
def test_a_browser_sorts_and_filters_the_faces_without_an_error(width):
    part, page = made()
    told = dumped(page, width)
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
    assert told["wide"] <= 0  # nothing sticks out sideways, on a phone either


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
    assert "predictions alone" in may_show(None, False, None)[1]


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
