"""Mutated files: bytes changed, cut, put in or doubled, words of a text put in place of others."""

from collections.abc import Callable

from hypothesis import strategies as st

WORDS = (
    b"\x00 \xff \xff\xfe \xef\xbb\xbf \x1a \r \n\n\n , ;;; \t \" ' [ ] { } [[[[[[[[ nan NaN inf -inf 1e999 -1 0 "
    b"9999999999999999999999 0x10 1_000 \xc2\xb2 1,5 null None true {}: '' => ${oc.env:HOME} &a *a !!python/object:os "
    b"=cmd|' /C calc'!A0 ../../../etc/passwd /dev/zero %s %n \x1b[31m \xe2\x80\xae <img> $\\frac$ [/x] faer happyness"
).split(b" ")
"""What stumbles readers: ends, signs, numbers that are none, names that lead away, other people's markup."""

Mutation = tuple[str, float, bytes]
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(("flip", "cut", "start", "drop", "double", "insert", "word", "zeros", "swap")),
        st.floats(0, 1, exclude_max=True),
        st.one_of(st.sampled_from(WORDS), st.binary(min_size=1, max_size=6)),
    ),
    min_size=1,
    max_size=4,
)


def mutated(content: bytes, mutations: list[Mutation]) -> bytes:
    """The bytes of a file, changed as drawn."""
    for kind, where, what in mutations:
        at = int(where * len(content))
        content = KINDS[kind](content, at, what)
    return content


def _flip(content: bytes, at: int, what: bytes) -> bytes:
    return content[:at] + bytes(each ^ (what[0] or 1) for each in content[at : at + 1]) + content[at + 1 :]


def _word(content: bytes, at: int, what: bytes) -> bytes:
    """A word of a text, up to the next mark, is another."""
    end = at
    while end < len(content) and content[end] not in b',;\t\r\n ":':
        end += 1
    return content[:at] + what + content[end:]


KINDS: dict[str, Callable[[bytes, int, bytes], bytes]] = {
    "flip": _flip,
    "cut": lambda content, at, what: content[:at],
    "start": lambda content, at, what: content[at:],
    "drop": lambda content, at, what: content[:at] + content[at + 1 + len(what) * 3 :],
    "double": lambda content, at, what: content + content[at : at + 4000],
    "insert": lambda content, at, what: content[:at] + what + content[at:],
    "word": _word,
    "zeros": lambda content, at, what: content[:at] + bytes(len(what) * 8) + content[at + len(what) * 8 :],
    "swap": lambda content, at, what: content[at:] + content[:at],
}  # fmt: skip
