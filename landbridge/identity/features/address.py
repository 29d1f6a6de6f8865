"""Addresses: street, house number, postcode and city, abbreviations written out. Compared as ONE piece of evidence."""

from __future__ import annotations

import duckdb

ABBREVIATIONS = {
    "st": "street",
    "rd": "road",
    "ave": "avenue",
    "av": "avenue",
    "dr": "drive",
    "ln": "lane",
    "blvd": "boulevard",
    "bd": "boulevard",
    "hwy": "highway",
    "pl": "place",
    "ct": "court",
    "sq": "square",
    "cl": "close",
    "pkwy": "parkway",
    "ter": "terrace",
    "avda": "avenida",
    "pza": "plaza",
    "c": "calle",
    "str": "strasse",
    "v": "via",
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
}

_TABLE = """
CREATE OR REPLACE TEMP TABLE address_features AS
SELECT place, nullif(regexp_replace(array_to_string(list_transform(
        string_split(replace(replace(house, '.', ''), '-', ' '), ' '), lambda w: coalesce(abbreviation[w], w)), ''),
            '^[0-9]+$', ''), '') AS street,
    nullif(regexp_extract(house, '[0-9]+'), '') AS house_number,
    nullif(regexp_replace(regexp_replace(postcode, '[^a-z0-9]', '', 'g'), '^(0+|1+|9+|x+|na|none)$', ''),
        '') AS postcode,
    nullif(regexp_replace(city, '[^a-z]', '', 'g'), '') AS city
FROM (SELECT place, postcode, city, trim(regexp_replace(regexp_replace(regexp_replace(replace(street, 'c/', 'c '),
          '(\\s(apt|apartment|unit|flat|suite|ste)\\.?\\s*|\\s*#|/)\\s*[0-9a-z]+\\s*$', ''), '[,'']', ' ', 'g'),
          '([a-z])(str\\.|str|strasse)(\\s|$)', '\\1strasse\\3')) AS house,
          $abbreviations::MAP(VARCHAR, VARCHAR) AS abbreviation FROM base)
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `address_features`: street without spaces, flat numbers left out, a bare number is no street."""
    con.execute(_TABLE, {"abbreviations": ABBREVIATIONS})
