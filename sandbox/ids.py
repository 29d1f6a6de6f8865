"""Ids in the form that each vendor gives them. All are pure functions of their arguments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_X_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
SALESFORCE_PREFIXES = {
    "account": "001",
    "contact": "003",
    "opportunity": "006",
    "lead": "00Q",
    "task": "00T",
    "user": "005",
    "campaign": "701",
}


def salesforce_id(kind: str, number: int) -> str:
    """The 18-character id of the ``number``-th object of ``kind``, e.g. ``00Q5f00000000B1AAI``."""
    digits = ""
    for _ in range(8):
        number, rest = divmod(number, 62)
        digits = _BASE62[(rest + 52) % 62] + digits
    return long_salesforce_id(f"{SALESFORCE_PREFIXES[kind]}5f00{digits}")


def long_salesforce_id(short: str) -> str:
    """Make the case-safe 18-character form of a 15-character id; each added letter tells which of five are capitals."""
    check = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, letter in enumerate(short[start : start + 5]) if "A" <= letter <= "Z")
        check += _CHECK[bits]
    return short + check


def x_id(at: datetime, sequence: int = 0) -> str:
    """A snowflake: milliseconds since X's epoch, then 22 bits; ids sort as times do."""
    milliseconds = (at - _X_EPOCH) // timedelta(milliseconds=1)
    return str((milliseconds << 22) | (sequence & 0x3FFFFF))


def x_time(post_id: str) -> datetime:
    """The time that a snowflake was made at."""
    return _X_EPOCH + timedelta(milliseconds=int(post_id) >> 22)
