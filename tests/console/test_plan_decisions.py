"""What somebody decides about a plan is what they saw, no more: by form and by API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from landbridge.bootstrap import Hub
from landbridge.console.web import session
from landbridge.push import holds
from landbridge.push.approval import approve
from tests.console.conftest import SignIn, Visitor, shown, user
from tests.console.test_plans import events, number_of, plan_id, seen, states
from tests.push.crm import ACCOUNT, changes

__all__ = ["plan_id"]

NOT_AS_SEEN = "is not as you saw it"


@pytest.fixture
def api(hub: Hub, console: str) -> Iterator[httpx.Client]:
    """A program of an approver's."""
    token = session.new_token(hub.store, user(hub, "approver", login="bot"), "api")
    with httpx.Client(
        base_url=f"{console}/api/v1/plans", headers={"authorization": f"Bearer {token}"}, timeout=30
    ) as api:
        yield api


def form_of(page: str, path: str) -> dict[str, str]:
    """The fields that a page's form to `path` would send."""
    form = next(each for each in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'action="{path}"' in each)
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def press(visitor: Visitor, page: str, path: str, **said: str) -> httpx.Response:
    """Send the form to `path` that stands on a page."""
    fields = form_of(page, path)
    fields.pop("form_token")
    return visitor.form(path, **fields, **said)


