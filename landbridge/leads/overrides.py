"""Overrides: a person's word about a golden value, which stands above every rule until a person takes it back.

It follows its customer through merges; where two say something of one field, the newer stands. Golden obeys it at the
next run, over all sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from landbridge.errors import NotFound, RecordRejected
from landbridge.leads.fields import COPIED
from landbridge.leads.polish import POLISHED, polish
from landbridge.leads.rules import GoldenRules
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import audit
from landbridge.trail.lineage import identity_of

_override = tables.override

FIELDS = COPIED
"""What a person may say. A name is said whole, and its parts follow; consent is nobody's to override."""

LONGEST = 255
_REPLACED = "another value"
RULE = "person"
"""The rule that an overridden value's origin names."""


@dataclass(frozen=True)
class Override:
    """One word of somebody's about a customer's value."""

    override_id: int
    identity_id: str
    field: str
    value: str
    actor: str
    reason: str
    at: datetime
    released_at: datetime | None


_COLUMNS = [_override.c[name] for name in Override.__dataclass_fields__]


def place(store: Store, rules: GoldenRules, what: str, field: str, value: str, *, actor: str, reason: str) -> Override:
    """Let a value stand, in good form. One that stood for the field before is released. Saying it twice writes nothing.

    Raises NotFound for a customer or field that is not there, RecordRejected for a value that cannot be one.
    """
    good = _good(rules, field, value)
    with store.begin() as connection:
        identity, _ = identity_of(connection, what)
        connection.execute(_ONE_BY_ONE, {"id": identity})
        standing = _standing(connection, identity, field)
        if standing and standing.value == good:
            return standing
        if standing:
            _release(connection, standing, actor, _REPLACED)
        said = {"identity_id": identity, "field": field, "value": good, "actor": actor, "reason": reason}
        row = connection.execute(sa.insert(_override).values(said).returning(*_COLUMNS)).one()
        audit.record(connection, _event("override.placed", actor, Override(*row)))
        return Override(*row)


def release(store: Store, override_id: int, *, actor: str, reason: str) -> Override:
    """Take it back; the rules choose again. Raises NotFound when it does not stand."""
    where = _override.c.override_id == override_id, _override.c.released_at.is_(None)
    with store.begin() as connection:
        row = connection.execute(sa.select(*_COLUMNS).where(*where).with_for_update()).first()
        if row is None:
            raise NotFound("That override does not stand any more.", do="The customer's page shows those that do.")
        _release(connection, Override(*row), actor, reason)
        return Override(*row)


def undo(store: Store, override_id: int, *, actor: str) -> Override:
    """Take back what I placed, as if I had not: the word that it replaced stands again, with its own actor and time.
    Raises NotFound when it does not stand, or is another's."""
    where = _override.c.override_id == override_id, _override.c.released_at.is_(None), _override.c.actor == actor
    with store.begin() as connection:
        row = connection.execute(sa.select(*_COLUMNS).where(*where).with_for_update()).first()
        if row is None:
            raise NotFound("That override of yours does not stand any more.", do="The customer's page shows what does.")
        placed = Override(*row)
        _release(connection, placed, actor, "taken back")
        again = {"identity": placed.identity_id, "field": placed.field, "at": placed.at, "why": _REPLACED}
        for replaced in connection.execute(_RESTORED, again):
            audit.record(connection, _event("override.restored", actor, Override(*replaced)))
        return placed


def of(connection: sa.Connection, identities: list[str]) -> list[Override]:
    """Those that stand for these ids (a customer's and its former ones), the newest word of each field."""
    where = _override.c.identity_id.in_(identities), _override.c.released_at.is_(None)
    rows = connection.execute(sa.select(*_COLUMNS).where(*where).order_by(_override.c.override_id))
    return list({row.field: Override(*row) for row in rows}.values())


