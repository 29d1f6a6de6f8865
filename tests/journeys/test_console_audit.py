"""Auditors and admins in a real browser: an archive taken, verified elsewhere, tampering found; a colleague invited."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from landbridge.bootstrap import Hub
from landbridge.trail import audit, runs
from tests.browser import looked_again
from tests.console.conftest import PASSWORD, browser, console, hub, open_page, sign_in  # noqa: F401  (fixtures)

Open = Callable[..., Page]
HOSTILE = "<img src=x onerror=alert(1)>"


def happened(hub: Hub) -> str:  # noqa: F811
    """A run, and what people did; the run's id."""
    with runs.running(hub.store, "line", actor="landbridge") as run, run.books.stage("land", "x") as entry:
        entry.taken = entry.new = 5
    with hub.store.begin() as connection:
        audit.record(connection, audit.Event("plan.approved", HOSTILE, "plan-20260101-000000-abcd", {"changes": 3}))
    return run.run_id


def alone(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Our command where there is neither project nor database."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("LANDBRIDGE_")}
    command = [sys.executable, "-m", "landbridge", *words]
    return subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)


def test_an_auditor_exports_and_verifies(hub: Hub, open_page: Open, tmp_path: Path) -> None:  # noqa: F811
    run_id = happened(hub)
    page = open_page("auditor", login="carol", accept_downloads=True)
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Audit", exact=True)).to_be_visible()
    expect(page.get_by_text("as they were written, each in its place")).to_be_visible()
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    page.get_by_role("link", name=run_id).first.click()
    expect(page.get_by_role("heading", name=run_id)).to_be_visible()
    expect(page.get_by_text("closes").first).to_be_visible()
    page.go_back()

    fingerprint = page.inner_text("#fingerprint")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download the archive").click()
    elsewhere = tmp_path / "elsewhere"
    archive = elsewhere / "trail.zip"
    coming.value.save_as(archive)
    good = alone("audit", "verify", str(archive), "--key", fingerprint, folder=elsewhere)
    assert (good.returncode, "Intact" in good.stdout) == (0, True), good.stderr

    with zipfile.ZipFile(archive) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    (elsewhere / "report.html").write_bytes(files["report.html"])
    page.goto((elsewhere / "report.html").as_uri())
    expect(page.get_by_text("intact: each event is as it was written")).to_be_visible()
    expect(page.get_by_text(HOSTILE).first).to_be_visible()

    with zipfile.ZipFile(elsewhere / "altered.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content.replace(b'"plan.approved"', b'"plan.declined"'))
    bad = alone("audit", "verify", str(elsewhere / "altered.zip"), folder=elsewhere)
    assert (bad.returncode, "is not intact: events.jsonl was altered" in " ".join(bad.stdout.split())) == (1, True)
    assert not (elsewhere / ".landbridge").exists(), "a file is verified without project or database"


def test_the_whole_chain_is_watched_to_its_end(hub: Hub, open_page: Open) -> None:  # noqa: F811
    happened(hub)
    page = open_page("auditor")
    page.goto("/audit")
    page.get_by_role("button", name="Verify the whole chain").click()
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text("are as they were written, each in its place")
    head = page.locator("dl.facts code").inner_text()
    page.get_by_label("Number and hash").fill(head)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_text("has this hash")).to_be_visible()


def test_an_admin_invites_a_reviewer_who_may_not_manage(
    hub: Hub, open_page: Open, console: str  # noqa: F811
) -> None:  # fmt: skip
    admin = open_page("admin", login="ada")
    admin.goto("/settings/users")
    admin.get_by_label("Login").fill("rita@acme.example")
    admin.get_by_label("reviewer").first.check()
    admin.get_by_role("button", name="Make a link").click()
    link = admin.inner_text("#link")

    rita = open_page("viewer", login="somebody")
    rita.context.clear_cookies()
    rita.goto(link)
    rita.get_by_label("Your name").fill("Rita")
    rita.get_by_label("A password").fill(PASSWORD)
    rita.get_by_role("button", name="Come in").click()
    rita.goto("/settings")
    expect(rita.get_by_text("Rita")).to_be_visible()
    expect(rita.get_by_role("link", name="Users")).to_have_count(0)
    for path in ("/settings/users", "/audit"):
        answer = rita.goto(path)
        assert answer and answer.status == 403
        expect(rita.get_by_text("which none of your roles has")).to_be_visible()
    again = rita.goto(link)
    assert again and again.status == 404, "the link worked once"

    admin.reload()
    admin.goto("/settings/users")
    row = admin.get_by_role("row").filter(has_text="rita@acme.example")
    row.get_by_role("button", name="Shut out").click()
    expect(admin.get_by_text("may come in no more")).to_be_visible()
    rita.goto("/settings")
    expect(rita.get_by_role("heading", name="Sign in")).to_be_visible()
    admin.keyboard.press("u")
    expect(admin.get_by_text("may come in again")).to_be_visible()


def test_without_scripts_everything_can_be_done(hub: Hub, open_page: Open) -> None:  # noqa: F811
    happened(hub)
    page = open_page("admin", java_script_enabled=False, width=390, height=844)
    page.goto("/runs?state=done")
    expect(page.get_by_role("cell", name="line").first).to_be_visible()
    page.goto("/me")
    page.get_by_label("A new token, for").fill(HOSTILE)
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#token")).to_contain_text("lbt_")
    page.goto("/audit")
    page.get_by_role("button", name="Verify the whole chain").click()
    looked_again(page, page.get_by_text("are as they were written, each in its place"))
