"""X against its stand-in."""

from __future__ import annotations

from typing import ClassVar

from tests.connectors.conformance import HttpContract


class TestX(HttpContract):
    system = "x"
    streams = ("mentions", "posts")
    options: ClassVar = {"username": "brightwell", "query": "brightwell", "page_rows": 10}
