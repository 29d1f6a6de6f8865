"""A vendor that answers in wrong types, anywhere in an answer, gets one of our errors and never a crash."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from connectors.base import Access, AccessRefused, Secret, SourceChanged, SourceUnavailable
from connectors.registry import connector
from tests.connectors.hostile import hostile, reply
from tests.connectors.scripts import Asked, scripted

WRONG: list[Any] = [None, 1, True, "", "\n", "http://evil.example/", "9" * 5000, [], {}, [None], {"a": 1}]
OURS = (AccessRefused, SourceChanged, SourceUnavailable)
Path = tuple[str | int, ...]

ANSWERS: dict[str, dict[str, Any]] = {
    "zendesk": {
        "incremental": {"users": [{"id": 1}], "after_cursor": "c", "end_of_stream": True},
        "users/me": {"user": {"role": "admin", "id": 1}},
    },
    "hubspot": {"contacts": {"results": [{"id": "1"}], "paging": {"next": {"after": "1"}}}},
    "x": {
        "mentions": {
            "data": [{"id": "1"}],
            "includes": {"users": [{"id": "2"}]},
            "meta": {"newest_id": "1", "next_token": "t"},
        },
        "users/me": {"data": {"id": "1"}},
    },
    "salesforce": {
        "oauth2/token": {"access_token": "t", "instance_url": "https://acme.my.salesforce.com"},
        "describe": {"fields": [{"name": "Id"}, {"name": "A__c", "externalId": True}]},
        "limits": {"DailyApiRequests": {"Max": 1, "Remaining": 1}},
        "query": {"records": [{"Id": "00Q000000000001AAA", "SystemModstamp": "2026-01-01T00:00:00Z"}], "done": True},
    },
}
"""By a part of the address: the answers that each system's connector understands."""


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value, itself first."""
    yield path
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield from places(inner, (*path, step))


def changed(value: Any, path: Path, wrong: Any) -> Any:
    if not path:
        return wrong
    value = copy.deepcopy(value)
    inner = value
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = wrong
    return value


def uses(system: str, access: Access) -> list[Callable[[], object]]:
    it = connector(system)
    all_uses: list[Callable[[], object]] = [
        lambda: list(itertools.islice(it.read(access, it.names[0] if system != "salesforce" else "Lead", None), 3)),
        lambda: it.check(access),
    ]
    look_up, describe = it.look_up, it.describe
    if look_up and describe:
        all_uses += [lambda: look_up(access, "Lead", "Id", ["00Q1"], []), lambda: describe(access, "Lead")]
    return all_uses


CASES = [
    (system, part, path) for system, parts in ANSWERS.items() for part, body in parts.items() for path in places(body)
]


@pytest.mark.parametrize(("system", "part", "path"), CASES, ids=str)
def test_a_wrong_type_is_one_of_our_errors(system: str, part: str, path: Path) -> None:
    turn = {"wrong": WRONG[0]}

    def answer(asked: Asked) -> bytes:
        mine = next(key for key in ANSWERS[system] if key in asked.path)
        body = ANSWERS[system][mine]
        if mine == "oauth2/token":
            body = {**body, "instance_url": server.url}
        return reply(200, changed(body, path, turn["wrong"]) if mine == part else body)

    with hostile(scripted(answer)) as server:
        secrets = {name: Secret("s") for name in connector(system).credentials}
        access = Access(system, server.url, secrets, {"limits": {"silence": 2.0, "total": 5.0}})
        for wrong in WRONG:
            turn["wrong"] = wrong
            for use in uses(system, access):
                with suppress(*OURS):
                    use()
