"""Keys are heard once, also on pages whose own script imports the console's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console.test_plans import plan_id

__all__ = ["plan_id"]


@pytest.mark.parametrize("path", ["/", "/plan", "/review", "/customers"])
def test_the_help_opens_and_closes(open_page: Callable[..., Page], path: str) -> None:
    page = open_page("admin")
    page.goto(path, wait_until="networkidle")
    page.keyboard.press("Escape")  # leaves the search that a page begins in
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_key_behind_g_or_behind_the_help_opens_no_form(open_page: Callable[..., Page], plan_id: str) -> None:
    """`g a` leads to the audit trail, or nowhere for who may not read it; never into the reason of an approval."""
    page = open_page("approver")
    page.goto(f"/plan/{plan_id}", wait_until="networkidle")
    approve = page.locator("details.act", has_text="Approve").first
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(approve).not_to_have_attribute("open", "")
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(page.locator("article.change:focus")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("j")
    expect(approve).not_to_have_attribute("open", "")
    expect(page.locator("article.change:focus")).to_have_count(0)
    page.keyboard.press("?")
    page.keyboard.press("a")
    expect(approve).to_have_attribute("open", "")
    expect(approve.locator("input[name=reason]")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("article.change:focus")).to_have_count(1)
