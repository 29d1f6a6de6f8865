"""Finding customers by anything that is known of them, as somebody types.

Three rounds, until there are enough: all words as typed; words that begin so; words a slip apart. Each round asks
for customers who have every word. How many have a word is known, so a beginning that half of all customers share is
searched by its commonest words alone: no round reads more than a few ten thousand entries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa

from landbridge.desk.words import LONGEST_TEXT, LONGEST_WORD, closest, digits, without_one, words
from landbridge.store.engine import Store

LONGEST_QUERY = LONGEST_TEXT
MOST_TERMS = 6
BROAD = 20_000
"""Customers; a beginning that more of them share is searched by its commonest words."""

_CALLED = re.compile(r"[+(]?[\d\s().+/-]{5,}")
_GAP = re.compile(r"[^a-z0-9\x80-\U0010ffff]+")


@dataclass(frozen=True)
class Found:
    """A customer who was found. `how`: 'exact', 'begins' or 'near' (a slip of the pen forgiven)."""

    identity_id: str
    how: str


_Said = Callable[[], str]


@dataclass(frozen=True)
class _Term:
    """One word of the query, as tsquery, for each of the rounds; what a round needs to know is asked when it comes."""

    exact: str
    begins: _Said
    near: _Said

    def said(self, how: str) -> str:
        return f"({self.exact if how == 'exact' else self.begins() if how == 'begins' else self.near()})"


def find(store: Store, text: str, limit: int = 20) -> list[Found]:
    """The customers whom a text could mean, the likeliest first; among equals the better lead. [] for no text.

    A name, an e-mail address, a phone number, a handle, a customer's id (old ones too), a CRM id, a profile's id; parts
    and beginnings of them.
    """
    text = text.replace("\x00", " ").strip()[:LONGEST_QUERY]
    if not text:
        return []
    with store.begin() as connection:
        for setting in ("enable_seqscan = off", "jit = off", "statement_timeout = '2s'"):
            connection.execute(sa.text(f"SET LOCAL {setting}"))
        named = list(connection.execute(_NAMED, {"text": text}).scalars())
        found = {identity: Found(identity, "exact") for identity in named}
        terms = _terms(connection, text)
        for how in ("exact", "begins", "near") if terms else ():
            query = " & ".join(term.said(how) for term in terms)
            for identity in connection.execute(_FOUND, {"query": query, "limit": limit}).scalars():
                found.setdefault(identity, Found(identity, how))
            if len(found) >= limit:
                break
    return list(found.values())[:limit]


def _terms(connection: sa.Connection, text: str) -> list[_Term]:
    if _CALLED.fullmatch(text) and len(digits(text)) > 4:
        return [_number(text)]
    chunks = list(dict.fromkeys(text.lower().split()))[:MOST_TERMS]
    return [term for chunk in chunks for term in _of(connection, chunk)][:MOST_TERMS]


def _number(text: str) -> _Term:
    """A phone number: all of it, its beginning, or its end; a zero before it is how it is dialled at home."""
    number = digits(text)
    home = number.lstrip("0")[:LONGEST_WORD]
    exact = f"{_quoted(number[:LONGEST_WORD])} | {_quoted(home)}" if home else _quoted(number)
    if len(home) < 5:
        return _fixed(exact, exact)
    return _fixed(exact, f"{exact} | {_quoted(home)}:* | {_quoted('<' + home[::-1])}:*")


def _of(connection: sa.Connection, chunk: str) -> list[_Term]:
    """What a piece without spaces means: an address or an id as a whole, or its words."""
    parts = words(chunk)
    if "@" in chunk or (chunk.isascii() and not chunk.isalpha() and len(chunk) > 3):
        whole = _whole(chunk, parts)
        return [whole] if whole else []
    if not parts:
        return []
    if chunk.isascii():
        return [_word(connection, part) for part in parts]
    folded = [_word(connection, part) for part in parts]  # as written, or in Latin letters: either will do
    return [_any(folded)]


def _whole(chunk: str, parts: Sequence[str]) -> _Term | None:
    """An e-mail address, where mail is ('@gmail.com'), a number or an id; its words where it is written otherwise."""
    word = chunk[:LONGEST_WORD]
    if word == "@":
        return None
    exact = _quoted(word)
    apart = " & ".join(_quoted(part) for part in parts) if len(parts) > 1 and "@" not in chunk else ""
    exact = f"{exact} | ({apart})" if apart else exact
    return _fixed(exact, f"{exact} | {_quoted(word)}:*" if len(word) > 3 else exact)


def _fixed(exact: str, begins: str) -> _Term:
    return _Term(exact, lambda: begins, lambda: begins)


def _any(terms: Sequence[_Term]) -> _Term:
    def said(how: str) -> str:
        return " | ".join(term.said(how) for term in terms)

    return _Term(said("exact"), lambda: said("begins"), lambda: said("near"))


def _word(connection: sa.Connection, word: str) -> _Term:
    exact = _quoted(word)

    @cache
    def begins() -> str:
        return f"{exact} | {_beginning(connection, word)}"

    return _Term(exact, begins, lambda: " | ".join([begins(), *map(_quoted, _slips(connection, word))]))


def _beginning(connection: sa.Connection, word: str) -> str:
    """Words that begin so: all of them where they are few, else the commonest."""
    if len(word) < 3:
        common = connection.execute(_COMMON[len(word)], {"word": word}).scalars()
        return " | ".join(map(_quoted, common)) or _quoted(word)
    row = connection.execute(_SHARE, {"word": word, "beyond": word + "\U0010ffff"}).one()
    if row.customers <= BROAD and row.words < 5000:
        return f"{_quoted(word)}:*"
    return " | ".join(map(_quoted, row.common)) or _quoted(word)


def _slips(connection: sa.Connection, word: str) -> list[str]:
    if len(word) < 3 or len(word) > 24 or any(sign.isdigit() for sign in word):
        return []
    known = connection.execute(_NEAR, {"near": sorted(without_one(word))}).scalars()
    return closest(word, known)[:12]


def _quoted(word: str) -> str:
    """A lexeme as tsquery reads it: https://www.postgresql.org/docs/current/datatype-textsearch.html"""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


