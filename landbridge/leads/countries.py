"""Countries by ISO 3166 code and by name in many languages."""

from __future__ import annotations

from functools import cache


@cache
def codes() -> frozenset[str]:
    """Every ISO 3166-1 alpha-2 code."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    return frozenset(code for code in LOCALE_DATA if len(code) == 2)


@cache
def by_name() -> dict[str, str]:
    """Casefolded name in any language -> code. A name that two countries bear in different languages is left out.

    The names are those that phonenumbers carries (from Unicode CLDR); "*aa" there means "as in language aa".
    """
    from phonenumbers.geodata.locale import LOCALE_DATA

    bearers: dict[str, set[str]] = {}
    for code in codes():
        for name in LOCALE_DATA[code].values():
            if not name.startswith("*"):
                bearers.setdefault(name.casefold(), set()).add(code)
    return {name: min(borne) for name, borne in bearers.items() if len(borne) == 1}


def code_of(text: str, aliases: dict[str, str]) -> str | None:
    """The country that a text names, by code, by alias or by its name in some language; None when unknown."""
    upper = text.strip().upper()
    if upper in codes():
        return upper
    folded = text.strip().casefold()
    return aliases.get(folded) or by_name().get(folded)
