"""The CRM is asked whether the policy fits before anything is sent to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Access, Connector
from landbridge.errors import RuleInvalid, SourceUnavailable
from landbridge.push import org
from landbridge.push.apply import push
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from tests.push.crm import ACCOUNT, EXTERNAL, Crm, a_run, access, put_lead
from tests.push.test_owners import rules


def _org(crm: Crm, differs: Mapping[str, Mapping[str, Any]], missing: str = "") -> Connector:
    def describe(access: Access, name: str) -> Mapping[str, Mapping[str, Any]]:
        fields = {field: dict(about) for field, about in crm.describe(access, name).items() if field != missing}
        for field, about in differs.items():
            fields[field] = {**fields.get(field, {}), **about}
        return fields

    return replace(crm.connector(), describe=describe)


@pytest.mark.parametrize(
    ("differs", "missing", "told"),
    [
        ({"Title": {"updateable": False}}, "", "Lead.Title cannot be written by this login"),
        ({"City": {"length": 39}}, "", "Lead.City holds 39 characters. Say max: 39."),
        ({EXTERNAL: {"externalId": False}}, "", f"Lead has no external-id field {EXTERNAL}"),
        ({EXTERNAL: {"unique": False}}, "", f"Lead.{EXTERNAL} is not unique"),
        ({"Title": {"restrictedPicklist": True, "picklistValues": [{"value": "Boss"}]}}, "", "Say one_of: [Boss]."),
        ({"Title": {"createable": True, "nillable": False}}, "", "Title must be filled in every new record"),
        (
            {"Branch__c": {"createable": True, "nillable": False}},
            "",
            "Branch__c must be filled in every new record, and",
        ),
        ({}, "Phone", "Contact has no field Phone that this login can see"),
        ({"Title": {"type": "multipicklist"}}, "", "Lead.Title is a multi-select picklist, which is not supported"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(
    crm: Crm, policy: Policy, differs: Mapping[str, Mapping[str, Any]], missing: str, told: str
) -> None:
    with pytest.raises(RuleInvalid) as caught:
        org.check(policy, _org(crm, differs, missing), access())
    assert told in str(caught.value)
    assert "crm/salesforce.yaml, line " in str(caught.value)


def test_a_name_in_another_case_is_told(crm: Crm, policy: Policy) -> None:
    lead = policy.objects["Lead"]
    fields = {name.lower() if name == "City" else name: each for name, each in lead.fields.items()}
    objects = {**policy.objects, "Lead": lead.model_copy(update={"fields": fields})}
    with pytest.raises(RuleInvalid, match=r"Lead\.city is City there"):
        org.check(replace(policy, objects=objects), crm.connector(), access())


def test_everything_that_does_not_fit_is_told_at_once(crm: Crm, policy: Policy) -> None:
    with pytest.raises(RuleInvalid) as caught:
        org.check(policy, _org(crm, {"City": {"length": 39}, "Title": {"updateable": False}}, "Phone"), access())
    told = str(caught.value).splitlines()
    assert [line.split(": ")[1].split(" ")[0] for line in told[:3]] == ["Lead.Title", "Lead", "Lead.City"]
    assert len(told) == 5, "Contact has no City here"


def test_a_list_of_the_policy_must_be_the_orgs(tmp_path: Path, crm: Crm) -> None:
    policy = rules(tmp_path, "Title", "{from: title, one_of: [Boss, Mate]}")
    listed = {"restrictedPicklist": True, "picklistValues": [{"value": "Boss"}, {"value": "Mate", "active": False}]}
    with pytest.raises(RuleInvalid, match="Title does not have 'Mate' in its list"):
        org.check(policy, _org(crm, {"Title": listed}), access())


def test_a_field_that_must_be_filled_is_filled_by_a_default_of_ours_or_of_the_org(tmp_path: Path, crm: Crm) -> None:
    policy = rules(tmp_path, "Company", "{from: company, default: none}")
    must = {"createable": True, "nillable": False}
    ours = {"Company": must, "Status__c": must | {"defaultedOnCreate": True}, "Flag__c": must | {"type": "boolean"}}
    org.check(policy, _org(crm, ours), access())


def test_nothing_is_sent_to_an_org_that_does_not_fit(store: Store, crm: Crm, policy: Policy) -> None:
    with a_run(store) as run:
        put_lead(store, run, "anna", last_name="Arnesen")
        make_plan(run, policy, ACCOUNT)
        with pytest.raises(RuleInvalid):
            push(run, _org(crm, {}, "Company"), access(), policy)
    assert crm.writes == []
    with store.begin() as connection:
        assert connection.scalar(sa.text("SELECT state FROM change")) == "planned"


def test_a_plan_tells_what_does_not_fit_before_it_is_sent(crm: Crm, policy: Policy) -> None:
    assert org.misfits(policy, crm.connector(), access) == []
    (told,) = org.misfits(policy, _org(crm, {"Website": {"length": 39}}), access)
    assert re.match(r"crm/salesforce\.yaml, line \d+: Lead\.Website holds 39 characters\. Say max: 39\.", told)


def test_a_crm_that_cannot_be_asked_now_keeps_no_plan_from_being_shown(crm: Crm, policy: Policy) -> None:
    def down(*asked: Any) -> Any:
        raise SourceUnavailable("no answer")

    assert org.misfits(policy, replace(crm.connector(), describe=down), access) == []
    assert org.misfits(policy, crm.connector(), down) == []
    assert org.misfits(policy, replace(crm.connector(), describe=None), access) == []
