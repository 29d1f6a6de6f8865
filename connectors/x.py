"""X: posts that mention us, posts found by a query, and the users who wrote them.

X gives the newest first, so a poll's first page already holds the place where the next poll starts: its `newest_id`.
Until the poll has followed its last `next_token`, `since_id` stays what it was; the checkpoint carries both.
When X no longer reaches back to `since_id` we take what it still has, and the checkpoint names the gap.
Ids are text: they do not fit a float. Source: docs.x.com "Search posts: build a query", "Pagination".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.answers import need
from connectors.base import Access, AccessRefused, Checkpoint, Connector, Page, SourceChanged, Stream
from connectors.x_client import Client, TokenExpired, TooOld, client

REACH = timedelta(days=7) - timedelta(minutes=5)
"""How far back recent search goes, less a margin for our clock."""

Ask = Callable[..., Any]


def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
    """One poll of `mentions` or `posts`, newest first. `users` has no poll of its own: its pages come in between.

    A page of `users` (the authors) comes before the page of posts that names them, and carries the checkpoint from
    before it, so that authors are stored before their posts are passed. Checkpoint: {"since_id"} after a whole poll;
    {"since_id", "newest_id", "next_token"} inside one; "gap" beside either when posts could not be had any more.
    """
    CONNECTOR.stream(stream)
    if stream == "users" or not _wanted(access, stream):
        return
    with client(access) as x:
        yield from _poll(stream, _question(x, access, stream), dict(checkpoint or {}))


def _wanted(access: Access, stream: str) -> bool:
    """Posts where a query asks for them; mentions where a user is named, or where nothing is: then the token's own."""
    named = bool(access.options.get("user_id") or access.options.get("username"))
    query = bool(access.options.get("query"))
    return query if stream == "posts" else named or not query


def check(access: Access) -> str:
    """Which user's mentions we read, or that search answers."""
    with client(access) as x:
        if not _wanted(access, "mentions"):
            x.search(access.options["query"])
            return "X: signed in, recent search answers."
        return f"X: signed in, reading mentions of user {_user_id(x, access)}."


def _question(x: Client, access: Access, stream: str) -> Ask:
    if stream == "posts":
        return lambda **place: x.search(access.options["query"], **place)
    user_id = _user_id(x, access)
    return lambda **place: x.mentions(user_id, **place)


def _user_id(x: Client, access: Access) -> str:
    if access.options.get("user_id"):
        return str(access.options["user_id"])
    username = access.options.get("username")
    try:
        found = x.user(username)
    except AccessRefused as error:
        if username:
            raise
        raise AccessRefused(
            f"{error} That is where X says whose token this is.",
            do=f"Is the token good? An app's own names no user: set accounts.{access.account}.options.username.",
        ) from error
    return need("X", need("X", found, "data", dict), "id", str)


def _poll(stream: str, ask: Ask, at: Checkpoint) -> Iterator[Page]:
    if "next_token" not in at:
        at.pop("gap", None)  # told once, in the checkpoints of the poll that met it
    seen = {at.get("next_token")}
    while True:
        body, asked = _page(ask, at)
        meta = need("X", body, "meta", dict)
        token, newest = _optional(meta, "next_token"), _optional(meta, "newest_id")
        if token is not None and token in seen:
            raise SourceChanged(f"X's paging of {stream} is stuck: it gave the same token again.")
        seen.add(token)
        after = _after(asked, asked.get("newest_id") or newest or asked.get("since_id"), token)
        yield from _pages(stream, body, at, after)
        if token is None:
            return
        at = after


def _optional(meta: Any, name: str) -> str | None:
    """Text that may be missing. Raises SourceChanged for anything else: a checkpoint of it would be sent back."""
    return need("X", meta, name, str) if meta.get(name) is not None else None


def _page(ask: Ask, at: Checkpoint) -> tuple[Any, Checkpoint]:
    """The page at `at`, or at the nearest place that X still knows, and that place."""
    try:
        return ask(**_place(at)), at
    except TokenExpired:
        if "next_token" not in at:
            raise
        # Everything since since_id again, which repeats rows and loses none.
        return _page(ask, {name: at[name] for name in ("since_id", "gap") if name in at})
    except TooOld:
        begin = (datetime.now(UTC) - REACH).strftime("%Y-%m-%dT%H:%M:%SZ")
        at = {"gap": {"after": at.get("since_id"), "until": begin}}
        return ask(**_place(at)), at


def _place(at: Checkpoint) -> dict[str, Any]:
    place = {"since_id": at.get("since_id"), "token": at.get("next_token")}
    if place["since_id"] is None and "gap" in at:
        place["start_time"] = at["gap"]["until"]  # X takes one of the two, never both
    return {name: value for name, value in place.items() if value is not None}


def _after(at: Checkpoint, newest: str | None, token: str | None) -> Checkpoint:
    """The checkpoint after the page at `at`. A poll that found nothing, ever, has nothing to go on from."""
    if token is None:
        after = {"since_id": newest}
    else:
        after = {"since_id": at.get("since_id"), "newest_id": newest, "next_token": token}
    after["gap"] = at.get("gap")
    return {name: value for name, value in after.items() if value is not None}


def _pages(stream: str, body: Any, before: Checkpoint, after: Checkpoint) -> Iterator[Page]:
    posts = need("X", body, "data", list) if "data" in body else []  # X leaves the key out when nothing was found
    includes = need("X", body, "includes", dict) if "includes" in body else {}
    users = need("X", includes, "users", list) if "users" in includes else []
    if users:
        yield Page("users", users, before)
    if posts or after != before:
        yield Page(stream, posts, after)


CONNECTOR = Connector(
    system="x",
    streams=(
        Stream("mentions", about="posts that name the account: options.user_id, options.username, or the token's own"),
        Stream("posts", about="posts found by options.query; without one, none"),
        Stream("users", about="authors of both; they come with the posts"),
    ),
    credentials=("bearer_token",),
    read=read,
    check=check,
    default_url="https://api.x.com",
)
