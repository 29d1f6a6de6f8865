"""What a reviewer does with a question: same, different, later; and takes back, at once.

An answer is a decision of identity, which the next run obeys; until then nothing but the queue moves. Where open deals
are worth enough, the first verdict waits, and two people must say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from landbridge.desk import claims
from landbridge.desk.claims import Pair, Question
from landbridge.desk.rules import ReviewRules
from landbridge.errors import NotFound, TakenAlready
from landbridge.identity import decisions
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_act = tables.review_act


@dataclass(frozen=True)
class Act:
    """One thing that a reviewer did. `waits`: for another person's verdict."""

    act_id: int
    left_id: str
    right_id: str
    act: str
    waits: bool
    actor: str
    reason: str
    at: datetime
    undone_at: datetime | None

    @property
    def pair(self) -> Pair:
        return self.left_id, self.right_id


_COLUMNS = [_act.c[name] for name in Act.__dataclass_fields__]


def answer(store: Store, rules: ReviewRules, me: str, pair: Pair, verdict: str, reason: str) -> Act:
    """'same' or 'different', in my name.

    Raises TakenAlready when somebody else has it on the screen or must say it, NotFound when it is asked no longer,
    DecisionStands when the opposite was decided meanwhile.
    """
    with store.begin() as connection:
        question = claims.locked(connection, pair)
        claims.see_that_it_is_free(question, me)
        claims.see_that_it_is_asked(question)
        _see_that_it_is_mine(question, me)
        if rules.wants_two(question.deals) and question.first_verdict != verdict:
            connection.execute(_FIRST, {**_pair(pair), "me": me, "verdict": verdict})
            return _done(connection, me, pair, verdict, reason, waits=True)
        if question.first_by and question.first_verdict == verdict:
            reason = f"{reason or verdict}; {question.first_by} said so first".strip()
        decided = decisions.decide_in(connection, *pair, verdict, actor=me, reason=reason)
        if decided.actor != me:
            raise NotFound(f"{decided.actor} has answered this already.", do="Go on with the queue's next.")
        connection.execute(_SETTLED, _pair(pair))
        return _done(connection, me, pair, verdict, reason)


def put_off(store: Store, rules: ReviewRules, me: str, pair: Pair, reason: str) -> Act:
    """Later: the question comes back after the days that the rules give. Raises NotFound, TakenAlready."""
    with store.begin() as connection:
        question = claims.locked(connection, pair)
        claims.see_that_it_is_free(question, me)
        claims.see_that_it_is_asked(question)
        connection.execute(_LATER, {**_pair(pair), "days": rules.later_days})
        return _done(connection, me, pair, "later", reason)


def undo(store: Store, rules: ReviewRules, me: str, act_id: int | None = None) -> Act:
    """Take back my last act, or this one of mine; its question is mine again, unless another
    has it on the screen. All of it or nothing.

    Raises NotFound when there is none, TakenAlready when somebody's word about the pair came after it: what stands
    on mine would fall with it, and it is theirs to take back.
    """
    with store.begin() as connection:
        connection.execute(_ONE_BY_ONE, {"me": f"undo {me}"})
        act = _mine(connection, me, act_id)
        connection.execute(_LOCKED, _pair(act.pair))
        _see_that_it_is_the_last(connection, act)
        _withdraw(connection, act)
        connection.execute(sa.update(_act).where(_act.c.act_id == act.act_id).values(undone_at=sa.func.now()))
        earlier = connection.execute(_EARLIER, _pair(act.pair)).first()
        first = {"first_by": earlier.actor if earlier else None, "first_verdict": earlier.act if earlier else None}
        connection.execute(_AGAIN, {**_pair(act.pair), **first, "me": me, "minutes": rules.claim_minutes})
        audit.record(connection, _event("review.undone", me, act.pair, act.act))
    return act


def undoable(store: Store, me: str) -> Act | None:
    """My last act that stands."""
    with store.begin() as connection:
        row = connection.execute(_last(me)).first()
        return Act(*row) if row else None


def answered_today(store: Store, me: str) -> int:
    """How many verdicts of mine stand that I gave since midnight (UTC)."""
    with store.begin() as connection:
        return connection.scalar(_TODAY, {"me": me}) or 0


def about(store: Store, pair: Pair) -> list[Act]:
    """What reviewers did with a question, oldest first."""
    where = _act.c.left_id == pair[0], _act.c.right_id == pair[1], _act.c.undone_at.is_(None)
    with store.begin() as connection:
        return [Act(*row) for row in connection.execute(sa.select(*_COLUMNS).where(*where).order_by(_act.c.act_id))]


def _see_that_it_is_mine(question: Question, me: str) -> None:
    if question.first_by == me:
        raise TakenAlready(
            f"You said '{question.first_verdict}' already; with deals of this worth another person must agree.",
            do="Undo your verdict to change it, or leave it to a colleague.",
        )


