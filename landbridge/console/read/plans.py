"""A plan as its page shows it. Each query reads what one page shows, however large the plan is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from landbridge.console.read.plan_fields import FieldShown, fields_of, in_order, name_of
from landbridge.console.web.veil import Veil
from landbridge.errors import NotFound
from landbridge.push import budget, looked, sorting
from landbridge.push.claimed import STANDS
from landbridge.push.outbox import Group
from landbridge.push.selection import Selection, found
from landbridge.push.sending import Sending
from landbridge.store.engine import Store


@dataclass(frozen=True)
class Head:
    """A plan in numbers. `states`: changes by state, `held` among them; `creates`, `updates`, `deletes`: of those that
    stand in it; `sorted`: whether its groups are known yet; `seen`: the mark of what waits in it, which an approval
    brings back."""

    plan_id: str
    account: str
    kind: str
    subject: str | None
    state: str
    at: datetime
    run_id: str
    unchanged: int
    approved_by: str | None
    approved_at: datetime | None
    reason: str | None
    dropped_by: str | None
    dropped_why: str | None
    states: Mapping[str, int]
    kinds: Mapping[tuple[str, str], int]
    sorted: bool
    seen: str

    @property
    def creates(self) -> int:
        return self._of("create")

    @property
    def updates(self) -> int:
        return self._of("update")

    @property
    def deletes(self) -> int:
        return self._of("delete")

    def _of(self, action: str) -> int:
        return sum(count for (_, done), count in self.kinds.items() if done == action)

    @property
    def open(self) -> int:
        """Changes that are to be sent or approved."""
        return sum(self.states.get(state, 0) for state in ("planned", "approved", "sending", "unknown"))

    @property
    def changes(self) -> int:
        """Changes that stand in it, whatever became of them."""
        return sum(count for state, count in self.states.items() if state not in ("superseded", "held"))

    @property
    def under_way(self) -> bool:
        """Whether something of it is being sent, or could be any moment."""
        return self.state == "approved" and self.open > 0

    @property
    def waits(self) -> bool:
        return self.state == "planned" and self.open > 0

    def calls(self, sending: Sending) -> int:
        """About how many API calls it costs."""
        return budget.cost({Group(action, name, ""): count for (name, action), count in self.kinds.items()}, sending)


def head(store: Store, plan_id: str, veil: Veil) -> Head:
    """The plan's numbers. Raises NotFound."""
    with store.begin() as connection:
        row = connection.execute(sa.text(_HEAD), {"plan_id": plan_id}).mappings().first()
        if row is None:
            raise NotFound(f"There is no plan '{plan_id}'.", do="Plan and push lists them.")
        standing = looked.standing(connection, plan_id)
        held = connection.scalar(sa.text(_HELD), {"plan_id": plan_id})
        done = sorting.sorted_already(connection, plan_id)
        kinds = {
            (each.name, each.detail): each.changes for each in connection.execute(sa.text(_KINDS), {"plan_id": plan_id})
        }
    told = {**row, "reason": veil.said(row["reason"]), "dropped_why": veil.said(row["dropped_why"])}
    states = {**standing.states, **({"held": held} if held else {})}
    return Head(**told, states=states, kinds=kinds, sorted=done, seen=standing.mark)


_HEAD = """
SELECT plan_id, account, kind, subject, state, at, run_id, unchanged, approved_by, approved_at, reason, dropped_by,
       dropped_why FROM plan WHERE plan_id = :plan_id
"""
# By an index of its own.
_HELD = """
SELECT count(*) FROM change c WHERE plan_id = :plan_id AND state = 'superseded' AND held_by IS NOT NULL
    AND NOT EXISTS (SELECT FROM hold h WHERE h.hold_id = c.held_by AND h.field IS NOT NULL)
"""
_KINDS = "SELECT name, detail, changes FROM plan_part WHERE plan_id = :plan_id AND what = 'kind' AND changes > 0"


@dataclass(frozen=True)
class ReasonGroup:
    """A reason that changes of a plan share. `fields`: name and number, the most frequent first."""

    key: str
    words: str
    changes: int
    fields: Sequence[tuple[str, int]]

    @property
    def conflict(self) -> bool:
        """Whether it tells of somebody's edit."""
        return self.key.startswith(("kept:", "over:"))


