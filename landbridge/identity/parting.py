"""Parting a customer: some of its records are somebody else's. A 'different' for every pair across, in one word."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from landbridge.errors import DecisionStands, GateClosed, NotFound
from landbridge.identity.decisions import SAYS
from landbridge.store.engine import Store
from landbridge.trail import audit

MOST = 2000
"""Pairs. An identity of 25, the most that is believed unasked, has 156 across its middle."""


@dataclass(frozen=True)
class Parted:
    """What parting would make of a customer: its groups of profiles, the leaving ones first. Records that nothing ties
    to the others of their side would stand alone."""

    leaving: list[list[str]]
    staying: list[list[str]]


def part(
    store: Store,
    leaving: Collection[str],
    staying: Collection[str],
    *,
    actor: str,
    reason: str,
    two_over: float | None = None,
) -> list[int]:
    """Say of every pair across that they are two people; answers the decisions made, oldest first. The next resolving
    obeys. What was said before writes nothing.

    Raises NotFound when a side is empty or a profile is not there, DecisionStands when somebody said 'same' of a pair,
    GateClosed when a question across is about deals over `two_over`: two people must say that, each for themselves.
    """
    pairs = _pairs(leaving, staying)
    with store.begin() as connection:
        if connection.scalar(_MISSING, pairs):
            raise NotFound("One of these records is not known any more.", do="Load the customer's page again.")
        if two_over is not None and connection.scalar(_OF_TWO, {**pairs, "over": two_over}):
            raise GateClosed(
                "With open deals of this worth two people must say that these are two customers.",
                do="Answer the question in Review; it waits there for a colleague to say the same.",
            )
        said = connection.execute(_SAME, pairs).first()
        if said:
            raise DecisionStands(
                f"{said.actor} decided on {said.at:%Y-%m-%d} that two of these are {SAYS['same']}.",
                do="Withdraw that first, or choose both or neither of them.",
            )
        made = connection.execute(_PART, {**pairs, "actor": actor, "reason": reason}).all()
        audit.record(connection, *(_event("decision.made", actor, row) for row in made))
    return [row.decision_id for row in made]


def unpart(store: Store, decisions: Sequence[int], *, actor: str) -> int:
    """Take back those of these decisions that are the actor's own and stand; answers how many."""
    with store.begin() as connection:
        rows = connection.execute(_UNPART, {"ids": list(decisions), "actor": actor}).all()
        audit.record(connection, *(_event("decision.withdrawn", actor, row) for row in rows))
    return len(rows)


def parted(ties: Sequence[tuple[str, str]], leaving: Collection[str], staying: Collection[str]) -> Parted:
    """What each side would fall into, by the ties that lie within it."""
    return Parted(_groups(ties, leaving), _groups(ties, staying))


def _groups(ties: Sequence[tuple[str, str]], members: Collection[str]) -> list[list[str]]:
    group = {member: {member} for member in members}
    for left, right in ties:
        if left in group and right in group and group[left] is not group[right]:
            group[left] |= group[right]
            group.update(dict.fromkeys(group[right], group[left]))
    distinct = {id(each): sorted(each) for each in group.values()}
    return sorted(distinct.values(), key=lambda each: (-len(each), each))


def _pairs(leaving: Collection[str], staying: Collection[str]) -> dict[str, Any]:
    pairs = [(min(one, other), max(one, other)) for one in leaving for other in staying if one != other]
    if not pairs or len(pairs) > MOST:
        raise NotFound(
            "There is nothing to part." if not pairs else "These are too many records to part at once.",
            do="Choose some of the customer's records, and leave some.",
        )
    return {"left": [pair[0] for pair in pairs], "right": [pair[1] for pair in pairs]}


def _event(kind: str, actor: str, row: Any) -> audit.Event:
    pair = audit.digest([row.left_id, row.right_id])
    return audit.Event(kind, actor, f"decision/{row.decision_id}", {"verdict": "different", "pair": pair})


_ASKED = "unnest(CAST(:left AS text[]), CAST(:right AS text[])) AS asked(left_id, right_id)"

_MISSING = sa.text(f"""
SELECT EXISTS (SELECT FROM {_ASKED}, LATERAL (VALUES (left_id), (right_id)) AS one(profile_id)
    WHERE NOT EXISTS (SELECT FROM profile p WHERE p.profile_id = one.profile_id))
""")

_OF_TWO = sa.text(f"""
SELECT EXISTS (SELECT FROM {_ASKED} JOIN question q USING (left_id, right_id)
    WHERE q.state <> 'answered' AND q.deals > :over)
""")

_SAME = sa.text(f"""
SELECT d.left_id, d.right_id, d.actor, d.at FROM {_ASKED} JOIN decision d USING (left_id, right_id)
WHERE d.withdrawn_at IS NULL AND d.verdict = 'same' LIMIT 1
""")

_PART = sa.text(f"""
INSERT INTO decision (left_id, right_id, verdict, actor, reason, evidence, model)
SELECT left_id, right_id, 'different', :actor, :reason, coalesce(m.evidence, '{{}}'), m.model
FROM {_ASKED} LEFT JOIN match m USING (left_id, right_id)
ORDER BY left_id, right_id
ON CONFLICT (left_id, right_id) WHERE withdrawn_at IS NULL DO NOTHING
RETURNING decision_id, left_id, right_id
""")

_UNPART = sa.text("""
UPDATE decision SET withdrawn_at = now(), withdrawn_by = :actor, withdrawn_why = 'taken back', applied = false
WHERE decision_id = ANY(:ids) AND actor = :actor AND verdict = 'different' AND withdrawn_at IS NULL
RETURNING decision_id, left_id, right_id
""")
