"""The whole of what is held: the failing row, where it came from, its bytes, and the place to mend it."""

from __future__ import annotations

import base64
import binascii
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.read.plan_fields import cut
from landbridge.console.read.quarantine import Item
from landbridge.console.read.quarantine_words import ANSWERS
from landbridge.console.web.veil import Veil
from landbridge.leads.overrides import FIELDS
from landbridge.mapping import nodes
from landbridge.push import words
from landbridge.push.words import RULES
from landbridge.store.engine import Store

SHOWN = 20_000
"""Characters of raw bytes and payloads that a page shows."""

SAID = {"last_name": "full_name", "first_name": "full_name"}
"""What a person says where the failing field is a part of it."""


def mendable(hub: Hub, item: Item) -> str | None:
    """The value that a person may set to mend it: the one that failed, or the one whose field the CRM names when it
    refuses. None where nobody can, and where it names several: its words quote values, which are anybody's."""
    if item.stage == "validate":
        return _said_as(item.field)
    if item.kind != "push" or (row := _row(hub.store, _REFUSED, item)) is None or row.refusal != "repair":
        return None
    named = named_in(item.reason, row.after)
    return _said_as((row.origin.get(named[0]) or {}).get("field")) if len(named) == 1 else None


def _said_as(field: str | None) -> str | None:
    said = SAID.get(field or "", field or "")
    return said if said in FIELDS else None


def named_in(said: str, after: Mapping[str, Any]) -> list[str]:
    """The fields that a refusal names where a CRM names them: "City: …", "[City, Title]", "…:City --"."""
    for value in sorted((value for value in after.values() if isinstance(value, str)), key=len, reverse=True):
        said = said.replace(value, "…") if len(value) > 1 else said
    return [name for name in after if re.search(rf"(?:^|[\[,;:])\s*{re.escape(name)}\s*(?:[\],:]|--)", said)]


@dataclass(frozen=True)
class Cell:
    """One value of the row. `fails`: it is why the row is held."""

    name: str
    value: str
    whence: str | None
    record_id: int | None
    fails: bool


@dataclass(frozen=True)
class Side:
    """A field of the CRM's records that a question is about, a value for each record."""

    name: str
    values: tuple[str, ...]
    differs: bool


@dataclass(frozen=True)
class Whole:
    """Everything about an item. `raw`: as safe text; `place`: file and line to mend; `repair`: the field that a person
    may set, and its value now, empty for who may not read it; `pair`: the two profiles that are in doubt, for who may
    name them; `records` and `sides`: the CRM's records that a question is about, and what stands in them."""

    cells: Sequence[Cell] = ()
    raw: str | None = None
    place: str | None = None
    repair: tuple[str, str] | None = None
    pair: tuple[str, str] | None = None
    plan_id: str | None = None
    change_id: int | None = None
    refusal: str | None = None
    records: Sequence[str] = ()
    sides: Sequence[Side] = ()


def whole(hub: Hub, item: Item, veil: Veil) -> Whole:
    """All that is known of it. `item`: as it is."""
    found = _READ[item.stage](hub, item, veil)
    cells = [replace(cell, value=veil(cell.value)) for cell in found.cells]
    repair = _repair(hub, item, veil)
    pair = found.pair if veil.names else None
    sides = [replace(side, values=tuple(map(veil, side.values))) for side in found.sides]
    return replace(found, cells=cells, raw=veil(found.raw), repair=repair, pair=pair, sides=sides)


def _repair(hub: Hub, item: Item, veil: Veil) -> tuple[str, str] | None:
    field = mendable(hub, item)
    if field is None:
        return None
    row = _row(hub.store, "SELECT fields FROM lead WHERE identity_id = :subject", item)
    return field, words.shown(row.fields.get(field)) if row and veil.personal else ""


def _of_lead(hub: Hub, item: Item, veil: Veil) -> Whole:
    row = _row(hub.store, "SELECT fields, origin FROM lead WHERE identity_id = :subject", item)
    fields, origin = (row.fields, row.origin) if row else ({}, {})
    names = sorted({*fields, *([item.field] if item.field else [])}, key=lambda name: (name != item.field, name))
    cells = [_cell(name, fields.get(name), origin.get(name), name == item.field, veil) for name in names]
    return Whole(cells, place="mappings/quality/lead.yaml")


def _cell(name: str, value: Any, origin: Any, fails: bool, veil: Veil) -> Cell:
    told = origin if isinstance(origin, dict) else {}
    rule = RULES.get(str(told.get("rule")), told.get("rule"))
    whence = ", ".join(str(part) for part in (rule, veil.key(told.get("profile"))) if part)
    return Cell(name, cut(words.shown(value)), whence or None, told.get("record"), fails)


def _of_record(hub: Hub, item: Item, veil: Veil) -> Whole:
    row = _row(hub.store, "SELECT payload FROM record WHERE record_id = :record_id", item)
    account, _, rest = item.subject.partition("/")
    place = _mapping_place(hub, account, rest.partition("/")[0])
    payload = row.payload if row else None
    content = _parsed(payload)
    if not isinstance(content, dict):
        return Whole(raw=safe(payload or ""), place=place)
    failing = (item.field or "").split(".")[0]
    names = sorted(content, key=lambda name: (name != failing, name))
    return Whole([_cell(name, content[name], None, name == failing, veil) for name in names[:200]], place=place)


