"""Salesforce against its stand-in."""

from __future__ import annotations

from tests.connectors.conformance import HttpContract


class TestSalesforce(HttpContract):
    system = "salesforce"
    streams = ("Lead", "Contact", "Account", "Opportunity")
