"""Reviewers in a real browser: twenty pairs by keyboard and one undone; two at once; a wrong merge split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from landbridge.bootstrap import Hub
from landbridge.console.web import session
from landbridge.desk.index import keep_index
from landbridge.identity.decisions import decide
from landbridge.leads.golden import golden
from landbridge.leads.lead import enrich
from landbridge.push.plan import make_plan
from landbridge.quality.suite import validate
from landbridge.store.engine import Store
from landbridge.trail import runs
from tests.console.conftest import browser, console, hub, open_page, sign_in, user  # noqa: F401  (fixtures)
from tests.desk.conftest import Ask, ask, rows  # noqa: F401  (a fixture)

Open = Callable[..., Page]
LOOKS: dict[str, dict[str, Any]] = {
    "wide": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"width": 390, "height": 844},
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def asked(page: Page) -> str:
    """Which question is on the screen."""
    return page.locator("#case").get_attribute("data-left") or ""


def press(page: Page, key: str) -> None:
    """Answer by a key, and wait until the next question stands there."""
    before = asked(page)
    page.keyboard.press(key)
    page.wait_for_function("before => document.getElementById('case')?.dataset.left !== before", arg=before)


def test_twenty_pairs_by_keyboard_and_one_undone(open_page: Open, hub: Hub, ask: Ask) -> None:  # noqa: F811
    ask(*range(1, 26))
    page = open_page("reviewer", login="ada")
    page.goto("/review")
    seen = []
    for number in range(20):
        seen.append(asked(page))
        if number == 7:
            page.keyboard.press("r")
            page.keyboard.type("two sisters, s and d are only letters here")
            page.keyboard.press("Escape")
        press(page, "sdl"[number % 3] if number != 7 else "d")
    expect(page.locator("#today")).to_have_text("14")
    assert len(set(seen)) == 20
    assert rows(hub.store, "SELECT verdict, count(*) FROM decision GROUP BY 1 ORDER BY 1") == [
        ("different", 7),
        ("same", 7),
    ]
    assert rows(hub.store, "SELECT count(*) FROM question WHERE state = 'later'") == [(6,)]
    told = rows(hub.store, "SELECT reason FROM decision WHERE reason <> ''")
    assert told == [("two sisters, s and d are only letters here",)]

    press(page, "u")
    assert asked(page) == seen[-1], "what was undone is on the screen again"
    assert rows(hub.store, "SELECT count(*) FROM decision WHERE withdrawn_at IS NOT NULL") == [(1,)]
    press(page, "s")
    expect(page.locator("#toast")).to_contain_text("One customer.")
    page.reload()
    press(page, "u")
    assert asked(page) == seen[-1], "also after the page was loaded anew"


def test_looking_ahead_and_back_answers_nothing(open_page: Open, hub: Hub, ask: Ask) -> None:  # noqa: F811
    ask(1, 2, 3)
    page = open_page("reviewer")
    page.goto("/review")
    first = asked(page)
    press(page, "j")
    second = asked(page)
    press(page, "j")
    assert len({first, second, asked(page)}) == 3
    press(page, "k")
    assert asked(page) == second
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("s")
    assert rows(hub.store, "SELECT count(*) FROM decision") == [(0,)], "not behind the help"


def test_the_last_one_ends_in_a_word(open_page: Open, ask: Ask) -> None:  # noqa: F811
    ask(1)
    page = open_page("reviewer")
    page.goto("/review")
    page.keyboard.press("s")
    expect(page.get_by_text("No question waits for you.")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator("#case")).to_be_visible()


def test_two_reviewers_at_once_never_see_the_same_question(open_page: Open, hub: Hub, ask: Ask) -> None:  # noqa: F811
    ask(*range(1, 17))
    ada, bob = open_page("reviewer", login="ada"), open_page("reviewer", login="bob")
    seen: dict[str, list[str]] = {"ada": [], "bob": []}
    for page in (ada, bob):
        page.goto("/review")
    for _ in range(6):
        for name, page in (("ada", ada), ("bob", bob)):
            seen[name].append(asked(page))
            assert asked(ada) != asked(bob)
            press(page, "s")
    assert set(seen["ada"]) & set(seen["bob"]) == set()
    assert len({*seen["ada"], *seen["bob"]}) == 12


def signed_in_again(page: Page, hub: Hub, login: str) -> None:  # noqa: F811
    """As after the sign-in page."""
    ((user_id,),) = rows(hub.store, "SELECT user_id FROM console_user WHERE login = :login", login=login)
    site = "/".join(page.url.split("/")[:3])
    page.context.add_cookies([{"name": "landbridge", "value": session.begin(hub.store, user_id), "url": site}])
    page.goto("/review")


def test_answers_of_an_ended_session_wait_for_the_same_person(open_page: Open, hub: Hub, ask: Ask) -> None:  # noqa: F811
    ask(1, 2, 3, 4)
    user(hub, "reviewer", login="bob")
    page = open_page("reviewer", login="ada")
    page.goto("/review")
    first = asked(page)
    rows(hub.store, "DELETE FROM console_session RETURNING 1")
    page.keyboard.press("s")
    expect(page.locator("#toast")).to_contain_text("You are signed out. Your answer is kept")
    page.keyboard.press("u")
    expect(page.locator("#toast")).to_contain_text("You are signed out. Load the page again")
    assert rows(hub.store, "SELECT count(*) FROM decision") == [(0,)]

    signed_in_again(page, hub, "bob")
    expect(page.locator("#case")).to_be_visible()
    assert rows(hub.store, "SELECT count(*) FROM review_act") == [(0,)], "not in another's name"
    rows(hub.store, "UPDATE question SET claimed_by = NULL RETURNING 1")

    signed_in_again(page, hub, "ada")
    expect(page.locator("#toast")).to_contain_text("before you were signed out: 1 of 1.")
    assert rows(hub.store, "SELECT left_id, verdict, actor FROM decision") == [(first, "same", "ada")]
    press(page, "s")
    expect(page.locator("#toast")).to_contain_text("One customer.")


def test_one_answer_that_fails_holds_up_none_behind_it(open_page: Open, hub: Hub, ask: Ask) -> None:  # noqa: F811
    ask(1, 2, 3, 4)
    page = open_page("reviewer", login="ada")
    page.goto("/review")
    page.route("**/review/answer", lambda route: route.fulfill(status=200, body="no JSON"), times=1)
    press(page, "s")
    expect(page.locator("#toast")).to_contain_text("That did not work.")
    page.keyboard.press("d")
    expect(page.locator("#today")).to_have_text("1")
    assert rows(hub.store, "SELECT verdict FROM decision") == [("different",)]


def test_without_a_script_forms_do_the_same(browser: Browser, hub: Hub, open_page: Open, ask: Ask) -> None:  # noqa: F811
    ask(1, 2)
    page = open_page("reviewer", java_script_enabled=False)
    page.goto("/review")
    first = asked(page)
    page.get_by_role("button", name="Different people").click()
    assert asked(page) != first
    page.get_by_role("button", name="Undo", exact=False).first.click()
    assert asked(page) == first


def publish(hub: Hub) -> None:  # noqa: F811
    """What a run does after the systems were read, without writing to the CRM."""
    from landbridge.identity.stage import resolve

    with runs.running(hub.store, "publish", actor="test") as run:
        resolve(run, hub.model)
        golden(run, hub.golden_rules)
        enrich(run, hub.lead_rules)
        validate(run, hub.suite, hub.docs)
        make_plan(run, hub.policy, hub.crm)
        keep_index(run)


@pytest.fixture
def merged(hub: Hub) -> Iterator[Store]:  # noqa: F811
    """Two sisters whom somebody called one, planned as one lead."""
    from tests.identity.test_stage import put

    put(hub.store, "zendesk/users/1", {"full_name": "Anna Berg", "email": ["anna@berg.example"], "company": "Berg AB"})
    put(
        hub.store,
        "hubspot/contacts/1",
        {"full_name": "Ella Berg", "email": ["ella@berg.example"], "company": "Berg AB"},
    )
    decide(hub.store, "hubspot/contacts/1", "zendesk/users/1", "same", actor="bob", reason="same company")
    publish(hub)
    yield hub.store


def planned(store: Store) -> list[Any]:
    """The names in the open plan."""
    query = """SELECT after ->> 'FirstName' FROM change JOIN plan USING (plan_id)
        WHERE change.state = 'planned' AND object = 'Lead' ORDER BY 1"""
    return [name for (name,) in rows(store, query)]


def test_a_wrong_merge_is_split_and_the_plan_follows(merged: Store, hub: Hub, open_page: Open) -> None:  # noqa: F811
    assert len(planned(merged)) == 1
    page = open_page("reviewer", login="ada")
    page.goto("/customers")
    page.get_by_role("searchbox").fill("ela berg")
    page.locator("#results a", has_text="Berg").click()
    page.get_by_label("Split off zendesk/users/1").check()
    page.get_by_role("button", name="Split off what is chosen").click()
    page.get_by_role("button", name="Split", exact=True).click()
    expect(page.get_by_role("heading", name="bob decided on", exact=False)).to_be_visible()

    rows(merged, "UPDATE decision SET withdrawn_at = now(), applied = false RETURNING 1")  # bob takes his word back
    page.go_back()
    page.get_by_label("Reason").fill("two sisters")
    page.get_by_role("button", name="Split", exact=True).click()
    expect(page.get_by_text("1 of 2 records part at the next run.")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=False).click()
    expect(page.get_by_text("The split is taken back.")).to_be_visible()

    page.get_by_label("Split off zendesk/users/1").check()
    page.get_by_role("button", name="Split off what is chosen").click()
    page.get_by_role("button", name="Split", exact=True).click()
    publish(hub)
    assert planned(merged) == ["Anna", "Ella"]
    page.goto("/customers?q=anna")
    page.locator("#results a").first.click()
    expect(page.get_by_text("parted from", exact=False).or_(page.get_by_text("created")).first).to_be_visible()
    expect(page.get_by_text("Ella")).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_a_question_a_customer_and_a_split_can_be_used_by_everybody(
    merged: Store,
    ask: Ask,  # noqa: F811
    open_page: Open,  # noqa: F811
    look: str,
) -> None:
    ask(7, 8)
    rows(merged, "UPDATE profile SET email = ARRAY[repeat('a', 300) || '@x.example'] WHERE record_id = 8 RETURNING 1")
    ((identity,),) = rows(merged, "SELECT DISTINCT identity_id FROM link WHERE profile_id LIKE 'zendesk/%'")
    page = open_page("reviewer", **LOOKS[look])
    for path in ("/review", f"/customers/{identity}", f"/customers/{identity}/split?profile=zendesk/users/1"):
        page.goto(path)
        faults = Axe().run(page, options={"runOnly": RULES}).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in faults] == [], path
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path


def test_searching_while_one_types(merged: Store, open_page: Open) -> None:  # noqa: F811
    page = open_page("reviewer")
    page.goto("/review")
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/customers")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("brg")
    expect(page.locator("#results a")).to_have_count(1)
    expect(page.get_by_text("by words that are nearly that")).to_be_visible()
    page.wait_for_url("**/customers?q=brg")
    page.keyboard.type("zzz")
    expect(page.get_by_text("Nobody is found by that.")).to_be_visible()
