"""The bulk road against the stand-in: what goes by file ends as what goes by calls, and every row is accounted for."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Access, Job, Write
from connectors.salesforce import CONNECTOR
from connectors.salesforce_bulk import BULK, SalesforceBulk
from connectors.salesforce_client import client
from connectors.salesforce_write import write
from landbridge.errors import SourceChanged
from landbridge.push.apply import push
from landbridge.push.bulk import claims, copies, outcomes
from landbridge.push.bulk.claims import Claimed
from landbridge.push.dispatch import Dispatch
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.push.settle import settle
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.crm import ACCOUNT, EXTERNAL, a_run, books, changes, put_lead, put_leads, take_in
from tests.push.org import Org, by_file, insist
from tests.push.test_actions import plan_by_hand

PEOPLE, OPTIONS = 40, ("--fault-timeout", "2")


@pytest.fixture
def filing(policy: Policy) -> Policy:
    return by_file(policy)


def leads(store: Store, prefix: str, count: int, **fields: Any) -> None:
    with a_run(store) as run:
        numbered = {f"{prefix}-{number}": {"last_name": f'Name, "{number}"'} | fields for number in range(count)}
        put_leads(store, run, numbered)


def go(store: Store, org: Org, policy: Policy) -> Run:
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, CONNECTOR, org.access, policy)
    return run


def jobs(store: Store) -> list[dict[str, Any]]:
    with store.begin() as connection:
        rows = connection.execute(sa.text("SELECT * FROM bulk_job ORDER BY at")).all()
    return [dict(row._mapping) for row in rows]


def test_a_file_is_as_good_as_calls(store: Store, org: Org, filing: Policy) -> None:
    leads(
        store,
        "Good",
        450,
        street='a\n"b",\n',
        title='Mate, "first"',
        email="a@x.example",
        handles=["x:a", "x:b"],
        email_opt_out=True,
    )
    before = org.calls()
    assert books(go(store, org, filing), "push") == {"taken": 450, "new": 450}
    made = {name: number - before.get(name, 0) for name, number in org.calls().items()}
    assert not any("composite" in name for name, number in made.items() if number)
    rows = org.rows("Good-")
    assert len(rows) == 450
    assert {
        (row["Title"], row["Street"], row["HasOptedOutOfEmail"], row["Landbridge_Handles__c"]) for row in rows.values()
    } == {('Mate, "first"', 'a\n"b",', True, "x:a\nx:b")}
    assert {row["LastName"] for row in rows.values()} == {f'Name, "{number}"' for number in range(450)}
    (job,) = jobs(store)
    assert (job["state"], job["sent"], job["done"], job["failed"], job["unprocessed"]) == ("settled", 450, 450, 0, 0)
    by_id = {row["Id"]: row for row in rows.values()}
    for change in changes(store):
        assert by_id[change["crm_id"]][EXTERNAL] == change["match_value"]


def test_updates_go_by_id_and_an_edit_since_the_plan_survives(store: Store, org: Org, filing: Policy) -> None:
    leads(store, "Edit", 30, title="Mate", city="Oslo")
    go(store, org, filing)
    with a_run(store) as run:
        take_in(store, run, {"Lead": {row["Id"]: row for row in org.rows("Edit-").values()}})
    leads(store, "Edit", 30, title="Captain", city="Bergen")
    with a_run(store) as run:
        make_plan(run, filing, ACCOUNT)
    edited = org.rows("Edit-")["edit-7"]["Id"]
    list(write(org.access, [Write("r", "Lead", "Id", edited, {"Title": "Boss"})]))
    with a_run(store) as run:
        push(run, CONNECTOR, org.access, filing)
    assert books(run, "push") == {"taken": 30, "changed": 29, "unchanged": 1}
    rows = org.rows("Edit-")
    assert (rows["edit-7"]["Title"], rows["edit-7"]["City"]) == ("Boss", "Oslo")
    assert {row["Title"] for key, row in rows.items() if key != "edit-7"} == {"Captain"}


def test_an_edit_while_files_go_survives(
    store: Store, org: Org, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    filing = by_file(policy, least=5, file_rows=5)
    leads(store, "While", 15, title="Mate")
    go(store, org, filing)
    with a_run(store) as run:
        take_in(store, run, {"Lead": {row["Id"]: row for row in org.rows("While-").values()}})
    leads(store, "While", 15, title="Captain")
    real = claims.uploaded

    def uploaded(way: Dispatch, job: Claimed) -> None:
        real(way, job)
        left = [row["Id"] for row in org.rows("While-").values() if row["Title"] == "Mate"]
        list(write(org.access, [Write("r", "Lead", "Id", left[-1], {"Title": "Boss"})]))
        monkeypatch.setattr(claims, "uploaded", real)

    monkeypatch.setattr(claims, "uploaded", uploaded)
    assert books(go(store, org, filing), "push") == {"taken": 15, "changed": 14, "unchanged": 1}
    assert Counter(row["Title"] for row in org.rows("While-").values()) == {"Captain": 14, "Boss": 1}


def test_emptied_fields_deletions_and_the_word_for_nothing(store: Store, org: Org, filing: Policy) -> None:
    leads(store, "Act", 3, title="Mate")
    go(store, org, filing)
    ids = [org.rows("Act-")[f"act-{number}"]["Id"] for number in range(3)]
    common = {"object": "Lead", "match_field": "Id", "identity_id": "Act-0"}
    emptied = {"action": "update", "match_value": ids[0], "before": {"Title": "Mate"}, "after": {"Title": None}}
    literal = {"action": "update", "match_value": ids[1], "before": {"Title": "Mate"}, "after": {"Title": "#N/A"}}
    gone = {"action": "delete", "match_value": ids[2], "before": {"Title": "Mate"}, "identity_id": "Act-2"}
    with a_run(store) as run:
        plan_by_hand(store, run, common | emptied, common | literal | {"identity_id": "Act-1"}, common | gone)
        push(run, CONNECTOR, org.access, filing)
    assert books(run, "push") == {"taken": 3, "changed": 3}
    assert {key: row["Title"] for key, row in org.rows("Act-").items()} == {"act-0": None, "act-1": "#N/A"}
    by_file_ = [change["job_id"] is not None for change in changes(store)[-3:]]
    assert by_file_ == [True, False, True], "a cell that says #N/A would empty the field"


def test_one_bad_row_is_refused_with_the_crms_words_and_the_rest_goes_on(
    store: Store, org: Org, filing: Policy
) -> None:
    leads(store, "Bad", 20)
    with a_run(store) as run:
        put_lead(store, run, "Bad-7", last_name="x", email="no address")
    run = go(store, org, filing)
    assert books(run, "push")["refused"] == 1
    (refused,) = [change for change in changes(store) if change["state"] == "refused"]
    assert (refused["code"], refused["refusal"]) == ("INVALID_EMAIL_ADDRESS", "repair")
    assert "invalid email address" in refused["message"]


def test_locks_pass(store: Store, org: Org, filing: Policy) -> None:
    leads(store, "Lock", 200)
    with org.switched(lock_rate=0.2):
        run = insist_planned(store, org, filing)
    assert books(run, "push")["new"]
    assert len(org.rows("Lock-")) == 200


def test_rows_that_were_not_looked_at_are_sent_again(store: Store, org: Org, filing: Policy) -> None:
    leads(store, "Left", 25)
    with org.switched(bulk_chunk=10, bulk_chunks_before_failure=1):
        insist_planned(store, org, filing)
    assert len(org.rows("Left-")) == 25
    first = jobs(store)[0]
    assert (first["state"], first["done"], first["unprocessed"]) == ("settled", 10, 15)


def insist_planned(store: Store, org: Org, policy: Policy) -> Run:
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
    return insist(store, org, policy)


class Died(BaseException):
    """As if the process had been killed here."""


class Dying(SalesforceBulk):
    """Dies when it should ask a job for the first time."""

    def ask(self, access: Access, job_id: str) -> Job | None:
        raise Died


@pytest.mark.parametrize("vanished", [True, False])
def test_a_job_whose_end_nobody_saw_is_asked_and_one_that_vanished_is_looked_up(
    store: Store, org: Org, filing: Policy, vanished: bool
) -> None:
    prefix = f"Gone{vanished}"
    leads(store, prefix, 12)
    with pytest.raises(Died), a_run(store) as run:
        make_plan(run, filing, ACCOUNT)
        push(run, replace(CONNECTOR, bulk=Dying()), org.access, filing)
    (job,) = jobs(store)
    assert job["state"] == "uploaded"
    if vanished:
        while CONNECTOR.bulk and (told := CONNECTOR.bulk.ask(org.access, job["job_id"])) and told.state != "ended":
            time.sleep(0.1)
        with client(org.access) as force:
            force.job("DELETE", f"ingest/{job['job_id']}")
    with a_run(store) as run:
        settle(run, CONNECTOR, org.access)
    assert books(run, "settle") == {"taken": 12, "new": 12}
    assert jobs(store)[0]["state"] == ("aborted" if vanished else "settled")
    assert len(org.rows(f"{prefix}-")) == 12


@pytest.mark.parametrize("people", [3, 9], ids=["one file", "three files"])
def test_what_goes_wrong_while_a_file_is_noted_is_told_and_mended_by_the_next_run(
    store: Store, org: Org, policy: Policy, monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    filing, prefix = by_file(policy, least=3, file_rows=3), f"Behind{people}"
    leads(store, prefix, people)

    def ragged(*_: object) -> None:
        raise SourceChanged("not as its header says")

    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "note", ragged)
        with pytest.raises(SourceChanged, match="not as its header says"):
            go(store, org, filing)
    assert {job["state"] for job in jobs(store)} == {"uploaded"}
    with a_run(store) as run:
        settle(run, CONNECTOR, org.access)
    told = books(run, "settle")
    assert told["taken"] == told["new"] >= 3
    insist(store, org, filing)
    assert len(org.rows(f"{prefix}-")) == people and {job["state"] for job in jobs(store)} == {"settled"}


def test_results_are_matched_by_hashing_however_few_the_database_thinks_they_are(store: Store) -> None:
    matched = "SELECT FROM a LEFT JOIN b ON lower(b.x) = lower(a.x)"
    with store.begin() as connection:
        for name in ("a", "b"):
            connection.execute(sa.text(f"CREATE TEMP TABLE {name} (x text) ON COMMIT DROP"))
            connection.execute(sa.text(f"INSERT INTO {name} VALUES ('1')"))
            connection.execute(sa.text(f"ANALYZE {name}"))
        with copies.by_hash(connection):
            told = "\n".join(connection.execute(sa.text(f"EXPLAIN {matched}")).scalars())
        usual = "\n".join(connection.execute(sa.text(f"EXPLAIN {matched}")).scalars())
    assert "Nested Loop" in usual and "Nested Loop" not in told


def test_a_job_that_was_never_begun_is_given_back(store: Store, org: Org, filing: Policy) -> None:
    class Unsent(SalesforceBulk):
        def send(self, access: Access, job_id: str, file: Path) -> None:
            raise Died

    leads(store, "Back", 5)
    with pytest.raises(Died), a_run(store) as run:
        make_plan(run, filing, ACCOUNT)
        push(run, replace(CONNECTOR, bulk=Unsent()), org.access, filing)
    with a_run(store) as run:
        settle(run, CONNECTOR, org.access)
    assert books(run, "settle") == {"taken": 5, "held": 5}
    assert {(change["state"], change["attempts"]) for change in changes(store)} == {("planned", 0)}
    assert jobs(store)[0]["state"] == "aborted"
    assert books(insist(store, org, filing), "push") == {"taken": 5, "new": 5}


def test_two_that_the_crm_takes_for_one_do_not_share_a_file(store: Store, org: Org, filing: Policy) -> None:
    made = {"object": "Lead", "action": "create", "match_field": EXTERNAL}
    after = {"LastName": "x", "Company": "y"}
    with a_run(store) as run:
        for name in ("Case-1", "CASE-1"):
            put_lead(store, run, name, last_name="x")
        pair = [made | {"match_value": name, "identity_id": name, "after": after} for name in ("Case-1", "CASE-1")]
        plan_by_hand(store, run, *pair)
        push(run, CONNECTOR, org.access, filing)
    assert books(run, "push") == {"taken": 2, "new": 1, "changed": 1}
    assert [job["sent"] for job in jobs(store)] == [1, 1]


@pytest.mark.parametrize("kind", ["timeout", "cut", "server_error", "rate_limit", "expired_token"])
def test_faults_end_in_the_same_org(store: Store, org: Org, filing: Policy, kind: str) -> None:
    leads(store, kind, 60)
    with org.faults(f"{kind}=20%"):
        insist_planned(store, org, filing)
    assert len(org.rows(f"{kind}-")) == 60
    writes = org.writes()
    with a_run(store) as run:
        take_in(store, run, {"Lead": {row["Id"]: row for row in org.rows(f"{kind}-").values()}})
        settle(run, CONNECTOR, org.access)
        make_plan(run, filing, ACCOUNT)
        push(run, CONNECTOR, org.access, filing)
    assert books(run, "plan") == {"taken": 60, "unchanged": 60}
    assert org.writes() == writes


RAGGED = 'sf__Id,sf__Error,Email\n1,"x",anna@secret.example,EXTRA\n'


def test_a_ragged_file_is_told_without_its_rows(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    file.write_text(RAGGED)
    with pytest.raises(SourceChanged, match="not as its header says") as caught, store.begin() as connection:
        copies.make(connection, "told", copies.header(file))
        copies.take_in(connection, "told", file)
    assert "secret" not in f"{caught.value}{caught.value.__cause__}" and caught.value.__suppress_context__


@pytest.mark.parametrize("header", ["Id,Tit'le\n", "Title\n"])
def test_a_look_that_was_answered_with_something_else_is_told(
    store: Store, org: Org, filing: Policy, header: str
) -> None:
    class Odd(SalesforceBulk):
        def changed(self, *asked: Any) -> list[Path]:
            file: Path = asked[-1]()
            file.write_text(header)
            return [file]

    leads(store, "Odd", 3, title="Mate")
    go(store, org, filing)
    leads(store, "Odd", 3, title="Captain")
    with pytest.raises(SourceChanged, match="without the columns"), a_run(store) as run:
        make_plan(run, filing, ACCOUNT)
        push(run, replace(CONNECTOR, bulk=Odd()), org.access, filing)


def test_a_job_whose_id_nobody_heard_of_is_ended_and_no_other(
    store: Store, org: Org, filing: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    leads(store, "unheard", 5)
    others = [("Contact", "Landbridge_Id__c", False), ("Lead", "Legacy_Id__c", False), ("Lead", "Id", False)]
    theirs = [BULK.open(org.access, name, field, delete=delete) for name, field, delete in others]

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(claims, "named", die)
        with pytest.raises(Died):
            go(store, org, filing)
    (noted,) = jobs(store)
    assert noted["state"] == "open" and noted["job_id"].startswith("opening/")
    since = datetime.now(UTC) - timedelta(minutes=5)
    (lost,) = BULK.left_open(org.access, "Lead", EXTERNAL, delete=False, since=since)
    run = go(store, org, filing)
    assert books(run, "push") == {"taken": 5, "new": 5} and len(org.rows("unheard-")) == 5
    told = BULK.ask(org.access, lost)
    assert told is not None and told.state == "ended", "it would have stood open for a week"
    assert all((still := BULK.ask(org.access, each)) and still.state == "open" for each in theirs)
    assert {job["state"] for job in jobs(store)} == {"aborted", "settled"}


def test_a_job_that_was_open_before_is_not_taken_for_the_lost_one(
    store: Store, org: Org, filing: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = BULK.open(org.access, "Lead", EXTERNAL, delete=False)
    monkeypatch.setattr("landbridge.push.bulk.jobs.CLOCKS", timedelta(minutes=-30))
    leads(store, "older", 2)

    def die(*_: object, **__: object) -> str:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(SalesforceBulk, "open", die)
        with pytest.raises(Died):
            go(store, org, filing)
    go(store, org, filing)
    still = BULK.ask(org.access, older)
    assert still is not None and still.state == "open"
