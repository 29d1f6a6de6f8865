"""Who called what: counts of requests, writes and faults per stand-in."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from starlette.types import Scope

_ID = re.compile(r"(?<=/)(?:\d{2,}|[0-9a-zA-Z]{15}(?:[0-9A-Z]{3})?)(?=/|\.|$)")


@dataclass
class Traffic:
    """What one stand-in has been asked since it started. ``reads`` are the paths whose POST writes nothing."""

    system: str
    reads: tuple[str, ...] = ()
    requests: int = 0
    write_requests: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def count(self, scope: Scope) -> int:
        """Note the request; gives its number, from 1."""
        self.requests += 1
        self.write_requests += self.writes(scope)
        self.calls[f"{scope['method']} {_ID.sub('{id}', scope['path'])}"] += 1
        return self.requests

    def writes(self, scope: Scope) -> bool:
        """Whether this request, if it reaches the vendor, may change something there."""
        reading = any(re.search(pattern, scope["path"]) for pattern in self.reads)
        return scope["method"] not in ("GET", "HEAD", "OPTIONS") and not reading

    def report(self) -> dict[str, object]:
        """The counts as JSON can hold them."""
        return {
            "requests": self.requests,
            "writes": self.write_requests,
            "calls": dict(sorted(self.calls.items())),
            "faults": dict(sorted(self.faults.items())),
        }
