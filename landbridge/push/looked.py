"""What somebody looked at before they approve it, as a mark of the plan's open changes.

A plan's page, or the API, gives the mark out, and an approval brings it back. Whatever came into the plan or left it
in between (somebody held, somebody let go, a run planned anew) makes another mark, and the approval is refused: nobody
puts their name on what they have not seen. What a change writes is never rewritten, so their numbers
tell it all; only the words for why may be newer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from landbridge.errors import TakenAlready
from landbridge.push.claimed import BY_STATE


@dataclass(frozen=True)
class Standing:
    """How a plan stands. `states`: changes by state, as people are told; `mark`: of what waits in it."""

    states: Mapping[str, int]
    mark: str


def standing(connection: sa.Connection, plan_id: str) -> Standing:
    """How a plan stands now, read from an index alone and once: half a million changes take a page's time."""
    rows = connection.execute(sa.text(_STANDING), {"plan_id": plan_id}).all()
    states = {row.state: int(row.changes) for row in rows}
    return Standing(states, next((f"{row.changes}-{row.mark}" for row in rows if row.state == "planned"), "0-0"))


def see_unchanged(connection: sa.Connection, plan_id: str, seen: str) -> None:
    """Keep the plan as it is until the transaction ends. Raises TakenAlready where it is not what was `seen`."""
    keep(connection, [plan_id])
    if standing(connection, plan_id).mark != seen:
        raise TakenAlready(
            f"{plan_id} is not as you saw it: somebody held, released or planned something since. "
            "Nothing was approved.",
            do="Look at the plan again, then approve it as it is now.",
        )


def keep(connection: sa.Connection, plan_ids: Collection[str]) -> None:
    """Nobody else approves these plans, takes out of them or puts back into them, until the transaction ends."""
    connection.execute(sa.text(_KEEP), {"plans": sorted(plan_ids)})


_STANDING = BY_STATE.format(plan=":plan_id")
_KEEP = "SELECT FROM plan WHERE plan_id = ANY(:plans) ORDER BY plan_id FOR UPDATE"
