"""The console over a real database, on a port, and people who are signed in to it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from landbridge.bootstrap import Hub
from landbridge.config import Account, Project, Settings
from landbridge.console import serve
from landbridge.console.people import invites, users
from landbridge.console.web import session
from landbridge.console.web.csrf import token
from landbridge.console.web.rights import load_roles
from landbridge.store.engine import Store
from tests import browser as browsers

PASSWORD = "correct horse battery"


@pytest.fixture
def hub(store: Store, database: str, tmp_path: Path) -> Iterator[Hub]:
    """A project with the four systems, over this test's database; nobody answers at their addresses."""
    nowhere = {"base_url": "http://127.0.0.1:9"}
    accounts = {name: Account(system=name, **nowhere) for name in ("x", "zendesk", "hubspot", "salesforce")}
    hub = Hub(Project(Settings(database=database, accounts=accounts), tmp_path))
    yield hub
    hub.close()


@pytest.fixture
def console(hub: Hub) -> Iterator[str]:
    """The address at which it is served."""
    with serve.served(hub) as address:
        yield address


class Visitor(httpx.Client):
    """A browser without JavaScript: keeps its cookie, sends the forms of our pages."""

    def form(self, url: str, **fields: str | list[str]) -> httpx.Response:
        """Send a form of ours."""
        return self.post(url, data={"form_token": token(self.cookies["landbridge"]), **fields})


SignIn = Callable[..., Visitor]


def user(hub: Hub, *roles: str, login: str = "") -> int:
    """Somebody who may sign in; their id."""
    with hub.store.begin() as connection:
        name = login or f"{'-'.join(roles) or 'nobody'}-{secrets.token_hex(3)}"
        return users.make(connection, name, name.title(), roles, actor="test").user_id


@pytest.fixture
def sign_in(hub: Hub, console: str) -> Iterator[SignIn]:
    """A visitor who is signed in with these roles."""
    opened: list[Visitor] = []

    def enter(*roles: str, login: str = "") -> Visitor:
        visitor = Visitor(base_url=console, follow_redirects=True, timeout=30)
        visitor.cookies.set("landbridge", session.begin(hub.store, user(hub, *roles, login=login)))
        opened.append(visitor)
        return visitor

    yield enter
    for visitor in opened:
        visitor.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real browser for the session."""
    with browsers.started() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, hub: Hub, console: str) -> Iterator[Callable[..., Page]]:
    """A page of a browser of its own, signed in with these roles; a script's error in it fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def enter(*roles: str, login: str = "", width: int = 1280, height: int = 900, **settings: object) -> Page:
        context = browser.new_context(base_url=console, viewport={"width": width, "height": height}, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        value = session.begin(hub.store, user(hub, *roles, login=login))
        context.add_cookies([{"name": "landbridge", "value": value, "url": console}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert not faults, faults


def first_link(hub: Hub) -> str:
    """The path of the link that makes the first admin."""
    word = invites.first_link(hub.store, load_roles(hub.project.mappings / "console.yaml"))
    assert word
    return f"/welcome/{word}"


def shown(text: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()
