"""Words as customers are found by them: the same for what is indexed and what is typed.

Lower case, accents off, other scripts both as written and in Latin letters, bounded length.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from text_unidecode import unidecode  # not the GPL Unidecode

LONGEST_TEXT = 200
"""Characters of a value that are indexed; a 10 kB name is an accident or an attack, never a name."""

LONGEST_WORD = 64

_WORD = re.compile(r"[a-z0-9\x80-\U0010ffff]+")
_UNFOLDED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})


def words(text: str) -> list[str]:
    """The words of a text, each once, in order."""
    plain = text[:LONGEST_TEXT].lower()
    if not plain.isascii():
        plain = f"{_folded(plain)} {unidecode(plain).lower()}"
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(plain)))


def _folded(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text.casefold().translate(_UNFOLDED))
    bare = "".join(sign for sign in spread if not unicodedata.category(sign).startswith("M"))
    kept = unicodedata.normalize("NFC", bare)
    return "".join(sign if sign.isascii() or sign.isalnum() else " " for sign in kept)


def digits(text: str) -> str:
    """Its digits alone."""
    return "".join(sign for sign in text if sign in "0123456789")


def without_one(word: str) -> set[str]:
    """The word and the word without any one letter: two words a slip apart share one of these."""
    return {word} | {word[:place] + word[place + 1 :] for place in range(len(word))}


def a_slip_apart(one: str, other: str) -> bool:
    """Whether one letter too many, too few or wrong, or two changed over, makes the one the other."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[start:], other[start:]
    if one[1:] == other[1:] or one[1:] == other or one == other[1:]:
        return True
    return one[:2] == other[:2][::-1] and one[2:] == other[2:]


def closest(typed: str, known: Iterable[str]) -> list[str]:
    """Of known words, those a slip apart from what was typed; not itself."""
    return [word for word in known if word != typed and a_slip_apart(typed, word)]
