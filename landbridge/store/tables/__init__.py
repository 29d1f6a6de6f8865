"""Every table, with the constraints that make wrong states impossible. Read it beside the words in docs/words.md.

Text ids that people meet: a profile is `account/stream/key`; an identity is a UUID that lasts; a run is a short word.
"""

from landbridge.store.tables.base import metadata
from landbridge.store.tables.brakes import api_usage, crm_org, erasure, halt, hold
from landbridge.store.tables.changes import bulk_job, change, claim, plan, plan_entry, plan_part, pushed
from landbridge.store.tables.console import console_attempt, console_invite, console_session, console_user
from landbridge.store.tables.desk import override, question, review_act, search_customer, search_word
from landbridge.store.tables.identities import (
    adoption,
    bearer,
    decision,
    doubt,
    identity,
    identity_event,
    identity_model,
    link,
    match,
    resolved,
)
from landbridge.store.tables.leads import golden, lead, quarantine
from landbridge.store.tables.records import (
    cursor,
    drift,
    map_cursor,
    profile,
    record,
    record_head,
    signature,
    touchpoint,
)
from landbridge.store.tables.runs import audit_event, balance, run

__all__ = [
    "adoption",
    "api_usage",
    "audit_event",
    "balance",
    "bearer",
    "bulk_job",
    "change",
    "claim",
    "console_attempt",
    "console_invite",
    "console_session",
    "console_user",
    "crm_org",
    "cursor",
    "decision",
    "doubt",
    "drift",
    "erasure",
    "golden",
    "halt",
    "hold",
    "identity",
    "identity_event",
    "identity_model",
    "lead",
    "link",
    "map_cursor",
    "match",
    "metadata",
    "override",
    "plan",
    "plan_entry",
    "plan_part",
    "profile",
    "pushed",
    "quarantine",
    "question",
    "record",
    "record_head",
    "resolved",
    "review_act",
    "run",
    "search_customer",
    "search_word",
    "signature",
    "touchpoint",
]
