"""Matches, and the evidence for each: JSON, {comparison: {level, weight, left, right}}, weights in bits; what could not
be compared is left out. It holds personal values.

The texts are written when they are asked for: grouping reads weights alone, and goes on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity.comparisons import COMPARISONS, SIGNED, Comparison
from landbridge.identity.places import by_place

Rows = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Matches:
    """Pairs, best first: their sides' places in the order of profile_id, left before right; bits and probability.

    signed     whether anything of a pair agrees with a signature only (comparisons.SIGNED)
    evidence   writes the evidence of some of them, or of all (None)
    """

    left: Rows
    right: Rows
    weight: npt.NDArray[np.float64]
    probability: npt.NDArray[np.float64]
    signed: Flags
    evidence: Callable[[npt.NDArray[np.int64] | None], pa.ChunkedArray]

    def where(self, chosen: Flags) -> Matches:
        """Some of them."""
        if chosen.all():
            return self
        rows = np.flatnonzero(chosen)
        return Matches(
            self.left[rows],
            self.right[rows],
            self.weight[rows],
            self.probability[rows],
            self.signed[rows],
            lambda some: self.evidence(rows if some is None else rows[some]),
        )

    def table(self, ids: pa.ChunkedArray) -> pa.Table:
        """As matching.MATCHES; `ids`: the profiles in order."""
        sides = [ids.take(pa.array(side)) for side in (self.left, self.right)]
        columns = [*sides, pa.array(self.weight), pa.array(self.probability), self.evidence(None)]
        return pa.table(columns, names=["left_id", "right_id", "weight", "probability", "evidence"])


def none() -> Matches:
    """No matches."""
    nobody, nothing = np.zeros(0, np.int32), np.zeros(0)
    return Matches(nobody, nobody, nothing, nothing, np.zeros(0, np.bool_), lambda _: pa.chunked_array([], pa.string()))


def read(ids: pa.ChunkedArray, table: pa.Table) -> Matches:
    """Matches that somebody has written, as a table of matching.MATCHES; both sides are among `ids`, in order."""
    left, right = (pc.index_in(table[side], value_set=ids).to_numpy() for side in ("left_id", "right_id"))
    told = table["evidence"]
    signed = pc.match_substring_regex(told, rf'"level": ?"{SIGNED}"').to_numpy()

    def evidence(rows: npt.NDArray[np.int64] | None) -> pa.ChunkedArray:
        return told if rows is None else told.take(pa.array(rows))

    return Matches(left, right, table["weight"].to_numpy(), table["probability"].to_numpy(), signed, evidence)


def weighed(con: duckdb.DuckDBPyConnection, scored: str) -> Matches:
    """What is in the table `scored` (splink_engine.score) over `nodes`; `con` stays open while evidence is asked for.

    Numbers are put in order before the texts come to them, which would be heavy to move. Weights are rounded: the last
    digit of a sum is the engine's own, and clusters are made in the order of weights.
    """
    con.execute(f"""CREATE OR REPLACE TEMP TABLE best AS SELECT *, round(match_weight, 6) AS weight FROM {scored}
        ORDER BY weight DESC, uid_l, uid_r""")
    found = by_place(
        con.sql(f"""SELECT rowid AS place, uid_l::INT AS l, uid_r::INT AS r, weight,
            round(match_probability, 9)::DOUBLE AS probability, {_ONLY_SIGNED} AS signed FROM best""").to_arrow_table()
    )
    left, right, weight, probability, signed = (column.to_numpy() for column in found.columns[1:])
    return Matches(left, right, weight, probability, signed, lambda rows: _written(con, rows))


def _written(con: duckdb.DuckDBPyConnection, rows: npt.NDArray[np.int64] | None) -> pa.ChunkedArray:
    """Evidence as text: values once a profile, and no objects in between, which took three times as long."""
    shown = ", ".join(f"coalesce(to_json({_shown(c.values)})::VARCHAR, 'null') AS {c.name}" for c in COMPARISONS)
    con.execute(f"""CREATE TEMP TABLE IF NOT EXISTS shown AS SELECT n.uid, {shown} FROM nodes n
        WHERE uid IN (SELECT uid_l FROM best UNION ALL SELECT uid_r FROM best)""")
    if rows is not None:
        con.register("asked", pa.table({"place": rows}))
    pieces = ", ".join(_piece(comparison) for comparison in COMPARISONS)
    found = con.sql(f"""SELECT best.rowid AS place, '{{' || concat_ws(',', {pieces}) || '}}' AS evidence
        FROM best JOIN shown l ON l.uid = uid_l JOIN shown r ON r.uid = uid_r
        {"" if rows is None else "WHERE best.rowid IN (FROM asked)"}""").to_arrow_table()
    return by_place(found)["evidence"].cast(pa.string())


def _piece(comparison: Comparison) -> str:
    """The member of one comparison in a pair's evidence, null where nothing could be compared. By `concat`, which
    writes once what `||` would copy at every step."""
    name, rungs = comparison.name, enumerate(reversed(comparison.ladder))
    bits = f"round(mw_{name}{f' + mw_tf_adj_{name}' if any(level.rarity for level in comparison.levels) else ''}, 2)"
    told = " ".join(f"""WHEN {gamma} THEN '"{name}":{{"level":"{level.name}","weight":'""" for gamma, level in rungs)
    written = f"""concat(CASE gamma_{name} {told} END, {bits}, ',"left":', l.{name}, ',"right":', r.{name}, '}}')"""
    return f"CASE WHEN gamma_{name} >= 0 THEN {written} END"


def _shown(values: str) -> str:
    lists = values in ("all_emails", "all_phones", "all_handles", "company_keys")
    return values.format("n") if "{0}" in values else f"array_to_string(n.{values}, ', ')" if lists else f"n.{values}"


_ONLY_SIGNED = " OR ".join(
    f"gamma_{comparison.name} = {gamma}"
    for comparison in COMPARISONS
    for gamma, level in enumerate(reversed(comparison.ladder))
    if level.name == SIGNED
)
