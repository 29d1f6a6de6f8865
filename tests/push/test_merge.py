"""The three-way merge, asked with every combination of values and rules."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge.push import merge

EACH = [None, "", "a", "A", " a ", "b", "c"]
VALUES = st.sampled_from(EACH)
OWNERS = st.sampled_from(["hub", "crm", "set_if_empty", "newest", "most_trusted"])
CONFLICTS = st.sampled_from(["hub", "crm"])
CONNECTION = duckdb.connect()


def verdict(
    want: str | None,
    have: str | None,
    last: str | None,
    owner: str = "hub",
    conflict: str = "crm",
    kind: str = "text",
    *,
    creating: bool = False,
    seen: bool = True,
    when_empty: str = "keep",
    unfit: str | None = None,
    stopgap: str | None = None,
) -> str:
    said = {"owner": owner, "conflict": conflict, "kind": kind, "creating": creating, "seen": seen}
    said |= {"when_empty": when_empty, "unfit": unfit, "stopgap": stopgap}
    others = {value for value in (want, have, last) if value is not None} - set(EACH)
    return _verdicts(*sorted(others), **said)[want, have, last]


@cache
def _verdicts(*others: str, **said: Any) -> dict[tuple[str | None, str | None, str | None], str]:
    """What becomes of every three values, in one query: to read it takes DuckDB far longer than to answer it."""
    offered = """(SELECT if($unfit::text IS NULL, asked, NULL) AS want, asked, asked AS meant, $unfit::text AS unfit,
                         $when_empty AS when_empty, have, last, $owner AS owner,
                         $conflict AS conflict, $stopgap::text AS stopgap,
                         $kind AS type, $creating::boolean AS creating, $seen::boolean AS seen
                  FROM (SELECT unnest($each) AS asked), (SELECT unnest($each) AS have), (SELECT unnest($each) AS last)
                 )"""
    query = f"SELECT asked, have, last, verdict FROM ({merge.MERGE.format(offered=offered)})"
    rows = CONNECTION.execute(query, {**said, "each": [*EACH, *others]}).fetchall()
    assert len(rows) == (len(EACH) + len(others)) ** 3
    return {(want, have, last): found for want, have, last, found in rows}


def _empty(value: str | None) -> bool:
    return not (value or "").strip()


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").strip() == (other or "").strip()


@given(VALUES, VALUES, VALUES, OWNERS)
def test_nobodys_edit_is_replaced_unless_the_rule_says_hub(
    want: str | None, have: str | None, last: str | None, owner: str
) -> None:
    if not _same(have, last):
        assert verdict(want, have, last, owner, "crm") not in merge.WRITES
    if not _same(have, last) and verdict(want, have, last, owner, "hub") in merge.WRITES:
        assert verdict(want, have, last, owner, "hub") == "override", "and then it is told"


@given(VALUES, VALUES, OWNERS, CONFLICTS)
def test_a_field_is_never_emptied(have: str | None, last: str | None, owner: str, conflict: str) -> None:
    assert verdict(None, have, last, owner, conflict) == "nothing"
    assert verdict(" ", have, last, owner, conflict) == "nothing"


@given(VALUES, VALUES, VALUES, OWNERS, CONFLICTS)
def test_once_written_there_is_nothing_left_to_write(
    want: str | None, have: str | None, last: str | None, owner: str, conflict: str
) -> None:
    if verdict(want, have, last, owner, conflict) in merge.WRITES:
        assert verdict(want, want, want, owner, conflict) == "same"


@given(VALUES, VALUES, CONFLICTS)
def test_what_we_wrote_and_nobody_touched_is_kept_current(want: str | None, last: str | None, conflict: str) -> None:
    expected = "nothing" if _empty(want) else "same" if _same(want, last) else "write"
    assert verdict(want, last, last, "hub", conflict) == expected


@given(VALUES, VALUES, VALUES, CONFLICTS)
def test_set_if_empty_never_replaces_a_value(
    want: str | None, have: str | None, last: str | None, conflict: str
) -> None:
    if not _empty(have):
        assert verdict(want, have, last, "set_if_empty", conflict) not in merge.WRITES


@given(VALUES, VALUES, VALUES, CONFLICTS)
def test_what_belongs_to_the_crm_is_only_set_at_creation(
    want: str | None, have: str | None, last: str | None, conflict: str
) -> None:
    assert verdict(want, have, last, "crm", conflict) not in merge.WRITES
    assert verdict("a", None, None, "crm", conflict, creating=True) == "write"


def test_values_are_compared_as_the_crm_shows_them() -> None:
    assert verdict("80", "80.0", "80", kind="number") == "same"
    assert verdict("A@X.org", "a@x.org", None, kind="email") == "same"
    assert verdict("2026-11-22T04:00:00Z", "2026-11-22T04:00:00.000+0000", None, kind="time") == "same"
    assert verdict("2026-11-22T04:00:01Z", "2026-11-22T04:00:00.000+0000", None, "hub", "hub", "time") == "override"
    assert verdict("true", "false", None, kind="flag") == "write", "a flag that is not set is an empty field"
    assert verdict("false", "true", "true", kind="flag") == "nothing", "and we never take one back"
    assert verdict("a\nb", "a\r\nb", None) == "same"
    assert verdict("a\n", "a", "a\n\t ") == "same", "the CRM keeps no outer white space"


def test_what_the_crm_does_not_show_is_not_touched() -> None:
    assert verdict("a", None, None, seen=False) == "unseen"
    assert verdict("a", None, "a", seen=False) == "same"
    assert verdict("b", None, "a", seen=False) == "write"
    assert verdict("a", None, None, conflict="hub", seen=False) == "write"


@given(VALUES, VALUES, CONFLICTS)
def test_clearing_takes_back_what_we_wrote_and_nothing_else(have: str | None, last: str | None, conflict: str) -> None:
    cleared = verdict(None, have, last, "hub", conflict, when_empty="clear")
    if _empty(have) or _empty(last):
        assert cleared == "nothing"
    elif _same(have, last):
        assert cleared == "write"
    else:
        assert cleared == "conflict", "an edit is never emptied, whoever has the last word"
    assert verdict(None, None, last, "hub", conflict, when_empty="clear") == "nothing", (
        "and then there is no more to do"
    )


@given(VALUES, VALUES, VALUES, OWNERS, CONFLICTS)
def test_what_cannot_stand_there_is_never_written(
    want: str | None, have: str | None, last: str | None, owner: str, conflict: str
) -> None:
    found = verdict(want, have, last, owner, conflict, when_empty="clear", unfit="too_long")
    assert found == ("same" if _same(want, have) and not _empty(want) else "unfit")


@pytest.mark.parametrize(
    ("want", "have", "kind"),
    [
        ("Adam", "adam", "text"),
        ("Málaga", " malaga", "text"),
        ("Anna  Maria", "anna maria", "text"),
        ("АННА", "анна", "text"),
        ("+442079449999", "0044 207944 9999", "phone"),
        ("+442079449999", "0207 944 9999", "phone"),
        ("+442079449999", "+44 (0)20 7944-9999", "phone"),
    ],
)
def test_another_spelling_stays_and_nobody_is_told(want: str, have: str, kind: str) -> None:
    assert verdict(want, have, None, kind=kind) == "theirs"
    assert verdict(want, have, None, conflict="hub", kind=kind) == "override", "whoever wants ours there gets it"


@pytest.mark.parametrize(
    ("want", "have", "kind"),
    [
        ("Adam", "Adams", "text"),
        ("+442079449999", "+442079449998", "phone"),
        ("+442079449999", "9999", "phone"),
        ("+14155550100", "555 0100", "phone"),
        ("+14155550100", "+35814155550100", "phone"),
        ("+35814155550100", "(415) 555-0100", "phone"),
        ("かとう", "がとう", "text"),
        ("कुल", "कूल", "text"),
        ("+442079449999", "reception", "phone"),
        ("reception", "front desk", "phone"),
        ("11", "12", "number"),
    ],
)
def test_another_value_is_a_conflict(want: str, have: str, kind: str) -> None:
    assert verdict(want, have, None, kind=kind) == "conflict"


def test_what_stands_for_nothing_in_the_crm_is_nobodys_edit() -> None:
    assert verdict("Acme", "[Not provided] ", None, stopgap="[not provided]") == "write"
    assert verdict("Acme", "[not provided]\n", None, stopgap="[not provided]") == "write"
    assert verdict("Acme", "[not provided]", None) == "conflict", "only where the policy says so"
    assert verdict("Acme", "Acme Ltd", None, stopgap="[not provided]") == "conflict"
    assert verdict(None, "[not provided]", None, stopgap="[not provided]", when_empty="clear") == "nothing"
    assert verdict("Acme", "[not provided]", "Acme", stopgap="[not provided]") == "conflict", "somebody took ours away"
