"""A record as it was landed, as text, with the lines that hold a value lit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from landbridge.console.web.words import veiled
from landbridge.errors import NotFound
from landbridge.store.engine import Store

MOST = 2000
"""Lines of a payload that are shown."""

Line = tuple[bool, str]


def record(store: Store, record_id: int) -> Mapping[str, Any]:
    """One record. Raises NotFound."""
    columns = "record_id, account, stream, key, version, digest, payload, run_id, at"
    query = f"SELECT {columns} FROM record WHERE record_id = :id"
    with store.begin() as connection:
        row = connection.execute(sa.text(query), {"id": record_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such record.", do="An explanation links to those that there are.")
    return dict(row)


def lines(payload: str | None, wanted: str, *, personal: bool) -> list[Line]:
    """The payload, its fields one a line, and whether each holds the wanted value; veiled for who may not see it.

    A payload that is no JSON is shown as it came, to those who may see personal values.
    """
    if payload is None:
        return [(False, "Erased: only key, digest and a tombstone stay.")]
    try:
        content = json.loads(payload)
    except ValueError:
        content = payload
    text = json.dumps(content if personal else _veiled(content), ensure_ascii=False, indent=2)
    plain = json.dumps(content, ensure_ascii=False, indent=2)
    shown = zip(text.splitlines(), plain.splitlines(), strict=True)
    return [(_holds(before, wanted), line) for line, before in shown][:MOST]


def _veiled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _veiled(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_veiled(each) for each in value]
    return veiled(value) if isinstance(value, str) else value if isinstance(value, bool | None) else "•••"


def _holds(line: str, wanted: str) -> bool:
    """Whether a line's value is what is wanted, or a part of it: mappings put values together and take them apart."""
    value = (line.partition('": ')[2] or line).strip().strip('",').casefold()
    folded = wanted.casefold().strip()
    return min(len(value), len(folded)) > 1 and (value in folded or folded in value)
