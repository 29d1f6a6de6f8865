"""tweepy, with nothing of it that could reach a user.

tweepy 4.17.0 sends to one fixed host, sets no time-outs, writes the bearer token and every answer to its debug log,
and on a 429 either sleeps without bound or calls itself until the stack ends. Here it builds requests and nothing else:
they leave through connectors/requests_bridge.py, which also keeps the token, and its log is shut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tweepy

from connectors.answers import LONGEST_WAIT, Answer, Refusal, page_rows, refusal
from connectors.base import Access, SourceChanged, SourceUnavailable
from connectors.deadline import hush
from connectors.http import Http, Key
from connectors.requests_bridge import NO_TOKEN, session

_TWEEPYS_HOST = "https://api.twitter.com"

_CAPPED = re.compile("usage-?cap", re.IGNORECASE)

PAGE_ROWS = 100
LEAST_ROWS = 10
_POST_FIELDS = {
    "expansions": ["author_id"],
    "tweet_fields": [
        "author_id", "conversation_id", "created_at", "entities", "in_reply_to_user_id", "lang", "public_metrics",
        "referenced_tweets",
    ],
    "user_fields": ["created_at", "description", "entities", "location", "name", "url", "username", "verified"],
}  # fmt: skip


class TooOld(SourceChanged):
    """`since_id` lies before what X still searches (7 days)."""


class TokenExpired(SourceChanged):
    """A page's token is no longer known; X says nowhere how long it is."""


class Client:
    """The calls that we make of X, each giving X's JSON as it came. Posts cost money: nothing is asked for twice."""

    def __init__(self, http: Http, size: int) -> None:
        self._fields: dict[str, Any] = _POST_FIELDS | {"max_results": size}
        hush("tweepy.client")
        self._tweepy = tweepy.Client(NO_TOKEN, return_type=dict, wait_on_rate_limit=False)
        self._tweepy.session = session(http, _TWEEPYS_HOST)

    def mentions(self, user_id: str, **place: Any) -> Any:
        """Posts that name the user, newest first. Only the newest 800 can be had."""
        return self._tweepy.get_users_mentions(user_id, **self._fields, **_paging(place, "pagination_token"))

    def search(self, query: str, **place: Any) -> Any:
        """Posts of the last 7 days that match `query`, newest first."""
        return self._tweepy.search_recent_tweets(query, **self._fields, **_paging(place, "next_token"))

    def user(self, username: str | None) -> Any:
        """The user called `username`; with None, the one whose token we hold."""
        return self._tweepy.get_user(username=username) if username else self._tweepy.get_me(user_auth=False)


@contextmanager
def client(access: Access) -> Iterator[Client]:
    """A client for the account's bearer token."""
    with _X("X", access, Key.bearer(access.secret("bearer_token"))) as http:
        yield Client(http, max(LEAST_ROWS, page_rows(access.options, PAGE_ROWS)))


class _X(Http):
    """X tells a spent month from a busy quarter of an hour, and a bad place to go on from, in the body only."""

    def explain(self, answer: Answer) -> Refusal:
        words = answer.body[:4096].decode("utf-8", "replace")
        if answer.status == 429 and _CAPPED.search(words):
            return SourceUnavailable("X: the month's quota of posts is used up.", retry_after=LONGEST_WAIT)
        if answer.status == 400 and "since_id" in words:
            return TooOld(f"X no longer searches back to the last post we know (400 to {answer.path}).")
        if answer.status == 400 and ("next_token" in words or "pagination_token" in words):
            return TokenExpired(f"X no longer knows the page's token (400 to {answer.path}).")
        return refusal(answer)


def _paging(place: dict[str, Any], name: str) -> dict[str, Any]:
    """`place` with its token under the name that this call knows it by."""
    return {name if key == "token" else key: value for key, value in place.items()}
