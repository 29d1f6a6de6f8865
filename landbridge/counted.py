"""How many of something, as people read it."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """`3 changes`, `1 change`, `2 people`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
