"""Changes that a bulk job carries: a row of `claim` tells so, and the change itself is written once, when it settles.

A change is long and entered in many places; writing it anew when it is claimed would cost as much as all else that is
done for it. So whoever asks how a change stands asks both: here are the words for it, for statements in which `c` is
the change.

A claim and a hold of the same change must not miss each other. Whoever claims, and whoever takes waiting changes out
of a plan beside a push, keeps the plan first (landbridge.push.looked), and then looks.
"""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.store import tables

CLAIMED = "EXISTS (SELECT FROM claim k WHERE k.change_id = c.change_id)"

WAITS = f"c.state IN ('planned', 'approved') AND NOT {CLAIMED}"
"""It has not left, and nobody is about to send it."""

STANDS = f"CASE WHEN {CLAIMED} THEN 'sending' ELSE c.state END"
"""Its state, as people are told."""

BY_STATE = """SELECT state, sum(n)::bigint AS changes, max(mark) AS mark FROM (
    SELECT state, count(*) AS n, to_hex(bit_xor(hashint8extended(change_id, 0))) AS mark FROM change
    WHERE plan_id = {plan} GROUP BY state
    UNION ALL
    SELECT moved.*, NULL FROM (
        SELECT c.state, count(*) AS n FROM claim k JOIN change c USING (change_id)
        WHERE c.plan_id = {plan} GROUP BY c.state) own
    CROSS JOIN LATERAL (VALUES (own.state, -own.n), ('sending', own.n)) moved) counted
GROUP BY state HAVING sum(n) > 0"""
"""A plan's changes by their state, as people are told, and a mark of which they are: by index alone, read once, with
what is claimed beside it."""

CARRIED = """claim k JOIN change c ON c.change_id = k.change_id AND c.change_id BETWEEN
    (SELECT min(change_id) FROM claim WHERE account = {account} AND job_id = {job}) AND
    (SELECT max(change_id) FROM claim WHERE account = {account} AND job_id = {job})
WHERE k.account = {account} AND k.job_id = {job}"""
"""FROM and WHERE for what a job carries. All that was ever sent is kept: only their stretch is looked through."""

UNSETTLED = """c.change_id IN (SELECT change_id FROM change WHERE state IN ('sending', 'unknown')
                UNION ALL SELECT change_id FROM claim)"""
"""It may have reached the CRM, and nobody knows yet."""


def waits() -> sa.ColumnElement[bool]:
    """WAITS, for the expression language."""
    return sa.and_(tables.change.c.state.in_(("planned", "approved")), sa.not_(_claimed()))


def unsettled() -> sa.ColumnElement[bool]:
    """UNSETTLED, for the expression language."""
    change, claim = tables.change.alias(), tables.claim
    sent = sa.select(change.c.change_id).where(change.c.state.in_(("sending", "unknown")))
    return tables.change.c.change_id.in_(sent.union_all(sa.select(claim.c.change_id)))


def stands() -> sa.ColumnElement[str]:
    """STANDS, for the expression language."""
    return sa.case((_claimed(), "sending"), else_=tables.change.c.state)


def _claimed() -> sa.ColumnElement[bool]:
    return sa.exists().where(tables.claim.c.change_id == tables.change.c.change_id)
