"""The duplicate rule: a lead or contact whose e-mail another lead or contact has. Off unless switched on.

The reply's members are as the REST documentation of `Sforce-Duplicate-Rule-Header` shows them (API 52 and later).
"""

from typing import Any

from sandbox.salesforce.errors import Refused
from sandbox.salesforce.org import Org
from sandbox.salesforce.tables import Row

_WATCHED = ("Lead", "Contact")


def refuse_duplicates(org: Org, object_name: str, row_id: str | None, row: Row) -> None:
    """Raise DUPLICATES_DETECTED if the rule finds others like the row about to be saved."""
    matches = _matches(org, row, row_id) if object_name in _WATCHED else {}
    if matches:
        rule = org.switches.duplicate_rule
        text = "Use one of these records?"
        extra = {"duplicateResult": _result(object_name, matches, rule == "alert", text)}
        raise Refused("DUPLICATES_DETECTED", text, extra=extra)


def _matches(org: Org, row: Row, row_id: str | None) -> dict[str, list[str]]:
    """Ids of the other rows with that e-mail, by object."""
    found = {}
    for name in _WATCHED:
        table = org.tables[name]
        ids = [other for other in table.ids_with(table.definition.fields["Email"], row.get("Email")) if other != row_id]
        if ids:
            found[name] = ids
    return found


def _result(object_name: str, matches: dict[str, list[str]], allow: bool, text: str) -> dict[str, Any]:
    return {
        "allowSave": allow,
        "duplicateRule": f"Standard_{object_name}_Duplicate_Rule",
        "duplicateRuleEntityType": object_name,
        "errorMessage": text,
        "matchResults": [_match_result(name, ids) for name, ids in matches.items()],
    }


def _match_result(name: str, ids: list[str]) -> dict[str, Any]:
    return {
        "entityType": name,
        "errors": [],
        "matchEngine": "ExactMatchEngine",
        "matchRecords": [_match_record(name, row_id) for row_id in ids],
        "rule": f"Standard_{name}_Match_Rule",
        "size": len(ids),
        "success": True,
    }


def _match_record(name: str, row_id: str) -> dict[str, Any]:
    record = {"attributes": {"type": name, "url": f"/services/data/v66.0/sobjects/{name}/{row_id}"}, "Id": row_id}
    return {"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record}
