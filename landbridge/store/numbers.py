"""A row's number, as somebody writes it."""

from __future__ import annotations

LONGEST = 18
"""Digits that a bigint holds, whichever they are."""


def number(text: str) -> int | None:
    """The number; None for text that is none. `²` is a digit to str.isdigit, and neither to int nor to PostgreSQL."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else None
