"""From the text of a SOQL query to its tree."""

from __future__ import annotations

import re
from typing import NamedTuple

from sandbox.salesforce.errors import Refused
from sandbox.salesforce.soql import (
    AGGREGATES,
    AnyOf,
    Column,
    Comparison,
    Condition,
    Constant,
    Every,
    Operator,
    Opposite,
    Order,
    Query,
    pointed,
)

_TOKENS = re.compile(
    r"""\s*(?:
      (?P<text>'(?:\\.|[^'\\])*')
    | (?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d)
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+))
    | (?P<mark><=|>=|!=|<>|[=<>(),:])
    | (?P<word>[A-Za-z_][\w.]*)
    )""",
    re.VERBOSE,
)
_CLAUSES = ("from", "where", "group", "having", "order", "limit", "offset")
_RESERVED = frozenset((*_CLAUSES, "and", "or", "not", "in", "like", "nulls", "asc", "desc"))
_RANGES = frozenset({"today", "yesterday", "tomorrow", "this_month", "this_year", "last_week", "last_month"})
_COUNTED_RANGES = frozenset({"last_n_days", "next_n_days"})


class Token(NamedTuple):
    """A piece of the query; `kind` is a group of the pattern above, or "end"."""

    kind: str
    text: str
    at: int


DEEPEST = 50
"""How far conditions may lie within each other; a bound of our own, below Python's."""


