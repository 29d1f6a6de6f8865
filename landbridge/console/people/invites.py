"""Links that work once: the first admin's, printed by `landbridge up`, and those that an admin gives to others."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from landbridge.console.people import passwords, users
from landbridge.console.people.users import User
from landbridge.console.web import session
from landbridge.console.web.rights import Roles
from landbridge.console.web.session import hashed
from landbridge.errors import NotFound, RecordRejected
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_invite = tables.console_invite

AGE = timedelta(days=3)
FIRST = "admin"
"""The login and the role that the first link is for."""


@dataclass(frozen=True)
class Invite:
    """A link that waits for whoever opens it. `here`: they are a user already, and it gives them a new password."""

    login: str
    roles: tuple[str, ...]
    made_by: str
    expires_at: datetime
    here: bool


def invite(store: Store, login: str, roles: Sequence[str], *, known: Roles, actor: str) -> str:
    """Make a link for a login; answers the word in it. Whoever is here already gets a new password by it, and no role.

    Raises NotFound for a role that is not known, RecordRejected for a login that is none, for somebody who signs in
    with the provider, and for roles that somebody here does not have.
    """
    if unknown := sorted(set(roles) - set(known.roles)):
        raise NotFound(f"There is no role '{unknown[0]}'.", do=f"There are {', '.join(known.roles)}.")
    word = secrets.token_urlsafe(24)
    login = users.login_of(login)
    row = {"token": hashed(word), "login": login, "roles": sorted(set(roles)), "made_by": actor}
    with store.begin() as connection:
        if user := users.one(connection, login):
            _see_that_it_gives_a_password_alone(connection, user, roles, known)
        connection.execute(sa.delete(_invite).where(_invite.c.login == login, _invite.c.used_at.is_(None)))
        connection.execute(sa.insert(_invite).values(**row, expires_at=sa.func.now() + AGE))
        audit.record(connection, audit.Event("user.invited", actor, "console", {"roles": "+".join(sorted(set(roles)))}))
    return word


def _see_that_it_gives_a_password_alone(
    connection: sa.Connection, user: User, roles: Sequence[str], known: Roles
) -> None:
    if user.subject is not None:
        raise RecordRejected(
            f"'{user.login}' signs in with the company's provider, and has no password here.",
            do="Whoever forgot that password asks the provider; to let them in without it, unlink them first.",
        )
    if not set(roles) <= set(user.roles) and users.somebody_manages(connection, known):
        raise RecordRejected(
            f"'{user.login}' is here already: a link gives a new password, and no role.",
            do="Leave the roles out; give roles in the list of users.",
        )


def first_link(store: Store, known: Roles) -> str | None:
    """The word of a link for the first admin; None when somebody manages the console already."""
    with store.begin() as connection:
        if users.somebody_manages(connection, known):
            return None
    managing = [name for name, rights in known.roles.items() if "admin" in rights]
    return invite(store, FIRST, managing[:1], known=known, actor="landbridge")


def look(store: Store, word: str) -> Invite:
    """Who a link is for; looking at it does not use it up, as mail programs look at links. Raises NotFound."""
    with store.begin() as connection:
        return _standing(connection, word)


def accept(store: Store, word: str, name: str, password: str) -> User:
    """Use the link up: the user exists from now on, with this password. Somebody who is here already keeps the roles
    that they have; where nobody managed the console, they get the link's as well. Raises NotFound, RecordRejected."""
    with store.begin() as connection:
        found = _standing(connection, word)
        connection.execute(sa.update(_invite).where(_invite.c.token == hashed(word)).values(used_at=sa.func.now()))
        user = users.make(connection, found.login, name, found.roles, actor=found.made_by)
        if found.here and not set(found.roles) <= set(user.roles):
            users.add_roles(connection, user, found.roles, actor=found.made_by)
        if user.disabled_at is not None or user.subject is not None:
            raise NotFound("This link lets nobody in.", do="Ask whoever manages the console.")
        passwords.set_password(connection, user, password)
        session.end_all(connection, user.user_id)  # who asks for a new password may have lost the old one to a thief
    return user


def _standing(connection: sa.Connection, word: str) -> Invite:
    here = sa.exists().where(tables.console_user.c.login == _invite.c.login)
    columns = [_invite.c[name] for name in Invite.__dataclass_fields__ if name != "here"] + [here.label("here")]
    good = _invite.c.token == hashed(word), _invite.c.used_at.is_(None), _invite.c.expires_at > sa.func.now()
    row = connection.execute(sa.select(*columns).where(*good).with_for_update(of=_invite)).one_or_none()
    if row is None:
        raise NotFound("This link was used, or is too old.", do="Ask whoever manages the console for another.")
    return Invite(row.login, tuple(row.roles), row.made_by, row.expires_at, row.here)
