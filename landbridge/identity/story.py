"""An identity's story: who is in it and why, what holds by one link only, what people said, what became of its ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from landbridge.identity import decisions
from landbridge.identity.bridges import bridges
from landbridge.identity.decisions import Decision
from landbridge.identity.doubts import SAYS
from landbridge.identity.explain import Step, waterfall
from landbridge.identity.people import said_of
from landbridge.identity.signed_by import Signatures, signatures_of
from landbridge.store.engine import Store
from landbridge.trail.lineage import identity_of


@dataclass(frozen=True)
class Member:
    """A profile in the identity. `how` it came in: 'evidence', 'decision', 'reference', or 'single'."""

    profile_id: str
    said: dict[str, Any]
    how: str
    weight: float | None
    model: str


@dataclass(frozen=True)
class Tie:
    """Two members that belong together, with the evidence step by step. `falls_out`: who leaves without this tie.

    `how`: 'evidence', or 'decision' or 'reference' (its system's own word), which weigh nothing and outweigh all.
    """

    left_id: str
    right_id: str
    how: str
    weight: float | None
    probability: float | None
    steps: list[Step]
    falls_out: list[str]


@dataclass(frozen=True)
class Happening:
    """One event of the identity's id or of one that it took in."""

    seq: int
    kind: str
    identity_id: str
    other_id: str | None
    at: datetime
    run_id: str


@dataclass(frozen=True)
class Story:
    """`ties` are the strongest that hold all members together; `formerly` the ids that mean this one now."""

    asked: str
    identity_id: str
    formerly: list[str]
    members: list[Member]
    ties: list[Tie]
    doubts: list[str]
    decisions: list[Decision]
    history: list[Happening]


def story(store: Store, what: str) -> Story:
    """The story of the identity that `what` leads to: any id of it, old ones too, a profile, or a CRM record.

    Raises NotFound.
    """
    with store.begin() as connection:
        identity, _ = identity_of(connection, what)
        formerly = list(connection.execute(sa.text(_FORMERLY), {"id": identity}).scalars())
        members = _members(connection, identity)
        signed = signatures_of(connection, [member.profile_id for member in members])
        ties = _ties(connection.execute(sa.text(_TIES), {"id": identity}).all(), signed)
        doubts = [SAYS[row.kind].format(profiles=row.profiles) for row in connection.execute(_DOUBTS, {"id": identity})]
        history = [Happening(*row) for row in connection.execute(_HISTORY, {"ids": [identity, *formerly]})]
    said = decisions.about(store, [member.profile_id for member in members])
    return Story(what, identity, formerly, members, ties, doubts, said, history)


def _members(connection: sa.Connection, identity: str) -> list[Member]:
    rows = connection.execute(sa.text(_MEMBERS), {"id": identity}).all()
    people = said_of(connection, [row.profile_id for row in rows])
    return [Member(row.profile_id, people.get(row.profile_id, {}), row.how, row.weight, row.model) for row in rows]


def _ties(matches: Sequence[Any], signed: Signatures) -> list[Tie]:
    """The strongest ties that reach everybody, and for each that is alone between two sides the smaller side."""
    edges = [(match.left_id, match.right_id) for match in matches]
    lone = {(bridge.left, bridge.right) for bridge in bridges(edges)}
    chosen, beside = _strongest(edges), _neighbours(edges)
    return [
        _tie(match, _smaller_side(edge, beside) if edge in lone and match.how == "evidence" else [], signed)
        for place, (match, edge) in enumerate(zip(matches, edges, strict=True))
        if place in chosen
    ]


def _tie(match: Any, falls_out: list[str], signed: Signatures) -> Tie:
    steps = []
    if match.how == "evidence":
        where = signed.where(match.left_id, match.right_id, match.evidence)
        steps = waterfall(match.evidence, match.weight, where)
    return Tie(match.left_id, match.right_id, match.how, match.weight, match.probability, steps, falls_out)


def _strongest(edges: list[tuple[str, str]]) -> set[int]:
    """The places of the edges of Kruskal's tree; they come strongest first."""
    group: dict[str, set[str]] = {}
    chosen = set()
    for place, (left, right) in enumerate(edges):
        one, other = group.setdefault(left, {left}), group.setdefault(right, {right})
        if one is not other:
            one |= other
            group.update(dict.fromkeys(other, one))
            chosen.add(place)
    return chosen


def _neighbours(edges: list[tuple[str, str]]) -> dict[str, set[str]]:
    beside: dict[str, set[str]] = {}
    for left, right in edges:
        beside.setdefault(left, set()).add(right)
        beside.setdefault(right, set()).add(left)
    return beside


def _smaller_side(cut: tuple[str, str], beside: dict[str, set[str]]) -> list[str]:
    """Who is left on the smaller side when the bridge is taken away."""
    sides = [_reached(end, other, beside) for end, other in (cut, cut[::-1])]
    return min((sorted(side) for side in sides), key=lambda side: (len(side), side))


def _reached(start: str, barred: str, beside: dict[str, set[str]]) -> set[str]:
    """Who hangs together with the one end of a bridge, the other end left out; each is looked at once."""
    found, ahead = {start}, [start]
    while ahead:
        new = beside[ahead.pop()] - found - {barred}
        found |= new
        ahead += new
    return found


def feed(store: Store, after: int, limit: int) -> list[Happening]:
    """What became of ids since event `after`, oldest first: for whoever keeps our ids elsewhere."""
    with store.begin() as connection:
        return [Happening(*row) for row in connection.execute(_FEED, {"after": after, "limit": limit})]


_FORMERLY = """
WITH RECURSIVE former(identity_id) AS (
    SELECT identity_id FROM identity WHERE redirect_to = :id
    UNION ALL
    SELECT i.identity_id FROM identity i JOIN former ON i.redirect_to = former.identity_id
) SELECT identity_id FROM former ORDER BY identity_id
"""

_MEMBERS = """
SELECT profile_id, how, weight, model FROM link WHERE identity_id = :id ORDER BY profile_id COLLATE "C"
"""

_TIES = """
WITH member AS (SELECT profile_id FROM link WHERE identity_id = :id)
SELECT left_id, right_id, 'decision' AS how, CAST(NULL AS float8) AS weight, CAST(NULL AS float8) AS probability,
    CAST(NULL AS jsonb) AS evidence FROM decision
WHERE verdict = 'same' AND withdrawn_at IS NULL
  AND left_id IN (SELECT profile_id FROM member) AND right_id IN (SELECT profile_id FROM member)
UNION ALL
SELECT p.profile_id, o.profile_id, 'reference', NULL, NULL, NULL
FROM member JOIN profile p USING (profile_id), unnest(p.reference) AS named
JOIN member o ON lower(o.profile_id) = lower(trim(named)) WHERE o.profile_id <> p.profile_id
UNION ALL
SELECT left_id, right_id, 'evidence', weight, probability, evidence FROM match
WHERE band = 'link'
  AND left_id IN (SELECT profile_id FROM member) AND right_id IN (SELECT profile_id FROM member)
ORDER BY 4 DESC NULLS FIRST, 3, 1, 2
"""

_DOUBTS = sa.text("SELECT kind, profiles FROM doubt WHERE identity_id = :id ORDER BY kind")

_EVENT = "SELECT seq, kind, identity_id, other_id, at, run_id FROM identity_event"

_HISTORY = sa.text(f"{_EVENT} WHERE identity_id = ANY(:ids) ORDER BY seq")

_FEED = sa.text(f"{_EVENT} WHERE seq > :after ORDER BY seq LIMIT :limit")
