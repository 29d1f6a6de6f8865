"""Salesforce's ids: 15 characters that mind case, or 18 that do not, of which the last three tell the capitals.

Both name the same record. We keep ids whole, as reading gives them, so that two of one record are one text.
Source: help.salesforce.com "How are Salesforce 15-character IDs converted to 18 characters".
"""

from __future__ import annotations

_SHORT = 15
_TELLS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def whole(crm_id: str) -> str:
    """The id in its 18 characters. What is no id of 15 stays as it is."""
    if len(crm_id) != _SHORT or not (crm_id.isascii() and crm_id.isalnum()):
        return crm_id
    return crm_id + "".join(_TELLS[_capitals(crm_id[start : start + 5])] for start in (0, 5, 10))


def _capitals(five: str) -> int:
    return sum(1 << place for place, letter in enumerate(five) if letter.isupper())
