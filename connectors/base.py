"""What a connector is: a declaration and a function.

The declaration (`Connector`) names the system, its streams and the credentials it needs. The function
(`read`) yields pages, each with the checkpoint that stands behind it. A connector lands nothing, maps
nothing and retries nothing: the engine commits a page and its checkpoint together, asks again from the
last committed checkpoint after a `SourceUnavailable`, and quarantines rows that are not usable.

Sisters of `read` exist for systems that we write to: `write` (receipts, in the order of the writes),
`look_up` (what the system holds now), and `bulk` (whole files). There is no other kind without a decision record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

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


class Meter(Protocol):
    """Counts what an account's calls cost, and may say that they are enough. Many flows share one budget."""

    def spent(self, used: int | None, most: int | None) -> None:
        """One call was made. `used` of `most` calls is what the system says that everybody has made in its day."""

    def may_read(self) -> None:
        """Asked before each page that is read. Raises SourceUnavailable where what is left is kept for others."""


@dataclass(frozen=True)
class Access:
    """One account's way in. `base_url` has no trailing slash; `options` are the account's own settings, which are not
    printed: a proxy's address may hold its password."""

    account: str
    base_url: str
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    ca_file: str | None = None
    meter: Meter | None = field(default=None, repr=False, compare=False)
    leave: Callable[[], None] | None = field(default=None, repr=False, compare=False)
    """Asked before each call that lets something be written, and raises to keep it back."""

    def may_write(self) -> None:
        """Ask for leave to make one call that writes."""
        if self.leave is not None:
            self.leave()

    def may_read(self) -> None:
        """Ask whether the day has calls left for one more page."""
        if self.meter is not None:
            self.meter.may_read()

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
    `partly`: rows that tell only part of an object, such as that it is gone; they are laid over what is known of it,
    and of an object that is not known they say nothing.
    """

    stream: str
    rows: Sequence[Any]
    checkpoint: Checkpoint
    partly: Sequence[Mapping[str, Any]] = ()


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
    """What became of one write. `unknown`: no answer came, so it may have happened: look up, never guess.

    `matches`: (object, id) of the records that the system takes a refused one to be a duplicate of.
    """

    ref: str
    outcome: Literal["done", "refused", "unknown"]
    id: str | None = None
    created: bool | None = None
    code: str | None = None
    message: str | None = None
    matches: tuple[tuple[str, str], ...] = ()


ReadFunction = Callable[[Access, str, Checkpoint | None], Iterator[Page]]
CheckFunction = Callable[[Access], str]
WriteFunction = Callable[[Access, Sequence[Write]], Iterator[Receipt]]
LookUpFunction = Callable[[Access, str, str, Sequence[str], Sequence[str]], Mapping[str, Mapping[str, Any]]]
OrgFunction = Callable[[Access], str]
DescribeFunction = Callable[[Access, str], Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Job:
    """A file that was handed over: `open` nothing of it was looked at, `working`, `ended`. `reason`: why it failed as
    a whole, the system's code and none of its words. `processed` rows have a result of their own, `failed` of them a
    refusal."""

    state: Literal["open", "working", "ended"]
    processed: int = 0
    failed: int = 0
    reason: str | None = None


@dataclass(frozen=True)
class Results:
    """Files of results, CSV in UTF-8 with a header. `done`: own columns, `id`, `created`; `failed`: own columns, `id`,
    `error` ("CODE:words"); `left`: own columns of rows that were not looked at. The last three name columns."""

    done: Path
    failed: Path
    left: Path
    id: str
    created: str
    error: str


class Bulk(Protocol):
    """Whole files of writes, for systems that take them: docs/decisions/0012.

    A file is CSV in UTF-8: its header names fields, an empty cell leaves a field as it is, `nothing` empties it. Rows
    are found again among results by the column of the match field, which comes back as it was sent.
    """

    nothing: str
    most_bytes: int
    longest_cell: int
    gone: frozenset[str]
    """Codes by which a deletion of what is deleted already is refused."""

    def open(self, access: Access, object_name: str, match_field: str, *, delete: bool) -> str:
        """A new job's id. Nothing is written before `send` has ended."""

    def left_open(
        self, access: Access, object_name: str, match_field: str, *, delete: bool, since: datetime
    ) -> Sequence[str]:
        """Ids of our jobs of that kind that were made at or after `since` and never begun."""

    def send(self, access: Access, job_id: str, file: Path) -> None:
        """Hand the file over and let the system begin. Raises Unanswered when it may have begun."""

    def ask(self, access: Access, job_id: str) -> Job | None:
        """How it stands with a job; None when the system knows it no longer."""

    def abort(self, access: Access, job_id: str) -> None:
        """Let nothing more of a job be written. What is written stays."""

    def results(self, access: Access, job_id: str, new_file: Callable[[], Path]) -> Results:
        """What became of each row, once the job has ended, in files that `new_file` gives."""

    def changed(
        self, access: Access, object_name: str, fields: Sequence[str], since: str | None, pages: Callable[[], Path]
    ) -> Sequence[Path]:
        """Records that somebody changed at or after `since` (all when None), as CSV with these columns and `Id`."""


@dataclass(frozen=True)
class Connector:
    """The declaration. `read(access, stream, checkpoint)` yields pages oldest-first where the system can;
    `check(access)` answers with one sentence about who we are there, or raises.

    `write(access, writes)` yields one receipt a write, in order. `look_up(access, object, match_field,
    match_values, fields)` gives what the system holds now, keyed by match value (lower case); missing ones are absent.
    `describe(access, object)` gives the fields that exist there, by name, as the system describes them.
    `org(access)` names the installation that the account leads to, such as a Salesforce org's id. `bulk` takes files.
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
    org: OrgFunction | None = None
    bulk: Bulk | None = None

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
