"""Ledgers written row by row, as a server would have left them."""

import json
import time

from fer_exp.collecting.ledger import opened
from fer_exp.collecting.opening import SALT
from tests.collecting.answered import FACES, study


def ledger(folder, collected=None, *, per_face=2, salt=None):
    """A ledger with these answers, written row by row; returns its file."""
    collected = study() if collected is None else collected
    file = folder / "ledger.sqlite"
    folder.mkdir(parents=True, exist_ok=True)
    connection = opened(file)
    content = {
        "title": {"en": "<b>Faces</b>"}, "classes": {"happiness": {}, "fear": {}, "anger": {}},
        "per_face": per_face, "gold_faces": 1, "practice": 1, "min_gold_accuracy": 0.5,
    }  # fmt: skip
    connection.execute("INSERT INTO about VALUES ('study', ?)", (json.dumps(content),))
    tasks = sorted({*FACES, *collected.answers["task"]})
    connection.executemany(
        "INSERT INTO faces (face, task, gold, used) VALUES (?, ?, ?, ?)",
        [(n, task, collected.gold.get(task), task in FACES) for n, task in enumerate(tasks)],
    )
    for number, person in enumerate(collected.persons.to_dict("records"), start=1):
        name, state = person["worker"], person["state"]
        connection.execute(
            "INSERT INTO persons (person, worker, token, code, state, language, classes, started, seen, about) "
            "VALUES (?, ?, ?, ?, ?, 'en', '[]', ?, ?, ?)",
            (number, name, f"secret{number}", "CODE", state, number, time.time(), json.dumps({"age": "=1+1"})),
        )
        if name in collected.raw:
            connection.execute("INSERT INTO raw VALUES (?, ?)", (number, json.dumps(collected.raw[name])))
        mine = collected.answers[collected.answers["worker"] == name].to_dict("records")
        for place, row in enumerate(mine):
            trial = 100 * number + place
            connection.execute(
                "INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (trial, f"t{trial}", number, place, row["kind"], tasks.index(row["task"]), row["gold"], row["repeat"]),
            )
            said = [row[key] for key in ("label", "intensity", "valence", "arousal", "seconds")]
            connection.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, 0, ?)", (trial, *said, trial))
    connection.close()
    if salt is not None:
        (folder / SALT).write_text(salt)
    return file
