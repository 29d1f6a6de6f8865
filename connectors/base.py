"""What a connector is: a declaration and a function.

The declaration (`Connector`) names the system, its streams and the credentials it needs. The function
(`read`) yields pages, each with the checkpoint that stands behind it. A connector lands nothing, maps
nothing and retries nothing: the engine commits a page and its checkpoint together, asks again from the
last committed checkpoint after a `SourceUnavailable`, and quarantines rows that are not usable.

Two sisters of `read` exist for systems that we write to: `write` (receipts, in the order of the writes)
and `look_up` (what the system holds now). There is no fourth kind without a decision record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from landbridge.errors import AccessRefused, SourceChanged, SourceUnavailable

__all__ = [
    "Access",
    "AccessRefused",
    "Checkpoint",
    "Connector",
    "Page",
    "Receipt",
    "Secret",
    "SourceChanged",
    "SourceUnavailable",
    "Stream",
    "Write",
]

Checkpoint = dict[str, Any]
"""Where to go on from: small, JSON, and meaningful to one connector's stream only."""


class Secret(str):
    """A credential. Prints as stars wherever somebody formats or logs it; `reveal()` gives the value."""

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def reveal(self) -> str:
        """The value itself, for the one line that puts it on the wire."""
        return str.__str__(self)


@dataclass(frozen=True)
class Access:
    """One account's way in. `base_url` has no trailing slash; `options` are the account's own settings, which are not
    printed: a proxy's address may hold its password."""

    account: str
    base_url: str
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    ca_file: str | None = None

    def secret(self, name: str) -> str:
        """The credential called `name`. Raises AccessRefused when the account has none."""
        if name not in self.secrets:
            raise AccessRefused(
                f"Account '{self.account}' has no credential '{name}'.",
                do=f"Name an environment variable under accounts.{self.account}.credentials.{name} and set it.",
            )
        return self.secrets[name].reveal()


@dataclass(frozen=True)
class Stream:
    """One kind of object in a system. `key`: the field that identifies a row, as the system names it."""

    name: str
    key: str = "id"
    about: str = ""


@dataclass(frozen=True)
class Page:
    """Rows exactly as the system gave them, and the checkpoint after them.

    A row that could not even be parsed is given as its `bytes`. `checkpoint` may be committed once the rows
    are; reading again from it yields the pages that follow (a repeated row is harmless, a lost one is not).
    """

    stream: str
    rows: Sequence[Any]
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Write:
    """One object's wanted values; None empties a field. `match_field` + `match_value` find it: an external id, or `Id`
    itself. `delete` wants it gone, and then it is found by `Id`; that it is gone already is as good as done."""

    ref: str
    object: str
    match_field: str
    match_value: str
    values: Mapping[str, Any]
    delete: bool = False


@dataclass(frozen=True)
class Receipt:
    """What became of one write. `unknown`: no answer came, so it may have happened: look up, never guess."""

    ref: str
    outcome: Literal["done", "refused", "unknown"]
    id: str | None = None
    created: bool | None = None
    code: str | None = None
    message: str | None = None


ReadFunction = Callable[[Access, str, Checkpoint | None], Iterator[Page]]
CheckFunction = Callable[[Access], str]
WriteFunction = Callable[[Access, Sequence[Write]], Iterator[Receipt]]
LookUpFunction = Callable[[Access, str, str, Sequence[str], Sequence[str]], Mapping[str, Mapping[str, Any]]]
DescribeFunction = Callable[[Access, str], Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Connector:
    """The declaration. `read(access, stream, checkpoint)` yields pages oldest-first where the system can;
    `check(access)` answers with one sentence about who we are there, or raises.

    `write(access, writes)` yields one receipt a write, in order. `look_up(access, object, match_field,
    match_values, fields)` gives what the system holds now, keyed by match value (lower case); missing ones are absent.
    `describe(access, object)` gives the fields that exist there, by name, as the system describes them.
    """

    system: str
    streams: tuple[Stream, ...]
    credentials: tuple[str, ...]
    read: ReadFunction
    check: CheckFunction
    default_url: str = ""
    write: WriteFunction | None = None
    look_up: LookUpFunction | None = None
    describe: DescribeFunction | None = None

    def stream(self, name: str) -> Stream:
        """The stream called `name`. Raises KeyError."""
        for stream in self.streams:
            if stream.name == name:
                return stream
        raise KeyError(f"{self.system} has no stream '{name}'; it has {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """The streams' names, in the order in which they are read."""
        return tuple(s.name for s in self.streams)
