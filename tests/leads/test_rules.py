"""Mistakes in golden.yaml and lead.yaml are told with file, line and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from landbridge.config import HOUSE
from landbridge.errors import RuleInvalid
from landbridge.leads.rules import load_golden, load_lead

GOLDEN = (HOUSE / "mappings" / "golden.yaml").read_text()
LEAD = (HOUSE / "mappings" / "lead.yaml").read_text()


def told(tmp_path: Path, name: str, text: str, load: Callable[[Path], object]) -> str:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(RuleInvalid) as caught:
        load(path)
    assert caught.value.do
    return str(caught.value)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ("by: [well_formed, personal", "by: [wellformed, personal", "Input should be 'well_formed'"),
        (
            "  website:\n    by:",
            "  website:\n    bye:",
            "unknown word 'bye' (survive > website > bye). Did you mean 'by'?",
        ),
        ("  U.S.: US", "  U.S.: USA", "should match pattern"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, was: str, now: str, message: str) -> None:
    text = GOLDEN.replace(was, now)
    error = told(tmp_path, "golden.yaml", text, load_golden)
    assert message in error
    assert f"golden.yaml, line {line_of(text, now) + now.count(chr(10))}:" in error


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ("  language:\n    by: [most_frequent, newest]\n", "", "nothing says how 'language' is chosen"),
        ("together: [company, title]", "together: [company, website, title]", "'website' is chosen twice"),
        ("together: [company, title]", "together: [company, titel]", "there is no person field 'titel'"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, was: str, now: str, message: str) -> None:
    assert message in told(tmp_path, "golden.yaml", GOLDEN.replace(was, now), load_golden)


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ("points: 30", "points: many", "valid integer"),
        ("(latest on {latest})", "(latest on {date})", "'{date}' is not known in a reason"),
        ("title: {words: [CEO, CFO", "titel: {words: [CEO, CFO", "a lead has no field 'titel'"),
        ("within_days: 14", "within_days: -1", "greater than or equal to 0"),
        ("intent: [buy]", "intent: [bye]", "no rule gives the intent 'bye'"),
        ('is: ["true"]', 'regex: "(?=x)"', "no regular expression that can be used here"),
        ("- intent: praise\n      words: [thank you", '- intent: praise\n      words: [""', "a word is empty"),
    ],
)
def test_a_mistake_in_lead_rules_is_told(tmp_path: Path, was: str, now: str, message: str) -> None:
    assert was in LEAD
    error = told(tmp_path, "lead.yaml", LEAD.replace(was, now, 1), load_lead)
    assert message in error
    assert "lead.yaml, line " in error


def test_no_file_and_no_yaml_are_told(tmp_path: Path) -> None:
    with pytest.raises(RuleInvalid, match=r"golden\.yaml cannot be read"):
        load_golden(tmp_path / "golden.yaml")
    assert "line 2: is no YAML" in told(tmp_path, "golden.yaml", "trust: [a\nsurvive: {", load_golden)
    assert "holds no rules" in told(tmp_path, "golden.yaml", "- a\n- b\n", load_golden)


def test_comments_and_order_do_not_change_the_hash(tmp_path: Path) -> None:
    path = tmp_path / "lead.yaml"
    path.write_text(
        "# another comment\n" + LEAD.replace("{kind: [ticket], within_days: 30}", "{within_days: 30, kind: [ticket]}")
    )
    same = load_lead(path)
    path.write_text(LEAD.replace("points: 30", "points: 31", 1))
    assert same.content_hash == load_lead(HOUSE / "mappings" / "lead.yaml").content_hash != load_lead(path).content_hash
