"""The most that a pair can weigh, told from numbers alone: most pairs that blocking finds never reach the threshold,
and numbers are compared in a twentieth of the time that texts take.

Each level's SQL is read, and what can be told from a number for each profile is asked of the numbers: equal texts have
one hash, lists with a value in common a common bit, texts a slip apart nearly the same letters. What cannot be told so
is taken for true. A level that may hold counts with all its bits, so that no pair is dropped which Splink would weigh
at the threshold or above; tests/identity/test_ceiling.py holds it to that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import numpy.typing as npt

from landbridge.identity.comparisons import COMPARISONS, Comparison, Level
from landbridge.identity.letters import Shapes, alike, shapes, slips
from landbridge.identity.model import Model
from landbridge.identity.places import by_place

if TYPE_CHECKING:
    import pyarrow as pa

Expression = Any
"""sqlglot's tree; it has no types of its own."""

Rows = npt.NDArray[np.int32]
Bits = npt.NDArray[np.float32]

AT_ONCE = 1 << 17
"""Pairs that are looked at in one go: what is read of them stays in the processor's cache."""

SLACK = 0.01
"""Bits that rounding may cost."""

_NONE = np.float32(0)

RAREST = 1e-6
"""As in splink_engine: a rarer value counts as if it were this common."""


class Ceilings:
    """The most that pairs of the profiles in table `nodes` can weigh; their numbers are read once."""

    def __init__(self, con: duckdb.DuckDBPyConnection, model: Model, size: int) -> None:
        self._rungs = [_Rungs(comparison, model, size) for comparison in COMPARISONS]
        self._facts = _facts(con, {term for rung in self._rungs for term in rung.terms})
        self._prior: Any = np.float32(np.log2(model.prior(size) / (1 - model.prior(size))) + SLACK)

    def of(self, pairs: pa.Table) -> Bits:
        """For each of `pairs` (join_key_l, join_key_r: places in `nodes`) bits that its weight does not exceed."""
        left, right = (pairs[side].to_numpy() for side in ("join_key_l", "join_key_r"))

        def some(begin: int) -> Bits:
            sides = _Sides(self._facts, left[begin : begin + AT_ONCE], right[begin : begin + AT_ONCE])
            return sum((rung.ceiling(sides) for rung in self._rungs), self._prior)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return np.concatenate([np.zeros(0, np.float32), *pool.map(some, range(0, len(left), AT_ONCE))])


@dataclass(frozen=True)
class Term:
    """One number for each profile: SQL over `nodes`, and what the number is."""

    kind: str
    sql: str


_AS = {
    "equal": "CASE WHEN {0} IS NOT NULL THEN (hash({0}) % 4294967295 + 1)::UINTEGER ELSE 0::UINTEGER END",
    "common": """(CASE WHEN coalesce(len({0}), 0) = 0 THEN 0::UBIGINT WHEN len({0}) = 1
        THEN 1::UBIGINT << (hash({0}[1]) % 63)::INT
        ELSE list_aggregate(list_transform({0}, lambda v: 1::UBIGINT << (hash(v) % 63)::INT), 'bit_or')
        END)::UBIGINT""",
    "true": "coalesce({0}, false)",
    "letters": "{0}",
    "bits": "{0}",
}
"""How each kind is reckoned."""

Fact = npt.NDArray[Any] | Shapes


def _facts(con: duckdb.DuckDBPyConnection, terms: set[Term]) -> dict[Term, Fact]:
    ordered = sorted(terms, key=lambda term: (term.kind, term.sql))
    columns = ", ".join(f"{_AS[term.kind].format(term.sql)} AS c{n}" for n, term in enumerate(ordered))
    table = by_place(con.sql(f"SELECT uid AS place, {columns} FROM nodes").to_arrow_table())
    return {term: _fact(term, column) for term, column in zip(ordered, table.columns[1:], strict=True)}


def _fact(term: Term, column: pa.ChunkedArray) -> Fact:
    return shapes(column) if term.kind == "letters" else column.to_numpy()


class _Sides:
    """The facts of some pairs, each fetched once."""

    def __init__(self, facts: dict[Term, Fact], left: Rows, right: Rows) -> None:
        self._rows = {"l": left.astype(np.int64), "r": right.astype(np.int64)}  # numpy turns other numbers into these
        self._facts, self._got = facts, dict[tuple[Term, str], Any]()
        self.many = len(left)

    def of(self, term: Term, side: str) -> Any:
        """One fact of the profiles on one side, 'l' or 'r'."""
        if (term, side) not in self._got:
            self._got[term, side] = self._facts[term].take(self._rows[side], mode="clip")  # unchecked: all are there
        return self._got[term, side]


Test = Callable[[_Sides], Any]
"""Flags for some pairs; or one for them all."""


