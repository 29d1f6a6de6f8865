"""Which CRM records stand for customers, and what an answer would do to them, in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa


@dataclass(frozen=True)
class CrmRecord:
    """A record that stands for a customer. `ours`: we write to it; else it is known and has no word of ours."""

    identity_id: str
    object: str
    crm_id: str
    ours: bool

    def __str__(self) -> str:
        return f"{self.object} {self.crm_id}"


def of(connection: sa.Connection, account: str | None, identities: Collection[str]) -> list[CrmRecord]:
    """The CRM's records of these customers, the one that planning writes to first: a Contact before a Lead."""
    if account is None:
        return []
    rows = connection.execute(_RECORDS, {"account": account, "ids": list(identities)})
    return [CrmRecord(*row) for row in rows]


@dataclass(frozen=True)
class Effects:
    """What would follow from each answer, a sentence or more."""

    same: list[str]
    different: list[str]


def effects(known: list[CrmRecord], left: str, right: str, *, holds: bool, moves: int) -> Effects:
    """What the next run would do in the CRM after 'same', and after 'different'."""
    if left == right:
        return _of_one(known, moves)
    mine, theirs = ([each for each in known if each.identity_id == side] for side in (left, right))
    return Effects(_joined(mine, theirs), _apart(mine, theirs, holds))


def _of_one(known: list[CrmRecord], moves: int) -> Effects:
    told = f"{known[0]} goes on being updated." if known else "One Lead is created for them, once it passes validation."
    stays = f"{known[0]} stays with whom most of its first values came from; " if known else ""
    return Effects(
        ["They stay one customer, and the lead that waits may leave.", told],
        [
            f"{moves} record{'s' if moves > 1 else ''} leave at the next run and become a customer of their own.",
            f"{stays}the other part gets a lead of its own." if stays else "Each part gets a lead of its own.",
        ],
    )


def _joined(mine: list[CrmRecord], theirs: list[CrmRecord]) -> list[str]:
    if mine and theirs:
        first, *others = sorted([*mine, *theirs], key=lambda each: each.object != "Contact")
        named = ", ".join(map(str, others))
        return [
            f"One customer; planning writes to {first} alone.",
            f"{named} stay{'s' if len(others) == 1 else ''} in the CRM as they are: merging them there is yours.",
        ]
    if mine or theirs:
        return [
            f"One customer: {(mine or theirs)[0]} is updated with what the other side knows.",
            "No Lead is created.",
        ]
    return ["One customer, and one Lead is created instead of two."]


def _apart(mine: list[CrmRecord], theirs: list[CrmRecord], holds: bool) -> list[str]:
    if not mine and not theirs:
        told = ["Each gets a Lead of its own."]
    else:
        told = [
            f"{side[0]} stays as it is." if side else "The other gets a Lead of its own." for side in (mine, theirs)
        ]
    free = ["The lead that waits may leave."] if holds else []
    return ["They stay two customers, and nobody is asked again.", *told, *free]


_RECORDS = sa.text("""
WITH known AS (
    SELECT k.identity_id, p.stream AS object, p.key AS crm_id, false AS ours
    FROM link k JOIN profile p USING (profile_id)
    WHERE k.identity_id = ANY(:ids) AND p.account = :account AND p.stream IN ('Lead', 'Contact') AND NOT p.gone
    UNION ALL
    SELECT identity_id, object, crm_id, true FROM pushed WHERE account = :account AND identity_id = ANY(:ids))
SELECT identity_id, object, crm_id, bool_or(ours) FROM known GROUP BY 1, 2, 3
ORDER BY object <> 'Contact', bool_or(ours) DESC, crm_id LIMIT 20
""")
