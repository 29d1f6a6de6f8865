"""What of a labelled table gives the answer away, and so is no evidence: labels, ids, and the truth once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

MANY = 30
"""People with several rows from which on a column that tells them apart without a slip is no accident."""

LOOK = 2_000
"""Rows that are looked at first: nearly every column has a slip among them."""

MOSTLY = 0.9
"""Share of the labelled rows in which a copy of the truth says something."""

CODED = 0.5
"""Share of a column's values with a digit from which on they are nobody's names."""

_TRUTH_WORDS = frozenset("true truth cluster clusters entity gold golden label labels household duplicate dup".split())  # noqa: SIM905
_ID_WORDS = frozenset("id ids key uuid guid pk index idx rowid".split())  # noqa: SIM905


def is_label(name: str, field: str | None) -> bool:
    """Whether a column's name says that it holds an answer, or numbers the rows.

    "Twitter ID" is a number of somebody's row, however it is called elsewhere; an "email id" is an address.
    """
    from landbridge.mapping.synonyms import split_words

    words = split_words(name)
    if _TRUTH_WORDS & set(words):
        return True
    return bool(words) and words[-1] in _ID_WORDS and field not in ("email", "phone")


def holds_codes(values: pa.ChunkedArray, field: str) -> bool:
    """Whether a column that is called like a person's name holds numbers or codes instead: "person: P0001234"."""
    import pyarrow.compute as pc

    values = values.drop_null()
    if field not in ("full_name", "given_name", "family_name") or not is_text(values) or not len(values):
        return False
    return bool(pc.mean(pc.match_substring_regex(values, r"[0-9]").cast("int8")).as_py() > CODED)


def is_text(column: pa.ChunkedArray) -> bool:
    """Whether these are texts, and not lists of such."""
    import pyarrow as pa

    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def copies(
    columns: Sequence[tuple[str, pa.ChunkedArray]], truth: pa.ChunkedArray, fields: Mapping[str, str | None]
) -> list[str]:
    """The names of those `columns` that say what the truth says, in whatever spelling; all are text.

    One is a copy that says it row by row, but for case, spaces and leading zeros. One is taken for a copy that has one
    value for each person and one person for each value, in nearly all labelled rows, for MANY people with several rows:
    but not what is called so and looks so that each has their own (OWN), as people have who write it without a slip.
    `fields`: what each column is by its name.
    """
    import pyarrow as pa

    if not is_text(truth):
        return []
    texts = [
        (name, pa.table([truth, column], names=["person", "value"])) for name, column in columns if is_text(column)
    ]
    near = [(name, both) for name, both in texts if _is_copy(both.slice(0, LOOK), 0, fields[name])]
    return [name for name, both in near if _is_copy(both, MANY, fields[name])]


OWN = {"email": "@", "phone": r"(\d\D*){7}", "full_name": r"^\D+$", "birth_date": r"\d"}
"""What is somebody's alone, and what it looks like. A column whose name says nothing may hold addresses."""


def _is_copy(both: pa.Table, people: int, field: str | None) -> bool:
    import pyarrow as pa

    folded = pa.table([_folded(both["person"]), _folded(both["value"])], names=both.column_names)
    if folded["person"].equals(folded["value"]):
        return True
    return not _looks_own(folded["value"], field or "email") and _one_to_one(folded, people)


def _looks_own(values: pa.ChunkedArray, field: str) -> bool:
    import pyarrow.compute as pc

    said = values.filter(pc.not_equal(values, ""))
    if field not in OWN or not len(said):
        return False
    return bool(pc.mean(pc.match_substring_regex(said, OWN[field]).cast("int8")).as_py() > CODED)


def _folded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    spaced = pc.replace_substring_regex(pc.utf8_lower(pc.fill_null(column.cast(pa.string()), "")), r"\s+", " ")
    bare = pc.replace_substring_regex(pc.utf8_trim_whitespace(spaced), r"^0+([0-9])", r"\1")
    return pa.chunked_array([bare.combine_chunks() if isinstance(bare, pa.ChunkedArray) else bare], pa.string())


def _one_to_one(both: pa.Table, people: int) -> bool:
    """Whether each person has one value and each value one person; if `people`, so many with several rows, and nearly
    all with a value."""
    import duckdb

    with duckdb.connect() as con:
        con.register("both_columns", both)
        rows, told, persons, values, pairs, several = con.sql(_COUNTS).fetchall()[0]
    enough = several >= people and (not people or told >= MOSTLY * rows)
    return bool(persons == values == pairs and enough)


_COUNTS = """
WITH labelled AS (SELECT * FROM both_columns WHERE person <> ''),
pair AS (SELECT person, value, count(*) AS n FROM labelled WHERE value <> '' GROUP BY ALL)
SELECT (SELECT count(*) FROM labelled), coalesce(sum(n), 0), count(DISTINCT person), count(DISTINCT value), count(*),
    count(*) FILTER (n > 1) FROM pair
"""
