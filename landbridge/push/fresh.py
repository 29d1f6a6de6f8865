"""Looking once more before anything leaves: a plan may have waited for days.

What does not hold any more is superseded, and the next plan says anew what is wanted: a change whose lead was changed,
held back or became another customer since; an update or the deletion of a record that somebody edited since. An edit
made between this look and the call, within the second, is beyond us: sObject Collections know no condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from landbridge.push.claimed import WAITS
from landbridge.push.dispatch import Dispatch
from landbridge.push.note import Outcome, note
from landbridge.push.outbox import Outgoing
from landbridge.push.outdated import outdated
from landbridge.push.same import alike
from landbridge.trail import audit

_OUTDATED = f"""
UPDATE change c SET state = 'superseded', settled_at = now()
WHERE c.account = :account AND {WAITS} AND {outdated("c")}
"""


def drop_outdated(way: Dispatch) -> None:
    """Supersede what waits for a lead that is no longer as it was planned: only what passed leaves."""
    with way.store.begin() as connection:
        dropped = connection.execute(sa.text(_OUTDATED), {"account": way.account}).rowcount
        if dropped:
            audit.record(connection, way.run.event("change.superseded", way.account, changes=dropped))
    way.entry.unchanged += dropped


def without_edited(way: Dispatch, batch: list[Outgoing]) -> list[Outgoing]:
    """The batch without changes of records that somebody edited since the plan; those are superseded. One call."""
    look_up = way.connector.look_up
    if look_up is None or batch[0].action == "create":
        return batch
    fields = sorted({field for each in batch for field in each.shown})
    values = [each.match_value for each in batch]
    present = look_up(way.access, batch[0].object, batch[0].match_field, values, fields)
    stale = [each for each in batch if edited(each, present.get(each.match_value.lower(), {}))]
    if stale:
        note(way, [Outcome(each, "superseded", code="EDITED") for each in stale])
    return [each for each in batch if each not in stale]


def edited(change: Outgoing, present: Mapping[str, Any]) -> bool:
    """Whether a field has neither the value that the plan saw there nor the one that it wants.

    What the plan did not see is not compared, and a record that is gone is the CRM's to refuse.
    """
    here = {field.lower(): value for field, value in present.items()}
    return any(
        not alike(here[field.lower()], before)
        and not (field in change.after and alike(here[field.lower()], change.after[field]))
        for field, before in change.before.items()
        if field.lower() in here
    )
