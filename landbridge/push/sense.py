"""What a policy file says, word against word: what each word allows by itself and two of them together do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from landbridge.leads.fields import LEAD_FIELDS, OPT_OUTS
from landbridge.mapping.nodes import Document, Problem
from landbridge.push.accounts.rules import FIELDS as MATCHED

if TYPE_CHECKING:
    from landbridge.push.policy import Content, FieldRule


def problems(content: Content, system: str, document: Document) -> Iterator[Problem]:
    """Everything that does not make sense, with its line. `system`: what the file is named for."""
    if content.system != system:
        line = document.line(("system",))
        yield Problem(line, f"it is named {system}.yaml and says system: {content.system}", "Make them the same.")
    for name, rule in content.objects.items():
        for field, each in rule.fields.items():
            line = document.line(("objects", name, "fields", field))
            if field.lower() == content.external_id.lower():
                yield Problem(line, f"{field} is the external id, which we fill ourselves", "Take it out.")
            yield from (Problem(line, f"{field}: {what}", do) for what, do in _nonsense(each))
    contact = content.objects.get("Contact")
    if contact and contact.create:
        yield Problem(document.line(("objects", "Contact", "create")), "we create leads only", "Say false.")


def _nonsense(rule: FieldRule) -> Iterator[tuple[str, str]]:
    for source in rule.source:
        if source not in (*LEAD_FIELDS, *MATCHED):
            yield f"a lead has no field '{source}'", f"It has {', '.join((*LEAD_FIELDS, *MATCHED))}."
    yield from _of_owners(rule)
    if rule.default is not None:
        if rule.max is not None and len(rule.default) > rule.max:
            yield f"the default is longer than max: {rule.max}", "Shorten it."
        if rule.one_of and rule.default not in rule.one_of:
            yield "the default is not among one_of", "Add it there, or take another."


def _of_owners(rule: FieldRule) -> Iterator[tuple[str, str]]:
    if rule.owner in ("newest", "most_trusted") and "conflict" in rule.model_fields_set:
        yield f"owner: {rule.owner} settles every conflict itself", "Take out `conflict`."
    if rule.owner == "append" and (rule.type != "text" or rule.default is not None or rule.one_of):
        yield "owner: append is for plain text, without default or one_of", "Take another owner."
    if rule.when_empty == "clear" and (rule.owner in ("crm", "set_if_empty", "append") or rule.default is not None):
        yield f"when_empty: clear does not go with owner: {rule.owner} or a default", "Take out one of them."
    if rule.when_empty == "clear" and set(rule.source) & set(OPT_OUTS):
        yield "a refusal is never taken back by a machine", "Take out `when_empty`."
