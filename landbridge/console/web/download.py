"""Files that are sent as they are made. Whatever becomes of their reader, what makes them is ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

import anyio
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from landbridge.errors import SourceUnavailable

AT_ONCE, EACH = 4, 2
"""Downloads under way, and of one person. They may hold a connection of the database, of which there are fifteen, and
the pages of everybody else need some."""
LONGEST = 1800.0
"""Seconds until one is broken off: a reader that takes a byte a minute would keep the others out for ever."""

_lock = Lock()
_under_way: Counter[str] = Counter()


Pieces = Generator[str, None, None] | Generator[bytes, None, None]


class Download(StreamingResponse):
    """Pieces as a file called `name`, as they come. Raises SourceUnavailable, before it begins, while too many go."""

    def __init__(self, name: str, pieces: Pieces, media_type: str, headers: Mapping[str, str] | None = None) -> None:
        attached = {"content-disposition": f'attachment; filename="{name}"', **(headers or {})}
        super().__init__(pieces, media_type=media_type, headers=attached)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. The generator is closed here and not left to the collector: it may hold a connection."""
        caller = scope.get("state", {}).get("caller")
        with _one_of_few(caller.login if caller else ""):
            try:
                with anyio.move_on_after(LONGEST):
                    await super().__call__(scope, receive, send)
            finally:
                with anyio.CancelScope(shield=True):
                    await run_in_threadpool(self._pieces.close)


@contextmanager
def _one_of_few(who: str) -> Iterator[None]:
    with _lock:
        if _under_way[who] >= EACH:
            raise SourceUnavailable("Your other downloads are under way.", do="Try again when one has come.")
        if _under_way.total() >= AT_ONCE:
            raise SourceUnavailable("Several downloads are under way.", do="Try again in a minute.")
        _under_way[who] += 1
    try:
        yield
    finally:
        with _lock:
            _under_way[who] -= 1
            _under_way[who] or _under_way.pop(who)


def archive_response(pieces: Generator[bytes, None, None], first: int, last: int) -> Download:
    """An archive of the trail's events from `first` to `last`."""
    packed = {"content-encoding": "identity"}  # packing it again would keep it back
    return Download(f"audit-{first}-{last}.zip", pieces, "application/zip", packed)
