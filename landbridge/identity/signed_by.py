"""Which text a piece of evidence comes from that stands in a signature: so that whoever decides can read it there."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from landbridge.identity.comparisons import SIGNED
from landbridge.identity.features.phone import TAIL

Where = Mapping[str, str]
"""For a comparison, where it was signed, in words; nothing where systems' own fields say it."""

NAMED = ("given", "family", "middle")


@dataclass(frozen=True)
class Signatures:
    """(touchpoint, kind, value) of what each profile's own texts are signed with; who has no name but there."""

    of: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    nameless: frozenset[str] = frozenset()

    def where(self, left: str, right: str, evidence: Mapping[str, Any]) -> Where:
        """Where the pieces of this evidence stand that come from a signature."""
        told = {name: self._texts((left, right), name, piece) for name, piece in evidence.items()}
        return {name: _in_words(texts) for name, texts in told.items() if texts}

    def _texts(self, both: tuple[str, str], comparison: str, piece: Mapping[str, Any]) -> list[str]:
        if comparison in NAMED:
            signers = [profile for profile in both if profile in self.nameless]
            return self._signed(signers, "name")
        if piece["level"] != SIGNED:
            return []
        return self._signed(both, comparison, _shared(piece) if comparison == "phone" else None)

    def _signed(self, profiles: Collection[str], kind: str, tails: Collection[str] | None = None) -> list[str]:
        found = [row for profile in profiles for row in self.of.get(profile, ()) if row[1] == kind]
        return sorted({text for text, _, value in found if tails is None or re.sub(r"\D", "", value)[-TAIL:] in tails})


def signatures_of(connection: sa.Connection, profiles: Collection[str]) -> Signatures:
    """The signatures that count beside these profiles."""
    rows = connection.execute(_SIGNED, {"ids": list(profiles)}).all()
    of: dict[str, list[tuple[str, str, str]]] = {}
    for row in rows:
        of.setdefault(row.profile_id, []).append((row.touchpoint_id, row.kind, row.value))
    return Signatures(of, frozenset(row.profile_id for row in rows if row.nameless))


_SIGNED = sa.text("""
SELECT s.profile_id, touchpoint_id, kind, value,
    coalesce(full_name, given_name, middle_name, family_name) IS NULL AS nameless
FROM signature s JOIN profile p USING (profile_id)
WHERE s.profile_id = ANY(:ids) AND touchpoint_id IS NOT NULL ORDER BY s.profile_id, touchpoint_id, kind, value
""")


def _shared(piece: Mapping[str, Any]) -> set[str]:
    """The numbers that both sides show."""
    left, right = (set(str(piece.get(side) or "").split(", ")) for side in ("left", "right"))
    return left & right


def _in_words(texts: list[str]) -> str:
    more = f" and {len(texts) - 1} more" if len(texts) > 1 else ""
    return f" (in a signature: {texts[0]}{more})"
