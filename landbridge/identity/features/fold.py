"""Text made comparable: plain ASCII, lower case, single spaces, bounded length."""

from __future__ import annotations

import unicodedata

import pyarrow as pa
import pyarrow.compute as pc
from text_unidecode import unidecode  # not the GPL Unidecode

LONGEST = 120
"""Characters of a value that take part in a comparison; a 10 kB name is an accident or an attack, never a name."""


def fold(value: str) -> str | None:
    """Fold one value: accents off, other scripts transliterated, control characters and emoji gone; None if nothing
    is left."""
    text = value[:LONGEST]
    if not text.isascii():
        words = unicodedata.normalize(
            "NFKC", text
        ).split()  # one word stays one: not "mei xiao" for a given name of two signs
        text = " ".join(unidecode(word).replace(" ", "") for word in words)
    return " ".join("".join(c if c.isprintable() else " " for c in text).lower().split()) or None


def fold_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Fold a text column; each distinct value is folded once. What is plain already, nearly everything, only becomes
    lower case."""
    encoded = pc.dictionary_encode(column.combine_chunks().cast(pa.string()))
    values = encoded.dictionary
    plain = pc.and_(pc.match_substring_regex(values, _PLAIN), pc.less_equal(pc.binary_length(values), LONGEST))
    odd = pa.array([fold(value) for value in values.filter(pc.invert(plain)).to_pylist()], pa.string())
    folded = pc.replace_with_mask(pc.ascii_lower(values), pc.invert(plain), odd)
    return pa.chunked_array([folded.take(encoded.indices)])


_PLAIN = "^[!-~]+( [!-~]+)*$"
"""Words of ASCII, a space between them: `fold` changes nothing but the case, where it is not too long."""

_EAST_ASIAN = r"[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]+"


def family_last(names: pa.ChunkedArray) -> pa.ChunkedArray:
    """Full names with the family name last; written in Chinese, Japanese or Korean script it stands first."""
    return pc.replace_substring_regex(names, rf"^\s*({_EAST_ASIAN})\s+({_EAST_ASIAN})\s*$", r"\2 \1")
