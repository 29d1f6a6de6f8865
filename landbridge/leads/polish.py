"""Values brought into the form in which a CRM should hold them. What cannot be brought into form stays as it came.

Each function answers (value, well formed). They cost microseconds in Python, so they run once a distinct value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from landbridge.leads import countries

if TYPE_CHECKING:
    from landbridge.leads.rules import GoldenRules

POLISHED = ("email", "phone", "country", "full_name", "given_name", "middle_name", "family_name")

_EMAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[^@\s<>\"',;.]+(?:\.[^@\s<>\"',;.]+)+")
_LONGEST_NAME = 200
_WORD = re.compile(r"[^\W\d_]+")
_PARTICLES = frozenset(
    ("af", "al", "da", "de", "del", "della", "den", "der", "des", "di", "do", "dos", "du", "la", "van", "von")
)
_Polished = tuple[str, bool]


def polish(rules: GoldenRules, field: str, raw: str, country: str | None, region: str | None) -> _Polished:
    """The value of a person field in good form. `country` and `region` tell where a phone number is at home."""
    if field == "phone":
        return phone(raw, _home(country, rules), region)
    if field == "country":
        code = countries.code_of(raw, _aliases(rules))
        return (code, True) if code else (raw, False)
    return _BY_FIELD[field](raw)


def email(raw: str) -> _Polished:
    """Lower case. No mailbox we know of tells capitals apart, and the CRM does not."""
    value = raw.strip().lower().removeprefix("mailto:")
    return value, _EMAIL.fullmatch(value) is not None


def phone(raw: str, *regions: str | None) -> _Polished:
    """E.164 (https://www.itu.int/rec/T-REC-E.164), read as a number of the first region in which it is valid."""
    import phonenumbers

    for region in (*regions, None):
        try:
            number = phonenumbers.parse(raw, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), True
    return raw, False


def name(raw: str) -> _Polished:
    """Words beginning with capitals where somebody wrote all in one case. Mixed case was meant: it stays."""
    shouted, whispered = raw == raw.upper(), raw == raw.lower()
    if len(raw) > _LONGEST_NAME or shouted == whispered or len(raw) < 3:
        return raw, len(raw) <= _LONGEST_NAME
    return _WORD.sub(_capital, raw.lower()), True


def _capital(word: re.Match[str]) -> str:
    text, rest = word[0], word.string[word.end() :]
    if text in _PARTICLES and rest.startswith(" "):
        return text
    if text.startswith("mc") and len(text) > 4:
        return "Mc" + text[2:].capitalize()
    return text.capitalize()


def parts(full_name: str) -> tuple[str, str]:
    """First and last name of a full one. A name of one word, or one too long to be a name, is a last name."""
    from nameparser import HumanName

    if len(full_name) > _LONGEST_NAME:
        return "", full_name
    if plain := _plain(full_name):
        return plain
    parsed = HumanName(full_name)
    return (parsed.first, parsed.last) if parsed.last else ("", parsed.first or full_name)


def _plain(full_name: str) -> tuple[str, str] | None:
    """Two plain words, as most names are: spares the parser's 200 microseconds."""
    words = full_name.split()
    if len(words) != 2 or not all(word.replace("-", "").isalpha() for word in words):
        return None
    return None if any(word.lower() in _special() for word in words) else (words[0], words[1])


@cache
def _special() -> frozenset[str]:
    from nameparser.config.suffixes import SUFFIX_ACRONYMS, SUFFIX_WORDS
    from nameparser.config.titles import GIVEN_NAME_TITLES, TITLES

    return frozenset(_PARTICLES | TITLES | GIVEN_NAME_TITLES | SUFFIX_ACRONYMS | SUFFIX_WORDS)


def _home(country: str | None, rules: GoldenRules) -> str | None:
    return countries.code_of(country, _aliases(rules)) if country else None


def _aliases(rules: GoldenRules) -> dict[str, str]:
    return {alias.casefold(): code for alias, code in rules.countries.items()}


_BY_FIELD: dict[str, Callable[[str], _Polished]] = {
    "email": email,
    "full_name": name,
    "given_name": name,
    "middle_name": name,
    "family_name": name,
}
