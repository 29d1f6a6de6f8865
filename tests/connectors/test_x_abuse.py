"""What tweepy would do to a user, were it let; and how a poll goes on when X does not play along."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from connectors.answers import LONGEST_WAIT, Unanswered
from connectors.base import Access, AccessRefused, Page, Secret, SourceChanged, SourceUnavailable
from connectors.x import CONNECTOR
from tests.connectors.hostile import Hostile, always, hostile, reply
from tests.connectors.scripts import asked, scripted

TOKEN = "AAAA-bearer-secret"


def account(url: str, **options: Any) -> Access:
    settings = {"user_id": "42", "limits": {"silence": 0.5, "total": 2.0, "size": 1_000_000}}
    return Access("x", url, {"bearer_token": Secret(TOKEN)}, settings | options)


def read(server: Hostile, checkpoint: dict[str, Any] | None = None, stream: str = "mentions") -> list[Page]:
    return list(CONNECTOR.read(account(server.url, query="acme"), stream, checkpoint))


def page(*ids: str, token: str | None = None) -> bytes:
    """A page as X gives it: newest first, no data key when empty."""
    meta = {"result_count": len(ids)} | ({"newest_id": ids[0], "oldest_id": ids[-1]} if ids else {})
    body: dict[str, Any] = {"meta": meta | ({"next_token": token} if token else {})}
    if ids:
        body |= {"data": [{"id": each, "author_id": "7"} for each in ids], "includes": {"users": [{"id": "7"}]}}
    return reply(200, body)


def refused(name: str) -> bytes:
    return reply(
        400, {"title": "Invalid Request", "errors": [{"parameters": {name: ["1"]}, "message": f"'{name}' ..."}]}
    )


@pytest.mark.parametrize(
    ("answer", "error", "wait", "calls"),
    [
        (reply(429, {"title": "Too Many Requests"}), SourceUnavailable, None, 1),
        (reply(429, {}, x_rate_limit_reset="99999999999"), SourceUnavailable, LONGEST_WAIT, 1),
        (reply(429, {}, x_rate_limit_reset="soon"), SourceUnavailable, None, 1),
        (reply(429, {"title": "UsageCapExceeded", "detail": "Monthly"}), SourceUnavailable, LONGEST_WAIT, 1),
        (reply(429, [1, 2]), SourceUnavailable, None, 1),
        (reply(401, {"title": "Unauthorized"}), AccessRefused, None, 2),
        (reply(403, ["not an object"]), AccessRefused, None, 1),
        (reply(307, Location="http://evil.example/"), SourceChanged, None, 1),
        (reply(200, b"<html>"), Unanswered, None, 1),
        (reply(200, {"data": []}), SourceChanged, None, 1),
        (reply(200, []), SourceChanged, None, 1),
        (reply(200, b'[["' + b"x" * 2_000_000), SourceChanged, None, 1),
    ],
)
def test_no_answer_makes_tweepy_sleep_recurse_or_crash(
    answer: bytes, error: type[Exception], wait: float | None, calls: int
) -> None:
    """One call for one answer (two for a 401), then our error with a bounded wait."""
    with hostile(always(answer)) as server:
        with pytest.raises(error) as caught:
            read(server)
        assert getattr(caught.value, "retry_after", None) == wait
        assert len(server.requests) == calls


def test_tweepys_debug_log_tells_neither_token_nor_posts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with hostile(always(page("9"))) as server:
        read(server)
    assert f"Bearer {TOKEN}" in server.requests[0]
    assert TOKEN not in caplog.text
    assert "author_id" not in caplog.text


def test_since_id_stands_still_while_the_poll_follows_its_pages() -> None:
    """And the next poll starts at the newest of the first page, which came first."""
    tokens = {None: page("30", "29", token="b"), "b": page("28", token="c"), "c": page("27")}
    with hostile(scripted(lambda each: tokens[each.query.get("pagination_token")])) as server:
        pages = read(server, {"since_id": "20"})
        assert [each.query["since_id"] for each in asked(server)] == ["20", "20", "20"]
    assert [p.stream for p in pages] == ["users", "mentions"] * 3
    assert [p.checkpoint for p in pages] == [
        {"since_id": "20"},
        {"since_id": "20", "newest_id": "30", "next_token": "b"},
        {"since_id": "20", "newest_id": "30", "next_token": "b"},
        {"since_id": "20", "newest_id": "30", "next_token": "c"},
        {"since_id": "20", "newest_id": "30", "next_token": "c"},
        {"since_id": "30"},
    ]


def test_a_poll_that_finds_nothing_leaves_everything_as_it_was() -> None:
    with hostile(always(page())) as server:
        assert read(server, {"since_id": "20"}) == []
        assert read(server) == []


def test_a_forgotten_page_token_restarts_the_poll_and_repeats() -> None:
    """Rows twice are harmless; the place of the unfinished poll is not lost."""
    behave = scripted(
        lambda each: refused("pagination_token") if "pagination_token" in each.query else page("31", "30")
    )
    with hostile(behave) as server:
        pages = read(server, {"since_id": "20", "newest_id": "30", "next_token": "old"})
    assert [row["id"] for p in pages if p.stream == "mentions" for row in p.rows] == ["31", "30"]
    assert pages[-1].checkpoint == {"since_id": "31"}


def test_a_since_id_out_of_reach_takes_what_is_left_and_names_the_gap() -> None:
    behave = scripted(lambda each: refused("since_id") if "since_id" in each.query else page("99"))
    with hostile(behave) as server:
        pages = read(server, {"since_id": "20"}, "posts")
        assert "start_time" in asked(server)[-1].query
    gap = pages[-1].checkpoint["gap"]
    assert (pages[-1].checkpoint["since_id"], gap["after"], gap["until"][-1]) == ("99", "20", "Z")
    assert pages[0].checkpoint == {"since_id": "20"}
    with hostile(always(page("100"))) as server:
        assert read(server, pages[-1].checkpoint, "posts")[-1].checkpoint == {"since_id": "100"}


@pytest.mark.parametrize("name", ["since_id", "pagination_token"])
def test_a_refusal_that_does_not_go_away_ends(name: str) -> None:
    with hostile(always(refused(name))) as server:
        with pytest.raises(SourceChanged):
            read(server, {"since_id": "20", "newest_id": "30", "next_token": "t"})
        assert len(server.requests) == 2


def test_page_tokens_that_go_round_in_a_circle_end() -> None:
    rounds = {None: page("3", token="b"), "b": page("2", token="c"), "c": page("1", token="b")}
    with (
        hostile(scripted(lambda each: rounds[each.query.get("pagination_token")])) as server,
        pytest.raises(SourceChanged, match="stuck"),
    ):
        read(server)
