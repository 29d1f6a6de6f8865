"""Extract and land: read pages from a system and keep each, together with the cursor behind it.

A page's records and its cursor commit in one transaction (promise 1). A version that is already the newest of its
object is not written again (promise 2). Rows that cannot be records are held with their bytes; their page goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from connectors.base import Access, Checkpoint, Connector, SourceUnavailable
from landbridge.ahead import ahead
from landbridge.landing.keep import Keeper
from landbridge.landing.pages import Ready, ready
from landbridge.store import tables
from landbridge.trail.runs import Run


@dataclass(frozen=True)
class Patience:
    """How long a run bears with a system: tries in a row without getting on, and the longest single wait."""

    tries: int = 6
    longest: float = 30.0
    first: float = 0.2

    def wait(self, tries: int, asked: float | None) -> float | None:
        """Seconds to wait after so many tries in vain; None to give up and leave it to the flow's next attempt."""
        if tries >= self.tries or (asked is not None and asked > self.longest):
            return None
        return min(self.longest, max(asked or 0.0, self.first * 2.0 ** (tries - 1)))


def land(run: Run, connector: Connector, access: Access, patience: Patience | None = None) -> None:
    """Read every stream of one account from its cursor to its present end. While a page is stored, the next is read.

    Raises what the connector raises (SourceUnavailable only after `patience`); pages landed until then stay.
    """
    with run.books.stage("land", access.account) as entry, run.store.bulk() as connection:
        keeper = Keeper(run, access.account, connection, entry)
        for stream in connector.streams:
            _read(run, keeper, connector, access, stream.name, patience or Patience())


def _read(run: Run, keeper: Keeper, connector: Connector, access: Access, stream: str, patience: Patience) -> None:
    """Read one stream to its end, beginning again from the cursor when the system fails for a while.

    Only a cursor that moves counts as getting on: a page that comes again at every try would keep us here for ever.
    """
    tries = 0
    while True:
        try:
            for page in ahead(_pages(run, connector, access, stream)):
                if keeper.keep(page, stream):
                    tries = 0
            return
        except SourceUnavailable as error:
            tries += 1
            wait = patience.wait(tries, error.retry_after)
            if wait is None:
                raise
            time.sleep(wait)


def _pages(run: Run, connector: Connector, access: Access, stream: str) -> Iterator[Ready]:
    """The pages of a stream from its cursor on, each ready before the connector is asked for the next."""
    for page in connector.read(access, stream, _cursor(run, access.account, stream)):
        yield ready(page, connector.stream(page.stream).key, access.account)


def _cursor(run: Run, account: str, stream: str) -> Checkpoint | None:
    kept = tables.cursor
    query = sa.select(kept.c.checkpoint).where(kept.c.account == account, kept.c.stream == stream)
    with run.store.begin() as connection:
        checkpoint: Checkpoint | None = connection.scalar(query)
    return checkpoint
