"""How pages write things: relative times with the exact one at hand, numbers, veiled personal values."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

_STEPS = ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h"), (86_400 * 60, 86_400, "d"))
_CALLED = re.compile(r"[+(]?\d[\d\s().+/-]{4,}")
_BEGINNINGS = 1


def ago(at: datetime | None, now: datetime | None = None) -> Markup:
    """A time as people say it, the exact one on hover and for machines: <time datetime=… title=…>3 min ago</time>."""
    if at is None:
        return Markup('<span class="none">never</span>')
    exact = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    stamp = at.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, exact, _said(at, now or datetime.now(UTC)))


def _said(at: datetime, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    if abs(seconds) < 5:
        return "just now"
    for below, unit, name in _STEPS:
        if abs(seconds) < below:
            amount = f"{abs(seconds) // unit:.0f} {name}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def number(value: float | None) -> str:
    """1234567 as 1,234,567; nothing as a dot in the middle, as our books have it."""
    if value is None:
        return "·"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def bounded(value: int | None, many: int = 10_000) -> str:
    """A count that stopped counting: `10,000+`."""
    return f"{many:,}+" if value is not None and value > many else number(value)


def seconds(value: float | None) -> str:
    """A duration: 0.3 s, 12 s, 4 min 10 s, 2 h 5 min."""
    if value is None:
        return "·"
    if value < 10:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


_MAIL = re.compile(r"([^\s@,;]+)@([^\s@,;]+)")


def veiled(value: Any) -> Any:
    """A personal value for somebody who may not see it: j•••@acme.com, •••• 4711, A•••• L••••••. Lists value by value.

    What is left is enough to tell two apart in a queue, and not enough to write to anybody.
    """
    if isinstance(value, list | tuple):
        return [veiled(each) for each in value]
    if isinstance(value, dict):
        return {name: veiled(each) for name, each in value.items()}
    if not isinstance(value, str) or not value:
        return value
    if _CALLED.fullmatch(value):
        return f"•••• {''.join(letter for letter in value if letter.isdigit())[-2:]}"
    return " ".join(_veiled_word(word) for word in value.split())


def _veiled_word(word: str) -> str:
    if mail := _MAIL.fullmatch(word.strip("<>()[],;\"'")):
        return f"{mail[1][:_BEGINNINGS]}•••@{mail[2]}"
    return word[:_BEGINNINGS] + "•" * min(len(word) - 1, 6)


def veiled_id(name: str | None) -> str | None:
    """The id of a profile or a touchpoint, account/stream/key, without its key: a file's keys are mail addresses."""
    return name and "/".join([*name.split("/")[:2], "…"])


def short(word: str | None, length: int = 8) -> Markup:
    """A long id short, the whole at hand."""
    if not word:
        return Markup('<span class="none">none</span>')
    if len(word) <= length + 2:
        return escape(word)
    return Markup('<span class="id" title="{}">{}…</span>').format(word, word[:length])


def first_line(text: str) -> str:
    """The first line of a text: what happened, without what to do."""
    return text.partition("\n")[0]


def pair(word: str) -> tuple[str, str]:
    """A word as an option of a select, called as it is."""
    return word, word


_PAGES = (
    (re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}"), "/runs/{}"),
    (re.compile(r"plan-[\w-]+", re.ASCII), "/plan/{}"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "/customers/{}"),
)


def page_of(subject: str, kind: str = "") -> str | None:
    """The page of what an event is about: a run, a plan, a customer; None where it has none."""
    if subject.startswith("user/"):
        return "/settings/users"
    if kind.startswith("quarantine."):
        return "/quarantine"
    return next((path.format(subject) for form, path in _PAGES if form.fullmatch(subject)), None)
