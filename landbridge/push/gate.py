"""The gate: a plan leaves when it is small enough for the policy, or when a named person has approved it.

What waits holds back everything of its account: a plan of unusual size is the sign of a wrong rule, and small plans
made by the same wrong rule must not slip through beside it. A plan that changes a protected field or deletes
a record waits whatever its size, and so does one that takes back what was written, and the first one for an org.

Whoever says whether a plan waits asks here: the push that stops at it, and the pages, programs and commands that tell
people beforehand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import sqlalchemy as sa

from landbridge.counted import counted
from landbridge.push.policy import Limit, Policy
from landbridge.store import tables
from landbridge.store.engine import Store

NOTHING_SENT = "Nothing was sent"
"""How every sentence of a closed gate begins: a run that ends with it waits for somebody, and nothing is broken."""

AUTOMATIC = "within the policy's limit"
"""The reason that stands where nobody approved."""


@dataclass(frozen=True)
class Waiting:
    """A plan that nobody has approved. `changes`: those that still wait; `protected`: those of them that would change
    a protected field; `deletes`: those that would delete a record; `revert`: it takes back what was written."""

    plan_id: str
    changes: int
    protected: int = 0
    deletes: int = 0
    revert: bool = False

    def __str__(self) -> str:
        if self.revert:
            return f"{self.plan_id} takes back {counted(self.changes, 'change')}"
        guarded = f", {self.protected:,} of them of a protected field" if self.protected else ""
        gone = f", {self.deletes:,} of them deletions" if self.deletes else ""
        return f"{self.plan_id}: {counted(self.changes, 'change')}{guarded}{gone}"

    def why(self) -> list[str]:
        """Why it waits whatever its size."""
        told = {
            "It takes back what was written: nobody's work goes without a person's word.": self.revert,
            f"{_of_it(self.deletes)} to delete a record.": self.deletes,
            f"{_of_it(self.protected)} of a protected field.": self.protected,
        }
        return [words for words, so in told.items() if so]


def _of_it(changes: int) -> str:
    return "1 of its changes is" if changes == 1 else f"{changes:,} of its changes are"


@dataclass(frozen=True)
class Load:
    """All that is open and that no person approved, in one sum: many small plans made by one wrong rule are as large
    as one. `under_way`: changes that the policy let through and that have not arrived yet."""

    plans: tuple[Waiting, ...]
    under_way: int
    crm_size: int
    first_load: bool

    @property
    def changes(self) -> int:
        """How many."""
        return self.under_way + sum(plan.changes for plan in self.plans)

    def stopped(self, limit: Limit) -> tuple[Waiting, ...]:
        """The plans that somebody must look at first: all of them when they are too many together."""
        return tuple(plan for plan in self.plans if self.why(plan, limit))

    def why(self, plan: Waiting, limit: Limit) -> list[str]:
        """Why somebody must look at a plan first, in words; nothing where nobody must."""
        return plan.why() if self._passes(limit) else [*plan.why(), self._too_many(limit)]

    def _passes(self, limit: Limit) -> bool:
        if self.changes <= limit.changes:
            return True
        if self.first_load:
            return limit.first_load == "approve"
        return self.changes <= limit.share * self.crm_size

    def _too_many(self, limit: Limit) -> str:
        together = ", in all that is open," if len(self.plans) > 1 or self.under_way else ""
        told = f"{self.changes:,} changes{together} are more than {limit.changes:,}"
        if self.first_load:
            return f"{told}, and nothing was ever written there before."
        share = f"{limit.share:.0%} of the CRM's records"
        return f"{told} and more than {share}: the sign of a wrong rule until somebody has looked."

    def __str__(self) -> str:
        first = ", and nothing was ever written there before" if self.first_load else ""
        plans = "; ".join(map(str, self.plans))
        return f"{plans}, where the CRM holds {self.crm_size:,} records{first}"


@dataclass(frozen=True)
class Gate:
    """The gate before an account. `options`: the account's own; `meets`: whether its system tells which org it is."""

    store: Store
    policy: Policy
    account: str
    options: Mapping[str, Any]
    meets: bool = False

    @property
    def limit(self) -> Limit:
        """The policy's limit, with the account's own word about a first load."""
        said = self.options.get("first_load")
        return self.policy.limit.model_copy(update={"first_load": said} if said in ("ask", "approve") else {})

    def load(self) -> Load:
        """What waits before it."""
        return waiting(self.store, self.account, self.policy.protected())

    def why(self, plan_id: str, planned: int | None = None) -> list[str]:
        """Why a plan waits for a person, in words; nothing where the next push lets it through unseen. Costs a page
        little, however large the plan and the CRM are. `planned`: its changes that wait, where they are counted."""
        sizes = {} if planned is None else {plan_id: planned}
        load = waiting(self.store, self.account, self.policy.protected(), self.limit, sizes)
        plan = next((each for each in load.plans if each.plan_id == plan_id), None)
        if plan is None:
            return []
        with self.store.begin() as connection:
            first = stranger(connection, self.account, self.limit) if self.meets else None
        own = [*([first] if first else []), *load.why(plan, self.limit)]
        others = [each.plan_id for each in load.stopped(self.limit) if each is not plan]
        return own or ([f"Nothing leaves beside {others[0]}, which somebody must look at first."] if others else [])


