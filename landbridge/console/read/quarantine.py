"""What is held back, at any stage: by expectation, listed, and one with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from landbridge.console.read.quarantine_words import QUESTIONS, kind_of
from landbridge.console.web.veil import Veil
from landbridge.errors import NotFound
from landbridge.store.engine import Store
from landbridge.store.numbers import number

MANY = 10_000
"""What is held for one reason is counted so far."""

STAGES = {
    "land": "could not be landed",
    "map": "could not be mapped",
    "identity": "in doubt who it is",
    "validate": "does not meet an expectation",
    "push": "refused by the CRM",
}
"""The stages, in the order in which data goes, and what is wrong with what they hold."""


@dataclass(frozen=True)
class Group:
    """What is held for one reason. `reason`: an example's, in words."""

    stage: str
    expectation: str
    held: int
    reason: str
    since: datetime

    @property
    def name(self) -> str:
        """An expectation as people call it."""
        return named(self.expectation)

    @property
    def kind(self) -> str:
        """What is asked: the stage, or what the push asks people."""
        return kind_of(self.stage, self.expectation)


@dataclass(frozen=True)
class Item:
    """One thing that is held, or was. `value`: the failing one, bounded; `subject`: a customer, or a record by
    account/stream/key; `who`: what the customer is called, in lists."""

    quarantine_id: int
    stage: str
    subject: str
    expectation: str
    field: str | None
    value: str | None
    reason: str
    record_id: int | None
    state: str
    run_id: str
    at: datetime
    settled_at: datetime | None
    settled_by: str | None
    settled_why: str | None
    who: str | None = None

    @property
    def name(self) -> str:
        return named(self.expectation)

    @property
    def kind(self) -> str:
        """What is asked: the stage, or what the push asks people."""
        return kind_of(self.stage, self.expectation)

    @property
    def customer(self) -> str | None:
        """The customer it is about, where it is about one."""
        return self.subject if self.stage in ("identity", "validate", "push") else None


Told = TypeVar("Told", Group, Item)


def as_seen(each: Told, veil: Veil) -> Told:
    """For somebody who may not see personal values: without the values, a record's key, what the CRM said, and what
    people wrote."""
    said = veil(each.reason) if each.kind == "push" else each.reason
    if isinstance(each, Group):
        return replace(each, reason=said)
    subject = each.subject if "/" not in each.subject else veil.key(each.subject) or ""
    value = each.value if each.stage == "identity" and veil.names else veil(each.value)
    return replace(
        each, reason=said, subject=subject, value=value, who=veil(each.who), settled_why=veil.said(each.settled_why)
    )


def named(expectation: str) -> str:
    """`expect_column_values_to_not_be_null(email)` as `email: values to not be null`; a name of ours as it is."""
    kind, _, record = expectation.partition(" ")
    if kind in _ASKED:
        one, all_of_them = _ASKED[kind]
        return one.format(record) if record else all_of_them
    rule, bracket, fields = expectation.rstrip(")").partition("(")
    if not bracket or not rule.startswith("expect_"):
        return expectation.replace("_", " ")
    return f"{fields}: {rule.removeprefix('expect_column_').removeprefix('expect_').replace('_', ' ')}"


_ASKED = {"ERASED": ("delete {}?", "records to delete"), "MERGED": ("one person with {}?", "two records, one person?")}
"""What the push asks people: one question, and all of its kind together."""


def groups(store: Store, veil: Veil) -> list[Group]:
    """What is held, by stage and expectation, the most first within a stage. None is counted beyond MANY."""
    with store.begin() as connection:
        rows = connection.execute(sa.text(_GROUPS), {"most": MANY + 1}).all()
    order = list(STAGES)
    found = [as_seen(Group(*row), veil) for row in rows]
    return sorted(found, key=lambda each: (order.index(each.stage), -each.held, each.expectation))


def listed(store: Store, filters: Mapping[str, str], limit: int, veil: Veil) -> list[Item]:
    """What is held and asked for, the newest first; `before`: a number, and only older ones follow."""
    asked = {name: filters.get(name) for name in ("stage", "expectation", "subject")}
    before = number(filters.get("before", ""))
    with store.begin() as connection:
        rows = connection.execute(sa.text(_LISTED), {**asked, "before": before, "limit": limit}).mappings().all()
    return [as_seen(Item(**row), veil) for row in rows]


def every(store: Store, filters: Mapping[str, str], veil: Veil) -> Iterator[Item]:
    """All of it, in batches: for export."""
    given = {**filters, "before": ""}
    while batch := listed(store, given, 1000, veil):
        yield from batch
        given["before"] = str(batch[-1].quarantine_id)


