"""Record ids as clients send them: 15 case-sensitive characters, or 18 with a checksum that survives a loss of case."""

import re

from sandbox.ids import long_salesforce_id

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "gK0000"  # names the instance; another one than the world's ids have, so that new rows never take their ids
_SHAPE = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


class MalformedId(ValueError):
    """The text is not a record id: wrong length, wrong characters or wrong checksum."""


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of the `number`-th new row of the object with that three-character key prefix."""
    serial = ""
    while number:
        number, digit = divmod(number, 62)
        serial = _DIGITS[digit] + serial
    return long_salesforce_id(f"{prefix}{_POD}{serial.rjust(6, '0')}")


def made_number(record_id: str) -> int:
    """The number that `make_id` was given; 0 for an id that it did not make."""
    if record_id[3:9] != _POD:
        return 0
    number = 0
    for character in record_id[9:15]:
        number = number * 62 + _DIGITS.index(character)
    return number


def normal_id(text: str) -> str:
    """Either form in, the 18-character form out; an 18-character id in the wrong case is repaired, as Salesforce does.

    Raises `MalformedId` for anything else.
    """
    if not _SHAPE.fullmatch(text):
        raise MalformedId(text)
    return long_salesforce_id(text) if len(text) == 15 else _repaired(text)


def _repaired(text: str) -> str:
    if long_salesforce_id(text[:15]) == text:
        return text
    tail = text[15:].upper()
    if any(character not in _CHECKSUM for character in tail):
        raise MalformedId(text)
    masks = [_CHECKSUM.index(character) for character in tail]
    cased = [
        letter.upper() if masks[place // 5] >> place % 5 & 1 else letter.lower()
        for place, letter in enumerate(text[:15])
    ]
    whole = long_salesforce_id("".join(cased))
    if whole[15:] != tail:
        raise MalformedId(text)
    return whole
