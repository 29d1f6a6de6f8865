"""From a CRM value back to the record it came from: field, change, plan, golden value, profile, record, run.

Reads tables only, and keeps to what was true when the value was written: the change holds its origin, the run the
versions in force then. What was true and is no longer (a profile since re-linked, a golden value since replaced) is
shown beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.store.engine import Store


@dataclass(frozen=True)
class Record:
    """The version of an object that a value came from, exactly as it was landed."""

    record_id: int
    account: str
    stream: str
    key: str
    digest: str
    landed_at: datetime
    run_id: str


@dataclass(frozen=True)
class Source:
    """The profile a value came from: its mapping's content hash, and what holds it in its identity."""

    profile_id: str
    mapping: str | None
    identity_id: str | None
    how: str | None
    weight: float | None
    model: str | None
    record: Record | None


@dataclass(frozen=True)
class Write:
    """The change that wrote a value, its plan, and the run that sent it."""

    change_id: int
    action: str
    at: datetime
    run_id: str
    plan_id: str
    planned_by_run: str
    policy: str
    approved_by: str | None
    reason: str | None
    versions: Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """One CRM field. `lead_field`, `rule`: the golden choice at the time; `golden_now`: what we would say today."""

    field: str
    value: Any
    before: Any
    lead_field: str | None
    rule: str | None
    golden_now: Any
    write: Write
    source: Source | None

    @property
    def moved(self) -> bool:
        """Whether we would say something else today. Of a list, the CRM has the first, or all of them in one text."""
        now = self.golden_now
        if now is None or now == self.value:
            return False
        if not isinstance(now, list):
            return True
        left = str(self.value)
        for part in sorted(map(str, now), key=len, reverse=True):
            left = left.replace(part, "", 1)
        said = all(str(part) in str(self.value) for part in now) and not any(sign.isalnum() for sign in left)
        return not (said or now[:1] == [self.value])


@dataclass(frozen=True)
class Explanation:
    """Everything that we wrote to one CRM record, and why. `profiles`: the identity's members today."""

    asked: str
    identity_id: str
    formerly: tuple[str, ...]
    account: str
    object: str
    crm_id: str
    golden_rules: str | None
    golden_run: str | None
    values: tuple[Value, ...]
    profiles: tuple[str, ...] = field(default=())


def explain(store: Store, what: str) -> Explanation:
    """Explain a CRM record by its id (15 or 18 characters), an identity (also a former id) or a profile.

    Raises NotFound, which says what to do.
    """
    with store.begin() as connection:
        identity_id, formerly = identity_of(connection, what)
        pushed = connection.execute(sa.text(_PUSHED), {"id": identity_id, "what": what, "short": what[:15]}).first()
        if pushed is None:
            raise NotFound(
                f"'{what}' is known as customer {identity_id}, and nothing of it was written to a CRM yet.",
                do="`landbridge plan` shows what would be written; the quarantine says what is held back and why.",
            )
        rows = connection.execute(sa.text(_VALUES), {"object": pushed.object, "crm_id": pushed.crm_id})
        values = tuple(_value(row) for row in rows.mappings())
        golden = connection.execute(sa.text(_GOLDEN), {"id": identity_id}).first()
    return Explanation(
        what,
        identity_id,
        formerly,
        pushed.account,
        pushed.object,
        pushed.crm_id,
        golden.rules if golden else None,
        golden.run_id if golden else None,
        values,
        tuple(golden.profiles) if golden else (),
    )


_IDENTITY = """
SELECT identity_id FROM identity WHERE identity_id = :what
UNION ALL
SELECT identity_id FROM pushed WHERE length(:what) IN (15, 18) AND left(crm_id, 15) = left(:what, 15)
UNION ALL
SELECT identity_id FROM link WHERE profile_id = :what
LIMIT 1
"""
_LIVING = """
WITH RECURSIVE way(identity_id, step) AS (
    SELECT CAST(:id AS text), 0
    UNION ALL
    SELECT i.redirect_to, way.step + 1 FROM way JOIN identity i USING (identity_id) WHERE i.redirect_to IS NOT NULL
) SELECT identity_id FROM way ORDER BY step
"""


