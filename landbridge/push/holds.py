"""Holds: what sales ops keep from the CRM, a record or a field of it, until somebody releases it.

A hold stands over every planning to come. What it touches of an open plan leaves that at once: what is held can not
leave for the CRM between the word and the next plan. Of a record of which a field is held the rest stays in its plan:
landbridge.push.taking_out. A hold that a revert placed names the value that was taken back, and holds
only as long as we want that value again.

Whom somebody holds stays held whatever becomes of identities: through a merge, in both halves of a split, and, where
they were named by a CRM record or a profile, whoever has that by now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.push import taking_out
from landbridge.push.claimed import UNSETTLED, WAITS
from landbridge.push.policy import Policy
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.store.numbers import number
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

    @property
    def plan(self) -> str | None:
        """The revert that placed it, None where a person did."""
        return self.reason.partition(":")[0] if self.kind == "revert" else None


@dataclass(frozen=True)
class About:
    """What a hold is about. `needed`: CRM objects that cannot be made without the field."""

    identity_id: str | None = None
    object: str | None = None
    field: str | None = None
    profile_id: str | None = None
    needed: tuple[str, ...] = ()

    def row(self, account: str) -> dict[str, Any]:
        """As the statements below take it."""
        return {**vars(self), "account": account, "needed": list(self.needed)}


def about(store: Store, policy: Policy, what: str, field: str | None, object_name: str | None) -> About:
    """What somebody means by a change's number, an identity, CRM record or profile, or `everybody`.

    Raises NotFound when there is no such thing, or when the policy does not write such a field or object.
    """
    named, asked = _field(policy, field), _object(policy, object_name)
    if what == EVERYBODY:
        if named is None and asked is None:
            raise NotFound("Everybody is held with a field or an object.", do="Add --field or --object.")
        return About(None, asked, named, needed=needed(policy, named))
    with store.begin() as connection:
        if number(what) is not None:
            row = _change(connection, what)
            return About(row.identity_id, asked or row.object, named, row.profile_id, needed(policy, named))
        profile = connection.scalar(sa.text(_PROFILE), {"what": what})
        return About(identity_of(connection, what)[0], asked, named, profile, needed(policy, named))


def needed(policy: Policy, field: str | None) -> tuple[str, ...]:
    """The CRM objects of which none can be made without the field."""
    rules = policy.objects.items()
    return tuple(name for name, rule in rules if field in rule.fields and rule.fields[field].default is not None)


def _change(connection: sa.Connection, asked: str) -> sa.Row[Any]:
    row = connection.execute(sa.text(_CHANGE), {"id": int(asked)}).first()
    if row is None:
        raise NotFound(f"There is no change {asked}.", do="`landbridge plan` shows each change's number.")
    return row


def under_way(store: Store, account: str, held: About) -> int:
    """How many writes of what is held have left already, so that no hold can keep them."""
    with store.begin() as connection:
        return connection.scalar(sa.text(_UNDER_WAY), held.row(account)) or 0


def place(store: Store, account: str, held: About, *, actor: str, reason: str) -> int:
    """Hold it, in somebody's name; answers how many open changes that takes out of their plans."""
    row = held.row(account) | {"actor": actor, "reason": reason}
    with store.begin() as connection:
        made = connection.scalar(sa.text(_PLACE), row)
        if made is None:
            return 0
        connection.execute(sa.text(taking_out.MEANT))
        connection.execute(sa.text(_MEANT), row | {"hold": made})
        taken = taking_out.take_out(connection, account)
        subject = held.identity_id or account
        audit.record(connection, audit.Event("hold.placed", actor, subject, {"hold": made, "changes": taken}))
    return taken


@dataclass(frozen=True)
class Released:
    """What came of letting go: holds that ended, and changes that stand in a plan again that waits. What was approved
    without them has no place for them: the next plan brings them."""

    holds: int
    changes: int


def release(
    store: Store, account: str, what: str, *, actor: str, reason: str, placed_by: str | None = None
) -> Released:
    """Let go: the hold `h7` (with all that were placed in one act with it, `b7`), what was held by a change's number,
    all that holds a customer, what a revert's plan held, or `everybody`; only those that `placed_by` placed, where one
    is named. What it took out of a plan that still waits stands there again. Raises NotFound when nothing stands."""
    with store.begin() as connection:
        asked = _asked(connection, what) | {"account": account, "actor": actor, "why": reason, "by": placed_by}
        ids = list(connection.execute(sa.text(_RELEASE), asked).scalars())
        if not ids:
            raise NotFound(f"Nothing is held for '{what}'.", do="`landbridge hold` lists what is held.")
        back = taking_out.put_back(connection, ids)
        event = {"holds": len(ids), "first": min(ids), "last": max(ids), "changes": back}
        audit.record(connection, audit.Event("hold.released", actor, asked["who"] or account, event))
    return Released(len(ids), back)


