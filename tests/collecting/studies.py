"""Small studies for tests: a study file as text, faces that need no pictures, people who answer."""

import contextlib
from collections import Counter
from pathlib import Path

from fer_exp.collecting.faces import Faces, enough_gold
from fer_exp.collecting.opening import begun, held
from fer_exp.collecting.session import Sessions
from fer_exp.collecting.study import read_study

CLASSES = ("happiness", "sadness", "fear")


class Clock:
    """A clock that a test turns."""

    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self):
        return self.now


def study_of(folder: Path, text: str = "", **keys):
    """A study of a file with three classes; ``keys`` stand in it."""
    lines = {"classes": f"[{', '.join(CLASSES)}]", **keys}
    file = folder / "study.yaml"
    file.write_text("".join(f"{key}: {value}\n" for key, value in lines.items()) + text, encoding="utf-8")
    return read_study(str(file))


def faces_of(number: int, gold: int = 0, start: int = 0) -> Faces:
    """Faces a0, a1, ...; the first ``gold`` have known answers, the classes in turn."""
    tasks = tuple(f"a{n}" for n in range(start, start + number))
    known = tuple(CLASSES[n % 3] if n < gold else None for n in range(number))
    groups = {"label": tuple(CLASSES[n % 3] for n in range(number))}
    return Faces(tasks, tasks, (None,) * number, groups, known, "faces")


@contextlib.contextmanager
def sessions_of(folder: Path, faces: Faces | None = None, changed: bool = False, text: str = "", **keys):
    """Sessions over a ledger in ``folder / 'out'``, with a clock."""
    study = study_of(folder, text, **keys)
    faces = faces_of(12) if faces is None else faces
    with held(folder / "out") as ledger:
        files = [Path(file) for file in faces.files]
        opened = begun(ledger, study, faces, files, enough_gold(study, faces), changed=changed)
        sessions = Sessions(study, opened, ledger, Clock())
        try:
            yield sessions
        finally:
            sessions.close()


def start(sessions, person=None, **asked):
    return sessions.start({"participant": person, **asked}).result(5)


def answer(sessions, told, trial, label="fear", **more):
    body = {"session": told["session"], "trial": trial["trial"], "label": label, "seconds": 1.5, **more}
    return sessions.answer(body).result(5)


def truth(sessions, trial):
    """The known answer of a trial's face, fear where there is none."""
    return sessions.opened.gold[face_of(sessions, trial)] or "fear"


def face_of(sessions, trial):
    return int(sessions.opened.pictures.index(sessions.picture(trial["picture"].removeprefix("picture/"))))


def right(sessions, trial):
    return trial.get("wanted") or truth(sessions, trial)


def goes_through(sessions, person=None, choose=right, **asked):
    """One person from start to finish; what was told at the start, and at the end."""
    told = start(sessions, person, **asked)
    state = told["state"]
    for trial in told["trials"]:
        if state == "on":
            state = answer(sessions, told, trial, choose(sessions, trial))["state"]
    return told, sessions.finish({"session": told["session"], "raw": [{"rt": 1}]}).result(5)


def rows(sessions, query, *given):
    return sessions.ledger.do(lambda connection: [tuple(row) for row in connection.execute(query, given)]).result(5)


def answers_a_face(sessions):
    """How many people who were not screened out answered each face, by its task."""
    found = rows(
        sessions,
        "SELECT task, count(*) FROM answers JOIN trials USING (trial) JOIN persons USING (person) JOIN faces "
        "USING (face) WHERE kind = 'face' AND repeat = 0 AND state != 'screened_out' GROUP BY task",
    )
    return Counter(dict(found))