class _Rungs:
    """A comparison's levels as tests on numbers, and what each weighs."""

    def __init__(self, comparison: Comparison, model: Model, size: int) -> None:
        self.terms: set[Term] = set()
        absent = _parsed(comparison.absent)
        self._absent, self._maybe_absent = self._must(absent), self._may(absent)
        self._least = np.float32(_bits(comparison, comparison.ladder[-1], model, size))
        self._levels = [
            (self._may(_parsed(level.sql)), self._weight(comparison, level, model, size)) for level in comparison.levels
        ]

    def ceiling(self, sides: _Sides) -> Bits:
        """The most bits that this comparison can bring each pair."""
        most: Bits = np.full(sides.many, self._least, np.float32)
        for holds, weight in self._levels:
            np.maximum(most, np.where(holds(sides), weight(sides), self._least), out=most)
        np.maximum(most, np.where(self._maybe_absent(sides), _NONE, self._least), out=most)
        return np.where(self._absent(sides), _NONE, most)

    def _weight(self, comparison: Comparison, level: Level, model: Model, size: int) -> Callable[[_Sides], Any]:
        bits = np.float32(_bits(comparison, level, model, size))
        if not level.rarity:
            return lambda sides: bits
        m, u = model.weights[comparison.name][level.name]
        rare = self._term("bits", f"log2({m} / greatest(coalesce(tf_{level.rarity}, {u}), {RAREST}))::FLOAT")
        return lambda sides: sides.of(rare, "l")

    def _term(self, kind: str, sql: str) -> Term:
        term = Term(kind, sql)
        self.terms.add(term)
        return term

    def _may(self, node: Expression) -> Test:
        """True wherever a condition holds."""
        from sqlglot import exp

        node = node.unnest()
        if _side(node):
            return self._alone(node)
        if isinstance(node, exp.And | exp.Or):
            return _both(node, self._may(node.left), self._may(node.right))
        if isinstance(node, exp.Not):
            opposite = self._must(node.this)
            return lambda sides: ~opposite(sides)
        if isinstance(node, exp.Coalesce) and node.expressions == [exp.false()]:
            return self._may(node.this)
        return self._told(node) or _true

    def _must(self, node: Expression) -> Test:
        """True only where a condition holds."""
        from sqlglot import exp

        node = node.unnest()
        if _side(node):
            return self._alone(node)
        if isinstance(node, exp.And | exp.Or):
            return _both(node, self._must(node.left), self._must(node.right))
        if isinstance(node, exp.Not) and isinstance(node.this, exp.Coalesce):  # never unknown
            opposite = self._may(node.this)
            return lambda sides: ~opposite(sides)
        return _false

    def _alone(self, node: Expression) -> Test:
        """What one profile says by itself."""
        term, side = self._term("true", _of_one(node)), _side(node)
        return lambda sides: sides.of(term, side)

    def _told(self, node: Expression) -> Test | None:
        """What the two profiles' numbers tell of them, if anything."""
        from sqlglot import exp

        if isinstance(node, exp.ArrayOverlaps):
            return self._two("common", node.left, node.right, lambda a, b: (a & b) != 0)
        if isinstance(node, exp.EQ) and _side(node.left) and _side(node.right):
            return self._two("equal", node.left, node.right, _equal)
        measured = isinstance(node, exp.EQ | exp.LTE | exp.GTE) and node.right.is_number
        return self._measured(node, float(node.right.name)) if measured else None

    def _measured(self, node: Expression, bound: float) -> Test | None:
        """How near the two are, against a number."""
        from sqlglot import exp

        if isinstance(node, exp.EQ) and isinstance(node.left, exp.Add):
            return self._sum(node, bound)
        if isinstance(node, exp.EQ | exp.LTE) and (of := _texts(node.left, "levenshtein", "damerau_levenshtein")):
            return self._two("letters", *of, lambda a, b: slips(a, b, bound))
        if isinstance(node, exp.GTE) and (of := _texts(node.left, "jarowinklersimilarity")):
            return self._two("letters", *of, lambda a, b: alike(a, b, bound))
        return None

    def _two(self, kind: str, one: Expression, other: Expression, test: Callable[[Any, Any], Any]) -> Test | None:
        from sqlglot import exp

        if {_side(one), _side(other)} != {"l", "r"} or one.find(exp.RegexpReplace):  # slower than what it would save
            return None
        a, b = ((self._term(kind, _of_one(node)), _side(node)) for node in (one, other))
        return lambda sides: test(sides.of(*a), sides.of(*b))

    def _sum(self, node: Expression, least: float) -> Test | None:
        """So many of several conditions: hashes may only find more of them."""
        from sqlglot import exp

        parts = list(node.left.flatten())
        if not all(isinstance(part, exp.Cast) for part in parts):
            return None
        tests = [self._may(part.this) for part in parts]
        return lambda sides: sum(np.asarray(test(sides), np.int8) for test in tests) >= least


def _true(_: _Sides) -> np.bool_:
    return np.True_


def _false(_: _Sides) -> np.bool_:
    return np.False_


def _equal(a: Any, b: Any) -> Any:
    return (a == b) & (a != 0)


def _both(node: Expression, one: Test, other: Test) -> Test:
    """Two tests as `node`, AND or OR, says."""
    if node.key == "and":
        return lambda sides: one(sides) & other(sides)
    return lambda sides: one(sides) | other(sides)


@cache
def _parsed(condition: str) -> Expression:
    import sqlglot

    tree: Expression = sqlglot.parse_one(condition, read="duckdb")
    return tree


def _side(node: Expression) -> str:
    """'l' or 'r' where a condition is about that side alone, else ''."""
    from sqlglot import exp

    sides = {column.name[-1] for column in node.find_all(exp.Column)}
    return sides.pop() if len(sides) == 1 else ""


def _of_one(node: Expression) -> str:
    """The same of one row of `nodes`."""
    from sqlglot import exp

    alone = node.transform(lambda part: exp.column(part.name[:-2]) if isinstance(part, exp.Column) else part)
    return str(alone.sql(dialect="duckdb"))


def _texts(node: Expression, *functions: str) -> tuple[Expression, Expression] | None:
    """The two texts that one of these functions compares."""
    name = node.name if node.key == "anonymous" else node.key
    if name.lower() not in functions:
        return None
    one, other = node.expressions if node.key == "anonymous" else (node.this, node.expression)
    return one, other


def _bits(comparison: Comparison, level: Level, model: Model, size: int) -> float:
    """As Splink reckons them from splink_engine.splink_settings."""
    m, _ = model.weights[comparison.name][level.name]
    return float(np.log2(m / model.u(comparison.name, level.name, level.by_base, size)))
