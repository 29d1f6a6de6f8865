"""Whatever breaks on the way: nothing is lost, nothing is written twice, and the books close."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import AccessRefused, Receipt, SourceUnavailable, Write
from landbridge.push.apply import push
from landbridge.push.outbox import ATTEMPTS
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.settle import settle
from landbridge.store.engine import Store
from landbridge.trail import audit
from tests.push.conftest import Line
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, access, books, changes, put_lead, put_leads, sync


def _people(store: Store, count: int, **fields: Any) -> None:
    with a_run(store) as run:
        numbered = {f"person-{number}": {"last_name": f"Person {number}"} | fields for number in range(count)}
        put_leads(store, run, numbered)


def _states(store: Store) -> dict[str, int]:
    with store.begin() as connection:
        rows = connection.execute(sa.text("SELECT state, count(*) FROM change GROUP BY state")).all()
    return {row[0]: int(row[1]) for row in rows}


def _quarantine(store: Store) -> list[tuple[Any, ...]]:
    with store.begin() as connection:
        query = sa.text("SELECT subject, expectation, reason, state FROM quarantine ORDER BY quarantine_id")
        return [tuple(row) for row in connection.execute(query)]


class Died(BaseException):
    """As if the process had been killed here."""


def test_a_death_after_the_call_is_settled_by_looking_up(store: Store, crm: Crm, policy: Policy, line: Line) -> None:
    _people(store, 3)

    def die() -> None:
        raise Died

    crm.after_call = die
    with pytest.raises(Died):
        line()
    assert _states(store) == {"sending": 3}
    crm.after_call = lambda: None
    written = list(crm.writes)
    with a_run(store) as run:
        settle(run, crm.connector(), access())
    assert books(run, "settle") == {"taken": 3, "new": 3}
    assert crm.writes == written, "what is there already is not sent again"
    assert books(line(), "plan") == {"taken": 3, "unchanged": 3}
    assert len(crm.rows["Lead"]) == 3


def test_a_death_before_the_call_reached_the_crm_is_sent_again(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 3)

    def die(write: Write) -> Receipt:
        raise Died

    crm.answer = die
    with pytest.raises(Died):
        line()
    crm.answer = lambda write: None
    after = line()
    assert books(after, "plan") == {"taken": 3, "held": 3}, "not planned anew while the outcome is unknown"
    assert books(after, "push") == {"taken": 3, "new": 3}
    assert len(crm.rows["Lead"]) == 3


@pytest.mark.parametrize("arrived", [True, False])
def test_an_edit_made_while_the_outcome_was_unknown_survives(
    store: Store, crm: Crm, policy: Policy, line: Line, arrived: bool
) -> None:
    _people(store, 1, title="Mate", city="Oslo")
    line()
    (row,) = crm.rows["Lead"].values()
    _people(store, 1, title="Captain", city="Bergen")

    def unheard(write: Write) -> Receipt:
        if arrived:
            crm._take(write)
        raise Died

    crm.answer = unheard
    with pytest.raises(Died):
        line()
    row["Title"] = "Boss"
    crm.answer = lambda write: None
    with a_run(store) as run:
        sync(store, run, crm)
        settle(run, crm.connector(), access())
    assert books(run, "settle") == {"taken": 1, "changed" if arrived else "unchanged": 1}
    line()
    assert (row["Title"], row["City"]) == ("Boss", "Bergen")
    _people(store, 1, title="Captain", city="Stavanger")
    line()
    assert (row["Title"], row["City"]) == ("Boss", "Stavanger")


def test_an_edit_of_a_record_whose_creation_went_unheard_survives(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 1, title="Mate")

    def die() -> None:
        raise Died

    crm.after_call = die
    with pytest.raises(Died):
        line()
    (row,) = crm.rows["Lead"].values()
    row["Title"] = "Boss"
    crm.after_call = lambda: None
    assert books(line(), "push") == {"taken": 1, "new": 1}
    _people(store, 1, title="Captain")
    line()
    line(synced=False)
    assert row["Title"] == "Boss"


def test_half_written_is_completed_and_counted_as_created_once(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 4)

    def unheard(write: Write) -> Receipt | None:
        if len(crm.writes) < 2:
            crm._take(write)
        return Receipt(write.ref, "unknown")

    crm.answer = unheard
    crm.after_call = lambda: setattr(crm, "answer", lambda write: None)
    run = line()
    assert books(run, "push") == {"taken": 4, "new": 4}
    assert crm.calls.count("write") == 2
    assert len(crm.rows["Lead"]) == 4


def test_a_crm_that_breaks_off_loses_nothing(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 450)

    def break_off() -> None:
        if crm.calls.count("write") == 2:
            raise SourceUnavailable("The line was cut.")

    crm.after_call = break_off
    with pytest.raises(SourceUnavailable):
        line()
    assert _states(store) == {"done": 200, "unknown": 200, "planned": 50}
    crm.after_call = lambda: None
    assert books(line(), "push") == {"taken": 250, "new": 250}
    assert len(crm.rows["Lead"]) == 450


@pytest.mark.parametrize("code", ["REQUEST_LIMIT_EXCEEDED", "INVALID_SESSION_ID"])
def test_a_limit_stops_at_once_and_keeps_the_rest(store: Store, crm: Crm, line: Line, code: str) -> None:
    _people(store, 250)
    crm.answer = lambda write: Receipt(write.ref, "refused", code=code)
    with pytest.raises(SourceUnavailable, match=code):
        line()
    assert crm.calls.count("write") == 1
    assert _states(store) == {"approved": 200, "planned": 50}
    assert _quarantine(store) == []


def test_a_lock_passes_within_the_run(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 3)
    crm.answer = lambda write: Receipt(write.ref, "refused", code="UNABLE_TO_LOCK_ROW")
    crm.after_call = lambda: setattr(crm, "answer", lambda write: None)
    assert books(line(), "push") == {"taken": 3, "new": 3}


def test_a_lock_that_never_passes_is_refused_in_the_end(store: Store, crm: Crm, policy: Policy) -> None:
    _people(store, 1)
    crm.answer = lambda write: Receipt(write.ref, "refused", code="UNABLE_TO_LOCK_ROW", message="locked")
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        with store.begin() as connection:
            connection.execute(sa.text("UPDATE change SET attempts = :n"), {"n": ATTEMPTS - 2})
        push(run, crm.connector(), access(), policy)
    assert crm.calls.count("write") == 2
    assert _states(store) == {"refused": 1}
    assert _quarantine(store) == [("person-0", "UNABLE_TO_LOCK_ROW", "locked", "held")]


def test_a_refusal_goes_to_quarantine_and_is_not_repeated(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 2)

    def refuse(write: Write) -> Receipt | None:
        if write.match_value != "person-1" or "City" in write.values:
            return None
        return Receipt(write.ref, "refused", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="We need a city." * 99)

    crm.answer = refuse
    assert books(line(), "push") == {"taken": 2, "new": 1, "refused": 1}
    ((subject, expectation, reason, state),) = _quarantine(store)
    assert (subject, expectation, state) == ("person-1", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "held")
    assert reason.startswith("We need a city.") and len(reason) == 500
    crm.calls.clear()
    assert books(line(), "plan") == {"taken": 2, "unchanged": 1, "held": 1}
    assert crm.calls == []
    with a_run(store) as run:
        put_lead(store, run, "person-1", last_name="Person 1", city="Bergen")
    assert books(line(), "push") == {"taken": 1, "new": 1}
    assert [row[3] for row in _quarantine(store)] == ["released"]


def test_a_released_refusal_is_tried_again(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 1)
    crm.answer = lambda write: Receipt(write.ref, "refused", code="DUPLICATES_DETECTED")
    line()
    crm.answer = lambda write: None
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE quarantine SET state = 'released', settled_at = now()"))
    assert books(line(), "push") == {"taken": 1, "new": 1}


def test_a_newer_wish_supersedes_an_open_change(store: Store, crm: Crm, policy: Policy) -> None:
    _people(store, 2)
    with a_run(store) as run:
        first = make_plan(run, policy, ACCOUNT)
        assert make_plan(run, policy, ACCOUNT) == first, "planning again writes nothing"
        put_lead(store, run, "person-1", last_name="Otherwise")
        second = make_plan(run, policy, ACCOUNT)
        assert second != first
    assert _states(store) == {"planned": 2, "superseded": 1}
    with a_run(store) as run:
        push(run, crm.connector(), access(), policy)
    assert sorted(row["LastName"] for row in crm.rows["Lead"].values()) == ["Otherwise", "Person 0"]
    assert books(run, "push") == {"taken": 2, "new": 2}
    with store.begin() as connection:
        assert set(connection.execute(sa.text("SELECT state FROM plan")).scalars()) == {"done"}


def test_a_change_that_nobody_wants_any_more_is_superseded(store: Store, crm: Crm, policy: Policy) -> None:
    _people(store, 1)
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        put_lead(store, run, "person-0", valid=False, last_name="Person 0")
        assert make_plan(run, policy, ACCOUNT) is None
        push(run, crm.connector(), access(), policy)
    assert crm.calls == []
    assert _states(store) == {"superseded": 1}


def test_the_trail_holds_no_personal_value_and_stays_whole(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 3, email="someone@example.org")
    line()
    with store.begin() as connection:
        kinds = connection.execute(sa.text("SELECT kind FROM audit_event")).scalars().all()
        assert not connection.scalar(sa.text("SELECT count(*) FROM audit_event WHERE detail::text LIKE '%@%'"))
    assert {"plan.made", "plan.approved", "push.noted"} <= set(kinds)
    assert audit.verify(store).intact


def test_the_external_id_is_never_among_the_values(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 1)
    line()
    (write,) = crm.writes
    assert (write.match_field, write.match_value) == (EXTERNAL, "person-0")
    assert EXTERNAL not in write.values
    assert changes(store)[0]["after"][EXTERNAL] == "person-0"


def test_a_refusal_with_a_nul_in_its_words_is_noted(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 1)
    crm.answer = lambda write: Receipt(write.ref, "refused", code="INVALID", message="a\0b")
    assert books(line(), "push") == {"taken": 1, "refused": 1}
    assert _quarantine(store) == [("person-0", "INVALID", "ab", "held")]


def test_what_our_login_may_not_do_waits_for_it_and_holds_up_nobody(store: Store, crm: Crm, line: Line) -> None:
    _people(store, 5)
    forbidden = Receipt("", "refused", code="INSUFFICIENT_ACCESS_OR_READONLY", message="no")
    crm.answer = lambda write: replace(forbidden, ref=write.ref) if write.match_value == "person-2" else None
    with pytest.raises(AccessRefused, match="INSUFFICIENT_ACCESS_OR_READONLY"):
        line()
    assert _states(store) == {"done": 4, "approved": 1}
    assert crm.calls.count("write") == 1, "no repeat mends a right"
    assert [change["refusal"] for change in changes(store) if change["state"] == "approved"] == ["stop"]
    crm.answer = lambda write: None
    assert books(line(), "push") == {"taken": 1, "new": 1}
