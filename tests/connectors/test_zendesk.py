"""Zendesk against its stand-in."""

from __future__ import annotations

from tests.connectors.conformance import HttpContract


class TestZendesk(HttpContract):
    system = "zendesk"
    streams = ("users", "tickets")
