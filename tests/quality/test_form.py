"""The suite file: mistakes are told with their line, and the names are those that the library has."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from landbridge.config import HOUSE
from landbridge.errors import RuleInvalid
from landbridge.quality.form import KNOWN
from landbridge.quality.suite import load_suite

TEXT = """expectations:
  - expect: expect_column_values_to_not_be_null
    column: last_name
    why: Needs a name.
  - expect: expect_column_values_to_be_between
    column: score
    max_value: 100
    severity: warning
    why: A score.
"""


@pytest.mark.parametrize(
    ("was", "now", "line", "message"),
    [
        ("column: last_name", "column: surname", 3, "a lead has no field 'surname'"),
        ("expect_column_values_to_not_be_null", "expect_column_mean_to_be_between", 2, "no row-by-row expectation"),
        ("    max_value: 100\n", "", 5, "needs min_value or max_value"),
        ("max_value: 100", "max_value: lots", 7, "valid integer"),
        ("max_value: 100", "regex: 'x'\n    max_value: 100", 5, "does not take 'regex'"),
        ("severity: warning", "severity: fatal", 8, "'error' or 'warning'"),
        ("    why: A score.\n", "", 5, "'why' is missing"),
        ("column: score", "column: email", 5, "compares numbers"),
        ("column: score", "column: score\n    mostly: 0.9", 7, "unknown word 'mostly'"),
        ("severity: warning", "only_when: {phone: gone}", 8, "'missing' or 'present'"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_reason(
    tmp_path: Path, was: str, now: str, line: int, message: str
) -> None:
    path = tmp_path / "lead.yaml"
    path.write_text(TEXT.replace(was, now))
    with pytest.raises(RuleInvalid) as caught:
        load_suite(path)
    assert f"lead.yaml, line {line}: " in str(caught.value)
    assert message in str(caught.value)
    assert caught.value.do


def test_two_alike_need_a_name(tmp_path: Path) -> None:
    path = tmp_path / "lead.yaml"
    path.write_text(TEXT + "".join(TEXT.splitlines(keepends=True)[1:4]))
    with pytest.raises(RuleInvalid, match="stands twice; give one of them a `name`"):
        load_suite(path)


def test_known_names_and_arguments_are_those_of_the_library() -> None:
    from great_expectations.expectations.registry import get_expectation_impl

    for name, (needed, possible) in KNOWN.items():
        fields = get_expectation_impl(name).__fields__
        assert set(needed) | set(possible) <= set(fields), name
        assert {field for field in fields if fields[field].required} <= set(needed), name


def test_only_one_file_imports_great_expectations() -> None:
    files = [path for path in (HOUSE / "landbridge").rglob("*.py") if "great_expectations" in path.read_text()]
    assert [path.name for path in files] == ["great.py"]
    assert not inspect.getmodule(load_suite).__dict__.get("great_expectations")