def stranger(connection: sa.Connection, account: str, limit: Limit) -> str | None:
    """Why the first plan for an org waits; None where somebody approved one since we met it, or none needs to."""
    met = connection.execute(sa.text("SELECT * FROM crm_org WHERE account = :account"), {"account": account}).first()
    if met and (met.approved_by is not None or by_person(connection, account) is not None):
        return None
    if met and met.former_id is not None:
        return f"{account} leads to another org than before: its first plan wants a person's word."
    if limit.first_load == "approve":
        return None
    return f"Nothing was ever written to {account} before: the first plan wants a person's word."


def by_person(connection: sa.Connection, account: str) -> str | None:
    """Who approved a plan that leaves for the org that the account leads to now."""
    name = connection.scalar(sa.text(_APPROVED), {"account": account, "automatic": AUTOMATIC})
    return None if name is None else str(name)


def waiting(
    store: Store,
    account: str,
    protected: Mapping[str, Sequence[str]] | None = None,
    limit: Limit | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Load:
    """The account's plans that nobody has approved, oldest first. `protected`: field names by CRM object. Where a
    `limit` is given, the CRM's records are counted as far as that asks, and no further. `sizes`: what waits in plans,
    where somebody has counted it already."""
    asked = {"account": account, "automatic": AUTOMATIC, "sizes": json.dumps(dict(sizes or {}))}
    names = sorted({name for fields in (protected or {}).values() for name in fields})
    guarded = json.dumps({name: list(fields) for name, fields in (protected or {}).items()})
    with store.begin() as connection:
        found = connection.execute(sa.text(_WAITING), asked | {"guarded": guarded, "names": names})
        plans = tuple(Waiting(*row) for row in found)
        under_way = connection.scalar(sa.text(_UNDER_WAY), asked) or 0
        changes = under_way + sum(plan.changes for plan in plans)
        size = _crm_size(connection, account, changes, limit)
        first = not connection.scalar(sa.select(sa.exists().where(tables.pushed.c.account == account)))
    return Load(plans, under_way, size, first)


def _crm_size(connection: sa.Connection, account: str, changes: int, limit: Limit | None) -> int:
    """The CRM's records that we know. What is surely enough for a limit, or surely not, is not counted to the end."""
    if limit and (changes <= limit.changes or not limit.share):
        return 0
    if limit:
        enough = ceil(changes / limit.share) + 1
        asked = {"account": account, "enough": enough}
        some = [connection.scalar(sa.text(query), asked) or 0 for query in (_SOME_PUSHED, _SOME_READ)]
        if max(some) >= enough or sum(some) < enough:
            return max(some)
    return connection.scalar(sa.text(_CRM_SIZE), {"account": account}) or 0


# What a sorted plan has no part for need not be looked for in each of its changes; and each is read once. (OFFSET keeps
# the database from counting at each place where the number stands.)
# A record that we create has nothing yet that could be protected.
_WAITING = """
SELECT p.plan_id, n.changes, coalesce(d.protected, 0), coalesce(d.deletes, 0), p.kind = 'revert'
FROM plan p
CROSS JOIN LATERAL (
    SELECT NOT EXISTS (SELECT FROM plan_entry e WHERE e.plan_id = p.plan_id)
        OR EXISTS (SELECT FROM plan_part t WHERE t.plan_id = p.plan_id AND (
            t.what = 'kind' AND t.detail = 'delete' OR t.what = 'field' AND t.detail = ANY(:names))) AS maybe) s
LEFT JOIN LATERAL (
    SELECT count(*) AS changes, count(*) FILTER (WHERE c.action = 'delete') AS deletes,
           count(*) FILTER (WHERE c.action = 'update' AND c.after ?| ARRAY(
               SELECT jsonb_array_elements_text(CAST(:guarded AS jsonb) -> c.object))) AS protected
    FROM change c WHERE s.maybe AND c.plan_id = p.plan_id AND c.state = 'planned') d ON true
CROSS JOIN LATERAL (SELECT coalesce(CAST(CAST(:sizes AS jsonb) ->> p.plan_id AS bigint), CASE WHEN s.maybe
    THEN d.changes ELSE (SELECT count(*) FROM change c WHERE c.plan_id = p.plan_id AND c.state = 'planned')
    END) AS changes OFFSET 0) n
WHERE p.account = :account AND p.state = 'planned' AND n.changes > 0
ORDER BY p.at, p.plan_id
"""

_UNDER_WAY = """
SELECT count(*) FROM plan p JOIN change c USING (plan_id)
WHERE p.account = :account AND p.state = 'approved' AND p.reason = :automatic
  AND c.state IN ('planned', 'approved', 'sending', 'unknown')
"""

_PUSHED = "SELECT object, crm_id FROM pushed WHERE account = :account"
_READ = "SELECT stream, key FROM record_head WHERE account = :account AND stream IN ('Lead', 'Contact')"
_CRM_SIZE = f"SELECT count(*) FROM ({_READ} UNION {_PUSHED}) records"
_SOME_PUSHED, _SOME_READ = (f"SELECT count(*) FROM ({each} LIMIT :enough) AS few" for each in (_PUSHED, _READ))

_APPROVED = """
SELECT p.approved_by FROM plan p JOIN crm_org o USING (account)
WHERE p.account = :account AND p.state = 'approved' AND p.reason <> :automatic
  AND (o.former_id IS NULL OR p.approved_at > o.at)
ORDER BY p.approved_at LIMIT 1
"""
