"""What sales ops hold does not leave, whatever is planned anew, until somebody releases it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.push import holds
from landbridge.push.apply import push
from landbridge.push.holds import About
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.render import render
from landbridge.store.engine import Store
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, Crm, a_run, access, books, changes, put_lead, sync

ANNA: dict[str, Any] = {"last_name": "Arnesen", "first_name": "Anna", "email": "anna@fjord.example", "score": 40}
KIM = {"actor": "kim", "reason": "she asked us to wait"}


def plan(store: Store, policy: Policy) -> str | None:
    with a_run(store) as run:
        return make_plan(run, policy, ACCOUNT)


def put(store: Store, **people: dict[str, Any]) -> None:
    with a_run(store) as run:
        for identity_id, fields in people.items():
            put_lead(store, run, identity_id, **fields)


def test_a_held_person_does_not_leave_and_is_in_the_books(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    put(store, anna=ANNA, bo={"last_name": "Bo"})
    plan(store, policy)
    change = str(changes(store)[0]["change_id"])
    assert holds.place(store, ACCOUNT, holds.about(store, policy, change, None, None), **KIM) == 1
    assert [c["state"] for c in changes(store)] == ["superseded", "planned"], "at once, before anything is planned anew"
    run = line()
    assert books(run, "plan") == {"taken": 2, "new": 1, "held": 1}
    assert [row["LastName"] for row in crm.rows["Lead"].values()] == ["Bo"]
    assert books(line(), "plan") == {"taken": 2, "unchanged": 1, "held": 1}
    assert holds.release(store, ACCOUNT, "anna", actor="kim", reason="she called").holds == 1
    assert books(line(), "plan") == {"taken": 2, "unchanged": 1, "new": 1}
    with store.begin() as connection:
        kept = connection.execute(sa.text("SELECT actor, reason, released_by, released_why FROM hold")).one()
        events = connection.execute(
            sa.text("SELECT kind, actor FROM audit_event WHERE kind LIKE 'hold.%' ORDER BY seq")
        )
        assert tuple(kept) == ("kim", "she asked us to wait", "kim", "she called")
        assert [tuple(row) for row in events] == [("hold.placed", "kim"), ("hold.released", "kim")]


def test_a_held_field_stays_and_the_rest_goes(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    put(store, anna=ANNA)
    line()
    put(store, anna={**ANNA, "title": "Captain", "score": 50})
    plan(store, policy)
    holds.place(store, ACCOUNT, holds.about(store, policy, "anna", "title", None), **KIM)
    run = line()
    assert books(run, "push") == {"taken": 1, "changed": 1}
    (row,) = crm.rows["Lead"].values()
    assert (row["Title"], row["Landbridge_Score__c"]) == (None, 50)
    told = [each for each in render(store, changes(store)[-1]["plan_id"]) if each.field == "Title"]
    assert [(each.kind, each.after) for each in told] == [("keep", "Captain")]
    assert "landbridge hold" in told[0].reason
    assert books(line(), "plan") == {"taken": 1, "held": 1}


def test_a_field_is_held_for_everybody_but_a_record_that_needs_it_waits(
    store: Store, crm: Crm, policy: Policy, line: Line
) -> None:
    put(store, anna={**ANNA, "title": "Captain"}, bo={"last_name": "Bo", "title": "Mate"})
    holds.place(store, ACCOUNT, About(field="Title"), **KIM)
    line()
    assert [row["Title"] for row in crm.rows["Lead"].values()] == [None, None]
    holds.place(store, ACCOUNT, About(field="LastName"), **KIM)
    put(store, cy={"last_name": "Cy"})
    assert books(line(), "plan")["held"] == 3, "no lead without a name"
    assert len(crm.rows["Lead"]) == 2
    assert holds.release(store, ACCOUNT, "everybody", actor="kim", reason="").holds == 2
    line()
    assert sorted(str(row["Title"]) for row in crm.rows["Lead"].values()) == ["Captain", "Mate", "None"]


def test_a_kind_of_record_is_held(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    contact = crm.put("Contact", LastName="Arnesen")
    put(store, anna=ANNA, bo={"last_name": "Bo"})
    holds.place(store, ACCOUNT, About(object="Contact"), **KIM)
    line({contact: "anna"})
    assert {write.object for write in crm.writes} == {"Lead"}


def test_a_hold_follows_its_person_through_a_merge(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    put(store, late=ANNA)
    holds.place(store, ACCOUNT, About("late"), **KIM)
    put(store, elder=ANNA)
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE identity SET redirect_to = 'elder' WHERE identity_id = 'late'"))
        connection.execute(sa.text("DELETE FROM lead WHERE identity_id = 'late'"))
    assert books(line(), "plan") == {"taken": 1, "held": 1}
    assert crm.writes == []


def split(store: Store, whole: str, other: str) -> None:
    with a_run(store) as run, store.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO identity_event (kind, identity_id, other_id, run_id) VALUES ('split', :a, :b, :run)"),
            {"a": whole, "b": other, "run": run.run_id},
        )


def test_both_halves_of_a_split_are_held(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    put(store, anna=ANNA)
    holds.place(store, ACCOUNT, About("anna"), **KIM)
    put(store, other={**ANNA, "phone": "99"})
    split(store, "anna", "other")
    assert books(line(), "plan") == {"taken": 2, "held": 2}
    assert holds.release(store, ACCOUNT, "other", actor="kim", reason="settled").holds == 1
    assert books(line(), "plan") == {"taken": 2, "new": 2}


def test_a_record_that_is_held_stays_so_whoever_has_it(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    one, two = crm.put("Lead", LastName="Ohm", City="Bergen"), crm.put("Lead", LastName="Ohm")
    put(store, a=ANNA)
    with a_run(store) as run:
        sync(store, run, crm, {one: "a", two: "a"})
    holds.place(store, ACCOUNT, holds.about(store, policy, f"{ACCOUNT}/Lead/{two}", None, None), **KIM)
    put(store, b={**ANNA, "phone": "99"})
    line({one: "a", two: "b"})
    assert crm.rows["Lead"][two]["Phone"] is None


def test_the_numbers_of_holds_and_of_changes_are_told_apart(store: Store, crm: Crm, policy: Policy) -> None:
    put(store, a=ANNA, b={**ANNA, "email": "b@x.example"})
    holds.place(store, ACCOUNT, About("a"), **KIM)
    plan(store, policy)
    (change,) = changes(store)
    number = str(change["change_id"])
    (kims,) = holds.standing(store, ACCOUNT)
    assert number == str(kims.hold_id), "else this test proves nothing"
    holds.place(store, ACCOUNT, holds.about(store, policy, number, None, None), actor="bo", reason="typo")
    assert holds.release(store, ACCOUNT, number, actor="bo", reason="a typo").holds == 1
    assert [each.identity_id for each in holds.standing(store, ACCOUNT)] == ["a"]
    with pytest.raises(NotFound):
        holds.release(store, ACCOUNT, number, actor="bo", reason="once more")
    assert holds.release(store, ACCOUNT, f"h{kims.hold_id}", actor="kim", reason="settled").holds == 1


def test_a_persons_hold_is_not_released_as_a_plans(store: Store, policy: Policy) -> None:
    put(store, anna=ANNA)
    holds.place(store, ACCOUNT, About("anna"), actor="kim", reason="plan-1: not before she called")
    with pytest.raises(NotFound):
        holds.release(store, ACCOUNT, "plan-1", actor="bo", reason="")


def test_a_hold_says_what_is_under_way(store: Store, policy: Policy) -> None:
    put(store, anna=ANNA)
    plan(store, policy)
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE change SET state = 'sending'"))
    about = holds.about(store, policy, "anna", None, None)
    assert (holds.place(store, ACCOUNT, about, **KIM), holds.under_way(store, ACCOUNT, about)) == (0, 1)


def test_a_value_that_was_taken_back_is_held_until_we_want_another(store: Store, crm: Crm, line: Line) -> None:
    put(store, anna=ANNA)
    line()
    with store.begin() as connection:
        connection.execute(
            sa.text("""INSERT INTO hold (account, identity_id, object, field, value, kind, actor)
                       VALUES ('salesforce', 'anna', 'Lead', 'Landbridge_Score__c', '55.0', 'revert', 'kim')""")
        )
    put(store, anna={**ANNA, "score": 55})
    assert books(line(), "plan") == {"taken": 1, "held": 1}
    put(store, anna={**ANNA, "score": 56})
    assert books(line(), "plan") == {"taken": 1, "changed": 1}


def test_two_holds_of_one_thing_are_one(store: Store, policy: Policy) -> None:
    put(store, anna=ANNA)
    for _ in range(2):
        holds.place(store, ACCOUNT, About("anna"), **KIM)
    assert [(each.identity_id, each.actor) for each in holds.standing(store, ACCOUNT)] == [("anna", "kim")]


@pytest.mark.parametrize(
    ("what", "field", "kind", "told"),
    [
        ("99", None, None, "There is no change 99"),
        ("anna", "Shoe", None, "We write no field 'Shoe'"),
        ("anna", None, "Kiosk", "We write no object 'Kiosk'"),
        ("everybody", None, None, "Everybody is held with a field or an object"),
        ("nobody", None, None, "nobody"),
    ],
)
def test_what_cannot_be_held_is_told(
    store: Store, policy: Policy, what: str, field: str | None, kind: str | None, told: str
) -> None:
    put(store, anna=ANNA)
    with pytest.raises(NotFound, match=told):
        holds.about(store, policy, what, field, kind)
    with pytest.raises(NotFound, match="Nothing is held"):
        holds.release(store, ACCOUNT, "anna", actor="kim", reason="")


def test_what_was_approved_is_held_all_the_same(store: Store, crm: Crm, policy: Policy) -> None:
    put(store, anna=ANNA)
    plan(store, policy)
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE change SET state = 'approved'"))
    holds.place(store, ACCOUNT, About("anna"), **KIM)
    with a_run(store) as run:
        sync(store, run, crm)
        push(run, crm.connector(), access(), policy)
    assert crm.writes == []
