"""How much of some values the CRM holds, as far as can be told after its own tidying of values.

Lenient is harmless here: a difference that is overlooked is found by the next plan, and one that is only imagined
costs a second upsert of the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def share(present: Mapping[str, Any], values: Mapping[str, Any]) -> float:
    """Which share of `values` the record shows: 1 where it has them all, 0 where it has none."""
    here = {field.lower(): value for field, value in present.items()}
    shown = sum(alike(here.get(field.lower()), value) for field, value in values.items())
    return shown / len(values) if values else 1.0


def alike(here: Any, value: Any) -> bool:
    """Whether the CRM may mean `value` by what it shows. A number in a text field counts as its digits."""
    return _plain(here) == _plain(value) or _text(here) == _text(value)


def _plain(value: Any) -> object:
    """Numbers by value, times by the second, text without outer space and in any case; empty and false are nothing."""
    if value is None or value is False or value == "":
        return None
    if isinstance(value, bool | int | float):
        return float(value)
    text = str(value).strip().replace("\r\n", "\n").casefold()
    try:
        return int(datetime.fromisoformat(text).timestamp()) if len(text) >= 19 and text[4:5] == "-" else text
    except ValueError:
        return text


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
