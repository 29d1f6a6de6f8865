"""Plan and push over HTTP, without a script: what it shows, what its forms do, and to whom it says no."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.acts import plans as acts
from landbridge.console.read import plans as read
from landbridge.console.web import session
from landbridge.console.web.veil import OPEN
from landbridge.push import halt
from landbridge.push.plan import make_plan
from tests.console.big import huge_plan
from tests.console.conftest import SignIn, Visitor, shown, user
from tests.photograph import once
from tests.push.crm import ACCOUNT, Crm, a_run, changes, put_lead, sync

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture
def plan_id(hub: Hub) -> str:
    """Two new leads, one of them hostile, and an update where somebody edited a field."""
    return once("plan", hub.store, lambda: plan_of_three(hub))


def plan_of_three(hub: Hub) -> str:
    crm = Crm()
    known = crm.put("Lead", FirstName="Bo Ludvig", LastName="Ohm", City="Bergen")
    with a_run(hub.store) as run:
        sync(hub.store, run, crm, {known: "bo"})
        put_lead(hub.store, run, "anna", last_name="Arnesen", email="anna@fjord.example", title="Captain", score=7)
        put_lead(hub.store, run, "evil", last_name=HOSTILE, title="=cmd|' /C calc'!A0", street="x")
        put_lead(hub.store, run, "bo", first_name="Bo Karl", last_name="Ohm", city="Oslo", title="\u202eMate")
        made = make_plan(run, hub.policy, ACCOUNT)
        with_a_long_value(hub)
    assert made
    return made


def with_a_long_value(hub: Hub) -> None:
    """A value longer than any CRM takes, as a foreign plan could have it."""
    long = sa.text(
        "UPDATE change SET after = after || jsonb_build_object('Street', repeat('x', 10240)) WHERE identity_id = 'evil'"
    )
    with hub.store.begin() as connection:
        connection.execute(long)


def number_of(hub: Hub, who: str) -> int:
    return next(each["change_id"] for each in changes(hub.store) if each["identity_id"] == who)


def seen(hub: Hub, plan_id: str) -> str:
    """The plan's mark, as its page has it now."""
    return read.head(hub.store, plan_id, OPEN).seen


def states(hub: Hub) -> dict[str, str]:
    return {each["identity_id"]: each["state"] for each in changes(hub.store)}


def events(hub: Hub) -> list[tuple[Any, ...]]:
    with hub.store.begin() as connection:
        told = connection.execute(sa.text("SELECT kind, actor FROM audit_event ORDER BY seq DESC LIMIT 3"))
        return [tuple(row) for row in told]


def test_the_newest_open_plan_is_shown_field_by_field_with_reasons(sign_in: SignIn, plan_id: str) -> None:
    page = sign_in("approver").get("/plan")
    assert f'href="/plan/{plan_id}"' in page.text
    text = shown(page.text)
    for told in (
        "create 2",
        "update 1",
        "It waits. Nothing was ever written to salesforce",
        "the newest of several, from zendesk",
        "Captain",
    ):
        assert told in text, told
    assert "▲ somebody edited it in the CRM; the edit stays" in text, "a conflict is a group of its own"
    assert "stays; ours is" in text


