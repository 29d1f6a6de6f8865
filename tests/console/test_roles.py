"""The table page x role, whole: every route of the console, asked by every role, by nobody, and by a token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from landbridge.bootstrap import Hub
from landbridge.console.app import create
from landbridge.console.web import session
from landbridge.console.web.csrf import token
from landbridge.console.web.rights import RIGHTS, load_roles
from tests.console.conftest import user

PUBLIC = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("GET", "/sign-in/oidc"),
    ("GET", "/sign-in/oidc/back"),
    ("GET", "/welcome/{word}"),
    ("POST", "/welcome/{word}"),
}
"""What whoever is not signed in may ask for. Anything else without a right is a fault."""


STARTS = {
    ("/quarantine/replay", 500),
    ("/api/v1/quarantine/replay", 500),
    ("/plan/send", 503),
    ("/api/v1/plans/send", 503),
}
"""What starts a process of a project that has a file, or asks Prefect: here is neither, and that is what they say."""


def routes(app: FastAPI) -> Iterator[tuple[str, Any]]:
    """Every verb of every page and of the API."""
    for route in flat(app.routes):
        yield from ((method, route) for method in sorted(route.methods - {"HEAD"}))


WITHOUT_RIGHT = ["/api/v1/openapi.json", "/static"]
"""What is no verb of ours: the description of the API, and our files."""


def flat(found: Iterable[Any]) -> Iterator[Any]:
    """The routes behind whatever includes them, each with its path, methods and dependant."""
    for each in found:
        if isinstance(each, APIRoute):
            yield each
        elif hasattr(each, "effective_route_contexts"):
            yield from each.effective_route_contexts()


def right_of(dependant: Dependant) -> str | None:
    """The right that a route asks for, wherever it asks."""
    said = getattr(dependant.call, "right", None)
    return said or next(filter(None, map(right_of, dependant.dependencies)), None)


def path_of(route: Any) -> str:
    """Some address of the route: its variables filled with a word that nothing is called."""
    return re.sub(r"\{[^}]*\}", "1", route.path)


def test_every_route_asks_for_a_right(hub: Hub) -> None:
    found = {(method, route.path): right_of(route.dependant) for method, route in routes(create(hub))}
    assert len(found) > 6, "the routes are not found"
    assert [each.path for each in create(hub).routes if hasattr(each, "path")] == WITHOUT_RIGHT
    assert {key for key, right in found.items() if right is None} - PUBLIC == set()
    assert {right for right in found.values() if right} <= set(RIGHTS)
    assert {key for key in PUBLIC & found.keys() if found[key]} == set(), "listed as public, and asks for a right"


@pytest.fixture
def roles(hub: Hub) -> dict[str, frozenset[str]]:
    """Every role with its rights, and somebody who has no role."""
    known = load_roles(hub.project.mappings / "console.yaml")
    return {name: frozenset(known.rights_of([name])) for name in known.roles} | {"": frozenset()}


def test_each_role_may_do_what_its_rights_say_and_nothing_else(
    hub: Hub, console: str, roles: dict[str, frozenset[str]]
) -> None:
    wrong = []
    with httpx.Client(base_url=console, timeout=60) as client:
        for name, rights in roles.items():
            who = user(hub, *filter(None, [name]), login=f"somebody-{name}")
            for method, route in routes(create(hub)):
                if right := right_of(route.dependant):
                    status = asked(client, method, path_of(route), session.begin(hub.store, who)).status_code
                    broken = status >= 500 and (route.path, status) not in STARTS
                    if broken or (status not in (401, 403)) != (right in rights):
                        wrong.append((name, method, route.path, right, status))
    assert wrong == []


def asked(client: httpx.Client, method: str, path: str, secret: str) -> httpx.Response:
    """A request of a page of ours in this session; each has a session of its own, as some end it."""
    client.cookies.clear()
    headers = {"cookie": f"landbridge={secret}", "x-form-token": token(secret)}
    return client.request(method, path, headers=headers)


def test_nobody_gets_in_without_signing_in(hub: Hub, console: str) -> None:
    wrong = []
    with httpx.Client(base_url=console, timeout=60) as client:
        for method, route in routes(create(hub)):
            if (method, route.path) not in PUBLIC:
                answer = client.request(method, path_of(route))
                sent_off = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
                if not sent_off and answer.status_code != 401:
                    wrong.append((method, route.path, answer.status_code))
    assert wrong == []


def test_a_token_opens_what_its_owner_may(hub: Hub, console: str) -> None:
    word = session.new_token(hub.store, user(hub, "viewer"), "reports")
    with httpx.Client(base_url=console, timeout=60, headers={"authorization": f"Bearer {word}"}) as client:
        for method, route in routes(create(hub)):
            if (right := right_of(route.dependant)) and route.path.startswith("/api/"):
                allowed = client.request(method, path_of(route)).status_code not in (401, 403)
                assert allowed == (right == "see"), (method, route.path)
