"""A plan may have waited for days: what became of its leads, and what people did in the CRM meanwhile, counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from connectors.base import Access, Receipt, Write
from connectors.salesforce import CONNECTOR
from connectors.salesforce_bulk import SalesforceBulk
from landbridge.push.apply import push
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, Crm, a_run, access, books, changes, put_lead, put_leads, take_in
from tests.push.org import Org, by_file


def _plan(store: Store, policy: Policy) -> None:
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)


def _push(store: Store, crm: Crm, policy: Policy) -> dict[str, int]:
    with a_run(store) as run:
        push(run, crm.connector(), access(), policy)
    return books(run, "push")


def _lead(store: Store, *, valid: bool = True, **fields: Any) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", valid=valid, last_name="Berg", **fields)


def test_an_edit_between_plan_and_push_survives(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    _lead(store, title="Mate", city="Oslo")
    line()
    (row,) = crm.rows["Lead"].values()
    _lead(store, title="Captain", city="Bergen")
    _plan(store, policy)
    row["Title"] = "Boss"
    assert _push(store, crm, policy) == {"taken": 1, "unchanged": 1}
    assert (row["Title"], row["City"]) == ("Boss", "Oslo")
    line()
    assert (row["Title"], row["City"]) == ("Boss", "Bergen"), "the next plan merges anew"


def test_an_edit_while_a_locked_row_waits_survives(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    _lead(store, title="Mate")
    line()
    (row,) = crm.rows["Lead"].values()
    _lead(store, title="Captain")

    def locked(write: Write) -> Receipt:
        row["Title"] = "Boss"
        return Receipt(write.ref, "refused", code="UNABLE_TO_LOCK_ROW", message="busy")

    crm.answer = locked
    _plan(store, policy)
    assert _push(store, crm, policy) == {"taken": 1, "unchanged": 1}
    assert row["Title"] == "Boss"


def test_what_the_crm_stores_in_another_form_is_no_edit(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    _lead(store, postcode="5003", score=40)
    line()
    (row,) = crm.rows["Lead"].values()
    row |= {"PostalCode": 5003, "Landbridge_Score__c": 40.0, "DoNotCall": False}
    line()
    _lead(store, postcode="5004", score=41, phone_opt_out=True)
    assert books(line(), "push") == {"taken": 1, "changed": 1}
    assert (row["PostalCode"], row["Landbridge_Score__c"], row["DoNotCall"]) == ("5004", 41, True)


def test_a_field_that_reading_does_not_show_is_still_written(
    store: Store, crm: Crm, policy: Policy, line: Line
) -> None:
    """An account may read a few of the CRM's fields only; what is not read cannot be seen to be edited."""
    _lead(store, score=40)
    line()
    (row,) = crm.rows["Lead"].values()
    with a_run(store) as run:
        _read_back_without(store, run, row, "Landbridge_Score__c")
    _lead(store, score=41)
    _plan(store, policy)
    assert "Landbridge_Score__c" not in changes(store)[-1]["before"]
    assert _push(store, crm, policy) == {"taken": 1, "changed": 1}
    assert row["Landbridge_Score__c"] == 41


def _read_back_without(store: Store, run: Run, row: dict[str, Any], field: str) -> None:
    """As if the record had been read, an hour after our write, without that field."""
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE change SET sent_at = sent_at - interval '1 hour'"))
    shown = {name: value for name, value in row.items() if name != field}
    take_in(store, run, {"Lead": {row["Id"]: shown}})


def test_what_validation_holds_since_the_plan_does_not_leave(store: Store, crm: Crm, policy: Policy) -> None:
    _lead(store, title="Mate")
    _plan(store, policy)
    _lead(store, valid=False, title="Mate")
    assert _push(store, crm, policy) == {"taken": 1, "unchanged": 1}
    assert crm.calls == []


def test_an_opt_out_since_the_plan_is_not_left_behind(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    _lead(store, email="anna@berg.no")
    _plan(store, policy)
    _lead(store, email="anna@berg.no", email_opt_out=True)
    assert _push(store, crm, policy) == {"taken": 1, "unchanged": 1}
    assert crm.writes == []
    line()
    (row,) = crm.rows["Lead"].values()
    assert row["HasOptedOutOfEmail"] is True


def test_who_became_somebody_else_since_the_plan_is_not_created(store: Store, crm: Crm, policy: Policy) -> None:
    _lead(store)
    _plan(store, policy)
    with a_run(store) as run:
        put_lead(store, run, "berta", last_name="Berg")
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE identity SET redirect_to = 'berta' WHERE identity_id = 'anna'"))
    assert _push(store, crm, policy) == {"taken": 1, "unchanged": 1}
    assert crm.writes == []


def test_a_lead_that_changed_only_where_the_crm_is_not_told_keeps_its_change(
    store: Store, crm: Crm, policy: Policy, line: Line
) -> None:
    _lead(store, title="Mate")
    _plan(store, policy)
    _lead(store, title="Mate", given_name="not for the CRM")
    assert books(line(), "push") == {"taken": 1, "new": 1}
    assert len(changes(store)) == 1


class OptsOut(SalesforceBulk):
    """The org's bulk interface, while whose second job is made somebody opts out."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.opened, self.act = 0, act

    def open(self, access: Access, object_name: str, match_field: str, *, delete: bool) -> str:
        self.opened += 1
        if self.opened == 2:
            self.act()
        return super().open(access, object_name, match_field, delete=delete)


def test_who_opts_out_in_the_middle_is_not_in_the_next_file(store: Store, org: Org, policy: Policy) -> None:
    def opt_out() -> None:
        with a_run(store) as run:
            put_lead(store, run, "Mid-5", valid=False, last_name="x", email_opt_out=True)

    filing = by_file(policy, least=2, file_rows=3)
    with a_run(store) as run:
        put_leads(store, run, {f"Mid-{number}": {"last_name": f"Name {number}"} for number in range(6)})
        make_plan(run, filing, ACCOUNT)
        push(run, replace(CONNECTOR, bulk=OptsOut(opt_out)), org.access, filing)
    assert books(run, "push") == {"taken": 6, "new": 5, "unchanged": 1}
    assert sorted(org.rows("Mid-")) == [f"mid-{number}" for number in range(5)]
