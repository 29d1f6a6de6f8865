"""Why a field is written or left alone, in words that somebody in sales reads without asking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

RULES = {
    "only_value": "the only one known",
    "well_formed": "the one in working form",
    "personal": "the person's own, not a shared one",
    "most_trusted": "from the system trusted most",
    "newest": "the newest of several",
    "oldest": "the oldest of several",
    "longest": "the longest of several",
    "most_complete": "from the fullest record",
    "most_frequent": "what most records say",
    "first_named": "named first there",
    "alphabet": "the first in the alphabet, nothing else tells them apart",
    "all": "all that are known",
    "parts_joined": "given and family name joined",
    "part_of_full_name": "part of the full name",
    "every_profile": "every system that knows them",
    "every_touchpoint": "everything that happened",
    "newest_touchpoint": "what happened last",
    "person": "said by a person, which stands above every rule",
    "any_refusal": "refused somewhere, which holds everywhere",
    "nobody_refused": "nobody heard a refusal",
    "granted": "agreed to",
    "account": "matched to a company of the CRM",
    "score": "by the rules for points",
    "words": "by the words of what they wrote",
    "route": "by the rules of routing",
    "otherwise": "no rule speaks of it",
}
"""The golden and lead rules, as an origin names them."""

LEFT_ALONE = {
    "edited": "somebody edited it in the CRM; the edit stays",
    "held": "held; `landbridge hold` says by whom",
    "newest": "the CRM's is newer and stays",
    "most_trusted": "the CRM's stays: ours is not from a system trusted more",
    "too_long": "ours is too long for the field, and half of it would be wrong",
    "not_listed": "ours is not in the field's list",
    "refusal": "it came with somebody else's records, and no machine takes a refusal back: ask, and untick it",
}
"""Why a value of the CRM stays, by a conflict's `why`."""

REPLACES = {
    "edited": "replaces somebody's edit, as the policy says",
    "newest": "replaces an older edit in the CRM",
    "most_trusted": "replaces an edit in the CRM, which is trusted less",
}
"""Why an edit in the CRM does not stay."""

COMPUTED = {"identity_id": "our id"}
"""Fields of ours that no rule chooses."""


def reason(origin: Mapping[str, Any], conflict: Mapping[str, Any] | None) -> str:
    """Why a field is written: the rule that chose the value, where it is from, and whose edit it replaces."""
    told = origin.get("why") or _source(origin)
    if conflict and conflict["kept"] == "ours":
        told += f"; {REPLACES.get(conflict.get('why', 'edited'), REPLACES['edited'])}"
    return told


def _source(origin: Mapping[str, Any]) -> str:
    field = str(origin.get("field", ""))
    if field == "default":
        return "what the policy gives where we know nothing"
    rule = RULES.get(str(origin.get("rule")), str(origin.get("rule") or "")) or COMPUTED.get(field, "")
    profile = origin.get("profile")
    return ", ".join(str(part) for part in (rule, profile) if part) or field.replace("_", " ")


def left_alone(conflict: Mapping[str, Any]) -> str:
    """Why the CRM's value stays."""
    return LEFT_ALONE.get(conflict.get("why", "edited"), LEFT_ALONE["edited"])


def in_sum(field: str, rule: str | None, system: str | None) -> str:
    """Many changes' one reason, for a plan's summary."""
    if field == "default":
        return "what the policy gives where we know nothing"
    told = RULES.get(str(rule), str(rule or "our id"))
    return f"{told}, from {system}" if system else told


def shown(value: Any) -> str:
    """A field's value as people read it: text as it is, the rest as JSON, a whole number without its nought behind the
    point. Nothing is an empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value, ensure_ascii=False)