def test_what_comes_from_outside_is_text_and_bounded(sign_in: SignIn, plan_id: str) -> None:
    page = sign_in("approver").get(f"/plan/{plan_id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "x" * 700 not in page
    assert "(10,240 characters)" in page
    lines = list(csv.DictReader(io.StringIO(sign_in("approver").get(f"/plan/{plan_id}?format=csv").text)))
    assert {line["after"] for line in lines if line["field"] == "Title"} >= {"Captain", "'=cmd|' /C calc'!A0"}


def test_without_the_right_personal_values_are_veiled(sign_in: SignIn, plan_id: str) -> None:
    viewer = sign_in("viewer")
    for page in (viewer.get(f"/plan/{plan_id}").text, viewer.get(f"/plan/{plan_id}?format=csv").text):
        assert "anna@fjord.example" not in page
        assert "a•••@fjord.example" in page


def test_a_record_is_held_and_let_go_at_once(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    kim = sign_in("approver", login="kim")
    page = kim.form(f"/plan/{plan_id}/hold", change=str(number_of(hub, "anna")), reason="she asked us to wait")
    assert "1 record held" in shown(page.text)
    assert "Held by kim" in shown(page.text) and "she asked us to wait" in shown(page.text)
    assert states(hub)["anna"] == "superseded"
    assert events(hub)[0] == ("hold.placed", "kim")
    undo = page.text.split('action="/plan/release/')[1].split('"')[0]
    assert "1 hold released" in shown(kim.form(f"/plan/release/{undo}").text)
    assert states(hub)["anna"] == "planned"


def test_a_group_is_held_and_the_rest_approved(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    kim = sign_in("approver", login="kim")
    filtered = kim.get(f"/plan/{plan_id}", params={"field": "Title"})
    assert "Hold these fields" in shown(filtered.text)
    page = kim.form(f"/plan/{plan_id}/hold", field="Title", reason="titles are wrong today")
    assert "3 fields held" in shown(page.text)
    assert [each["after"].get("Title") for each in changes(hub.store) if each["state"] == "planned"] == [None] * 3
    page = kim.form(f"/plan/{plan_id}/approve", reason="looked at every one", seen=seen(hub, plan_id))
    assert "3 changes approved" in shown(page.text)
    assert "looked at every one" in shown(page.text)
    assert events(hub)[0] == ("plan.approved", "kim")


def test_only_what_is_selected_is_approved(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    wish = {"action": "update", "reason": "updates first", "seen": seen(hub, plan_id)}
    page = sign_in("approver").form(f"/plan/{plan_id}/approve-only", **wish)
    assert "1 change approved, 2 records held." in shown(page.text)
    assert states(hub) == {"anna": "superseded", "evil": "superseded", "bo": "planned"}
    assert sign_in("approver").form(f"/plan/{plan_id}/approve-only", reason="x").status_code == 404


def test_nothing_is_decided_without_a_reason(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    kim = sign_in("approver")
    for verb in ("approve", "drop", "hold", "approve-only"):
        fields = {"action": "update"} if verb in ("hold", "approve-only") else {}
        fields |= {"seen": seen(hub, plan_id)} if verb.startswith("approve") else {}
        said = kim.form(f"/plan/{plan_id}/{verb}", reason=" ", **fields)
        assert said.status_code == 409 and "reason" in said.text, verb
    assert kim.form("/plan/halt", reason="").status_code == 409
    assert set(states(hub).values()) == {"planned"}
    assert halt.standing(hub.store, ACCOUNT) is None


def test_the_kill_switch_is_seen_on_every_page_of_plans(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    operator = sign_in("operator", login="olga")
    assert "Halt now" in operator.get("/settings").text
    operator.form("/plan/halt", reason="a wrong rule")
    for path in ("/plan", "/plan/history", "/settings"):
        text = shown(operator.get(path).text)
        assert "Writing to salesforce is halted by olga" in text and "a wrong rule" in text
    assert operator.form("/plan/resume", reason="mended").status_code == 403
    assert halt.standing(hub.store, ACCOUNT) is not None
    sign_in("approver").form("/plan/resume", reason="mended")
    assert halt.standing(hub.store, ACCOUNT) is None


def test_a_dropped_plan_says_so_and_leaves_an_empty_page(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    kim = sign_in("approver", login="kim")
    assert "3 changes dropped" in shown(kim.form(f"/plan/{plan_id}/drop", reason="the wrong day").text)
    assert "Dropped by kim" in shown(kim.get(f"/plan/{plan_id}").text)
    assert "Nothing would change." in shown(kim.get("/plan").text)
    assert "dropped" in shown(kim.get("/plan/history").text)


ACTS = {
    "approve": ("/plan/{plan}/approve", "/plan/{plan}/drop", "/plan/{plan}/hold", "/plan/{plan}/approve-only",
                "/plan/release", "/plan/revert", "/plan/send", "/plan/resume"),
    "operate": ("/plan/halt",),
}  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "reviewer", "operator", "auditor"])
def test_each_role_is_refused_what_it_may_not_do(sign_in: SignIn, hub: Hub, plan_id: str, role: str) -> None:
    visitor, token = sign_in(role), session.new_token(hub.store, user(hub, role), "api")
    refused = [*ACTS["approve"], *(ACTS["operate"] if role != "operator" else ())]
    for path in refused:
        answer = visitor.form(path.format(plan=plan_id), reason="mine", what="anna", action="update")
        assert answer.status_code == 403, path
        api = path.replace("/plan/", "/api/v1/plans/").format(plan=plan_id)
        if path != "/plan/send":
            body = {"reason": "mine", "what": "anna"}
            headers = {"authorization": f"Bearer {token}"}
            assert httpx.post(str(visitor.base_url) + api, json=body, headers=headers).status_code == 403, api
    assert set(states(hub).values()) == {"planned"}
    for button in ("Approve", "Drop", "Hold"):
        assert f"> {button}" not in visitor.get(f"/plan/{plan_id}").text


def test_a_stranger_who_holds_forms_of_another_session_holds_nothing(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    kim = sign_in("approver")
    assert kim.post(f"/plan/{plan_id}/approve", data={"reason": "mine", "form_token": "0" * 64}).status_code == 403
    assert set(states(hub).values()) == {"planned"}


def test_the_same_by_the_api(sign_in: SignIn, console: str, hub: Hub, plan_id: str) -> None:
    token = session.new_token(hub.store, user(hub, "approver", login="bot"), "api")
    api = httpx.Client(base_url=f"{console}/api/v1", headers={"authorization": f"Bearer {token}"}, timeout=30)
    told = api.get(f"/plans/{plan_id}").json()
    assert (told["creates"], told["updates"], told["open"]) == (2, 1, 3)
    assert any(group["conflict"] for group in told["groups"])
    (line,) = api.get(f"/plans/{plan_id}/changes", params={"search": "bo"}).json()
    city = next(one for one in line["fields"] if one["name"] == "City")
    assert (city["kind"], city["before"], city["after"], city["conflict"]) == ("keep", "Bergen", "Oslo", True)
    held = api.post(
        f"/plans/{plan_id}/hold", json={"field": "Title", "change": str(number_of(hub, "anna")), "reason": "x"}
    )
    assert held.json()["holds"] == 1
    assert api.post("/plans/release", json={"what": f"b{held.json()['hold']}", "reason": "y"}).json()["holds"] == 1
    assert (
        api.post(f"/plans/{plan_id}/approve", json={"reason": "all seen", "seen": told["seen"]}).json()["changes"] == 3
    )
    assert api.get("/plans", params={"state": "approved"}).json()[0]["approved_by"] == "bot"
    assert api.get("/plans/plan-none").status_code == 404
    api.close()


def asked(hub: Hub, visitor: Visitor, path: str) -> tuple[httpx.Response, int, int]:
    """A page, and how many statements its server needed, and rows of the plan."""
    statements = 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    before = _read_rows(hub)
    sa.event.listen(hub.store.engine, "before_cursor_execute", count)
    try:
        page = visitor.get(path)
    finally:
        sa.event.remove(hub.store.engine, "before_cursor_execute", count)
    return page, statements, _read_rows(hub) - before


def _read_rows(hub: Hub) -> int:
    with hub.store.begin() as connection:
        connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
    with hub.store.begin() as connection:
        query = """SELECT sum(idx_tup_fetch + seq_tup_read) + (
                       SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'plan_entry')
                   FROM pg_stat_user_tables WHERE relname IN ('change', 'plan_entry')"""
        return int(connection.scalar(sa.text(query)) or 0)


def test_a_huge_plan_is_never_read_whole(sign_in: SignIn, hub: Hub) -> None:
    plan_id, kim = huge_plan(hub.store, 20_000), sign_in("approver")
    for query in ("", "?reason=oldest@x", "?reason=newest@zendesk&after=15000", "?field=Title&action=update",
                  "?search=huge-777", "?state=held", "?object=Contact&action=create"):  # fmt: skip
        page, statements, rows = asked(hub, kim, f"/plan/{plan_id}{query}")
        assert page.status_code == 200
        assert statements < 40, query
        assert rows < 1500, query
        assert page.text.count("<article") == (1 if "search" in query else 0 if "held" in query else
                                               6 if "oldest" in query else 25), query  # fmt: skip
        assert len(page.text) < 400_000


def test_a_plan_too_large_to_be_sorted_at_once_says_so_and_comes(sign_in: SignIn, hub: Hub) -> None:
    plan_id, kim = huge_plan(hub.store, 6000), sign_in("approver")
    with hub.store.begin() as connection:
        for table in ("plan_entry", "plan_part"):
            connection.execute(sa.text(f"DELETE FROM {table}"))
    assert "are being sorted by reason" in shown(kim.get(f"/plan/{plan_id}").text)
    for _ in range(100):
        text = shown(kim.get(f"/plan/{plan_id}").text)
        if "being sorted" not in text:
            break
    for told in (
        "All changes 6,000",
        "It waits.",
        "Nothing was ever written to salesforce before",
        "(approver, admin) must approve",
    ):
        assert told in text, told


def test_a_plan_that_nobody_sorted_yet_is_never_told_as_empty(
    sign_in: SignIn, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_id, kim = huge_plan(hub.store, 6000), sign_in("viewer")
    monkeypatch.setattr(acts, "sort_beside", lambda *_: None)  # it takes as long as it takes
    _unsort(hub)
    api = f"/api/v1/plans/{plan_id}"
    assert kim.get(api).json()["sorted"] is False
    assert kim.get(f"{api}/changes").status_code == 503
    assert kim.get("/api/v1/plans/plan-none/changes").status_code == 404
    lines = kim.get(f"/plan/{plan_id}?format=csv").text.splitlines()
    assert len(lines) > 6000 * 7, "a line a field"
    assert len(kim.get(f"{api}/changes", params={"limit": 200}).json()) == 200


def _unsort(hub: Hub) -> None:
    with hub.store.begin() as connection:
        for table in ("plan_entry", "plan_part"):
            connection.execute(sa.text(f"DELETE FROM {table}"))


def test_the_history_reads_no_change_of_a_plan_that_ended(sign_in: SignIn, hub: Hub) -> None:
    plan_id, kim = huge_plan(hub.store, 20_000), sign_in("approver", login="kim")
    kim.form(f"/plan/{plan_id}/drop", reason="the wrong day")
    before = _change_entries(hub)
    page = shown(kim.get("/plan/history").text)
    assert _change_entries(hub) - before < 100
    assert "20,000" in page or "20000" in page
    lines = list(csv.DictReader(io.StringIO(kim.get("/plan/history?format=csv").text)))
    assert [line["plan_id"] for line in lines] == [plan_id]


def _change_entries(hub: Hub) -> int:
    """Entries of the changes' indexes, and rows, that were read so far."""
    with hub.store.begin() as connection:
        connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
    with hub.store.begin() as connection:
        query = """SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'change')
                        + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = 'change')"""
        return int(connection.scalar(sa.text(query)) or 0)
