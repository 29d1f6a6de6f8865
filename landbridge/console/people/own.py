"""What is one's own: where one is signed in, tokens for the API, the password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from landbridge.console.people import passwords, users
from landbridge.console.web import session
from landbridge.errors import NotFound, RecordRejected
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_session, _user = tables.console_session, tables.console_user
_NAME: sa.ColumnElement[str] = sa.func.left(_session.c.token, 16)
"""What a session is called on pages: the beginning of its secret's hash, which opens nothing."""
LONGEST_LABEL = 60
MOST = 20


def sessions(store: Store, user_id: int) -> Sequence[Mapping[str, Any]]:
    """Where somebody is signed in, and their tokens; the one used last first."""
    columns = [_session.c[name] for name in ("kind", "label", "at", "seen_at", "expires_at")]
    query = sa.select(_NAME.label("name"), *columns).where(
        _session.c.user_id == user_id, _session.c.expires_at > sa.func.now()
    )
    with store.begin() as connection:
        return [dict(row) for row in connection.execute(query.order_by(_session.c.seen_at.desc())).mappings()]


def name_of(secret: str) -> str:
    """What the session with this secret is called."""
    return session.hashed(secret)[:16]


def end(store: Store, user_id: int, name: str, *, actor: str) -> None:
    """End one of one's own sessions or tokens. Raises NotFound."""
    which = sa.delete(_session).where(_session.c.user_id == user_id, _NAME.in_([name])).returning(_session.c.kind)
    with store.begin() as connection:
        kind = connection.scalar(which)
        if kind is None:
            raise NotFound("That session or token has ended already.", do="Your page lists those that have not.")
        audit.record(connection, audit.Event(f"user.{_ENDED[kind]}", actor, f"user/{user_id}", {}))


_ENDED = {"token": "token_revoked", "cookie": "session_ended"}


def make_token(store: Store, user_id: int, label: str, *, actor: str) -> str:
    """A token for the API; answers it, once. Raises RecordRejected."""
    label = " ".join(label.split())[:LONGEST_LABEL]
    if not label or not label.isprintable():
        raise RecordRejected("A token needs a name.", do="Say what it is for, so that you know which to revoke.")
    if sum(each["kind"] == "token" for each in sessions(store, user_id)) >= MOST:
        raise RecordRejected(f"You have {MOST} tokens.", do="Revoke one that nobody uses.")
    made = session.new_token(store, user_id, label)
    with store.begin() as connection:
        audit.record(connection, audit.Event("user.token_made", actor, f"user/{user_id}", {}))
    return made


def change_password(store: Store, login: str, old: str, new: str, *, address: str, keep: str) -> None:
    """Another password; every other session and token of theirs ends. Raises RecordRejected, TooManyTries."""
    user = passwords.proved(store, login, old, address)
    if user is None:
        raise RecordRejected("The password until now is another.", do="Whoever forgot it can be sent a link.")
    with store.begin() as connection:
        passwords.set_password(connection, user, new)
        others = _session.c.user_id == user.user_id, _session.c.token != session.hashed(keep)
        connection.execute(sa.delete(_session).where(*others))


def has_password(store: Store, login: str) -> bool:
    """Whether they sign in with a password here."""
    with store.begin() as connection:
        user = users.one(connection, login)
    return user is not None and user.has_password
