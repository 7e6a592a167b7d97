"""Names of classes: expressions as different sources spell them, and classes of one's own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

from fer_exp.errors import RequestError, nearest
from fer_exp.vocabulary import BESIDE, ELSEWHERE, ENGLISH, SIGNS

CLASSES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
"""The canonical class order; with ``dataset.classes=7`` contempt is left out, other classes stand behind these."""
OTHER_ANSWERS = ("unknown", "not_a_face")
"""Answers that a rater may give and that are no expression; they stand behind the classes in a votes table."""


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """A text without case, accents, spaces, hyphens and underscores, which never tell two names apart.

    >>> normal(" Not-a_Face"), normal("Dégoût")
    ('notaface', 'degout')
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", "", plain.replace("ı", "i"))  # Turkish capitals have lost which one it was


_IN_ENGLISH = {normal(word): name for name, others in ENGLISH.items() for word in (name, *others.split())}
_EVERYWHERE = {normal(word): name for name, others in ELSEWHERE.items() for word in others.split()} | _IN_ENGLISH
WORDS = tuple(word for word, name in _IN_ENGLISH.items() if len(word) > 2 and name in CLASSES)
"""The names of expressions in English, without codes of two letters, as ``normal`` leaves them."""


def expression(text: str) -> str | None:
    """Our name of an expression or other answer, None where there is none.

    >>> expression(" Happy"), expression("Angst"), expression("smiling")
    ('happiness', 'fear', None)
    """
    return _EVERYWHERE.get(normal(text))


@lru_cache(maxsize=4096)
def labelled(text: str) -> str | None:
    """As ``expression``, of a label with more about it: a number, a second name, a degree, brackets, a face's sign.

    Of columns it would say too much: happy_1 and happy_2 may be two pictures.

    >>> labelled("1 - Angry"), labelled("angry (1)"), labelled("Happiness/Joy"), labelled("a sad face"), labelled("😮")
    ('anger', 'anger', 'happiness', 'sadness', 'surprise')
    >>> labelled("fear/surprise"), labelled("not happy"), labelled("AN1")
    (None, None, None)
    """
    if (name := expression(text)) or len(text) > 80:
        return name
    if not normal(text):
        signs = {name for name, several in SIGNS.items() if set(text) & set(several)}
        signs |= {"unknown"} if text.strip(" ?") == "" and text else set()
        return signs.pop() if len(signs) == 1 else None
    outside, inside = re.sub(r"[(\[{][^)\]}]*[)\]}]", " ", text), re.findall(r"[(\[{]([^)\]}]*)[)\]}]", text)
    names = {_bare(part) for part in re.split(r"[/;|,]|\b(?:or|oder|ou)\b", outside) if re.search(r"[^\W\d_]", part)}
    hints = {name for part in inside if (name := _bare(part)) is not None}
    both = names | hints
    return both.pop() if len(both) == 1 else None


def _bare(text: str) -> str | None:
    """The expression that a text names without numbers and the words of ``BESIDE``; of codes none."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    bare = "".join(word for word in words if word not in BESIDE)
    if len(bare) < 3 and bare.isascii():
        return None
    return expression(bare) or (expression(bare.removesuffix("s")) if len(bare) > 4 else None)


def expressions(texts: Iterable[str], labels: bool = False) -> dict[str, str]:
    """Those of some labels or columns that are expressions or other answers, and our name of each.

    Where few of the texts are, codes of two letters may be something else (CO a country), so they do not count.

    Args:
        texts: what is looked at.
        labels: whether they are labels, which may have more about them, see ``labelled``.

    >>> expressions(["joy", "Fear", "pain"]), expressions(["face", "CO", "US"]), expressions(["HA", "SA"])
    ({'joy': 'happiness', 'Fear': 'fear'}, {}, {'HA': 'happiness', 'SA': 'sadness'})
    """
    texts, means = list(texts), labelled if labels else expression
    known = {text: name for text in texts if (name := means(text)) is not None}
    if len(set(known.values())) > 2 or len(known) == len(texts):
        return known
    return {text: name for text, name in known.items() if len(normal(text)) > 2 or not normal(text).isascii()}


def composed(text: str) -> str:
    """A text with each accent in its letter: macOS writes them apart, which nobody sees."""
    return unicodedata.normalize("NFC", text.strip())


def spelt(text: str) -> str:
    """What two spellings of a class have in common: our name of it, else the text itself."""
    return expression(text) or composed(text)


SIDES = ("valence", "arousal")
"""How pleasant and how excited: columns of tables, and the first names of metrics, as ``valence_ccc``."""
RESERVED = (*OTHER_ANSWERS, "face", "task", "worker", "label", "split", "subject", "subset", *SIDES)
"""What no class can be called, because a column of our tables is."""
A_SLIP = 0.86
"""How alike a class of one's own and an expression are that must be the same: hapiness, not madness."""


