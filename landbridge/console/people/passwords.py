"""Local accounts: a password kept as Argon2id, and a brake on guessing it."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache

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
PER_LOGIN, PER_ADDRESS = 5, 50
"""Failures within MEMORY after which nobody may try again, for one login and from one address."""


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
    """The user, None when login or password are wrong. Raises TooManyTries. Failures are counted, success forgives."""
    folded = login.strip().casefold()[:200]
    word = hashlib.sha256(folded.encode()).hexdigest()
    _see_that_they_may_try(store, word, address)
    with store.begin() as connection:
        kept = connection.execute(sa.select(_user.c.password).where(_user.c.login == folded)).scalar()
        user = users.one(connection, folded)
    right = _verified(kept or _nobody(), password[:LONGEST]) and kept is not None
    if user is None or not right or user.disabled_at is not None:
        _remember(store, word, address)
        return None
    with store.begin() as connection:
        connection.execute(sa.delete(_attempt).where(_attempt.c.login == word))
        audit.record(connection, audit.Event("user.signed_in", user.login, f"user/{user.user_id}", {"how": "password"}))
    return user


def _verified(kept: str, password: str) -> bool:
    try:
        return _hasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _see_that_they_may_try(store: Store, word: str, address: str) -> None:
    fresh = _attempt.c.at > sa.func.now() - MEMORY
    by_login = sa.func.count().filter(_attempt.c.login == word)
    query = sa.select(by_login, sa.func.count().filter(_attempt.c.address == address))
    either = sa.or_(_attempt.c.login == word, _attempt.c.address == address)
    with store.begin() as connection:
        for_login, for_address = connection.execute(query.where(fresh, either)).one()
    if for_login >= PER_LOGIN or for_address >= PER_ADDRESS:
        raise TooManyTries


def _remember(store: Store, word: str, address: str) -> None:
    with store.begin() as connection:
        connection.execute(sa.delete(_attempt).where(_attempt.c.at < sa.func.now() - MEMORY))
        connection.execute(sa.insert(_attempt).values(login=word, address=address))
