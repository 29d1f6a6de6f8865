"""Zendesk Support: users and tickets, by the incremental export with cursors.

Zendesk keeps the place for us: `after_cursor` of the last page is where the next run starts, also when it said
`end_of_stream`. The export goes by `generated_timestamp`, which moves on every change, Zendesk's own included, so rows
whose `updated_at` looks old are normal and belong to us. Changes of the last minute are held back and come next time.
Deleted tickets come with status "deleted". A ticket names its requester by `requester_id`, a row of `users`.
Source: developer.zendesk.com, "Incremental Exports".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.answers import need, page_rows
from connectors.base import Access, AccessRefused, Checkpoint, Connector, Page, SourceChanged, Stream
from connectors.http import Http, Key

PAGE_ROWS = 1000
"""The export's largest page. It allows 10 calls a minute, so that small pages would be slow ones."""


def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
    """Pages of `users` or `tickets` changed since the checkpoint, oldest change first.

    Raises SourceChanged when Zendesk hands out a cursor for the second time: following it would never end.
    """
    CONNECTOR.stream(stream)
    cursor = (checkpoint or {}).get("cursor")
    seen = {cursor}
    with _http(access) as http:
        while True:
            body = http.get(f"/api/v2/incremental/{stream}/cursor", _place(access, cursor))
            rows = need("Zendesk", body, stream, list)
            ended = need("Zendesk", body, "end_of_stream", bool)
            following = _following(body, cursor, ended)
            if not ended and following in seen:
                raise SourceChanged(f"Zendesk's export of {stream} is stuck: it gave the same cursor again.")
            seen.add(following)
            cursor = following
            if rows or cursor:
                yield Page(stream, rows, {"cursor": cursor})
            if ended:
                return


def check(access: Access) -> str:
    """Who we are there. Raises AccessRefused unless an admin: the export is closed to other roles."""
    with _http(access) as http:
        user = need("Zendesk", http.get("/api/v2/users/me.json"), "user", dict)
    if user.get("role") != "admin":
        raise AccessRefused(
            "Zendesk let us in, but not as an admin.", do="The incremental export needs an API token of an admin."
        )
    return f"Zendesk: signed in as user {user.get('id')} (admin)."


def _http(access: Access) -> Http:
    return Http("Zendesk", access, Key.basic(f"{access.secret('email')}/token", access.secret("token")))


def _place(access: Access, cursor: Any) -> dict[str, Any]:
    start = {"cursor": cursor} if cursor else {"start_time": int(access.options.get("start_time", 0))}
    return {**start, "per_page": page_rows(access.options, PAGE_ROWS)}


def _following(body: Any, cursor: Any, ended: bool) -> Any:
    """The next cursor. At the end Zendesk may name none: then the one that we came with stays good."""
    after = body.get("after_cursor")
    return cursor if ended and after is None else need("Zendesk", body, "after_cursor", str)


CONNECTOR = Connector(
    system="zendesk",
    streams=(Stream("users", about="people and agents"), Stream("tickets", about="requests, with requester_id")),
    credentials=("email", "token"),
    read=read,
    check=check,
)
