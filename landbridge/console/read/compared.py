"""Records side by side: field by field, what agrees between the two sides and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from landbridge.desk.words import digits, words

MOST = 5
"""Records shown side by side."""


@dataclass(frozen=True)
class Record:
    """A profile as a column. `side`: 'a' or 'b'; `asked`: the question is about this very one."""

    profile_id: str
    account: str
    stream: str
    key: str
    side: str
    asked: bool
    gone: bool
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """A record's values of a field. `mark`: 'same' or 'differs' against the other side, '' where that is silent."""

    values: list[str]
    mark: str
    side: str


@dataclass(frozen=True)
class Row:
    """A field, over all records."""

    label: str
    cells: list[Cell]
    mark: str


def records(connection: sa.Connection, left: str, right: str, identities: tuple[str, str]) -> list[Record]:
    """The two that are asked about first on their sides, then others of their customers, MOST in all."""
    ids = {"ids": list(set(identities)), "left": left, "right": right}
    rows = connection.execute(_MEMBERS, ids).mappings().all()
    one = len(set(identities)) == 1
    found = [_record(row, _side(row, left, right, identities, one), row["profile_id"] in (left, right)) for row in rows]
    a, b = ([record for record in found if record.side == side] for side in "ab")
    room = MOST - min(len(b), MOST // 2)
    return [*a[:room], *b[: MOST - len(a[:room])]]


def _side(row: Any, left: str, right: str, identities: tuple[str, str], one: bool) -> str:
    if one:
        return "b" if row["profile_id"] == right else "a"
    return "a" if row["identity_id"] == identities[0] else "b"


def _record(row: Any, side: str, asked: bool) -> Record:
    fields = dict(row)
    return Record(row["profile_id"], row["account"], row["stream"], row["key"], side, asked, row["gone"], fields)


def compared(shown: Sequence[Record]) -> list[Row]:
    """Field by field; fields of which nobody says anything are left out."""
    rows = (_row(label, fields, shown) for label, fields in FIELDS)
    return [row for row in rows if any(cell.values for cell in row.cells)]


FIELDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Name", ("full_name", "given_name", "middle_name", "family_name")),
    ("E-mail", ("email",)),
    ("Phone", ("phone",)),
    ("Social", ("handle",)),
    ("Born", ("birth_date",)),
    ("Address", ("street", "postcode", "city", "region", "country")),
    ("Company", ("company",)),
    ("Title", ("title",)),
    ("Website", ("website",)),
    ("Language", ("language",)),
)


def _row(label: str, fields: tuple[str, ...], shown: Sequence[Record]) -> Row:
    values = [_values(label, record.fields, fields) for record in shown]
    keys = [{_key(label, value) for value in each} for each in values]
    known = {side: set().union(*(k for k, r in zip(keys, shown, strict=True) if r.side == side)) for side in "ab"}
    cells = [
        Cell(each, _mark(key, known["b" if record.side == "a" else "a"]), record.side)
        for each, key, record in zip(values, keys, shown, strict=True)
    ]
    return Row(label, cells, _mark(known["a"], known["b"]))


def _values(label: str, said: Mapping[str, Any], fields: tuple[str, ...]) -> list[str]:
    if label == "Name":
        parts = " ".join(str(said[field]) for field in fields[1:] if said[field])
        return [each for each in (said["full_name"] or parts,) if each]
    if label == "Address":
        return [whole] if (whole := ", ".join(str(said[field]) for field in fields if said[field])) else []
    return list(_each(said[fields[0]]))


def _each(value: Any) -> Iterable[str]:
    return [str(each) for each in value or [] if each] if isinstance(value, list) else [value] if value else []


def _key(label: str, value: str) -> str:
    """What two values must share to agree: a phone's last digits, else its words."""
    return digits(value)[-9:] if label == "Phone" else " ".join(sorted(words(value))) or value


def _mark(mine: set[str], theirs: set[str]) -> str:
    if not mine or not theirs:
        return ""
    return "same" if mine & theirs else "differs"


_MEMBERS = sa.text("""
SELECT l.identity_id, p.* FROM link l JOIN profile p USING (profile_id) WHERE l.identity_id = ANY(:ids)
ORDER BY p.profile_id NOT IN (:left, :right), p.gone, p.updated_at DESC NULLS LAST, p.profile_id LIMIT 40
""")
