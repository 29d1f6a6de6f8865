"""A real browser: Debian's Chromium, or whatever Chrome or Chromium is installed. In CI a missing one is a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
"""It opens our pages and nothing else."""


def found() -> str | None:
    """The browser's program."""
    named = os.environ.get("LANDBRIDGE_BROWSER")
    return named if named and Path(named).exists() else next(filter(None, map(shutil.which, NAMES)), None)


_running: list[Browser] = []
"""The process's browser, while anybody uses it: a second Playwright beside it could not start."""


@contextmanager
def started() -> Iterator[Browser]:
    """A browser for the block, the one that is there already within another such block. Skips the test where none is
    installed, and fails it in CI."""
    if _running:
        yield _running[0]
        return
    program = found()
    if program is None:
        told = "no Chrome or Chromium is installed (Debian: apt-get install chromium)"
        pytest.fail(told) if os.environ.get("CI") else pytest.skip(told)
    with sync_playwright() as playwright:
        _running.append(playwright.chromium.launch(executable_path=program, args=list(QUIET)))
        yield _running[0]
        _running.pop().close()


def looked_again(page: Page, wanted: Locator, times: int = 100) -> None:
    """`wanted` is to be seen on a page that tells how far something is and has no script: as a person would, look
    again."""
    while times and not wanted.is_visible():
        page.get_by_role("link", name="Look again").or_(wanted).first.click()
        page.wait_for_timeout(100)
        times -= 1
    expect(wanted).to_be_visible()
