"""Looking once more before anything leaves: a plan may have waited for days.

What does not hold any more is superseded, and the next plan says anew what is wanted: a change whose lead was changed,
held back or became another customer since; an update or the deletion of a record that somebody edited since; and what
somebody held, dropped or had forgotten while it was under way, and which came back unwritten. An edit made between
this look and the call, within the second, is beyond us: sObject Collections know no condition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from landbridge.push import taking_out
from landbridge.push.claimed import WAITS
from landbridge.push.dispatch import Dispatch
from landbridge.push.known import FORGOTTEN_NAMES
from landbridge.push.note import Outcome, note
from landbridge.push.outbox import Outgoing
from landbridge.push.outdated import outdated
from landbridge.push.policy import Policy
from landbridge.push.same import alike
from landbridge.push.withdrawn import ABOUT, ERASES, STANDING
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


_WITHDRAWN = f"""
UPDATE change c SET state = 'superseded', settled_at = now() WHERE c.change_id = ANY(ARRAY(
    SELECT c.change_id FROM change c JOIN plan p USING (plan_id)
    WHERE p.account = :account AND p.state = 'approved' AND p.dropped_by IS NOT NULL AND {WAITS}
    UNION ALL
    SELECT c.change_id FROM change c
    WHERE c.account = :account AND {WAITS} AND c.identity_id IN ({FORGOTTEN_NAMES})
      AND NOT {ERASES.format(change="c")}))
"""
_HELD = f"""
SELECT c.change_id, h.hold_id, h.field,
       c.action = 'create' AND coalesce(CAST(:needed AS jsonb) -> c.object ? h.field, false) AS whole
FROM hold h JOIN change c ON c.account = h.account AND {{whom}}
WHERE {STANDING} AND h.account = :account AND {ABOUT.format(change="c")} AND {WAITS}
  AND c.plan_id IN (SELECT plan_id FROM plan WHERE account = :account AND state = 'approved')
  AND h.at >= (SELECT min(at) FROM plan WHERE account = :account AND state = 'approved')
"""
_MEANT = f"""
INSERT INTO meant {_HELD.format(whom="c.identity_id = h.identity_id")}
UNION ALL {_HELD.format(whom="h.identity_id IS NULL")}
"""


def drop_withdrawn(way: Dispatch, policy: Policy) -> None:
    """Take out what came back unwritten and was held, dropped or to be forgotten meanwhile. What a hold took out says
    so, and of a record of which a field is held the rest stays."""
    row = {"account": way.account, "needed": json.dumps(policy.needed())}
    with way.store.begin() as connection:
        dropped = connection.execute(sa.text(_WITHDRAWN), row).rowcount
        connection.execute(sa.text(taking_out.MEANT))
        if connection.execute(sa.text(_MEANT), row).rowcount:
            dropped += taking_out.take_out(connection, way.account)
        if dropped:
            audit.record(connection, way.run.event("change.superseded", way.account, changes=dropped))


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
