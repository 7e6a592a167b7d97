"""A study as a folder of files: for JATOS, Pavlovia, cognition.run, any web space, or to be opened from a disk.

Nobody serves it, so the page itself deals faces, by chance, and knows the known answers: whoever reads the files sees
them.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from fer_exp.collecting import page
from fer_exp.collecting.faces import Faces, prepared
from fer_exp.collecting.platforms import PLATFORMS, goodbye
from fer_exp.collecting.study import Study
from fer_exp.collecting.words import described, said, words
from fer_exp.digests import of_text
from fer_exp.errors import RequestError
from fer_exp.files import to_replace, whole_folder, writable

PERSON = "{participant}"
"""What stands in an address for the person's id, which the page alone knows."""
COGNITION = "cognition.run"
"""The folder with what cognition.run takes, whose own page loads jsPsych."""
WRITTEN = {"index.html", "jatos.html", "page", "pictures", COGNITION}
"""What an export holds."""
CODE = "FerExp.cognition(); // or FerExp.cognition('FOLDER/') where pictures lie in one\n"
"""What is pasted there as the task's code."""


def export(study: Study, faces: Faces, gold: tuple[int, int], folder: Path, *, overwrite: bool = False) -> int:
    """Write a study as files.

    Args:
        study: what is asked.
        faces: of the study.
        gold: how many faces with known answers a person meets: for practice, and among the others.
        folder: to write.
        overwrite: whether an export that lies there is replaced.

    Returns:
        The number of faces.

    Raises:
        RequestError: the study needs a secret that a page cannot keep, something lies there, or no picture can be read.
        RunError: the folder cannot be written.
    """
    if study.platform.name == "microworkers":
        raise RequestError(
            "platform microworkers proves a task with a secret key, which a folder of files cannot keep; serve the "
            "study, or leave the platform out and give code: a code of yours."
        )
    writable(folder.absolute().parent, "export")
    with whole_folder(to_replace(folder, "export", WRITTEN, {"index.html"}, overwrite=overwrite)) as aside:
        shown, files = prepared(faces, aside / "pictures", where=folder, key="export")
        content = given(study, shown, [f"pictures/{file.name}" for file in files], gold)
        _write(aside, study, content)
        _write_cognition(aside / COGNITION, content, files)
    return len(shown)


def given(study: Study, faces: Faces, pictures: list[str], gold: tuple[int, int]) -> dict[str, Any]:
    """All that the page knows of a study; deal.js reads it."""
    ends = {
        state: goodbye(study.platform, state, "", PERSON, {})._asdict() for state in ("done", "screened_out")
    }  # fmt: skip
    rows = zip(faces.tasks, pictures, faces.gold, strict=True)
    content = {
        "languages": {
            language: {"words": words(language), "study": described(study, language, list(study.classes))}
            for language in study.languages
        },
        "faces": [{"id": task, "picture": picture, "gold": answer} for task, picture, answer in rows],
        "rules": {
            "practice": gold[0],
            "gold_faces": gold[1],
            **{
                key: getattr(study, key) for key in ("order", "per_person", "repeats", "attention", "min_gold_accuracy")
            },
            **{key: getattr(study, key) for key in ("enough_gold_answers", "max_missed_attention")},
        },
        "identity": [] if study.hash_ids else list(PLATFORMS[study.platform.name].person),
        "ends": {state: {**end, "code": end["code"] or None} for state, end in ends.items()},
    }
    return {"id": of_text(json.dumps(content, sort_keys=True))[:12], **content}


def _script(content: dict[str, Any]) -> str:
    """The study as a script, because a page from a disk may not read a file of JSON."""
    return f"(window.FerExp = window.FerExp || {{}}).given = {json.dumps(content, ensure_ascii=False)};\n"


def _write(folder: Path, study: Study, content: dict[str, Any]) -> None:
    """The page: index.html for everywhere, jatos.html for JATOS."""
    for name in sorted({*page.ALONE, "style.css", "icon.svg", "vendor/LICENSE", "vendor/VERSIONS"} - {"study.js"}):
        (folder / "page" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(page.FOLDER / name, folder / "page" / name)
    (folder / "page" / "study.js").write_text(_script(content), encoding="utf-8", newline="\n")
    language = study.languages[0]
    title = said(study.title, language, study.languages)
    for name, first in (("index.html", ()), ("jatos.html", ("jatos.js",))):
        text = page.index(words(language), title, page.ALONE, first)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _write_cognition(folder: Path, content: dict[str, Any], files: list[Path]) -> None:
    """Two files beside the pictures, and the code to paste; pictures have no folder there."""
    folder.mkdir()
    flat = [{**face, "picture": file.name} for face, file in zip(content["faces"], files, strict=True)]
    parts = [name for name in page.ALONE if name not in ("vendor/jspsych.js", "study.js", "begin.js")]
    scripts = {name: (page.FOLDER / name).read_text(encoding="utf-8") for name in (*parts, "cognition.js")}
    texts = {**scripts, "deal.js": _script({**content, "faces": flat}) + scripts["deal.js"]}
    (folder / "study.js").write_text("\n".join(texts.values()), encoding="utf-8", newline="\n")
    (folder / "code.js").write_text(CODE, encoding="utf-8", newline="\n")
    shutil.copyfile(page.FOLDER / "style.css", folder / "study.css")
