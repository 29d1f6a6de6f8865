"""The door: how often somebody may try to come in, and what the trail tells of who came and who did not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from landbridge.console.people.users import User
from landbridge.console.web import session
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_attempt, _session, _user = tables.console_attempt, tables.console_session, tables.console_user

MEMORY = timedelta(minutes=15)


class TooManyTries(Exception):
    """Guessing is stopped for a while."""


@dataclass(frozen=True)
class Limits:
    """Tries within MEMORY that nobody may exceed: for a login from one address, for a login, from an address. The
    first is the lowest, so that a stranger elsewhere does not shut somebody out by guessing."""

    person: int
    login: int
    address: int


PASSWORDS = Limits(person=5, login=30, address=50)
PROVIDER = Limits(person=60, login=1_000, address=100)
"""Nobody guesses anything there, but each try has us ask the provider. One sign-in is two: there and back."""


def knock(store: Store, login: str, address: str, most: Limits) -> None:
    """Count a try, before it is judged, so that many at once are no way around. Raises TooManyTries; the first try
    that is one too many is counted as well, and told in the trail."""
    word = _word(login)
    with store.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('sign-in', 0))"))
        connection.execute(sa.delete(_attempt).where(_attempt.c.at < sa.func.now() - MEMORY))
        mine, theirs = _attempt.c.login == word, _attempt.c.address == address
        counts = [sa.func.count().filter(which) for which in (sa.and_(mine, theirs), mine, theirs)]
        tried = connection.execute(sa.select(*counts).where(sa.or_(mine, theirs))).one()
        reached = [count - limit for count, limit in zip(tried, (most.person, most.login, most.address), strict=True)]
        if max(reached) <= 0:
            connection.execute(sa.insert(_attempt).values(login=word, address=address))
        if max(reached) == 0:
            audit.record(connection, audit.Event("sign_in.stopped", "somebody", f"sign-in/{word[:12]}", {}))
    if max(reached) >= 0:
        raise TooManyTries


def forgive(store: Store, login: str, address: str) -> None:
    """Forget the tries of somebody who proved who they are."""
    with store.begin() as connection:
        connection.execute(sa.delete(_attempt).where(_attempt.c.login == _word(login), _attempt.c.address == address))


def come_in(store: Store, user: User, how: str) -> None:
    """Note that they came in: by 'password', 'oidc', or 'link'."""
    with store.begin() as connection:
        _tell(connection, "user.signed_in", user.login, user, how)


def go_out(store: Store, secret: str) -> None:
    """End the session behind a cookie, and note whose it was."""
    which = _session.c.token == session.hashed(secret), _session.c.kind == "cookie"
    ended = sa.delete(_session).where(*which).returning(_session.c.user_id).cte()
    with store.begin() as connection:
        who = connection.execute(
            sa.select(_user.c.login, _user.c.user_id).join(ended, _user.c.user_id == ended.c.user_id)
        )
        if found := who.one_or_none():
            audit.record(connection, audit.Event("user.signed_out", found.login, f"user/{found.user_id}", {}))


def turn_away(store: Store, user: User | None, how: str) -> None:
    """Note that somebody was not let in, and as whom they tried where that is a user. What else was typed as a login
    stays untold: it may be a password."""
    with store.begin() as connection:
        _tell(connection, "user.not_signed_in", "somebody", user, how)


def _tell(connection: sa.Connection, kind: str, actor: str, user: User | None, how: str) -> None:
    subject = f"user/{user.user_id}" if user else "user/unknown"
    audit.record(connection, audit.Event(kind, actor, subject, {"how": how}))


def _word(login: str) -> str:
    """What is kept of a login: somebody may type a password there."""
    return hashlib.sha256(login.encode()).hexdigest()
