"""What identity doubts stays back: the lead of an identity in doubt is held until somebody answers."""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.identity.doubts import SAYS
from landbridge.quality.hold import KEPT_BACK
from landbridge.trail import audit
from landbridge.trail.runs import Run


def hold_doubtful(run: Run) -> None:
    """Hold the leads of identities that are in doubt, and let those go that no longer are, in one transaction.

    A second call on the same doubts writes nothing. What is held stands in quarantine, stage "identity", under the
    kind of doubt; a lead whose check still waits is left to validation, which knows of it.
    """
    with run.store.begin() as connection:
        held = connection.execute(_HOLD, {"run": run.run_id, **_SAYS}).rowcount
        settled = list(connection.execute(_SETTLE).scalars())
        connection.execute(_KEEP_BACK)
        connection.execute(_LET_GO, {"settled": settled})
        if held or settled:
            event = run.event("leads.doubted", run.run_id, held=held, released=len(settled))
            audit.record(connection, event)


_SAYS = {kind: text.replace("{profiles}", "%s") for kind, text in SAYS.items()}

_HOLD = sa.text("""
INSERT INTO quarantine (stage, subject, expectation, value, reason, run_id)
SELECT 'identity', d.identity_id, kind, left_id || ' ' || right_id,
    format(CASE kind WHEN 'bridge' THEN :bridge WHEN 'apart' THEN :apart ELSE :large END, profiles), :run
FROM doubt d JOIN lead USING (identity_id)
ON CONFLICT (stage, subject, expectation) WHERE state = 'held' DO UPDATE SET value = excluded.value,
    reason = excluded.reason, run_id = excluded.run_id
WHERE (quarantine.value, quarantine.reason) IS DISTINCT FROM (excluded.value, excluded.reason)
""")

_SETTLE = sa.text("""
UPDATE quarantine q SET state = 'released', settled_at = now()
WHERE stage = 'identity' AND state = 'held'
  AND NOT EXISTS (SELECT FROM doubt d WHERE d.identity_id = q.subject AND d.kind = q.expectation)
RETURNING subject
""")

_HELD = "SELECT FROM quarantine WHERE stage {stages} AND state = 'held' AND subject = identity_id"

_KEEP_BACK = sa.text(f"""
UPDATE lead SET valid = false WHERE valid AND EXISTS ({_HELD.format(stages="= 'identity'")})
""")

_LET_GO = sa.text(f"""
UPDATE lead SET valid = true WHERE identity_id = ANY(:settled) AND NOT valid AND checked_digest = digest
  AND NOT EXISTS (SELECT FROM quarantine q
    WHERE q.stage IN ('identity', 'validate') AND q.subject = identity_id AND ({KEPT_BACK}))
""")
