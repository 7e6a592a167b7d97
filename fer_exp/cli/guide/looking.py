"""What lies at a path that a person typed, read as the commands read it; and the words that name it for a command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fer_exp.cli.compose import compose_one
from fer_exp.cli.guide.questions import say
from fer_exp.cli.guide.wants import Known
from fer_exp.cli.words import with_paths
from fer_exp.datasets import facts, open_corpus
from fer_exp.errors import RequestError
from fer_exp.files import file_of
from fer_exp.names import in_order
from fer_exp.progress import kept_lines, say as noted


def composed(command: str, *words: str) -> Any:
    """The config of words as they are typed."""
    return compose_one(command, with_paths(command, list(words)))


def pictures(place: str, known: Known) -> None:
    """A folder of pictures, or a table that names them; with labels, or without any."""
    key = "dataset.root" if file_of(place)[0].expanduser().is_dir() else "dataset.table"
    words = ("dataset=folder", f"{key}={place}")
    known.words |= {"faces": words, "pictures": (place,), "place": (f"pictures={place}",)}
    try:
        read = open_corpus(composed("prepare", *words).dataset).read()
    except RequestError as error:
        with kept_lines():
            count = _unlabelled(place, error)
        known.split(count)
        say(f"{count:,} pictures. Nothing says what they show: no folder, file name or column names expressions.")
        return
    for line in read.said:
        noted(f"  {line}")
    table = read.table
    counts = table["label"].value_counts()
    labels = {name: int(counts[name]) for name in in_order(counts.index)}
    known.has |= {"labels"} if labels else set()
    known.has |= {"votes"} if read.votes is not None else set()
    known.split(len(table))
    of_split = table["split"].value_counts()
    if "test" in of_split:
        known.test, known.train = int(of_split["test"]), int(of_split.get("train", 0))
    say(f"{len(table):,} pictures: " + ", ".join(f"{name} {count:,}" for name, count in labels.items()) + ".")


def _unlabelled(place: str, error: RequestError) -> int:
    """How many pictures there are where nothing labels them; raises the error where there are none."""
    from fer_exp.datasets.loose import gather

    try:
        return len(gather([str(Path(place).expanduser())], ()).files)
    except RequestError:
        raise error from None


def answers(place: str, known: Known) -> None:
    """People's answers: a table, a folder of them, or a survey tool's export."""
    from fer_exp.answers import Answers
    from fer_exp.commands.people import load

    data = load(composed("agreement", f"ratings={place}")).data
    single = isinstance(data, Answers)
    known.words |= {
        "people": (f"ratings={place}",),
        "answers": (f"dataset.{'ratings' if single else 'votes'}={place}",),
        "votes": (f"votes={place}",),
        "lab": (f"lab={place}",),
    }
    known.has |= {"people", "votes"} | ({"workers"} if single else set())
    known.pictures = known.pictures or len(data.tasks)
    who = f"{len(data.task):,} answers of {len(data.workers):,} people" if isinstance(data, Answers) else (
        f"{int(data.counts.sum()):,} votes, without the names of people"
    )  # fmt: skip
    classes = ", ".join(data.classes) or "none, only ratings"
    say(f"{len(data.tasks):,} faces, {who}. Classes: {classes}.")


def predictions(place: str, known: Known) -> None:
    """A table of predictions, or a run folder."""
    from fer_exp.commands.evaluate import Seeds, read
    from fer_exp.runs import Run

    config = composed("evaluate", place)
    found = read(config)
    table = found.tables[0] if isinstance(found, Seeds) else found.predictions if isinstance(found, Run) else found
    test = table[table["split"] == "test"] if (table["split"] == "test").any() else table
    voted = any(str(name).startswith("votes_") and table[name].notna().any() for name in table)
    known.words |= {"predictions": (f"{'run' if config.run else 'predictions'}={place}",), "one": (place,)}
    known.has |= {"votes"} if voted else set()
    known.has |= {"run"} if config.run else set()
    known.test = len(test)
    said = "with people's votes" if voted else "without people's answers"
    classes = ", ".join(str(name)[2:] for name in table if str(name).startswith("p_"))
    say(f"{len(table):,} faces, {said}. Classes: {classes}.")


def network(place: str, known: Known) -> None:
    """A trained network: a run folder, or a file of one."""
    from fer_exp.runs import is_network

    if not is_network(Path(place).expanduser()):
        raise RequestError(f"{place} is no run folder and no network of fer-exp; runs lie in the folder runs/.")
    known.words["run"] = (place,)


def other(place: str, known: Known) -> None:
    """The second model's predictions, beside the first's."""
    beside = Known()
    predictions(place, beside)
    known.words["other"] = (place,)
    known.has &= beside.has | {"run"} | ({"votes"} if "votes" in known.has else set())


def labels(place: str, known: Known) -> None:
    """Labels to hold people's answers against: a column of their table, or a table of its own."""
    from fer_exp.commands.people import load, original

    config = composed("agreement", *known.words["people"], f"against={place}")
    with kept_lines():
        people = load(config)
        original(config, str(config.against), people)
    known.words["against"] = (f"against={place}",)


def gold(place: str, known: Known) -> None:
    """A table of known answers."""
    from fer_exp.tables import read_table

    read_table(composed("crowd", *known.words["people"], f"gold={place}").gold, "gold")
    known.words["gold"] = (f"gold={place}",)


def corpus(name: str, place: str, known: Known) -> None:
    """A corpus of ``datasets.CORPORA`` in its folder."""
    words = (f"dataset={name}", f"dataset.root={place}")
    kind = facts(name)
    opened = open_corpus(composed("prepare", *words).dataset)
    opened.files()
    known.words["faces"] = words
    known.has |= {"labels", "corpus"} | ({"votes"} if kind.voted else set())
    known.split(sum(kind.expected.values()))
    known.test = kind.expected.get("test", known.test)
    known.train = kind.expected.get("train", known.train)
    say(f"{kind.title}: its files are there; {known.pictures:,} faces are expected.")


def built_in(known: Known) -> None:
    """The faces that come with the program."""
    config = composed("train")
    known.words["faces"] = ()
    known.has |= {"labels", "votes"}
    known.split(config.dataset.faces, test=0.25)
