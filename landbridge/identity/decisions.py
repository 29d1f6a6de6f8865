"""People's word about pairs of profiles: 'same' or 'different'. It outlives runs, models and the profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from landbridge.errors import DecisionStands, NotFound
from landbridge.identity.consistency import see_that_it_fits
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_decision = tables.decision


SAYS = {"same": "one person", "different": "two people"}
"""What each verdict means."""


@dataclass(frozen=True)
class Decision:
    """One word of somebody's. `applied`: resolving has seen it as it stands."""

    decision_id: int
    left_id: str
    right_id: str
    verdict: str
    actor: str
    reason: str
    at: datetime
    withdrawn_at: datetime | None
    applied: bool


def decide(store: Store, left: str, right: str, verdict: str, *, actor: str, reason: str) -> Decision:
    """Keep a decision with the evidence as it was, for the next resolving to obey. Saying it twice writes nothing.

    Raises NotFound for a profile that nobody ever mapped, DecisionStands when the opposite was decided and stands, of
    these two or of others who would be one or apart with them.
    """
    with store.begin() as connection:
        return decide_in(connection, left, right, verdict, actor=actor, reason=reason)


def decide_in(connection: sa.Connection, left: str, right: str, verdict: str, *, actor: str, reason: str) -> Decision:
    """The same as a part of a transaction."""
    left, right = _pair(left, right)
    for profile in (left, right):
        _see_that_it_is(connection, profile)
    standing = None
    while standing is None:  # whoever says it at the same moment is first: their word stands, unless taken back at once
        standing = standing_in(connection, left, right)
        if standing is None:
            see_that_it_fits(connection, left, right, verdict)
            standing = _made(connection, left, right, verdict, actor, reason)
    if standing.verdict != verdict:
        raise DecisionStands(
            f"{standing.actor} decided on {standing.at:%Y-%m-%d} that they are {SAYS[standing.verdict]}; that stands.",
            do=f"Withdraw it first: `landbridge identity withdraw {left} {right} --reason …`.",
        )
    return standing


def withdraw(store: Store, left: str, right: str, *, actor: str, reason: str) -> Decision:
    """Take back what stands about a pair; the evidence alone decides again. Raises NotFound when nothing stands."""
    with store.begin() as connection:
        return withdraw_in(connection, left, right, actor=actor, reason=reason)


def withdraw_in(connection: sa.Connection, left: str, right: str, *, actor: str, reason: str) -> Decision:
    """The same as a part of a transaction."""
    left, right = _pair(left, right)
    standing = standing_in(connection, left, right)
    if standing is None:
        raise NotFound(
            f"Nothing stands about {left} and {right}.", do=f"`landbridge identity show {left}` tells what does."
        )
    gone = {"withdrawn_at": sa.func.now(), "withdrawn_by": actor, "withdrawn_why": reason, "applied": False}
    where = _decision.c.decision_id == standing.decision_id
    row = connection.execute(sa.update(_decision).where(where).values(gone).returning(*_COLUMNS)).one()
    audit.record(connection, _event("decision.withdrawn", actor, row))
    return Decision(**row._mapping)


def standing_in(connection: sa.Connection, left: str, right: str) -> Decision | None:
    """What stands about a pair (in the order in which tables keep it); nobody else takes it back meanwhile."""
    where = (_decision.c.left_id == left, _decision.c.right_id == right, _decision.c.withdrawn_at.is_(None))
    row = connection.execute(sa.select(*_COLUMNS).where(*where).with_for_update()).first()
    return Decision(**row._mapping) if row else None


def about(store: Store, profiles: list[str]) -> list[Decision]:
    """Every decision about any of the profiles, the withdrawn ones too, oldest first."""
    mine = sa.or_(_decision.c.left_id.in_(profiles), _decision.c.right_id.in_(profiles))
    query = sa.select(*_COLUMNS).where(mine).order_by(_decision.c.decision_id)
    with store.begin() as connection:
        return [Decision(**row._mapping) for row in connection.execute(query)]


_COLUMNS = [_decision.c[name] for name in Decision.__dataclass_fields__]


def _pair(left: str, right: str) -> tuple[str, str]:
    """In the order in which every table keeps pairs. Raises NotFound when both are one."""
    if left == right:
        raise NotFound("A decision is about two profiles; these are one.", do="Give the ids of two profiles.")
    return (left, right) if left < right else (right, left)


def _see_that_it_is(connection: sa.Connection, profile: str) -> None:
    known = sa.select(sa.exists().where(tables.profile.c.profile_id == profile))
    if not connection.scalar(known):
        raise NotFound(
            f"There is no profile '{profile}'.",
            do="They are named account/stream/key, such as zendesk/users/123; `landbridge identity review` shows some.",
        )


def _made(connection: sa.Connection, left: str, right: str, verdict: str, actor: str, reason: str) -> Decision | None:
    seen = _evidence(connection, left, right)
    values = {"left_id": left, "right_id": right, "verdict": verdict, "actor": actor, "reason": reason, **seen}
    once = (
        insert(_decision)
        .values(values)
        .on_conflict_do_nothing(index_elements=["left_id", "right_id"], index_where=_decision.c.withdrawn_at.is_(None))
    )
    row = connection.execute(once.returning(*_COLUMNS)).first()
    if row is None:
        return None
    audit.record(connection, _event("decision.made", actor, row))
    return Decision(**row._mapping)


def _evidence(connection: sa.Connection, left: str, right: str) -> Mapping[str, Any]:
    match = tables.match
    query = sa.select(match.c.evidence, match.c.model).where(match.c.left_id == left, match.c.right_id == right)
    row = connection.execute(query).first()
    return dict(row._mapping) if row else {}


def _event(kind: str, actor: str, row: Any) -> audit.Event:
    """The pair stands in it as a digest: a key may be somebody's mail address."""
    pair = audit.digest([row.left_id, row.right_id])
    return audit.Event(kind, actor, f"decision/{row.decision_id}", {"verdict": row.verdict, "pair": pair})