_NAMED = sa.text("""
WITH RECURSIVE named(identity_id) AS (
    SELECT identity_id FROM link WHERE profile_id = :text
    UNION
    SELECT identity_id FROM identity WHERE identity_id = lower(:text)),
way(identity_id) AS (
    SELECT identity_id FROM named
    UNION
    SELECT i.redirect_to FROM way JOIN identity i USING (identity_id) WHERE i.redirect_to IS NOT NULL)
SELECT identity_id FROM way JOIN golden USING (identity_id)
""")

_FOUND = sa.text("""
WITH few AS MATERIALIZED (
    SELECT identity_id FROM search_customer WHERE words @@ CAST(:query AS tsquery) LIMIT 200)
SELECT identity_id FROM few LEFT JOIN lead USING (identity_id)
ORDER BY lead.score DESC NULLS LAST, identity_id LIMIT :limit
""")

_COMMON = {
    1: sa.text("SELECT word FROM search_word WHERE one = :word ORDER BY customers DESC LIMIT 8"),
    2: sa.text("SELECT word FROM search_word WHERE two = :word ORDER BY customers DESC LIMIT 8"),
}

_SHARE = sa.text("""
WITH few AS (
    SELECT word, customers FROM search_word WHERE word >= :word AND word < :beyond ORDER BY word LIMIT 5000)
SELECT coalesce(sum(customers), 0) AS customers, count(*) AS words,
    (SELECT array_agg(word) FROM (SELECT word FROM few ORDER BY customers DESC LIMIT 8) c) AS common FROM few
""")

_NEAR = sa.text("""
SELECT word FROM search_word WHERE near && CAST(:near AS text[]) ORDER BY customers DESC, word LIMIT 400
""")
