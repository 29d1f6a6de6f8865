"""Applying: what is approved goes to the CRM, exactly once as far as anybody can tell, whatever breaks on the way.

The stage "push" in a run's books: taken = changes that were open; new = records created; changed = records updated
or deleted; unchanged = superseded, because the lead or, by somebody's edit, the record changed since; refused =
refused for good, and in quarantine; held = still open, because the CRM had no time or no answer. A record counts as
created when the CRM says so, and also when an earlier attempt to create it went unanswered.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from connectors.base import Access, Connector, Receipt
from landbridge.errors import ConfigInvalid, SourceUnavailable
from landbridge.push import fresh, org, outbox
from landbridge.push.approval import open_gate
from landbridge.push.note import note, of_receipt
from landbridge.push.outbox import READY, STOPPING, Outgoing
from landbridge.push.policy import Policy
from landbridge.push.settle import settle_open
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0)
"""Seconds before each round over what is still open: locks and time-outs of the CRM mostly pass at once."""


def push(run: Run, connector: Connector, access: Access, policy: Policy) -> None:
    """Send what may be sent, and note what became of it. With nothing open the CRM is not called.

    Raises GateClosed when a plan needs somebody's approval, RuleInvalid when the policy does not fit the org, and
    SourceUnavailable (so that the flow retries) when changes are left over; those stay in the outbox.
    """
    with run.store.only_one(f"push {access.account}"), run.books.stage("push", access.account) as entry:
        entry.taken = outbox.count(run.store, access.account)
        try:
            if entry.taken:
                _empty(run, connector, access, policy, entry)
        finally:
            entry.held = outbox.count(run.store, access.account)
            with run.store.begin() as connection:
                outbox.close_plans(connection, access.account)


def _empty(run: Run, connector: Connector, access: Access, policy: Policy, entry: Entry) -> None:
    settle_open(run, connector, access, entry)
    fresh.drop_outdated(run, access.account, entry)
    open_gate(run, policy, access)
    if not outbox.groups(run.store, access.account, READY):
        return
    org.check(policy, connector, access)
    for pause in PAUSES:
        time.sleep(pause)
        _send(run, connector, access, entry)
        settle_open(run, connector, access, entry)
        left = outbox.count(run.store, access.account)
        if not left:
            return
    raise SourceUnavailable(
        f"{left} changes did not get through to {access.account}; they stay in the outbox.",
        do="Run again: `landbridge push` goes on where this ended.",
    )


def _send(run: Run, connector: Connector, access: Access, entry: Entry) -> None:
    for group in outbox.groups(run.store, access.account, READY):
        for planned in outbox.batches(run.store, access.account, group, READY):
            batch = fresh.without_edited(run, connector, access, planned, entry)
            if not batch:
                continue
            outbox.claim(run, batch)
            receipts = _call(run, connector, access, batch, entry)
            note(run, access.account, [of_receipt(each, receipts.get(str(each.change_id))) for each in batch], entry)
            _stop_if_told(access, receipts.values())


def _call(run: Run, connector: Connector, access: Access, batch: list[Outgoing], entry: Entry) -> dict[str, Receipt]:
    if connector.write is None:
        raise ConfigInvalid(f"{connector.system} is not a system that we write to.", do="Set `crm:` to one that is.")
    receipts: dict[str, Receipt] = {}
    try:
        for receipt in connector.write(access, [each.write() for each in batch]):
            receipts[receipt.ref] = receipt
    except Exception:
        note(run, access.account, [of_receipt(each, receipts.get(str(each.change_id))) for each in batch], entry)
        raise
    return receipts


def _stop_if_told(access: Access, receipts: Iterable[Receipt]) -> None:
    for receipt in receipts:
        if receipt.outcome == "refused" and receipt.code in STOPPING:
            raise SourceUnavailable(f"{access.account} takes no more calls now ({receipt.code}).")
