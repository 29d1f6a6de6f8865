"""Every value explains itself: from a CRM field back to the record, the run, the mapping and the model."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.config import HOUSE
from landbridge.errors import NotFound
from landbridge.push.apply import push
from landbridge.push.plan import make_plan
from landbridge.push.policy import load_policy
from landbridge.store.engine import Store
from landbridge.trail.lineage import Value, Write, explain
from tests.push.crm import ACCOUNT, Crm, a_run, access, put_lead

ANNA: dict[str, Any] = {"last_name": "Arnesen", "email": "anna@fjord.example", "email_opt_out": False}


def _send(store: Store, crm: Crm) -> str:
    policy = load_policy(HOUSE / "mappings" / "crm" / "salesforce.yaml")
    with a_run(store) as run:
        make_plan(run, policy, ACCOUNT)
        push(run, crm.connector(), access(), policy)
    return run.run_id


def _came_from(store: Store) -> None:
    """The record, profile and link that the lead's values come from."""
    statements = [
        """INSERT INTO record (account, stream, key, version, digest, payload, run_id)
           SELECT 'zendesk', 'users', 'anna', 1, 'abc', '{}', run_id FROM run LIMIT 1""",
        """INSERT INTO profile (profile_id, account, stream, key, record_id, mapping, digest, run_id)
           SELECT 'zendesk/users/anna', account, stream, key, record_id, 'map-1', 'd', run_id FROM record""",
        """INSERT INTO link (profile_id, identity_id, how, weight, model, run_id)
           SELECT 'zendesk/users/anna', 'anna', 'match', 12.5, 'model-1', run_id FROM run LIMIT 1""",
        """INSERT INTO golden (identity_id, fields, origin, profiles, rules, inputs, digest, run_id)
           SELECT 'anna', '{}', '{}', ARRAY['zendesk/users/anna'], 'rules-1', 'i', 'd', run_id FROM run LIMIT 1""",
    ]
    with store.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.fixture
def crm_id(store: Store) -> str:
    crm = Crm()
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA)
    _came_from(store)
    _send(store, crm)
    with a_run(store) as run:
        put_lead(store, run, "anna", **ANNA | {"last_name": "Berg"})
    _send(store, crm)
    (crm_id,) = crm.rows["Lead"]
    return crm_id


def test_a_value_is_followed_to_its_record(store: Store, crm_id: str) -> None:
    found = explain(store, crm_id)
    assert (found.identity_id, found.object, found.golden_rules) == ("anna", "Lead", "rules-1")
    email = next(value for value in found.values if value.field == "Email")
    assert (email.value, email.before, email.lead_field, email.rule) == ("anna@fjord.example", None, "email", "newest")
    assert email.write.action == "create" and email.write.approved_by == "tester"
    assert "landbridge" in email.write.versions
    assert email.source is not None and email.source.record is not None
    assert (email.source.mapping, email.source.model, email.source.weight) == ("map-1", "model-1", 12.5)
    assert (email.source.record.stream, email.source.record.digest) == ("users", "abc")
    json.dumps(dataclasses.asdict(found), default=str)


def test_each_value_names_the_change_that_wrote_it_last(store: Store, crm_id: str) -> None:
    values = {value.field: value for value in explain(store, crm_id).values}
    assert (values["LastName"].before, values["LastName"].value) == ("Arnesen", "Berg")
    assert values["LastName"].write.change_id > values["Email"].write.change_id
    assert values["LastName"].golden_now == "Berg"
    assert values["Company"].source is None, "a default comes from the policy, from no record"


def test_every_name_of_the_person_leads_there(store: Store, crm_id: str) -> None:
    with store.begin() as connection:
        connection.execute(
            sa.text("""INSERT INTO identity (identity_id, founder, redirect_to, run_id)
                       SELECT id, id, later, run_id FROM (VALUES ('older', 'old'), ('old', 'anna')) v(id, later),
                       (SELECT run_id FROM run LIMIT 1) r ORDER BY id""")
        )
    for what in (crm_id, crm_id[:15], "anna", "old", "older", "zendesk/users/anna"):
        assert explain(store, what).crm_id == crm_id
    assert explain(store, "older").formerly == ("older", "old")


@pytest.mark.parametrize("what", ["nobody", "00Q%", "", "zendesk/users/9", "'; --"])
def test_what_is_not_known_is_told_so(store: Store, crm_id: str, what: str) -> None:
    with pytest.raises(NotFound) as caught:
        explain(store, what)
    assert "CRM id" in caught.value.do


def test_somebody_who_was_not_pushed_yet_is_told_so(store: Store, crm_id: str) -> None:
    with a_run(store) as run:
        put_lead(store, run, "new", last_name="New")
    with pytest.raises(NotFound, match="nothing of it was written"):
        explain(store, "new")


@pytest.mark.parametrize(
    ("written", "today", "moved"),
    [
        ("Berg", "Berg", False),
        ("Berg", "Dahl", True),
        ("Berg", None, False),
        ("x:anna", ["x:anna"], False),
        ("x:anna\nx:anna_2", ["x:anna", "x:anna_2"], False),
        ("hubspot, zendesk", ["zendesk", "hubspot"], False),
        ("x:anna\nx:bo", ["x:anna"], True),
        ("anna@a.example", ["anna@a.example", "anna@b.example"], False),
        (None, ["x:anna"], True),
    ],
)
def test_a_list_is_written_as_its_parts_or_the_first(written: str | None, today: object, moved: bool) -> None:
    write = Write(1, "update", datetime.now(UTC), "run", "plan", "run", "policy", None, None, {})
    assert Value("F", written, None, "f", "all", today, write, None).moved is moved
