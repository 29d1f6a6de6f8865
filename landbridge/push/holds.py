"""Holds: what sales ops keep from the CRM, a record or a field of it, until somebody releases it.

A hold stands over every planning to come. What it touches of an open plan is superseded at once: what is held can not
leave between the word and the next plan. A hold that a revert placed names the value that was taken back, and holds
only as long as we want that value again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.push import outbox
from landbridge.push.policy import Policy
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.lineage import identity_of

_hold = tables.hold

EVERYBODY = "everybody"


@dataclass(frozen=True)
class Held:
    """A hold that stands. What is None is not narrowed down: everybody, every object, the whole record."""

    hold_id: int
    identity_id: str | None
    object: str | None
    field: str | None
    kind: str
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class About:
    """What a hold is about."""

    identity_id: str | None = None
    object: str | None = None
    field: str | None = None


def about(store: Store, policy: Policy, what: str, field: str | None, object_name: str | None) -> About:
    """What somebody means by a change's number, an identity, CRM record or profile, or `everybody`.

    Raises NotFound when there is no such thing, or when the policy does not write such a field or object.
    """
    named, asked = _field(policy, field), _object(policy, object_name)
    if what == EVERYBODY:
        if named is None and asked is None:
            raise NotFound("Everybody is held with a field or an object.", do="Add --field or --object.")
        return About(None, asked, named)
    with store.begin() as connection:
        if what.isdigit() and len(what) < 15:
            row = connection.execute(sa.text(_CHANGE), {"id": int(what)}).first()
            if row is None:
                raise NotFound(f"There is no change {what}.", do="`landbridge plan` shows each change's number.")
            return About(row.identity_id, asked or row.object, named)
        return About(identity_of(connection, what)[0], asked, named)


def place(store: Store, account: str, held: About, *, actor: str, reason: str) -> int:
    """Hold it, in somebody's name; answers how many open changes that takes out of their plans."""
    row = {**vars(held), "account": account, "kind": "person", "actor": actor, "reason": reason}
    with store.begin() as connection:
        made = connection.scalar(sa.text(_PLACE), row)
        if made is None:
            return 0
        taken = connection.execute(sa.text(_SUPERSEDE), {**vars(held), "account": account}).rowcount
        outbox.close_plans(connection, account)
        subject = held.identity_id or account
        audit.record(connection, audit.Event("hold.placed", actor, subject, {"hold": made, "changes": taken}))
    return taken


def release(store: Store, account: str, what: str, *, actor: str, reason: str) -> int:
    """Let go by a hold's number, an identity, a revert's plan, or `everybody`. Raises NotFound when nothing stands."""
    with store.begin() as connection:
        who = (
            None
            if what.isdigit() or what == EVERYBODY or what.startswith("plan-")
            else identity_of(connection, what)[0]
        )
        asked = {"account": account, "what": what, "who": who, "actor": actor, "why": reason}
        ids = list(connection.execute(sa.text(_RELEASE), asked).scalars())
        if not ids:
            raise NotFound(f"Nothing is held for '{what}'.", do="`landbridge hold` lists what is held.")
        event = {"holds": len(ids), "first": min(ids), "last": max(ids)}
        audit.record(connection, audit.Event("hold.released", actor, who or account, event))
    return len(ids)


def standing(store: Store, account: str, limit: int | None = None) -> list[Held]:
    """What is held, newest first."""
    columns = [_hold.c[name] for name in Held.__dataclass_fields__]
    query = sa.select(*columns).where(_hold.c.account == account, _hold.c.released_at.is_(None))
    with store.begin() as connection:
        return [Held(*row) for row in connection.execute(query.order_by(_hold.c.hold_id.desc()).limit(limit))]


def read(store: Store, account: str) -> pa.Table:
    """What is held, for planning: identity_id (as it is called today), object, field, value (JSON text)."""
    with store.bulk() as connection, connection.cursor() as cursor:
        cursor.execute(_READ, (account,))
        return cursor.fetch_arrow_table()


def _field(policy: Policy, field: str | None) -> str | None:
    known = {name.lower(): name for rule in policy.objects.values() for name in rule.fields}
    return None if field is None else _known(field, known, "field")


def _object(policy: Policy, name: str | None) -> str | None:
    return None if name is None else _known(name, {each.lower(): each for each in policy.written()}, "object")


def _known(name: str, known: dict[str, str], kind: str) -> str:
    if name.lower() not in known:
        raise NotFound(f"We write no {kind} '{name}'.", do=f"We write {', '.join(sorted(known.values()))}.")
    return known[name.lower()]


_CHANGE = "SELECT identity_id, object FROM change WHERE change_id = :id"

_PLACE = """
INSERT INTO hold (account, identity_id, object, field, kind, actor, reason)
SELECT :account, :identity_id, :object, :field, :kind, :actor, :reason
WHERE NOT EXISTS (SELECT FROM hold WHERE account = :account AND kind = 'person' AND released_at IS NULL
    AND identity_id IS NOT DISTINCT FROM CAST(:identity_id AS text)
    AND object IS NOT DISTINCT FROM CAST(:object AS text) AND field IS NOT DISTINCT FROM CAST(:field AS text))
RETURNING hold_id
"""

_SUPERSEDE = """
UPDATE change c SET state = 'superseded', settled_at = now() FROM plan p
WHERE p.plan_id = c.plan_id AND p.kind = 'push' AND c.account = :account AND c.state IN ('planned', 'approved')
  AND (CAST(:identity_id AS text) IS NULL OR c.identity_id = :identity_id)
  AND (CAST(:object AS text) IS NULL OR c.object = :object)
  AND (CAST(:field AS text) IS NULL OR c.after ? :field)
"""

_RELEASE = """
UPDATE hold SET released_at = now(), released_by = :actor, released_why = :why
WHERE account = :account AND released_at IS NULL
  AND (CAST(hold_id AS text) = :what OR identity_id = CAST(:who AS text)
       OR (:what = 'everybody' AND identity_id IS NULL) OR starts_with(reason, :what || ':'))
RETURNING hold_id
"""

_READ = """
WITH RECURSIVE living(identity_id, now_id) AS (
    SELECT identity_id, identity_id FROM identity WHERE redirect_to IS NULL
    UNION ALL
    SELECT i.identity_id, living.now_id FROM identity i JOIN living ON i.redirect_to = living.identity_id)
SELECT living.now_id AS identity_id, object, field, value::text AS value
FROM hold LEFT JOIN living USING (identity_id) WHERE account = $1 AND released_at IS NULL
"""
