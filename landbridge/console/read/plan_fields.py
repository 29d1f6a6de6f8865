"""The fields of one change: from what to what, with the words that differ, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

from landbridge.console.web.veil import Veil
from landbridge.push import words
from landbridge.push.render import name_of_change
from landbridge.push.sorting import keys_of

LONGEST = 600
"""Characters of a value that a page shows; CSV and JSON have it whole."""

_COMPARED = 400
"""Characters beyond which words are not compared one by one: it costs the square, and nobody reads that."""

Piece = tuple[str, bool]
"""Some text, and whether it differs from the other side."""


@dataclass(frozen=True)
class FieldShown:
    """One field. `kind`: set (it is empty now), replace, clear, remove (the record goes), keep (the CRM's value stays,
    and `after` is what we would have). `profile` and `record`: where the value came from."""

    name: str
    kind: str
    before: Any
    after: Any
    reason: str
    profile: str | None
    record: int | None
    conflict: bool
    held: bool
    reasons: frozenset[str] = frozenset()

    @property
    def pieces(self) -> tuple[list[Piece], list[Piece]]:
        """Both values in pieces."""
        return compared(words.shown(self.before), words.shown(self.after))


def fields_of(change: Mapping[str, Any], held: set[str | None], veil: Veil) -> list[FieldShown]:
    """Every field of a change that is written or left alone; `held`: those that a hold names. Both sides of a value are
    veiled whole, before they are compared: what differs between two phone numbers may be the rest of them."""
    shown = [*_written(change, held, veil), *_removed(change), *_kept(change, held)]
    return [replace(each, before=veil(each.before), after=veil(each.after)) for each in shown]


def in_order(fields: Sequence[FieldShown], reason: str | None, name: str | None) -> list[FieldShown]:
    """What somebody looks for first, then what somebody edited, then by name."""

    def meant(field: FieldShown) -> bool:
        return bool(reason or name) and (reason is None or reason in field.reasons) and name in (None, field.name)

    return sorted(fields, key=lambda field: (not meant(field), not field.conflict, field.name))


def _written(change: Mapping[str, Any], held: set[str | None], veil: Veil) -> list[FieldShown]:
    made = []
    for name, after in sorted(change["after"].items()):
        before, origin = change["before"].get(name), change["origin"].get(name)
        origin = {**origin, "profile": veil.key(origin.get("profile"))} if isinstance(origin, dict) else {}
        conflict = change["conflicts"].get(name)
        kind = "set" if before is None else "clear" if after is None else "replace"
        told = words.reason(origin, conflict)
        whence = origin.get("profile"), origin.get("record")
        keys = frozenset(keys_of(origin, conflict))
        made.append(FieldShown(name, kind, before, after, told, *whence, conflict is not None, name in held, keys))
    return made


def _removed(change: Mapping[str, Any]) -> list[FieldShown]:
    if change["action"] != "delete":
        return []
    why = str(change["origin"].get("why", "we made it, and nobody has worked on it"))
    given = [(n, v) for n, v in sorted(change["before"].items()) if v is not None and n != "LastModifiedDate"]
    return [FieldShown(name, "remove", value, None, why, None, None, False, False) for name, value in given]


def _kept(change: Mapping[str, Any], held: set[str | None]) -> list[FieldShown]:
    return [
        FieldShown(
            name,
            "keep",
            each["theirs"],
            each["ours"],
            words.left_alone(each),
            None,
            None,
            each.get("why") != "held",
            name in held or each.get("why") == "held",
            frozenset(keys_of({}, each)),
        )
        for name, each in sorted(change["conflicts"].items())
        if each["kept"] == "theirs"
    ]


def name_of(change: Mapping[str, Any]) -> str:
    """What the person is called."""
    return name_of_change(change["said"], change["before"], change["after"])


def cut(text: str) -> str:
    """As much of a text as a page shows, and how much there is."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def compared(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Both texts in pieces, those that differ marked: by words, as people read them."""
    if not before or not after or max(len(before), len(after)) > _COMPARED:
        return [(cut(before), bool(after))], [(cut(after), bool(before))]
    left, right = (re.findall(r"\s+|[^\s]+", text) for text in (before, after))
    marks = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return (
        [(piece, tag != "equal") for tag, a, b, _, _ in marks if (piece := _joined(left, a, b))],
        [(piece, tag != "equal") for tag, _, _, a, b in marks if (piece := _joined(right, a, b))],
    )


def _joined(parts: Sequence[str], begin: int, end: int) -> str:
    return "".join(parts[begin:end])
