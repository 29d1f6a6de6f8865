"""Quarantine's answers: asked in their own words, once, by group where that makes sense, and of what is still held."""

from __future__ import annotations

import re

import httpx
import pytest
import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.read import quarantine_item
from landbridge.console.web import beside, session
from tests.console.conftest import SignIn, shown, user
from tests.console.test_quarantine import held, state, valid

__all__ = ["held"]


def ask(hub: Hub, expectation: str, reason: str, who: str = "i-anna") -> int:
    """A question of the push; its number."""
    with hub.store.begin() as connection:
        row = {"expectation": expectation, "reason": reason, "who": who}
        return int(connection.scalar(sa.text(_ASK), row) or 0)


_ASK = """
INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
SELECT 'push', :who, :expectation, :reason, min(run_id) FROM run RETURNING quarantine_id
"""


@pytest.fixture
def in_crm(hub: Hub, held: dict[str, int]) -> None:
    """Two records of hers, as we read them last."""
    with hub.store.begin() as connection:
        for statement in _IN_CRM.split(";"):
            connection.execute(sa.text(statement))


_IN_CRM = """
INSERT INTO record (account, stream, key, version, digest, payload, run_id)
SELECT 'salesforce', 'Lead', key, 1, key,
    json_build_object('Aka', city, 'LastName', 'Arnesen', 'City', city)::text, min(run_id)
FROM run, (VALUES ('00Q1', 'Bergen'), ('00Q2', 'Oslo')) v(key, city) GROUP BY key, city;
INSERT INTO record_head (account, stream, key, record_id, version, digest)
SELECT account, stream, key, record_id, version, digest FROM record WHERE account = 'salesforce'
"""


def buttons(page: str) -> list[str]:
    """What the forms of a page's head are opened by."""
    return [shown(each) for each in re.findall(r"<summary.*?</summary>", page, re.DOTALL)]


def test_a_deletion_is_asked_for_in_its_own_words(sign_in: SignIn, hub: Hub, in_crm: None) -> None:
    number = ask(hub, "ERASED 00Q1", "Lead 00Q1 is of somebody who is to be forgotten. Delete it?")
    olga = sign_in("operator", login="olga")
    page = olga.get(f"/quarantine/{number}").text
    assert buttons(page) == ["Yes, delete it", "No, keep it"]
    for told in ("The next plan deletes this record in the CRM", "The record stays in the CRM", "Arnesen", "Bergen"):
        assert told in shown(page), told
    for wrong in ("Try it again", "mended", "Nobody need look", "Oslo"):
        assert wrong not in shown(page), wrong
    assert "is of somebody who is to be forgotten" in shown(sign_in("viewer").get(f"/quarantine/{number}").text)
    said = olga.form(f"/quarantine/{number}/release", reason="she wrote to us")
    assert "It is deleted by the next plan, once that is approved." in shown(said.text)
    assert state(hub, number) == ("released", "olga", "she wrote to us")


def test_two_records_are_seen_side_by_side_before_they_are_made_one(sign_in: SignIn, hub: Hub, in_crm: None) -> None:
    number = ask(hub, "MERGED 00Q2", "Lead 00Q1 and Lead 00Q2 are one person. Make them one?")
    page = sign_in("operator").get(f"/quarantine/{number}").text
    assert buttons(page) == ["Yes, make them one", "No, keep both"]
    assert "▲ City Bergen Oslo" in shown(page) and "LastName Arnesen Arnesen" in shown(page)
    assert shown(page).index("▲ City") < shown(page).index("▲ Aka"), "what we write stands before what else it has"
    veiled = shown(sign_in("viewer").get(f"/quarantine/{number}").text)
    assert "Bergen" not in veiled and "Lead 00Q2" in veiled
    said = sign_in("operator").form(f"/quarantine/{number}/drop", reason="father and son")
    assert "Both records stay." in shown(said.text)


def test_the_api_says_what_release_means(sign_in: SignIn, hub: Hub, held: dict[str, int]) -> None:
    ask(hub, "ERASED 00Q1", "Delete it?")
    headers = {"authorization": f"Bearer {session.new_token(hub.store, user(hub, 'operator'), 'api')}"}
    with httpx.Client(base_url=f"{sign_in('viewer').base_url}/api/v1", headers=headers, timeout=30) as api:
        kinds = {each["expectation"]: each["kind"] for each in api.get("/quarantine").json()}
        assert (kinds["ERASED 00Q1"], kinds["DUPLICATES_DETECTED"]) == ("erase", "push")
        group = {"stage": "push", "expectation": "ERASED 00Q1", "upto": 10**9, "reason": "all"}
        assert api.post("/quarantine/release", json=group).status_code == 422, "each is a question of its own"
        assert api.post("/quarantine/release", json=group | {"reason": ""}).status_code in (409, 422)


MANY = """
INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
SELECT 'push', 's' || n, 'DUPLICATES_DETECTED', 'r', (SELECT min(run_id) FROM run) FROM generate_series(1, 120) n
"""


