"""All that is held for one reason, let go or dropped in one act: the leads that one rule refused, now mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from landbridge.errors import NotFound
from landbridge.quality.hold import VALID_AGAIN
from landbridge.store.engine import Store
from landbridge.trail import audit


@dataclass(frozen=True)
class Group:
    """What is held at a stage for one reason, up to the number `upto`: what came since, nobody has looked at."""

    stage: str
    expectation: str
    upto: int


def settle(store: Store, group: Group, state: Literal["released", "dropped"], *, actor: str, reason: str) -> int:
    """Release or drop a whole group; answers how many. Raises NotFound when nothing of it is held."""
    asked = {**vars(group), "state": state, "actor": actor, "why": reason}
    with store.begin() as connection:
        done = connection.execute(_SETTLE, asked).all()
        if not done:
            raise NotFound("Nothing of that is held any more.", do="Quarantine lists what is.")
        if (group.stage, state) == ("validate", "released"):
            connection.execute(VALID_AGAIN, {"subjects": [row.subject for row in done]})
        numbers = [row.quarantine_id for row in done]
        told = {"items": len(numbers), "first": min(numbers), "last": max(numbers)}
        audit.record(connection, audit.Event(f"quarantine.{state}", actor, f"quarantine/{min(numbers)}", told))
    return len(done)


_SETTLE = sa.text("""
UPDATE quarantine SET state = :state, settled_at = now(), settled_by = :actor, settled_why = :why
WHERE stage = :stage AND expectation = :expectation AND state = 'held' AND quarantine_id <= :upto
RETURNING quarantine_id, subject
""")
