"""What a session tells once, and what keeps it alive: somebody, and no page by itself."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.web import session
from tests.console.conftest import SignIn, Visitor, user
from tests.console.test_plans import plan_id

__all__ = ["plan_id"]


def seen(hub: Hub, visitor: Visitor) -> float:
    """How many minutes ago somebody used the session."""
    query = "SELECT extract(epoch FROM now() - seen_at) / 60 FROM console_session WHERE token = :token"
    with hub.store.begin() as connection:
        ago = connection.scalar(sa.text(query), {"token": session.hashed(visitor.cookies["landbridge"])})
    return float(ago)


def test_what_a_page_asks_by_itself_lets_a_session_rest(sign_in: SignIn, hub: Hub) -> None:
    come = sign_in("viewer")
    with hub.store.begin() as connection:
        connection.execute(sa.text("UPDATE console_session SET seen_at = now() - interval '90 minutes'"))
    assert come.get("/", headers={"x-part": "again"}).status_code == 200
    assert seen(hub, come) >= 90
    assert come.get("/customers?q=ann", headers={"x-part": "1"}).status_code == 200
    assert seen(hub, come) < 90, "whoever types is there"


def test_an_undo_waits_for_the_next_page_whatever_other_tabs_ask(sign_in: SignIn, hub: Hub) -> None:
    come, ann = sign_in("admin"), user(hub, "viewer", login="ann")
    come.follow_redirects = False
    come.form(f"/settings/users/{ann}/disable")
    for path, headers in (("/", {"x-part": "again"}), ("/customers?q=a", {"x-part": "1"}), ("/api/v1/me", {})):
        assert "may come in no more" not in come.get(path, headers=headers).text
    page = come.get("/settings/users").text
    assert f'action="/settings/users/{ann}/enable"><input type="hidden" name="form_token"' in page
    assert "may come in no more" not in come.get("/settings/users").text, "told once"


@pytest.mark.parametrize("what", ["²", "b²", "h²", "h99999999999999999999999", "٣", "x" * 300, "\u202e"])
def test_what_is_no_number_is_found_nowhere_and_no_bug(sign_in: SignIn, plan_id: str, what: str) -> None:
    kim = sign_in("approver")
    assert kim.form("/plan/release", what=what, reason="r").status_code == 404
    assert kim.form(f"/plan/release/{what}", reason="r").status_code in (404, 422)
    assert kim.form("/plan/revert", what=what).status_code == 404
    for path in ("/runs", "/audit", "/quarantine", "/plan/history", f"/plan/{plan_id}"):
        asked = dict.fromkeys(("run", "before", "after", "page", "search", "sort", "subject", "from"), what)
        assert sign_in("auditor").get(path, params=asked).status_code == 200, path
