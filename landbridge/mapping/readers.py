"""Where values come from: a JSON payload, or a table's own columns. Both give the same named texts to the SQL."""

from __future__ import annotations

from typing import Protocol

from landbridge.mapping import paths

HARD_LIMIT = 20_000
"""Characters. Nothing longer goes further than here, whatever field it is meant for."""


def literal(text: str) -> str:
    """A text as an SQL literal. DuckDB knows no escapes in plain quotes but the doubled quote."""
    return "'" + text.replace("\0", "").replace("'", "''") + "'"


MOST_ITEMS = 100
"""Items of one list that are looked at."""


class Reader(Protocol):
    """Gives each path a column: `one` a text, `many` a list of texts. `sql()` is the SELECT that has them all."""

    def one(self, path: str) -> str: ...

    def many(self, path: str) -> str: ...

    def nested(self, path: str) -> str:
        """SQL: whether there is an object or a list where one value was wanted."""
        ...

    def sql(self) -> str: ...


class JsonReader:
    """Reads `records.payload`. One pass over the JSON text serves all single values."""

    def __init__(self) -> None:
        self._ones: dict[str, int] = {}
        self._manys: dict[str, int] = {}

    def one(self, path: str) -> str:
        return f"t{self._ones.setdefault(path, len(self._ones) + 1)}"

    def many(self, path: str) -> str:
        return f"l{self._manys.setdefault(path, len(self._manys) + 1)}"

    def nested(self, path: str) -> str:
        number = self._ones[path]
        return f"(t{number} IS NULL AND coalesce(is_nested(v[{number}]), false))"

    def sql(self) -> str:
        pointers = ", ".join(literal(paths.pointer(paths.steps(path))) for path in self._ones)
        lists = "".join(
            f", json_extract_string(payload, {literal(paths.wildcard(paths.steps(path)))}) AS w{number}"
            for path, number in self._manys.items()
        )
        taken = f"json_extract_string(payload, [{pointers}]::VARCHAR[])" if self._ones else "[]::VARCHAR[]"
        texts = "".join(f", {self._text(path, number)} AS t{number}" for path, number in self._ones.items())
        items = "".join(f", {self._items(number)} AS l{number}" for number in self._manys.values())
        return (
            f"SELECT record_id, key, has_escapes, v{texts}{items} FROM (SELECT record_id, key, payload, "
            f"contains(payload, '\\') AS has_escapes, {taken} AS v{lists} FROM records)"
        )

    def _text(self, path: str, number: int) -> str:
        """An object or a list is no text; a text that only looks like one is. Only the first letter is looked at
        for most values, and JSON is asked for the rest."""
        value, pointer = f"v[{number}]", literal(paths.pointer(paths.steps(path)))
        really = f"json_type(payload, {pointer}) IN ('OBJECT', 'ARRAY')"
        return (
            f"CASE WHEN is_nested({value}) THEN CASE WHEN NOT {really} THEN as_text(cut({value}, {HARD_LIMIT}), "
            f"has_escapes) END ELSE as_text(cut({value}, {HARD_LIMIT}), has_escapes) END"
        )

    @staticmethod
    def _items(number: int) -> str:
        text = f"as_text(cut(x, {HARD_LIMIT}), has_escapes)"
        return f"list_transform(w{number}[:{MOST_ITEMS}], lambda x: CASE WHEN NOT is_nested(x) THEN {text} END)"


class TableReader:
    """Reads a table's own columns, which stand in `records` as c0, c1, ... beside record_id and key."""

    def __init__(self, columns: list[str]) -> None:
        self._columns = columns
        self._names: dict[str, str] = {}

    def one(self, path: str) -> str:
        return self._names.setdefault(path, f"t{len(self._names) + 1}")

    def many(self, path: str) -> str:
        return self.one(path)

    def nested(self, path: str) -> str:
        return "false"

    def sql(self) -> str:
        texts = "".join(f", {self._text(path)} AS {name}" for path, name in self._names.items())
        return f"SELECT record_id, key, true AS has_escapes{texts} FROM records"

    def _text(self, path: str) -> str:
        column = f"c{self._columns.index(paths.steps(path)[0])}"
        if paths.is_many(path):
            return f"list_transform({column}::VARCHAR[], lambda x: as_text(cut(x, {HARD_LIMIT}), true))"
        return f"as_text(cut({column}::VARCHAR, {HARD_LIMIT}), true)"
