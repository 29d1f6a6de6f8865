"""What a newcomer waits for: the first word of help, the whole line, and the whole line again with nothing to do.

    python -m benchmarks.line [--people 2000] [--repeat 3] [--no-prefect]

Wall seconds of whole processes, their medians, beside what we set ourselves. Look at ratios between versions on one
machine rather than at seconds between machines.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LANDBRIDGE = (sys.executable, "-m", "landbridge")


def timed(*words: str, cwd: Path | None = None) -> tuple[float, str]:
    """Seconds that a command takes, and its stdout. Fails loudly when the command does."""
    begun = time.perf_counter()
    done = subprocess.run([*LANDBRIDGE, *words], cwd=cwd, capture_output=True, text=True, check=True)
    return time.perf_counter() - begun, done.stdout


def demo(people: int, prefect: bool) -> dict[str, Any]:
    """The demo's own report, and the seconds of the whole command."""
    with tempfile.TemporaryDirectory() as home:
        words = ["demo", "--json", "--people", str(people), "--folder", f"{home}/demo"]
        seconds, out = timed(*words, *([] if prefect else ["--no-prefect"]), cwd=Path(home))
    return {**json.loads(out), "command_seconds": seconds}


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-prefect", action="store_true")
    wanted = parser.parse_args()
    helps = [timed("--help")[0] for _ in range(max(5, wanted.repeat))]
    demos = [demo(wanted.people, not wanted.no_prefect) for _ in range(wanted.repeat)]
    rows = [
        ("landbridge --help", statistics.median(helps), "0.5"),
        ("first run", statistics.median(d["first_run"]["seconds"] for d in demos), "60"),
        ("second run", statistics.median(d["second_run"]["seconds"] for d in demos), "10"),
        ("the whole demo", statistics.median(d["command_seconds"] for d in demos), ""),
    ]
    print(f"{wanted.people:,} people, median of {wanted.repeat}")
    print(f"{'':<20}{'seconds':>9}{'aim':>7}")
    for name, seconds, aim in rows:
        print(f"{name:<20}{seconds:>9.2f}{aim:>7}")
    print(f"writing calls to the CRM in the second run: {max(d['second_run']['crm_writes'] for d in demos)} (aim 0)")


if __name__ == "__main__":
    main()
