"""What is wrong in the CRM's rules is told before anything is sent, with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from landbridge.config import HOUSE
from landbridge.errors import RuleInvalid
from landbridge.push import policy as policies
from landbridge.schemas import file_of, schema

GOOD = """\
system: salesforce
version: 1
external_id: Landbridge_Id__c
objects:
  Lead:
    create: true
    fields:
      LastName: {from: last_name, max: 80}
"""


def _load(folder: Path, text: str) -> policies.Policy:
    (folder / "crm").mkdir()
    (folder / "crm" / "salesforce.yaml").write_text(text, encoding="utf-8")
    return policies.load_policy(folder / "crm" / "salesforce.yaml")


def test_the_rules_that_ship_are_good() -> None:
    policy = policies.load_policy(HOUSE / "mappings" / "crm" / "salesforce.yaml")
    assert set(policy.objects) == {"Lead", "Contact"}
    assert policy.objects["Lead"].fields["Company"].default == "[not provided]"
    assert policy.limit.first_load == "ask", "a real org is not written to before somebody has looked"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (GOOD.replace("last_name", "surname"), "line 8: LastName: a lead has no field 'surname'"),
        (GOOD.replace("max: 80", "maximum: 80"), "line 8: objects > Lead > fields > LastName > maximum: is a word"),
        (GOOD.replace("max: 80", "owner: me"), "line 8: objects > Lead > fields > LastName > owner"),
        (GOOD.replace("system: salesforce", "system: hubspot"), "line 1: it is named salesforce.yaml"),
        (GOOD.replace("LastName", "Landbridge_Id__c"), "line 8: Landbridge_Id__c is the external id"),
        (GOOD.replace("Lead:", "Kiosk:"), "line 5: objects > Kiosk"),
        (GOOD.replace("max: 80", "owner: newest, conflict: hub"), "line 8: LastName: owner: newest settles every"),
        (GOOD.replace("max: 80", "owner: append, type: email"), "line 8: LastName: owner: append is for plain text"),
        (GOOD.replace("max: 80", "owner: crm, when_empty: clear"), "line 8: LastName: when_empty: clear does not go"),
        (GOOD.replace("last_name, max: 80", "email_opt_out, when_empty: clear"), "a refusal is never taken back"),
        (GOOD.replace("max: 80", "max: 3, default: long"), "line 8: LastName: the default is longer than max: 3"),
        (GOOD.replace("max: 80", "one_of: [a], default: b"), "line 8: LastName: the default is not among one_of"),
        (GOOD + "      LastName: {from: full_name}\n", "line 9: says 'LastName' again"),
        (GOOD + "  Contact: {create: true, fields: {}}\n", "line 9: we create leads only"),
        ("", "Field required"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, wrong: str, told: str) -> None:
    with pytest.raises(RuleInvalid) as caught:
        _load(tmp_path, wrong)
    assert told in str(caught.value)
    assert caught.value.do


def test_the_schema_for_editors_is_current_and_knows_the_rules_that_ship() -> None:
    text = (HOUSE / "mappings" / "crm" / "salesforce.yaml").read_text(encoding="utf-8")
    told = schema("crm")
    assert (HOUSE / "mappings" / file_of("crm")).read_text(encoding="utf-8") == told, (
        "run: python -m landbridge.schemas"
    )
    assert text.startswith("# yaml-language-server: $schema=../schema/crm.schema.json\n")
    jsonschema.Draft202012Validator(json.loads(told)).validate(yaml.safe_load(text))


def test_only_the_meaning_changes_the_hash(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    plain = _load(tmp_path / "a", GOOD).content_hash
    assert _load(tmp_path / "b", "# said otherwise\n" + GOOD.replace("last_name", "[last_name]")).content_hash == plain
    assert _load(tmp_path / "c", GOOD.replace("80", "40")).content_hash != plain
