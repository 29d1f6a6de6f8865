"""Applying: what is approved goes to the CRM, exactly once as far as anybody can tell, whatever breaks on the way.

The stage "push" in a run's books: taken = changes that were open; new = records created; changed = records updated
or deleted; unchanged = superseded, because the lead or, by somebody's edit, the record changed since, or because
somebody held it, be it in the middle of the push; refused = refused for good, and in quarantine; held = still open,
because the CRM had no time or no answer. A record counts as created when the CRM says so, and also when an earlier
attempt to create it went unanswered.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from connectors.base import Access, Connector, Receipt
from landbridge.errors import AccessRefused, ConfigInvalid, GateClosed, LandbridgeError, SourceUnavailable
from landbridge.push import budget, contact, fresh, halt, org, outbox
from landbridge.push.approval import open_gate
from landbridge.push.bulk import jobs
from landbridge.push.bulk.claims import take_stock
from landbridge.push.dispatch import Dispatch
from landbridge.push.gate import Gate
from landbridge.push.note import note, of_receipt
from landbridge.push.outbox import STOPPING, Group, Outgoing, Ready
from landbridge.push.policy import Policy
from landbridge.push.settle import settle_open
from landbridge.trail.runs import Run

PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0)
"""Seconds before each round over what is still open: locks and time-outs of the CRM mostly pass at once."""


def push(run: Run, connector: Connector, access: Access, policy: Policy) -> None:
    """Send what may be sent, and note what became of it. With nothing open the CRM is not called.

    Raises GateClosed when a plan needs somebody's approval or writing was halted, RuleInvalid when the policy does not
    fit the org, SourceUnavailable (so that the flow retries) when changes are left over, and AccessRefused when they
    are left over for want of rights. Those stay in the outbox.
    """
    with run.store.only_one(f"push {access.account}"), run.books.stage("push", access.account) as entry:
        before = outbox.standing(run.store, access.account)
        entry.taken = before.open
        try:
            if entry.taken:
                _empty(Dispatch(run, connector, access, policy.sending, entry), policy)
        finally:
            with run.store.begin() as connection:
                outbox.close_plans(connection, access.account)
            now = outbox.standing(run.store, access.account, before.plans)
            entry.held, entry.unchanged = now.open, now.superseded - before.superseded


def _empty(way: Dispatch, policy: Policy) -> None:
    org_id = contact.meet(way)
    if way.connector.bulk is not None and way.entry.taken >= way.sending.bulk_from:
        take_stock(way)
    settle_open(way)
    halt.refuse(way.store, way.account)
    fresh.drop_outdated(way)
    fresh.drop_withdrawn(way, policy)
    gate = Gate(way.store, policy, way.account, way.access.options)
    contact.refuse(way, org_id, gate.limit)
    open_gate(way.run, gate)
    if not outbox.anything(way.store, outbox.approved(way.account)):
        return
    org.check(policy, way.connector, way.access)
    _afford(way)
    try:
        _rounds(way, policy)
    except GateClosed:
        settle_open(way)  # what the switch broke off in the middle
        raise


def _afford(way: Dispatch) -> None:
    """Raise SourceUnavailable when all that waits costs more calls than are ours to spend: a plan goes whole or not."""
    if way.access.meter is not None:
        budget.told(way.access.meter)
        calls = budget.planned_cost(way.store, way.account, way.sending, bulk=way.connector.bulk is not None)
        budget.refuse(way.store, way.account, way.access.options, calls)


def _rounds(way: Dispatch, policy: Policy) -> None:
    for pause in PAUSES:
        time.sleep(pause)
        ready = outbox.new_round(way.run, way.account)
        groups = outbox.groups(way.store, ready.which)
        _send(way, ready, groups)
        settle_open(way)
        fresh.drop_outdated(way)
        fresh.drop_withdrawn(way, policy)
        left = outbox.count(way.store, way.account)
        if not left:
            return
        if not groups:
            break
    raise _left_over(way, left)


def _left_over(way: Dispatch, left: int) -> LandbridgeError:
    """Why changes stay in the outbox, for whoever can do something about it."""
    if rights := outbox.refused_for_rights(way.run, way.account):
        return AccessRefused(
            f"{sum(rights.values())} changes wait: {way.account} refused them to our login ({', '.join(rights)}).",
            do="Give the integration user the right, or room, that the CRM names, then run again. The others went.",
        )
    said = f" {way.account} said: {way.reasons[-1]}." if way.reasons else ""
    return SourceUnavailable(
        f"{left} changes did not get through to {way.account}; they stay in the outbox.{said}",
        do="Run again: `landbridge push` goes on where this ended.",
    )


MISSES = 3
"""After so many calls in a row without an answer it is the CRM, and not a record in them."""


def _send(way: Dispatch, ready: Ready, groups: list[Group]) -> None:
    missed = 0
    for group in groups:
        if not jobs.send(way, group, ready):
            continue
        for planned in outbox.batches(way.store, group, ready.which):
            way.may_call()
            if batch := outbox.claim(way.run, way.account, fresh.without_edited(way, planned)):
                receipts = _call(way, batch)
                note(way, [of_receipt(each, receipts.get(str(each.change_id)), way.sending) for each in batch])
                _stop_if_told(way.access, receipts.values())
                missed = 0 if any(each.outcome != "unknown" for each in receipts.values()) else missed + 1
                if missed == MISSES:
                    return


def _call(way: Dispatch, batch: list[Outgoing]) -> dict[str, Receipt]:
    connector = way.connector
    if connector.write is None:
        raise ConfigInvalid(f"{connector.system} is not a system that we write to.", do="Set `crm:` to one that is.")
    receipts: dict[str, Receipt] = {}
    try:
        for receipt in connector.write(way.writing, [each.write() for each in batch]):
            receipts[receipt.ref] = receipt
    except Exception:
        note(way, [of_receipt(each, receipts.get(str(each.change_id)), way.sending) for each in batch])
        raise
    return receipts


def _stop_if_told(access: Access, receipts: Iterable[Receipt]) -> None:
    for receipt in receipts:
        if receipt.outcome == "refused" and receipt.code in STOPPING:
            raise SourceUnavailable(f"{access.account} takes no more calls now ({receipt.code}).")