def _done(connection: sa.Connection, me: str, pair: Pair, act: str, reason: str, *, waits: bool = False) -> Act:
    values = {"left_id": pair[0], "right_id": pair[1], "act": act, "waits": waits, "actor": me, "reason": reason}
    row = connection.execute(sa.insert(_act).values(values).returning(*_COLUMNS)).one()
    if act == "later" or waits:  # a decision tells of itself
        audit.record(connection, _event("review.later" if act == "later" else "review.first", me, pair, act))
    return Act(*row)


def _event(kind: str, me: str, pair: Pair, act: str) -> audit.Event:
    """The pair stands in it as a digest: a key may be somebody's mail address."""
    return audit.Event(kind, me, "review", {"act": act, "pair": audit.digest(list(pair))})


_DID = {"same": "said 'same'", "different": "said 'different'", "later": "said 'later'"}


def _see_that_it_is_the_last(connection: sa.Connection, act: Act) -> None:
    """Raises TakenAlready where somebody did something about the pair after this act, and it stands."""
    where = _act.c.left_id == act.left_id, _act.c.right_id == act.right_id, _act.c.undone_at.is_(None)
    query = sa.select(*_COLUMNS).where(*where, _act.c.act_id > act.act_id).order_by(_act.c.act_id.desc()).limit(1)
    row = connection.execute(query).first()
    if row:
        since = Act(*row)
        mine = since.actor == act.actor
        raise TakenAlready(
            f"{'You' if mine else since.actor} {_DID[since.act]} of this pair since. Nothing was undone.",
            do="Take that back first." if mine else f"Ask {since.actor} to take that back first.",
        )


def _withdraw(connection: sa.Connection, act: Act) -> None:
    """Take the act's decision back, if it made one that stands. Raises TakenAlready where another's stands."""
    standing = decisions.standing_in(connection, *act.pair)
    if standing and (standing.actor, standing.verdict) != (act.actor, act.act):
        raise TakenAlready(
            f"{standing.actor} decided that these are {decisions.SAYS[standing.verdict]}. Nothing was undone.",
            do=f"Ask {standing.actor} to take that back.",
        )
    if standing:
        decisions.withdraw_in(connection, *act.pair, actor=act.actor, reason="taken back in review")


def _last(me: str) -> sa.Select[Any]:
    return (
        sa.select(*_COLUMNS)
        .where(_act.c.actor == me, _act.c.undone_at.is_(None))
        .order_by(_act.c.act_id.desc())
        .limit(1)
    )


def _mine(connection: sa.Connection, me: str, act_id: int | None) -> Act:
    query = _last(me) if act_id is None else _last(me).where(_act.c.act_id == act_id)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound("There is nothing of yours to take back.", do="The page Audit tells who did what.")
    return Act(*row)


def _pair(pair: Pair) -> dict[str, str]:
    return {"left": pair[0], "right": pair[1]}


_THIS = "WHERE left_id = :left AND right_id = :right"
_NONE_FIRST = "first_by = NULL, first_verdict = NULL"
_FREE = "claimed_by = NULL, claimed_until = NULL"

_ANOTHER = "claimed_by <> :me AND claimed_until > now()"

_FIRST = sa.text(f"UPDATE question SET first_by = :me, first_verdict = :verdict, {_FREE} {_THIS}")
_SETTLED = sa.text(f"UPDATE question SET state = 'answered', until = NULL, {_NONE_FIRST}, {_FREE} {_THIS}")
_LATER = sa.text(f"UPDATE question SET state = 'later', until = now() + make_interval(days => :days), {_FREE} {_THIS}")
_AGAIN = sa.text(f"""
UPDATE question SET state = 'open', until = NULL, first_by = :first_by, first_verdict = :first_verdict,
    claimed_by = CASE WHEN {_ANOTHER} THEN claimed_by ELSE :me END,
    claimed_until = CASE WHEN {_ANOTHER} THEN claimed_until ELSE now() + make_interval(mins => :minutes) END {_THIS}
""")
_LOCKED = sa.text(f"SELECT FROM question {_THIS} FOR UPDATE")
_ONE_BY_ONE = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:me, 0))")

# The verdict that waits: the last one since a pair of them, or one alone, decided.
_EARLIER = sa.text(f"""
SELECT actor, act FROM review_act {_THIS} AND waits AND undone_at IS NULL AND act_id > coalesce((
    SELECT max(act_id) FROM review_act {_THIS} AND NOT waits AND act <> 'later' AND undone_at IS NULL), 0)
ORDER BY act_id DESC LIMIT 1
""")
_TODAY = sa.text("""
SELECT count(*) FROM (SELECT at, act, undone_at FROM review_act WHERE actor = :me ORDER BY act_id DESC LIMIT 5000) a
WHERE at >= date_trunc('day', now(), 'UTC') AND act <> 'later' AND undone_at IS NULL
""")
