"""Profiles by hand, in the schema that mapping fills."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from landbridge.store.profiles import PROFILE_SCHEMA


def person(profile_id: str, **fields: Any) -> dict[str, Any]:
    """One profile; text given for a many-valued field is its only value."""
    account, stream, key = [*profile_id.split("/"), "users", profile_id][:3]
    lists = {f.name for f in PROFILE_SCHEMA if pa.types.is_list(f.type)}
    values = {name: [v] if name in lists and isinstance(v, str) else v for name, v in fields.items()}
    return {"profile_id": profile_id, "account": account, "stream": stream, "key": key, "gone": False} | values


def profiles(*people: dict[str, Any]) -> pa.Table:
    """A table of profiles."""
    rows = [{name: row.get(name) for name in PROFILE_SCHEMA.names} for row in people]
    return pa.Table.from_pylist(rows, schema=PROFILE_SCHEMA)


def together(links: pa.Table) -> set[frozenset[str]]:
    """The identities with more than one profile, as sets of profile_ids."""
    groups: dict[str, set[str]] = {}
    for row in links.to_pylist():
        groups.setdefault(row["identity_id"], set()).add(row["profile_id"])
    return {frozenset(group) for group in groups.values() if len(group) > 1}
