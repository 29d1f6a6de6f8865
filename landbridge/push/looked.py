"""What somebody looked at before they approve it, as a mark of the plan's open changes.

A plan's page, or the API, gives the mark out, and an approval brings it back. Whatever came into the plan or left it
in between (somebody held, somebody let go, a run planned anew) makes another mark, and the approval is refused: nobody
puts their name on what they have not seen. Changes are never rewritten, so their numbers tell them all.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from landbridge.errors import TakenAlready


def mark(connection: sa.Connection, plan_id: str) -> str:
    """The mark of what waits in a plan now, read from an index alone."""
    return str(connection.scalar(sa.text(_MARK), {"plan_id": plan_id}))


def see_unchanged(connection: sa.Connection, plan_id: str, seen: str) -> None:
    """Keep the plan as it is until the transaction ends. Raises TakenAlready where it is not what was `seen`."""
    keep(connection, [plan_id])
    if mark(connection, plan_id) != seen:
        raise TakenAlready(
            f"{plan_id} is not as you saw it: somebody held, released or planned something since. "
            "Nothing was approved.",
            do="Look at the plan again, then approve it as it is now.",
        )


def keep(connection: sa.Connection, plan_ids: Collection[str]) -> None:
    """Nobody else approves these plans, takes out of them or puts back into them, until the transaction ends."""
    connection.execute(sa.text(_KEEP), {"plans": sorted(plan_ids)})


_MARK = """
SELECT count(*) || '-' || to_hex(coalesce(bit_xor(hashint8extended(change_id, 0)), 0))
FROM change WHERE plan_id = :plan_id AND state = 'planned'
"""
_KEEP = "SELECT FROM plan WHERE plan_id = ANY(:plans) ORDER BY plan_id FOR UPDATE"
