"""Signatures in the store: read once, forgotten with their text, and evidence for nobody but their writer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from adbc_driver_manager import Error

from landbridge.identity import signatures
from landbridge.identity.decisions import decide
from landbridge.identity.resolve import ONLY_SIGNED
from landbridge.identity.review import Question, questions
from landbridge.identity.story import story
from landbridge.store import bulk
from landbridge.store.engine import Store
from landbridge.store.profiles import PROFILE_SCHEMA
from tests.identity.test_stage import links, put, resolved, rows, stuck, until

ALBERT = "It drips.\n\nBest regards,\nAlbert Lindau\nLindau GmbH | +49 170 1234567\nalbert@lindau.example"
MARIA = "It drips.\n\nBest regards,\nMaria Muster\n+49 170 7654321"
MINE = {"email": ["a.lindau@posteo.example"], "full_name": "Albert Lindau"}


def write(store: Store, key: str, text: str | None, *, person: str | None = "zendesk/users/1", way: str = "in") -> None:
    """A ticket as the mapping would put it there; the same key again is its newest version."""
    columns = {"id": f"zendesk/tickets/{key}", "person": person, "text": text, "way": way}
    with store.begin() as connection:
        connection.execute(
            sa.text(
                """INSERT INTO touchpoint
                (touchpoint_id, account, stream, record_id, person, kind, text, direction, mapping, digest, run_id)
                VALUES (:id, 'zendesk', 'tickets', 1, :person, 'ticket', :text, :way, 'm', :digest, 'r')
                ON CONFLICT (touchpoint_id) DO UPDATE SET person = excluded.person, text = excluded.text,
                    direction = excluded.direction, digest = excluded.digest"""
            ),
            {**columns, "digest": str(columns)},
        )


def read(store: Store) -> None:
    with store.bulk() as connection:
        signatures.read(connection)


def kept(store: Store) -> list[tuple[str, str]]:
    return rows(store, "SELECT profile_id, value FROM signature WHERE touchpoint_id IS NOT NULL ORDER BY 1, 2")


def settle(store: Store) -> None:
    """As after resolving."""
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE profile SET resolved_digest = digest"))


def waiting(store: Store) -> list[str]:
    return [one for (one,) in rows(store, "SELECT profile_id FROM profile WHERE resolved_digest IS NULL ORDER BY 1")]


def compared(store: Store) -> dict[str, dict[str, Any]]:
    """Every profile as identity compares it."""
    with store.bulk() as connection:
        profiles = bulk.get(connection, f"SELECT {', '.join(PROFILE_SCHEMA.names)} FROM profile ORDER BY profile_id")
        return {row["profile_id"]: row for row in signatures.added(connection, profiles).to_pylist()}


@pytest.fixture
def customer(store: Store) -> Store:
    put(store, "zendesk/users/1", MINE)
    put(store, "zendesk/users/2", {"full_name": "Bert Okafor"})
    settle(store)
    return store


def test_a_text_is_read_once_and_its_writer_waits_to_be_resolved(customer: Store) -> None:
    write(customer, "1", ALBERT)
    read(customer)
    values = ["+49 170 1234567", "Albert Lindau", "Lindau GmbH"]
    assert kept(customer) == [("zendesk/users/1", value) for value in values]
    assert waiting(customer) == ["zendesk/users/1"]
    settle(customer)
    before = rows(customer, "SELECT xmin, * FROM signature"), rows(customer, "SELECT xmin, * FROM touchpoint")
    read(customer)
    assert (rows(customer, "SELECT xmin, * FROM signature"), rows(customer, "SELECT xmin, * FROM touchpoint")) == before
    assert waiting(customer) == []


def test_a_changed_text_replaces_what_it_told(customer: Store) -> None:
    write(customer, "1", ALBERT)
    read(customer)
    settle(customer)
    write(customer, "1", ALBERT + "\nand one more line")
    read(customer)
    assert waiting(customer) == [], "the same signature: nobody gained or lost a value"
    write(customer, "1", ALBERT.replace("1234567", "9876540"))
    read(customer)
    assert ("zendesk/users/1", "+49 170 9876540") in kept(customer)
    assert ("zendesk/users/1", "+49 170 1234567") not in kept(customer)
    assert waiting(customer) == ["zendesk/users/1"]


@pytest.mark.parametrize("change", [{"text": None}, {"person": None}, {"way": "out"}])
def test_a_text_that_is_no_customers_any_more_tells_nothing(customer: Store, change: dict[str, Any]) -> None:
    write(customer, "1", ALBERT)
    read(customer)
    settle(customer)
    write(customer, "1", **{"text": ALBERT, **change})
    read(customer)
    assert kept(customer) == []
    assert waiting(customer) == ["zendesk/users/1"]


def test_a_text_that_is_found_to_be_anothers_moves(customer: Store) -> None:
    write(customer, "1", ALBERT)
    read(customer)
    settle(customer)
    write(customer, "1", ALBERT, person="zendesk/users/2")
    read(customer)
    assert {profile for profile, _ in kept(customer)} == {"zendesk/users/2"}
    assert waiting(customer) == ["zendesk/users/1", "zendesk/users/2"]


def test_what_a_vanished_text_told_does_not_count(customer: Store) -> None:
    write(customer, "1", ALBERT)
    read(customer)
    settle(customer)
    with customer.begin() as connection:
        connection.execute(sa.text("DELETE FROM touchpoint"))
    assert compared(customer)["zendesk/users/1"].get("signed_phone") is None
    read(customer)
    assert rows(customer, "SELECT count(*) FROM signature") == [(0,)]
    assert waiting(customer) == ["zendesk/users/1"]


def test_our_own_agents_texts_are_never_read(customer: Store) -> None:
    write(customer, "1", ALBERT, way="out")
    read(customer)
    assert kept(customer) == []
    assert rows(customer, "SELECT count(*) FROM touchpoint WHERE read_digest IS NOT NULL") == [(0,)]


def test_killed_between_two_batches_the_next_run_goes_on(customer: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in range(5):
        write(customer, str(key), ALBERT.replace("1234567", f"123456{key}"))
    monkeypatch.setattr(signatures, "BATCH", 2)
    with customer.begin() as connection:
        connection.execute(
            sa.text("""CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN IF (SELECT count(*) FROM touchpoint WHERE read_digest IS NOT NULL) > 2
                THEN RAISE 'killed'; END IF; RETURN NULL; END $$""")
        )
        connection.execute(
            sa.text("CREATE TRIGGER die AFTER UPDATE ON touchpoint FOR EACH STATEMENT EXECUTE FUNCTION die()")
        )
    with pytest.raises(Error, match="killed"):
        read(customer)
    assert rows(customer, "SELECT count(DISTINCT touchpoint_id) FROM signature") == [(2,)], "batches commit whole"
    with customer.begin() as connection:
        connection.execute(sa.text("DROP TRIGGER die ON touchpoint"))
    read(customer)
    assert rows(customer, "SELECT count(DISTINCT touchpoint_id) FROM signature") == [(5,)]
    assert rows(customer, "SELECT count(*) FROM touchpoint WHERE read_digest IS DISTINCT FROM digest") == [(0,)]


def test_a_text_that_changes_while_it_is_read_waits_for_the_next_time(customer: Store) -> None:
    write(customer, "1", ALBERT)
    with customer.begin() as connection:
        connection.execute(
            sa.text("""CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN UPDATE touchpoint SET text = replace(text, '1234567', '9876540'), digest = 'newer';
                RETURN NULL; END $$""")
        )
        connection.execute(
            sa.text("CREATE TRIGGER change AFTER INSERT ON signature FOR EACH STATEMENT EXECUTE FUNCTION change()")
        )
    read(customer)
    read(customer)
    assert ("zendesk/users/1", "+49 170 9876540") in kept(customer)
    assert ("zendesk/users/1", "+49 170 1234567") not in kept(customer)


FITS = [
    ({"full_name": "Albert Lindau"}, ALBERT, True),
    ({"full_name": "Lindau, Albert"}, ALBERT, True),
    ({"given_name": "Al", "family_name": "Lindau"}, ALBERT, True),
    ({"full_name": "A. Lindau"}, ALBERT, True),
    ({"full_name": "Albert Lindau-Meyer"}, ALBERT, True),
    ({"family_name": "Lindau"}, ALBERT, True),
    ({"full_name": "Albert Muster"}, ALBERT, False),
    ({"full_name": "Maria Lindau"}, ALBERT, False),
    ({"full_name": "Maria Muster"}, ALBERT, False),
    ({"full_name": "Lindau GmbH"}, ALBERT, False),
    ({}, ALBERT, False),
    ({"full_name": "N/A", "email": ["albert@lindau.example"]}, ALBERT, True),
    ({"full_name": "N/A", "email": ["al@lindau.example"]}, ALBERT, False),
    ({"email": ["albert.lindau@posteo.example"]}, ALBERT, True),
    ({"email": ["maria.muster@posteo.example"]}, ALBERT, False),
    ({"email": ["mm77@evil.example"]}, ALBERT, False),
    ({"email": ["info@lindau.example"]}, ALBERT, False),
    ({}, ALBERT.replace("Albert Lindau", "Albert"), False),
]


@pytest.mark.parametrize(("profile", "text", "counts"), FITS)
def test_only_a_signature_of_ones_own_counts(store: Store, profile: dict[str, Any], text: str, *, counts: bool) -> None:
    put(store, "zendesk/users/1", profile)
    write(store, "1", text)
    read(store)
    row = compared(store)["zendesk/users/1"]
    assert (row.get("signed_phone") == ["+49 170 1234567"]) == counts
    assert (row.get("signed_company") == "Lindau GmbH") == counts
    assert (row["phone"], row["company"]) == (None, None), "what a field says is told apart"
    assert row["email"] == profile.get("email"), "a text can claim anybody's address"
    nameless = not {"given_name", "family_name"} & set(profile) and profile.get("full_name") in (None, "N/A")
    assert row["full_name"] == ("Albert Lindau" if counts and nameless else profile.get("full_name"))
    stored = rows(store, "SELECT full_name, phone, email, company FROM profile")[0]
    assert stored == (profile.get("full_name"), None, profile.get("email"), None), "the profile itself stays"


def test_a_nameless_profile_that_signs_with_two_names_is_neither(store: Store) -> None:
    put(store, "zendesk/users/1", {"email": ["x9@posteo.example"]})
    write(store, "1", ALBERT)
    write(store, "2", MARIA)
    read(store)
    row = compared(store)["zendesk/users/1"]
    assert (row["full_name"], row.get("signed_phone")) == (None, None)


def test_a_name_that_changes_is_held_against_what_was_read_before(customer: Store) -> None:
    write(customer, "1", ALBERT)
    read(customer)
    put(customer, "zendesk/users/1", {**MINE, "full_name": "Maria Muster"})
    assert compared(customer)["zendesk/users/1"].get("signed_phone") is None


CLARA = {"full_name": "Clara Diaz", "phone": ["+491701234567"]}
HERS = ALBERT.replace("Albert Lindau", "Clara Diaz")


def asked(store: Store) -> list[Question]:
    """What people are asked for the sake of a signature."""
    return [one for one in questions(store, 10) if one.reason == f"not joined: {ONLY_SIGNED}"]


def test_a_signature_alone_asks_about_two_records_and_joins_nobody(customer: Store) -> None:
    put(customer, "salesforce/Contact/3", CLARA)
    put(customer, "zendesk/users/3", {"email": ["diaz77@posteo.example"]})
    resolved(customer)
    assert asked(customer) == []
    write(customer, "1", HERS, person="zendesk/users/3")
    resolved(customer)
    assert links(customer)["zendesk/users/3"] != links(customer)["salesforce/Contact/3"]
    (question,) = asked(customer)
    assert {question.left["profile_id"], question.right["profile_id"]} == {"salesforce/Contact/3", "zendesk/users/3"}
    (phone,) = (said for said in question.because if said.startswith("same phone in a signature"))
    assert phone.endswith("(in a signature: zendesk/tickets/1)")
    (name,) = (said for said in question.because if said.startswith("same first name"))
    assert name.endswith("(in a signature: zendesk/tickets/1)"), "the profile has no name of its own"
    before = rows(customer, "SELECT xmin, * FROM match ORDER BY left_id, right_id")
    resolved(customer)
    assert rows(customer, "SELECT xmin, * FROM match ORDER BY left_id, right_id") == before
    decide(customer, "zendesk/users/3", "salesforce/Contact/3", "same", actor="ada", reason="she told me")
    resolved(customer)
    assert links(customer)["zendesk/users/3"] == links(customer)["salesforce/Contact/3"]
    assert asked(customer) == []


def test_whoever_takes_a_customers_name_and_signs_with_her_mobile_is_asked_about(customer: Store) -> None:
    hers = {"company": "Brightwell Ltd", "email": ["clara@brightwell.example"], "city": "Bonn"}
    put(customer, "salesforce/Contact/3", {**CLARA, **hers})
    put(customer, "zendesk/users/3", {"full_name": "Clara Diaz", "email": ["mm77@evil.example"], "city": "Graz"})
    resolved(customer)
    before = links(customer)
    assert before["zendesk/users/3"] != before["salesforce/Contact/3"]
    write(customer, "1", HERS.replace("Lindau GmbH", "Brightwell Ltd"), person="zendesk/users/3")
    resolved(customer)
    assert links(customer) == before, "what stands in a text changes no customer"
    assert len(asked(customer)) == 1


def test_a_phone_in_a_field_joins_whatever_signatures_say(customer: Store) -> None:
    put(customer, "salesforce/Contact/3", CLARA)
    put(customer, "zendesk/users/3", {**CLARA, "email": ["diaz77@posteo.example"]})
    write(customer, "1", HERS, person="zendesk/users/3")
    resolved(customer)
    assert links(customer)["zendesk/users/3"] == links(customer)["salesforce/Contact/3"]


def test_what_fields_say_is_not_laid_to_a_signature(customer: Store) -> None:
    put(customer, "salesforce/Contact/3", CLARA)
    put(customer, "zendesk/users/3", {**CLARA, "email": ["diaz77@posteo.example"]})
    write(customer, "1", HERS, person="zendesk/users/3")
    resolved(customer)
    (tie,) = story(customer, "zendesk/users/3").ties
    assert [step.words for step in tie.steps if "in a signature" in step.words] == []


def test_whoever_signs_as_another_from_a_strange_mailbox_is_not_taken_for_her(customer: Store) -> None:
    """The road of an impostor: her name, her number and her address under a mail of his own."""
    put(customer, "salesforce/Contact/3", {**CLARA, "email": ["albert@lindau.example"]})
    put(customer, "zendesk/users/3", {"email": ["mm77@evil.example"]})
    write(customer, "1", HERS, person="zendesk/users/3")
    resolved(customer)
    assert links(customer)["zendesk/users/3"] != links(customer)["salesforce/Contact/3"]


def test_whoever_pastes_a_colleagues_signature_stays_who_he_is(customer: Store) -> None:
    put(customer, "salesforce/Contact/3", CLARA)
    write(customer, "1", HERS, person="zendesk/users/2")
    resolved(customer)
    assert len(set(links(customer).values())) == 3


@pytest.mark.parametrize("number", ["+49 30 5551234", "Tel. +49 30 5551234"])
def test_a_switchboard_under_every_signature_joins_no_colleagues(store: Store, number: str) -> None:
    names = ("Anna Berg", "Bert Okafor", "Clara Diaz", "David Evans")
    for place, name in enumerate(names):
        put(store, f"zendesk/users/{place}", {"full_name": name, "email": [f"{name[0].lower()}{place}@posteo.example"]})
        write(store, str(place), f"Hi\nRegards\n{name}\nLindau GmbH\n{number}", person=f"zendesk/users/{place}")
    resolved(store)
    assert len(set(links(store).values())) == len(names)


def test_a_signature_read_while_another_resolves_is_not_lost(store: Store) -> None:
    """One run has read the profiles and is about to store; another comes upon a new ticket, and gets no further."""
    put(store, "zendesk/users/1", MINE)
    put(store, "crm/users/1", {"full_name": "Albert Lindau", "phone": ["+49 170 1234567"], "city": "Bonn"})
    alone = "SELECT count(*) FROM match WHERE evidence -> 'phone' ->> 'level' = 'signed'"
    with ThreadPoolExecutor(2) as both:
        with store.begin() as connection:
            connection.execute(sa.text("LOCK TABLE identity_event IN SHARE MODE"))
            resolving = both.submit(resolved, store)
            until(lambda: stuck(store) == 1)
            write(store, "1", ALBERT)
            reading = both.submit(read, store)
            until(lambda: reading.done() or stuck(store) == 2)
        resolving.result()
        reading.result()
    assert waiting(store) == ["zendesk/users/1"]
    assert rows(store, alone) == [(0,)]
    resolved(store)
    assert rows(store, alone) == [(1,)]
