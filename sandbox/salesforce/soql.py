"""SOQL, the part that integrations use, as a tree: SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET.

Left out, and refused as MALFORMED_QUERY: child subqueries, TYPEOF, WITH, USING SCOPE, FOR, bind variables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sandbox.salesforce.errors import Refused

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "like", "in", "not in"]
AGGREGATES = frozenset({"count", "count_distinct", "min", "max", "sum", "avg"})
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}


@dataclass(frozen=True)
class Column:
    """A field, perhaps of a parent: `("Account", "Name")`. `call` is an aggregate in lower case, `alias` its name."""

    path: tuple[str, ...]
    at: int
    call: str | None = None
    alias: str | None = None


@dataclass(frozen=True)
class Constant:
    """A value in a condition. `kind`: text, time, date, number, null, boolean, or range (`TODAY`, `LAST_N_DAYS:3`)."""

    kind: str
    text: str


@dataclass(frozen=True)
class Comparison:
    column: Column
    operator: Operator
    values: tuple[Constant, ...]


@dataclass(frozen=True)
class Every:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Opposite:
    part: Condition


Condition = Comparison | Every | AnyOf | Opposite


@dataclass(frozen=True)
class Order:
    column: Column
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    """A parsed query. `columns` is empty for `SELECT COUNT()` and for a bare `FIELDS(ALL)`."""

    text: str
    columns: tuple[Column, ...]
    object_name: str
    object_at: int
    where: Condition | None = None
    group_by: tuple[Column, ...] = ()
    having: Condition | None = None
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    alias: str | None = None
    fields_functions: frozenset[str] = frozenset()


def pointed(query: str, at: int, code: str, message: str) -> Refused:
    """An error that points at the place, in Salesforce's form."""
    before = query[max(0, at - 40) : at].replace("\n", " ")
    shown = before + query[at : at + 40].replace("\n", " ")
    row = query.count("\n", 0, at) + 1
    column = at - query.rfind("\n", 0, at)
    return Refused(code, f"\n{shown}\n{' ' * len(before)}^\nERROR at Row:{row}:Column:{column}\n{message}")


def unquoted(literal: str) -> str:
    """The text inside a string literal, its escapes resolved."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), literal[1:-1], flags=re.DOTALL)


def like_pattern(literal: str) -> re.Pattern[str]:
    r"""A LIKE literal as a pattern in any case: `%` is any text, `_` one character, `\%` and `\_` themselves."""
    pieces = re.findall(r"\\.|.", literal[1:-1], flags=re.DOTALL)
    special = {"%": ".*", "_": "."}
    made = [special.get(p) or re.escape(_ESCAPES.get(p[1], p[1]) if p.startswith("\\") else p) for p in pieces]
    return re.compile("".join(made), re.IGNORECASE | re.DOTALL)
