"""What people have and want to know, a row each; from a row and what is known, the words of a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

SEEDS = "0,1,2"
EPOCHS = "trainer.epochs=30"
"""Enough for a corpus of thousands of faces; the default, 4, is for a first look at built-in ones."""


@dataclass
class Known:
    """What is known so far.

    Attributes:
        words: what fills the gaps of a command, by name: ``faces`` -> (dataset=folder, dataset.root=photos).
        has: what there is, of what a question may need: labels, votes, workers, people, run.
        train: faces that a training would learn from.
        test: faces that would judge it.
        pictures: in all.
    """

    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    has: set[str] = field(default_factory=set)
    train: int = 0
    test: int = 0
    pictures: int = 0

    def split(self, faces: int, test: float = 0.2, validation: float = 0.1) -> None:
        """Faces dealt as training deals them where nothing else says so."""
        self.pictures, self.test = faces, round(faces * test)
        self.train = round((faces - self.test) * (1 - validation))


class Want(NamedTuple):
    """A question and the command that answers it.

    Attributes:
        name: what may be typed.
        question: as the person has it.
        command: its words; ``{faces}`` and the like are filled with what is known.
        axes: key -> values of a sweep, after the words.
        needs: what has to be there, of ``Known.has``.
        unless: what must not be there.
        asks: what else is asked for, with a ``?`` where it may be left out.
        shows: whether what the test faces can show is said.
    """

    name: str
    question: str
    command: str
    axes: Mapping[str, str] = {}
    needs: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    asks: tuple[str, ...] = ()
    shows: bool = False


HAVE = (
    ("pictures", "pictures of faces, in a folder or named by a table"),
    ("answers", "people's answers to faces: a table, or a survey tool's export"),
    ("predictions", "a model's predictions: a table, or a run folder"),
    ("corpus", "a published corpus, such as FER+, RAF-DB, AffectNet or CAFE"),
    ("nothing", "nothing yet"),
)

LABELS, VOTES, WORKERS, RUN = (frozenset({name}) for name in ("labels", "votes", "workers", "run"))

LOOK = Want("look", "What is there: faces by class, copies, damaged files?", "prepare {faces}", needs=LABELS)
TRAIN = Want("train", "How well does a network learn the labels?", f"train {{faces}} {EPOCHS}", needs=LABELS)
SOFT = Want(
    "soft",
    "Is a network closer to people when it learns all their answers, not one label a face?",
    f"train -m {{faces}} {{answers}} labels.common=true {EPOCHS}",
    axes={"labels": "onehot,soft", "seed": SEEDS},
    shows=True,
)
NOISE = Want(
    "noise",
    "Does a network survive wrong labels, and does a method help?",
    f"train -m {{faces}} {EPOCHS} labels=noisy",
    axes={"labels.rate": "0,0.2,0.4", "method": "ce,elr", "seed": SEEDS},
    needs=LABELS,
)

WANTS: dict[str, tuple[Want, ...]] = {
    "pictures": (
        LOOK,
        Want("see", "What does a trained network see in them?", "predict {run} {pictures} page=true",
             asks=("network",)),
        Want("people", "What do people see in them? Collect their answers on a web page", "rate {place} study=cafe"),
        Want("affect", "How pleasant and how excited do the faces look to people? Collect valence and arousal",
             "rate {place} study=affectnet"),
        TRAIN,
        SOFT._replace(needs=VOTES),
        SOFT._replace(unless=VOTES, asks=("answers",)),
        NOISE,
    ),
    "answers": (
        Want("agree", "How well do people agree?", "agreement {people}"),
        Want("trust", "Which people to trust?", "crowd {people} {gold}", needs=WORKERS, asks=("gold?",)),
        Want("many", "How many people does a face need?", "crowd plan {people}"),
        Want(
            "against",
            "How do answers differ from labels that were there before, or from what was meant to be shown?",
            "agreement {people} {against}",
            asks=("labels",),
        ),
        Want("lab", "Does this crowd answer as a lab did?", "crowd {people} {lab}", needs=WORKERS, asks=("lab",)),
        Want("teach", "How does a network do that learns them?", f"train {{faces}} {{answers}} labels=soft {EPOCHS}",
             asks=("pictures",)),
    ),
    "predictions": (
        Want("judge", "Does the model answer as people do?", "evaluate {predictions}", needs=VOTES),
        Want("judge", "Does the model answer as people do?", "evaluate {predictions} {votes}", unless=VOTES | RUN,
             asks=("answers",)),
        Want("compare", "Which of two models is closer to people?", "compare {one} {other}", needs=VOTES,
             asks=("other",), shows=True),
        Want("compare", "Which of two models is closer to people?", "compare {one} {other} {votes}", unless=VOTES,
             asks=("other", "answers"), shows=True),
        Want("page", "What does it get right and wrong? One page with figures", "report {one}"),
    ),
    "corpus": (
        LOOK,
        TRAIN,
        SOFT._replace(needs=VOTES),
        SOFT._replace(unless=VOTES, asks=("answers",)),
        NOISE,
        Want("agree", "How well do people agree on it?", "agreement {faces}", needs=VOTES),
        Want("table-soft", "The table of a paper on soft labels, ours beside it (cafe-soft)",
             "table study=cafe-soft scale=small {faces}", needs=VOTES, shows=True),
        Want("table-noise", "The table of papers on wrong labels, ours beside it (noisy-labels)",
             "table study=noisy-labels scale=small {faces}", needs=LABELS),
        Want("table-crowd", "Do weakly trained networks answer as a crowd does (affectnet-crowd)?",
             "table study=affectnet-crowd scale=small {faces}", needs=VOTES),
    ),
    "nothing": (
        Want("try", "How does it work? Train on the built-in faces", "train"),
        Want("soft", "One label or all answers: a small study on the built-in faces", "table study=cafe-soft"),
        Want("noise", "Wrong labels: a small study on the built-in faces", "table study=noisy-labels"),
        Want("crowd", "Weak and full training against a crowd, on the built-in faces", "table study=affectnet-crowd"),
        Want("many", "How many people does a face need? On built-in raters", "crowd plan dataset=synthetic"),
    ),
}  # fmt: skip
"""What a person has -> what can be asked of it; of two rows of one name at most one fits."""


def fitting(have: str, known: Known) -> list[Want]:
    """The questions that can be asked of what is known."""
    return [want for want in WANTS[have] if want.needs <= known.has and not want.unless & known.has]


def written(want: Want, known: Known) -> list[str]:
    """The command's words, as they are typed; quotes are the shell's affair.

    >>> written(WANTS["answers"][2], Known({"people": ("ratings=a b.csv",)}))
    ['crowd', 'plan', 'ratings=a b.csv']
    """
    words: list[str] = []
    for word in want.command.split():
        words += known.words.get(word[1:-1], ()) if word.startswith("{") else (word,)
    return [*words, *(f"{key}={values}" for key, values in want.axes.items())]
