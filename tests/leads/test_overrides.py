"""A person's word about a golden value stands over all sources, run after run, until a person takes it back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from landbridge.errors import NotFound, RecordRejected
from landbridge.leads import overrides
from landbridge.store import tables
from landbridge.trail import audit
from tests.leads.people import People, golden_rules

ANN = {
    "given_name": "Ann",
    "family_name": "Lee",
    "email": ["ann@x.example", "al@x.example"],
    "phone": ["+442079460018"],
}


@pytest.fixture
def ann(people: People) -> People:
    people.person("ann", salesforce=ANN, zendesk={"full_name": "Anne Leigh", "email": ["anne@y.example"]})
    people.leads()
    return people


def say(people: People, field: str, value: str, identity: str = "ann") -> overrides.Override:
    return overrides.place(people.store, golden_rules(), identity, field, value, actor="ada", reason="she told me")


def test_it_stands_over_all_sources_and_a_second_run_writes_nothing(ann: People) -> None:
    said = say(ann, "full_name", "anna maria LEE")
    ann.leads()
    golden, lead = ann.row(tables.golden, "ann"), ann.row(tables.lead, "ann")
    assert golden.fields["full_name"] == "anna maria LEE"
    assert golden.origin["full_name"] == {
        "profile": None,
        "record": None,
        "rule": "person",
        "override": said.override_id,
    }
    assert (lead.fields["first_name"], lead.fields["last_name"]) == ("anna", "LEE")
    before = ann.contents(tables.golden, tables.lead, tables.override)
    assert [(entry.new, entry.changed) for entry in ann.leads()] == [(0, 0), (0, 0)]
    assert ann.contents(tables.golden, tables.lead, tables.override) == before

    ann.person("ann", salesforce={**ANN, "family_name": "Li"})
    ann.leads()
    assert ann.row(tables.golden, "ann").fields["full_name"] == "anna maria LEE", "whatever the sources say since"


def test_taken_back_the_rules_choose_as_if_it_had_never_been(ann: People) -> None:
    before = ann.contents(tables.golden)[0][0][:-2]
    said = say(ann, "email", "Other@Z.example")
    ann.leads()
    fields, origin = ann.row(tables.golden, "ann").fields, ann.row(tables.golden, "ann").origin
    assert fields["email"] == "other@z.example"
    assert fields["emails"] == ["other@z.example", "ann@x.example", "al@x.example", "anne@y.example"]
    assert [each.get("override") for each in origin["emails"]["each"]] == [said.override_id, None, None, None]
    overrides.release(ann.store, said.override_id, actor="bob", reason="she moved back")
    ann.leads()
    assert ann.contents(tables.golden)[0][0][1:4] == before[1:4]
    with pytest.raises(NotFound):
        overrides.release(ann.store, said.override_id, actor="bob", reason="again")
    kinds = [event.kind for event in audit.newest(ann.store, 50) if event.kind.startswith("override")]
    assert kinds == ["override.released", "override.placed"]


def test_one_of_several_values_becomes_the_first(ann: People) -> None:
    said = say(ann, "email", "al@x.example")
    ann.leads()
    row = ann.row(tables.golden, "ann")
    assert row.fields["emails"] == ["al@x.example", "ann@x.example", "anne@y.example"]
    assert [each.get("override") for each in row.origin["emails"]["each"]] == [said.override_id, None, None]
    assert [each["profile"] for each in row.origin["emails"]["each"][1:]] == [
        "salesforce/people/ann",
        "zendesk/people/ann",
    ]


def test_the_first_value_of_whom_nobody_knew_one(people: People) -> None:
    people.person("bo", zendesk={"full_name": "Bo Ek"})
    say(people, "email", "bo@x.example", "bo")
    people.leads()
    assert people.row(tables.golden, "bo").fields["emails"] == ["bo@x.example"]


def test_it_follows_its_customer_into_another_and_the_newer_word_stands(ann: People) -> None:
    ann.person("old", hubspot={"full_name": "Ann Lee", "city": "York"})
    say(ann, "city", "Leeds")
    say(ann, "title", "CEO")
    newer = say(ann, "city", "Hull", "old")
    ann.merge("old", "ann")
    ann.leads()
    golden = ann.row(tables.golden, "old")
    assert (golden.fields["city"], golden.fields["title"]) == ("Hull", "CEO")
    assert golden.origin["city"]["override"] == newer.override_id


def test_another_value_takes_the_place_of_the_first_and_the_same_writes_nothing(ann: People) -> None:
    first, second = say(ann, "city", "Leeds"), say(ann, "city", "Hull")
    assert say(ann, "city", " Hull ").override_id == second.override_id != first.override_id
    with ann.store.begin() as connection:
        assert [(o.value, o.actor) for o in overrides.of(connection, ["ann"])] == [("Hull", "ada")]


@pytest.mark.parametrize(
    ("field", "value"), [("email", "nobody"), ("phone", "12"), ("full_name", " \n "), ("company", "x" * 256)]
)
def test_what_cannot_be_a_value_is_refused(ann: People, field: str, value: str) -> None:
    with pytest.raises(RecordRejected) as told:
        say(ann, field, value)
    assert told.value.do
    assert value not in str(told.value)


@pytest.mark.parametrize(("field", "identity"), [("consent", "ann"), ("email_opt_out", "ann"), ("city", "nobody")])
def test_what_nobody_may_say_or_of_nobody(ann: People, field: str, identity: str) -> None:
    with pytest.raises(NotFound):
        say(ann, field, "x", identity)


def test_taking_mine_back_lets_another_s_stand_again(ann: People) -> None:
    hers = say(ann, "company", "Acme")
    mine = overrides.place(ann.store, golden_rules(), "ann", "company", "Wrong", actor="bob", reason="a slip")
    with pytest.raises(NotFound):
        overrides.undo(ann.store, mine.override_id, actor="ada")
    overrides.undo(ann.store, mine.override_id, actor="bob")
    with ann.store.begin() as connection:
        assert overrides.of(connection, ["ann"]) == [hers]
    with pytest.raises(NotFound):
        overrides.undo(ann.store, mine.override_id, actor="bob")
    assert audit.newest(ann.store, 1)[0].kind == "override.restored"


def test_two_who_set_a_value_at_once_are_one_after_the_other(ann: People) -> None:
    with ThreadPoolExecutor(6) as pool:
        for city in ("Bonn", "Graz", "Lyon"):
            said = [pool.submit(say, ann, "city", f"{city} {number}") for number in range(6)]
            assert len({each.result().override_id for each in said}) == 6
    with ann.store.begin() as connection:
        assert len(overrides.of(connection, ["ann"])) == 1


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("website", "https://acme.example/a?b=c", "javascript:alert(1)"),
        ("website", "acme.example", "data:text/html,x.example"),
        ("birth_date", "1980-02-29", "1981-02-29"),
        ("birth_date", "2001-12-31", "yesterday"),
        ("language", "pt-BR", "=HYPERLINK(1)"),
    ],
)
def test_what_is_said_has_the_form_of_its_field(ann: People, field: str, good: str, bad: str) -> None:
    assert say(ann, field, good).value == good
    with pytest.raises(RecordRejected):
        say(ann, field, bad)
