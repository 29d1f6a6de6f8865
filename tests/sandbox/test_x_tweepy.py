"""tweepy, the client that most people use, works against X's stand-in as it does against X."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import tweepy
from requests.adapters import HTTPAdapter

from tests.sandbox_process import start_sandbox


class _Elsewhere(HTTPAdapter):
    """tweepy's host is fixed: send its requests to the stand-in instead."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self.base_url = base_url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.url = f"{self.base_url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)


@pytest.fixture(scope="module")
def ready() -> Iterator[dict[str, Any]]:
    with start_sandbox(150, options=("--systems=x",)) as ready:
        yield ready


@pytest.fixture
def client(ready: dict[str, Any]) -> tweepy.Client:
    tokens = {"access_token": ready["x"]["user_token"], "access_token_secret": "any"}
    client = tweepy.Client(ready["x"]["bearer_token"], consumer_key="any", consumer_secret="any", **tokens)
    client.session.mount("https://", _Elsewhere(ready["x"]["base_url"]))
    return client


def test_search_through_its_paginator(client: tweepy.Client) -> None:
    pages = list(
        tweepy.Paginator(
            client.search_recent_tweets,
            "@brightwell",
            max_results=10,
            tweet_fields=["created_at", "public_metrics"],
            expansions=["author_id"],
            user_fields=["location"],
        )
    )
    posts = [post for page in pages for post in page.data]
    assert len(pages) > 1
    assert [post.id for post in posts] == sorted({post.id for post in posts}, reverse=True)
    assert all(post.created_at and post.public_metrics["like_count"] >= 0 for post in posts)
    assert {post.author_id for post in pages[0].data} == {user.id for user in pages[0].includes["users"]}


def test_mentions_and_users(client: tweepy.Client) -> None:
    me = client.get_me().data
    assert me.username == "brightwell"
    assert client.get_users_mentions(me.id, max_results=5).meta["result_count"] == 5
    partly = client.get_users(ids=[me.id, 42])
    assert ([user.id for user in partly.data], partly.errors[0]["resource_id"]) == ([me.id], "42")


def test_its_errors(client: tweepy.Client) -> None:
    with pytest.raises(tweepy.BadRequest, match="not between 10 and 100"):
        client.search_recent_tweets("heat", max_results=5)
    stranger = client.search_recent_tweets('"heat pump" -@brightwell').data[0]
    with pytest.raises(tweepy.Forbidden, match="not been mentioned"):
        client.create_tweet(text="We can help", in_reply_to_tweet_id=stranger.id)
    mention = client.search_recent_tweets("@brightwell").data[0]
    assert client.create_tweet(text="We can help", in_reply_to_tweet_id=mention.id).data["text"] == "We can help"
