"""The kill switch: while one stands, nothing is written to an account, and what is under way is broken off."""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.errors import GateClosed, NotFound
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_halt = tables.halt


def standing(store: Store, account: str) -> sa.Row[str, str] | None:
    """Who halted the account and why, while it is halted."""
    query = sa.select(_halt.c.actor, _halt.c.reason).where(_halt.c.account == account, _halt.c.released_at.is_(None))
    with store.begin() as connection:
        return connection.execute(query).first()


def stands(account: str) -> sa.ColumnElement[bool]:
    """Whether the account is halted, for a statement that must not come in between."""
    return sa.exists().where(_halt.c.account == account, _halt.c.released_at.is_(None))


def refuse(store: Store, account: str) -> None:
    """Raise GateClosed while the account is halted."""
    if who := standing(store, account):
        reason = f": {who.reason.rstrip('.')}" if who.reason else ""
        raise GateClosed(
            f"Writing to {account} was halted by {who.actor}{reason}. Nothing is sent until somebody resumes it.",
            do='When it may go on: `landbridge push --resume "why"`.',
        )


def halt(store: Store, account: str, *, actor: str, reason: str) -> bool:
    """Halt all writing at once. Answers False when it was halted already."""
    with store.begin() as connection:
        row = {"account": account, "actor": actor, "reason": reason}
        made = sa.text(
            """INSERT INTO halt (account, actor, reason) VALUES (:account, :actor, :reason)
               ON CONFLICT (account) WHERE released_at IS NULL DO NOTHING"""
        )
        if not connection.execute(made, row).rowcount:
            return False
        audit.record(connection, audit.Event("push.halted", actor, account, {}))
    return True


def resume(store: Store, account: str, *, actor: str, reason: str) -> None:
    """Let writing go on. Raises NotFound when nothing is halted."""
    with store.begin() as connection:
        ended = {"released_at": sa.func.now(), "released_by": actor, "released_why": reason}
        where = (_halt.c.account == account, _halt.c.released_at.is_(None))
        if not connection.execute(sa.update(_halt).where(*where).values(ended)).rowcount:
            raise NotFound(f"Writing to {account} is not halted.", do="`landbridge push` writes what is approved.")
        audit.record(connection, audit.Event("push.resumed", actor, account, {}))
