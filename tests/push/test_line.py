"""From valid leads to the CRM: the right record, only what differs, nobody's edit lost, twice is once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from landbridge.store.engine import Store
from tests.push.conftest import Line
from tests.push.crm import EXTERNAL, Crm, a_run, books, changes, put_lead

ANNA: dict[str, Any] = {"last_name": "Arnesen", "first_name": "Anna", "email": "anna@fjord.example", "score": 40}


def test_an_unknown_person_becomes_a_lead_and_the_second_run_is_silent(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA)
        put_lead(store, run, "bad", valid=False, last_name="Held")
    first = line()
    (row,) = crm.rows["Lead"].values()
    assert (row[EXTERNAL], row["LastName"], row["Company"]) == ("anna", "Arnesen", "[not provided]")
    assert row["Landbridge_Score__c"] == 40
    assert books(first, "plan") == {"taken": 1, "new": 1}
    assert books(first, "push") == {"taken": 1, "new": 1}
    crm.calls.clear()
    for synced in (False, True, True):
        again = line(synced=synced)
        assert books(again, "plan") == {"taken": 1, "unchanged": 1}
        assert books(again, "push") == {}
    assert crm.calls == []
    assert len(changes(store)) == 1


def test_only_what_differs_is_sent(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA)
    line()
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA | {"title": "Captain", "email": "ANNA@fjord.example"})
    second = line()
    assert crm.writes[-1].values == {"Title": "Captain"}
    assert books(second, "push") == {"taken": 1, "changed": 1}
    change = changes(store)[-1]
    assert (change["before"], change["after"]) == ({"Title": None}, {"Title": "Captain"})
    assert change["origin"]["Title"] == {
        "field": "title",
        "profile": "zendesk/users/anna",
        "record": 1,
        "rule": "newest",
    }


def test_a_reps_edit_survives_and_is_told(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, title="Mate")
    line()
    (row,) = crm.rows["Lead"].values()
    row["Title"] = "Chief mate"
    row["Landbridge_Score__c"] = 1
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, title="Mate", city="Bergen")
    line()
    assert row["Title"] == "Chief mate"
    assert (row["City"], row["Landbridge_Score__c"]) == ("Bergen", 40)
    conflicts = changes(store)[-1]["conflicts"]
    assert conflicts["Title"] == {
        "ours": "Mate",
        "theirs": "Chief mate",
        "last": "Mate",
        "kept": "theirs",
        "why": "edited",
    }
    assert conflicts["Landbridge_Score__c"]["kept"] == "ours"
    writes = len(crm.writes)
    assert books(line(), "plan") == {"taken": 1, "held": 1}, "a conflict that stays is held, and not sent again"
    assert len(crm.writes) == writes


def test_an_edit_is_not_forgotten_by_a_later_write_of_another_field(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, title="Mate")
    line()
    (row,) = crm.rows["Lead"].values()
    row["Title"] = "Chief mate"
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, title="Mate", city="Bergen")
    line()
    line(synced=False)
    assert row["Title"] == "Chief mate"


def test_a_lead_that_the_crm_has_is_taken_over_where_it_stands(store: Store, crm: Crm, line: Line) -> None:
    old = crm.put("Lead", LastName="Arnesen", FirstName=None, Title="Owner")
    young = crm.put("Lead", LastName="Arnesen", CreatedDate="2026-02-02T00:00Z")
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, title="Captain")
    links = {old: "anna", young: "anna"}
    first = line(links)
    assert books(first, "push") == {"taken": 1, "changed": 1}
    assert crm.rows["Lead"][old][EXTERNAL] == "anna"
    assert crm.rows["Lead"][old]["FirstName"] == "Anna"
    assert crm.rows["Lead"][old]["Title"] == "Owner", "what was there before us is somebody's"
    assert crm.rows["Lead"][young][EXTERNAL] is None
    crm.calls.clear()
    line(links)
    assert crm.calls == []


def test_a_contact_gets_no_lead(store: Store, crm: Crm, line: Line) -> None:
    contact = crm.put("Contact", LastName="Arnesen", Title="Owner", Phone=None)
    lead = crm.put("Lead", LastName="Arnesen")
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, title="Captain", phone="+47 22 00 00 00", email_opt_out=True)
    line({contact: "anna", lead: "anna"})
    row = crm.rows["Contact"][contact]
    assert (row["Title"], row["Phone"], row[EXTERNAL]) == ("Owner", "+47 22 00 00 00", "anna")
    assert row["HasOptedOutOfEmail"] is True
    assert len(crm.rows["Lead"]) == 1
    assert {write.object for write in crm.writes} == {"Contact"}


def test_a_converted_lead_leads_to_its_contact(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA)
    line()
    ((lead, row),) = crm.rows["Lead"].items()
    row |= {"IsConverted": True, "ConvertedContactId": "003000000000000777"}
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, phone="+47 22 00 00 00")
    assert books(line(), "plan") == {"taken": 1, "held": 1}, "its contact has not been read yet"
    contact = crm.put("Contact", LastName="Arnesen")
    crm.rows["Contact"] = {"003000000000000777": crm.rows["Contact"][contact] | {"Id": "003000000000000777"}}
    line({"003000000000000777": "anna"})
    assert crm.rows["Contact"]["003000000000000777"]["Phone"] == "+47 22 00 00 00"
    assert crm.rows["Lead"][lead]["Phone"] is None
    crm.calls.clear()
    line({"003000000000000777": "anna"})
    assert crm.calls == []


def test_what_somebody_deleted_stays_deleted(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA)
    line()
    (row,) = crm.rows["Lead"].values()
    row["IsDeleted"] = True
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, city="Bergen")
    assert books(line(), "plan") == {"taken": 1, "held": 1}
    assert len(crm.writes) == 1


def test_a_refusal_to_be_mailed_is_never_taken_back(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, email_opt_out=False)
    line()
    (row,) = crm.rows["Lead"].values()
    row["HasOptedOutOfEmail"] = True
    line()
    assert row["HasOptedOutOfEmail"] is True


def test_our_record_stays_ours_when_its_profile_is_placed_elsewhere(store: Store, crm: Crm, line: Line) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA)
    line()
    (lead,) = crm.rows["Lead"]
    with a_run(store) as run:
        put_lead(store, run, "stranger", **ANNA)
    run = line({lead: "stranger"})
    assert books(run, "plan") == {"taken": 2, "unchanged": 1, "held": 1}
    assert len(crm.rows["Lead"]) == 1


def test_a_merge_moves_the_record_to_the_surviving_identity(store: Store, crm: Crm, line: Line) -> None:
    import sqlalchemy as sa

    with a_run(store) as run:
        put_lead(store, run, "late", **ANNA)
    line()
    crm.calls.clear()
    with a_run(store) as run:
        put_lead(store, run, "elder", **ANNA)
        with store.begin() as connection:
            connection.execute(sa.text("UPDATE identity SET redirect_to = 'elder' WHERE identity_id = 'late'"))
            connection.execute(sa.text("DELETE FROM lead WHERE identity_id = 'late'"))
    line()
    assert crm.calls == [], "the id of old means the survivor: nothing to write"
    with a_run(store) as run:
        put_lead(store, run, "elder", **{**ANNA, "title": "Captain"})
    line(synced=False)
    (row,) = crm.rows["Lead"].values()
    assert (row[EXTERNAL], row["Title"]) == ("late", "Captain")
    crm.calls.clear()
    line()
    assert crm.calls == []


def test_two_records_of_a_merged_identity_never_get_one_id(store: Store, crm: Crm, line: Line) -> None:
    import sqlalchemy as sa

    with a_run(store) as run:
        put_lead(store, run, "late", **ANNA)
        put_lead(store, run, "elder", **{**ANNA, "emails": ["other@example.org"]})
    line()
    with a_run(store) as run:
        put_lead(store, run, "elder", **{**ANNA, "title": "Captain"})
        with store.begin() as connection:
            connection.execute(sa.text("UPDATE identity SET redirect_to = 'elder' WHERE identity_id = 'late'"))
            connection.execute(sa.text("DELETE FROM lead WHERE identity_id = 'late'"))
    line()
    assert sorted(str(row[EXTERNAL]) for row in crm.rows["Lead"].values()) == ["elder", "late"]
    assert [row["Title"] for row in crm.rows["Lead"].values()].count("Captain") == 1


def test_what_people_wrote_is_only_ever_data(store: Store, crm: Crm, line: Line) -> None:
    name = """O'Neil", "x": {"y\\": 1}\n'); DROP TABLE lead; --\t\u2028 日本 \U0001f600"""
    with a_run(store) as run:
        put_lead(store, run, "it's", last_name=name, handles=[name, 'b"'], score=1.5, phones=[], title={"not": "text"})
    line()
    (row,) = crm.rows["Lead"].values()
    assert (row["LastName"], row[EXTERNAL], row["Landbridge_Score__c"]) == (name, "it's", 1.5)
    assert row["Landbridge_Handles__c"] == f'{name}\nb"'
    crm.calls.clear()
    line()
    assert crm.calls == []


def test_after_a_split_both_persons_have_their_record(store: Store, crm: Crm, line: Line) -> None:
    lead = crm.put("Lead", LastName="Arnesen")
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA)
    line({lead: "anna"})
    with a_run(store) as run:
        put_lead(store, run, "carl", last_name="Arnesen", first_name="Carl")
    line({lead: "carl"})
    assert crm.rows["Lead"][lead][EXTERNAL] == "carl"
    assert sorted(str(row[EXTERNAL]) for row in crm.rows["Lead"].values()) == ["anna", "carl"]
    crm.calls.clear()
    line({lead: "carl"})
    assert crm.calls == []


def test_a_split_after_a_wrong_merge_restores_both_leads(store: Store, crm: Crm, line: Line) -> None:
    import sqlalchemy as sa

    carl = {"last_name": "Arnesen", "first_name": "Carl", "email": "carl@fjord.example", "phone": "+47 22 00 00 00"}
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA)
        put_lead(store, run, "carl", **carl)
    line()
    before = {row["Email"]: dict(row) for row in crm.rows["Lead"].values()}

    def state(*statements: str) -> None:
        with store.begin() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    state(
        "UPDATE identity SET redirect_to = 'anna' WHERE identity_id = 'carl'",
        "DELETE FROM lead WHERE identity_id = 'carl'",
    )
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA | {"phone": carl["phone"]})
        state("""UPDATE lead SET origin = jsonb_set(origin, '{phone,profile}', '"zendesk/users/carl"')
                 WHERE identity_id = 'anna'""")
    line()
    assert sorted(str(row["Phone"]) for row in crm.rows["Lead"].values()) == [carl["phone"], carl["phone"]]

    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA)
        put_lead(store, run, "carl-again", **carl)
        state(
            f"""INSERT INTO identity_event (kind, identity_id, other_id, run_id)
                VALUES ('split', 'anna', 'carl-again', '{run.run_id}')""",
            *(
                f"""INSERT INTO profile (profile_id, account, stream, key, record_id, mapping, digest, run_id)
                    VALUES ('zendesk/users/{who}', 'zendesk', 'users', '{who}', 1, 'm', 'd', 'r')"""
                for who in ("anna", "carl")
            ),
            *(
                f"""INSERT INTO link (profile_id, identity_id, how, model, run_id)
                    VALUES ('zendesk/users/{who}', '{now}', 'single', '1', '{run.run_id}')"""
                for who, now in (("anna", "anna"), ("carl", "carl-again"))
            ),
        )
    line()
    after = {row["Email"]: dict(row) for row in crm.rows["Lead"].values()}
    assert after.pop("carl@fjord.example") == before.pop("carl@fjord.example") | {EXTERNAL: "carl-again"}
    assert after == before, "what was the other's is gone from hers, and nobody has a third lead"
    crm.calls.clear()
    line()
    assert crm.calls == []


def test_a_text_that_is_cut_at_a_line_break_is_written_once(store: Store, crm: Crm, line: Line) -> None:
    """The CRM keeps no outer white space."""
    take = crm._take
    crm._take = lambda write: take(  # type: ignore[method-assign]
        replace(write, values={name: v.strip() if isinstance(v, str) else v for name, v in write.values.items()})
    )
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA, street="a" * 254 + "\nsecond line", reasons=["x" * 31999 + "\nmore"])
    line()
    crm.calls.clear()
    assert books(line(), "plan") == {"taken": 1, "unchanged": 1}
    assert crm.calls == []
