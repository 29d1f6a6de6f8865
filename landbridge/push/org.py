"""The policy against the CRM's own description of itself: what does not fit is told before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.base import Access, Connector, DescribeFunction
from landbridge.errors import LandbridgeError
from landbridge.mapping.nodes import Problem
from landbridge.push.activities.rules import FIELDS
from landbridge.push.policy import WRITTEN, FieldRule, ObjectRule, Policy, refuse


def check(policy: Policy, connector: Connector, access: Access) -> None:
    """Ask the CRM whether every field of the policy is there, can be written and is long enough. One call an object.

    Raises RuleInvalid with everything that does not fit, before anything is sent.
    """
    refuse(policy.file, _problems(policy, connector, access))


def misfits(policy: Policy, connector: Connector, access: Callable[[], Access]) -> list[str]:
    """The same in words, for whoever looks at a plan: a line each, none where all fits. Costs the same calls.

    Nothing is told where the CRM cannot be asked just now: then the push will.
    """
    try:
        problems = _problems(policy, connector, access())
    except LandbridgeError:
        return []
    return [f"{policy.file}, line {each.line}: {each.message.rstrip('.')}. {each.do}" for each in problems]


def _problems(policy: Policy, connector: Connector, access: Access) -> list[Problem]:
    if connector.describe is None:
        return []
    problems: list[Problem] = []
    for name, rule in policy.objects.items():
        described = {
            field.lower(): {"name": field, **about} for field, about in connector.describe(access, name).items()
        }
        problems += _misfits(policy, name, rule, described)
        problems += _mirrored(policy, name, described)
    problems += _beside(policy, connector.describe, access)
    return problems


def _beside(policy: Policy, describe: DescribeFunction, access: Access) -> Iterator[Problem]:
    """What does not fit where activities are made."""
    for name in policy.activities.objects:
        described = {field.lower(): about for field, about in describe(access, name).items()}
        line = policy.line("activities")
        yield from _external_id(policy, name, described.get(policy.external_id.lower()))
        for field in FIELDS[name]:
            if not described.get(field.lower(), {}).get("createable"):
                what = f"{name}.{field} is not there, or cannot be written by this login"
                yield Problem(line, what, "Give the login its permission, or take that part out.")


def _mirrored(policy: Policy, name: str, described: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """What does not fit where records are made one, or blanked: the mark in both kinds, the rest where it is."""
    merged, erased = policy.merged, policy.erased
    parts: dict[str, tuple[str, ...]] = {}
    if merged and merged.way != "note":
        parts["merged"] = (merged.field, *(f for f in merged.fill if f.lower() in described))
    if erased.way != "delete":
        parts["erased"] = tuple(f for f in (*erased.fields, *erased.words) if f.lower() in described)
    for part, fields in parts.items():
        for field in fields:
            if not described.get(field.lower(), {}).get("updateable"):
                what = f"{name}.{field} is not there, or cannot be written by this login"
                yield Problem(policy.line(part), what, "Make it, give the login its permission, or take it out.")


def _misfits(
    policy: Policy, name: str, rule: ObjectRule, described: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    yield from _external_id(policy, name, described.get(policy.external_id.lower()))
    for field, each in rule.fields.items():
        about = described.get(field.lower())
        line = policy.line("objects", name, "fields", field)
        if about is None:
            what = f"{name} has no field {field} that this login can see"
            yield Problem(line, what, "Make it in the CRM, give the login its permission, or take the line out.")
        else:
            misfits = (
                *_spelling(field, about),
                *_rights(rule, each, about),
                *_size(each, about),
                *_several(about),
                *_list(each, about),
                *_empty(rule, each, about),
            )
            yield from (Problem(line, f"{name}.{field} {what}", do) for what, do in misfits)
    if rule.create:
        yield from _required(policy, name, rule, described)


def _external_id(policy: Policy, name: str, about: Mapping[str, Any] | None) -> Iterator[Problem]:
    line = policy.line("external_id")
    if about is None or not about.get("externalId"):
        what = f"{name} has no external-id field {policy.external_id}"
        yield Problem(line, what, "Make it there: text, external id, unique.")
    elif about.get("unique") is False:
        what = f"{name}.{policy.external_id} is not unique: a record that somebody clones could not be told from ours"
        yield Problem(line, what, "Tick 'unique' in the field's settings there.")


Misfits = Iterator[tuple[str, str]]
"""What is wrong, and what to do."""


def _several(about: Mapping[str, Any]) -> Misfits:
    """A field of several words at once ("a;b"): the CRM gives them in an order of its own, and each of our comparisons
    would take that for somebody's edit."""
    if about.get("type") == "multipicklist":
        yield "is a multi-select picklist, which is not supported", "Take it out, or write a text field there."


def _spelling(field: str, about: Mapping[str, Any]) -> Misfits:
    """The CRM takes a name in any case, and answers by its own: we should never find what somebody edited there."""
    if field != about["name"]:
        yield f"is {about['name']} there", f"Write it so: {about['name']}."


def _rights(rule: ObjectRule, each: FieldRule, about: Mapping[str, Any]) -> Misfits:
    if (rule.create and not about.get("createable")) or (each.owner != "crm" and not about.get("updateable")):
        yield "cannot be written by this login", "Give it the right, or take it out."


def _size(each: FieldRule, about: Mapping[str, Any]) -> Misfits:
    longest = int(about.get("length") or 0)
    if longest and each.type in WRITTEN and (each.max is None or each.max > longest):
        yield f"holds {longest} characters", f"Say max: {longest}."


def _list(each: FieldRule, about: Mapping[str, Any]) -> Misfits:
    """A restricted picklist refuses what it does not know. The policy says what it may get, the org whether it may."""
    if not about.get("restrictedPicklist"):
        return
    known = [str(one.get("value")) for one in about.get("picklistValues") or () if one.get("active", True)]
    if each.one_of is None:
        yield "takes only what is in its list", f"Say one_of: [{', '.join(known)}]."
    elif strange := [value for value in each.one_of if value not in known]:
        yield f"does not have {', '.join(map(repr, strange))} in its list", f"It has {', '.join(known)}."


def _empty(rule: ObjectRule, each: FieldRule, about: Mapping[str, Any]) -> Misfits:
    filled = about.get("nillable", True) or about.get("type") == "boolean"
    if each.when_empty == "clear" and not filled:
        yield "can never be empty", "Take out `when_empty`."
    if rule.create and each.default is None and _must_be_filled(about):
        yield "must be filled in every new record", "Say what it gets where we know nothing, as `default`."


def _required(
    policy: Policy, name: str, rule: ObjectRule, described: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    ours = {field.lower() for field in (*rule.fields, policy.external_id)}
    for field, about in described.items():
        if field not in ours and _must_be_filled(about):
            what = f"{name}.{about['name']} must be filled in every new record, and we do not fill it"
            yield Problem(policy.line("objects", name, "fields"), what, "Add it with a `default`.")


def _must_be_filled(about: Mapping[str, Any]) -> bool:
    optional = about.get("nillable", True) or about.get("defaultedOnCreate", False)
    return bool(about.get("createable")) and not optional and about.get("type") != "boolean"
