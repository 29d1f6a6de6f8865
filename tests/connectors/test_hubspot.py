"""HubSpot against its stand-in."""

from __future__ import annotations

from tests.connectors.conformance import HttpContract


class TestHubSpot(HttpContract):
    system = "hubspot"
    streams = ("contacts",)
