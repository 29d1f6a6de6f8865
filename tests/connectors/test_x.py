"""X against its stand-in."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from connectors.answers import LONGEST_WAIT
from connectors.base import Access, AccessRefused, Connector, Page, SourceUnavailable
from tests.connectors.conformance import HttpContract, read
from tests.connectors.conftest import Sandbox


class TestX(HttpContract):
    system = "x"
    streams = ("mentions", "posts")
    options: ClassVar = {"username": "brightwell", "query": "brightwell", "page_rows": 10}

    def test_a_second_poll_brings_only_what_happened_since(
        self, connector: Connector, access: Access, sandbox: Sandbox
    ) -> None:
        for stream in self.streams:
            before = read(connector, access, stream)
            last = before[-1].checkpoint
            assert read(connector, access, stream, last) == []
            told = {news["key"] for news in sandbox.order("live", events=40) if news["system"] == "x"}
            found = post_ids(read(connector, access, stream, last), stream)
            assert told & found
            assert not found & post_ids(before, stream)

    def test_an_apps_token_needs_to_be_told_whose_mentions(self, connector: Connector, access: Access) -> None:
        """X's users/me is closed to it."""
        unnamed = replace(access, options={**access.options, "username": None, "query": None})
        with pytest.raises(AccessRefused, match="whose token") as caught:
            read(connector, unnamed, "mentions")
        assert "options.username" in caught.value.do

    def test_a_spent_month_is_told_apart(self, connector: Connector, access: Access, sandbox: Sandbox) -> None:
        sandbox.order("switch", **{"x.usage_capped": True})
        try:
            with pytest.raises(SourceUnavailable, match="month's quota") as caught:
                read(connector, access, "mentions")
        finally:
            sandbox.order("switch", **{"x.usage_capped": None})
        assert caught.value.retry_after == LONGEST_WAIT


def post_ids(pages: list[Page], stream: str) -> set[str]:
    return {row["id"] for page in pages if page.stream == stream for row in page.rows}
