"""The policy against the CRM's own description of itself: what does not fit is told before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.base import Access, Connector
from landbridge.mapping.nodes import Problem
from landbridge.push.policy import FieldRule, ObjectRule, Policy, refuse


def check(policy: Policy, connector: Connector, access: Access) -> None:
    """Ask the CRM whether every field of the policy is there, can be written and is long enough. One call an object.

    Raises RuleInvalid with everything that does not fit, before anything is sent.
    """
    if connector.describe is None:
        return
    problems: list[Problem] = []
    for name, rule in policy.objects.items():
        described = {field.lower(): about for field, about in connector.describe(access, name).items()}
        problems += _misfits(policy, name, rule, described)
    refuse(policy.file, problems)


def _misfits(
    policy: Policy, name: str, rule: ObjectRule, described: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    external = described.get(policy.external_id.lower())
    if external is None or not external.get("externalId"):
        what = f"{name} has no external-id field {policy.external_id}"
        yield Problem(policy.line("external_id"), what, "Make it there: text, external id, unique.")
    elif external.get("unique") is False:
        what = f"{name}.{policy.external_id} is not unique: a record that somebody clones could not be told from ours"
        yield Problem(policy.line("external_id"), what, "Tick 'unique' in the field's settings there.")
    for field, each in rule.fields.items():
        about = described.get(field.lower())
        line = policy.line("objects", name, "fields", field)
        if about is None:
            what = f"{name} has no field {field} that this login can see"
            yield Problem(line, what, "Make it in the CRM, give the login its permission, or take the line out.")
        else:
            yield from _misfit(f"{name}.{field}", rule, each, about, line)


def _misfit(field: str, rule: ObjectRule, each: FieldRule, about: Mapping[str, Any], line: int) -> Iterator[Problem]:
    written_later = each.owner != "crm"
    if (rule.create and not about.get("createable")) or (written_later and not about.get("updateable")):
        yield Problem(line, f"{field} cannot be written by this login", "Give it the right, or take it out.")
    longest = int(about.get("length") or 0)
    if longest and each.type in ("text", "email") and (each.max is None or each.max > longest):
        yield Problem(line, f"{field} holds {longest} characters", f"Say max: {longest}.")
