"""Survivorship: each rule, whole addresses, ties, consent, and that nothing is written twice."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.identity.model import default_model
from landbridge.identity.stage import resolve
from landbridge.leads.rules import Choice, GoldenRules
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.runs import running
from tests.leads.people import NOON, People, golden_rules

OLDER = NOON - timedelta(days=300)


def with_choice(field: str, *by: Any) -> GoldenRules:
    rules = golden_rules()
    return rules.model_copy(update={"survive": {**rules.survive, field: Choice(by=by)}})


def chosen(people: People, identity: str, field: str) -> tuple[Any, str, str]:
    """The surviving value, whose it is, and the rule that decided."""
    row = people.row(tables.golden, identity)
    return row.fields.get(field), row.origin[field]["profile"], row.origin[field]["rule"]


@pytest.mark.parametrize(
    ("by", "survivor", "rule"),
    [
        (["most_trusted"], "https://salesforce.example", "most_trusted"),
        (["newest"], "https://hubspot.example", "newest"),
        (["oldest"], "https://x.example/a-long-address", "oldest"),
        (["longest"], "https://x.example/a-long-address", "longest"),
        (["most_frequent", "newest"], "https://zendesk.example", "most_frequent"),
        (["most_complete"], "https://hubspot.example", "alphabet"),
    ],
)
def test_each_rule_decides_as_it_says(people: People, by: list[str], survivor: str, rule: str) -> None:
    people.person(
        "i",
        salesforce={"website": "https://salesforce.example", "updated_at": OLDER},
        hubspot={"website": "https://hubspot.example", "updated_at": NOON},
        zendesk_1={"website": "https://zendesk.example", "updated_at": OLDER},
        zendesk_2={"website": "https://zendesk.example", "updated_at": OLDER},
        x={"website": "https://x.example/a-long-address", "updated_at": OLDER - timedelta(days=1)},
    )
    people.golden(with_choice("website", *by))
    value, _, decided = chosen(people, "i", "website")
    assert (value, decided) == (survivor, rule)


def test_the_next_rule_decides_where_the_first_does_not(people: People) -> None:
    people.person(
        "i",
        zendesk_1={"website": "https://one.example", "updated_at": OLDER},
        zendesk_2={"website": "https://two.example", "updated_at": NOON},
    )
    people.golden()
    assert chosen(people, "i", "website") == ("https://two.example", "zendesk/people/2", "newest")


@pytest.mark.parametrize("nothing", ["[not provided]", "N/A", " - unknown - ", "(None)"])
def test_what_stands_where_nothing_is_known_is_no_value(people: People, nothing: str) -> None:
    people.person(
        "i",
        salesforce={"company": nothing, "title": "CEO", "updated_at": NOON},
        hubspot={"company": "Walker Dental Ltd", "updated_at": OLDER},
    )
    people.person("j", salesforce={"company": nothing, "email": ["j@acme.example"], "updated_at": NOON})
    people.golden()
    row = people.row(tables.golden, "i")
    assert nothing not in row.fields.values()
    assert "company" not in people.row(tables.golden, "j").fields


def test_origin_names_the_profile_and_its_record(people: People) -> None:
    people.person("i", zendesk={"website": "https://one.example"})
    people.golden()
    row = people.row(tables.golden, "i")
    with people.store.begin() as connection:
        record = connection.scalar(sa.select(tables.profile.c.record_id))
    assert row.origin["website"] == {"profile": "zendesk/people/i", "record": record, "rule": "only_value"}
    assert row.profiles == ["zendesk/people/i"]


def test_a_personal_address_comes_before_one_that_many_read(people: People) -> None:
    people.person("i", salesforce={"email": ["Info@Acme.com"]}, x={"email": ["MAILTO:Ada@Acme.com", "ada@home.org"]})
    people.golden()
    assert chosen(people, "i", "email") == ("ada@acme.com", "x/people/i", "first_named")
    row = people.row(tables.golden, "i")
    assert row.fields["emails"][-1] == "info@acme.com"
    assert len(row.origin["emails"]["each"]) == len(row.fields["emails"]) == 3


def test_phones_become_e164_by_the_persons_country_or_the_accounts_region(people: People) -> None:
    people.person("german", hubspot={"phone": ["(030) 231 234 56"], "country": "Deutschland", "region_hint": "US"})
    people.person("american", hubspot={"phone": ["(213) 626-1234"], "region_hint": "US"})
    people.person("both", hubspot={"phone": ["ask at the desk"]}, x={"phone": ["+44 20 7946 0000"]})
    people.golden()
    assert chosen(people, "german", "phone")[0] == "+493023123456"
    assert chosen(people, "american", "phone")[0] == "+12136261234"
    assert chosen(people, "both", "phone") == ("+442079460000", "x/people/both", "well_formed")


def test_an_address_is_taken_whole(people: People) -> None:
    people.person(
        "i",
        salesforce={"city": "Leeds", "country": "England", "updated_at": NOON},
        hubspot={"street": "Am Markt 1", "city": "Bremen", "postcode": "28195", "updated_at": OLDER},
    )
    people.golden()
    row = people.row(tables.golden, "i")
    address = {field: row.fields.get(field) for field in ("street", "city", "postcode", "region", "country")}
    assert address == {"street": "Am Markt 1", "city": "Bremen", "postcode": "28195", "region": None, "country": None}


def test_company_and_title_are_the_newest_and_belong_together(people: People) -> None:
    people.person(
        "i",
        salesforce={"company": "Old Ltd", "title": "CEO", "updated_at": OLDER},
        zendesk={"company": "New Ltd", "updated_at": NOON},
    )
    people.golden()
    row = people.row(tables.golden, "i")
    assert (row.fields["company"], row.fields.get("title")) == ("New Ltd", None)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("JUAN DE LA VEGA", "Juan de la Vega"),
        ("anna-lena o'neill", "Anna-Lena O'Neill"),
        ("RONALD MCDONALD", "Ronald McDonald"),
        ("Ludwig van Beethoven", "Ludwig van Beethoven"),
        ("山田太郎", "山田太郎"),
        ("JD", "JD"),
    ],
)
def test_names_are_cased_where_nobody_cared(people: People, raw: str, shown: str) -> None:
    people.person("i", x={"full_name": raw})
    people.golden()
    assert chosen(people, "i", "full_name")[0] == shown


def test_a_refusal_anywhere_holds(people: People) -> None:
    people.person(
        "i",
        salesforce={"consent": ["email:granted:2026-05-01T00:00:00Z", "phone:granted:2026-05-01T00:00:00Z"]},
        hubspot={"consent": ["email:refused:2025-01-01T00:00:00Z"]},
    )
    people.golden()
    assert chosen(people, "i", "email_opt_out") == (True, "hubspot/people/i", "any_refusal")
    assert chosen(people, "i", "phone_opt_out") == (False, "salesforce/people/i", "granted")


def test_a_refusal_outlives_the_record_that_told_of_it(people: People) -> None:
    people.person("i", hubspot={"consent": ["email:refused:2025-01-01T00:00:00Z"], "full_name": "Ann", "gone": True})
    people.person("i", x={"full_name": "Anna", "consent": ["email:granted:2026-01-01T00:00:00Z"]})
    people.golden()
    row = people.row(tables.golden, "i")
    assert row.fields["email_opt_out"] is True
    assert (row.fields["full_name"], row.profiles) == ("Anna", ["x/people/i"])


def _crowd(people: People, order: random.Random) -> None:
    ties = [(f"{account}_{key}", {"full_name": name, "email": [mail], "handle": [f"x:{key}"], "website": name})
            for account, key, name, mail in [
                ("zendesk", "1", "Bob Ray", "b@ray.org"), ("zendesk", "2", "Rob Ray", "a@ray.org"),
                ("files", "3", "Bob Ray", "c@ray.org"), ("other", "4", "B Ray", "d@ray.org"),
                ("another", "5", "R Ray", "e@ray.org")]]  # fmt: skip
    order.shuffle(ties)
    for name, values in ties:
        people.person("i", **{name: values})


def _without_records(row: Any) -> Any:
    def told(origin: dict[str, Any]) -> dict[str, Any]:
        each = [part["profile"] for part in origin.get("each", [])]
        return {"rule": origin["rule"], "profile": origin.get("profile"), "each": each}

    return row.fields, {field: told(origin) for field, origin in row.origin.items()}, row.profiles


def test_ties_fall_the_same_way_in_any_order_of_arrival(people: People) -> None:
    seen = []
    for seed in range(6):
        _crowd(people, random.Random(seed))
        people.golden()
        seen.append(_without_records(people.row(tables.golden, "i")))
    assert all(each == seen[0] for each in seen)


def test_a_second_run_writes_nothing(people: People) -> None:
    for number in range(30):
        people.person(f"i{number}", x={"full_name": f"Person {number}", "handle": [f"x:p{number}"]})
    first = people.golden()[0]
    before = people.contents(tables.golden)
    again = people.golden()[0]
    assert (first.taken, first.new) == (30, 30)
    assert (again.taken, again.unchanged) == (30, 30)
    assert people.contents(tables.golden) == before


def test_only_what_changed_is_made_again(people: People) -> None:
    people.person("a", x={"full_name": "Ann"})
    people.person("b", x={"full_name": "Ben"})
    people.golden()
    people.person("b", x={"full_name": "Benjamin"})
    entry = people.golden()[0]
    assert (entry.taken, entry.changed, entry.unchanged) == (2, 1, 1)
    assert chosen(people, "b", "full_name")[0] == "Benjamin"


def test_other_rules_make_everything_again(people: People) -> None:
    people.person("i", salesforce={"website": "a"}, hubspot={"website": "longer"})
    people.golden()
    assert people.golden(with_choice("website", "longest"))[0].changed == 1
    assert chosen(people, "i", "website")[0] == "longer"


def test_a_refusal_outlives_its_record_through_resolving_too(people: People, store: Store) -> None:
    """Who opted out in a system and was deleted there is still somebody who opted out."""
    ann = {"full_name": "Ann Lindqvist", "email": ["ann.lindqvist@posteo.example"], "phone": ["+442079460111"]}
    refused = {**ann, "consent": ["email:refused:2025-01-01T00:00:00Z"]}
    for hubspot in (refused, {**refused, "gone": True}):
        people.person("ann", zendesk=ann, hubspot=hubspot)
        with running(store, "publish", actor="test") as run:
            resolve(run, default_model())
        people.golden()
        (golden,) = (fields for (fields,) in people.contents(tables.golden.c.fields)[0])
        assert golden["email_opt_out"] is True


def test_who_is_merged_away_or_gone_everywhere_leaves_and_the_books_say_so(people: People) -> None:
    for identity in ("elder", "younger", "leaver"):
        people.person(identity, x={"full_name": identity})
    people.leads()
    people.merge("elder", "younger")
    people.person("leaver", x={"full_name": "leaver", "gone": True})
    entries = people.leads()
    assert [(e.stage, e.subject, e.taken, e.changed) for e in entries] == [
        ("golden", "gone", 2, 2), ("golden", "", 1, 1), ("lead", "", 1, 0)]  # fmt: skip
    assert people.row(tables.golden, "younger") is people.row(tables.lead, "leaver") is None
    assert audit.verify(people.store).intact
    assert [event.kind for event in audit.newest(people.store, 3)][1] == "golden.removed"
    assert [e.subject for e in people.leads()] == ["", ""]


def test_a_person_about_whom_nothing_is_said_still_has_a_record(people: People) -> None:
    people.person("i", x={})
    assert people.leads()[0].new == 1
    assert people.row(tables.golden, "i").fields == {}


def test_hostile_values_are_text(people: People) -> None:
    hostile = {
        "full_name": "x" * 10_000,
        "company": "=cmd|' /C calc'!A0",
        "title": '<script>alert("1")</script>',
        "city": "\u202egnp.exe",
        "street": "'; DROP TABLE golden; --",
        "website": "\\u0000 \\x00 {count}",
        "email": ["a" * 5000 + "@x.org", "'\"\\@[]"],
        "handle": ["x:\U0001f4a9"],
    }
    people.person("i", x=hostile)
    people.leads()
    row = people.row(tables.golden, "i")
    for field in ("full_name", "company", "title", "city", "street", "website"):
        assert row.fields[field] == hostile[field]
    lead = people.row(tables.lead, "i")
    assert lead.fields["last_name"] == hostile["full_name"]
