"""A match's evidence in words that a salesperson reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

SAYS: Mapping[str, Mapping[str, str]] = {
    "given": {
        "initial": "first name fits the initial: {left} / {right}",
        "same": "same first name: {left}",
        "swapped": "same names, first and last the other way round",
        "nickname": "first names agree apart from a nickname: {left} / {right}",
        "middle": "one goes by the other's middle name: {left} / {right}",
        "similar": "first names differ by a slip: {left} / {right}",
        "alike": "first names are written alike: {left} / {right}",
        "slip": "first names are a slip apart: {left} / {right}",
        "crossed": "one's first name is the other's last name",
        "different": "different first names: {left} / {right}",
    },
    "family": {
        "kin": "same last name under one roof: {left}",
        "kin_shared": "same last name, as most have who use that mailbox or number: {left}",
        "same": "same last name: {left}",
        "swapped": "",
        "part": "one last name is part of the other: {left} / {right}",
        "similar": "last names differ by a slip: {left} / {right}",
        "alike": "last names are written alike: {left} / {right}",
        "crossed": "",
        "different": "different last names: {left} / {right}",
    },
    "namesake": {
        "both": "first and last names go together by language: both in common say less than each alone",
        "different": "",
    },
    "middle": {
        "same": "same middle name: {left}",
        "initial": "middle initials agree: {left} / {right}",
        "different": "different middle names: {left} / {right}",
    },
    "email": {
        "personal": "same e-mail, used under no other name: {left}",
        "shared": "same e-mail, but several people use it: {left}",
        "shared_nameless": "same e-mail, but several people use it, and a name is missing: {left}",
        "similar": "e-mails differ by a slip: {left} / {right}",
        "mailbox": "same e-mail name at another provider: {left} / {right}",
        "different": "different e-mails: {left} / {right}",
    },
    "phone": {
        "personal": "same phone, used under no other name: …{left}",
        "shared": "same phone, but several people use it: …{left}",
        "shared_nameless": "same phone, but several people use it, and a name is missing: …{left}",
        "signed": "same phone in a signature: …{left} / …{right}",
        "similar": "phones differ by one digit: …{left} / …{right}",
        "different": "different phones: …{left} / …{right}",
    },
    "handle": {
        "personal": "same social name: {left}",
        "alias": "social name and e-mail name agree",
        "shared": "same social name, but several people use it: {left}",
        "different": "different social names: {left} / {right}",
    },
    "birth_date": {
        "same": "same birth date: {left}",
        "swapped": "birth dates agree with day and month changed over: {left} / {right}",
        "similar": "birth dates differ by a slip: {left} / {right}",
        "two_parts": "birth dates agree but for the year, the month or the day: {left} / {right}",
        "near": "birth dates agree in the year, the month or the day only: {left} / {right}",
        "different": "different birth dates: {left} / {right}",
    },
    "address": {
        "home_shared": "same town, as most have who use that mailbox or number",
        "house": "same address: {left}",
        "similar": "nearly the same address: {left} / {right}",
        "near": "nearly the same address, the town or postcode written otherwise: {left} / {right}",
        "kin_postcode": "same postcode, as relatives have too",
        "kin_town": "same town, as relatives have too",
        "postcode": "same postcode",
        "street": "same street",
        "city": "same town",
        "city_similar": "towns differ by a slip: {left} / {right}",
        "different": "different town: {left} / {right}",
    },
    "company": {
        "same": "same company: {left}",
        "signed": "same company in a signature: {left} / {right}",
        "different": "different companies: {left} / {right}",
    },
}
"""What each level of each comparison means; an empty text is told by another comparison."""


def explain_pair(evidence: str | Mapping[str, Any], where: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """One sentence a piece of evidence, what weighs most first; what speaks against comes last.

    `evidence` as kept with a match (JSON text or its object); `where` names the text of what comes from a signature
    (signed_by). Values are shown as they were compared and are text from
    outside: whoever puts them on a page escapes them.
    """
    pieces = json.loads(evidence) if isinstance(evidence, str) else evidence
    weightiest = sorted(pieces.items(), key=lambda item: (-item[1]["weight"], item[0]))
    return [said + where.get(name, "") for name, piece in weightiest if (said := _say(name, piece))]


@dataclass(frozen=True)
class Step:
    """One step of the way from two strangers to one person: `bits` for it (or against it), and what it is in words."""

    bits: float
    words: str


BEFOREHAND = "before looking: how seldom any two records are one person"


def waterfall(
    evidence: str | Mapping[str, Any], weight: float, where: Mapping[str, str] = MappingProxyType({})
) -> list[Step]:
    """The steps that add up to a match's `weight` (bits), what weighs most first, the odds beforehand last.

    Values in the words are text from outside, as in `explain_pair`; `where` too.
    """
    pieces = json.loads(evidence) if isinstance(evidence, str) else evidence
    steps = [
        Step(piece["weight"], (_say(name, piece) or f"{name}: told above") + where.get(name, ""))
        for name, piece in pieces.items()
    ]
    told = [step for step in steps if abs(step.bits) >= 0.05]
    rest = round(weight - sum(step.bits for step in steps), 2)
    return [*sorted(told, key=lambda step: (-step.bits, step.words)), Step(rest, BEFOREHAND)]


def _say(comparison: str, piece: Mapping[str, Any]) -> str:
    text = SAYS.get(comparison, {}).get(piece["level"], f"{comparison}: {piece['level']}")
    shown = {side: str(piece.get(side) or "").replace("{", "").strip() or "?" for side in ("left", "right")}
    return text.replace("{left}", shown["left"]).replace("{right}", shown["right"])
