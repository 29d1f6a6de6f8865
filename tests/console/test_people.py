"""Who may come in, and as what: links, names, tokens, proxies; what of it the trail tells."""

from __future__ import annotations

import re

import httpx
import pytest

from landbridge.bootstrap import Hub
from landbridge.config import Console
from landbridge.console import serve
from landbridge.console.app import create
from landbridge.console.people import invites, passwords, users
from landbridge.console.web import session
from landbridge.console.web.rights import Roles, load_roles
from landbridge.errors import RecordRejected
from landbridge.trail import audit
from tests.console.conftest import PASSWORD, SignIn, Visitor, shown, user
from tests.console.test_roles import PUBLIC, path_of, routes


@pytest.fixture
def known(hub: Hub) -> Roles:
    return load_roles(hub.project.mappings / "console.yaml")


def kinds(hub: Hub) -> list[tuple[str, str]]:
    """What the trail tells, oldest first."""
    return [(each.kind, each.actor) for each in reversed(audit.newest(hub.store, 50))]


def somebody(hub: Hub, login: str) -> users.User:
    with hub.store.begin() as connection:
        found = users.one(connection, login)
    assert found
    return found


def test_a_link_for_somebody_who_is_here_is_a_new_password_and_no_role(hub: Hub, console: str, known: Roles) -> None:
    user(hub, "admin", login="root")
    word = invites.invite(hub.store, "root", [], known=known, actor="root")
    assert "and gives a new password" in shown(httpx.get(f"{console}/welcome/{word}").text)
    assert httpx.post(f"{console}/welcome/{word}", data={"name": "Mallory", "password": PASSWORD}).status_code == 303
    found = somebody(hub, "root")
    assert (found.roles, found.name, found.has_password) == (("admin",), "Root", True)
    with pytest.raises(RecordRejected, match="no role"):
        invites.invite(hub.store, "root", ["viewer"], known=known, actor="root")
    assert kinds(hub).count(("user.made", "root")) == 0


def test_where_nobody_manages_a_link_makes_somebody_who_is_here_an_admin(hub: Hub, console: str, known: Roles) -> None:
    user(hub, "viewer", login="admin")
    word = invites.first_link(hub.store, known)
    assert httpx.post(f"{console}/welcome/{word}", data={"password": PASSWORD}).status_code == 303
    assert somebody(hub, "admin").roles == ("admin", "viewer")
    assert ("user.roles", "landbridge") in kinds(hub)


@pytest.mark.parametrize(
    ("said", "called"),
    [
        ("  Ann\r\n  Lee ", "Ann Lee"),
        ("\u202eeeL nnA\u202c", "eeL nnA"),
        ("x" * 5000, "x" * 100),
        ("\u200b\n", "ann"),
        ("Åsa Ångström", "Åsa Ångström"),
    ],
)
def test_a_name_is_one_line_that_turns_nothing(said: str, called: str) -> None:
    assert users.called(said, "ann") == called


def test_the_trail_tells_how_somebody_came_in_and_that_they_left(hub: Hub, console: str, known: Roles) -> None:
    word = invites.invite(hub.store, "vic", ["viewer"], known=known, actor="root")
    come = Visitor(base_url=console, follow_redirects=True, timeout=30)
    come.post(f"/welcome/{word}", data={"name": "Vic", "password": PASSWORD})
    come.form("/me/password", old=PASSWORD, new="another battery staple")
    come.form("/sign-out")
    told = [each for each in kinds(hub) if each[1] == "vic"]
    assert told == [
        ("user.password", "vic"),
        ("user.signed_in", "vic"),
        ("user.password", "vic"),
        ("user.signed_out", "vic"),
    ]


def test_whoever_changes_a_password_has_not_come_in_and_is_forgiven_the_tries(hub: Hub, sign_in: SignIn) -> None:
    come = sign_in("viewer", login="vic")
    with hub.store.begin() as connection:
        passwords.set_password(connection, somebody(hub, "vic"), PASSWORD)
    for _ in range(3):
        assert come.form("/me/password", old="wrong", new="another battery staple").status_code == 422
        assert come.form("/me/password", old=PASSWORD, new=PASSWORD).status_code == 200
    assert ("user.signed_in", "vic") not in kinds(hub)
    assert kinds(hub).count(("user.not_signed_in", "somebody")) == 3


def test_a_token_opens_no_page(hub: Hub, console: str) -> None:
    secret = session.new_token(hub.store, user(hub, "admin"), "stolen")
    opened = []
    with httpx.Client(base_url=console, timeout=60, headers={"authorization": f"Bearer {secret}"}) as client:
        for method, route in routes(create(hub)):
            if (method, route.path) not in PUBLIC and not route.path.startswith("/api/"):
                answer = client.request(method, path_of(route))
                if answer.status_code != 303 or not answer.headers["location"].startswith("/sign-in"):
                    opened.append((method, route.path, answer.status_code))
        assert client.get("/api/v1/me").status_code == 200, "and is still a token"
    assert opened == []


def test_where_a_call_is_from_is_the_word_of_named_proxies_alone(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever guesses would have another address for each guess."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")

    def counted() -> int:
        with serve.served(hub) as at:
            for number in range(3):
                said = {"x-forwarded-for": f"10.0.0.{number}"}
                httpx.post(f"{at}/sign-in", data={"login": f"u{number}", "password": "x"}, headers=said)
        with hub.store.begin() as connection:
            return len({each.address for each in connection.exec_driver_sql("SELECT address FROM console_attempt")})

    assert counted() == 1
    console = Console(proxies=("127.0.0.1",))
    monkeypatch.setattr(hub.project, "settings", hub.project.settings.model_copy(update={"console": console}))
    assert counted() == 4


def test_settings_show_both_ways_in_and_link_and_unlink(hub: Hub, sign_in: SignIn) -> None:
    admin = sign_in("admin")
    ann = user(hub, "viewer", login="ann")
    token = re.search(r'name="form-token" content="(\w+)"', admin.get("/me").text)
    assert token
    headers = {"x-form-token": token[1]}
    assert admin.post(f"/api/v1/users/{ann}/link", headers=headers).status_code == 204
    assert "linked at the next sign-in" in shown(admin.get("/settings/users").text)
    assert "is not to be linked" in shown(admin.form(f"/settings/users/{ann}/unlink").text)
    assert admin.post(f"/api/v1/users/{ann}/unlink", headers=headers).status_code == 404
    assert [each["may_link"] for each in admin.get("/api/v1/users").json() if each["login"] == "ann"] == [False]
