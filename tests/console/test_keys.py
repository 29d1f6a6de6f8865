"""Keys are heard once, also on pages whose own script imports the console's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize("path", ["/", "/plan", "/review", "/customers"])
def test_the_help_opens_and_closes(open_page: Callable[..., Page], path: str) -> None:
    page = open_page("admin")
    page.goto(path, wait_until="networkidle")
    page.keyboard.press("Escape")  # leaves the search that a page begins in
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()
