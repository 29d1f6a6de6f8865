"""Whether the CRM holds what we wrote, as far as can be told after its own tidying of values.

Lenient is harmless here: a difference that is overlooked is found by the next plan, and one that is only imagined
costs a second upsert of the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def holds(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether every wanted field is there with its value."""
    here = {field.lower(): value for field, value in present.items()}
    return all(_alike(here.get(field.lower()), value) for field, value in wanted.items())


def _alike(one: Any, other: Any) -> bool:
    return _plain(one) == _plain(other)


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
