"""From recognised columns to rules: the bridge between `columns` (which column is what) and `sql` (what to do)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from landbridge.mapping import form, paths
from landbridge.mapping.columns import recognise
from landbridge.mapping.synonyms import CREATED, UPDATED, Synonyms

_SPLIT = {"email": ";,|", "phone": ";|"}
"""Cells of exports hold several addresses or numbers; no address has one of these characters."""


def with_columns(stream: form.Stream, names: Sequence[str], synonyms: Synonyms) -> form.Stream:
    """The stream's rules, and for each field that they leave open the columns that are recognised by name.

    A record's profile depends on its own columns only, never on what else is in the batch.
    """
    fields = recognise(names, None, synonyms).fields
    found = rules_for(fields)
    told_apart = found.person.model_copy(update=_names_apart(fields))
    person = {name: getattr(stream.person, name) or getattr(told_apart, name) for name in form.Person.model_fields}
    times = {name: getattr(stream, name) or getattr(found, name) for name in (CREATED, UPDATED)}
    return stream.model_copy(update={"person": form.Person.model_construct(**person), **times})


def _names_apart(fields: Mapping[str, Sequence[str]]) -> dict[str, tuple[form.Rule, ...]]:
    """ "Name" is the family name in a record that has a given name and no other family name; else the whole."""
    whole, given, family = (
        [paths.quoted(column) for column in fields.get(name, ())] for name in ("full_name", "given_name", "family_name")
    )
    if not (whole and given):
        return {}
    no_given = [{"field": column, "present": False} for column in given]
    no_family = [{"field": column, "present": False} for column in family]
    full = [(name, no_given) for name in whole]
    full += [(name, [{"field": column, "present": True}]) for name in whole for column in family]
    last: list[tuple[str, list[dict[str, Any]]]] = [(column, []) for column in family]
    last += [(name, [{"field": column, "present": True}, *no_family]) for name in whole for column in given]
    return {"full_name": _rules(full), "family_name": _rules(last)}


def _rules(sources: Sequence[tuple[str, Sequence[dict[str, Any]]]]) -> tuple[form.Rule, ...]:
    return tuple(form.Rule.model_validate({"from": source, "when": list(when)}) for source, when in sources)


def rules_for(columns: Mapping[str, Sequence[str]], lists: Collection[str] = ()) -> form.Stream:
    """A stream that takes each field of ours from these columns. `lists`: the columns that hold lists."""
    person: dict[str, list[dict[str, Any]]] = {}
    times: dict[str, str] = {}
    for ours, theirs in columns.items():
        field, _, network = ours.partition(":")
        sources = [paths.quoted(column) + (paths.EACH if column in lists else "") for column in theirs]
        if field in (CREATED, UPDATED):
            times[field] = sources[0]
        elif field in form.Person.model_fields:
            person.setdefault(field, []).extend(_rule(field, network, source) for source in sources)
    return form.Stream.model_validate({"columns": "recognised", "person": person, **times})


def _rule(field: str, network: str, source: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"from": source}
    if network:
        rule["network"] = network
    if field in _SPLIT and not paths.is_many(source):
        rule["split"] = _SPLIT[field]
    return rule
