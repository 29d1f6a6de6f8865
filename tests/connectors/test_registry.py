"""Every file in connectors/ that is a system's own can be had by its name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connectors.registry import connector, systems


def test_every_system_has_a_connector_of_its_name() -> None:
    assert set(systems()) >= {"files", "hubspot", "salesforce", "x", "zendesk"}
    for name in systems():
        assert connector(name).system == name


def test_an_unknown_system_is_told_which_there_are() -> None:
    with pytest.raises(KeyError, match="no connector for 'sap'; there are files, hubspot"):
        connector("sap")


def test_asking_for_one_imports_no_other() -> None:
    """The command line starts in a blink: no client library is loaded for a list of names."""
    script = "import sys; from connectors.registry import systems; systems(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert {"tweepy", "simple_salesforce", "httpx", "pyarrow"}.isdisjoint(loaded)
