"""Whether the CRM holds some values, as far as can be told after its own tidying of values.

Lenient is harmless here: a difference that is overlooked is found by the next plan, and one that is only imagined
costs a second upsert of the same values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

Same = Callable[[Any, Any], bool]


def telling(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Same]:
    """The fields by which it can be told whether `after` was written over `before`, each with how to compare it.

    A field that was to change in its capitals only says little, for a CRM may tidy those: it counts where no other
    field does.
    """
    told: dict[str, Same] = {f: alike for f in after if not (f in before and alike(before[f], after[f]))}
    return told or {field: _exactly for field in after if not _exactly(before[field], after[field])}


def _exactly(here: Any, value: Any) -> bool:
    return _text(here) == _text(value)


def alike(here: Any, value: Any) -> bool:
    """Whether the CRM may mean `value` by what it shows. A number in a text field counts as its digits."""
    return _plain(here) == _plain(value) or _text(here) == _text(value)


def _plain(value: Any) -> object:
    """Numbers by value, times by the second and in UTC where they name no zone, text without outer space and in any
    case; empty and false are nothing."""
    if value is None or value is False or value == "":
        return None
    if isinstance(value, bool | int | float):
        return float(value)
    text = str(value).strip().replace("\r\n", "\n").casefold()
    try:
        return _moment(datetime.fromisoformat(text)) if len(text) >= 19 and text[4:5] == "-" else text
    except ValueError:
        return text


def _moment(at: datetime) -> int:
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
