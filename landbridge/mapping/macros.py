"""The words that the mapping's SQL is written in: how one value is read, cleaned and bounded, said once in DuckDB.

Every macro gives null for null and never raises, whatever text it is given.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import duckdb

PERSON_LIMIT = 1_000
"""Characters. A longer name is cut; a longer identifier would become another one, so it is dropped."""

LIMITS = {"subject": 1_000, "url": 2_000, "text": 20_000, "website": 2_000}
"""Characters, where it is not PERSON_LIMIT."""

MACROS = r"""
CREATE MACRO cut(x, most) AS CASE WHEN strlen(x) > most THEN left(x, most) ELSE x END;
CREATE MACRO is_nested(x) AS x[1] = '{' OR x[1] = '[';

-- Control characters come into JSON by escapes only; payloads without a backslash are not searched.
CREATE MACRO has_controls(payload) AS contains(payload, '\') AND regexp_matches(payload, '\\(u00[01789]|uff|[nrtbf])');
-- Asked once for all values of a record together, which is cheaper than asking each: no more than `most` bytes, no
-- braces or brackets (so no object and no list), no space at either end of a value.
CREATE MACRO plain_text(joined, most) AS strlen(joined) <= most
    AND NOT contains(joined, '{') AND NOT contains(joined, '[') AND NOT contains(joined, chr(160))
    AND NOT contains(joined, chr(31) || ' ') AND NOT contains(joined, ' ' || chr(31))
    AND NOT starts_with(joined, ' ') AND NOT ends_with(joined, ' ');

CREATE MACRO scrubbed(x) AS nullif(trim(regexp_replace(
    x, '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fffe}\x{ffff}]', '', 'g'), E' \t\r\n' || chr(160)), '');
CREATE MACRO as_text(x, most) AS CASE
    WHEN x = '' OR regexp_matches(x, '^[\s\x{a0}]|[\s\x{a0}]$|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fffe}\x{ffff}]')
    THEN scrubbed(cut(x, most)) ELSE cut(x, most) END;
CREATE MACRO as_line(x) AS regexp_replace(x, '[\t\r\n]+', ' ', 'g');
CREATE MACRO too_long(x, most) AS strlen(x) > most AND length(x) > most;
CREATE MACRO unless_long(x, most) AS CASE WHEN strlen(x) <= most OR length(x) <= most THEN x END;

CREATE MACRO no_time(x) AS x IS NULL OR strlen(x) > 40 OR lower(x) IN ('epoch', 'infinity', '-infinity');
CREATE MACRO sane(t) AS CASE WHEN t BETWEEN TIMESTAMPTZ '1000-01-01 00:00:00+00'
    AND TIMESTAMPTZ '9999-12-31 00:00:00+00' THEN t END;
CREATE MACRO from_digits(x, n) AS CASE strlen(x)
    WHEN 8 THEN try_strptime(x, '%Y%m%d')
    WHEN 9 THEN make_timestamp(n * 1000000) WHEN 10 THEN make_timestamp(n * 1000000)
    WHEN 12 THEN make_timestamp(n * 1000) WHEN 13 THEN make_timestamp(n * 1000)
    WHEN 16 THEN make_timestamp(n) END;
CREATE MACRO from_words(x) AS coalesce(
    try_strptime(x, ['%a, %d %b %Y %H:%M:%S %z', '%d %b %Y %H:%M:%S %z', '%a %b %d %H:%M:%S %z %Y']),
    try_strptime(x, ['%d.%m.%Y', '%d.%m.%Y %H:%M:%S', '%d.%m.%Y %H:%M', '%d %b %Y', '%d %B %Y', '%B %d, %Y',
                     '%b %d, %Y', '%Y/%m/%d', '%Y/%m/%d %H:%M:%S'])::TIMESTAMPTZ);
CREATE MACRO odd_moment(x) AS CASE
    WHEN no_time(x) THEN NULL
    WHEN regexp_full_match(x, '[0-9]{8,16}') THEN sane(from_digits(x, try_cast(x AS BIGINT))::TIMESTAMPTZ)
    ELSE sane(from_words(x)) END;
CREATE MACRO as_moment(x) AS coalesce(sane(try_cast(x AS TIMESTAMPTZ)), odd_moment(x));

-- What nearly all values are: ISO 8601, milliseconds, 3.2.1980. Null for the rest, which then gets the careful look.
CREATE MACRO quick_moment(x) AS coalesce(sane(try_cast(x AS TIMESTAMPTZ)),
    CASE WHEN strlen(x) = 13 AND x BETWEEN '0' AND '9:'
        THEN make_timestamp(try_cast(x AS BIGINT) * 1000)::TIMESTAMPTZ END);
CREATE MACRO quick_date(x) AS CASE
    WHEN x[5] = '-' AND strlen(x) = 10 AND x >= '1000' AND try_cast(x AS DATE) IS NOT NULL THEN x
    WHEN x[2] = '.' OR x[3] = '.' THEN strftime(try_strptime(x, '%d.%m.%Y'), '%Y-%m-%d') END;

-- 3/4/1980 is a date only when the file says which of the two is the day, or when the numbers do.
CREATE MACRO slashed(x, dates) AS CASE dates
    WHEN 'dmy' THEN try_strptime(x, ['%d/%m/%Y', '%d-%m-%Y'])
    WHEN 'mdy' THEN try_strptime(x, ['%m/%d/%Y', '%m-%d-%Y'])
    ELSE CASE
        WHEN try_strptime(x, ['%d/%m/%Y', '%d-%m-%Y']) IS NULL THEN try_strptime(x, ['%m/%d/%Y', '%m-%d-%Y'])
        WHEN try_strptime(x, ['%m/%d/%Y', '%m-%d-%Y']) IS NULL THEN try_strptime(x, ['%d/%m/%Y', '%d-%m-%Y'])
        WHEN try_strptime(x, ['%m/%d/%Y', '%m-%d-%Y']) = try_strptime(x, ['%d/%m/%Y', '%d-%m-%Y'])
        THEN try_strptime(x, ['%m/%d/%Y', '%m-%d-%Y']) END END;
CREATE MACRO as_date(x, dates) AS CASE
    WHEN no_time(x) THEN NULL
    WHEN x[5] = '-' AND (strlen(x) = 10 OR x[11] IN ('T', ' ')) AND x >= '1000' AND try_cast(x[:10] AS DATE) IS NOT NULL
    THEN x[:10]
    ELSE strftime(coalesce(slashed(x, dates), as_moment(x)::TIMESTAMP), '%Y-%m-%d') END;

CREATE MACRO clean_none(x) AS x;
CREATE MACRO clean_lower(x) AS lower(x);
CREATE MACRO clean_upper(x) AS upper(x);
CREATE MACRO clean_title(x) AS array_to_string(
    list_transform(string_split(lower(x), ' '), lambda w: upper(left(w, 1)) || substr(w, 2)), ' ');
CREATE MACRO clean_country(x) AS CASE WHEN length(x) <= 3 THEN upper(x) ELSE x END;
CREATE MACRO clean_phone(x) AS nullif(trim(regexp_replace(x, '^(tel|callto|phone):', '', 'i')), '');
CREATE MACRO clean_email(x) AS nullif(
    regexp_extract(x, '[^\s<>"(),:;@]+@[^\s<>"(),:;@]+\.[^\s<>"(),:;@.]+'), '');
CREATE MACRO clean_html(x) AS nullif(trim(replace(replace(replace(replace(replace(replace(
    regexp_replace(regexp_replace(regexp_replace(x,
        '<(script|style)\b.*?</(script|style)\s*>', '', 'gis'),
        '<(br|/p|/div|/li|/tr|/h[1-6])\b[^>]*>', E'\n', 'gi'),
        '<[^>]*>', '', 'g'),
    '&lt;', '<'), '&gt;', '>'), '&quot;', '"'), '&#39;', ''''), '&nbsp;', ' '), '&amp;', '&'), E' \t\r\n'), '');

CREATE MACRO bare_handle(x) AS nullif(ltrim(regexp_replace(regexp_replace(
    x, '^https?://(?:[^/]+)/(?:in/|u/|user/|users/|profile/)?', '', 'i'), '[/?#].*$', ''), '@'), '');

-- In their order, each once, nothing empty; null rather than an empty list.
CREATE MACRO kept(l) AS nullif(list_filter(l, lambda x, i: x IS NOT NULL AND list_position(l, x) = i), []);
CREATE MACRO one_item(x) AS CASE WHEN x IS NOT NULL THEN [x] END;
CREATE MACRO parts(x, ends) AS list_filter(
    list_transform(string_split(translate(x, ends, repeat(ends[1], length(ends))), ends[1]), lambda p: trim(p)),
    lambda p: p <> '');
"""


@contextmanager
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of one's own to DuckDB in memory, with our words, in UTC. What is made on it goes with it.

    The database behind it reads no file, loads no extension, calls nobody, and is made once a process (40 ms).
    """
    with _database(os.getpid()).cursor() as connection:
        yield connection


@lru_cache(maxsize=1)
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """The process is asked for by number because a database does not survive a fork."""
    settings: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": False}
    settings["autoload_known_extensions"] = False
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute(MACROS)
    connection.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL enable_external_access = false")
    connection.execute("SET GLOBAL lock_configuration = true")
    return connection
