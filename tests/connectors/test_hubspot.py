"""HubSpot against its stand-in, and its search's traps."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.answers import LONGEST_WAIT
from connectors.base import Access, Connector, Page, Secret, SourceChanged, SourceUnavailable
from connectors.hubspot import CONNECTOR, LOOKBACK_MINUTES, PROPERTIES
from tests.connectors.conformance import HttpContract, contents
from tests.connectors.conformance import read as read_all
from tests.connectors.conftest import Sandbox
from tests.connectors.hostile import Behaviour, Hostile, always, hostile, reply
from tests.connectors.scripts import Asked, asked, scripted


class TestHubSpot(HttpContract):
    system = "hubspot"
    streams = ("contacts",)

    def test_a_bulk_stamp_beyond_the_gate_loses_nobody(
        self, connector: Connector, access: Access, sandbox: Sandbox
    ) -> None:
        """Every contact has one millisecond, and search goes no further than 40 results."""
        everybody = {row["id"] for page in read_all(connector, access, "contacts") for row in page.rows}
        sandbox.order("switch", **{"hubspot.bulk_stamp": 1.0, "hubspot.search_gate": 40})
        try:
            stamped = [row for page in read_all(connector, access, "contacts") for row in page.rows]
        finally:
            sandbox.order("switch", **{"hubspot.bulk_stamp": None, "hubspot.search_gate": None})
        assert len({row["properties"]["lastmodifieddate"] for row in stamped}) == 1
        assert {row["id"] for row in stamped} == everybody

    def test_what_the_index_shows_late_is_met_by_the_next_walk(
        self, connector: Connector, access: Access, sandbox: Sandbox
    ) -> None:
        sandbox.order("switch", **{"hubspot.index_lag": 600})
        try:
            sandbox.order("live", events=60)
            first = read_all(connector, access, "contacts")
        finally:
            sandbox.order("switch", **{"hubspot.index_lag": None})
        late = contents(read_all(connector, access, "contacts", first[-1].checkpoint))
        everything = contents(read_all(connector, access, "contacts"))
        assert set(everything) - set(contents(first))
        assert set(contents(first)) | set(late) >= set(everything)


def account(server: Hostile, **options: Any) -> Access:
    return Access("hubspot", server.url, {"token": Secret("t")}, options)


def read(server: Hostile, checkpoint: dict[str, Any] | None = None, **options: Any) -> list[Page]:
    return list(CONNECTOR.read(account(server, **options), "contacts", checkpoint))


def condition(request: Asked, name: str, operator: str) -> int:
    """The value that a search names in its only group of filters."""
    (group,) = request.body["filterGroups"]
    (found,) = (f for f in group["filters"] if (f["propertyName"], f["operator"]) == (name, operator))
    return int(found["value"])


def searching(ids: range) -> Behaviour:
    """A search over contacts that all carry one stamp, as a bulk job leaves them; by id only."""

    def answer(request: Asked) -> bytes:
        after = condition(request, "hs_object_id", "GT")
        found = [i for i in ids if i > after][: request.body["limit"]]
        more = {"paging": {"next": {"after": "99"}}} if found and found[-1] < ids[-1] else {}
        return reply(200, {"total": len(ids), "results": [{"id": str(i)} for i in found], **more})

    return scripted(answer)


def test_ten_thousand_contacts_with_one_stamp_all_come() -> None:
    """By offset the search would stop at 10,000, and by stamp it would go round for ever."""
    with hostile(searching(range(1, 10_301))) as server:
        pages = read(server)
        assert all("after" not in request.body for request in asked(server))
    assert [row["id"] for page in pages for row in page.rows] == [str(i) for i in range(1, 10_301)]


def test_the_next_walk_goes_back_by_the_lookback() -> None:
    with hostile(searching(range(1, 5))) as server:
        (page,) = read(server)
        read(server, page.checkpoint)
        read(server, page.checkpoint, lookback_minutes=0)
        first, second, third = (condition(request, "lastmodifieddate", "GTE") for request in asked(server))
    began = page.checkpoint["began"]
    assert (first, second, third) == (0, began - LOOKBACK_MINUTES * 60_000, began)


def test_a_walk_that_was_cut_off_goes_on_with_its_own_beginning() -> None:
    """Else what changed meanwhile behind it would fall between two walks."""
    with hostile(searching(range(1, 500))) as server:
        (*_, last) = read(server, {"from": 7, "began": 9, "after": 400})
        assert (condition(asked(server)[0], "lastmodifieddate", "GTE"), last.checkpoint) == (7, {"began": 9})


@pytest.mark.parametrize("row", [{"id": "5"}, {"id": None}, "upstream truncated"])
def test_a_page_that_stands_still_stops(row: Any) -> None:
    stuck = {"results": [row], "paging": {"next": {"after": "1"}}}
    with hostile(always(reply(200, stuck))) as server, pytest.raises(SourceChanged, match="does not move on"):
        read(server)


@pytest.mark.parametrize(
    ("policy", "wait"), [("SECONDLY", 1.0), ("TEN_SECONDLY_ROLLING", 10.0), ("DAILY", LONGEST_WAIT), ("NEW", None)]
)
def test_each_limit_has_its_own_wait(policy: str, wait: float | None) -> None:
    answer = reply(429, {"status": "error", "errorType": "RATE_LIMIT", "policyName": policy})
    with hostile(always(answer)) as server, pytest.raises(SourceUnavailable, match=policy) as caught:
        read(server)
    assert caught.value.retry_after == wait


def test_all_properties_that_we_need_are_asked_for_and_more_on_wish() -> None:
    with hostile(searching(range(1, 2))) as server:
        read(server, properties=["hs_persona", "email"])
        assert asked(server)[0].body["properties"] == [*PROPERTIES, "hs_persona"]
