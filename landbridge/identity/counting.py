"""How many pairs stand on each level of a comparison, and what is believed of such counts."""

from __future__ import annotations

import duckdb

from landbridge.identity.comparisons import COMPARISONS, Comparison, Level

FLOOR = 1e-7
RAREST_M = 1e-4


def counts(con: duckdb.DuckDBPyConnection, comparison: Comparison, pairs: str, where: str) -> dict[str, int]:
    """How many of `pairs` stand on each level."""
    columns = ", ".join(f"a.{c} AS {c}_l, b.{c} AS {c}_r" for c in COMPARED)
    rungs = " ".join(f"WHEN {level.sql} THEN '{level.name}'" for level in comparison.levels)
    sql = f"""SELECT CASE {rungs} ELSE 'different' END AS level, count(*) FROM (
        SELECT {columns} FROM {pairs} p JOIN nodes a ON a.uid = p.l JOIN nodes b ON b.uid = p.r {where})
        WHERE NOT coalesce(({comparison.absent}), false) GROUP BY 1"""
    return dict(con.sql(sql).fetchall())


COMPARED = """
    given family middle parts roots given_known emails all_emails mailboxes aliases phones all_phones signed_phones
    handles all_handles birth_date birth_swapped street house_number postcode city company_keys
    signed_company_keys
""".split()  # noqa: SIM905


def comparable(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, float]:
    """Of the pairs of `table` with the same `block`, the share that each comparison has something to say about."""
    columns = ", ".join(f"a.{c} AS {c}_l, b.{c} AS {c}_r" for c in COMPARED)
    shares = ", ".join(f"avg((NOT coalesce(({c.absent}), false))::INT)" for c in COMPARISONS)
    row = con.sql(
        f"SELECT {shares} FROM (SELECT {columns} FROM {table} a JOIN {table} b ON a.block = b.block AND a.uid < b.uid)"
    ).fetchall()[0]
    return dict(zip((c.name for c in COMPARISONS), row, strict=True))


def bounded(comparison: Comparison, level: Level, m: float, u: float) -> tuple[float, float]:
    """(m, u) kept within what is believed of life beyond the data at hand."""
    m, u = max(m, RAREST_M), max(u, FLOOR)
    if level.name == "different":
        m = max(m, u * 2**comparison.against)
    if level.least is not None:
        m = max(m, u * 2**level.least)
    if level.most is not None:
        u = max(u, m / 2**level.most)
    if level.always is not None:
        u = m / 2**level.always
    return round(m, 7), float(f"{u:.4g}")
