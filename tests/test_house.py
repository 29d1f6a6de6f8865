"""The house stays as it was drawn: small rooms, and each schedule for an account that exists."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("landbridge", "connectors", "flows", "sandbox", "benchmarks")
LONGEST_FILE, LONGEST_FUNCTION = 400, 50

EXCEPTIONS = {
    "landbridge/store/migrations/versions/0001_first_schema.py": "a migration says everything once, in order",
    "landbridge/store/migrations/versions/0002_identity.py": "the same",
    "landbridge/store/migrations/versions/0003_push.py": "the same",
    "landbridge/store/migrations/versions/0004_console.py": "the same",
    "landbridge/store/migrations/versions/0005_desk.py": "the same",
}


def files() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name not in EXCEPTIONS:
                yield name, path.read_text(encoding="utf-8")


def functions() -> Iterator[tuple[str, int]]:
    """Every function, and its lines without its docstring."""
    for name, text in files():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                told = len((ast.get_docstring(node) or "").splitlines())
                yield f"{name}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1 - told


def test_files_are_small() -> None:
    assert [(name, text.count("\n")) for name, text in files() if text.count("\n") > LONGEST_FILE] == []


def test_functions_are_short() -> None:
    lengths = list(functions())
    assert [one for one in lengths if one[1] > LONGEST_FUNCTION] == []
    assert statistics.median(length for _, length in lengths) <= 9


def test_every_account_of_the_example_is_scheduled_and_no_other() -> None:
    accounts = yaml.safe_load((ROOT / "landbridge.yaml").read_text(encoding="utf-8"))["accounts"]
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    synced = [one["parameters"]["account"] for one in deployments if one["entrypoint"] == "flows/sync.py:sync"]
    assert sorted(synced) == sorted(accounts)
    assert [one["name"] for one in deployments if one["entrypoint"] == "flows/publish.py:publish"] == ["publish"]
    assert all(one["schedules"] and one["tags"] for one in deployments)
