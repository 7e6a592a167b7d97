"""A module that reads or writes files stands on the list of what the campaign tries; a new one fails here first."""

import ast
import re
from pathlib import Path

import pytest

from tests.faults.readers import READERS
from tests.faults.scenarios import SCENARIOS

PACKAGE = Path(__file__).parents[2] / "fer_exp"
READS = re.compile(
    r"open|read_(csv|parquet|excel|text|bytes|whole)|whole_text|load|loads|load_file|safe_open|memmap|fromfile|loadtxt|"
    r"genfromtxt|ZipFile|TarFile|ParquetFile|ExcelFile|safe_load"
)
WRITES = re.compile(
    r"write_(text|bytes|table|json|small)|to_(csv|parquet|json|excel|html)|save|savez|savefig|dump|symlink_to"
)
OWN = "the program's own files, or what this process has written or looked at just before"
READ_BY = {
    "cli/guide/estimates.py": OWN,
    "cli/guide/looking.py": "answers, csv",
    "cli/help.py": OWN,
    "cli/sweep.py": OWN,
    "collecting/answered.py": "answers to a study",
    "collecting/collected.py": "ledger",
    "collecting/erasing.py": OWN,
    "collecting/opening.py": OWN,
    "collecting/page/__init__.py": OWN,
    "collecting/server.py": OWN,
    "collecting/session.py": OWN,
    "collecting/static.py": OWN,
    "collecting/study.py": "study file",
    "collecting/watching.py": OWN,
    "collecting/words.py": OWN,
    "commit.py": OWN,
    "commands/agreement.py": OWN,
    "commands/crowd.py": OWN,
    "commands/export.py": "network.safetensors",
    "commands/plan.py": OWN,
    "commands/predict.py": "network.safetensors",
    "commands/prepare.py": OWN,
    "commands/table.py": OWN,
    "commands/verify.py": "claims.csv",
    "config/folder.py": OWN,
    "config/keys.py": OWN,
    "datasets/affectnet.py": "AffectNet's numbers",
    "datasets/attach.py": "votes of a corpus",
    "datasets/corpus.py": "FER2013",
    "datasets/ferplus_folders.py": "FER+ lists",
    "datasets/label_files.py": "ExpW's list",
    "datasets/packed.py": "FER2013",
    "datasets/rafdb.py": "RAF-DB's list",
    "datasets/yolo.py": "YOLO's classes",
    "digests.py": "run.json",
    "export/onnx.py": OWN,
    "export/torchscript.py": OWN,
    "export/weights.py": "network.safetensors",
    "excel.py": "answers, xlsx",
    "formats.py": "answers, csv",
    "labels/noise_files.py": "noise of ours",
    "labels/published.py": "noise of others",
    "pictures/decoding.py": "picture, jpg",
    "pictures/depth.py": "picture, tif",
    "pictures/listing.py": "picture, png",
    "pictures/photographs.py": "picture, jpg",
    "records.py": "answers, json",
    "regular.py": "answers, csv",
    "report/page/__init__.py": OWN,
    "report/page/render.py": OWN,
    "report/sweep.py": OWN,
    "runs/__init__.py": "run.json",
    "runs/begun.py": "run.json",
    "runs/claim.py": OWN,
    "runs/naming.py": "weights, torch",
    "runs/slim.py": "predictions.parquet",
    "store/__init__.py": "store.json",
    "store/journal.py": OWN,
    "store/looks.py": "faces.parquet",
    "store/manifest.py": "store.json",
    "store/pixels.py": OWN,
    "store/sheet.py": OWN,
    "studies/archive.py": "archive.json",
    "studies/cafe_soft/crowd.py": "crowd.json",
    "system.py": OWN,
    "together.py": OWN,  # whether two files hold the same
    "training/checkpoints.py": "weights, torch",
    "training/loggers.py": "run.json",
    "training/module.py": OWN,
    "training/network_file.py": "network.safetensors",
    "training/progress.py": OWN,
    "training/resuming.py": "checkpoint",
    "training/trained.py": "checkpoint",
    "verifying/claims.py": "claims.csv",
    "verifying/files.py": OWN,
    "verifying/results.py": "archive.json",
}
"""Module -> the row of ``readers.READERS`` that tries what it reads, or why none has to."""
WRITTEN_BY = {
    "cli/start.py": "table",
    "cli/sweep.py": "table",
    "collecting/faces.py": "agreement",
    "collecting/opening.py": "agreement",
    "collecting/out.py": "agreement",
    "collecting/static.py": "rate, as files",
    "commands/export.py": "export",
    "commands/predict.py": "predict",
    "commands/report.py": "report",
    "datasets/splits.py": "train",
    "export/onnx.py": "export",
    "export/torchscript.py": "export, torchscript",
    "files.py": "train",
    "labels/noise_files.py": "train",
    "labels/published.py": "train",
    "pretraining/saved.py": "pretrain",
    "report/answers_page.py": "predict",
    "report/files.py": "agreement",
    "report/outcome.py": "agreement",
    "report/page/pictures.py": "report",
    "runs/__init__.py": "train",
    "runs/claim.py": "table",
    "runs/slim.py": "table",
    "store/__init__.py": "prepare",
    "store/looks.py": "prepare",
    "store/sheet.py": "prepare",
    "store/write.py": "prepare",
    "studies/archive.py": "table",
    "training/loggers.py": "train",
    "training/network_file.py": "train",
    "training/progress.py": "train",
    "training/resuming.py": "train",
    "training/saving.py": "train",
    "verifying/results.py": "report",
}
"""Module -> the command of ``scenarios.SCENARIOS`` that is killed and refused while it writes so."""


def calling(pattern: re.Pattern[str]) -> set[str]:
    """The modules in which a function of such a name is called."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = getattr(node, "func", None)
            name = getattr(called, "attr", None) or getattr(called, "id", "")
            if isinstance(node, ast.Call) and pattern.fullmatch(name):
                found.add(path.relative_to(PACKAGE).as_posix())
    return found


@pytest.mark.parametrize(("pattern", "listed"), [(READS, READ_BY), (WRITES, WRITTEN_BY)], ids=["readers", "writers"])
def test_every_module_that_touches_files_is_tried(pattern, listed):
    now = calling(pattern)
    assert now - listed.keys() == set(), "add a row: which file of tests/faults tries it?"
    assert listed.keys() - now == set(), "these touch no files any more"


def test_what_the_lists_name_is_there():
    assert set(READ_BY.values()) - {OWN} <= READERS.keys()
    assert set(WRITTEN_BY.values()) <= SCENARIOS.keys()
