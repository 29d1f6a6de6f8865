"""Docs travel with the code: links lead somewhere, and every command, setting and option told of exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from landbridge.config import Account, Settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(ROOT.glob("docs/**/*.md"))


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [t for t in targets if not t.startswith("http") and not (page.parent / t).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_path_in_backticks_exists(page: Path) -> None:
    told = re.findall(
        r"`((?:landbridge|connectors|flows|mappings|sandbox|tests|benchmarks|docs)/[\w./-]*\w/?)`",
        page.read_text(encoding="utf-8"),
    )
    invented = {"mappings/sources/acme.yaml"}
    assert [path for path in told if path not in invented and not (ROOT / path).exists()] == []


def test_every_command_told_of_exists() -> None:
    listed = subprocess.run([sys.executable, "-m", "landbridge", "--help"], capture_output=True, text=True, check=True)
    commands = set(re.findall(r"^│ (\w+) ", listed.stdout, re.M))
    for page in PAGES:
        told = set(re.findall(r"`(?:\.venv/bin/)?landbridge ([a-z]\w+)", page.read_text(encoding="utf-8")))
        assert told - commands == set(), page


def test_every_identity_command_told_of_exists() -> None:
    words = [sys.executable, "-m", "landbridge", "identity", "--help"]
    listed = subprocess.run(words, capture_output=True, text=True, check=True)
    commands = set(re.findall(r"^│ (\w+) ", listed.stdout, re.M))
    told = {name for page in PAGES for name in re.findall(r"landbridge identity ([a-z]+)", page.read_text("utf-8"))}
    assert told - commands == set()
    assert commands - told == set(), "a command that no page tells of"


def test_every_verb_told_of_is_in_the_makefile() -> None:
    verbs = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for page in PAGES:
        told = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.M))
        assert told - verbs == set(), page


def test_every_setting_is_told_of() -> None:
    page = (ROOT / "docs" / "it.md").read_text(encoding="utf-8")
    told = {name for line in re.findall(r"^\| (`[^|]*) \|", page, re.M) for name in re.findall(r"`([\w.]+)`", line)}
    wanted = set(Settings.model_fields) | {
        f"accounts.NAME.{name}" for name in Account.model_fields if name != "sandbox"
    }
    assert wanted - told == set()