def _good(rules: GoldenRules, field: str, value: str) -> str:
    if field not in FIELDS:
        raise NotFound(f"'{field}' is not a value that a person may set.", do=f"These are: {', '.join(FIELDS)}.")
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())
    if not plain or len(plain) > LONGEST:
        raise RecordRejected(
            f"A {field.replace('_', ' ')} is 1 to {LONGEST} characters long.",
            do="Shorten it, or take the override back.",
        )
    if "•" in plain:
        raise RecordRejected("That is a value behind its veil (•), not a value.", do="Write the value out.")
    good, well_formed = polish(rules, field, plain, None, None) if field in POLISHED else (plain, True)
    if not well_formed or not _SHAPES.get(field, _anything)(good):
        raise RecordRejected(f"That is no {field.replace('_', ' ')}.", do=_FORMS.get(field, "Write it out."))
    return good


def _anything(_value: str) -> bool:
    return True


def _day(value: str) -> bool:
    """A day of the calendar that somebody alive may be born on."""
    try:
        return bool(_DAY.fullmatch(value)) and date(1890, 1, 1) <= date.fromisoformat(value) <= date.today()
    except ValueError:
        return False


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SITE = re.compile(r"(https?://)?([\w-]+\.)+[^\W\d_]{2,}(:\d+)?([/?#]\S*)?", re.IGNORECASE)
_TONGUE = re.compile(r"[a-zA-Z]{2,3}([-_][a-zA-Z0-9]{2,8})*")
_SHAPES: dict[str, Callable[[str], object]] = {
    "birth_date": _day,
    "website": _SITE.fullmatch,
    "language": _TONGUE.fullmatch,
}

_FORMS = {
    "birth_date": "As year-month-day, such as 1980-02-29.",
    "website": "Such as https://example.com.",
    "language": "Its code, such as en or pt-BR.",
    "email": "Such as ann@example.com.",
    "phone": "With the country's code, such as +44 20 7946 0018.",
    "country": "Its name, or its two letters.",
}


def _standing(connection: sa.Connection, identity: str, field: str) -> Override | None:
    where = _override.c.identity_id == identity, _override.c.field == field, _override.c.released_at.is_(None)
    row = connection.execute(sa.select(*_COLUMNS).where(*where).with_for_update()).first()
    return Override(*row) if row else None


# Two who set a value at once come one after the other, also where none stood before.
_ONE_BY_ONE = sa.text("SELECT FROM identity WHERE identity_id = :id FOR NO KEY UPDATE")

# What a placement replaced was released in its own transaction, at its own time.
_RESTORED = sa.text(f"""
UPDATE override SET released_at = NULL, released_by = NULL, released_why = NULL
WHERE identity_id = :identity AND field = :field AND released_at = :at AND released_why = :why
RETURNING {", ".join(Override.__dataclass_fields__)}
""")


def _release(connection: sa.Connection, override: Override, actor: str, reason: str) -> None:
    gone = {"released_at": sa.func.now(), "released_by": actor, "released_why": reason}
    connection.execute(sa.update(_override).where(_override.c.override_id == override.override_id).values(gone))
    audit.record(connection, _event("override.released", actor, override))


def _event(kind: str, actor: str, override: Override) -> audit.Event:
    return audit.Event(kind, actor, override.identity_id, {"override": override.override_id, "field": override.field})


OVERRULED = """
meant(override_id, field, value, identity_id) AS (
    SELECT override_id, field, value, identity_id FROM override WHERE released_at IS NULL
    UNION ALL
    SELECT m.override_id, m.field, m.value, i.redirect_to FROM meant m JOIN identity i USING (identity_id)
    WHERE i.redirect_to IS NOT NULL),
overruled AS (
    SELECT DISTINCT ON (m.identity_id, m.field) m.* FROM meant m JOIN identity i USING (identity_id)
    WHERE i.redirect_to IS NULL ORDER BY m.identity_id, m.field, m.override_id DESC)
"""
"""What stands of whom today, for a WITH RECURSIVE: overruled(override_id, field, value, identity_id)."""
