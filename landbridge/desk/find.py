"""Finding customers by anything that is known of them, as somebody types.

Three rounds, until there are enough: all words as typed; words that begin so; words a slip apart. Each round asks
for customers who have every word. How many have a word is known beforehand: the index is asked for the rare words
alone, and where all are common, the hottest leads are looked through instead. So no round reads more than a few
thousand rows, whatever is typed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from landbridge.desk.words import LONGEST_TEXT, LONGEST_WORD, closest, digits, without_one, words
from landbridge.errors import StoreUnavailable
from landbridge.store.engine import Store

LONGEST_QUERY = LONGEST_TEXT
LONGEST_WAIT = "2s"
MOST_TERMS = 6
BROAD = 10_000
"""Customers; a word that more of them have is no help to the index."""
SHORTEST_BEGINNING = 7
"""Characters of an id, an address or a number. How many share a shorter beginning is not counted, and it may be
everybody: ids of one system begin alike."""

_CALLED = re.compile(r"[+(]?[\d\s().+/-]{5,}")
_AROUND = "/.,;:!?()[]<>\"'"
"""Signs before and after a word, which are no part of it."""
_ROUNDS = ("exact", "begins", "near")


@dataclass(frozen=True)
class Found:
    """A customer who was found. `how`: 'exact', 'begins' or 'near' (a slip of the pen forgiven)."""

    identity_id: str
    how: str


@dataclass(frozen=True)
class _Said:
    """One word of the query in a round, as tsquery. `common`: what stands for it where the index must be asked for
    a beginning that too many share."""

    query: str
    broad: bool = False
    common: str = ""


class _Term:
    """One word of the query. What a round needs to know is asked when the round comes."""

    def __init__(self, connection: sa.Connection, word: str) -> None:
        self.connection, self.word = connection, word

    def said(self, how: str) -> _Said:
        """The word in a round."""
        if how == "exact":
            return _Said(_quoted(self.word), (self.connection.scalar(_HAVE, {"word": self.word}) or 0) > BROAD)
        begins = self._begins()
        if how == "begins":
            return begins
        slips = [f" | {_quoted(word)}" for word in self._slips()]
        return _Said("".join([begins.query, *slips]), begins.broad, "".join([begins.common, *slips]))

    def _begins(self) -> _Said:
        asked = {"word": self.word, "beyond": self.word + "\U0010ffff", "broad": BROAD}
        row = self.connection.execute(_SHARE, asked).one()
        common = " | ".join(map(_quoted, row.common or [self.word]))
        return _Said(
            f"{_quoted(self.word)}:*", len(self.word) < 3 or row.customers > BROAD or row.words == 5000, common
        )

    def _slips(self) -> list[str]:
        if not 3 <= len(self.word) <= 24 or any(sign.isdigit() for sign in self.word):
            return []
        known = self.connection.execute(_NEAR, {"near": sorted(without_one(self.word))}).scalars()
        return closest(self.word, known)[:12]


class _Either(_Term):
    """One word written in several ways (in its own script, in Latin letters): any will do."""

    def __init__(self, terms: Sequence[_Term]) -> None:
        self.terms = terms

    def said(self, how: str) -> _Said:
        each = [term.said(how) for term in self.terms]
        query, common = (" | ".join(f"({part})" for part in parts) for parts in _columns(each))
        return _Said(query, any(one.broad for one in each), common)


def _columns(each: Sequence[_Said]) -> tuple[list[str], list[str]]:
    return [one.query for one in each], [one.common or one.query for one in each]


class _Whole(_Term):
    """What somebody is known by as a whole: it is there, or begins so, and no slip is forgiven."""

    def __init__(self, exact: str, begins: str) -> None:
        self.exact, self.beginning = exact, begins

    def said(self, how: str) -> _Said:
        return _Said(self.exact if how == "exact" else self.beginning)


class _Mail(_Term):
    """Where mail is: @gmail.com. Half of all customers may be there."""

    def _slips(self) -> list[str]:
        return []


def find(store: Store, text: str, limit: int = 20, *, personal: bool = True) -> list[Found]:
    """The customers whom a text could mean, the likeliest first; among equals the better lead. [] for no text.

    A name, an e-mail address, a phone number, a handle, a customer's id (old ones too), a CRM id, a profile's id; parts
    and beginnings of them. Unless `personal`, only by whole words of names and by ids: whoever may ask by beginnings
    spells out, letter by letter, an address or a number that they may not see.

    Raises StoreUnavailable when it takes too long.
    """
    text = text.replace("\x00", " ").strip()[:LONGEST_QUERY]
    try:
        return _found(store, text, limit, personal) if text else []
    except sa.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", "") != "57014":  # query_canceled
            raise
        raise StoreUnavailable("That search took too long.", do="Type more of it, and try again.") from error


def _found(store: Store, text: str, limit: int, personal: bool) -> list[Found]:
    with store.begin() as connection:
        connection.execute(_SETTINGS, {"wait": LONGEST_WAIT})
        named = [] if "@" in text and not personal else list(connection.execute(_NAMED, {"text": text}).scalars())
        found = {identity: Found(identity, "exact") for identity in named}
        terms = _terms(connection, text) if personal else _harmless(connection, text)
        for how in (_ROUNDS if personal else _ROUNDS[:1]) if terms else ():
            for identity in _round(connection, [term.said(how) for term in terms], limit):
                found.setdefault(identity, Found(identity, how))
            if len(found) >= limit:
                break
    return list(found.values())[:limit]


def _round(connection: sa.Connection, said: Sequence[_Said], limit: int) -> list[str]:
    """By the index for what is rare, looking through those for the rest; where nothing is rare, the hottest leads."""
    rare = " & ".join(f"({one.query})" for one in said if not one.broad)
    broad = " & ".join(f"({one.query})" for one in said if one.broad)
    if rare:
        asked = {"rare": rare, "broad": broad or rare, "limit": limit, "look": 200 if not broad else 3000}
        return list(connection.execute(_RARE, asked).scalars())
    hot = list(connection.execute(_HOT, {"broad": broad, "limit": limit}).scalars())
    if len(hot) >= limit:
        return hot
    common = " & ".join(f"({one.common or one.query})" for one in said)
    asked = {"rare": common, "broad": common, "limit": limit, "look": 200}
    return list(dict.fromkeys([*hot, *connection.execute(_RARE, asked).scalars()]))


def _terms(connection: sa.Connection, text: str) -> list[_Term]:
    if _CALLED.fullmatch(text) and len(digits(text)) > 4:
        return [_number(text)]
    return [term for chunk in _chunks(text) for term in _of(connection, chunk)][:MOST_TERMS]


def _harmless(connection: sa.Connection, text: str) -> list[_Term]:
    """Terms without addresses and numbers."""
    told = [chunk for chunk in _chunks(text) if "@" not in chunk and any(sign.isalpha() for sign in chunk)]
    return [term for chunk in told for term in _of(connection, chunk)][:MOST_TERMS]


def _chunks(text: str) -> list[str]:
    return [bare for chunk in dict.fromkeys(text.lower().split()) if (bare := chunk.strip(_AROUND))][:MOST_TERMS]


def _number(text: str) -> _Term:
    """A phone number: all of it, its beginning, or its end; a zero before it is how it is dialled at home."""
    number = digits(text)[:LONGEST_WORD]
    home = number.lstrip("0")
    exact = " | ".join(_quoted("#" + each) for each in dict.fromkeys([number, home]) if each)
    if len(home) < SHORTEST_BEGINNING:
        return _Whole(exact, exact)
    return _Whole(exact, f"{exact} | {_quoted('#' + home)}:* | {_quoted('<' + home[::-1])}:*")


def _of(connection: sa.Connection, chunk: str) -> list[_Term]:
    """What a piece without spaces means: where mail is, an address or an id as a whole, or its words."""
    if chunk.startswith("@"):
        return [_Mail(connection, chunk[:LONGEST_WORD])] if len(chunk) > 1 else []
    parts = words(chunk)
    if "@" in chunk or (chunk.isascii() and parts and not chunk.isalpha()):
        return [_as_a_whole(chunk, parts)]
    if chunk.isascii():
        return [_Term(connection, part) for part in parts]
    return [_Either([_Term(connection, part) for part in parts])] if parts else []


def _as_a_whole(chunk: str, parts: Sequence[str]) -> _Term:
    """An e-mail address, a number or an id; or its words, where it is a name with a sign in it."""
    word = ("#" + chunk)[:LONGEST_WORD]
    apart = "" if "@" in chunk else " | (" + " & ".join(map(_quoted, parts)) + ")"
    exact = f"{_quoted(word)}{apart}"
    begins = f"{exact} | {_quoted(word)}:*" if len(chunk) >= SHORTEST_BEGINNING else exact
    return _Whole(exact, begins + (f" | ({apart[4:-1]}:*)" if apart and len(parts[-1]) > 2 else ""))


def _quoted(word: str) -> str:
    """A lexeme as tsquery reads it: https://www.postgresql.org/docs/current/datatype-textsearch.html"""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


