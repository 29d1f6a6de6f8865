"""What an HTTP answer means to us: a system's status, headers and body become one of our errors, here and only here.

Error texts carry the system, the path without its query, the status and the vendor's error code (a word such as
INVALID_FIELD). Never a token, never a vendor's free text: that may quote a person's values back to us.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import orjson

from connectors.base import AccessRefused, SourceChanged, SourceUnavailable

LONGEST_WAIT = 3600.0
"""Seconds. Whatever a system asks for, the flow comes back within the hour and looks again."""

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{2,59}")
_CODE_FIELDS = ("errorCode", "error", "category", "policyName", "title", "code")

T = TypeVar("T")

Refusal = AccessRefused | SourceUnavailable | SourceChanged


class Unanswered(SourceUnavailable):
    """The request went out and no usable answer came: what it asked for may have happened."""


class Absent(SourceChanged):
    """What was asked for is not there (404)."""


class Declined(SourceChanged):
    """The call was refused whole, as it stood (400, 413): nothing of it was done. `code` and `words` are the system's
    own; the words may quote a person's values, so they belong with the record, and into no error and no log."""

    def __init__(self, message: str, *, do: str = "", code: str = "", words: str = "") -> None:
        super().__init__(message, do=do)
        self.code = code
        self.words = words


@dataclass(frozen=True)
class Answer:
    """One bounded answer, fully read. `path` has no query and no host. Header names are lower case."""

    system: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.system!r}, {self.path!r}, {self.status}, {len(self.body)} bytes)"

    def json(self) -> Any:
        """The body as JSON. Raises Unanswered: a body that does not parse was cut, or is a maintenance page."""
        try:
            return orjson.loads(self.body)
        except ValueError as error:
            raise Unanswered(f"{self.system} answered {self.status} to {self.path} without whole JSON.") from error

    def peek(self) -> Any:
        """The body as JSON, or None when it is something else; for reading an error's code."""
        try:
            return orjson.loads(self.body)
        except ValueError:
            return None


def refusal(answer: Answer) -> Refusal:
    """The error that a status of 300 or more stands for."""
    told = f"{answer.system} answered {answer.status}{_named(answer)} to {answer.path}."
    if answer.status in (401, 403):
        return AccessRefused(told, do=f"Check the {answer.system} credential: is it right, in force, and permitted?")
    if answer.status in (429, 503):
        return SourceUnavailable(told, retry_after=wait_asked(answer.headers))
    if answer.status >= 500 or answer.status == 408:
        return Unanswered(told, retry_after=wait_asked(answer.headers))
    if answer.status < 400:
        return SourceChanged(f"{told} It points elsewhere; credentials never follow.", do="Check the base URL.")
    return _wrong_call(answer, told)


def _wrong_call(answer: Answer, told: str) -> SourceChanged:
    do = f"Compare the request with what {answer.system} documents today."
    if answer.status == 404:
        return Absent(told, do=do)
    if answer.status in (400, 413):
        return Declined(told, do=do, code=_first_code(answer), words=_words(answer.peek()))
    return SourceChanged(told, do=do)


def _first_code(answer: Answer) -> str:
    return next(iter(sorted(error_codes(answer.peek()))), f"HTTP_{answer.status}")


def _words(body: Any) -> str:
    first = body[0] if isinstance(body, list) and body else body
    words = first.get("message") if isinstance(first, dict) else None
    return words if isinstance(words, str) else ""


def wait_asked(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds until the system wants to be asked again, 0 to LONGEST_WAIT; None when it does not say.

    Retry-After is seconds or a date (RFC 9110); ratelimit-reset is seconds left (Zendesk); x-rate-limit-reset is
    Unix time (X); x-hubspot-ratelimit-interval-milliseconds is the length of the window.
    """
    now = now or datetime.now(UTC)
    readers = (
        ("retry-after", lambda text: _seconds_or_date(text, now)),
        ("ratelimit-reset", float),
        ("x-rate-limit-reset", lambda text: float(text) - now.timestamp()),
        ("x-hubspot-ratelimit-interval-milliseconds", lambda text: float(text) / 1000),
    )
    for name, read in readers:
        try:
            seconds = read(headers[name])
        except (KeyError, ValueError, OverflowError):
            continue
        if not math.isnan(seconds):
            return bounded(seconds)
    return None


def bounded(seconds: float) -> float:
    """`seconds`, held between 0 and LONGEST_WAIT."""
    return min(max(seconds, 0.0), LONGEST_WAIT)


def need(system: str, body: Any, name: str, kind: type[T]) -> T:
    """`body[name]`, which must be a `kind`. Raises SourceChanged naming what was expected, never the value."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, kind):
        raise SourceChanged(
            f"{system} answered without '{name}' as {kind.__name__}.",
            do=f"Compare the answer with what {system} documents today; its connector must learn the new form.",
        )
    return value


def page_rows(options: Mapping[str, Any], most: int) -> int:
    """How many rows to ask for at a time: the account's `options.page_rows`, up to what the system allows."""
    return max(1, min(int(options.get("page_rows", most)), most))


def error_codes(body: Any) -> set[str]:
    """The vendor's own error words in an error body: of the object, or of each object in a list (Salesforce)."""
    found: set[str] = set()
    for entry in body if isinstance(body, list) else [body]:
        if isinstance(entry, dict):
            found |= {v for k in _CODE_FIELDS if isinstance(v := entry.get(k), str) and _CODE.fullmatch(v)}
    return found


def _named(answer: Answer) -> str:
    codes = ", ".join(sorted(error_codes(answer.peek())))
    return f" ({codes})" if codes else ""


def _seconds_or_date(text: str, now: datetime) -> float:
    try:
        return float(text)
    except ValueError:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now.timestamp()
