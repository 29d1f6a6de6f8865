"""Where values come from: a JSON payload, or a table's own columns. Both give the same named texts to the SQL."""

from __future__ import annotations

from typing import Protocol

from landbridge.mapping import paths
from landbridge.mapping.macros import PERSON_LIMIT

HARD_LIMIT = 20_000
"""Characters. Nothing longer goes further than here, whatever field it is meant for."""


def literal(text: str) -> str:
    """A text as an SQL literal. DuckDB knows no escapes in plain quotes but the doubled quote."""
    return "'" + text.replace("\0", "").replace("'", "''") + "'"


MOST_ITEMS = 100
"""Items of one list that are looked at."""


class Reader(Protocol):
    """Gives each path a column: `one` a text, `many` a list of texts. `sql()` is the SELECT that has them all.

    `careful` is False when values are not looked at, and rows that need it say so in `is_plain` (see `JsonReader`).
    """

    careful: bool

    def one(self, path: str) -> str: ...

    def many(self, path: str) -> str: ...

    def nested(self, path: str) -> str:
        """SQL: whether there is an object or a list where one value was wanted."""
        ...

    def sql(self) -> str: ...


class JsonReader:
    """Reads `records.payload`. One pass over the JSON text serves all single values.

    Nearly all records are plain: no control character, no object where a value should be, no space around a value,
    nothing longer than a person field may be. The quick reader (careful=False) finds out once a record, says so in
    `is_plain`, and trusts every value. The careful reader takes the records that are not in `stage`, and doubts each
    value. `is_plain` is a column and no WHERE: DuckDB would push that below the extraction, and extract twice.
    """

    def __init__(self, careful: bool) -> None:
        self.careful = careful
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
        texts = "".join(f", {self._text(path, number)} AS t{number}" for path, number in self._ones.items())
        items = "".join(f", {self._items(number)} AS l{number}" for number in self._manys.values())
        source = "records ANTI JOIN stage USING (record_id)" if self.careful else "records"
        plain = "true" if self.careful else f"NOT controls AND plain_text(joined, {PERSON_LIMIT})"
        return (
            f"SELECT record_id, key, {plain} AS is_plain, v{texts}{items} "
            f"FROM (SELECT *, array_to_string(v, chr(31)) AS joined FROM ({self._extracted(source)}))"
        )

    def _extracted(self, source: str) -> str:
        pointers = ", ".join(literal(paths.pointer(paths.steps(path))) for path in self._ones)
        lists = "".join(
            f", json_extract_string(payload, {literal(paths.wildcard(paths.steps(path)))}) AS w{number}"
            for path, number in self._manys.items()
        )
        values = f"json_extract_string(payload, [{pointers}]::VARCHAR[]) AS v{lists}"
        return f"SELECT record_id, key, payload, has_controls(payload) AS controls, {values} FROM {source}"

    def _text(self, path: str, number: int) -> str:
        """The text at a path. A text that only looks like JSON is a text; an object or a list is none."""
        value, pointer = f"v[{number}]", literal(paths.pointer(paths.steps(path)))
        if not self.careful:
            return f"nullif({value}, '')"
        text = f"as_text({value}, {HARD_LIMIT})"
        is_text = f"json_type(payload, {pointer}) NOT IN ('OBJECT', 'ARRAY')"
        return f"CASE WHEN NOT is_nested({value}) THEN {text} WHEN {is_text} THEN {text} END"

    @staticmethod
    def _items(number: int) -> str:
        text = f"as_text(x, {HARD_LIMIT})"
        return f"list_transform(w{number}[:{MOST_ITEMS}], lambda x: CASE WHEN NOT is_nested(x) THEN {text} END)"


class TableReader:
    """Reads a table's own columns, which stand in `records` as c0, c1, ... beside record_id and key."""

    careful = True

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
        return f"SELECT record_id, key, true AS is_plain{texts} FROM records"

    def _text(self, path: str) -> str:
        column = f"c{self._columns.index(paths.steps(path)[0])}"
        if paths.is_many(path):
            return f"list_transform({column}::VARCHAR[], lambda x: as_text(x, {HARD_LIMIT}))"
        return f"as_text({column}::VARCHAR, {HARD_LIMIT})"