def parse(text: str) -> Query:
    """Read a query; MALFORMED_QUERY with the place of the first token that does not fit."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split(text))
        self._next = 0
        self._depth = 0

    def _split(self, text: str) -> list[Token]:
        tokens, at, end = [], 0, len(text.rstrip())
        while at < end:
            match = _TOKENS.match(text, at)
            if match is None or match.lastgroup is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                raise pointed(
                    text, at, "MALFORMED_QUERY", f"line 1:{at} no viable alternative at character '{text[at]}'"
                )
            tokens.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
            at = match.end()
        return [*tokens, Token("end", "<EOF>", end)]

    # -- steps -----------------------------------------------------------------------------------------------------
    def _peek(self, ahead: int = 0) -> Token:
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._peek()
        self._next += 1
        return token

    def _is(self, *words: str) -> bool:
        """Whether the next tokens are these words or marks, in any case."""
        return all(self._peek(place).text.lower() == word for place, word in enumerate(words))

    def _skip(self, *words: str) -> bool:
        if not self._is(*words):
            return False
        self._next += len(words)
        return True

    def _need(self, *words: str) -> None:
        for word in words:
            if not self._skip(word):
                raise self._unexpected(self._peek())

    def _unexpected(self, token: Token) -> Refused:
        return pointed(self._text, token.at, "MALFORMED_QUERY", f"unexpected token: '{token.text}'")

    def _word(self) -> Token:
        token = self._take()
        if token.kind != "word" or token.text.lower() in _RESERVED:
            raise self._unexpected(token)
        return token

    def _whole_number(self) -> int:
        token = self._take()
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > 10:
            raise self._unexpected(token)
        return int(token.text)

    # -- clauses ---------------------------------------------------------------------------------------------------
    def query(self) -> Query:
        self._need("select")
        functions: list[str] = []
        columns = self._columns(functions)
        self._need("from")
        source = self._word()
        alias = self._word().text if self._peek().kind == "word" and not self._at_clause() else None
        where = self._condition() if self._skip("where") else None
        group_by = self._list_of_columns() if self._skip("group", "by") else ()
        having = self._condition() if self._skip("having") else None
        order_by = self._orders() if self._skip("order", "by") else ()
        limit = self._whole_number() if self._skip("limit") else None
        offset = self._whole_number() if self._skip("offset") else 0
        if self._peek().kind != "end":
            raise self._unexpected(self._peek())
        return Query(
            self._text, columns, source.text, source.at, where, group_by, having, order_by, limit, offset, alias,
            frozenset(functions),
        )  # fmt: skip

    def _at_clause(self) -> bool:
        return self._peek().text.lower() in _RESERVED

    def _columns(self, functions: list[str]) -> tuple[Column, ...]:
        """The select list; `COUNT()` gives no column, `FIELDS(ALL)` is noted in `functions`."""
        if self._skip("count", "(", ")"):
            return ()
        columns = []
        while True:
            if self._is("fields", "("):
                self._need("fields", "(")
                functions.append(self._word().text.lower())
                self._need(")")
            else:
                columns.append(self._selected())
            if not self._skip(","):
                return tuple(columns)

    def _selected(self) -> Column:
        column = self._column()
        if self._peek().kind == "word" and not self._at_clause():
            return Column(column.path, column.at, column.call, self._word().text)
        return column

    def _column(self) -> Column:
        token = self._word()
        if self._peek().text != "(":
            return Column(tuple(token.text.split(".")), token.at)
        if token.text.lower() not in AGGREGATES:
            raise self._unexpected(token)
        self._need("(")
        inner = self._word()
        self._need(")")
        return Column(tuple(inner.text.split(".")), inner.at, token.text.lower())

    def _list_of_columns(self) -> tuple[Column, ...]:
        columns = [self._column()]
        while self._skip(","):
            columns.append(self._column())
        return tuple(columns)

    def _orders(self) -> tuple[Order, ...]:
        orders = [self._order()]
        while self._skip(","):
            orders.append(self._order())
        return tuple(orders)

    def _order(self) -> Order:
        column = self._column()
        descending = self._skip("desc") or (self._skip("asc") and False)
        nulls_last = self._skip("nulls", "last")
        if not nulls_last:
            self._skip("nulls", "first")
        return Order(column, descending, nulls_last)

    # -- conditions ------------------------------------------------------------------------------------------------
    def _condition(self) -> Condition:
        """Parts joined by AND or by OR; both without parentheses are an error in SOQL."""
        parts = [self._part()]
        joiner = self._peek().text.lower()
        if joiner not in ("and", "or"):
            return parts[0]
        while self._skip(joiner):
            parts.append(self._part())
        if self._is("and") or self._is("or"):
            raise self._unexpected(self._peek())
        return Every(tuple(parts)) if joiner == "and" else AnyOf(tuple(parts))

    def _part(self) -> Condition:
        if self._depth == DEEPEST:
            raise self._unexpected(self._peek())
        self._depth += 1
        part = self._nested()
        self._depth -= 1
        return part

    def _nested(self) -> Condition:
        if self._skip("not"):
            return Opposite(self._part())
        if self._skip("("):
            inside = self._condition()
            self._need(")")
            return inside
        return self._comparison()

    def _comparison(self) -> Comparison:
        column = self._column()
        if self._skip("not", "in"):
            return Comparison(column, "not in", self._literals())
        if self._skip("in"):
            return Comparison(column, "in", self._literals())
        if self._skip("like"):
            return Comparison(column, "like", (self._literal(),))
        token = self._take()
        if token.text not in ("=", "!=", "<>", "<", "<=", ">", ">="):
            raise self._unexpected(token)
        operator: Operator = "!=" if token.text == "<>" else token.text  # type: ignore[assignment]  # just checked
        return Comparison(column, operator, (self._literal(),))

    def _literals(self) -> tuple[Constant, ...]:
        self._need("(")
        values = [self._literal()]
        while self._skip(","):
            values.append(self._literal())
        self._need(")")
        return tuple(values)

    def _literal(self) -> Constant:
        token = self._take()
        if token.kind in ("text", "time", "date", "number"):
            return Constant(token.kind, token.text)
        word = token.text.lower()
        if word in ("true", "false"):
            return Constant("boolean", word)
        if word == "null":
            return Constant("null", word)
        if token.kind == "word" and word in _RANGES:
            return Constant("range", word)
        if token.kind == "word" and word in _COUNTED_RANGES and self._skip(":"):
            return Constant("range", f"{word}:{self._whole_number()}")
        raise self._unexpected(token)
