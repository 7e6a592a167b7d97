"""`fer-exp rate`: people answer on a web page what faces express, and their answers are kept."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path

from fer_exp.collecting.faces import Faces, enough_gold, prepared, read_faces
from fer_exp.collecting.opening import LEDGER, begun, experimenter_token, held
from fer_exp.collecting.session import Sessions
from fer_exp.collecting.study import Study, presets, read_study
from fer_exp.commands.following import line
from fer_exp.commands.rated import RUNS, kept, written
from fer_exp.config import RateConfig
from fer_exp.errors import RequestError
from fer_exp.files import file_names
from fer_exp.progress import progress
from fer_exp.report.outcome import Outcome, finish


def rate(config: RateConfig) -> Path | None:
    """Serve a study until it is stopped; what was answered lies in its folder from the first answer on.

    With ``answers`` or ``erase`` nothing is served: the tables are written, or a person is taken out (``rated.kept``).

    Args:
        config: see conf/rate.yaml.

    Returns:
        The folder.

    Raises:
        RequestError: no pictures, no study, a mistake in its file, a port that is taken, a folder of another study.
        RunError: the folder cannot be written.
    """
    if config.answers or config.erase or config.worker is not None:
        return kept(config)
    study, faces = read(config)
    gold = enough_gold(study, faces, preset=config.study in presets())
    if config.export is not None:
        return as_files(study, faces, gold, Path(config.export), overwrite=config.overwrite)
    folder = place(config, faces)
    from fer_exp.collecting.experimenter import Watch
    from fer_exp.collecting.server import application, listening, serving  # which nobody waits for before

    with listening(config.host, config.port) as taken, held(folder) as ledger:
        token = experimenter_token(folder)
        shown, files = prepared(faces, folder / "pictures")
        sessions = Sessions(study, begun(ledger, study, shown, files, gold, changed=config.changed), ledger)
        host, port = taken.getsockname()[:2]
        for line in _welcome(study, shown, folder):
            progress(line)
        progress(f"http://{host}:{port}/ is the study, until Ctrl-C; the same command goes on with it")
        watch = Watch(ledger.file, token, config.l1)
        progress(f"http://{host}:{port}/watch/{watch.token}/ is for you alone: who answered what so far")
        try:
            asyncio.run(serving(application(sessions, watch.routes())).serve(sockets=[taken]))
        except KeyboardInterrupt:  # the way in which it ends
            progress("stopped")
        finally:
            sessions.close()
    return finish(written(folder / LEDGER), folder)


def next_step(config: RateConfig, place: Path) -> str:
    """What people do with what this left, as commands ready to be copied."""
    if config.export:
        return f"read {shlex.quote(str(place / 'README.md'))}, which says where the folder goes"
    ratings = f"ratings={place / 'answers.csv'}"
    gold = [f"gold={place / 'gold.csv'}"] if (place / "gold.csv").is_file() else []
    return f"{line('agreement', ratings)} (do people agree), {line('crowd', ratings, *gold)} (whom to trust)"


def read(config: RateConfig) -> tuple[Study, Faces]:
    """What is asked, and about which faces.

    Raises:
        RequestError: no pictures, no study, or what reading finds.
    """
    if not config.pictures:
        raise RequestError("rate needs pictures: fer-exp rate photos/ study=cafe, say.")
    if config.study is None:
        raise RequestError(
            f"rate needs study=, what is asked: {', '.join(presets())}, or a file of yours made from one of these "
            "(conf/rate/)."
        )
    changes = {
        "per_face": config.per_face, "per_person": config.per_person, "hash_ids": config.hash_ids, "gold": config.gold
    }  # fmt: skip
    study = read_study(config.study, changes)
    return study, read_faces(config.pictures, study, config.root, preset=config.study in presets())


def as_files(study: Study, faces: Faces, gold: tuple[int, int], folder: Path, *, overwrite: bool) -> Path | None:
    """Write the study as a folder of files, which needs no server.

    Raises:
        RequestError: what ``static.export`` finds.
    """
    from fer_exp.collecting.static import export

    number = export(study, faces, gold, folder, overwrite=overwrite)
    said = [
        f"{number:,} faces; {folder / 'index.html'} opens from a disk or any web space, jatos.html is for JATOS, "
        "cognition.run/ for cognition.run (docs/rate.md)"
    ]
    known = ["whoever reads the files finds the known answers in them"] if sum(gold) else []
    return finish(Outcome("rate", {"faces": number}, list(said), known, left=[folder / "index.html"]))


def place(config: RateConfig, faces: Faces) -> Path:
    """The folder of a study."""
    if config.output is not None:
        return Path(config.output)
    return RUNS / file_names([f"rate-{Path(str(config.study)).stem}-{faces.name}"])[0]


def _welcome(study: Study, faces: Faces, folder: Path) -> list[str]:
    """What the study comes to, before it begins."""
    answers = study.per_face * len(faces)
    people = -(-answers // min(study.per_person, len(faces)))
    return [
        f"{len(faces):,} faces, {study.per_face:,} answers each: {answers:,} answers, of about {people:,} people with "
        f"{min(study.per_person, len(faces)):,} faces each",
        f"answers are kept in {folder}",
    ]
