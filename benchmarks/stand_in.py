"""The CRM's stand-in for benchmarks: a process of its own, as small as it can be made."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx


@dataclass(frozen=True)
class Standing:
    """A running stand-in of Salesforce."""

    ready: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.ready["salesforce"]["base_url"])

    @property
    def ca(self) -> str:
        return str(self.ready["salesforce"]["ca"])

    def token(self) -> str:
        keys = self.ready["salesforce"]
        form = {"grant_type": "client_credentials"} | {name: keys[name] for name in ("client_id", "client_secret")}
        trust = ssl.create_default_context(cafile=self.ca)
        said = httpx.post(f"{self.url}/services/oauth2/token", data=form, verify=trust, timeout=30)
        return str(said.json()["access_token"])

    def stats(self) -> dict[str, int]:
        """Calls so far, log-ins left out, and how many of them write."""
        told = httpx.get(f"{self.ready['control']}/stats", timeout=60).json()["systems"]["salesforce"]
        logins = sum(number for name, number in told["calls"].items() if "/oauth2/" in name)
        return {"calls": told["requests"] - logins, "writes": told["writes"]}


@contextmanager
def standing() -> Iterator[Standing]:
    """A stand-in of one person's world, gone at the end."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        words = ["--people=1", "--systems=salesforce", "--max-seconds=900", f"--ready={ready}"]
        process = subprocess.Popen([sys.executable, "-m", "sandbox", *words], stdout=subprocess.DEVNULL)
        try:
            while not ready.exists():
                if process.poll() is not None:
                    raise SystemExit("the stand-in did not start")
                time.sleep(0.05)
            yield Standing(json.loads(ready.read_text(encoding="utf-8")))
        finally:
            process.terminate()
            process.wait(timeout=60)