def test_nobody_approves_what_came_back_since_they_looked(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    ann, bob, path = sign_in("approver", login="ann"), sign_in("approver", login="bob"), f"/plan/{plan_id}"
    bob.form(f"{path}/hold", change=str(number_of(hub, "evil")), reason="never")
    looked = ann.get(path).text
    assert "Approve 2 changes" in shown(looked)
    (hold,) = holds.standing(hub.store, ACCOUNT)
    bob.form("/plan/release", what=f"h{hold.hold_id}", reason="well")
    answer = press(ann, looked, f"{path}/approve", reason="looked at each")
    assert answer.status_code == 409 and NOT_AS_SEEN in shown(answer.text)
    assert press(ann, ann.get(path).text, f"{path}/approve", reason="all three").status_code == 200
    assert events(hub)[0] == ("plan.approved", "ann")


def test_only_these_is_of_the_plan_that_was_seen_and_holds_nothing_else(
    sign_in: SignIn, hub: Hub, plan_id: str
) -> None:
    kim, bob, path = sign_in("approver"), sign_in("approver", login="bob"), f"/plan/{plan_id}"
    looked = kim.get(path, params={"search": "anna"}).text
    bob.form(f"{path}/hold", change=str(number_of(hub, "anna")), reason="never")
    answer = press(kim, looked, f"{path}/approve-only", reason="she is right")
    assert answer.status_code == 409 and NOT_AS_SEEN in shown(answer.text)
    nothing = kim.form(f"{path}/approve-only", of="no such reason", reason="x", seen=seen(hub, plan_id))
    assert nothing.status_code == 404 and "Nothing of that waits" in shown(nothing.text)
    assert states(hub) == {"anna": "superseded", "evil": "planned", "bo": "planned"}
    assert len(holds.standing(hub.store, ACCOUNT)) == 1, "bob's"


def test_the_api_wants_to_be_told_what_was_seen(api: httpx.Client, hub: Hub, plan_id: str) -> None:
    assert api.post(f"/{plan_id}/approve", json={"reason": "all"}).status_code == 422
    answer = api.post(f"/{plan_id}/approve", json={"reason": "all", "seen": "3-0"})
    assert answer.status_code == 409 and NOT_AS_SEEN in answer.json()["title"]
    only = {"reason": "x", "of": "a typo", "seen": api.get(f"/{plan_id}").json()["seen"]}
    assert api.post(f"/{plan_id}/approve-only", json=only).status_code == 404
    assert set(states(hub).values()) == {"planned"}
    answer = api.post(f"/{plan_id}/approve-only", json=only | {"of": "", "search": "anna"})
    assert answer.json() == {"changes": 1, "holds": 2, "hold": None}


@pytest.mark.parametrize("state", ["held", "nonsense", "open"])
def test_what_is_held_by_state_is_what_the_page_shows(sign_in: SignIn, hub: Hub, plan_id: str, state: str) -> None:
    kim, path = sign_in("approver"), f"/plan/{plan_id}"
    kim.form(f"{path}/hold", change=str(number_of(hub, "anna")), reason="wait")
    page = kim.get(path, params={"state": state}).text
    assert page.count("<article") == {"held": 1, "nonsense": 0, "open": 2}[state]
    if state == "open":
        press(kim, page, f"{path}/hold", reason="these two")
        assert set(states(hub).values()) == {"superseded"}
    else:
        assert f'action="{path}/approve-only"' not in page and "Hold these" not in shown(page)
        kim.form(f"{path}/hold", state=state, reason="those")
        assert states(hub) == {"anna": "superseded", "evil": "planned", "bo": "planned"}


def test_a_hold_of_nothing_is_no_hold_of_everything(sign_in: SignIn, api: httpx.Client, hub: Hub, plan_id: str) -> None:
    kim, path = sign_in("approver"), f"/plan/{plan_id}"
    assert kim.form(f"{path}/hold", reason="x").status_code == 404
    assert api.post(f"/{plan_id}/hold", json={"reason": "x"}).status_code == 404
    wrong = api.post(f"/{plan_id}/hold", json={"change_id": 1, "reason": "only Anna"})
    assert wrong.status_code == 422 and "change_id" in wrong.json()["title"]
    assert api.get(f"/{plan_id}/changes", params={"change_id": 1}).status_code == 422
    assert set(states(hub).values()) == {"planned"}
    assert "3 records held" in shown(press(kim, kim.get(path).text, f"{path}/hold", reason="all wrong").text)
    assert set(states(hub).values()) == {"superseded"}


def test_a_release_wants_a_reason_and_an_undo_is_ones_own(
    sign_in: SignIn, api: httpx.Client, hub: Hub, plan_id: str
) -> None:
    ann, bob = sign_in("approver", login="ann"), sign_in("approver", login="bob")
    page = ann.form(f"/plan/{plan_id}/hold", change=str(number_of(hub, "anna")), reason="never")
    (hold,) = holds.standing(hub.store, ACCOUNT)
    assert bob.form("/plan/release", what=f"h{hold.hold_id}", reason=" ").status_code == 409
    assert api.post("/release", json={"what": f"h{hold.hold_id}", "reason": ""}).status_code == 409
    undo = re.search(r'action="(/plan/release/\d+[^"]*)"', page.text)
    assert undo
    assert bob.form(undo[1]).status_code == 404, "it is hers"
    assert states(hub)["anna"] == "superseded"
    back = ann.form(undo[1].replace("&amp;", "&"))
    assert back.url.path == f"/plan/{plan_id}" and "1 hold released." in shown(back.text)
    assert states(hub)["anna"] == "planned"


def test_what_an_approved_plan_left_without_comes_with_the_next(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    ann = sign_in("approver", login="ann")
    ann.form(f"/plan/{plan_id}/hold", change=str(number_of(hub, "anna")), reason="wait")
    approve(hub.store, plan_id, actor="bob", reason="the rest")
    (hold,) = holds.standing(hub.store, ACCOUNT)
    page = ann.form("/plan/release", what=f"h{hold.hold_id}", reason="well")
    assert "1 hold released. What was held comes with the next plan." in shown(page.text)
    assert states(hub)["anna"] == "superseded"


def test_only_these_says_that_it_goes_by_record(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    kim, path = sign_in("approver"), f"/plan/{plan_id}"
    page = kim.get(path, params={"field": "Title"}).text
    assert "whole, with their other fields too" in shown(page)
    press(kim, page, f"{path}/approve-only", reason="titles")
    with hub.store.begin() as connection:
        assert connection.scalar(sa.text("SELECT state FROM plan")) == "approved"
    assert {each["identity_id"]: "LastName" in each["after"] for each in changes(hub.store)}["anna"]


def test_what_takes_its_time_says_so_and_is_sent_once(open_page: Callable[..., Page], hub: Hub, plan_id: str) -> None:
    page, waiting = open_page("approver", login="kim"), list[Route]()
    page.route("**/hold", lambda route: waiting.append(route))  # noqa: PLW0108  (Playwright marks the function)
    page.goto(f"/plan/{plan_id}")
    page.keyboard.press("h")
    page.keyboard.type("all of it is wrong")
    told = page.evaluate("""async () => {
        const form = document.querySelector("details[open] form"), toast = document.getElementById("toast");
        form.requestSubmit();
        while (!toast.textContent) await new Promise((again) => setTimeout(again, 50));
        return [form.querySelector("button").disabled, toast.textContent];
    }""")
    assert told == [True, "It is being done. A large plan takes some seconds."]
    (route,) = waiting
    route.continue_()
    expect(page.locator(".said")).to_contain_text("3 records held")
