"""How many pairs of a table stand on each level of a comparison."""

from __future__ import annotations

import duckdb

from landbridge.identity.comparisons import Comparison


def counts(con: duckdb.DuckDBPyConnection, comparison: Comparison, pairs: str, where: str) -> dict[str, int]:
    """How many of `pairs` stand on each level."""
    columns = ", ".join(f"a.{c} AS {c}_l, b.{c} AS {c}_r" for c in COMPARED)
    rungs = " ".join(f"WHEN {level.sql} THEN '{level.name}'" for level in comparison.levels)
    sql = f"""SELECT CASE {rungs} ELSE 'different' END AS level, count(*) FROM (
        SELECT {columns} FROM {pairs} p JOIN nodes a ON a.uid = p.l JOIN nodes b ON b.uid = p.r {where})
        WHERE NOT coalesce(({comparison.absent}), false) GROUP BY 1"""
    return dict(con.sql(sql).fetchall())


COMPARED = """
    given family middle parts roots given_known emails all_emails mailboxes aliases phones all_phones handles
    all_handles birth_date birth_swapped street house_number postcode city company_keys
""".split()  # noqa: SIM905
