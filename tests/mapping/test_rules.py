"""Each kind of rule, on values as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from landbridge.store.profiles import PROFILE_SCHEMA, TOUCHPOINT_SCHEMA
from tests.mapping.conftest import Apply


@pytest.mark.parametrize(
    ("rule", "payload", "wanted"),
    [
        ("name", {"name": "  Ada  "}, "Ada"),
        ("a.b.c", {"a": {"b": {"c": "Ada"}}}, "Ada"),
        ("'\"a.b\".c'", {"a.b": {"c": "Ada"}}, "Ada"),
        ("a/b~c", {"a/b~c": "Ada"}, "Ada"),
        ("name", {"name": 42}, "42"),
        ("name", {"name": "[removed]"}, "[removed]"),
        ("name", {"name": "Ada\nLovelace\t"}, "Ada Lovelace"),
        ("[first, second]", {"first": " ", "second": "Ada"}, "Ada"),
        ("{from: [a, b], join: ' '}", {"a": "Ada", "b": "Byron"}, "Ada Byron"),
        ("{from: [a, b], join: ' '}", {"b": "Byron"}, "Byron"),
        ("{value: Ada}", {}, "Ada"),
        ("{format: '{a}-{b.c}'}", {"a": 1, "b": {"c": 2}}, "1-2"),
        ("{format: '{a}-{b}'}", {"a": 1}, None),
        ("{from: a, lookup: {m: Mr, f: Ms}}", {"a": "f"}, "Ms"),
        ("{from: a, lookup: {m: Mr}, unknown: keep}", {"a": "x"}, "x"),
        ("{from: a, clean: title}", {"a": "aDA MÜLLER"}, "Ada Müller"),
        ("{from: a, clean: upper}", {"a": "é"}, "É"),
        ("{from: a, clean: country}", {"a": "de"}, "DE"),
        ("{from: a, clean: html}", {"a": "<p>Hi <b>Ada</b> &amp; co</p>"}, "Hi Ada & co"),
        ("'names[].value'", {"names": [{"value": None}, {"value": "Ada"}, {}]}, "Ada"),
        ("{from: a, when: {field: b, is: [x, y]}}", {"a": "Ada", "b": "y"}, "Ada"),
        ("{from: a, when: {field: b, is: x}}", {"a": "Ada"}, None),
        ("{from: a, when: {field: b, is_not: x}}", {"a": "Ada"}, "Ada"),
        ("{from: a, when: {field: b, present: true}}", {"a": "Ada", "b": ""}, None),
        ("{from: a, when: {field: b, present: false}}", {"a": "Ada", "b": ""}, "Ada"),
        ("{from: a, when: {field: b, matches: '^x.$'}}", {"a": "Ada", "b": "xy"}, "Ada"),
        ("{from: a, when: [{field: b, is: true}, {field: c, is: 1}]}", {"a": "Ada", "b": True, "c": 1}, "Ada"),
        ("{from: a, when: {field: 'tags[]', is: vip}}", {"a": "Ada", "tags": ["x", "vip"]}, "Ada"),
        ("{from: a, when: {field: 'tags[]', is_not: vip}}", {"a": "Ada", "tags": ["x", "vip"]}, None),
        ("it's", {"it's": "O'Neil"}, "O'Neil"),
    ],
)
def test_one_value(mapped: Apply, rule: str, payload: dict[str, Any], wanted: str | None) -> None:
    result = mapped(f"person: {{full_name: {rule}, title: always}}", payload | {"always": "x"})
    assert result.profiles["full_name"].to_pylist() == [wanted]


@pytest.mark.parametrize(
    ("rule", "payload", "wanted"),
    [
        ("mail", {"mail": "a@x.org"}, ["a@x.org"]),
        ("[mail, work]", {"mail": "a@x.org", "work": "b@x.org"}, ["a@x.org", "b@x.org"]),
        ("[mail, work]", {"mail": "a@x.org", "work": "a@x.org"}, ["a@x.org"]),
        ("[mail, work]", {"mail": None, "work": "b@x.org"}, ["b@x.org"]),
        (
            "'emails[].value'",
            {"emails": [{"value": "a@x.org"}, {"value": " "}, {"value": "b@x.org"}]},
            ["a@x.org", "b@x.org"],
        ),
        ("['emails[]', mail]", {"emails": ["a@x.org"], "mail": "b@x.org"}, ["a@x.org", "b@x.org"]),
        ("{from: mail, split: ';,'}", {"mail": "a@x.org; b@x.org,,a@x.org"}, ["a@x.org", "b@x.org"]),
        ("{from: mail, clean: email}", {"mail": "Ada <a@x.org>"}, ["a@x.org"]),
        ("{from: 'emails[]', clean: email}", {"emails": ["mailto:a@x.org", "none"]}, ["a@x.org"]),
        ("mail", {"mail": ""}, None),
        ("'emails[]'", {"emails": []}, None),
        ("'emails[]'", {"emails": "a@x.org"}, None),
    ],
)
def test_many_values(mapped: Apply, rule: str, payload: dict[str, Any], wanted: list[str] | None) -> None:
    result = mapped(f"person: {{email: {rule}, title: always}}", payload | {"always": "x"})
    assert result.profiles["email"].to_pylist() == [wanted]


@pytest.mark.parametrize(
    ("written", "dates", "wanted"),
    [
        ("1980-02-03", None, "1980-02-03"),
        ("1980-02-03T23:00:00Z", None, "1980-02-03"),
        ("3.2.1980", None, "1980-02-03"),
        ("3/2/1980", None, None),
        ("3/2/1980", "dmy", "1980-02-03"),
        ("2/3/1980", "mdy", "1980-02-03"),
        ("2/30/1980", None, None),
        ("14/3/1980", None, "1980-03-14"),
        ("3/14/1980", None, "1980-03-14"),
        ("5/5/1980", None, "1980-05-05"),
        ("19800203", None, "1980-02-03"),
        ("1980/02/03", None, "1980-02-03"),
        ("3 Feb 1980", None, "1980-02-03"),
        ("February 3, 1980", None, "1980-02-03"),
        ("1980-02-31", None, None),
        ("44-03-15", None, None),
        ("infinity", None, None),
        ("epoch", None, None),
        ("yesterday", None, None),
    ],
)
def test_birth_dates(mapped: Apply, written: str, dates: str | None, wanted: str | None) -> None:
    rule = f"{{from: born, clean: date, dates: {dates}}}" if dates else "born"
    result = mapped(f"person: {{full_name: name, birth_date: {rule}}}", {"name": "Ada", "born": written})
    assert result.profiles["birth_date"].to_pylist() == [wanted]
    assert result.notes["field"].to_pylist() == ([] if wanted else ["birth_date"])


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.678+0000", datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)),
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        (1767323045, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("1767323045678", datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)),
        ("Fri, 02 Jan 2026 03:04:05 +0000", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("Fri Jan 02 03:04:05 +0000 2026", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("290000-01-01", None),
        ("-infinity", None),
        (9999999999999999999, None),
        ("soon", None),
        (True, None),
    ],
)
def test_times(mapped: Apply, written: Any, wanted: datetime | None) -> None:
    result = mapped("person: {full_name: name}\ncreated_at: t", {"name": "Ada", "t": written})
    assert result.profiles["created_at"].to_pylist() == [wanted]
    assert result.notes["field"].to_pylist() == ([] if wanted else ["created_at"])


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("jsmith", "x:jsmith"),
        ("@JSmith", "x:JSmith"),
        ("https://x.com/jsmith?lang=en", "x:jsmith"),
        ("https://www.linkedin.com/in/jsmith/", "x:jsmith"),
    ],
)
def test_handles(mapped: Apply, written: str, wanted: str) -> None:
    result = mapped("person: {handle: {network: x, from: h}}", {"h": written})
    assert result.profiles["handle"].to_pylist() == [[wanted]]


def test_references_only_when_they_are_some(mapped: Apply) -> None:
    words = """
    person:
      full_name: name
      reference:
        - {to: salesforce/Lead, from: ext, when: {field: ext, matches: ^00Q}}
        - {to: salesforce/Contact, from: ext, when: {field: ext, matches: ^003}}
    """
    result = mapped(words, {"name": "a", "ext": "00Q1"}, {"name": "b", "ext": "0031"}, {"name": "c", "ext": "77"})
    assert result.profiles["reference"].to_pylist() == [["salesforce/Lead/00Q1"], ["salesforce/Contact/0031"], None]
    assert len(result.notes) == 0


def test_consent_is_refused_before_it_is_granted(mapped: Apply) -> None:
    words = """
    person:
      full_name: name
      consent: {channel: email, refused_when: {field: out, is: true}, granted_when: {field: in, is: true}, since: t}
    """
    both = {"name": "a", "out": True, "in": True, "t": "2026-01-02T00:00:00Z"}
    result = mapped(words, both, {"name": "b", "in": True}, {"name": "c"})
    assert result.profiles["consent"].to_pylist() == [
        ["email:refused:2026-01-02T00:00:00Z"],
        ["email:granted:"],
        None,
    ]


def test_a_person_who_is_gone_is_a_profile_without_anything_else(mapped: Apply) -> None:
    result = mapped("person: {full_name: name}\ndeleted: {field: archived, is: true}", {"archived": True}, {"x": 1})
    assert result.profiles.select(["record_id", "full_name", "gone"]).to_pylist() == [
        {"record_id": 1, "full_name": None, "gone": True}
    ]
    assert result.rejected["record_id"].to_pylist() == [2]


def test_touchpoints(mapped: Apply) -> None:
    words = """
    person: {full_name: name}
    touchpoints:
      - kind: email_opened
        at: opened
        channel: email
        subject: mail.subject
        url: {format: "https://example.org/{id}"}
        direction: out
        campaign: c
      - kind: form_filled
        name: first_form
        at: filled
        channel: {from: where}
        when: {field: filled, matches: "^2026"}
    """
    one = {"id": 7, "name": "Ada", "opened": "2026-01-02T00:00:00Z", "mail": {"subject": "Hi"}, "c": "Spring"}
    two = {"id": 8, "filled": "2026-01-03", "where": "web", "opened": "long ago"}
    result = mapped(words, one, two)
    assert result.touchpoints.schema == TOUCHPOINT_SCHEMA and result.profiles.schema == PROFILE_SCHEMA
    rows = sorted(result.touchpoints.to_pylist(), key=lambda row: str(row["touchpoint_id"]))
    assert [row["touchpoint_id"] for row in rows] == [
        "acme/people/k1#email_opened",
        "acme/people/k2#email_opened",
        "acme/people/k2#first_form",
    ]
    assert rows[0] == {
        "touchpoint_id": "acme/people/k1#email_opened",
        "account": "acme",
        "stream": "people",
        "record_id": 1,
        "person": "acme/people/k1",
        "kind": "email_opened",
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "channel": "email",
        "subject": "Hi",
        "text": None,
        "url": "https://example.org/7",
        "direction": "out",
        "campaign": "Spring",
    }
    assert rows[1]["at"] is None and rows[1]["person"] is None, "an unreadable time is noted; nobody, no profile"
    assert rows[2]["channel"] == "web" and rows[2]["kind"] == "form_filled"
    assert result.notes.to_pylist() == [
        {"record_id": 2, "field": "at", "reason": "'opened' is not a date that can be read for certain"}
    ]


def test_a_touchpoint_of_somebody_else_keeps_its_lines(mapped: Apply) -> None:
    words = "touchpoints: [{kind: ticket, at: t, text: body, person: {stream: people, key: who}}]"
    result = mapped(words, {"t": "2026-01-02", "body": "one\ntwo\x07", "who": 5}, {"t": "2026-01-02"})
    assert result.touchpoints.select(["touchpoint_id", "person", "text"]).to_pylist() == [
        {"touchpoint_id": "acme/people/k2", "person": None, "text": None},
        {"touchpoint_id": "acme/people/k1", "person": "acme/people/5", "text": "one\ntwo"},
    ]
    assert len(result.profiles) == 0


def test_records_that_are_set_aside_on_purpose(mapped: Apply) -> None:
    words = "only: {field: role, is_not: agent}\nperson: {full_name: name}"
    result = mapped(words, {"name": "Ada", "role": "agent"}, {"name": "Bob"}, {"role": "agent"})
    assert result.profiles["full_name"].to_pylist() == ["Bob"]
    assert result.unused.to_pylist() == [1, 3] and len(result.rejected) == 0


def test_a_stream_that_is_not_used_at_all(mapped: Apply) -> None:
    result = mapped("unused: companies are no people", {"name": "Acme"})
    assert result.unused.to_pylist() == [1]
    assert not (len(result.profiles) or len(result.rejected) or result.drift)
