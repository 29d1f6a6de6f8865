"""What somebody does while a push is under way counts at once: a hold, a halt, an edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.base import Receipt, Write
from landbridge.errors import AlreadyRunning, GateClosed
from landbridge.push import halt, holds, outbox
from landbridge.push.apply import push
from landbridge.push.holds import About
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.settle import settle
from landbridge.store.engine import Store
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, access, books, changes, put_lead, sync
from tests.push.test_outbox import Died

ANNA: dict[str, Any] = {"last_name": "Arnesen", "email": "anna@fjord.example", "city": "Oslo"}


def put(store: Store, **people: dict[str, Any]) -> None:
    with a_run(store) as run:
        for identity_id, fields in people.items():
            put_lead(store, run, identity_id, **fields)


def after_looking(crm: Crm, act: Callable[[str], object]) -> None:
    """Let somebody act between the look at an object's records and the call that writes them."""
    real = crm.look_up

    def look_up(way: Any, object_name: str, *asked: Any) -> Any:
        found = real(way, object_name, *asked)
        act(object_name)
        return found

    crm.look_up = look_up  # type: ignore[method-assign]


def hold(store: Store, identity_id: str, field: str | None = None) -> int:
    return holds.place(store, ACCOUNT, About(identity_id, None, field), actor="kim", reason="she asked us to wait")


def states(store: Store) -> dict[str, str]:
    return {change["identity_id"]: change["state"] for change in changes(store)}


def test_a_hold_placed_while_the_crm_is_looked_at_holds(store: Store, crm: Crm, line: Line) -> None:
    lead = crm.put("Lead", LastName="Arnesen", **{EXTERNAL: "anna"})
    other = crm.put("Lead", LastName="Bo", **{EXTERNAL: "bo"})
    put(store, anna=ANNA, bo={"last_name": "Bo", "city": "Rome"})
    after_looking(crm, lambda name: hold(store, "anna"))
    assert books(line(), "push") == {"taken": 2, "changed": 1, "unchanged": 1}
    assert crm.rows["Lead"][lead]["City"] is None and crm.rows["Lead"][other]["City"] == "Rome"
    assert states(store) == {"anna": "superseded", "bo": "done"}


def test_a_hold_of_what_comes_later_closes_the_books(store: Store, crm: Crm, line: Line) -> None:
    crm.put("Lead", LastName="Arnesen", **{EXTERNAL: "anna"})
    crm.put("Contact", LastName="Bo", **{EXTERNAL: "bo"})
    put(store, anna=ANNA, bo={"last_name": "Bo", "email": "bo@fjord.example"})
    held = {"Lead": "bo", "Contact": "anna"}
    after_looking(crm, lambda name: hold(store, held[name]))
    told = books(line(), "push")
    assert told == {"taken": 2, "changed": 1, "unchanged": 1}
    assert sorted(states(store).values()) == ["done", "superseded"]


def test_a_field_held_in_the_middle_stays_and_the_rest_goes(store: Store, crm: Crm, line: Line) -> None:
    """The rest comes in for the change that is held, also where that is held once more."""
    lead = crm.put("Lead", LastName="Arnesen", **{EXTERNAL: "anna"})
    crm.put("Lead", LastName="Bo", **{EXTERNAL: "bo"})
    put(store, anna={**ANNA, "title": "Mate"}, bo={"last_name": "Bo", "city": "Rome"})
    fields = iter(["City", "Title"])
    after_looking(crm, lambda name: (held := next(fields, None)) and hold(store, "anna", held))
    assert books(line(), "push") == {"taken": 2, "changed": 2}
    row = crm.rows["Lead"][lead]
    assert (row["City"], row["Title"], row["Email"]) == (None, None, ANNA["email"])


def test_a_person_held_after_a_field_of_theirs_is_superseded_once(store: Store, crm: Crm, line: Line) -> None:
    crm.put("Lead", LastName="Arnesen", **{EXTERNAL: "anna"})
    put(store, anna=ANNA)
    fields: Any = iter(["City", None])
    after_looking(crm, lambda name: hold(store, "anna", next(fields)))
    assert books(line(), "push") == {"taken": 1, "unchanged": 1}
    assert crm.writes == []