def _parsed(payload: str | None) -> Any:
    try:
        return json.loads(payload or "")
    except (ValueError, RecursionError):
        return None


def _mapping_place(hub: Hub, account: str, stream: str) -> str | None:
    """File and line of the rules that the record was mapped with."""
    settings = hub.project.settings.accounts.get(account)
    path = hub.project.mappings / "sources" / f"{settings.system if settings else account}.yaml"
    try:
        line = nodes.read(path.read_text(encoding="utf-8")).line(("streams", stream))
    except (OSError, UnicodeDecodeError):
        return None
    return f"{_from_home(hub, path)}:{line}"


def _from_home(hub: Hub, path: Path) -> str:
    return str(path.relative_to(hub.project.home) if path.is_relative_to(hub.project.home) else Path(*path.parts[-3:]))


def _of_bytes(hub: Hub, item: Item, veil: Veil) -> Whole:
    row = _row(hub.store, "SELECT raw FROM quarantine WHERE quarantine_id = :quarantine_id", item)
    account = item.subject.partition("/")[0]
    settings = hub.project.settings.accounts.get(account)
    place = f"connectors/{settings.system}.py" if settings else None
    return Whole(raw=unpacked(row.raw if row else None), place=place)


def unpacked(raw: str | None) -> str:
    """Bytes as text that shows all of them and does nothing: what is no printable character is written out."""
    try:
        content = base64.b64decode(raw or "", validate=True)
    except (binascii.Error, ValueError):
        content = (raw or "").encode()
    return safe(content.decode("utf-8", "backslashreplace"))


def safe(text: str) -> str:
    """A text without characters that are invisible or turn the reading direction; those are written out."""
    shown = "".join(_plain(letter) for letter in text[:SHOWN])
    return shown if len(text) <= SHOWN else f"{shown}… ({len(text):,} characters)"


def _plain(letter: str) -> str:
    if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return letter
    return f"\\u{ord(letter):04x}"


def _of_doubt(hub: Hub, item: Item, veil: Veil) -> Whole:
    left, _, right = (item.value or "").partition(" ")
    return Whole(pair=(left, right) if left and right else None, place=None)


def _of_question(hub: Hub, item: Item) -> Whole:
    """The records that are to be deleted, or made one, side by side as the CRM had them last: what differs first, and
    of that what the policy names, in its order."""
    names = [item.expectation.split(" ", 1)[1], *re.findall(r"\b(?:Lead|Contact) (\w+)", item.reason)]
    with hub.store.begin() as connection:
        rows = connection.execute(sa.text(_IN_CRM), {"account": hub.crm, "keys": names}).all()
    told = [content if isinstance(content := _parsed(row.payload), dict) else {} for row in rows]
    known = {
        name: place
        for place, name in enumerate(dict.fromkeys(chain(*(rule.fields for rule in hub.policy.objects.values()))))
    }
    names = sorted({name for each in told for name in each}, key=lambda name: (known.get(name, len(known)), name))
    sides = [_side(name, [each.get(name) for each in told]) for name in names]
    shown = sorted((side for side in sides if any(side.values)), key=lambda side: not side.differs)
    return Whole(records=[f"{row.stream} {row.key}" for row in rows], sides=shown[:100])


def _side(name: str, values: Sequence[Any]) -> Side:
    texts = tuple(cut(words.shown(value)) for value in values)
    return Side(name, texts, len(set(texts)) > 1)


def _of_refusal(hub: Hub, item: Item, veil: Veil) -> Whole:
    if ANSWERS[item.kind].alone:
        return _of_question(hub, item)
    row = _row(hub.store, _REFUSED, item)
    if row is None:
        return Whole(place="mappings/crm/salesforce.yaml")
    named = named_in(item.reason, row.after)
    cells = [
        Cell(name, cut(words.shown(value)), None, None, name in named) for name, value in sorted(row.after.items())
    ]
    cells.sort(key=lambda cell: not cell.fails)
    return Whole(cells, plan_id=row.plan_id, change_id=row.change_id, refusal=row.refusal)


def _row(store: Store, query: str, item: Item) -> Any:
    asked = {name: getattr(item, name) for name in ("subject", "record_id", "quarantine_id", "expectation")}
    with store.begin() as connection:
        return connection.execute(sa.text(query), asked).first()


_IN_CRM = """
SELECT h.stream, h.key, r.payload FROM record_head h JOIN record r USING (record_id)
WHERE h.account = :account AND h.stream IN ('Lead', 'Contact') AND h.key = ANY(:keys) ORDER BY h.stream, h.key LIMIT 6
"""
_REFUSED = """
SELECT plan_id, change_id, after, origin, refusal FROM change
WHERE identity_id = :subject AND state = 'refused' AND code = :expectation ORDER BY change_id DESC LIMIT 1
"""
_READ = {"land": _of_bytes, "map": _of_record, "identity": _of_doubt, "validate": _of_lead, "push": _of_refusal}
