"""X's users and posts as its API words them, over the world's appearances and events."""

from __future__ import annotations

import bisect
import re
from datetime import UTC, datetime
from typing import Any

from sandbox.ids import x_id, x_time
from sandbox.model import Appearance, Event
from sandbox.texts import BRAND, BRAND_HANDLE, BRAND_SITE
from sandbox.world import World

Row = dict[str, Any]
BRAND_ID = x_id(datetime(2016, 3, 1, 9, 0, tzinfo=UTC))
_MENTION = re.compile(r"@(\w{1,15})")
_LANGUAGES = (("bitte", "de"), ("technicien", "fr"), ("presupuesto", "es"))


class XStore:
    """Users by id and name, posts newest first. Rows hold every field; the API shows what is asked for."""

    def __init__(self, world: World) -> None:
        self.users: dict[str, Row] = {BRAND_ID: _brand()}
        self.ids: dict[str, str] = {BRAND_HANDLE: BRAND_ID}
        self.posts: dict[str, Row] = {}
        self._order: list[int] = []
        for row in world.appearances("x"):
            self.take(row)
        for event in world.events("x"):
            self.take(event)

    def take(self, news: Appearance | Event) -> None:
        """Add or replace a user, or add a post."""
        if isinstance(news, Event):
            self.add(_post(news.key, news.appearance_key, news.text or "", self))
            return
        user = _user(news)
        self.users[news.key] = user
        self.ids[user["username"].lower()] = news.key

    def add(self, post: Row) -> None:
        self.posts[post["id"]] = post
        bisect.insort(self._order, int(post["id"]))

    def remove(self, post_id: str) -> bool:
        """Delete a post; False if there was none."""
        if post_id not in self.posts:
            return False
        del self.posts[post_id]
        self._order.remove(int(post_id))
        return True

    def write(self, post_id: str, text: str, reply_to: str | None) -> Row:
        """Add a post of our own."""
        post = _post(post_id, BRAND_ID, text, self)
        if reply_to:
            post["in_reply_to_user_id"] = self.posts[reply_to]["author_id"]
            post["conversation_id"] = self.posts[reply_to]["conversation_id"]
            post["referenced_tweets"] = [{"type": "replied_to", "id": reply_to}]
        self.add(post)
        return post

    def newest_first(self) -> list[Row]:
        return [self.posts[str(number)] for number in reversed(self._order)]

    def user_id(self, username: str) -> str | None:
        return self.ids.get(username.lower())


def mentioned(post: Row) -> set[str]:
    """The user ids that a post names."""
    return {mention["id"] for mention in post["entities"].get("mentions", []) if "id" in mention}


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _brand() -> Row:
    return {
        "id": BRAND_ID,
        "name": BRAND,
        "username": BRAND_HANDLE,
        "created_at": _time(x_time(BRAND_ID)),
        "description": "Heat pumps, made to last.",
        "location": "Utrecht",
        "url": BRAND_SITE,
        "protected": False,
        "verified": True,
        "public_metrics": _user_metrics(41_000),
    }


def _user(row: Appearance) -> Row:
    number = int(row.key) >> 22
    user: Row = {
        "id": row.key,
        "name": row.display_name or "",
        "username": row.handle.name if row.handle else f"user{row.key[-8:]}",
        "created_at": _time(row.created_at),
        "description": row.bio or "",
        "protected": False,
        "verified": number % 17 == 0,
        "public_metrics": _user_metrics(number % 4999 if number % 50 else number % 200_000),
    }
    place = ", ".join(part for part in (row.city, row.region) if part)
    return {**user, **({"location": place} if place else {}), **(_link(row) if row.website else {})}


def _link(row: Appearance) -> Row:
    """A web site as X gives it: ``url`` is a short link, the true one stands in the entities."""
    short = f"https://t.co/{int(row.key) % 36**10:010x}"
    site = row.website or ""
    display = site.removeprefix("https://").removeprefix("www.")
    url = {"start": 0, "end": len(short), "url": short, "expanded_url": site, "display_url": display}
    return {"url": short, "entities": {"url": {"urls": [url]}}}


def _user_metrics(followers: int) -> Row:
    """Counts under the old names and the new (``tweet_count`` became ``post_count``), for old clients and new."""
    count = followers * 3 + 7
    return {
        "followers_count": followers,
        "following_count": followers // 2 + 11,
        "tweet_count": count,
        "post_count": count,
        "listed_count": followers // 100,
        "like_count": count * 2,
    }


def _post(post_id: str, author: str, text: str, store: XStore) -> Row:
    number = int(post_id) >> 22
    return {
        "id": post_id,
        "text": text,
        "author_id": author,
        "conversation_id": post_id,
        "created_at": _time(x_time(post_id)),
        "edit_history_tweet_ids": [post_id],
        "edit_history_post_ids": [post_id],
        "lang": next((code for word, code in _LANGUAGES if word in text), "en"),
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "source": "X Web App",
        "entities": _entities(text, store),
        "public_metrics": _post_metrics(number % 40),
    }


def _post_metrics(likes: int) -> Row:
    return {
        "retweet_count": likes // 8,
        "repost_count": likes // 8,
        "reply_count": likes // 5,
        "like_count": likes,
        "quote_count": likes // 20,
        "bookmark_count": likes // 15,
        "impression_count": likes * 57 + 3,
    }


def _entities(text: str, store: XStore) -> Row:
    mentions = []
    for found in _MENTION.finditer(text):
        mention: Row = {"start": found.start(), "end": found.end(), "username": found[1]}
        user_id = store.user_id(found[1])
        mentions.append({**mention, "id": user_id} if user_id else mention)
    return {"mentions": mentions} if mentions else {}
