"""What the CRM refused for good, and waits in quarantine for a person: mended at its source, released, or dropped.

What was refused is not sent again with the same values. A release says that the CRM was mended, and the next plan
sends it again; a drop says that nobody need look at it any more. A lead that changes is tried anew by itself.

Questions wait here as well: whether two records are to be one (code MERGED), whether somebody's are to be erased
(ERASED). A release says yes, a drop no.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from landbridge.errors import GateClosed, NotFound
from landbridge.store.engine import Store
from landbridge.trail import audit


@dataclass(frozen=True)
class Refused:
    """One refusal. `message`: the CRM's own words; `refusal`: who acts next, as landbridge.push.sending has it;
    `crm_id`: the record that was to be changed, or is asked about, None where one was to be made; `after`: what was to
    be written."""

    number: int
    identity_id: str
    change_id: int | None
    object: str | None
    crm_id: str | None
    code: str
    message: str
    refusal: str | None
    after: dict[str, Any] | None
    at: datetime

    @property
    def record(self) -> str:
        """The kind of record and its Id, where it has one."""
        return " ".join(filter(None, (self.object, self.crm_id or "new")))


_STANDING = """
SELECT q.quarantine_id AS number, q.subject AS identity_id, c.change_id, c.object,
       CASE WHEN c.match_field = 'Id' THEN c.match_value
            WHEN c.match_field IS NULL THEN substr(q.expectation, 8) END AS crm_id,
       CASE WHEN c.match_field IS NULL THEN left(q.expectation, 6) ELSE q.expectation END AS code, q.reason AS message,
       c.refusal, c.after, q.at
FROM quarantine q
LEFT JOIN LATERAL (
    SELECT * FROM change c
    WHERE c.identity_id = q.subject AND c.account = :account AND c.state = 'refused' AND c.code = q.expectation
    ORDER BY c.change_id DESC LIMIT 1) c ON true
WHERE q.stage = 'push' AND q.state = 'held' AND (c.change_id IS NOT NULL OR q.expectation ~ '^(MERGED|ERASED) ')
ORDER BY q.quarantine_id DESC LIMIT :limit
"""


def standing(store: Store, account: str, limit: int | None = None) -> list[Refused]:
    """What waits for a person, the newest first."""
    with store.begin() as connection:
        rows = connection.execute(sa.text(_STANDING), {"account": account, "limit": limit})
        return [Refused(**row) for row in rows.mappings()]


_SETTLE = """
UPDATE quarantine SET state = :state, settled_at = now(), settled_by = :actor, settled_why = :reason
WHERE quarantine_id = :number AND stage = 'push' AND state = 'held' RETURNING subject
"""


def settle(store: Store, number: int, verdict: Literal["released", "dropped"], *, actor: str, reason: str) -> str:
    """Release a refusal, so that the next plan tries it again, or drop it. Answers whom it is about.

    Raises NotFound when nothing is held under the number, and GateClosed where no reason is given.
    """
    if not reason.strip():
        raise GateClosed(f"Refusal {number} stays: nobody said why it is {verdict}.", do='Add --reason "…".')
    with store.begin() as connection:
        asked = {"number": number, "state": verdict, "actor": actor, "reason": reason}
        subject = connection.scalar(sa.text(_SETTLE), asked)
        if subject is None:
            raise NotFound(f"No refusal {number} waits.", do="`landbridge refused` lists those that do.")
        event = audit.Event(f"quarantine.{verdict}", actor, f"quarantine/{number}", {"identity": subject})
        audit.record(connection, event)
    return str(subject)
