"""The accounts as Settings shows them: each stream's last page, how the flow fares, checks that somebody asked for."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.read import flows
from landbridge.console.read.flows import Fare
from landbridge.errors import LandbridgeError
from landbridge.store.engine import Store


@dataclass
class Check:
    """What a look at an account found; `ended_at` is empty while it lasts."""

    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended_at: datetime | None = None
    found: str = ""
    wrong: str = ""
    do: str = ""


class Checks:
    """Looks at accounts beside the pages: an outside system may take its time. The last one of each stays."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.last: dict[str, Check] = {}

    def start(self, hub: Hub, account: str) -> Check:
        """Begin to look, or answer the look that lasts. Raises NotFound for an account that there is not."""
        hub.project.account(account)
        with self._lock:
            now = self.last.get(account)
            if now is None or now.ended_at:
                now = self.last[account] = Check()
                threading.Thread(target=_look, args=(hub, account, now), daemon=True, name=f"check {account}").start()
            return now


def _look(hub: Hub, account: str, check: Check) -> None:
    try:
        check.found = hub.connector(account).check(hub.access(account))
    except LandbridgeError as error:
        check.wrong, check.do = str(error), error.do
    except Exception as error:  # whoever watches must hear of it
        check.wrong = f"It could not be looked at ({type(error).__name__})."
    finally:
        check.ended_at = datetime.now(UTC)


@dataclass(frozen=True)
class Health:
    """One account: how its flow fares, the last page of each stream, the last failure with what to do."""

    name: str
    system: str
    fare: Fare
    streams: Sequence[Mapping[str, Any]]
    failed: Mapping[str, Any] | None
    check: Check | None


def health(hub: Hub, checks: Checks) -> list[Health]:
    """Every account, in the order in which they are read."""
    fares = flows.accounts(hub.store, hub.accounts)
    streams, failures = _streams(hub.store), _failures(hub.store, hub.accounts)
    return [
        Health(
            name,
            hub.project.account(name).system,
            fares[name],
            [row for row in streams if row["account"] == name],
            failures.get(name),
            checks.last.get(name),
        )
        for name in hub.accounts
    ]


def _streams(store: Store) -> list[Mapping[str, Any]]:
    with store.begin() as connection:
        return [dict(row) for row in connection.execute(_STREAMS).mappings()]


_STREAMS = sa.text("""
SELECT c.account, c.stream, c.at, c.run_id, m.mapping, (SELECT count(*) FROM drift d
    WHERE d.account = c.account AND d.stream = c.stream) AS drift
FROM cursor c LEFT JOIN map_cursor m USING (account, stream) ORDER BY 1, 2
""")


def _failures(store: Store, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    with store.begin() as connection:
        rows = connection.execute(_FAILURES, {"names": list(names)}).mappings()
        found = {}
        for row in rows:
            error, _, do = (row["error"] or "its process ended without a word").partition("\n")
            found[row["account"]] = {"run_id": row["run_id"], "at": row["started_at"], "error": error, "do": do}
        return found


_FAILURES = sa.text("""
SELECT account, run_id, started_at, error FROM unnest(CAST(:names AS text[])) AS account CROSS JOIN LATERAL (
    SELECT run_id, started_at, error FROM run
    WHERE flow = 'sync' AND subject = account AND state IN ('failed', 'lost')
      AND started_at > now() - interval '30 days'
    ORDER BY started_at DESC LIMIT 1) AS last
""")


DRIFT = ("account", "stream", "path", "type", "first_run_id", "at")
SHOWN = 500
"""Unknown fields that a page shows."""


def drifted(store: Store, limit: int | None = SHOWN) -> list[Mapping[str, Any]]:
    """Fields that a system sends and no mapping maps or ignores; all of them for export."""
    with store.begin() as connection:
        query = f"SELECT {', '.join(DRIFT)} FROM drift ORDER BY 1, 2, 3 LIMIT :limit"
        return [dict(row) for row in connection.execute(sa.text(query), {"limit": limit}).mappings()]
