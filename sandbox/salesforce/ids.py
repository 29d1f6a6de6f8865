"""Salesforce record ids: 15 case-sensitive characters, or 18 with a checksum that survives a loss of case."""

import re

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "gK0000"  # the part that names the instance; any one will do, but all rows of an org share it
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


class MalformedId(ValueError):
    """The text is not a record id: wrong length, wrong characters or wrong checksum."""


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of the `number`-th row of the object with that three-character key prefix."""
    serial = ""
    while number:
        number, digit = divmod(number, 62)
        serial = _DIGITS[digit] + serial
    return with_checksum(f"{prefix}{_POD}{serial.rjust(6, '0')}")


def row_number(record_id: str) -> int:
    """The number that `make_id` was given."""
    number = 0
    for character in record_id[9:15]:
        number = number * 62 + _DIGITS.index(character)
    return number


def with_checksum(short: str) -> str:
    """Append the three characters that say which of the fifteen are upper case (five bits each)."""
    return short + "".join(_checksum(short[start : start + 5]) for start in (0, 5, 10))


def _checksum(five: str) -> str:
    return _CHECKSUM[sum(1 << place for place, character in enumerate(five) if "A" <= character <= "Z")]


def normal_id(text: str) -> str:
    """Either form in, the 18-character form out; an 18-character id in the wrong case is repaired, as Salesforce does."""
    if not _SHAPE.fullmatch(text):
        raise MalformedId(text)
    return with_checksum(text) if len(text) == 15 else _repaired(text)


def _repaired(text: str) -> str:
    masks = []
    for character in text[15:].upper():
        if character not in _CHECKSUM:
            raise MalformedId(text)
        masks.append(_CHECKSUM.index(character))
    cased = [
        letter.upper() if masks[place // 5] >> place % 5 & 1 else letter.lower()
        for place, letter in enumerate(text[:15])
    ]
    whole = with_checksum("".join(cased))
    if whole[15:] != text[15:].upper():
        raise MalformedId(text)
    return whole
