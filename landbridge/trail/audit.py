"""The audit trail: every change of state goes through `record`, and `verify` proves that none was altered since.

Personal values never enter it: a detail is a number, a truth value, or an id made of letters, digits and . _ : / # -
so that an erasure later has nothing to remove here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from landbridge.store.engine import Store
from landbridge.store.tables import audit_event
from landbridge.trail import chain
from landbridge.trail.chain import Verdict

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Cursor

Detail = str | int | bool | None

_ID = re.compile(r"[\w.:/#+-]{0,200}", re.ASCII)


@dataclass(frozen=True)
class Event:
    """One change of state: what happened (`source.past`, as in run.started), who did it, to what."""

    kind: str
    actor: str
    subject: str
    detail: Mapping[str, Detail]


def record(connection: sa.Connection, *events: Event) -> None:
    """Append events, in order, in the caller's transaction: they stand exactly when what they tell of stands.

    Raises ValueError for a detail that could hold a personal value.
    """
    if events:
        connection.execute(sa.insert(audit_event), [_row(event) for event in events])


def record_bulk(cursor: Cursor, *events: Event) -> None:
    """The same on the column road, in the bulk transaction of `cursor`."""
    for event in events:
        row = _row(event)
        cursor.execute(_INSERT, (row["kind"], row["actor"], row["subject"], json.dumps(row["detail"])))


_INSERT = "INSERT INTO audit_event (kind, actor, subject, detail) VALUES ($1, $2, $3, $4::jsonb)"


def _row(event: Event) -> dict[str, object]:
    for name, value in [("subject", event.subject), *event.detail.items()]:
        if isinstance(value, str) and not _ID.fullmatch(value):
            raise ValueError(
                f"audit detail '{name}' of {event.kind} is not an id; personal values stay out of the trail"
            )
    # seq, at, previous and hash are the database's to fill: see store/migrations/audit_chain.py.
    return {"kind": event.kind, "actor": event.actor, "subject": event.subject, "detail": dict(event.detail)}


def verify(store: Store) -> Verdict:
    """Recompute the whole chain, apart from the code that wrote it. Reads in bounded memory."""
    return chain.verdict(chain.read(store))


def newest(store: Store, limit: int, subject: str | None = None) -> Sequence[sa.Row[tuple[object, ...]]]:
    """The newest events first, of one subject when named."""
    query = sa.select(audit_event).order_by(audit_event.c.seq.desc()).limit(limit)
    if subject:
        query = query.where(audit_event.c.subject == subject)
    with store.begin() as connection:
        return connection.execute(query).all()


def digest(lines: Sequence[str]) -> str:
    """One hash for many small facts, so that a bulk change is one event that still commits to each of them."""
    return hashlib.sha256(json.dumps(sorted(lines)).encode()).hexdigest()
