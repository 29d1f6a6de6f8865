"""Whatever stands in a payload, the batch goes on and every record is accounted for."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from landbridge.mapping.apply import Mapped, apply
from landbridge.mapping.load import Mapping
from landbridge.mapping.macros import PERSON_LIMIT
from tests.mapping.conftest import Apply, batch

WORDS = """
person:
  full_name: name
  email: [mail, 'mails[].at']
  birth_date: born
  handle: {network: x, from: handle}
created_at: made
touchpoints:
  - {kind: call, at: called, text: said, channel: phone}
"""


def accounted(result: Mapped, records: pa.Table) -> bool:
    """Each record is somewhere, and none is both used and rejected."""
    used = {*result.profiles["record_id"].to_pylist(), *result.touchpoints["record_id"].to_pylist()}
    rejected = result.rejected["record_id"].to_pylist()
    return sorted([*used, *rejected, *result.unused.to_pylist()]) == sorted(records["record_id"].to_pylist())


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ({"first": "Ada"}, None),
        (["Ada"], None),
        ("Ada\x00\x1b[31m", "Ada[31m"),
        ("\u0000", None),
        ("x" * 10_000, "x" * PERSON_LIMIT),
        ("é" * 10_000, "é" * PERSON_LIMIT),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE stage; --", "'; DROP TABLE stage; --"),
        ("$account", "$account"),
        ("\u202eadA", "\u202eadA"),
        (True, "true"),
        ("{not json", "{not json"),
        ('{"a": 1}', '{"a": 1}'),
    ],
)
def test_a_bad_value_is_bounded_or_dropped_and_the_rest_goes_on(mapped: Apply, name: Any, kept: str | None) -> None:
    result = mapped(WORDS, {"name": name, "mail": "a@x.org"}, {"name": "Bob", "mail": "b@x.org"})
    people = {row["record_id"]: row for row in result.profiles.to_pylist()}
    assert people[1]["full_name"] == kept and people[1]["email"] == ["a@x.org"]
    assert people[2]["full_name"] == "Bob"


def test_what_is_dropped_or_cut_is_noted_without_its_value(mapped: Apply) -> None:
    bad = {"name": ["Ada"], "mail": "secret@" + "x" * 2000, "born": "secret", "made": {}, "called": "secret"}
    result = mapped(WORDS, bad, {"name": "y" * 2000})
    notes = {(row["record_id"], row["field"]): row["reason"] for row in result.notes.to_pylist()}
    assert set(notes) == {
        (1, "full_name"),
        (1, "email"),
        (1, "birth_date"),
        (1, "created_at"),
        (1, "at"),
        (2, "full_name"),
    }
    assert not any("secret" in reason for reason in notes.values())


def test_half_an_emoji_and_nan_cost_nobody_their_record(mapped: Apply) -> None:
    cut = '{"name": "Ada \\ud83d", "mail": "a@x.org"}'
    result = mapped(WORDS, cut, '{"name": "Bob", "n": NaN}', '{"name": "Cy", "mail": "\\udc00@x.org"}')
    names = {row["record_id"]: row["full_name"] for row in result.profiles.to_pylist()}
    assert names == {1: "Ada ?", 2: "Bob", 3: "Cy"}


@pytest.mark.parametrize("payload", ["", "{", '{"a":1}}', "[" * 100_000, '"text"', "7", "null", "\\ud83d"])
def test_what_is_no_object_is_rejected_alone(mapped: Apply, payload: str) -> None:
    result = mapped(WORDS, payload, {"name": "Bob"})
    assert result.profiles["full_name"].to_pylist() == ["Bob"]
    assert result.rejected["record_id"].to_pylist() == [1]


def test_deep_and_wide_payloads(mapped: Apply) -> None:
    deep = '{"name": "Ada", "x": ' + "[" * 5_000 + "]" * 5_000 + "}"
    wide = json.dumps({"name": "Bob"} | {f"field{n}": n for n in range(5_000)})
    many = json.dumps({"name": "Cy", "mails": [{"at": f"{n}@x.org"} for n in range(5_000)]})
    result = mapped(WORDS, deep, wide, many)
    people = {row["full_name"]: row for row in result.profiles.to_pylist()}
    assert set(people) == {"Ada", "Bob", "Cy"} and len(people["Cy"]["email"]) == 100
    assert len(result.drift) == 200


def test_a_record_that_says_nothing_is_rejected_with_the_reason(mapped: Apply) -> None:
    result = mapped(WORDS, {"shoe": 42})
    assert result.rejected.to_pylist() == [
        {"record_id": 1, "field": None, "reason": "gives no person field and no touchpoint"}
    ]


def test_no_records_at_all(mapped: Apply) -> None:
    result = mapped(WORDS)
    assert not (len(result.profiles) or len(result.touchpoints) or len(result.rejected) or result.drift)


def test_plain_and_odd_records_of_one_batch_are_mapped_alike(mapped: Apply) -> None:
    """A record in good form takes the quick way, the same with an odd field beside it the careful one."""
    plain = {"name": "Ada", "mail": "a@x.org", "mails": [{"at": "b@x.org"}], "born": "1980-02-03", "handle": "@ada"}
    plain |= {"made": "2026-01-02", "called": "2026-01-03T04:05:06Z", "said": "Hi"}
    result = mapped(WORDS, plain, plain | {"said": "Hi "}, plain | {"odd": "\n"}, plain | {"said": "[Hi"})
    rows = [{**row, "record_id": 0, "profile_id": "", "key": ""} for row in result.profiles.to_pylist()]
    assert len(rows) == 4 and all(row == rows[0] for row in rows)
    texts = {row["record_id"]: row["text"] for row in result.touchpoints.to_pylist()}
    assert texts == {1: "Hi", 2: "Hi", 3: "Hi", 4: "[Hi"}


names = st.sampled_from(["name", "mail", "mails", "at", "born", "handle", "made", "called", "said", "id", "a.b", ""])
texts = st.one_of(
    st.text(max_size=30),
    st.text(alphabet=string.digits + "-/:TZ. ", max_size=25),
    st.sampled_from(["\x00", "x" * 30_000, "2026-01-01", "{", "[", "@", " ", "9" * 400, "\ud800"]),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(names, texts), inner, max_size=3)),
    max_leaves=8,
)
payloads = st.dictionaries(st.one_of(names, texts), values, max_size=8)


@pytest.fixture
def mapping(mapping_of: Callable[[str], Mapping]) -> Mapping:
    return mapping_of(WORDS)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(payloads, max_size=5), as_ascii=st.booleans())
@example(contents=[{"name": "\ud800"}, {"name": "9" * 400}], as_ascii=True)
def test_no_record_is_ever_lost(mapping: Mapping, contents: list[dict[str, Any]], as_ascii: bool) -> None:
    written = [json.dumps(content, ensure_ascii=as_ascii) for content in contents]
    records = batch(*(text.encode("utf-8", "replace").decode() for text in written))
    result = apply(mapping, "people", records, "acme")
    assert accounted(result, records)
    for column in ("full_name", "birth_date"):
        assert all("\x00" not in text and text == text.strip() for text in result.profiles[column].to_pylist() if text)
