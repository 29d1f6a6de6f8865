"""Plans as people look at them, at the command line and in the console: which there are, and all that one says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from landbridge.push.budget import planned_cost
from landbridge.push.plan import newest_open
from landbridge.push.policy import Policy
from landbridge.push.render import Row, Totals, Why, reasons, render, totals
from landbridge.store.engine import Store


@dataclass(frozen=True)
class Listed:
    """A plan in one line. `changes`: without what was superseded; `open`: those not settled yet; `reason`: why it was
    approved. A plan that somebody dropped is `superseded`, and says who and why."""

    plan_id: str
    kind: str
    subject: str | None
    state: str
    at: datetime
    changes: int
    open: int
    approved_by: str | None
    reason: str | None
    dropped_by: str | None
    dropped_why: str | None


_LISTED = """
SELECT p.plan_id, p.kind, p.subject, p.state, p.at, coalesce(c.changes, 0) AS changes, coalesce(c.open, 0) AS open,
       p.approved_by, p.reason, p.dropped_by, p.dropped_why
FROM (SELECT * FROM plan WHERE account = :account ORDER BY at DESC, plan_id DESC LIMIT :limit) p
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state <> 'superseded') AS changes,
           count(*) FILTER (WHERE state IN ('planned', 'approved', 'sending', 'unknown')) AS open
    FROM change WHERE plan_id = p.plan_id) c ON true
ORDER BY p.at DESC, p.plan_id DESC
"""


def listed(store: Store, account: str, limit: int = 50) -> list[Listed]:
    """The account's plans, newest first."""
    with store.begin() as connection:
        rows = connection.execute(sa.text(_LISTED), {"account": account, "limit": limit})
        return [Listed(**row) for row in rows.mappings()]


@dataclass(frozen=True)
class Shown:
    """A plan whole: its numbers, its rows (one a field), why in sum, and what all that waits costs in API calls."""

    totals: Totals
    rows: list[Row]
    reasons: list[Why]
    api_calls: int

    def records(self) -> Iterable[int]:
        """The changes whose rows are here: fewer than the plan has where a limit was set."""
        return dict.fromkeys(row.change_id for row in self.rows)


def shown(
    store: Store, policy: Policy, account: str, plan_id: str | None = None, *, limit: int | None = None, after: int = 0
) -> Shown | None:
    """A plan, the newest that is open unless one is named; None when none is. At most `limit` of its changes, beyond
    the change number `after`. Raises NotFound for a plan that is not there."""
    plan_id = plan_id or newest_open(store, account)
    if plan_id is None:
        return None
    numbers = totals(store, plan_id)
    rows = list(render(store, plan_id, limit, after))
    return Shown(numbers, rows, reasons(store, plan_id), planned_cost(store, account, policy.sending))
