"""Who has which question on the screen: two people are never asked the same one at once.

A claim ends when its question is answered or put off, when its holder goes on to others, or by the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from landbridge.desk.rules import ReviewRules
from landbridge.errors import NotFound, TakenAlready
from landbridge.identity import review
from landbridge.store import tables
from landbridge.store.engine import Store

_question = tables.question

Pair = tuple[str, str]


@dataclass(frozen=True)
class Question:
    """Are these two one person? `value`: what the answer is worth; `first_verdict`: what another person said, where
    two must agree."""

    left_id: str
    right_id: str
    left_identity: str
    right_identity: str
    kind: str | None
    refused: str | None
    close: bool
    probability: float | None
    weight: float | None
    moves: int
    deals: float
    score: int
    value: float
    state: str
    until: datetime | None
    first_by: str | None
    first_verdict: str | None
    claimed_by: str | None
    claimed_until: datetime | None

    @property
    def reason(self) -> str:
        """Why it is asked, in words."""
        return review.reason(self.kind, self.refused, self.close, self.moves)

    @property
    def holds(self) -> bool:
        """Whether a lead stays back until it is answered."""
        return self.kind is not None

    @property
    def pair(self) -> Pair:
        return self.left_id, self.right_id


COLUMNS = [_question.c[name] for name in Question.__dataclass_fields__]


def claim_next(store: Store, rules: ReviewRules, me: str, count: int = 1, kept: Sequence[Pair] = ()) -> list[Question]:
    """The most valuable questions that nobody else has, mine from now on; whatever else I had is free again, but for
    those `kept`."""
    with store.begin() as connection:
        connection.execute(_WAKE)
        rows = connection.execute(_NEXT, {"me": me, "count": count, "minutes": rules.claim_minutes}).all()
        questions = sorted((Question(*row) for row in rows), key=lambda q: (q.value, *q.pair), reverse=True)
        _free_others(connection, me, [*kept, *(question.pair for question in questions)])
    return questions


def claim(store: Store, rules: ReviewRules, me: str, pair: Pair) -> Question:
    """This very question, mine from now on. Raises NotFound when it is asked no longer, TakenAlready."""
    with store.begin() as connection:
        question = locked(connection, pair)
        see_that_it_is_free(question, me)
        see_that_it_is_asked(question)
        row = connection.execute(_CLAIM, {"left": pair[0], "right": pair[1], "me": me, "minutes": rules.claim_minutes})
        return Question(*row.one())


def waiting(store: Store, me: str, count: int, after: Pair | None = None) -> list[Question]:
    """What I could be asked, the most valuable first, without claiming it; what comes `after` a question. Raises
    NotFound where that one is asked no longer."""
    with store.begin() as connection:
        place = after and connection.execute(_VALUE, {"left": after[0], "right": after[1]}).scalar()
        if after and place is None:
            raise NotFound("The question to go on after is not asked any more.", do="Begin at the first again.")
        asked = {"me": me, "count": count, "value": place, "left": (after or ("",))[0], "right": (after or ("", ""))[1]}
        rows = connection.execute(_AFTER if place is not None else _WAITING, asked)
        return [Question(*row) for row in rows]


def locked(connection: sa.Connection, pair: Pair) -> Question:
    """A question, which nobody else changes until the transaction ends. Raises NotFound."""
    where = _question.c.left_id == pair[0], _question.c.right_id == pair[1]
    row = connection.execute(sa.select(*COLUMNS).where(*where).with_for_update()).first()
    if row is None:
        raise NotFound("This question is not asked any more.", do="Go on with the queue's next.")
    return Question(*row)


def see_that_it_is_free(question: Question, me: str) -> None:
    """Raises TakenAlready where somebody else has it on the screen."""
    until = question.claimed_until
    if question.claimed_by not in (None, me) and until is not None and until > datetime.now(until.tzinfo):
        raise TakenAlready(
            f"{question.claimed_by} has this question on the screen until {until:%H:%M} UTC.",
            do="Go on with the queue's next; it comes back to it if it stays open.",
        )


def see_that_it_is_asked(question: Question) -> None:
    """Raises NotFound where somebody answered it."""
    if question.state == "answered":
        raise NotFound("This question is answered already.", do="Go on with the queue's next.")


def _free_others(connection: sa.Connection, me: str, kept: Sequence[Pair]) -> None:
    connection.execute(_FREE, {"me": me, "left": [pair[0] for pair in kept], "right": [pair[1] for pair in kept]})


_WAKE = sa.text("UPDATE question SET state = 'open', until = NULL WHERE state = 'later' AND until <= now()")

_NAMES = ", ".join(Question.__dataclass_fields__)

_MINE = """
state = 'open' AND (claimed_by IS NULL OR claimed_by = :me OR claimed_until < now())
AND first_by IS DISTINCT FROM :me
AND NOT EXISTS (SELECT FROM decision d WHERE d.left_id = q.left_id AND d.right_id = q.right_id
    AND d.withdrawn_at IS NULL)
"""
_ORDER = "ORDER BY value DESC, left_id DESC, right_id DESC LIMIT :count"
_TAKEN = "claimed_by = :me, claimed_until = now() + make_interval(mins => :minutes)"

_NEXT = sa.text(f"""
WITH mine AS (SELECT left_id, right_id FROM question q WHERE {_MINE} {_ORDER} FOR UPDATE SKIP LOCKED)
UPDATE question q SET {_TAKEN} FROM mine WHERE q.left_id = mine.left_id AND q.right_id = mine.right_id
RETURNING {", ".join(f"q.{name}" for name in Question.__dataclass_fields__)}
""")

_CLAIM = sa.text(f"UPDATE question SET {_TAKEN} WHERE left_id = :left AND right_id = :right RETURNING {_NAMES}")

_WAITING = sa.text(f"SELECT {_NAMES} FROM question q WHERE {_MINE} {_ORDER}")
_AFTER = sa.text(
    f"SELECT {_NAMES} FROM question q WHERE {_MINE} AND (value, left_id, right_id) < (:value, :left, :right) {_ORDER}"
)
_VALUE = sa.text("SELECT value FROM question WHERE left_id = :left AND right_id = :right")

_FREE = sa.text("""
UPDATE question q SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = :me AND NOT EXISTS (
    SELECT FROM unnest(CAST(:left AS text[]), CAST(:right AS text[])) AS kept(l, r)
    WHERE kept.l = q.left_id AND kept.r = q.right_id)
""")
