"""Some changes of a plan, as people point at them: by reason, field, kind, state, or an id. Found by index."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from landbridge.push.sorting import FEW


@dataclass(frozen=True)
class Selection:
    """What is None is not narrowed down. `search`: a change's number, a customer's id, or a CRM record's."""

    plan_id: str
    reason: str | None = None
    field: str | None = None
    object: str | None = None
    action: str | None = None
    state: str | None = None
    search: str | None = None

    @classmethod
    def of(cls, plan_id: str, filters: Mapping[str, str]) -> Selection:
        """Of a list's filters, or a form's fields; what is empty does not narrow."""
        names = {each.name for each in fields(cls)} - {"plan_id"}
        return cls(plan_id, **{name: value for name, value in filters.items() if name in names and value})

    @property
    def whole(self) -> bool:
        """Whether it is the plan itself."""
        return not any(getattr(self, each.name) for each in fields(self) if each.name != "plan_id")

    @property
    def of_fields(self) -> bool:
        """Whether fields are pointed at, rather than records."""
        return bool(self.reason or self.field)


@dataclass(frozen=True)
class Found:
    """How to find them: conditions on `e` (plan_entry) and `c` (change), and their values."""

    where: str
    values: Mapping[str, Any]


STATES: Mapping[str, str] = {
    "open": "c.state IN ('planned', 'approved', 'sending')",
    "held": "c.state = 'superseded' AND c.held_by IS NOT NULL",
    "done": "c.state = 'done'",
    "refused": "c.state = 'refused'",
    "unknown": "c.state = 'unknown'",
}
"""The states by which people ask, each a condition on `c`."""

SHOWN = (
    "(c.state <> 'superseded' OR c.held_by IS NOT NULL AND NOT EXISTS (SELECT FROM hold h "
    "WHERE h.hold_id = c.held_by AND h.field IS NOT NULL))"
)
"""What a plan shows: what stands in it and what is held as a whole. Of what lost a field only the rest is shown."""


def found(connection: sa.Connection, chosen: Selection) -> Found | None:
    """How to find what is selected; None when it is nothing."""
    where = ["e.plan_id = :plan_id", SHOWN]
    values: dict[str, Any] = {"plan_id": chosen.plan_id}
    if chosen.state:
        if chosen.state not in STATES:
            return None
        where += ["c.plan_id = :plan_id", STATES[chosen.state]]  # by the index of states, where few have it
    for number, wanted in enumerate(_wanted(chosen)):
        parts = connection.execute(sa.text(_PARTS), {"plan_id": chosen.plan_id, **wanted}).all()
        if not parts:
            return None
        values[f"parts{number}"] = [part.part for part in parts]
        where.append(f"e.parts && CAST(:parts{number} AS int[])")
        if all(part.few is not None for part in parts) and sum(len(part.few) for part in parts) <= FEW:
            values[f"few{number}"] = sorted({change for part in parts for change in part.few})
            where.append(f"e.change_id = ANY(:few{number})")
    if chosen.search:
        values["searched"] = list(connection.scalars(sa.text(_SEARCH), _asked(chosen)))
        where.append("e.change_id = ANY(:searched)")
    return Found(" AND ".join(where), values)


_NOTHING: dict[str, str | None] = {"what": None, "name": None, "detail": None}


def _wanted(chosen: Selection) -> list[dict[str, str | None]]:
    wanted = []
    if chosen.object or chosen.action:
        wanted.append(_NOTHING | {"what": "kind", "name": chosen.object, "detail": chosen.action})
    if chosen.field:
        wanted.append(_NOTHING | {"what": "field", "name": chosen.reason, "detail": chosen.field})
    elif chosen.reason:
        wanted.append(_NOTHING | {"what": "reason", "name": chosen.reason})
    return wanted


def _asked(chosen: Selection) -> dict[str, Any]:
    text = (chosen.search or "").strip()
    number = re.fullmatch(r"(?:change )?#?(\d{1,15})", text)
    return {"plan_id": chosen.plan_id, "number": int(number[1]) if number else None, "text": text}


_PARTS = """
SELECT part, few FROM plan_part WHERE plan_id = :plan_id AND what = :what
  AND (CAST(:name AS text) IS NULL OR name = :name) AND (CAST(:detail AS text) IS NULL OR detail = :detail)
"""

# Each by an index of its own; `match_value` of what is open, `crm_id` of what has arrived.
_SEARCH = """
SELECT change_id FROM change WHERE plan_id = :plan_id AND change_id = CAST(:number AS bigint)
UNION SELECT change_id FROM change WHERE plan_id = :plan_id AND identity_id = :text
UNION SELECT change_id FROM change WHERE plan_id = :plan_id AND crm_id = :text
UNION SELECT c.change_id FROM (SELECT DISTINCT name FROM plan_part WHERE plan_id = :plan_id AND what = 'kind') k
    CROSS JOIN LATERAL (
        SELECT change_id FROM change c WHERE c.account = (SELECT account FROM plan WHERE plan_id = :plan_id)
          AND c.object = k.name AND c.match_value = :text AND c.plan_id = :plan_id
          AND c.state IN ('planned', 'approved', 'sending', 'unknown')) c
LIMIT 1000
"""