def test_a_field_that_is_held_and_let_go_leaves_the_outbox_as_it_stood(store: Store, crm: Crm, policy: Policy) -> None:
    """Whatever somebody does between a push's first count and its gate: its books are made of two such counts."""
    put(store, anna={**ANNA, "title": "Mate"})
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
    stood = outbox.standing(store, ACCOUNT)
    assert (stood.open, stood.superseded) == (1, 0)
    for again in range(2):
        hold(store, "anna", "City")
        assert outbox.standing(store, ACCOUNT, stood.plans) == stood, again
        holds.release(store, ACCOUNT, "anna", actor="kim", reason="she called")
        assert outbox.standing(store, ACCOUNT, stood.plans) == stood, again


def test_a_halt_set_while_the_crm_is_looked_at_keeps_the_call_back(store: Store, crm: Crm, line: Line) -> None:
    crm.put("Lead", LastName="Arnesen", **{EXTERNAL: "anna"})
    put(store, anna=ANNA)
    after_looking(crm, lambda name: halt.halt(store, ACCOUNT, actor="ines", reason="stop"))
    with pytest.raises(GateClosed):
        line()
    assert crm.writes == [] and states(store) == {"anna": "planned"}


def test_who_opts_out_while_the_crm_is_looked_at_does_not_go_as_planned(store: Store, crm: Crm, line: Line) -> None:
    """What was planned before she said no is not written any more, neither to her record nor to a new one."""
    crm.put("Lead", LastName="Bo", **{EXTERNAL: "bo"})
    put(store, anna=ANNA, bo={"last_name": "Bo", "city": "Rome"})

    def opt_out(name: str) -> None:
        with a_run(store) as run:
            put_lead(store, run, "anna", valid=False, **ANNA, email_opt_out=True)
            put_lead(store, run, "bo", last_name="Bo", city="Oslo", email_opt_out=True)

    after_looking(crm, opt_out)
    assert books(line(), "push") == {"taken": 2, "unchanged": 2}
    assert crm.writes == []
    line()
    assert [row["HasOptedOutOfEmail"] for row in crm.rows["Lead"].values()] == [True]


def test_two_pushes_at_once_are_one(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    """The second is told to wait, sends nothing, and the first goes on as if it had been alone."""
    put(store, anna=ANNA, bo={"last_name": "Bo"})
    told: list[str] = []

    def second() -> None:
        with pytest.raises(AlreadyRunning, match="at work on push salesforce") as caught, a_run(store) as run:
            push(run, crm.connector(), access(), policy)
        told.append(caught.value.do)

    crm.after_call = second
    assert books(line(), "push") == {"taken": 2, "new": 2}
    assert told == ["Wait until it ends, then run again."]
    assert len(crm.writes) == len(crm.rows["Lead"]) == 2


def lost_on_the_way(store: Store, crm: Crm, line: Line) -> None:
    """A push that dies after it marked its changes, and before the CRM heard of them."""

    def die(write: Write) -> Receipt:
        raise Died

    crm.answer = die
    with pytest.raises(Died):
        line()
    crm.answer = lambda write: None


def test_a_change_of_capitals_does_not_make_a_lost_write_look_written(store: Store, crm: Crm, line: Line) -> None:
    put(store, anna={**ANNA, "last_name": "ARNESEN", "phone": "+47 21 00 00 01"})
    line()
    (row,) = crm.rows["Lead"].values()
    put(store, anna={**ANNA, "phone": "+47 21 00 00 02"})
    row["LastName"] = "ARNESEN"
    lost_on_the_way(store, crm, line)
    line()
    assert row["Phone"] == "+47 21 00 00 02"


def test_a_change_of_capitals_alone_is_told_by_its_capitals(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    put(store, anna={**ANNA, "last_name": "ARNESEN"})
    line()
    (row,) = crm.rows["Lead"].values()
    put(store, anna=ANNA)
    lost_on_the_way(store, crm, line)
    with a_run(store) as run:
        settle(run, crm.connector(), access(), policy.sending)
    assert books(run, "settle") == {"taken": 1, "held": 1}
    line()
    assert row["LastName"] == "Arnesen"


def test_somebody_who_typed_one_of_our_values_did_not_write_the_others(
    store: Store, crm: Crm, policy: Policy, line: Line
) -> None:
    put(store, anna={**ANNA, "title": "Mate"})
    line()
    (row,) = crm.rows["Lead"].values()
    put(store, anna={**ANNA, "title": "Captain", "city": "Bergen"})
    lost_on_the_way(store, crm, line)
    row["City"] = "Bergen"
    with a_run(store) as run:
        sync(store, run, crm)
        settle(run, crm.connector(), access(), policy.sending)
        assert books(run, "settle") == {"taken": 1, "unchanged": 1}
        make_plan(run, policy, ACCOUNT)
    line()
    assert (row["Title"], row["City"]) == ("Captain", "Bergen")
