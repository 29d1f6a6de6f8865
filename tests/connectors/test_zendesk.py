"""Zendesk against its stand-in, and its export's traps."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Access, AccessRefused, Page, Secret, SourceChanged
from connectors.zendesk import CONNECTOR
from tests.connectors.conformance import HttpContract
from tests.connectors.hostile import Hostile, always, hostile, reply
from tests.connectors.scripts import asked, scripted


class TestZendesk(HttpContract):
    system = "zendesk"
    streams = ("users", "tickets")


def account(server: Hostile) -> Access:
    return Access("zendesk", server.url, {"email": Secret("a@x.example"), "token": Secret("t")})


def read(server: Hostile, checkpoint: dict[str, Any] | None = None) -> list[Page]:
    return list(CONNECTOR.read(account(server), "users", checkpoint))


def page(after: str | None, *ids: int, end: bool) -> bytes:
    return reply(200, {"users": [{"id": i} for i in ids], "after_cursor": after, "end_of_stream": end})


def test_the_last_cursor_is_where_the_next_run_starts() -> None:
    """Also when Zendesk says that the stream has ended; a fresh start_time would read everything again."""
    answers = {None: page("a", 1, end=False), "a": page("b", 2, end=True), "b": page(None, end=True)}
    with hostile(scripted(lambda each: answers[each.query.get("cursor")])) as server:
        pages = read(server)
        again = read(server, pages[-1].checkpoint)
        assert [each.query.get("cursor", each.query.get("start_time")) for each in asked(server)] == ["0", "a", "b"]
    assert [each.checkpoint for each in (*pages, *again)] == [{"cursor": "a"}, {"cursor": "b"}, {"cursor": "b"}]


@pytest.mark.parametrize("turns", [{None: "a", "a": "a"}, {None: "a", "a": "b", "b": "a"}])
def test_a_cursor_that_comes_again_stops(turns: dict[str | None, str]) -> None:
    """Clients are known to have asked for days."""
    with (
        hostile(scripted(lambda each: page(turns[each.query.get("cursor")], 1, end=False))) as server,
        pytest.raises(SourceChanged, match="stuck"),
    ):
        read(server)


@pytest.mark.parametrize(
    "body",
    [
        {"users": [], "after_cursor": "a"},
        {"users": [], "after_cursor": None, "end_of_stream": False},
        {"users": {}, "after_cursor": "a", "end_of_stream": True},
        {"tickets": [], "after_cursor": "a", "end_of_stream": True},
        ["users"],
        None,
    ],
)
def test_a_form_that_we_do_not_know_stops(body: Any) -> None:
    with hostile(always(reply(200, body))) as server, pytest.raises(SourceChanged, match="Zendesk answered without"):
        read(server)


def test_an_agents_token_is_told_apart_from_an_admins() -> None:
    with (
        hostile(always(reply(200, {"user": {"id": 1, "role": "agent"}}))) as server,
        pytest.raises(AccessRefused, match="not as an admin"),
    ):
        CONNECTOR.check(account(server))
