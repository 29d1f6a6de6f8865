"""Dates as a whole column writes them: 3/4/1980 alone says nothing, three hundred like it say which is the day."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from landbridge.mapping.macros import engine

_PARTED = r"^(\d{1,2})([/.-])(\d{1,2})[/.-](\d{2}|\d{4})$"

_ORDER = f"""
SELECT count(*) FILTER (a > 12 AND b <= 12) - count(*) FILTER (b > 12 AND a <= 12) AS day_first,
    count(*) FILTER (dot = '.') - count(*) FILTER (dot != '.') AS dotted
FROM (SELECT try_cast(regexp_extract(x, '{_PARTED}', 1) AS INT) AS a, regexp_extract(x, '{_PARTED}', 2) AS dot,
    try_cast(regexp_extract(x, '{_PARTED}', 3) AS INT) AS b FROM written WHERE regexp_matches(x, '{_PARTED}'))
"""

_SHORT = r"^\d{1,2}/\d{1,2}/\d{2}$"


def _read_sql(order: str) -> str:
    """Each text `x` of `written` as `iso`.

    A birth date of two digits' year is never in the future. Eight digits are year, month, day where that is a date.
    What the column's order cannot read is read in the other one: it can mean one thing only.
    """
    other = "mdy" if order == "dmy" else "dmy"
    short = ", ".join(_FORMATS[each].format(between="/", year="%y") for each in (order, other))
    eight = ", ".join(_FORMATS[each].format(between="", year="%Y") for each in (order, other))
    return f"""
        SELECT x, CASE WHEN regexp_matches(plain, '{_SHORT}')
            THEN strftime(CASE WHEN short > current_date THEN short - INTERVAL 100 YEAR ELSE short END, '%Y-%m-%d')
            ELSE coalesce(as_date(plain, '{order}'), as_date(plain, '{other}'),
                strftime(try_strptime(x, [{eight}]), '%Y-%m-%d')) END AS iso
        FROM (SELECT x, plain, try_strptime(plain, [{short}])::DATE AS short
            FROM (SELECT x, regexp_replace(x, '{_PARTED}', '\\1/\\3/\\4') AS plain FROM written))"""


_FORMATS = {"dmy": "'%d{between}%m{between}{year}'", "mdy": "'%m{between}%d{between}{year}'"}


def iso_dates(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with its dates as yyyy-mm-dd; what is no date is null.

    Reads ISO, YYYYMMDD, DD.MM.YYYY, MM/DD/YYYY, DD/MM/YYYY (years of two digits too) and dates with month names. Day
    or month first is decided by the values that can be one thing only; where none tells, dots mean day first, and
    slashes month first.
    """
    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    written = pc.unique(texts.drop_null())
    with engine() as connection:
        connection.register("written", pa.table({"x": written}))
        day_first, dotted = connection.sql(_ORDER).fetchall()[0]
        order = "dmy" if day_first > 0 or (day_first == 0 and dotted > 0) else "mdy"
        read = connection.sql(_read_sql(order)).to_arrow_table()
    places = pc.index_in(texts, value_set=read["x"].combine_chunks())
    return pa.chunked_array([read["iso"].combine_chunks().take(_flat(places))], pa.string())


def joined_dates(names: Sequence[str], columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Day, month and year that stand in columns of their own, in any order, as one column of yyyy-mm-dd.

    The year is the column of the large numbers; day and month are told by their names, else by their order.
    """
    texts = [_flat(pc.utf8_trim_whitespace(column.cast(pa.string()))) for column in columns]
    if len(texts) != 3:
        return iso_dates(pa.chunked_array([_together(texts, " ")]))
    year = max(range(3), key=lambda place: _largest(texts[place]))
    others = [place for place in range(3) if place != year]
    first, second = names[others[0]].lower(), names[others[1]].lower()
    if _is_month(first) or (year == 0 and not _is_month(second)):
        others.reverse()  # now the day stands first
        return iso_dates(pa.chunked_array([_together([texts[others[0]], texts[others[1]], texts[year]], "/", True)]))
    sure = _is_month(second)
    parts = [texts[others[0]], texts[others[1]], texts[year]]
    return iso_dates(pa.chunked_array([_together(parts, "/", sure)]))


_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905


def _is_month(name: str) -> bool:
    return re.search(r"mon|mois|mes|(^|[^a-z])mm?([^a-z]|$)", name) is not None


def _largest(texts: pa.Array) -> int:
    numbers = [int(text) for text in texts.drop_null().slice(0, 1000).to_pylist() if text.isdecimal()]
    return max(numbers, default=0)


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _together(parts: Sequence[pa.Array], between: str, day_first: bool = False) -> pa.Array:
    """Element by element; null where any part is. `day_first`: the parts are known to be day, month and year."""
    if not day_first:
        return pc.binary_join_element_wise(*parts, between)
    day, month, year = parts
    numbers = [str(number) for number in range(1, 13)]
    named = pc.index_in(pc.utf8_slice_codeunits(pc.utf8_lower(month), 0, 3), value_set=pa.array(_MONTHS))
    month = pc.coalesce(pa.array(numbers).take(named), month)
    padded = [pc.utf8_lpad(part, 2, padding="0") for part in (month, day)]
    return pc.binary_join_element_wise(year, *padded, "-")
