"""The first minute: help that teaches and starts in a blink, and what somebody sees who types something else."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import Project

COMMANDS = (
    "demo",
    "try",
    "up",
    "run",
    "check",
    "sync",
    "resolve",
    "plan",
    "push",
    "hold",
    "refused",
    "erase",
    "revert",
    "runs",
    "explain",
    "sandbox",
    "audit",
)
HEAVY = ("prefect", "great_expectations", "splink", "pandas", "duckdb", "sqlalchemy")


def test_landbridge_alone_shows_every_command(project: Project) -> None:
    told = project.landbridge().out
    for command in COMMANDS:
        assert re.search(rf"│ {command} +\w", told), command
    assert "New here?" in told


@pytest.mark.parametrize("words", [(command,) for command in COMMANDS] + [("audit", "verify"), ("audit", "list")])
def test_every_command_teaches(project: Project, words: tuple[str, ...]) -> None:
    ended = project.landbridge(*words, "--help")
    assert ended.code == 0
    paragraph = ended.out.split("Usage:")[1].split("╭─")[0]
    assert len(paragraph.split()) > 8


def loaded(project: Project, *words: str) -> set[str]:
    """The heavy libraries that are in memory when the command ends."""
    script = (
        "import sys\nfrom landbridge.cli.main import entry\n"
        f"sys.argv = ['landbridge', *{list(words)!r}]\n"
        "try: entry()\nexcept SystemExit: pass\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    )
    return set(project.python(script).err.splitlines()[-1].split())


def test_help_imports_nothing_heavy(project: Project) -> None:
    assert loaded(project, "--help") == set()


def test_runs_imports_the_database_and_nothing_else(files: Project) -> None:
    assert loaded(files, "runs") <= {"sqlalchemy"}


def test_version(project: Project) -> None:
    assert re.fullmatch(r"landbridge \d+\.\d+\.\d+\n", project.landbridge("--version").out)


@pytest.mark.parametrize(
    "words",
    [("frobnicate",), ("run", "--frob"), ("runs", "--limit", "0"), ("up", "--port", "0"), ("demo", "--people", "0")],
)
def test_words_that_are_no_command(project: Project, words: tuple[str, ...]) -> None:
    ended = project.landbridge(*words)
    assert ended.code == 2
    assert "Usage:" in ended.err
    assert ended.out == ""


def completed(project: Project, line: str) -> str:
    project.environment |= {
        "_LANDBRIDGE_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(line.count(" ")),
    }
    script = "import sys; sys.argv = ['landbridge']; from landbridge.cli.main import entry; entry()"
    ended = project.python(script)
    assert ended.err == ""
    return ended.out


def test_tab_offers_accounts(project: Project) -> None:
    project.write("landbridge.yaml", "accounts: {zendesk: {system: zendesk}, x: {system: x}}")
    assert completed(project, "landbridge sync z").split() == ["zendesk"]


def test_tab_offers_runs(files: Project) -> None:
    run_id = files.landbridge("sync", "--json").json[0]["run_id"]
    assert completed(files, f"landbridge runs {run_id[:4]}").split() == [run_id]


def test_tab_without_a_project_offers_nothing(project: Project) -> None:
    assert completed(project, "landbridge sync z").strip() == ""
    assert completed(project, "landbridge runs 2").strip() == ""
