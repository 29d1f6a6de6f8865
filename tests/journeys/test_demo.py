"""The demo tells the whole story in one document, and comes to the same with Prefect and without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def demo(folder: Path, people: int, *words: str) -> dict[str, Any]:
    options = ("--people", str(people), "--json", "--folder", str(folder))
    command = [sys.executable, "-m", "landbridge", "demo", *options, *words]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, timeout=280, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_demo_tells_everything_it_promises(tmp_path: Path) -> None:
    told = demo(tmp_path / "demo", 100)
    assert set(told["records"]) == {"x", "zendesk", "hubspot", "salesforce"}
    assert told["profiles"] > told["identities"] > 50
    assert told["quality"]["precision"] > 0.9
    assert told["quality"]["recall"] > 0.7
    assert told["leads"]["valid"] > 0
    assert told["leads"]["held"] > 0
    assert told["crm"]["created"] > 0
    assert told["crm"]["updated"] > 0
    assert told["balance_closes"]
    assert told["second_run"]["nothing_changed"]
    assert told["second_run"]["crm_writes"] == 0


def test_another_demo_begins_anew_and_needs_no_prefect(tmp_path: Path) -> None:
    first = demo(tmp_path / "demo", 40, "--no-prefect")
    again = demo(tmp_path / "demo", 40, "--no-prefect")
    assert first["balance_closes"]
    assert first["second_run"]["nothing_changed"]
    assert (first["identities"], first["crm"]) == (again["identities"], again["crm"])


def test_the_demo_empties_no_folder_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "letters.txt").write_text("mine")
    command = [sys.executable, "-m", "landbridge", "demo", "--folder", str(tmp_path / "demo")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert "no demo made" in done.stderr
    assert (tmp_path / "demo" / "letters.txt").read_text() == "mine"