def test_a_group_is_answered_at_once_as_far_as_it_was_seen(sign_in: SignIn, hub: Hub, held: dict[str, int]) -> None:
    with hub.store.begin() as connection:
        connection.execute(sa.text(MANY))
    olga, url = sign_in("operator", login="olga"), "/quarantine?stage=push&expectation=DUPLICATES_DETECTED"
    page = olga.get(url).text
    assert buttons(page) == ["Try it again: all of these", "Drop: all of these"]
    assert buttons(olga.get("/quarantine?stage=push").text) == []
    form = next(each for each in re.findall(r"<form.*?</form>", page, re.DOTALL) if '"/quarantine/release"' in each)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    del fields["form_token"]
    late = ask(hub, "DUPLICATES_DETECTED", "since then")
    assert olga.form("/quarantine/release", **fields, reason=" ").status_code == 409
    assert "121 released." in shown(olga.form("/quarantine/release", **fields, reason="the rule was mended").text)
    assert state(hub, held["push"]) == ("released", "olga", "the rule was mended")
    assert state(hub, late)[0] == "held"
    assert olga.form("/quarantine/release", **fields, reason="again").status_code == 404
    assert sign_in("reviewer").form("/quarantine/drop", **fields, reason="x").status_code == 403
    with hub.store.begin() as connection:
        told = connection.execute(sa.text("SELECT actor, detail FROM audit_event WHERE kind = 'quarantine.released'"))
        assert [(row.actor, row.detail["items"]) for row in told] == [("olga", 121)]


def test_leads_of_a_group_that_is_released_may_leave(sign_in: SignIn, hub: Hub, held: dict[str, int]) -> None:
    with hub.store.begin() as connection:
        query = sa.text("SELECT expectation FROM quarantine WHERE quarantine_id = :n")
        expectation = str(connection.scalar(query, {"n": held["validate"]}))
    group = {"stage": "validate", "expectation": expectation, "upto": str(held["validate"]), "reason": "they are right"}
    assert sign_in("operator").form("/quarantine/release", **group).status_code == 200
    assert valid(hub, "i-anna")
    for stage in ("identity", "map"):
        group = {"stage": stage, "expectation": "apart", "upto": "999", "reason": "x"}
        assert sign_in("operator").form("/quarantine/release", **group).status_code == 422, stage


def test_only_what_is_held_is_repaired_and_only_its_own_value(
    sign_in: SignIn, hub: Hub, held: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(beside, "start", lambda _hub, *words, actor: begun.append(actor))
    rita, number = sign_in("reviewer", login="rita"), held["validate"]
    for wrong in ({"field": "city", "value": "Oslo"}, {"field": "email", "value": "a•••@fjord.example"}):
        assert rita.form(f"/quarantine/{number}/repair", **wrong, reason="x").status_code == 422
    assert (
        rita.form(f"/quarantine/{held['push']}/repair", field="email", value="a@b.example", reason="x").status_code
        == 422
    )
    sign_in("operator").form(f"/quarantine/{number}/drop", reason="nobody")
    late = rita.form(f"/quarantine/{number}/repair", field="email", value="anna@fjord.example", reason="she said")
    assert late.status_code == 404 and "any more" in shown(late.text)
    with hub.store.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM override")) == 0
    assert begun == []


def test_what_the_crm_refused_for_a_value_is_mended_on_its_page(
    sign_in: SignIn, hub: Hub, held: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "start", lambda _hub, *words, actor: True)
    with hub.store.begin() as connection:
        connection.execute(sa.text(_NO_SUCH_CITY))
    number = ask(hub, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "MailingCity is free; City: no such place", who="i-fine")
    page = shown(sign_in("viewer").get(f"/quarantine/{number}").text)
    assert "Set the value by hand" not in page and "▲ City" in page and "▲ Company" not in page
    rita = sign_in("reviewer", login="rita")
    assert 'name="field" value="city"' in rita.get(f"/quarantine/{number}").text
    assert rita.form(f"/quarantine/{number}/repair", field="email", value="a@b.example", reason="x").status_code == 422
    said = rita.form(f"/quarantine/{number}/repair", field="city", value="Oslo", reason="she moved")
    assert "Set: city is Oslo, by your word." in shown(said.text)
    with hub.store.begin() as connection:
        told = connection.execute(sa.text("SELECT identity_id, field, value, actor FROM override")).all()
    assert [tuple(row) for row in told] == [("i-fine", "city", "Oslo", "rita")]


_NO_SUCH_CITY = """
INSERT INTO change (plan_id, identity_id, account, object, action, match_field, match_value, after, origin, lead_digest,
                    state, code, message, refusal)
VALUES ('plan-1', 'i-fine', 'salesforce', 'Lead', 'update', 'Id', '00Q7', '{"City": "Nowhere", "Company": "Fine"}',
        '{"City": {"field": "city"}, "Company": {"field": "company"}}', 'd', 'refused',
        'FIELD_CUSTOM_VALIDATION_EXCEPTION', 'City: no such place', 'repair')
"""


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("City: no such place", ["City"]),
        ("Required fields are missing: [City]", ["City"]),
        ("STRING_TOO_LONG:too long:City --", ["City"]),
        ("Company: data value too large: House: City: Oslo (max length=9)", ["Company"]),
        ("Company: data value too large: the City of (max length=9)", ["Company"]),
        ("Your City is full", []),
        ("[City, Company] must be filled together", ["City", "Company"]),
    ],
)
def test_a_crm_names_a_field_and_no_value_does(said: str, named: list[str]) -> None:
    assert quarantine_item.named_in(said, {"City": "Oslo", "Company": "House: City: Oslo"}) == named
