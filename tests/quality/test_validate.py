"""What fails is held with its reason; the rest goes on; what is mended goes too."""

from __future__ import annotations

from landbridge.quality import hold
from landbridge.store import tables
from tests.leads.people import People
from tests.quality.conftest import Check

GOOD = {"full_name": "Ada Lovelace", "email": ["ada@lovelace.org"], "phone": ["+442079460000"], "country": "UK"}


def held(people: People) -> set[tuple[str, str]]:
    return {(row["subject"], row["expectation"]) for row in hold.held(people.store)}


def test_a_good_lead_goes_on_and_a_bad_one_is_held_with_value_reason_and_record(people: People, check: Check) -> None:
    people.person("good", zendesk=GOOD)
    people.person("bad", zendesk={**GOOD, "email": ["ada at home"], "country": "Narnia"})
    entry = check()
    assert (entry.taken, entry.new, entry.held) == (2, 1, 1)
    assert people.row(tables.lead, "good").valid is True
    bad = people.row(tables.lead, "bad")
    assert bad.valid is False
    assert held(people) == {
        ("bad", "expect_column_values_to_match_regex(email)"),
        ("bad", "expect_column_values_to_be_in_set(country)"),
    }
    row = next(row for row in hold.held(people.store) if row["field"] == "country")
    assert row["value"] == "Narnia"
    assert row["record_id"] == bad.origin["country"]["record"]
    assert "No country has this name" in row["reason"]