def _asked(connection: sa.Connection, what: str) -> dict[str, Any]:
    """What somebody means by it: one hold, one object of a customer, a customer, a plan, or everybody."""
    asked: dict[str, Any] = {"number": None, "who": None, "object": None, "plan": None, "all": what == EVERYBODY}
    asked |= {"batch": None}
    if what[:1] == "b" and (batch := number(what[1:])) is not None:
        return asked | {"batch": batch}
    if what[:1] == "h" and (hold := number(what[1:])) is not None:
        return asked | {"number": hold}
    if number(what) is not None:
        row = _change(connection, what)
        return asked | {"who": row.identity_id, "object": row.object}
    if what.startswith("plan-"):
        return asked | {"plan": what}
    return asked if asked["all"] else asked | {"who": identity_of(connection, what)[0]}


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


_CHANGE = """
SELECT identity_id, object, account || '/' || object || '/' ||
       CASE WHEN match_field = 'Id' THEN match_value ELSE crm_id END AS profile_id FROM change WHERE change_id = :id
"""

_PROFILE = """
SELECT profile_id FROM link WHERE profile_id = :what
UNION ALL
SELECT account || '/' || object || '/' || crm_id FROM pushed
WHERE length(:what) IN (15, 18) AND left(crm_id, 15) = left(:what, 15)
LIMIT 1
"""

_PLACE = """
INSERT INTO hold (account, identity_id, profile_id, object, field, kind, actor, reason)
SELECT :account, :identity_id, :profile_id, :object, :field, 'person', :actor, :reason
WHERE NOT EXISTS (SELECT FROM hold WHERE account = :account AND kind = 'person' AND released_at IS NULL
    AND identity_id IS NOT DISTINCT FROM CAST(:identity_id AS text)
    AND profile_id IS NOT DISTINCT FROM CAST(:profile_id AS text)
    AND object IS NOT DISTINCT FROM CAST(:object AS text) AND field IS NOT DISTINCT FROM CAST(:field AS text))
RETURNING hold_id
"""

_TOUCHED = """
c.account = :account
AND (CAST(:identity_id AS text) IS NULL OR c.identity_id = :identity_id)
AND (CAST(:object AS text) IS NULL OR c.object = :object)
AND (CAST(:field AS text) IS NULL OR c.after ? :field)
"""

_MEANT = f"""
INSERT INTO meant
SELECT c.change_id, :hold, :field, c.action = 'create' AND c.object = ANY(CAST(:needed AS text[]))
FROM change c WHERE {WAITS} AND {_TOUCHED}
"""

_UNDER_WAY = f"SELECT count(*) FROM change c WHERE {UNSETTLED} AND {_TOUCHED}"

# Whom each hold that stands is about today: merges and splits since are followed, and a profile to whoever has it.
REACH = """
standing AS MATERIALIZED (SELECT * FROM hold WHERE account = {account} AND released_at IS NULL),
whom(hold_id, identity_id, kind, since) AS (
    SELECT hold_id, identity_id, kind, at FROM standing WHERE identity_id IS NOT NULL
    UNION
    SELECT s.hold_id, k.identity_id, s.kind, s.at FROM standing s JOIN link k USING (profile_id)
    UNION
    SELECT w.hold_id, n.identity_id, w.kind, w.since FROM whom w CROSS JOIN LATERAL (
        SELECT i.redirect_to FROM identity i WHERE i.identity_id = w.identity_id AND i.redirect_to IS NOT NULL
        UNION ALL
        SELECT e.other_id FROM identity_event e
        WHERE e.identity_id = w.identity_id AND e.kind = 'split' AND e.at >= w.since AND w.kind = 'person'
    ) n(identity_id))
"""

_RELEASE = f"""
WITH RECURSIVE {REACH.format(account=":account")}
UPDATE hold SET released_at = now(), released_by = :actor, released_why = :why
WHERE account = :account AND released_at IS NULL AND actor = coalesce(CAST(:by AS text), actor) AND (
    hold_id = CAST(:number AS bigint) OR batch = CAST(:batch AS bigint)
    OR (CAST(:object AS text) IS NULL OR kind = 'person' AND object = :object)
       AND hold_id IN (SELECT hold_id FROM whom WHERE whom.identity_id = CAST(:who AS text))
    OR (:all AND identity_id IS NULL)
    OR kind = 'revert' AND starts_with(reason, CAST(:plan AS text) || ':'))
RETURNING hold_id
"""

_READ = f"""
WITH RECURSIVE {REACH.format(account="$1")}
SELECT i.identity_id, s.object, s.field, s.value::text AS value
FROM standing s LEFT JOIN whom w USING (hold_id) LEFT JOIN identity i ON i.identity_id = w.identity_id
WHERE s.identity_id IS NULL OR i.redirect_to IS NULL
"""
