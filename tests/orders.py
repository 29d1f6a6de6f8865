"""Orders to a running sandbox: its faults and switches, and what it counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx


class Ordered:
    """A sandbox that takes orders. `ready` is the parsed ready file."""

    ready: Mapping[str, Any]

    def order(self, path: str, **body: Any) -> Any:
        """POST an order to the control service."""
        answer = httpx.post(f"{self.ready['control']}/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    @contextmanager
    def faults(self, wish: str) -> Iterator[None]:
        """These faults for a while."""
        self.order("faults", faults=wish)
        try:
            yield
        finally:
            self.order("faults", faults="")

    @contextmanager
    def switched(self, **switches: Any) -> Iterator[None]:
        """These switches for a while."""
        self.order("switch", **switches)
        try:
            yield
        finally:
            self.order("switch", **dict.fromkeys(switches))
