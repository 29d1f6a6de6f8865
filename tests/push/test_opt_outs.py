"""A refusal reaches every CRM record of a person, and not only the one that is kept current."""

from __future__ import annotations

from typing import Any

from landbridge.push import holds
from landbridge.push.holds import About
from landbridge.store.engine import Store
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, books, changes, put_lead

ANNA: dict[str, Any] = {"last_name": "Arnesen", "email_opt_out": True}


def put(store: Store, **fields: Any) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA | fields)


def test_a_refusal_reaches_every_record(store: Store, crm: Crm, line: Line) -> None:
    contact = crm.put("Contact", LastName="Arnesen", HasOptedOutOfEmail=False, DoNotCall=False)
    twice = crm.put("Lead", LastName="Arnesen", HasOptedOutOfEmail=False, DoNotCall=False, Title="Mate")
    gone = crm.put("Lead", LastName="Arnesen", HasOptedOutOfEmail=False, IsDeleted=True)
    links = dict.fromkeys((contact, twice, gone), "anna")
    put(store, title="Captain", phone_opt_out=True)
    first = line(links)
    assert books(first, "opt-outs") == {"taken": 1, "changed": 1}
    row = crm.rows["Lead"][twice]
    assert (row["HasOptedOutOfEmail"], row["DoNotCall"], row["Title"], row[EXTERNAL]) == (True, True, "Mate", None)
    assert crm.rows["Contact"][contact]["HasOptedOutOfEmail"] is True
    assert crm.rows["Lead"][gone]["HasOptedOutOfEmail"] is False
    again = line(links)
    assert books(again, "opt-outs") == {"taken": 1, "unchanged": 1}
    assert books(again, "push") == {}
    put(store, title="Captain", phone_opt_out=True, score=7)
    assert books(line(links), "push") == {"taken": 1, "changed": 1}, "the node is still known to be what we wrote"
    assert changes(store)[-1]["before"] == {"Landbridge_Score__c": None}


def test_nobody_else_is_marked(store: Store, crm: Crm, line: Line) -> None:
    contact = crm.put("Contact", LastName="Arnesen", HasOptedOutOfEmail=False)
    twice = crm.put("Lead", LastName="Arnesen", HasOptedOutOfEmail=False)
    put(store, email_opt_out=False)
    line({contact: "anna", twice: "anna"})
    assert crm.rows["Lead"][twice]["HasOptedOutOfEmail"] is False


def test_a_held_record_is_left_alone(store: Store, crm: Crm, line: Line) -> None:
    contact = crm.put("Contact", LastName="Arnesen", HasOptedOutOfEmail=False)
    twice = crm.put("Lead", LastName="Arnesen", HasOptedOutOfEmail=False)
    put(store)
    holds.place(store, ACCOUNT, About("anna", "Lead"), actor="kim", reason="")
    assert books(line({contact: "anna", twice: "anna"}), "opt-outs") == {"taken": 1, "held": 1}
    assert crm.rows["Lead"][twice]["HasOptedOutOfEmail"] is False
