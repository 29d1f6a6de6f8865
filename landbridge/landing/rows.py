"""A page's rows as columns: what can be kept as a record, and what is held with its bytes."""

from __future__ import annotations

import base64
import hashlib
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa

LARGEST = 1_000_000
"""Bytes of one record; a larger one is held. X, Zendesk, HubSpot and Salesforce stay far below."""

LANDING_SCHEMA = pa.schema(
    [("ordinal", pa.int64()), ("key", pa.string()), ("payload", pa.string()), ("digest", pa.string())]
)


@dataclass(frozen=True)
class Broken:
    """A row that cannot be a record: why, and its bytes (bounded)."""

    reason: str
    raw: bytes

    @property
    def subject(self) -> str:
        """The same bytes are the same case, however often they come."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    @property
    def encoded(self) -> str:
        """The bytes as text that any column takes."""
        return base64.b64encode(self.raw[:LARGEST]).decode()


@dataclass
class Sorted:
    """A page's rows, sorted into those that can be kept and those that are broken."""

    keys: list[str] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)

    @property
    def repeats(self) -> bool:
        """Whether an object comes more than once."""
        return len(set(self.keys)) < len(self.keys)

    def first_versions(self, account: str, stream: str, run_id: str) -> pa.Table:
        """The rows to keep as the table `record` has them, each the first version of its object."""
        first = self.table().drop_columns(["ordinal"]).append_column("version", self._all(pa.scalar(1, pa.int32())))
        for column, value in (("account", account), ("stream", stream), ("run_id", run_id)):
            first = first.append_column(column, self._all(value))
        return first

    def _all(self, value: pa.Scalar | str) -> pa.Array:
        return pa.repeat(value, len(self.keys))

    def table(self) -> pa.Table:
        """The rows to keep, in the order they came."""
        columns = [range(len(self.keys)), self.keys, self.payloads, self.digests]
        return pa.table(dict(zip(LANDING_SCHEMA.names, columns, strict=True)), schema=LANDING_SCHEMA)


def sort(rows: Sequence[Any], key: str) -> Sorted:
    """Sort rows by whether they can be kept. `key`: the field that identifies one; it may be a path with dots.

    The digest does not depend on the order of a record's fields: some systems change it between two calls.
    """
    done = Sorted()
    for row in rows:
        payload = _payload(row)
        identifier = _key(row, key)
        if payload is None or identifier is None:
            done.broken.append(Broken(_reason(row, key, payload), _raw(row)))
            continue
        done.keys.append(identifier)
        done.payloads.append(payload.decode())
        done.digests.append(hashlib.sha256(orjson.dumps(row, _plain, orjson.OPT_SORT_KEYS)).hexdigest())
    return done


def _payload(row: Any) -> bytes | None:
    try:
        payload = orjson.dumps(row, _plain)
    except (TypeError, ValueError):  # a lone surrogate, a number beyond 64 bits, a key that is no text
        return None
    return payload if len(payload) <= LARGEST else None


def _raw(row: Any) -> bytes:
    """What is kept of a row that is no record: the bytes it came in, or the row as Python shows it."""
    if isinstance(row, bytes):
        return row
    try:
        return repr(row).encode()
    except RecursionError:
        return _SHALLOW.repr(row).encode()


_SHALLOW = reprlib.Repr()
"""Shows a row that is nested deeper than Python can follow, down to a depth that no honest row has."""
_SHALLOW.maxlevel, _SHALLOW.maxdict, _SHALLOW.maxlist = 50, 10_000, 10_000
_SHALLOW.maxstring = _SHALLOW.maxother = _SHALLOW.maxlong = LARGEST


def _plain(value: object) -> str:
    """Types that columnar files have and JSON has not."""
    return str(value)


def _key(row: Any, path: str) -> str | None:
    value = row
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    usable = isinstance(value, (str, int)) and not isinstance(value, bool)
    text = str(value) if usable else ""
    return text if text.strip() and len(text) <= 500 and "\x00" not in text and text.isprintable() else None


def _reason(row: Any, key: str, payload: bytes | None) -> str:
    if isinstance(row, bytes):
        return "the row could not be parsed"
    if not isinstance(row, dict):
        return f"the row is {type(row).__name__}, not an object"
    if payload is None:
        return f"the row is larger than {LARGEST:,} bytes, nested too deeply or holds text that no JSON can"
    return f"the row has no usable '{key}'"
