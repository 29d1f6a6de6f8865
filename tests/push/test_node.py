"""Which of a person's CRM records is kept current, by the policy's words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.salesforce import CONNECTOR
from landbridge.config import HOUSE
from landbridge.errors import RuleInvalid
from landbridge.push.mirror.rules import Merged
from landbridge.push.node import Node
from landbridge.push.policy import Policy, load_policy
from landbridge.store.engine import Store
from tests.push.crm import books, changes
from tests.push.org import Org
from tests.push.test_mirror import People, anna, made

PEOPLE = 150


def people_of(store: Store, org: Org, policy: Policy, **node: Any) -> People:
    people = People(store, org, policy, Merged(way="note"))
    people.policy = replace(people.policy, node=Node(**node), merged=None)
    return people


@pytest.mark.parametrize(
    ("prefer", "kept"),
    [
        (("contact", "ours", "oldest"), "Contact"),
        (("lead", "oldest"), "first Lead"),
        (("lead", "newest"), "second Lead"),
        ((), "Contact"),
    ],
)
def test_the_first_word_that_tells_them_apart_decides(
    store: Store, org: Org, policy: Policy, prefer: tuple[Any, ...], kept: str
) -> None:
    people = people_of(store, org, policy, prefer=prefer)
    who = "node-" + "-".join(prefer)
    org.order("clock", advance=-5000)
    first = made(org, "Lead", f"{who}-1")
    org.order("clock", advance=5000)
    there = {"first Lead": first, "second Lead": made(org, "Lead", f"{who}-2"), "Contact": made(org, "Contact", who)}
    people.links = dict.fromkeys(there.values(), who)
    anna(people, who, score=7)
    people.go()
    scores = {name: people.row(crm_id)["Landbridge_Score__c"] for name, crm_id in there.items()}
    assert scores == {name: 7.0 if name == kept else None for name in there}
    assert people.silent()


@pytest.mark.parametrize("converted", ["contact", "leave"])
def test_a_converted_lead_means_its_contact_or_nothing(store: Store, org: Org, policy: Policy, converted: Any) -> None:
    read = (row for page in CONNECTOR.read(org.access, "Lead", None) for row in page.rows)
    lead = next(row for row in read if row["IsConverted"])
    people = people_of(store, org, policy, converted=converted)
    people.links = {lead["Id"]: "was-a-lead"}
    anna(people, "was-a-lead", score=3)
    run, plan_id = people.plan()
    if converted == "leave":
        assert plan_id is None and books(run, "plan") == {"taken": 1, "held": 1}
    else:
        assert books(run, "plan") == {"taken": 1, "held": 1}, "the Contact is not read yet"
        people.links[lead["ConvertedContactId"]] = "was-a-lead"
        people.go()
        assert {each["match_value"] for each in changes(store)} == {lead["ConvertedContactId"]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("[contact, eldest]", "Input should be 'contact', 'lead', 'ours', 'oldest' or 'newest'"),
        ("[contact, lead]", "`contact` and `lead` cannot both be preferred"),
        ("[ours, ours]", "a word stands twice"),
    ],
)
def test_a_wrong_word_is_told_with_its_line(tmp_path: Path, said: str, told: str) -> None:
    shipped = (HOUSE / "mappings" / "crm" / "salesforce.yaml").read_text(encoding="utf-8")
    file = tmp_path / "salesforce.yaml"
    file.write_text(shipped.replace("prefer: [contact, ours, oldest]", f"prefer: {said}"), encoding="utf-8")
    with pytest.raises(RuleInvalid) as caught:
        load_policy(file)
    number = next(n for n, line in enumerate(shipped.splitlines(), 1) if line.startswith("node:"))
    assert told in str(caught.value)
    assert f"line {number}" in str(caught.value) or f"line {number + 1}" in str(caught.value)


def test_words_are_checked_wherever_rules_are_made() -> None:
    with pytest.raises(ValidationError):
        Node(prefer=("newest", "oldest"))
