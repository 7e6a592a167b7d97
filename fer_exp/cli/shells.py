"""How shells hand over a line that is to be completed, and how what completes it is written for them."""

from __future__ import annotations

import re
from typing import NamedTuple

BASH = r"""_fer_exp_completion() {
    local found
    COMPREPLY=()
    while IFS= read -r found; do COMPREPLY+=("$found"); done < <(
        COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" COMP_WORDBREAKS="$COMP_WORDBREAKS" \
            "${1/#\~/$HOME}" -sc query=bash 2>/dev/null)
}
complete -o nospace -F _fer_exp_completion fer-exp"""

ZSH = r"""_fer_exp_completion() {
    local -a found
    found=("${(@f)$(COMP_LINE="$BUFFER" COMP_POINT="$CURSOR" COMP_WORDBREAKS= \
        "${${(Q)words[1]}/#\~/$HOME}" -sc query=zsh 2>/dev/null)}")
    [[ -n "$found" ]] && compadd -U -Q -S '' -- "${found[@]}"
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _fer_exp_completion fer-exp"""

FISH = r"""function _fer_exp_completion
    set -lx COMP_LINE (commandline -cp | string collect)
    set -l command (commandline -opc)[1]
    $command -sc query=fish 2>/dev/null
end
complete -c fer-exp -f -a '(_fer_exp_completion)'"""

INSTALL = {"bash": BASH, "zsh": ZSH, "fish": FISH}
UNINSTALL = {
    "bash": "complete -r fer-exp; unset -f _fer_exp_completion",
    "zsh": "compdef -d fer-exp; unfunction _fer_exp_completion",
    "fish": "complete -e -c fer-exp; functions -e _fer_exp_completion",
}
SPECIAL = re.compile(r"""[\s\\'"$`&|;<>()\[\]{}*?!#^]""")
"""Signs that mean something to a shell."""


class Line(NamedTuple):
    """A line up to the cursor.

    Attributes:
        words: before the one at the cursor, without their quotes.
        word: the one at the cursor, likewise.
        quote: that is still open there, or ''.
        kept: how many signs of the word stay as they are; the shell replaces those behind.
    """

    words: list[str]
    word: str
    quote: str
    kept: int


def read_line(text: str, breaks: str = "") -> Line:
    r"""A command line as a shell splits it.

    Args:
        text: up to the cursor.
        breaks: signs at which readline begins another word, unless they are quoted, as COMP_WORDBREAKS has them.

    >>> read_line("fer-exp train root='a b' output=it\\'s\\ (", "=:")
    Line(words=['fer-exp', 'train', 'root=a b'], word="output=it's (", quote='', kept=7)
    """
    words, word, quote, kept, begun = [], "", "", 0, False
    signs = iter(text)
    for sign in signs:
        if sign == quote:
            quote = ""
        elif quote == "'":
            word += sign
        elif sign == "\\":
            after = next(signs, "")
            word += after if not quote or after in ('"', "\\", "$", "`") else sign + after
            begun = True
        elif quote:
            word += sign
        elif sign in "'\"":
            quote, begun, kept = sign, True, len(word)
        elif sign.isspace():
            if word or begun:
                words.append(word)
            word, kept, begun = "", 0, False
        else:
            word += sign
            if sign in breaks:
                kept = len(word)
    return Line(words, word, quote, kept)


def written(shell: str, line: Line, found: str, ends: bool) -> str:
    """What completes the word at the cursor, as the shell inserts it.

    Args:
        shell: bash, zsh or fish.
        line: as it is so far.
        found: the whole word that is meant.
        ends: whether it is complete; else more is to follow, as after a folder's slash or a key's ``=``.
    """
    if shell == "fish":  # which quotes by itself
        return found
    if shell == "zsh":
        return SPECIAL.sub(r"\\\g<0>", found) + (" " if ends else "")
    rest = found[line.kept :]
    if line.quote == "'":
        return rest.replace("'", "'\\''")
    if line.quote:
        return re.sub(r'["$`\\]', r"\\\g<0>", rest)
    return SPECIAL.sub(r"\\\g<0>", rest) + (" " if ends else "")
