"""A Prefect server of the project's own, on this machine only: for `landbridge up`, and for the demo."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from landbridge.config import HOUSE
from landbridge.errors import LandbridgeError

_SERVER = ("uvicorn", "--factory", "flows.server:create_app", "--host", "127.0.0.1", "--log-level", "warning")


@dataclass(frozen=True)
class PrefectServer:
    """A server that is starting or runs. `environment` is that of processes which are to use it."""

    api: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def wait(self, seconds: float = 120) -> None:
        """Until it answers. Raises LandbridgeError when it does not."""
        from landbridge.cli.conduct import answers

        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            if answers(f"{self.api}/health"):
                return
            time.sleep(0.2)
        raise LandbridgeError("Prefect's server did not start.", do=f"Read the end of {self.log.name}.")

    def tell(self, *words: str) -> None:
        """Run one of Prefect's own commands against it. Raises LandbridgeError when that fails."""
        command = [sys.executable, "-m", "prefect", *words]
        done = subprocess.run(command, env=self.environment, cwd=HOUSE, stdout=self.log, stderr=self.log, check=False)
        if done.returncode:
            raise LandbridgeError(f"`prefect {' '.join(words)}` failed.", do=f"Read {self.log.name}.")

    @contextmanager
    def child(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """One of Prefect's other processes, for the length of the block."""
        with _child(words, self.environment, self.log) as process:
            yield process


@contextmanager
def served(data: Path, port: int | None = None) -> Iterator[PrefectServer]:
    """A server over the project's data folder, for the length of the block; `wait` for it before you use it.

    It keeps its history in `data`/prefect and its log in `data`/prefect.log. Any free port when none is named.
    """
    port = port or _free_port()
    environment = {
        **os.environ,
        "PREFECT_HOME": str(data / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONPATH": str(HOUSE),
    }
    with (data / "prefect.log").open("ab") as log, _child((*_SERVER, "--port", str(port)), environment, log) as process:
        yield PrefectServer(environment["PREFECT_API_URL"], environment, process, log)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _child(words: Sequence[str], environment: dict[str, str], log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", *words], env=environment, cwd=HOUSE, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
