"""The outbox: changes that are approved and not yet confirmed, and what may become of them.

    planned -> approved -> sending -> done
                  ^           |-----> refused     the CRM said no for good: quarantine
                  |           |-----> approved    the CRM said not now
                  |           `-----> unknown     no answer came
                  `---- look-up ---------'        or done, when the look-up finds the wanted values

A change is marked 'sending' and committed before the call. Whoever finds it so later knows that the call may or may
not have reached the CRM, and looks there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Receipt, Write
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.runs import Run

BATCH = 200
"""What sObject Collections take in one call."""

RETRYABLE = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG"})
"""Refusals of a row that pass by themselves; every other one is for good. Source: Salesforce status codes."""

STOPPING = frozenset({"REQUEST_LIMIT_EXCEEDED", "INVALID_SESSION_ID"})
"""Refusals of the call, whatever its rows: nothing more is sent now."""

ATTEMPTS = 10
"""After so many a passing refusal counts as one for good."""

_change = tables.change


@dataclass(frozen=True)
class Outgoing:
    """One change as it stands in the outbox."""

    change_id: int
    identity_id: str
    object: str
    action: str
    match_field: str
    match_value: str
    after: dict[str, Any]
    attempts: int
    plan_id: str

    def write(self) -> Write:
        """As the connector takes it: the field that finds the record is not among the values."""
        values = {field: value for field, value in self.after.items() if field != self.match_field}
        return Write(str(self.change_id), self.object, self.match_field, self.match_value, values)

    @property
    def was_tried(self) -> bool:
        """Whether an earlier attempt's outcome was lost, so that 'it exists already' may well be our own doing."""
        return self.attempts > 1


_COLUMNS = [_change.c[name] for name in Outgoing.__dataclass_fields__]


def count_open(store: Store, account: str) -> int:
    """How many changes are neither confirmed, nor refused, nor superseded."""
    states = ("planned", "approved", "sending", "unknown")
    query = sa.select(sa.func.count()).where(_change.c.account == account, _change.c.state.in_(states))
    with store.begin() as connection:
        return connection.scalar(query) or 0


def unsettled(store: Store, account: str, after: int) -> list[Outgoing]:
    """The next batch, beyond change `after`, whose outcome we do not know. All match by one field of one object."""
    where = (_change.c.account == account, _change.c.state.in_(("sending", "unknown")), _change.c.change_id > after)
    query = sa.select(*_COLUMNS).where(*where).order_by(_change.c.change_id).limit(BATCH)
    with store.begin() as connection:
        return _alike([Outgoing(*row) for row in connection.execute(query)])


def claim(run: Run, account: str, round_started: sa.ColumnElement[Any] | Any) -> list[Outgoing]:
    """Mark the next batch as 'sending' and commit. Updates by Id go first: they may free an external id.

    `round_started`: what was tried since then is left for the next round.
    """
    ready = (_change.c.account == account, _change.c.state == "approved")
    fresh = sa.or_(_change.c.settled_at.is_(None), _change.c.settled_at < round_started)
    order = (_change.c.action.desc(), _change.c.object, _change.c.match_field, _change.c.change_id)
    query = sa.select(*_COLUMNS).where(*ready, fresh).order_by(*order).limit(BATCH)
    with run.store.begin() as connection:
        batch = _alike([Outgoing(*row) for row in connection.execute(query)])
        sending = {"state": "sending", "sent_run_id": run.run_id, "attempts": _change.c.attempts + 1}
        ids = [each.change_id for each in batch]
        connection.execute(sa.update(_change).where(_change.c.change_id.in_(ids)).values(sending))
    return [_tried_once_more(each) for each in batch]


def _alike(batch: list[Outgoing]) -> list[Outgoing]:
    return [each for each in batch if (each.object, each.match_field) == (batch[0].object, batch[0].match_field)]


def _tried_once_more(change: Outgoing) -> Outgoing:
    return Outgoing(**{**vars(change), "attempts": change.attempts + 1})
