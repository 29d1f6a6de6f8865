"""A stand-in for the X API v2: recent search, mentions, lookups, posting. Base path ``/2``.

Switches: ``x.usage_capped`` (true: the monthly cap is spent), ``x.limit`` (calls in 15 minutes, any endpoint).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.ids import x_id
from sandbox.journal import Journal
from sandbox.standin import Clock, FaultReply, Rows, Settings
from sandbox.world import World
from sandbox.x_limits import RateLimits
from sandbox.x_params import (
    PAGED,
    PROBLEMS,
    ProblemError,
    bounds,
    check_names,
    invalid,
    not_found,
    page_token,
    read_token,
    whole_number,
)
from sandbox.x_query import QueryInvalidError, parse
from sandbox.x_store import BRAND_ID, Row, XStore, mentioned

FAULTS = {
    "rate_limit": FaultReply(
        429,
        {"title": "Too Many Requests", "type": "about:blank", "status": 429, "detail": "Too Many Requests"},
        {"x-rate-limit-limit": "450", "x-rate-limit-remaining": "0"},
        reset_header="x-rate-limit-reset",
    ),
    "server_error": FaultReply(
        503,
        {"title": "Service Unavailable", "type": "about:blank", "status": 503, "detail": "Service Unavailable"},
    ),
    "expired_token": FaultReply(
        401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
    ),
}
ROWS = (Rows(r"^/2/tweets/search/recent$|^/2/users/\d+/(mentions|tweets)$|^/2/users$|^/2/tweets$", "data"),)
READS: tuple[str, ...] = ()
_MOST_MENTIONS = 800
_UNSUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged "
    "by the author of the post you are replying to."
)


def app(world: World, clock: Clock, state_dir: Path | None, settings: Settings) -> Starlette:
    """The server; what we post is kept in ``state_dir/x.jsonl``."""
    return _X(world, clock, Journal(state_dir / "x.jsonl" if state_dir else None), settings).app


Endpoint = Callable[[Request], Awaitable[dict[str, Any]]]


class _X:
    def __init__(self, world: World, clock: Clock, journal: Journal, settings: Settings) -> None:
        self.clock = clock
        self.journal = journal
        self.settings = settings
        self.limits = RateLimits(settings.real_limits)
        self.store = XStore(world)
        self.posts_read = 0
        for entry in journal.entries():
            self._redo(entry)
        world.listen("x", self.store.take)
        self.app = Starlette(routes=list(self._routes()), exception_handlers={HTTPException: _unknown_path})

    def _redo(self, entry: dict[str, Any]) -> None:
        if "deleted" in entry:
            self.store.remove(entry["deleted"])
        else:
            self.store.write(entry["id"], entry["text"], entry["reply_to"])

    def _routes(self) -> Iterable[Route]:
        table: tuple[tuple[str, str, str, Endpoint], ...] = (
            ("GET", "/2/tweets/search/recent", "search", self.search),
            ("GET", "/2/tweets", "posts", self.posts),
            ("POST", "/2/tweets", "create", self.create),
            ("GET", "/2/tweets/{id}", "posts", self.post),
            ("DELETE", "/2/tweets/{id}", "delete", self.delete),
            ("GET", "/2/users", "users", self.users),
            ("GET", "/2/users/by", "users", self.users_by_names),
            ("GET", "/2/users/by/username/{username}", "users", self.user_by_name),
            ("GET", "/2/users/me", "me", self.me),
            ("GET", "/2/users/{id}", "users", self.user),
            ("GET", "/2/users/{id}/mentions", "mentions", self.mentions),
            ("GET", "/2/users/{id}/tweets", "timeline", self.timeline),
            ("GET", "/2/usage/tweets", "usage", self.usage),
        )
        for method, path, bucket, endpoint in table:
            yield Route(path, self._guarded(bucket, endpoint), methods=[method])

    def _guarded(self, bucket: str, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint behind the log-in, the rate limit and the monthly cap; problems become answers."""

        async def answer(request: Request) -> Response:
            headers: dict[str, str] = {}
            try:
                context = self._context(request)
                limit = self.settings.switches.get("x.limit")
                allowed, headers = self.limits.spend(
                    bucket, context, self.clock.now(), limit if isinstance(limit, int) else None
                )
                self._check_allowed(allowed, bucket, context)
                return JSONResponse(await endpoint(request), 201 if bucket == "create" else 200, headers)
            except ProblemError as problem:
                media = "application/problem+json"
                return JSONResponse(problem.body, problem.status, headers, media_type=media)

        return answer

    def _context(self, request: Request) -> str:
        """ "app" or "user", by the token; an OAuth 1.0a signature is taken on trust if it names our user token."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        credentials = self.settings.credentials
        if scheme.lower() == "bearer" and token == credentials.x_bearer_token:
            return "app"
        if scheme.lower() == "bearer" and token == credentials.x_user_token:
            return "user"
        if scheme.lower() == "oauth" and f'oauth_token="{credentials.x_user_token}"' in token:
            return "user"
        raise ProblemError(401, "Unauthorized", "Unauthorized")

    def _check_allowed(self, allowed: bool, bucket: str, context: str) -> None:
        if not allowed:
            raise ProblemError(429, "Too Many Requests", "Too Many Requests")
        if self.settings.switches.get("x.usage_capped"):
            detail = "Usage cap exceeded: Monthly product cap"
            more = {"period": "Monthly", "scope": "Product", "account_id": BRAND_ID}
            raise ProblemError(429, "UsageCapExceeded", detail, PROBLEMS + "usage-capped", **more)
        if bucket in ("create", "delete", "me") and context == "app":
            detail = "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint."
            detail += " Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context]."
            raise ProblemError(403, "Unsupported Authentication", detail, PROBLEMS + "unsupported-authentication")

    async def search(self, request: Request) -> dict[str, Any]:
        params = dict(request.query_params)
        check_names(params, PAGED | {"query", "next_token", "sort_order"})
        query = params.get("query", "")
        if not 1 <= len(query) <= 512:
            raise invalid("query", query, f"The query length must be between 1 and 512, was {len(query)}")
        try:
            test = parse(query, self.store.user_id)
        except QueryInvalidError as error:
            raise invalid("query", query, f"There were errors processing your request: {error}") from None
        low, high = bounds(params, self.clock.now(), recent=True)
        rows = (post for post in self._between(low, high) if test(post))
        return self._page(rows, params, "next_token", whole_number(params, "max_results", 10, 100, 10))

    async def mentions(self, request: Request) -> dict[str, Any]:
        user = request.path_params["id"]
        newest = [post for post in self.store.newest_first() if user in mentioned(post)][:_MOST_MENTIONS]
        return self._listed(request, newest)

    async def timeline(self, request: Request) -> dict[str, Any]:
        user = request.path_params["id"]
        return self._listed(request, [post for post in self.store.newest_first() if post["author_id"] == user])

    def _listed(self, request: Request, posts: list[Row]) -> dict[str, Any]:
        params = dict(request.query_params)
        check_names(params, PAGED | {"exclude"})
        user = request.path_params["id"]
        if user not in self.store.users:
            return {"errors": [not_found("user", "id", user)]}
        low, high = bounds(params, self.clock.now(), recent=False)
        rows = (post for post in posts if low <= int(post["id"]) < high)
        return self._page(rows, params, "pagination_token", whole_number(params, "max_results", 5, 100, 10))

    def _between(self, low: int, high: int) -> Iterable[Row]:
        return (post for post in self.store.newest_first() if low <= int(post["id"]) < high)

    def _page(self, rows: Iterable[Row], params: dict[str, str], token_name: str, size: int) -> dict[str, Any]:
        """One page of posts, newest first; ``data`` is left out when there is nothing."""
        scope = json.dumps({name: params.get(name) for name in ("query", "since_id", "until_id", "start_time")})
        given = next((name for name in ("next_token", "pagination_token") if name in params), token_name)
        below = read_token(params[given], given, scope) if given in params else 2**63
        found = [post for post in rows if int(post["id"]) < below]
        page = found[:size]
        self.posts_read += len(page)
        meta: dict[str, Any] = {"result_count": len(page)}
        if not page:
            return {"meta": meta}
        meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if len(found) > size:
            meta["next_token"] = page_token(page[-1]["id"], scope)
        return {**self._shown(page, params), "meta": meta}

    def _shown(self, posts: list[Row], params: dict[str, str]) -> dict[str, Any]:
        """The posts with the fields asked for, and the authors if they were to be included."""
        fields = {"id", "text", "edit_history_tweet_ids"} | _list(params, "tweet.fields") | _list(params, "post.fields")
        expansions = _list(params, "expansions")
        if "author_id" in expansions:
            fields.add("author_id")
        answer: dict[str, Any] = {"data": [_fields(post, fields) for post in posts]}
        if "author_id" in expansions:
            authors = dict.fromkeys(post["author_id"] for post in posts)
            users = [self.store.users[a] for a in authors if a in self.store.users]
            answer["includes"] = {"users": [self._user_shown(user, params) for user in users]}
        return answer

    def _user_shown(self, user: Row, params: dict[str, str]) -> Row:
        return _fields(user, {"id", "name", "username"} | _list(params, "user.fields"))

    async def posts(self, request: Request) -> dict[str, Any]:
        params = dict(request.query_params)
        check_names(params, frozenset(("ids",)))
        return self._posts(_up_to_100(params, "ids"), params)

    def _posts(self, ids: list[str], params: dict[str, str]) -> dict[str, Any]:
        found = [self.store.posts[i] for i in ids if i in self.store.posts]
        errors = [not_found("tweet", "ids", i) for i in ids if i not in self.store.posts]
        self.posts_read += len(found)
        return {**(self._shown(found, params) if found else {}), **({"errors": errors} if errors else {})}

    async def post(self, request: Request) -> dict[str, Any]:
        params = dict(request.query_params)
        check_names(params, frozenset())
        answer = self._posts([request.path_params["id"]], params)
        return {**answer, "data": answer["data"][0]} if "data" in answer else answer

    async def users(self, request: Request) -> dict[str, Any]:
        params = dict(request.query_params)
        check_names(params, frozenset(("ids",)))
        ids = _up_to_100(params, "ids")
        return self._users([(i, i if i in self.store.users else None) for i in ids], "ids", params)

    async def users_by_names(self, request: Request) -> dict[str, Any]:
        params = dict(request.query_params)
        check_names(params, frozenset(("usernames",)))
        names = _up_to_100(params, "usernames")
        return self._users([(name, self.store.user_id(name)) for name in names], "usernames", params)

    def _users(self, asked: list[tuple[str, str | None]], parameter: str, params: dict[str, str]) -> dict[str, Any]:
        """Those that exist in ``data``, the others in ``errors``; either is left out when empty."""
        data = [self._user_shown(self.store.users[user], params) for _, user in asked if user]
        errors = [not_found("user", parameter, value) for value, user in asked if not user]
        return {**({"data": data} if data else {}), **({"errors": errors} if errors else {})}

    async def user(self, request: Request) -> dict[str, Any]:
        user = request.path_params["id"]
        return self._one_user(request, user, user if user in self.store.users else None, "id")

    async def user_by_name(self, request: Request) -> dict[str, Any]:
        name = request.path_params["username"]
        return self._one_user(request, name, self.store.user_id(name), "username")

    async def me(self, request: Request) -> dict[str, Any]:
        return self._one_user(request, BRAND_ID, BRAND_ID, "id")

    def _one_user(self, request: Request, value: str, user: str | None, parameter: str) -> dict[str, Any]:
        params = dict(request.query_params)
        check_names(params, frozenset())
        answer = self._users([(value, user)], parameter, params)
        return {"data": answer["data"][0]} if "data" in answer else answer

    async def create(self, request: Request) -> dict[str, Any]:
        """Post or reply. A reply is refused unless the author of the post named us (self-serve rule since 2026-02)."""
        try:
            body = json.loads(await request.body())
            text, reply_to = str(body.get("text") or ""), (body.get("reply") or {}).get("in_reply_to_tweet_id")
        except (ValueError, AttributeError):
            raise ProblemError(400, "Invalid Request", "The body is not a JSON object.") from None
        if not 1 <= len(text) <= 280:
            raise ProblemError(400, "Invalid Request", "Your text must have between 1 and 280 characters.")
        self._check_welcome(text, reply_to)
        post_id = x_id(self.clock.now(), len(self.store.posts))
        self.journal.add({"id": post_id, "text": text, "reply_to": reply_to})
        self.store.write(post_id, text, reply_to)
        return {"data": {"id": post_id, "text": text, "edit_history_tweet_ids": [post_id]}}

    def _check_welcome(self, text: str, reply_to: str | None) -> None:
        if reply_to is not None:
            target = self.store.posts.get(reply_to)
            if target is None:
                raise ProblemError(
                    403, "Forbidden", "You attempted to reply to a Tweet that is deleted or not visible to you."
                )
            if BRAND_ID not in mentioned(target) and target["author_id"] != BRAND_ID:
                raise ProblemError(403, "Forbidden", _UNSUMMONED)
        if any(post["text"] == text for post in self.store.posts.values() if post["author_id"] == BRAND_ID):
            raise ProblemError(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")

    async def delete(self, request: Request) -> dict[str, Any]:
        post = self.store.posts.get(request.path_params["id"])
        if post and post["author_id"] != BRAND_ID:
            raise ProblemError(403, "Forbidden", "You are not authorized to delete this Tweet.")
        if post:
            self.journal.add({"deleted": post["id"]})
            self.store.remove(post["id"])
        return {"data": {"deleted": post is not None}}

    async def usage(self, request: Request) -> dict[str, Any]:
        project = {"project_cap": "3000000", "project_id": BRAND_ID, "project_usage": str(self.posts_read)}
        return {"data": {"cap_reset_day": 1, **project}}


def _list(params: dict[str, str], name: str) -> set[str]:
    return set(filter(None, params.get(name, "").split(",")))


def _fields(row: Row, fields: set[str]) -> Row:
    return {name: value for name, value in row.items() if name in fields and value not in ({}, "")}


def _up_to_100(params: dict[str, str], name: str) -> list[str]:
    values = [value for value in params.get(name, "").split(",") if value]
    if not 1 <= len(values) <= 100:
        raise invalid(
            name, params.get(name, ""), f"The number of values in the `{name}` query parameter must be 1 to 100"
        )
    return values


async def _unknown_path(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = "Not Found" if status == 404 else "Method Not Allowed"
    body = {"title": title, "type": "about:blank", "status": status, "detail": title}
    return JSONResponse(body, status, media_type="application/problem+json")
