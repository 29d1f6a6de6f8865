"""A rehearsal: what another model would do to customers and to the CRM, tried by the real stages on a copy."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.errors import ConfigInvalid
from landbridge.identity import movement
from landbridge.identity.model import Model
from landbridge.identity.movement import Movement
from landbridge.store.engine import Store
from landbridge.store.scratch import scratch
from landbridge.trail import runs

MOST = 5
"""CRM writes that are shown as examples."""


@dataclass(frozen=True)
class Rehearsal:
    """`writes`: action -> CRM writes that would follow from the other model alone; `leads_held`: held back by then,
    `leads_held_before` as it is. None where there is no CRM to write to."""

    moves: Movement
    writes: dict[str, int] | None
    examples: list[dict[str, Any]]
    leads_held_before: int
    leads_held: int

    def as_dict(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def rehearse(hub: Hub, model: Model) -> Rehearsal:
    """Let the line run from resolving to planning in a scratch copy, first as it is and then with `model`.

    What the second run does is what the model does: whatever waits for the next run anyway belongs to the first.
    Where the model in force is another version's and nobody can resolve by it, customers are taken as they stand.
    Nothing real is touched. Raises AccessRefused where no scratch database can be made.
    """
    with scratch(hub.store, _rows(hub)) as copy, tempfile.TemporaryDirectory() as docs:
        _line(copy, hub, _in_force(hub), Path(docs))
        before, doubts, held = movement.links(copy), movement.doubts(copy), _held(copy)
        run_id = _line(copy, hub, model, Path(docs))
        moves = movement.movement(copy, run_id, before, doubts)
        writes, examples = _writes(copy, run_id) if _has_crm(hub) else (None, [])
        return Rehearsal(moves, writes, examples, held, _held(copy))


def _in_force(hub: Hub) -> Model | None:
    try:
        return hub.model
    except ConfigInvalid:
        return None


def _has_crm(hub: Hub) -> bool:
    return hub.project.settings.crm in hub.accounts


def _rows(hub: Hub) -> dict[str, str]:
    """What the stages from resolving to planning read. Of landed records only the CRM's own."""
    from landbridge.store.tables import metadata

    crm = hub.project.settings.crm.replace("'", "''")
    needless = {"audit_event", "balance", "cursor", "map_cursor", "drift", "identity_model", "adoption", "resolved"}
    rows = {table.name: "true" for table in metadata.sorted_tables if table.name not in needless}
    return rows | {"record": f"account = '{crm}'", "record_head": f"account = '{crm}'"}


def _line(copy: Store, hub: Hub, model: Model | None, docs: Path) -> str:
    """The line's own stages in the copy, from resolving on, or without a model after it. Answers the run's id."""
    from landbridge.identity.stage import resolve
    from landbridge.leads.golden import golden
    from landbridge.leads.lead import enrich
    from landbridge.push.plan import make_plan
    from landbridge.quality.doubts import hold_doubtful
    from landbridge.quality.suite import validate

    with runs.running(copy, "rehearsal", actor=hub.project.settings.actor) as run:
        if model:
            resolve(run, model)
        golden(run, hub.golden_rules)
        enrich(run, hub.lead_rules)
        hold_doubtful(run)
        validate(run, hub.suite, docs)
        if _has_crm(hub):
            make_plan(run, hub.policy, hub.crm)
    return run.run_id


def _held(copy: Store) -> int:
    with copy.begin() as connection:
        return int(connection.scalar(sa.text("SELECT count(*) FROM lead WHERE NOT valid")) or 0)


def _writes(copy: Store, run_id: str) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """What the run planned, and what it superseded of the plan before it."""
    with copy.begin() as connection:
        counts = {row[0]: int(row[1]) for row in connection.execute(_PLANNED, {"run": run_id})}
        dropped = int(connection.scalar(_DROPPED, {"run": run_id}) or 0)
        examples = [dict(row) for row in connection.execute(_EXAMPLES, {"run": run_id, "most": MOST}).mappings()]
    return {"create": counts.get("create", 0), "update": counts.get("update", 0), "no_longer": dropped}, examples


_OF_RUN = "change c JOIN plan p USING (plan_id) WHERE p.run_id = :run AND c.state IN ('planned', 'approved')"

_PLANNED = sa.text(f"SELECT action, count(*) FROM {_OF_RUN} GROUP BY action")

# Superseded during the run, and not made anew for the same customer.
_DROPPED = sa.text(f"""
SELECT count(DISTINCT s.identity_id) FROM change s JOIN run r ON r.run_id = :run
WHERE s.state = 'superseded' AND s.settled_at >= r.started_at
  AND NOT EXISTS (SELECT FROM {_OF_RUN} AND c.identity_id = s.identity_id)
""")

_EXAMPLES = sa.text(f"""
SELECT action, object, match_value AS record, before, after FROM {_OF_RUN} ORDER BY action DESC, c.change_id LIMIT :most
""")
