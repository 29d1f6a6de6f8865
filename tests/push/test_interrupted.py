"""A file that does not get through: the others still go as files, and what the CRM takes no file for goes by calls."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.answers import Absent, Declined, Unanswered
from connectors.base import Access, Job
from connectors.salesforce import CONNECTOR
from connectors.salesforce_bulk import SalesforceBulk
from landbridge.errors import SourceUnavailable
from landbridge.push import outbox
from landbridge.push.apply import push
from landbridge.push.bulk import looks, outcomes
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.settle import settle
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.runs import Run
from tests.push.crm import ACCOUNT, a_run, books
from tests.push.org import Org, by_file
from tests.push.test_bulk import jobs, leads

PEOPLE, OPTIONS = 5, ("--fault-timeout", "2")


class Once(SalesforceBulk):
    """A CRM of which one call fails, once: for the second job, unless another is named."""

    def __init__(self, broken: str, error: Exception, at: int = 2) -> None:
        self.broken, self.error, self.at, self.asked = broken, error, at, 0

    def _fails(self, name: str) -> None:
        self.asked += name == self.broken
        if name == self.broken and self.asked == self.at:
            raise self.error

    def open(self, *asked: Any, **how: Any) -> str:
        self._fails("open")
        return super().open(*asked, **how)

    def send(self, access: Access, job_id: str, file: Path) -> None:
        self._fails("send")
        super().send(access, job_id, file)


class Never(SalesforceBulk):
    """A CRM that takes no file, of whatever size."""

    def send(self, access: Access, job_id: str, file: Path) -> None:
        raise Declined("salesforce refused the call (413).", code="TOO_LARGE")


def go(store: Store, org: Org, policy: Policy, bulk: SalesforceBulk) -> tuple[Run, int]:
    """The run, and how many calls of 200 it made."""

    def collections() -> int:
        return sum(number for name, number in org.calls().items() if "composite/sobjects" in name)

    before = collections()
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, replace(CONNECTOR, bulk=bulk), org.access, policy)
    return run, collections() - before


@pytest.mark.parametrize("broken", ["open", "send"])
def test_after_a_call_without_an_answer_the_rest_goes_by_file(
    store: Store, org: Org, policy: Policy, broken: str
) -> None:
    leads(store, f"Un{broken}", 30)
    run, calls = go(store, org, by_file(policy, 5, 10), Once(broken, Unanswered("no answer came")))
    assert books(run, "push") == {"taken": 30, "new": 30} and calls == 0
    assert sorted(job["state"] for job in jobs(store)) == ["aborted", "settled", "settled", "settled"]


def test_what_is_taken_by_no_file_goes_by_calls(store: Store, org: Org, policy: Policy) -> None:
    leads(store, "Never", 30)
    run, calls = go(store, org, by_file(policy, 5, 10), Never())
    assert books(run, "push") == {"taken": 30, "new": 30} and calls == 1
    assert [job["state"] for job in jobs(store)] == ["aborted"]
    assert "bulk.declined" in {event.kind for event in audit.newest(store, 50)}


def test_the_files_before_one_that_is_declined_are_noted_once(
    store: Store, org: Org, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*asked: Any) -> None:
        time.sleep(0.5)
        real(*asked)

    real = outcomes.note
    monkeypatch.setattr(outcomes, "note", slowly)
    leads(store, "Second", 30)
    run, calls = go(store, org, by_file(policy, 5, 10), Once("send", Declined("refused (400).", code="X")))
    assert books(run, "push") == {"taken": 30, "new": 30} and calls == 1
    assert sorted((job["state"], job["done"]) for job in jobs(store)) == [("aborted", 0), ("settled", 10)]
    assert [event.kind for event in audit.newest(store, 50)].count("bulk.settled") == 1


def test_a_job_that_goes_while_it_is_given_up_is_looked_up(store: Store, org: Org, policy: Policy) -> None:
    class Gone(SalesforceBulk):
        asked = 0

        def abort(self, access: Access, job_id: str) -> None:
            raise Absent("no such job (404).")

        def ask(self, access: Access, job_id: str) -> Job | None:
            self.asked += 1
            return Job("open") if self.asked == 1 else None

    leads(store, "Gone", 3)
    with pytest.raises(SourceUnavailable):
        go(store, org, by_file(policy), Once("send", SourceUnavailable("later"), at=1))
    with a_run(store) as run:
        settle(run, replace(CONNECTOR, bulk=Gone()), org.access)
    assert books(run, "settle") == {"taken": 3, "held": 3} and outbox.count_unsettled(store, ACCOUNT) == 0


@pytest.mark.parametrize("shown", ["1.2345678E7", "12345678", "12345678.0"])
def test_a_number_is_the_same_however_a_file_shows_it(store: Store, shown: str) -> None:
    with store.begin() as connection:
        connection.execute(sa.text(looks._PLAIN.replace(":", "\\:")))
        assert connection.scalar(sa.text("SELECT pg_temp.plain(:shown)"), {"shown": shown}) == "12345678"


def test_of_two_errors_at_once_both_are_told(
    store: Store, org: Org, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    leads(store, "Both", 30)
    monkeypatch.setattr(outcomes, "note", full)
    with pytest.raises(SourceUnavailable, match="come later") as caught:
        go(store, org, by_file(policy, 5, 10), Once("open", SourceUnavailable("come later"), at=3))
    assert caught.value.__notes__ == ["Results could not be noted, either: OSError: no space left"]