_SETTINGS = sa.text("""
SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
    set_config('statement_timeout', :wait, true)
""")

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

_RARE = sa.text("""
WITH few AS MATERIALIZED (
    SELECT identity_id, words FROM search_customer WHERE words @@ CAST(:rare AS tsquery) LIMIT :look)
SELECT identity_id FROM few LEFT JOIN lead USING (identity_id) WHERE words @@ CAST(:broad AS tsquery)
ORDER BY lead.score DESC NULLS LAST, identity_id LIMIT :limit
""")

_HOT = sa.text("""
WITH hot AS MATERIALIZED (SELECT identity_id FROM lead ORDER BY score DESC, identity_id DESC LIMIT 3000)
SELECT identity_id FROM hot CROSS JOIN LATERAL (
    SELECT words FROM search_customer s WHERE s.identity_id = hot.identity_id OFFSET 0) s
WHERE words @@ CAST(:broad AS tsquery) LIMIT :limit
""")

_HAVE = sa.text("SELECT customers FROM search_word WHERE word = :word")

# The commonest words with this beginning, as many as a few thousand customers have.
_SHARE = sa.text("""
WITH few AS MATERIALIZED (
    SELECT word, customers FROM search_word WHERE word >= :word AND word < :beyond ORDER BY word LIMIT 5000),
ranked AS (
    SELECT word, sum(customers) OVER (ORDER BY customers, word) AS before FROM (
        SELECT word, customers FROM few WHERE customers < :broad ORDER BY customers DESC, word LIMIT 8) top)
SELECT coalesce(sum(customers), 0) AS customers, count(*) AS words,
    (SELECT array_agg(word) FROM ranked WHERE before < :broad) AS common FROM few
""")

_NEAR = sa.text("""
SELECT word FROM search_word WHERE near && CAST(:near AS text[]) ORDER BY customers DESC, word LIMIT 400
""")
