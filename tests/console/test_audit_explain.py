"""Explain, on a page: value by value back to the record, veiled for whoever may not see personal values."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.read.explained import lines
from tests.console.conftest import SignIn, shown
from tests.trail.test_lineage import crm_id  # noqa: F401  (a fixture)

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def record_id(hub: Hub, crm_id: str) -> int:  # noqa: F811
    """The record that the lead came from, with a payload that attacks."""
    payload = json.dumps({"name": "Anna Arnesen", "mail": "anna@fjord.example", "note": HOSTILE, "n": 471122334455})
    with hub.store.begin() as connection:
        update = "UPDATE record SET payload = :payload RETURNING record_id"
        return int(connection.scalar(sa.text(update), {"payload": payload}) or 0)


def test_each_value_is_followed_to_its_record(hub: Hub, sign_in: SignIn, crm_id: str, record_id: int) -> None:  # noqa: F811
    come = sign_in("auditor")
    for what in (crm_id, "anna", "zendesk/users/anna"):
        page = come.get("/explain", params={"what": what}).text
        told = shown(page)
        assert "anna@fjord.example" in told
        assert "approved by tester" in told
        assert "by the rule newest" in told
        assert f"/explain/record/{record_id}?value=anna%40fjord.example" in page
    missing = come.get("/explain", params={"what": HOSTILE})
    assert missing.status_code == 404
    assert HOSTILE not in missing.text
    assert come.get("/explain").status_code == 200


def test_a_record_is_text_with_the_value_lit(hub: Hub, sign_in: SignIn, record_id: int) -> None:
    page = sign_in("auditor").get(f"/explain/record/{record_id}?value=Anna%40fjord.example").text
    assert HOSTILE not in page
    lit = page.partition('class="lit"')[2].partition("</li>")[0]
    assert "anna@fjord.example" in shown(lit)
    assert page.count('class="lit"') == 1
    assert sign_in("auditor").get("/explain/record/999999").status_code == 404


def test_whoever_may_not_see_personal_values_sees_none(
    hub: Hub, sign_in: SignIn, crm_id: str, record_id: int  # noqa: F811
) -> None:  # fmt: skip
    come = sign_in("viewer")
    asked = (f"/explain?what={crm_id}", f"/explain/record/{record_id}?value=anna%40fjord.example")
    for path in (*asked, f"/api/v1/explain?what={crm_id}"):
        answer = come.get(path)
        assert answer.status_code == 200
        for personal in ("anna@fjord", "Arnesen", "471122334455", "Berg"):
            assert personal not in answer.text, (path, personal)
    assert 'class="lit"' not in come.get(asked[1]).text, "a guess is not answered"


def test_programs_are_told_the_same(hub: Hub, sign_in: SignIn, crm_id: str) -> None:  # noqa: F811
    come = sign_in("auditor")
    found = come.get("/api/v1/explain", params={"what": crm_id}).json()
    email = next(value for value in found["values"] if value["field"] == "Email")
    assert email["value"] == "anna@fjord.example"
    assert email["source"]["record"]["stream"] == "users"
    assert come.get("/api/v1/explain?what=nobody").status_code == 404


def test_a_payload_that_is_erased_or_no_json_is_shown_for_what_it_is() -> None:
    assert lines(None, "x", personal=True)[0][1].startswith("Erased")
    assert lines("not json", "", personal=True) == [(False, '"not json"')]
    assert "secret" not in lines("secret words", "", personal=False)[0][1]
    torn = '{"a": "x y", "b": [1, {"c": null}], "d": true}'
    assert lines(torn, "", personal=False)[0] == (False, "{")