def groups(store: Store, plan_id: str) -> list[ReasonGroup]:
    """The plan by reason: conflicts first, then the most frequent."""
    with store.begin() as connection:
        rows = connection.execute(sa.text(_GROUPS), {"plan_id": plan_id}).all()
    made = [
        ReasonGroup(row.name, sorting.words_of(row.name), row.changes, [(f, int(n)) for f, n in row.fields or []])
        for row in rows
    ]
    return sorted(made, key=lambda each: (not each.conflict, -each.changes, each.words))


_GROUPS = """
SELECT r.name, r.changes, (
    SELECT jsonb_agg(jsonb_build_array(f.detail, f.changes) ORDER BY f.changes DESC, f.detail) FROM plan_part f
    WHERE f.plan_id = r.plan_id AND f.what = 'field' AND f.name = r.name AND f.changes > 0) AS fields
FROM plan_part r WHERE r.plan_id = :plan_id AND r.what = 'reason' AND r.changes > 0
"""


@dataclass(frozen=True)
class HoldShown:
    """A hold that stands on a record of the page, or on a field of it."""

    hold_id: int
    batch: int | None
    field: str | None
    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class ChangeShown:
    """One change as the page shows it. `record`: the CRM's id, None where one is to be made."""

    change_id: int
    object: str
    action: str
    state: str
    record: str | None
    identity_id: str
    name: str
    fields: Sequence[FieldShown]
    code: str | None
    message: str | None
    refusal: str | None
    settled_at: datetime | None
    holds: list[HoldShown] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return self.state == "superseded"

    @property
    def open(self) -> bool:
        return self.state in ("planned", "approved")

    @property
    def conflicts(self) -> int:
        return sum(each.conflict for each in self.fields)


def changes(store: Store, chosen: Selection, after: int, limit: int, veil: Veil) -> list[ChangeShown]:
    """What is selected, beyond the change `after`, in order."""
    with store.begin() as connection:
        way = found(connection, chosen)
        if way is None:
            return []
        asked = {**way.values, "after": after, "limit": limit}
        rows = connection.execute(sa.text(_CHANGES.format(where=way.where)), asked).mappings().all()
        held = (
            connection.execute(sa.text(_HOLDS), {"identities": [row["identity_id"] for row in rows]}).mappings().all()
        )
    about = [dict(each) for each in held]
    return [_shown(dict(row), about, chosen, veil) for row in rows]


def every_change(store: Store, chosen: Selection, veil: Veil, at_once: int = 500) -> Iterator[ChangeShown]:
    """All that is selected, a batch at a time: for export."""
    after = 0
    while batch := changes(store, chosen, after, at_once, veil):
        yield from batch
        after = batch[-1].change_id


def _shown(row: Mapping[str, Any], held: Sequence[Mapping[str, Any]], chosen: Selection, veil: Veil) -> ChangeShown:
    told = {
        name: row[name]
        for name in (
            "change_id",
            "object",
            "action",
            "identity_id",
            "code",
            "refusal",
            "settled_at",
        )
    }
    record = row["match_value"] if row["match_field"] == "Id" else row["crm_id"]
    about = [{name: each[name] for name in HoldShown.__dataclass_fields__} for each in held if _about(each, row)]
    mine = [HoldShown(**{**each, "reason": veil.said(each["reason"])}) for each in about]
    return ChangeShown(
        **told,
        state=row["stands"],
        record=record,
        name=veil(name_of(row)),
        message=veil(row["message"]),
        fields=in_order(fields_of(row, {h.field for h in mine}, veil), chosen.reason, chosen.field),
        holds=mine,
    )


def _about(held: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    mine = held["identity_id"] in (None, row["identity_id"]) and held["object"] in (None, row["object"])
    return mine and (held["field"] is None or held["field"] in row["conflicts"] or held["field"] in row["after"])


_CHANGES = f"""
SELECT c.*, {STANDS} AS stands, l.fields AS said FROM plan_entry e JOIN change c USING (change_id)
LEFT JOIN lead l ON l.identity_id = c.identity_id
WHERE {{where}} AND e.change_id > :after ORDER BY e.change_id LIMIT :limit
"""
_HOLDS = """
SELECT * FROM hold WHERE released_at IS NULL AND kind = 'person' AND identity_id = ANY(:identities)
ORDER BY hold_id
"""