def identity_of(connection: sa.Connection, what: str) -> tuple[str, tuple[str, ...]]:
    """The living identity that `what` leads to, and the ids that it passed on the way. Raises NotFound."""
    found = connection.scalar(sa.text(_IDENTITY), {"what": what})
    if found is None:
        raise NotFound(
            f"Nothing is known as '{what}'.",
            do="Give a CRM id that we wrote to, a customer's id, or a profile such as zendesk/users/123.",
        )
    way = list(connection.execute(sa.text(_LIVING), {"id": found}).scalars())
    return way[-1], tuple(way[:-1])


_PUSHED = """
WITH RECURSIVE former(identity_id) AS (
    SELECT CAST(:id AS text)
    UNION ALL
    SELECT i.identity_id FROM identity i JOIN former ON i.redirect_to = former.identity_id
)
SELECT p.account, p.object, p.crm_id FROM pushed p JOIN former USING (identity_id)
ORDER BY left(p.crm_id, 15) <> :short, p.identity_id <> :id, p.at DESC LIMIT 1
"""
_VALUES = """
SELECT DISTINCT ON (e.key) e.key AS field, e.value, c.before -> e.key AS before, c.origin -> e.key AS origin,
       g.fields AS golden, l.fields AS lead,
       c.change_id, c.action, c.settled_at, c.sent_run_id, p.plan_id, p.run_id AS planned_by_run, p.policy,
       p.approved_by, p.reason, run.versions,
       f.profile_id, f.mapping, k.identity_id, k.how, k.weight, k.model,
       r.record_id, r.account, r.stream, r.key, r.digest, r.at AS landed_at, r.run_id
FROM change c
CROSS JOIN LATERAL jsonb_each(c.after) e
JOIN plan p USING (plan_id)
LEFT JOIN run ON run.run_id = c.sent_run_id
LEFT JOIN golden g ON g.identity_id = c.identity_id
LEFT JOIN lead l ON l.identity_id = c.identity_id
LEFT JOIN profile f ON f.profile_id = c.origin -> e.key ->> 'profile'
LEFT JOIN link k ON k.profile_id = f.profile_id
LEFT JOIN record r ON r.record_id = CAST(c.origin -> e.key ->> 'record' AS bigint)
WHERE c.object = :object AND c.crm_id = :crm_id AND c.state = 'done'
ORDER BY e.key, c.change_id DESC
"""
_GOLDEN = "SELECT rules, run_id, profiles FROM golden WHERE identity_id = :id"


def _value(row: sa.RowMapping) -> Value:
    origin = row["origin"] or {}
    lead_field = origin.get("field")
    now = {**(row["golden"] or {}), **(row["lead"] or {})}
    return Value(
        row["field"],
        row["value"],
        row["before"],
        lead_field,
        origin.get("rule"),
        now.get(str(lead_field)),
        _write(row),
        _source(row, origin),
    )


def _write(row: sa.RowMapping) -> Write:
    return Write(
        row["change_id"],
        row["action"],
        row["settled_at"],
        row["sent_run_id"],
        row["plan_id"],
        row["planned_by_run"],
        row["policy"],
        row["approved_by"],
        row["reason"],
        row["versions"] or {},
    )


def _source(row: sa.RowMapping, origin: Mapping[str, Any]) -> Source | None:
    if not origin.get("profile"):
        return None
    record = None
    if row["record_id"] is not None:
        names = ("record_id", "account", "stream", "key", "digest", "landed_at", "run_id")
        record = Record(*(row[name] for name in names))
    held = (row["identity_id"], row["how"], row["weight"], row["model"])
    return Source(origin["profile"], row["mapping"], *held, record)
