"""Local accounts: a password kept as Argon2id, and a brake on guessing it."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from threading import BoundedSemaphore

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from landbridge.console.people import users
from landbridge.console.people.users import User
from landbridge.errors import RecordRejected
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_attempt, _user = tables.console_attempt, tables.console_user

SHORTEST, LONGEST = 12, 200
"""Characters. NIST SP 800-63B asks for length and for nothing else of a password."""
MEMORY = timedelta(minutes=15)
PER_PERSON, PER_LOGIN, PER_ADDRESS = 5, 30, 50
"""Tries within MEMORY that nobody may exceed: for a login from one address, for a login, from an address. The first is
the lowest, so that a stranger elsewhere does not shut somebody out by guessing."""
_AT_ONCE = BoundedSemaphore(4)
"""Checks at a time: each takes 64 MiB, and whoever sends a thousand passwords shall not take the machine's memory."""


class TooManyTries(Exception):
    """Guessing is stopped for a while."""


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash to check against when there is no such login: an answer takes as long, and tells nothing."""
    return _hasher().hash("nobody has this password")


def see_that_it_will_do(password: str, login: str) -> None:
    """Raise RecordRejected for a password that is too short to stand, or is the login."""
    if not SHORTEST <= len(password) <= LONGEST or password.casefold().strip() == login:
        raise RecordRejected(
            f"A password has {SHORTEST} characters or more, and is not the login.", do="Three or four words will do."
        )


def set_password(connection: sa.Connection, user: User, password: str) -> None:
    """Keep a password. Raises RecordRejected."""
    see_that_it_will_do(password, user.login)
    kept = {"password": _hasher().hash(password)}
    connection.execute(sa.update(_user).where(_user.c.user_id == user.user_id).values(kept))
    audit.record(connection, audit.Event("user.password", user.login, f"user/{user.user_id}", {}))


def signed_in(store: Store, login: str, password: str, address: str) -> User | None:
    """The user, None when login or password are wrong. Raises TooManyTries. A try counts before it is judged, so that
    many at once are no way around; success forgives."""
    folded = users.folded(login)[:200]
    word = hashlib.sha256(folded.encode()).hexdigest()
    _try(store, word, address)
    with store.begin() as connection:
        kept = connection.execute(sa.select(_user.c.password).where(_user.c.login == folded)).scalar()
        user = users.one(connection, folded)
    right = _verified(kept or _nobody(), password[:LONGEST]) and kept is not None
    if user is None or not right or user.disabled_at is not None:
        return None
    with store.begin() as connection:
        connection.execute(sa.delete(_attempt).where(_attempt.c.login == word, _attempt.c.address == address))
        audit.record(connection, audit.Event("user.signed_in", user.login, f"user/{user.user_id}", {"how": "password"}))
    return user


def _verified(kept: str, password: str) -> bool:
    try:
        with _AT_ONCE:
            return _hasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _try(store: Store, word: str, address: str) -> None:
    mine, theirs = _attempt.c.login == word, _attempt.c.address == address
    counts = [sa.func.count().filter(which) for which in (sa.and_(mine, theirs), mine, theirs)]
    fresh = _attempt.c.at > sa.func.now() - MEMORY
    with store.begin() as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended('sign-in', 0))"))
        connection.execute(sa.delete(_attempt).where(_attempt.c.at < sa.func.now() - MEMORY))
        tried = connection.execute(sa.select(*counts).where(fresh, sa.or_(mine, theirs))).one()
        if any(count >= most for count, most in zip(tried, (PER_PERSON, PER_LOGIN, PER_ADDRESS), strict=True)):
            raise TooManyTries
        connection.execute(sa.insert(_attempt).values(login=word, address=address))
