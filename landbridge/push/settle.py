"""Settling: what became of writes whose answer nobody heard, found out by looking at the CRM.

A write is all or nothing. So a record that a create was to make is there because it was made, and a record that was to
go is gone. An update is told by the fields that it was to change: one that is as it was before means that it did not
reach its record, whatever the others say, for somebody may have typed one of our values; with none so, one that is as
we wanted means that it did. Where neither is plain, somebody worked on the record meanwhile: the change is superseded,
and the next plan merges anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.base import Access, Connector
from landbridge.push import contact, outbox
from landbridge.push.bulk import jobs
from landbridge.push.dispatch import Dispatch
from landbridge.push.fresh import edited
from landbridge.push.note import Outcome, note
from landbridge.push.outbox import ATTEMPTS, Outgoing
from landbridge.push.same import telling
from landbridge.push.sending import PLAIN, Sending
from landbridge.trail.runs import Run


def settle(run: Run, connector: Connector, access: Access, sending: Sending = PLAIN) -> None:
    """Settle what an earlier process left open, if anything. To be done before planning, which leaves it alone.

    Books "settle": taken = writes looked up; new, changed = they had reached the CRM; held = they will be sent again;
    unchanged = superseded.
    """
    if not outbox.count_unsettled(run.store, access.account):
        return
    with run.store.only_one(f"push {access.account}"), run.books.stage("settle", access.account) as entry:
        entry.taken = outbox.count_unsettled(run.store, access.account)
        try:
            way = Dispatch(run, connector, access, sending, entry)
            contact.meet(way)
            settle_open(way)
        finally:
            entry.held = entry.taken - entry.new - entry.changed - entry.unchanged - entry.refused


def settle_open(way: Dispatch) -> None:
    """Ask every bulk job that may have run, then look up every write whose outcome is unknown, and note it."""
    jobs.settle_jobs(way)
    which = outbox.unheard(way.account)
    for group in outbox.groups(way.store, which):
        for batch in outbox.batches(way.store, group, which):
            note(way, _looked_up(way.connector, way.access, batch))


def _looked_up(connector: Connector, access: Access, batch: list[Outgoing]) -> list[Outcome]:
    if connector.look_up is None:
        return [Outcome(each, "approved") for each in batch]
    fields = sorted({"Id", *(field for each in batch for field in each.shown)})
    values = [each.match_value for each in batch]
    found = connector.look_up(access, batch[0].object, batch[0].match_field, values, fields)
    return [_outcome(each, found.get(each.match_value.lower())) for each in batch]


def _outcome(change: Outgoing, present: Mapping[str, Any] | None) -> Outcome:
    if change.action == "delete":
        return _deleted(change, present)
    if present is None:
        return _again(change)
    if change.action == "create":
        return Outcome(change, "done", str(present["Id"]), True)
    return _updated(change, present)


def _updated(change: Outgoing, present: Mapping[str, Any]) -> Outcome:
    here = {field.lower(): value for field, value in present.items()}
    told = telling(change.before, {field: change.after[field] for field in change.shown}).items()
    arrived = {field for field, same in told if same(here.get(field.lower()), change.after[field])}
    seen = {field: same for field, same in told if field in change.before and field not in arrived}
    waits = [same(here.get(field.lower()), change.before[field]) for field, same in seen.items()]
    if arrived and not any(waits):
        return Outcome(change, "done", str(present["Id"]), False)
    return Outcome(change, "superseded") if arrived or not all(waits) else _again(change)


def _again(change: Outgoing) -> Outcome:
    """Send it once more, unless it went unanswered so often that it must be the record itself."""
    if change.attempts < ATTEMPTS:
        return Outcome(change, "approved")
    words = f"The CRM gave no answer to it, {change.attempts} times."
    return Outcome(change, "refused", code="UNANSWERED", message=words, refusal="repair")


def _deleted(change: Outgoing, present: Mapping[str, Any] | None) -> Outcome:
    if present is None:
        return Outcome(change, "done", change.match_value, False)
    return Outcome(change, "superseded") if edited(change, present) else _again(change)