def one_word(text: str) -> str:
    """A class of one's own as our tables and files call it, without spaces."""
    return "_".join(composed(text).split())


def class_name(text: str, where: str) -> str:
    """A class as our tables call it: our name of an expression, else the text itself, as one word.

    Raises:
        RequestError: it is empty, in ``RESERVED``, or an expression but for a slip; names ``where``.

    >>> class_name("Freude", "classes"), class_name(" facial palsy", "classes")
    ('happiness', 'facial_palsy')
    """
    name = expression(text) or one_word(text)
    if name not in _IN_ENGLISH.values() and (near := nearest(normal(text), _IN_ENGLISH, A_SLIP)):
        raise RequestError(f"{where} names {text!r}; did you mean {_IN_ENGLISH[near]}?")
    if name.casefold() in RESERVED or not name:
        raise RequestError(f"{where} names {text!r}, which cannot be a class; give it another name, or leave it out.")
    return name


def in_order(classes: Iterable[str]) -> tuple[str, ...]:
    """Classes in the one order that they have, however they were listed: ours, then others by alphabet.

    >>> in_order(["pain", "happiness", "boredom", "neutral"])
    ('neutral', 'happiness', 'boredom', 'pain')
    """
    classes = set(classes)
    return (*(name for name in CLASSES if name in classes), *sorted(classes - set(CLASSES)))


def among(classes: Iterable[str]) -> Callable[[str], str | None]:
    """A function from a text to the one of some classes that it means, None where it means none of them.

    Spellings of expressions are one; of other classes, what ``normal`` leaves of them, where that is one class only.

    >>> find = among(["happiness", "Boredom"])
    >>> find("Happy"), find("boredom"), find("bored")
    ('happiness', 'Boredom', None)
    """
    exact = {spelt(name): name for name in classes}
    alike: dict[str, str | None] = {}
    for name in exact.values():
        alike[normal(name)] = name if normal(name) not in alike else None
    alike.pop("", None)
    return lambda text: exact.get(spelt(text)) or alike.get(normal(text))


def near_expression(text: str) -> str | None:
    """Our name of the expression whose English spelling is most like a text, None where none is."""
    near = nearest(normal(text), _IN_ENGLISH)
    return _IN_ENGLISH[near] if near else None


def slip_of(text: str, others: Iterable[str] = ()) -> str | None:
    """Our name of the expression, or one of other names, that a text is but for a slip of the pen; else None.

    A slip is a letter too many, too few or another, or two that changed places, in a word of four letters or more.

    >>> slip_of("faer"), slip_of("Hapiness"), slip_of("boredon", ["boredom"]), slip_of("calm"), slip_of("fear")
    ('fear', 'happiness', 'boredom', None, None)
    """
    word = normal(text)
    if expression(text) or any(sign.isdigit() for sign in word):
        return None
    words = {normal(name): name for name in others} | _IN_ENGLISH
    near = next((each for each in words if len(each) > 3 and each != word and _one_slip(word, each)), None)
    near = near or nearest(word, _IN_ENGLISH, A_SLIP)
    return words[near] if near and near != word else None


def _one_slip(one: str, other: str) -> bool:
    """Whether two words differ in one letter, or in two that changed places."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return max(len(one), len(other)) == 1 or (len(one) == 2 and one == other[::-1])


def checked_expression(text: str, where: str) -> str:
    """Our name of an expression; raises RequestError, naming ``where`` and the nearest name, where there is none.

    >>> checked_expression("hapiness", "faces.csv, row 3")
    Traceback (most recent call last):
    fer_exp.errors.RequestError: faces.csv, row 3: 'hapiness' is no expression; did you mean happiness? There are: ...
    """
    if (name := expression(text)) is not None:
        return name
    hint = f"did you mean {near}? " if (near := near_expression(text)) else ""
    raise RequestError(f"{where}: {text!r} is no expression; {hint}There are: {', '.join(ENGLISH)}.")
