"""A running sandbox for tests: the real command in its own process, over real HTTP, ended with the test."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def start_sandbox(
    people: int = 200,
    seed: int = 7,
    faults: str | None = None,
    state: Path | None = None,
    options: tuple[str, ...] = (),
) -> Iterator[dict[str, Any]]:
    """The parsed ready file of a sandbox that answers, and that stops when the block ends or this process does.

    ``options`` are further words of its command line, e.g. ``("--fault-timeout", "1")``.
    """
    with tempfile.TemporaryDirectory(prefix="sandbox-ready-") as folder:
        ready, log = Path(folder) / "ready.json", Path(folder) / "log.txt"
        command = [sys.executable, "-m", "sandbox", f"--people={people}", f"--seed={seed}", f"--ready={ready}"]
        command += ["--max-seconds=900", f"--state={state}"] if state else ["--max-seconds=900"]
        command += [f"--faults={faults}"] if faults else []
        with log.open("wb") as out:
            process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield _wait_for(ready, process, log)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(ready: Path, process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """Poll for the ready file; a sandbox that ends first is an error with its own words in it."""
    for _ in range(1200):
        if ready.exists():
            parsed: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
            return parsed
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the sandbox did not start: {log.read_text(encoding='utf-8', errors='replace')}")
