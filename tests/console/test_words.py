"""How pages write things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge.console.web import words
from landbridge.console.web.csv_out import harmless

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("anna@lindau.example", "a•••@lindau.example"),
        ("Anna Lindau anna@lindau.example +44 7700 900123", "A••• L••••• a•••@lindau.example +•• 7••• 9•••••"),
        ("Anna <anna@lindau.example>", "A••• a•••@lindau.example"),
        ("+44 7700 900123", "•••• 23"),
        ("Zoë Ångström", "Z•• Å•••••••".replace("•••••••", "••••••")),
        (["anna@lindau.example", None], ["a•••@lindau.example", None]),
        ("", ""),
        (7, 7),
    ],
)
def test_a_veiled_value_tells_two_apart_and_nobody_who_it_is(value: object, seen: object) -> None:
    assert words.veiled(value) == seen


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=3, max_size=12), st.text(max_size=20))
def test_no_word_of_three_letters_gets_through_the_veil(word: str, around: str) -> None:
    assert word not in words.veiled(f"{around} {word} x@y.example").split()


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (2, "just now"),
        (42, "42 s ago"),
        (180, "3 min ago"),
        (7200, "2 h ago"),
        (86_400 * 3, "3 d ago"),
        (-90, "in 1 min"),
    ],
)
def test_times_are_told_as_people_do_with_the_exact_one_at_hand(before: float, said: str) -> None:
    at = NOW - timedelta(seconds=before)
    told = words.ago(at, NOW)
    assert said in told
    assert at.strftime("%Y-%m-%d %H:%M:%S UTC") in told


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(cell: str) -> None:
    assert harmless(cell) == "'" + cell


@pytest.mark.parametrize("cell", [-5, 3.5, "plain", "a=b", None])
def test_other_cells_stay_as_they_are(cell: object) -> None:
    assert harmless(cell) == cell
