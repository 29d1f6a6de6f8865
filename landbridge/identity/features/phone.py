"""Phone numbers as the digits that stay the same however a number is written.

From `phone` and `signed_phone` come rows (place, value, signed) in `phone_values`: `signed` where no field says
it. `value` is the last nine digits: "+49 170 1234567", "0170/1234567" and "00491701234567" agree in them even when
nobody says which country the second one is from.

`read_number` is the reading that counts. It costs about 16 us a number, so numbers in which nothing but the front could
be read otherwise are read in SQL (`_PLAIN`), to the same value.
"""

from __future__ import annotations

import re

import duckdb
import pyarrow as pa

from landbridge.identity.features.dialling import dialling

TAIL = 9
"""Digits kept for comparison. National numbers differ from international ones in front only."""
SHORTEST = 7

_WRITTEN = """
CREATE OR REPLACE TEMP TABLE phone_owner AS SELECT place, signed, left(unnest(phone), 40) AS number,
    upper(coalesce(CASE WHEN length(country) = 2 THEN country END, region_hint)) AS region
FROM (SELECT place, country, region_hint, phone, false AS signed FROM base
    UNION ALL SELECT place, country, region_hint, signed_phone, true FROM base WHERE signed_phone IS NOT NULL);
CREATE OR REPLACE TEMP TABLE phone_written AS
SELECT *, CASE WHEN abroad THEN '+' || CASE WHEN left(digits, 1) IN ('1', '7') THEN left(digits, 1)
        WHEN left(digits, 2) IN (SELECT code FROM dialling) THEN left(digits, 2)
        ELSE left(digits, 3) END ELSE region END AS key
FROM (SELECT *, regexp_replace(regexp_replace(number, '^ *00', ''), '[^0-9]', '', 'g') AS digits,
        regexp_matches(number, '^ *([+]|00)') AS abroad
    FROM (SELECT DISTINCT number, region FROM phone_owner WHERE number IS NOT NULL))
"""

_PLAIN = f"""
CREATE OR REPLACE TEMP TABLE phone_plain AS
SELECT number, w.region, digits,
    regexp_full_match(number, ' *[+]?[0-9 ()./-]+') AND digits != '9876543210' AND CASE
        WHEN d.key IS NULL THEN NOT abroad  -- of no region that anybody knows: as written
        WHEN starts_with(rest, aside) OR contains(rest, relay) THEN false
        ELSE length(rest) - CASE WHEN starts_with(rest, code) THEN length(code) + 2  -- and a prefix, twice
                                 WHEN starts_with(rest, prefix) THEN 1 ELSE 0 END >= {TAIL}
            OR abroad AND NOT starts_with(rest, prefix)  -- nothing to drop: the code and what follows
        END AS plain
FROM (SELECT *, CASE WHEN abroad THEN substr(digits, length(key)) ELSE digits END AS rest FROM phone_written) w
LEFT JOIN dialling d USING (key)
"""

_VALUES = f"""
CREATE OR REPLACE TEMP TABLE phone_values AS
SELECT place, value, bool_and(signed) AS signed FROM phone_owner p JOIN (
    SELECT number, region, right(digits, {TAIL}) AS value FROM phone_plain
        WHERE plain AND length(digits) >= {SHORTEST} AND NOT contains('1234567890123', right(digits, {TAIL}))
            AND replace(right(digits, {SHORTEST}), right(digits, 1), '') != ''
    UNION ALL SELECT number, region, value FROM phone_read WHERE value IS NOT NULL) r
ON r.number = p.number AND r.region IS NOT DISTINCT FROM p.region GROUP BY place, value
"""


def read_number(number: str, region: str | None) -> str | None:
    """The digits to compare of one number as written; None for a placeholder or what is no number."""
    digits = re.sub(r"\D", "", _e164(number, region) or number)
    return None if len(digits) < SHORTEST or _is_placeholder(digits) else digits[-TAIL:]


def _e164(number: str, region: str | None) -> str | None:
    import phonenumbers

    try:
        parsed = phonenumbers.parse(re.sub(r"^\s*00", "+", number), region)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _is_placeholder(digits: str) -> bool:
    """Runs like 0000000, 999-9999 or 123456789: what people type to get past a mandatory field."""
    tail = digits[-SHORTEST:]
    return len(set(tail)) == 1 or "1234567890123".find(digits[-TAIL:]) >= 0 or digits in ("0123456789", "9876543210")


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `phone_values`: one row a profile and number."""
    con.register("dialling", dialling())
    con.execute(_WRITTEN)
    con.execute(_PLAIN)
    odd = con.execute("SELECT number, region FROM phone_plain WHERE NOT plain ORDER BY ALL").fetchall()
    read = [(number, region, read_number(number, region)) for number, region in odd]
    columns = zip(*read, strict=True) if read else ((), (), ())
    names = ("number", "region", "value")
    con.register("phone_read", pa.table({n: pa.array(c, pa.string()) for n, c in zip(names, columns, strict=True)}))
    con.execute(_VALUES)
