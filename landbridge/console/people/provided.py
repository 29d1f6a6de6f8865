"""People whom the OpenID provider vouches for: who they are here, and which roles their groups give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from landbridge.config import Oidc
from landbridge.console.people import users
from landbridge.console.people.oidc import refused
from landbridge.console.people.users import User
from landbridge.console.web import session
from landbridge.console.web.rights import Roles
from landbridge.errors import ConfigInvalid, NotFound
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit

_user = tables.console_user


def come_in(store: Store, settings: Oidc, claims: Mapping[str, Any], known: Roles) -> User:
    """The user behind these claims: known by subject, made at the first sign-in, with the roles of today's groups.

    Raises AccessRefused for somebody without a role, shut out, or whose login is another's; ConfigInvalid for a role
    that nobody defined. Whoever lost their last group is signed out everywhere.
    """
    subject = f"{settings.issuer.rstrip('/')} {claims['sub']}"
    roles = roles_of(settings, claims, known)
    with store.begin() as connection:
        user = _known(connection, settings, subject, claims, roles)
        if user is not None:
            user = _updated(connection, user, roles, _name(claims, user.login))
    if not roles or user is None:
        do = f"IT maps a group under console.oidc.roles (the claim '{settings.roles_claim}')."
        raise refused(settings, "no group of yours gives a role here", do)
    if user.disabled_at is not None:
        raise refused(settings, "you are shut out of this console", "Ask whoever manages it.")
    return user


def roles_of(settings: Oidc, claims: Mapping[str, Any], known: Roles) -> list[str]:
    """The roles that somebody's groups give, or the default one. Raises ConfigInvalid for a role that there is not."""
    groups = _claim(claims, settings.roles_claim)
    named = groups if isinstance(groups, list) else [groups]
    roles = sorted({settings.roles[each] for each in named if isinstance(each, str) and each in settings.roles})
    roles = roles or ([settings.default_role] if settings.default_role else [])
    if unknown := [role for role in roles if role not in known.roles]:
        raise ConfigInvalid(
            f"console.oidc gives the role '{unknown[0]}', which mappings/console.yaml does not know.",
            do=f"There are {', '.join(known.roles)}.",
        )
    return roles


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name; `realm.roles` is `roles` within `realm`, unless there is a claim of the whole name."""
    if name in claims or "." not in name:
        return claims.get(name)
    outer, _, inner = name.partition(".")
    found = claims.get(outer)
    return _claim(found, inner) if isinstance(found, dict) else None


def _known(
    connection: sa.Connection, settings: Oidc, subject: str, claims: Mapping[str, Any], roles: Sequence[str]
) -> User | None:
    """Whom the subject is; a new user for somebody new who has a role. Raises AccessRefused."""
    if found := _by(connection, _user.c.subject == subject):
        return found
    login = _login(settings, claims)
    other = _by(connection, _user.c.login == login)
    if other is None:
        return _new(connection, subject, login, claims, roles) if roles else None
    if other.subject is not None or not _may_link(connection, other):
        why = f"there is a user '{login}' here already, and it is not known to be you"
        raise refused(settings, why, "Whoever manages the console can link the two, under Settings, Users.")
    linked = sa.update(_user).where(_user.c.user_id == other.user_id).values(subject=subject, may_link=False)
    connection.execute(linked)
    users.forget_invites(connection, other)
    audit.record(connection, audit.Event("user.linked", other.login, f"user/{other.user_id}", {}))
    return other


def _login(settings: Oidc, claims: Mapping[str, Any]) -> str:
    said = claims.get(settings.login_claim)
    if not isinstance(said, str):
        do = f"IT has the provider tell the claim '{settings.login_claim}', or names another: console.oidc.login_claim."
        raise refused(settings, f"it does not tell your {settings.login_claim}", do)
    if settings.login_claim == "email" and claims.get("email_verified", settings.unverified_email) is not True:
        do = "Confirm the address with it; where it never says so, IT reads about console.oidc.unverified_email."
        raise refused(settings, "it does not vouch for your e-mail address", do)
    return users.login_of(said)


def _by(connection: sa.Connection, which: sa.ColumnElement[bool]) -> User | None:
    """The user, for us alone until the transaction ends."""
    login = connection.scalar(sa.select(_user.c.login).where(which).with_for_update())
    return users.one(connection, login) if login else None


def _may_link(connection: sa.Connection, user: User) -> bool:
    return bool(connection.scalar(sa.select(_user.c.may_link).where(_user.c.user_id == user.user_id)))


def _new(connection: sa.Connection, subject: str, login: str, claims: Mapping[str, Any], roles: Sequence[str]) -> User:
    user = users.make(connection, login, _name(claims, login), roles, actor=login)
    connection.execute(sa.update(_user).where(_user.c.user_id == user.user_id).values(subject=subject))
    return user


def _name(claims: Mapping[str, Any], login: str) -> str:
    said = claims.get("name")
    return users.called(said if isinstance(said, str) else "", login)


def _updated(connection: sa.Connection, user: User, roles: Sequence[str], name: str) -> User:
    """The same user with the roles of today; the provider's word stands, also where it takes the last admin's away. A
    password beside it would outlive the provider's word, so there is none."""
    if tuple(roles) != user.roles:
        told = {"roles": "+".join(roles)}
        audit.record(connection, audit.Event("user.roles", user.login, f"user/{user.user_id}", told))
    if user.has_password:
        audit.record(connection, audit.Event("user.password_dropped", user.login, f"user/{user.user_id}", {}))
    values = {"roles": list(roles), "name": name, "password": None}
    connection.execute(sa.update(_user).where(_user.c.user_id == user.user_id).values(values))
    if not roles:
        session.end_all(connection, user.user_id)
    return users.one(connection, user.login) or user


def let_link(store: Store, user_id: int, *, actor: str) -> None:
    """Let whoever the provider says has this user's login take it over at the next sign-in. Raises NotFound."""
    change = sa.update(_user).where(_user.c.user_id == user_id, _user.c.subject.is_(None)).values(may_link=True)
    with store.begin() as connection:
        if connection.execute(change.returning(_user.c.user_id)).first() is None:
            raise NotFound("There is no such user without a link.", do="Settings lists them.")
        audit.record(connection, audit.Event("user.may_link", actor, f"user/{user_id}", {}))


def unlink(store: Store, user_id: int, *, actor: str) -> User:
    """Part a user and somebody of the provider, or say that they are not to be linked after all. Who was linked is
    signed out everywhere, and comes in again by a link for a new password, or when they may be linked anew.

    Raises NotFound.
    """
    linked = sa.or_(_user.c.subject.is_not(None), _user.c.may_link)
    with store.begin() as connection:
        user = _by(connection, sa.and_(_user.c.user_id == user_id, linked))
        if user is None:
            raise NotFound("There is no such user with a link.", do="Settings lists them.")
        parted = sa.update(_user).where(_user.c.user_id == user_id).values(subject=None, may_link=False)
        connection.execute(parted)
        if user.subject is not None:
            session.end_all(connection, user_id)
            users.forget_invites(connection, user)
        audit.record(connection, audit.Event("user.unlinked", actor, f"user/{user_id}", {}))
    return user
