"""Cells that a spreadsheet shows and never runs."""

from __future__ import annotations

from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet runs: a text that it would take for a formula gets an apostrophe before it
    (https://owasp.org/www-community/attacks/CSV_Injection). Numbers stay numbers."""
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    return "'" + value if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) else value