def one(store: Store, number: int) -> Item:
    """One as it is, for acts and for what shows `as_seen` of it; also one that is settled. Raises NotFound."""
    with store.begin() as connection:
        row = (
            connection.execute(sa.text(f"SELECT {_COLUMNS} FROM quarantine q WHERE quarantine_id = :n"), {"n": number})
            .mappings()
            .first()
        )
    if row is None:
        raise NotFound(f"Nothing was ever held under {number}.", do="Quarantine lists what is held.")
    return Item(**row)


def of_subject(store: Store, item: Item, veil: Veil, limit: int = 20) -> Sequence[Item]:
    """What else was held of the same stage and subject, the newest first."""
    asked = {"stage": item.stage, "subject": item.subject, "n": item.quarantine_id, "limit": limit}
    with store.begin() as connection:
        return [as_seen(Item(**row), veil) for row in connection.execute(sa.text(_OTHERS), asked).mappings()]


_COLUMNS = ", ".join(f"q.{name}" for name in Item.__dataclass_fields__ if name != "who")

# The kinds that are held, each found by one step in the index. Questions, which name a record each, are one of a kind.
_ALONE = f"""(stage = 'push' AND ({" OR ".join(f"starts_with(expectation, '{kind} ')" for kind in QUESTIONS)}))"""
_KIND = f"""stage, CASE WHEN {_ALONE} THEN split_part(expectation, ' ', 1) ELSE expectation END AS kind, expectation,
    {_ALONE} AS alone"""
_KINDS = f"""
WITH RECURSIVE kinds(stage, kind, expectation, alone) AS (
    (SELECT {_KIND} FROM quarantine WHERE state = 'held' ORDER BY stage, expectation LIMIT 1)
    UNION ALL
    SELECT n.* FROM kinds k CROSS JOIN LATERAL (
        SELECT {_KIND} FROM quarantine q
        WHERE state = 'held' AND (q.stage, q.expectation) > (k.stage, k.expectation)
          AND NOT (k.alone AND q.stage = k.stage AND starts_with(q.expectation, k.kind || ' '))
        ORDER BY q.stage, q.expectation LIMIT 1) n)
"""


def _of_kind(columns: str, more: str, order: str) -> str:
    """What is held of the kind `k`. Only one of the two is looked for, each by the index's order as far as it goes."""
    of = f"SELECT {columns} FROM quarantine q WHERE q.state = 'held' AND q.stage = k.stage AND"
    alike, begins = (
        "NOT k.alone AND q.expectation = k.expectation",
        "k.alone AND starts_with(q.expectation, k.kind || ' ')",
    )
    return f"({of} {alike} {more} {order}) UNION ALL ({of} {begins} {more} {order})"


_GROUPS = f"""{_KINDS}
SELECT k.stage, k.kind, n.held, e.reason, e.at FROM kinds k
CROSS JOIN LATERAL (SELECT count(*) AS held FROM ({_of_kind("", "", "LIMIT :most")}) q) n
CROSS JOIN LATERAL ({_of_kind("reason, at", "", "ORDER BY quarantine_id LIMIT 1")}) e
"""
_ASKED_FOR = """
    AND (CAST(:before AS bigint) IS NULL OR q.quarantine_id < :before)
    AND (CAST(:subject AS text) IS NULL OR q.subject = :subject)
    AND (CAST(:expectation AS text) IS NULL OR :expectation IN (k.kind, q.expectation))
"""
# Whose it is is looked up of those that are shown: the planner takes what is held for thousands, and read every lead.
_LISTED = f"""{_KINDS}
SELECT {_COLUMNS}, l.fields ->> 'full_name' AS who
FROM (
    SELECT q.* FROM kinds k
    CROSS JOIN LATERAL ({_of_kind("q.*", _ASKED_FOR, "ORDER BY q.quarantine_id DESC LIMIT :limit")}) q
    WHERE (CAST(:stage AS text) IS NULL OR k.stage = :stage)
      AND (CAST(:expectation AS text) IS NULL OR :expectation = k.kind
           OR k.alone AND starts_with(:expectation, k.kind || ' '))
    ORDER BY q.quarantine_id DESC LIMIT :limit) q
LEFT JOIN lead l ON l.identity_id = q.subject AND q.stage IN ('identity', 'validate', 'push')
ORDER BY q.quarantine_id DESC
"""
_OTHERS = f"""
SELECT {_COLUMNS} FROM quarantine q
WHERE q.stage = :stage AND q.subject = :subject AND q.quarantine_id <> :n AND q.state = 'held'
ORDER BY q.quarantine_id DESC LIMIT :limit
"""
