"""``python -m sandbox``: run every stand-in, and the control service, in one process until told to stop."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from sandbox.faults import FaultsInvalidError, parse_faults
from sandbox.house import House, Wishes
from sandbox.model import SYSTEMS
from sandbox.state import StateMismatchError


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--people", type=int, default=2000, help="how many true people the world has (2000)")
    parser.add_argument(
        "--seed", type=int, default=7, help="the same seed makes the same world and the same faults (7)"
    )
    parser.add_argument("--now", type=datetime.fromisoformat, help="the moment that the world is made for (now)")
    parser.add_argument("--state", type=Path, help="folder to keep what clients write; a restart continues there")
    parser.add_argument("--ready", type=Path, help="file to write addresses and credentials to, once all answer")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="which stand-ins to run (all)")
    parser.add_argument("--faults", default="", help="10%% for all kinds together, or rate_limit=5%%,cut=2%%")
    parser.add_argument("--fault-timeout", type=float, default=20.0, help="seconds that a timed-out answer takes (20)")
    parser.add_argument("--real-limits", action="store_true", help="count the vendors' true call limits")
    parser.add_argument("--port-base", type=int, default=0, help="control port; the systems follow it (0: any free)")
    parser.add_argument("--max-seconds", type=float, help="stop by itself after so long")
    parser.add_argument("--with-parent", type=int, metavar="PID", help="stop when that process ends")
    return parser.parse_args()


def main() -> int:
    """Run until SIGTERM, SIGINT, POST /shutdown, the parent's end or the time limit. 2: wrong arguments."""
    given = _arguments()
    try:
        rates = parse_faults(given.faults)
    except FaultsInvalidError as error:
        print(f"--faults: {error}", file=sys.stderr)
        return 2
    if unknown := set(given.systems.split(",")) - set(SYSTEMS):
        print(
            f"--systems: no stand-in for {', '.join(sorted(unknown))}; there are {', '.join(SYSTEMS)}", file=sys.stderr
        )
        return 2
    now = given.now or datetime.now(UTC)
    wishes = Wishes(
        people=given.people,
        seed=given.seed,
        now=now if now.tzinfo else now.replace(tzinfo=UTC),
        now_given=given.now is not None,
        systems=tuple(given.systems.split(",")),
        rates=rates,
        fault_timeout=given.fault_timeout,
        real_limits=given.real_limits,
        port_base=given.port_base,
        ready=given.ready,
        max_seconds=given.max_seconds,
        parent=given.with_parent,
    )
    with tempfile.TemporaryDirectory(prefix="sandbox-") as throw_away:
        try:
            asyncio.run(House(wishes, given.state, Path(throw_away)).run())
        except (StateMismatchError, OSError) as error:
            print(f"The sandbox cannot start: {error}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
