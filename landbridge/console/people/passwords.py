"""Local accounts: a password kept as Argon2id. Guessing it is slowed at the door."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from landbridge.console.people import door, users
from landbridge.console.people.users import User
from landbridge.errors import RecordRejected
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_user = tables.console_user

SHORTEST, LONGEST = 12, 200
"""Characters. NIST SP 800-63B asks for length and for nothing else of a password."""
_AT_ONCE = BoundedSemaphore(4)
"""Checks at a time: each takes 64 MiB, and whoever sends a thousand passwords shall not take the machine's memory."""


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


def proved(store: Store, login: str, password: str, address: str) -> User | None:
    """The user whose password it is, None when login or password are wrong, which the trail tells. Whoever proved it
    has not come in by that. Raises TooManyTries."""
    folded = users.folded(login)[:200]
    door.knock(store, folded, address, door.PASSWORDS)
    with store.begin() as connection:
        kept = connection.execute(sa.select(_user.c.password).where(_user.c.login == folded)).scalar()
        user = users.one(connection, folded)
    right = _verified(kept or _nobody(), password[:LONGEST]) and kept is not None
    if user is None or not right or user.disabled_at is not None:
        door.turn_away(store, user, "password")
        return None
    door.forgive(store, folded, address)
    return user


def _verified(kept: str, password: str) -> bool:
    try:
        with _AT_ONCE:
            return _hasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
