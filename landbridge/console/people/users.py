"""The console's users: who they are, which roles they have, how they prove it. Every change goes into the trail."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from landbridge.console.web import session
from landbridge.console.web.rights import Roles
from landbridge.errors import NotFound, RecordRejected
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_user = tables.console_user


@dataclass(frozen=True)
class User:
    """Somebody who may sign in, unless disabled."""

    user_id: int
    login: str
    name: str
    roles: tuple[str, ...]
    at: datetime
    seen_at: datetime | None
    disabled_at: datetime | None
    has_password: bool = False
    subject: str | None = None
    may_link: bool = False


def login_of(text: str) -> str:
    """A login as it is kept: folded, so that Ann@acme.com and ann@acme.com are one. Raises RecordRejected."""
    login = folded(text)
    if not login or len(login) > 100 or not login.isprintable() or any(letter.isspace() for letter in login):
        raise RecordRejected(
            "A login is a word without spaces, 100 characters at most.", do="An e-mail address will do."
        )
    return login


def folded(text: str) -> str:
    """One form for all ways to write a login."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def everybody(store: Store) -> list[User]:
    """All users, by login."""
    with store.begin() as connection:
        return [_read(row) for row in connection.execute(sa.select(_user).order_by(_user.c.login))]


def one(connection: sa.Connection, login: str) -> User | None:
    """The user with a login, None when there is none."""
    row = connection.execute(sa.select(_user).where(_user.c.login == login)).one_or_none()
    return _read(row) if row else None


def _read(row: sa.Row[tuple[object, ...]]) -> User:
    told = row._mapping
    kept = {
        name: told[name] for name in ("user_id", "login", "name", "at", "seen_at", "disabled_at", "subject", "may_link")
    }
    return User(**kept, roles=tuple(told["roles"]), has_password=told["password"] is not None)


def called(said: str, login: str) -> str:
    """What pages call somebody: one line of what they said, without letters that turn the line or show nothing."""
    return "".join(letter for letter in " ".join(said.split()) if letter.isprintable())[:100].strip() or login


def make(connection: sa.Connection, login: str, name: str, roles: Sequence[str], *, actor: str) -> User:
    """A new user, with no way to sign in yet; whoever has the login already, as they are."""
    values = {"login": login, "name": called(name, login), "roles": sorted(set(roles))}
    made = sa.dialects.postgresql.insert(_user).values(values)
    row = connection.execute(made.on_conflict_do_nothing().returning(_user)).one_or_none()
    if row is None:
        return _read(connection.execute(sa.select(_user).where(_user.c.login == login)).one())
    audit.record(connection, _event("user.made", actor, row.user_id, roles="+".join(row.roles)))
    return _read(row)


def add_roles(connection: sa.Connection, user: User, names: Sequence[str], *, actor: str) -> None:
    """Give somebody these roles beside those that they have."""
    roles = _changed(connection, user.user_id, roles=sorted({*user.roles, *names})).roles
    audit.record(connection, _event("user.roles", actor, user.user_id, roles="+".join(roles)))


def set_roles(store: Store, user_id: int, names: Sequence[str], *, known: Roles, actor: str) -> User:
    """Give somebody these roles and no others. Raises NotFound, RecordRejected for the last who manages."""
    if unknown := sorted(set(names) - set(known.roles)):
        raise NotFound(f"There is no role '{unknown[0]}'.", do=f"There are {', '.join(known.roles)}.")
    with store.begin() as connection:
        user = _changed(connection, user_id, roles=sorted(set(names)))
        forget_invites(connection, user)
        _see_that_somebody_manages(connection, known)
        audit.record(connection, _event("user.roles", actor, user_id, roles="+".join(user.roles)))
    return user


def disable(store: Store, user_id: int, *, known: Roles, actor: str) -> User:
    """Let somebody in no more, from this moment on. Raises NotFound, RecordRejected for the last who manages."""
    with store.begin() as connection:
        user = _changed(connection, user_id, disabled_at=sa.func.now())
        _see_that_somebody_manages(connection, known)
        session.end_all(connection, user_id)
        forget_invites(connection, user)
        audit.record(connection, _event("user.disabled", actor, user_id))
    return user


def enable(store: Store, user_id: int, *, actor: str) -> User:
    """Let them in again. Raises NotFound."""
    with store.begin() as connection:
        user = _changed(connection, user_id, disabled_at=None)
        audit.record(connection, _event("user.enabled", actor, user_id))
    return user


def forget_invites(connection: sa.Connection, user: User) -> None:
    """A link made before may not give back what was just taken away."""
    invite = tables.console_invite
    connection.execute(sa.delete(invite).where(invite.c.login == user.login, invite.c.used_at.is_(None)))


def _changed(connection: sa.Connection, user_id: int, **values: object) -> User:
    change = sa.update(_user).where(_user.c.user_id == user_id).values(values).returning(_user)
    row = connection.execute(change).one_or_none()
    if row is None:
        raise NotFound("There is no such user.", do="Settings lists them.")
    return _read(row)


def somebody_manages(connection: sa.Connection, known: Roles) -> bool:
    """Whether anybody who may sign in has the right 'admin'."""
    managing = [name for name, rights in known.roles.items() if "admin" in rights]
    which = _user.c.disabled_at.is_(None), _user.c.roles.overlap(managing)
    return bool(connection.scalar(sa.select(sa.exists().where(*which))))


def _see_that_somebody_manages(connection: sa.Connection, known: Roles) -> None:
    connection.execute(sa.text("LOCK TABLE console_user IN SHARE ROW EXCLUSIVE MODE"))  # two who step down at once
    if not somebody_manages(connection, known):
        raise RecordRejected("Then nobody could manage the console.", do="Give somebody else the right 'admin' first.")


def _event(kind: str, actor: str, user_id: int, **detail: audit.Detail) -> audit.Event:
    return audit.Event(kind, actor, f"user/{user_id}", detail)
