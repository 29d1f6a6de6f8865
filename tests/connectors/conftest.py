"""One sandbox for all connectors' tests: every stand-in over real HTTP, over a small world."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from connectors import salesforce_login
from tests.sandbox_process import start_sandbox


@dataclass(frozen=True)
class Sandbox:
    """Addresses and credentials, as the ready file says them, and the control service."""

    ready: dict[str, Any]

    def order(self, path: str, **body: Any) -> Any:
        """POST an order to the control service."""
        answer = httpx.post(f"{self.ready['control']}/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(people=150, options=("--fault-timeout", "4")) as ready:
        yield Sandbox(ready)


@pytest.fixture(autouse=True)
def _nobody_is_logged_in() -> None:
    """Log-ins are kept for the process; each test begins with none."""
    salesforce_login.forget()
