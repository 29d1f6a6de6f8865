"""One sandbox for all connectors' tests: every stand-in over real HTTP, over a small world."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

_PATIENCE = 120  # seconds for a start on a busy machine


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
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    ready = tmp_path_factory.mktemp("sandbox") / "ready.json"
    order = [sys.executable, "-m", "sandbox", "--people", "150", "--ready", str(ready), "--fault-timeout", "4"]
    order += ["--with-parent", str(os.getpid()), "--max-seconds", "1500"]
    with subprocess.Popen(order, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL) as process:
        _wait(ready, process)
        try:
            yield Sandbox(json.loads(ready.read_text()))
        finally:
            process.terminate()


def _wait(ready: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            pytest.fail("the sandbox did not start")
        time.sleep(0.1)
