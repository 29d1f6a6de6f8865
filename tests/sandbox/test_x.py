"""X's stand-in does what the real one is known for, item by item."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.ids import x_id
from sandbox.live import live
from sandbox.standin import Clock, Settings
from sandbox.world import World
from sandbox.x_store import BRAND_ID
from tests.sandbox.conftest import NOW

SEARCH = "/2/tweets/search/recent"
EVERYTHING = '@brightwell OR "heat pump"'


def pages(client: TestClient, path: str, token: str, **params: Any) -> Iterator[dict[str, Any]]:
    while True:
        answer = client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        following = answer.json()["meta"].get("next_token")
        if not following:
            return
        params[token] = following


def ids(page: dict[str, Any]) -> list[int]:
    return [int(post["id"]) for post in page.get("data", [])]


def refusal(answer: Any) -> str:
    """The message of a 400, which must be worded as X does."""
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "https://api.x.com/2/problems/invalid-request"
    return str(answer.json()["errors"][0]["message"])


def test_pages_go_from_newest_to_oldest_without_a_gap(x_client: TestClient, world: World) -> None:
    found = list(pages(x_client, SEARCH, "next_token", query=EVERYTHING, max_results=10))
    order = [post for page in found for post in ids(page)]
    oldest = int(x_id(NOW - timedelta(days=7)))
    assert len(found) > 2
    assert order == sorted(order, reverse=True)
    assert set(order) == {int(event.key) for event in world.events("x") if int(event.key) >= oldest}
    for page in found:
        assert page["meta"]["result_count"] == len(page["data"])
        assert (page["meta"]["newest_id"], page["meta"]["oldest_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])


def test_no_data_key_when_nothing_is_found(x_client: TestClient) -> None:
    assert x_client.get(SEARCH, params={"query": "zebra"}).json() == {"meta": {"result_count": 0}}


def test_ten_posts_by_default(x_client: TestClient) -> None:
    assert len(x_client.get(SEARCH, params={"query": EVERYTHING}).json()["data"]) == 10


def test_since_id_gives_only_what_came_later(x_client: TestClient, world: World, clock: Clock) -> None:
    newest = x_client.get(SEARCH, params={"query": EVERYTHING}).json()["meta"]["newest_id"]
    later = {"query": EVERYTHING, "since_id": newest}
    assert "data" not in x_client.get(SEARCH, params=later).json()
    mention = live(world, 1, clock.now() - timedelta(seconds=31))[0]
    assert ids(x_client.get(SEARCH, params=later).json()) == [int(mention.key)]


def test_the_last_30_seconds_are_left_out(x_client: TestClient, world: World, clock: Clock) -> None:
    mention = live(world, 1, clock.now())[0]
    question = {"query": EVERYTHING, "max_results": 100}
    assert int(mention.key) not in ids(x_client.get(SEARCH, params=question).json())
    clock.advance(31)
    assert int(mention.key) in ids(x_client.get(SEARCH, params=question).json())


def test_seven_days_and_no_more(x_client: TestClient) -> None:
    old = (NOW - timedelta(days=8)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert "must be on or after" in refusal(x_client.get(SEARCH, params={"query": "a", "start_time": old}))
    stale = x_id(NOW - timedelta(days=8))
    assert "'since_id' must be" in refusal(x_client.get(SEARCH, params={"query": "a", "since_id": stale}))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"since_id": "1", "start_time": "2026-11-21T00:00:00Z"}, "cannot both"),
        ({"until_id": "1", "end_time": "2026-11-21T00:00:00Z"}, "cannot both"),
        ({"max_results": "9"}, "not between 10 and 100"),
        ({"max_results": "101"}, "not between 10 and 100"),
        ({"since_id": "abc"}, "does not match"),
        ({"start_time": "yesterday"}, "RFC3339"),
        ({"colour": "red"}, "is not one of"),
        ({"tweet.fields": "id,colour"}, "is not one of"),
        ({"next_token": "b26v89c19zqg8o3f"}, "Invalid 'next_token'"),
        ({"query": "x" * 513}, "between 1 and 512"),
        ({"query": "(open"}, "missing ')'"),
    ],
)
def test_wrong_questions_are_refused(x_client: TestClient, params: dict[str, str], words: str) -> None:
    assert words in refusal(x_client.get(SEARCH, params={"query": "heat", **params}))


def test_a_token_belongs_to_its_question(x_client: TestClient) -> None:
    token = x_client.get(SEARCH, params={"query": EVERYTHING}).json()["meta"]["next_token"]
    refusal(x_client.get(SEARCH, params={"query": "heat", "next_token": token}))
    assert x_client.get(SEARCH, params={"query": EVERYTHING, "pagination_token": token}).status_code == 200


def test_only_the_fields_asked_for(x_client: TestClient) -> None:
    bare = x_client.get(SEARCH, params={"query": EVERYTHING}).json()
    assert set(bare["data"][0]) == {"id", "text", "edit_history_tweet_ids"}
    assert "includes" not in bare
    asked = {"tweet.fields": "created_at", "expansions": "author_id", "user.fields": "created_at,public_metrics"}
    full = x_client.get(SEARCH, params={"query": EVERYTHING, **asked}).json()
    assert set(full["data"][0]) == {"id", "text", "edit_history_tweet_ids", "created_at", "author_id"}
    authors = {user["id"] for user in full["includes"]["users"]}
    assert authors == {post["author_id"] for post in full["data"]}
    assert set(full["includes"]["users"][0]) == {"id", "name", "username", "created_at", "public_metrics"}


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("@brightwell -heat", lambda text: "@brightwell" in text and "heat " not in text),
        ('"heat pump" quiet', lambda text: "heat pump" in text and "quiet" in text),
        ("(quote OR quotes) @brightwell", lambda text: "quote" in text and "@brightwell" in text),
        ("-@brightwell heat", lambda text: "@brightwell" not in text and "heat" in text),
        ("heat has:hashtags", lambda text: "#" in text),
    ],
)
def test_queries(x_client: TestClient, query: str, fits: Any) -> None:
    found = x_client.get(SEARCH, params={"query": query, "max_results": 100}).json().get("data", [])
    assert found
    assert all(fits(post["text"].lower()) for post in found)


def test_mentions_name_us_and_reach_back_further_than_search(x_client: TestClient, world: World) -> None:
    path = f"/2/users/{BRAND_ID}/mentions"
    found = [post for page in pages(x_client, path, "pagination_token", max_results=100) for post in page["data"]]
    assert {post["id"] for post in found} == {event.key for event in world.events("x") if event.kind == "mention"}
    assert min(int(post["id"]) for post in found) < int(x_id(NOW - timedelta(days=7)))


def test_users_partly_missing(x_client: TestClient, world: World) -> None:
    known = world.appearances("x")[0]
    answer = x_client.get("/2/users", params={"ids": f"{known.key},42"})
    assert answer.status_code == 200
    assert [user["id"] for user in answer.json()["data"]] == [known.key]
    assert [(e["resource_id"], e["resource_type"]) for e in answer.json()["errors"]] == [("42", "user")]
    assert answer.json()["errors"][0]["type"].endswith("/resource-not-found")
    assert "data" not in x_client.get("/2/users/by/username/nobody_at_all").json()
    assert x_client.get("/2/users/by/username/BrightWell").json()["data"]["id"] == BRAND_ID


def test_rate_headers_on_every_reply(x_client: TestClient) -> None:
    for answer in (x_client.get(SEARCH, params={"query": "heat"}), x_client.get(SEARCH, params={"query": ""})):
        assert int(answer.headers["x-rate-limit-limit"]) > int(answer.headers["x-rate-limit-remaining"])
        assert int(answer.headers["x-rate-limit-reset"]) > NOW.timestamp()


def test_app_and_user_have_buckets_of_their_own_that_refill(world: World, clock: Clock) -> None:
    from sandbox import x

    settings = Settings(real_limits=True)
    client = TestClient(x.app(world, clock, None, settings))
    keys = settings.credentials
    app = {"authorization": f"Bearer {keys.x_bearer_token}"}
    user = {"authorization": f"Bearer {keys.x_user_token}"}
    for left in range(299, -1, -1):
        answer = client.get(SEARCH, params={"query": "zebra"}, headers=user)
        assert answer.headers["x-rate-limit-remaining"] == str(left)
    refused = client.get(SEARCH, params={"query": "zebra"}, headers=user)
    assert (refused.status_code, refused.json()["title"]) == (429, "Too Many Requests")
    assert refused.headers["x-rate-limit-remaining"] == "0"
    assert client.get(SEARCH, params={"query": "zebra"}, headers=app).headers["x-rate-limit-limit"] == "450"
    assert client.get("/2/users/me", headers=user).status_code == 200
    clock.advance(float(refused.headers["x-rate-limit-reset"]) - clock.now().timestamp())
    assert client.get(SEARCH, params={"query": "zebra"}, headers=user).status_code == 200


def test_usage_cap(x_client: TestClient, settings: Settings) -> None:
    settings.switches["x.usage_capped"] = True
    answer = x_client.get(SEARCH, params={"query": "heat"})
    assert (answer.status_code, answer.json()["title"]) == (429, "UsageCapExceeded")
    assert answer.json()["type"].endswith("/usage-capped")
    assert int(answer.headers["x-rate-limit-remaining"]) > 0


def test_logins(x_client: TestClient) -> None:
    wrong = x_client.get(SEARCH, params={"query": "heat"}, headers={"authorization": "Bearer nonsense"})
    assert (wrong.status_code, wrong.json()["title"]) == (401, "Unauthorized")
    assert x_client.get("/2/users/me").status_code == 403
    assert x_client.post("/2/tweets", json={"text": "hello"}).status_code == 403


def reply(client: TestClient, text: str, post: str) -> Any:
    return client.post("/2/tweets", json={"text": text, "reply": {"in_reply_to_tweet_id": post}})


def test_replies_need_a_summons(x_user: TestClient, world: World) -> None:
    mention = next(event for event in world.events("x") if event.kind == "mention")
    stranger = next(event for event in world.events("x") if event.kind == "post")
    refused = reply(x_user, "We can help!", stranger.key)
    assert refused.status_code == 403
    assert "not been mentioned" in refused.json()["detail"]
    posted = reply(x_user, "We can help!", mention.key)
    assert posted.status_code == 201
    mine = x_user.get(f"/2/users/{BRAND_ID}/tweets", params={"tweet.fields": "in_reply_to_user_id"}).json()["data"]
    assert [post["id"] for post in mine] == [posted.json()["data"]["id"]]
    assert mine[0]["in_reply_to_user_id"] == mention.appearance_key


def test_the_same_text_twice_is_refused(x_user: TestClient) -> None:
    assert x_user.post("/2/tweets", json={"text": "Hello"}).status_code == 201
    again = x_user.post("/2/tweets", json={"text": "Hello"})
    assert again.status_code == 403
    assert "duplicate content" in again.json()["detail"]


def test_posts_survive_a_restart(world: World, clock: Clock, settings: Settings, tmp_path: Any) -> None:
    from sandbox import x

    headers = {"authorization": f"Bearer {settings.credentials.x_user_token}"}
    first = TestClient(x.app(world, clock, tmp_path, settings), headers=headers)
    kept = first.post("/2/tweets", json={"text": "kept"}).json()["data"]["id"]
    dropped = first.post("/2/tweets", json={"text": "dropped"}).json()["data"]["id"]
    assert first.delete(f"/2/tweets/{dropped}").json() == {"data": {"deleted": True}}
    second = TestClient(x.app(world, clock, tmp_path, settings), headers=headers)
    assert [post["id"] for post in second.get(f"/2/users/{BRAND_ID}/tweets").json()["data"]] == [kept]
