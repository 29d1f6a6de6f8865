"""First contact: an org that an account was never written to gets a plan to be looked at, and nothing else.

The org's own id tells it: the same account may lead to another org tomorrow, when somebody changes its address or its
login. Then everything that was approved was approved for the other one.
"""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.errors import GateClosed
from landbridge.push import gate
from landbridge.push.claimed import UNSETTLED
from landbridge.push.dispatch import Dispatch
from landbridge.push.gate import NOTHING_SENT
from landbridge.push.policy import Limit
from landbridge.store import tables
from landbridge.trail import audit

_org = tables.crm_org


def meet(way: Dispatch) -> str | None:
    """Take note of the org that the account leads to; to be done before anything else there. Answers its id.

    Where it is another one than before, nothing is approved any more, and what was under way, what we wrote and what we
    read is left behind with the other: this one is read in full, and the next plan says what it needs.
    """
    if way.connector.org is None:
        return None
    org_id = way.connector.org(way.access)
    with way.store.begin() as connection:
        known = connection.execute(sa.select(_org.c.org_id).where(_org.c.account == way.account)).first()
        if known is None:
            wrote = connection.scalar(sa.select(sa.exists().where(tables.pushed.c.account == way.account)))
            by = "an earlier version" if wrote else None
            row = {"account": way.account, "org_id": org_id, "approved_by": by}
            connection.execute(sa.insert(_org).values(row))
        elif known.org_id != org_id:
            _another(connection, way, known.org_id, org_id)
    return org_id


_ANOTHER = (
    "UPDATE crm_org SET former_id = org_id, org_id = :org_id, at = now(), approved_by = NULL WHERE account = :account",
    f"UPDATE change c SET state = 'superseded', settled_at = now() WHERE c.account = :account AND {UNSETTLED}",
    "DELETE FROM claim WHERE account = :account",
    "UPDATE change SET state = 'planned' WHERE account = :account AND state = 'approved'",
    """UPDATE plan SET state = 'planned', approved_by = NULL, approved_at = NULL, reason = NULL
       WHERE account = :account AND state = 'approved'""",
    """UPDATE bulk_job SET state = 'aborted', settled_at = now()
       WHERE account = :account AND state IN ('open', 'uploaded')""",
    "DELETE FROM pushed WHERE account = :account",
    "DELETE FROM cursor WHERE account = :account",
    # As if all that we know there had been deleted: what the full reading finds again is news, and stands again.
    """WITH left_behind AS (
           INSERT INTO record (account, stream, key, version, digest, payload, run_id)
           SELECT account, stream, key, version + 1, 'left behind',
                  json_build_object('Id', key, 'IsDeleted', true)::text, :run_id
           FROM record_head WHERE account = :account
           RETURNING account, stream, key, version, digest, record_id)
       UPDATE record_head h SET record_id = l.record_id, version = l.version, digest = l.digest
       FROM left_behind l WHERE (h.account, h.stream, h.key) = (l.account, l.stream, l.key)""",
)


def _another(connection: sa.Connection, way: Dispatch, former_id: str, org_id: str) -> None:
    named = {"account": way.account, "org_id": org_id, "run_id": way.run.run_id}
    left = [connection.execute(sa.text(statement), named).rowcount for statement in _ANOTHER]
    way.entry.unchanged += left[1]
    audit.record(connection, way.run.event("org.changed", way.account, former=former_id, now=org_id, left=left[1]))


def refuse(way: Dispatch, org_id: str | None, limit: Limit) -> None:
    """Raise GateClosed until a person has approved a plan for this org, where the limit wants one."""
    if org_id is None:
        return
    with way.store.begin() as connection:
        met = connection.execute(sa.select(_org).where(_org.c.account == way.account)).one()
        if met.approved_by is not None:
            return
        if gate.stranger(connection, way.account, limit) is None:
            by = gate.by_person(connection, way.account) or way.run.actor
            connection.execute(sa.update(_org).where(_org.c.account == way.account).values(approved_by=by))
            audit.record(connection, way.run.event("org.met", way.account, org=org_id))
            return
    raise GateClosed(_why(way.account, org_id, met.former_id), do=_DO)


def _why(account: str, org_id: str, former_id: str | None) -> str:
    if former_id is None:
        return f"{NOTHING_SENT}: {account} leads to org {org_id}, which we never wrote to."
    return f"{NOTHING_SENT}: {account} leads to org {org_id} now, and what we wrote so far went to {former_id}."


_DO = "If it is right: `landbridge plan`, then `landbridge push --approve PLAN --reason WHY`; else mend the account."
