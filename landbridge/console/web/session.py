"""Sessions: a random word in a cookie (or an API token), its hash in the database, an end by rest and one by age."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import Request, Response

from landbridge.store import tables
from landbridge.store.engine import Store

_session, _user = tables.console_session, tables.console_user

COOKIE, HTTPS_COOKIE = "landbridge", "__Host-landbridge"
TOKEN_PREFIX = "lbt_"
REST = timedelta(hours=2)
"""A session that nobody uses ends after so long."""
AGE = timedelta(hours=12)
"""And any session, used or not, after so long: a working day."""
TOKEN_AGE = timedelta(days=90)
_FRESH = timedelta(minutes=1)
"""`seen_at` is written at most so often: reading a page should not write."""


@dataclass(frozen=True)
class Found:
    """Who a session belongs to, and what the next page is to tell."""

    user_id: int
    login: str
    name: str
    roles: tuple[str, ...]
    kind: str
    said: Mapping[str, Any] | None


def hashed(secret: str) -> str:
    """What is kept of a secret: whoever reads the database cannot sign in with it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def begin(store: Store, user_id: int) -> str:
    """A new session of a user; answers the cookie's value. Ended ones of everybody are swept away."""
    return _made(store, user_id, secrets.token_urlsafe(32), "cookie", "", AGE)


def new_token(store: Store, user_id: int, label: str) -> str:
    """A token for the API, shown once: it may do what its owner may, for TOKEN_AGE."""
    return _made(store, user_id, TOKEN_PREFIX + secrets.token_urlsafe(32), "token", label, TOKEN_AGE)


def _made(store: Store, user_id: int, secret: str, kind: str, label: str, age: timedelta) -> str:
    row = {"token": hashed(secret), "user_id": user_id, "kind": kind, "label": label}
    with store.begin() as connection:
        connection.execute(sa.delete(_session).where(_session.c.expires_at < sa.func.now()))
        connection.execute(sa.insert(_session).values(**row, expires_at=sa.func.now() + age))
    return secret


def given(request: Request) -> tuple[str, bool]:
    """The secret that a request carries, and whether it is a token. A token in a cookie is none, nor the reverse."""
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and word.startswith(TOKEN_PREFIX):
        return word, True
    return request.cookies.get(_cookie(request), ""), False


def of(store: Store, secret: str, *, shown: bool = True, lively: bool = True) -> Found | None:
    """Whose session it is; None when it ended, was never one, or its owner may no longer come in. `shown`: a page
    is to tell what the session has to tell, and then it is told; `lively`: somebody asks, and not a page by itself."""
    with store.begin() as connection:
        row = connection.execute(_FIND, {"token": hashed(secret), "rest": REST}).one_or_none()
        if row is None:
            return None
        if lively and row.stale:
            connection.execute(_SEEN, {"token": hashed(secret)})
        if shown and row.said is not None:
            connection.execute(sa.update(_session).where(_session.c.token == hashed(secret)).values(said=None))
    return Found(row.user_id, row.login, row.name, tuple(row.roles), row.kind, row.said if shown else None)


def say(store: Store, secret: str, said: Mapping[str, Any]) -> None:
    """Have the session's next page tell something, once."""
    which = _session.c.token == hashed(secret)
    with store.begin() as connection:
        connection.execute(sa.update(_session).where(which).values(said=dict(said)))


def end(store: Store, secret: str) -> None:
    """Sign out."""
    with store.begin() as connection:
        connection.execute(sa.delete(_session).where(_session.c.token == hashed(secret)))


def end_all(connection: sa.Connection, user_id: int) -> None:
    """Sign somebody out everywhere, tokens too."""
    connection.execute(sa.delete(_session).where(_session.c.user_id == user_id))


def put_cookie(request: Request, response: Response, secret: str) -> None:
    """Give the browser its session. Over https the name itself makes browsers refuse one that another host set."""
    name, age = _cookie(request), int(AGE.total_seconds())
    response.set_cookie(name, secret, max_age=age, path="/", secure=name == HTTPS_COOKIE, httponly=True, samesite="lax")


def _cookie(request: Request) -> str:
    return HTTPS_COOKIE if request.url.scheme == "https" else COOKIE


def drop_cookie(response: Response) -> None:
    """Take it away again."""
    for name in (COOKIE, HTTPS_COOKIE):
        response.delete_cookie(name, path="/", secure=name == HTTPS_COOKIE, httponly=True, samesite="lax")


_FIND = sa.text(f"""
SELECT u.user_id, u.login, u.name, u.roles, s.kind, s.said,
    s.seen_at < now() - interval '{int(_FRESH.total_seconds())} seconds' AS stale
FROM console_session s JOIN console_user u USING (user_id)
WHERE s.token = :token AND s.expires_at > now() AND u.disabled_at IS NULL
  AND (s.kind = 'token' OR s.seen_at > now() - CAST(:rest AS interval))
""")
_SEEN = sa.text("""
WITH seen AS (UPDATE console_session SET seen_at = now() WHERE token = :token RETURNING user_id)
UPDATE console_user SET seen_at = now() WHERE user_id = (SELECT user_id FROM seen)
""")
