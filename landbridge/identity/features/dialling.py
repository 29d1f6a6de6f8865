"""What may stand in front of a phone number and be dropped, from libphonenumber's own rules."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import pyarrow as pa

NEVER = "never"
"""Begins no number."""


class Rules(NamedTuple):
    """One region ("DE"), or the numbers behind a country code ("+49")."""

    key: str
    code: str
    """The region's own country code where it is written without a plus."""
    prefix: str
    """The digit in front of national numbers."""
    relay: str
    """A longer prefix."""
    aside: str
    """What begins a call abroad; '' begins every number: a region whose rules say more than can be told here."""


@cache
def dialling() -> pa.Table:
    """The rules of all regions and country codes, columns as in `Rules`."""
    import phonenumbers

    rules = [_of_region(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)]
    main = {phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code][0] for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE}
    rules += [r._replace(key=f"+{r.code}", code=NEVER, aside=r.aside and NEVER) for r in rules if r.key in main]
    return pa.Table.from_pylist([r._asdict() for r in rules])


def _of_region(region: str) -> Rules:
    from phonenumbers import PhoneMetadata

    found = PhoneMetadata.metadata_for_region(region)
    assert found is not None, region  # of a region that the library itself lists
    prefixes = re.fullmatch(r"(\d?)(?:\|(\d+))?", found.national_prefix_for_parsing or "")
    prefix, relay = prefixes.groups() if prefixes else (None, None)
    aside = found.international_prefix or ""
    simple = prefixes and not found.national_prefix_transform_rule and aside.isdecimal()
    return Rules(region, str(found.country_code), prefix or NEVER, relay or NEVER, aside if simple else "")
