"""Which rows can be records, and which are held with their bytes."""

from __future__ import annotations

import base64

import orjson
import pytest

from landbridge.landing.rows import LARGEST, sort


def test_a_row_is_kept_as_it_came() -> None:
    rows = sort([{"id": 7, "name": "Ægir ☂", "tags": [1, None]}], "id")
    assert rows.keys == ["7"]
    assert rows.payloads == ['{"id":7,"name":"Ægir ☂","tags":[1,null]}']


def test_the_order_of_fields_makes_no_new_version() -> None:
    first, second = sort([{"id": 1, "a": 2, "b": 3}], "id"), sort([{"b": 3, "a": 2, "id": 1}], "id")
    assert first.digests == second.digests


def test_any_other_difference_does() -> None:
    first, second = sort([{"id": 1, "a": 2}], "id"), sort([{"id": 1, "a": "2"}], "id")
    assert first.digests != second.digests


def test_a_key_may_lie_deeper() -> None:
    assert sort([{"data": {"id": "x"}}], "data.id").keys == ["x"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b'{"id": 1, "na', "could not be parsed"),
        ("text", "str, not an object"),
        (None, "NoneType, not an object"),
        ([1], "list, not an object"),
        ({"name": "no key"}, "no usable 'id'"),
        ({"id": None}, "no usable 'id'"),
        ({"id": True}, "no usable 'id'"),
        ({"id": {"nested": 1}}, "no usable 'id'"),
        ({"id": "  "}, "no usable 'id'"),
        ({"id": "a\x00b"}, "no usable 'id'"),
        ({"id": "k" * 501}, "no usable 'id'"),
        ({"id": 1, "text": "x" * LARGEST}, "larger than"),
        ({"id": 1, "text": "\ud800"}, "holds text that no JSON can"),
        ({"id": 1, "number": 2**70}, "holds text that no JSON can"),
        ({"id": 1, "deep": orjson.loads(b"[" * 1000 + b"]" * 1000)}, "nested too deeply"),
    ],
)
def test_what_cannot_be_a_record_is_held_and_the_rest_goes_on(row: object, reason: str) -> None:
    rows = sort([row, {"id": "good"}], "id")
    assert rows.keys == ["good"]
    assert [reason in broken.reason for broken in rows.broken] == [True]
    assert base64.b64decode(rows.broken[0].encoded)
