"""The org's API calls: one budget that all our flows share with everybody else who works there.

The CRM says with every answer how many calls of its day everybody has made. The newest word is kept in `api_usage`,
together with how many were ours. A share of the day is left alone for others: `options.api_reserve` of the account, a
share below 1 or a number of calls; a fifth where nothing is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connectors.base import Meter
from landbridge.errors import AccessRefused, LandbridgeError, SourceUnavailable
from landbridge.push import outbox
from landbridge.push.claimed import WAITS
from landbridge.push.outbox import Group
from landbridge.push.sending import Sending
from landbridge.store.engine import Store

RESERVE = 0.2
CALLS_A_FILE = 14
"""Open, send, close, three lists of results, and some eight questions how it stands."""

CALLS_A_LOOK = 5
"""A bulk query of what changed since: made, asked about, fetched."""

CALLS_BEFORE = 5
"""Which org it is, what its objects look like, and what became of an earlier run."""

WAIT = 3600.0
_LATER = "The CRM counts the last 24 hours: run again later, or lower the account's options.api_reserve."

_KEEP = """
INSERT INTO api_usage (account, day, ours, used, most, at)
VALUES (:account, (now() AT TIME ZONE 'UTC')::date, :ours, :used, :most, now())
ON CONFLICT (account, day) DO UPDATE
SET ours = api_usage.ours + excluded.ours, used = coalesce(excluded.used, api_usage.used),
    most = coalesce(excluded.most, api_usage.most), at = now()
"""
_NEWEST = """
SELECT used, most FROM api_usage
WHERE account = :account AND used IS NOT NULL AND at > now() - interval '24 hours' ORDER BY at DESC LIMIT 1
"""


class Budget:
    """connectors.base.Meter, kept in the store. Writes now and then only: the CRM tells the truth again soon."""

    EVERY_CALLS, EVERY_SECONDS = 25, 2.0

    def __init__(self, store: Callable[[], Store], account: str, options: Mapping[str, Any] | None = None) -> None:
        self._store = store
        self._account = account
        self._options = options or {}
        self._ours = 0
        self._said: tuple[int | None, int | None] = (None, None)
        self._kept_at = time.monotonic()

    def spent(self, used: int | None, most: int | None) -> None:
        self._ours += 1
        self._said = used, most
        if self._ours >= self.EVERY_CALLS or time.monotonic() - self._kept_at > self.EVERY_SECONDS:
            self.keep()

    def may_read(self) -> None:
        """Reading is work like any other: it leaves alone what is kept for others."""
        used, most = self._said
        if used is not None and most is not None:
            now: Left | None = Left(used, most, _reserve(self._options, most, self._account))
        else:
            now = left(self._store(), self._account, self._options)
        if now is not None and not now.ours_to_spend:
            self.keep()
            raise SourceUnavailable(f"{self._account} is not read: {now}.", do=_LATER, retry_after=WAIT)

    def keep(self) -> None:
        """Write down what was counted. A store that does not answer keeps nobody from reading or writing the CRM."""
        if not self._ours:
            return
        row = {"account": self._account, "ours": self._ours, "used": self._said[0], "most": self._said[1]}
        self._ours, self._kept_at = 0, time.monotonic()
        try:
            with self._store().begin() as connection:
                connection.execute(sa.text(_KEEP), row)
        except LandbridgeError:
            return


@dataclass(frozen=True)
class Left:
    """How the org's day stands. `ours_to_spend`: calls until the reserve is touched."""

    used: int
    most: int
    reserve: int

    @property
    def ours_to_spend(self) -> int:
        return max(self.most - self.used - self.reserve, 0)

    def __str__(self) -> str:
        return f"{self.used:,} of the day's {self.most:,} calls are spent, {self.reserve:,} are kept for others"


def left(store: Store, account: str, options: Mapping[str, Any]) -> Left | None:
    """How the org's day stands, as it last said; None when it has said nothing for a day."""
    with store.begin() as connection:
        said = connection.execute(sa.text(_NEWEST), {"account": account}).first()
    return None if said is None else Left(said.used, said.most, _reserve(options, said.most, account))


def _reserve(options: Mapping[str, Any], most: int, account: str) -> int:
    wanted = options.get("api_reserve", RESERVE)
    if isinstance(wanted, bool) or not isinstance(wanted, int | float) or not 0 <= wanted < float("inf"):
        raise AccessRefused(
            f"Account '{account}': options.api_reserve cannot be used.",
            do="Give it as a share below 1, such as 0.2, or as a number of calls.",
        )
    return round(wanted * most) if wanted < 1 else int(wanted)


def told(meter: Meter | None) -> None:
    """Have the newest word written down, before it is judged by: a process that begins knows an old one only."""
    if isinstance(meter, Budget):
        meter.keep()


def refuse(store: Store, account: str, options: Mapping[str, Any], calls: int) -> None:
    """Raise SourceUnavailable when `calls` would touch what is kept for others."""
    now = left(store, account, options)
    if now is not None and calls > now.ours_to_spend:
        raise SourceUnavailable(
            f"{account}: what is to be sent needs about {calls:,} API calls, and {now}.",
            do=_LATER,
            retry_after=WAIT,
        )


def cost(groups: Mapping[Group, int], sending: Sending, *, bulk: bool = True) -> int:
    """About how many API calls it takes to write so many changes of each kind; 0 when there are none."""
    calls = sum(_group_cost(group, changes, sending, bulk) for group, changes in groups.items() if changes)
    return calls + CALLS_BEFORE if calls else 0


def _group_cost(group: Group, changes: int, sending: Sending, bulk: bool) -> int:
    looks = group.action != "create"
    if bulk and changes >= sending.bulk_from:
        return sending.files(changes) * CALLS_A_FILE + looks * CALLS_A_LOOK
    return -(-changes // outbox.BATCH) * (1 + looks)


_OPEN = f"""
SELECT action, object, match_field, count(*) AS changes FROM change c
WHERE account = :account AND {WAITS} GROUP BY action, object, match_field
"""


def planned_cost(store: Store, account: str, sending: Sending, *, bulk: bool = True) -> int:
    """About how many API calls it takes to write everything that is planned for the account."""
    with store.begin() as connection:
        rows = connection.execute(sa.text(_OPEN), {"account": account}).all()
    return cost({Group(row.action, row.object, row.match_field): row.changes for row in rows}, sending, bulk=bulk)
