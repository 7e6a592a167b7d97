"""What a command states of itself beside its keys: what it is for, what it takes without a key, what others call it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple


class Takes(NamedTuple):
    """What a path means that is typed without a key: ``what`` it has to be, and the key of a folder and of a file.

    ``besides`` are words that go with it where their keys are not given; ``run`` is the key of the one path that is a
    network, where a command takes one and then others.
    """

    what: str
    folder: str
    file: str
    besides: tuple[str, ...] = ()
    run: str = ""


@dataclass
class Config:
    """What one command can be told; its first sentence is what the command is for, as the help pages say it.

    Attributes:
        has_network: whether the command loads torch.
        goes_on: whether nothing is lost of one that is stopped, because the same command goes on with it.
        takes: what a path means that is typed without a key; None where the command takes none.
        called: how others call the command.
        examples: what is typed after ``fer-exp``, and what it does: for its help page, beside those of the first page.
    """

    has_network: ClassVar[bool] = False
    goes_on: ClassVar[bool] = False
    takes: ClassVar[Takes | None] = None
    called: ClassVar[str] = ""
    examples: ClassVar[tuple[tuple[str, str], ...]] = ()

    @classmethod
    def command(cls) -> str:
        """The word that is typed: its class is called after it."""
        return cls.__name__.removesuffix("Config").lower()

    @classmethod
    def purpose(cls) -> str:
        """What the command is for, in half a sentence."""
        words = (cls.__doc__ or "").partition("\n")[0].removesuffix(".")
        return words[:1].lower() + words[1:]
