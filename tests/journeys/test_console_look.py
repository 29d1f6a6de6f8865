"""Every page of the console as it looks: no fault of accessibility, nothing wider than the screen, nothing blocked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from landbridge import config
from landbridge.bootstrap import Hub
from landbridge.console import pages as pages_folder
from landbridge.console import serve
from landbridge.console.people import users
from landbridge.console.web import session
from landbridge.console.web.routes import routers
from tests import browser as browsers
from tests.conftest import fresh_database
from tests.journeys.conftest import journey

ELSEWHERE = ("/sign-in/oidc", "/sign-in/oidc/back")
"""Paths that lead to another host."""
LOOKS = {
    "wide light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "wide dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone light": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
LARGEST = 150_000
"""Bytes of a first load, as they go over the wire."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsers.started() as browser:
        yield browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, server: str, template: str) -> Iterator[Any]:
    """A console over a base that one whole line has filled, and the cookie of somebody with every right."""
    home = tmp_path_factory.mktemp("look")
    with fresh_database(server, template) as database, journey(home, database) as line:
        line.run()
        hub = Hub(config.load(Path(home) / "landbridge.yaml"))
        hub.project.settings.__dict__["database"] = database
        with hub.store.begin() as connection:
            user = users.make(connection, "look", "Look", ["admin"], actor="test")
        with serve.served(hub) as address:
            yield SimpleNamespace(address=address, cookie=session.begin(hub.store, user.user_id))
        hub.close()


def pages() -> list[str]:
    """Every page that can be asked for by its path alone."""
    paths = {
        route.path for page in routers(pages_folder) for route in page.routes if "GET" in getattr(route, "methods", ())
    }
    return sorted(path for path in paths if "{" not in path and path not in ELSEWHERE)


def opened(browser: Browser, world: Any, **look: Any) -> Page:
    context = browser.new_context(base_url=world.address, **look)
    context.add_cookies([{"name": "landbridge", "value": world.cookie, "url": world.address}])
    return context.new_page()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_can_be_used_by_everybody(browser: Browser, world: Any, look: str) -> None:
    page = opened(browser, world, **LOOKS[look])
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    faults = {path: found for path in pages() if (found := _faults(page, path))}
    page.context.close()
    assert (faults, said) == ({}, [])


def _faults(page: Page, path: str) -> list[str]:
    answer = page.goto(path)
    assert answer and answer.ok, f"{path} answers {answer and answer.status}"
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    report = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    found = [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in report]
    return [*found, *([f"{wide} px wider than the screen"] if wide > 0 else [])]


def test_a_first_load_is_small(browser: Browser, world: Any) -> None:
    page = opened(browser, world)
    sizes = {}
    for path in pages():
        page.goto("about:blank")
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        client.send("Network.clearBrowserCache")
        loaded: list[float] = []
        client.on("Network.loadingFinished", lambda event, loaded=loaded: loaded.append(event["encodedDataLength"]))
        page.goto(path, wait_until="networkidle")
        sizes[path] = sum(loaded)
        client.detach()
    page.context.close()
    assert all(0 < size < LARGEST for size in sizes.values()), sizes
