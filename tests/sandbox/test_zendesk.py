"""Zendesk's stand-in does what the real one is known for, item by item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox import zendesk
from sandbox.live import live
from sandbox.model import Appearance, Event
from sandbox.standin import Clock, Settings
from sandbox.world import World
from tests.sandbox.conftest import NOW

CURSOR = "/api/v2/incremental/{}/cursor"
NOW_SECONDS = int(NOW.timestamp())
Opened = Callable[[Path | None], TestClient]


def export(client: TestClient, stream: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Pages of a cursor export, from the beginning unless told otherwise, to the end of the stream."""
    address: str = str(client.build_request("GET", CURSOR.format(stream), params={"start_time": 0} | params).url)
    while True:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        if answer.json()["end_of_stream"]:
            return
        address = answer.json()["after_url"]


def resume(client: TestClient, stream: str, cursor: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(CURSOR.format(stream), params={"cursor": cursor}).json()
    return answer


def bulk_second(rows: list[dict[str, Any]]) -> tuple[int, int]:
    """The second with most rows, and how many."""
    return Counter(row["generated_timestamp"] for row in rows).most_common(1)[0]


def test_the_cursor_export_gives_each_row_once(zendesk_client: TestClient, world: World) -> None:
    pages = list(export(zendesk_client, "users", per_page=20))
    keys = [str(user["id"]) for page in pages for user in page["users"] if user["role"] == "end-user"]
    assert len(pages) > 3
    assert sorted(keys) == sorted(row.key for row in world.appearances("zendesk"))
    tickets = [str(row["id"]) for page in export(zendesk_client, "tickets") for row in page["tickets"]]
    assert sorted(tickets) == sorted(event.key for event in world.events("zendesk") if event.kind == "ticket")


def test_there_is_a_cursor_to_go_on_with_at_the_end(zendesk_client: TestClient, world: World, clock: Clock) -> None:
    last = list(export(zendesk_client, "tickets"))[-1]
    assert last["end_of_stream"] is True
    nothing = resume(zendesk_client, "tickets", last["after_cursor"])
    assert (nothing["tickets"], nothing["end_of_stream"]) == ([], True)
    assert nothing["after_cursor"] == last["after_cursor"]
    news = live(world, 2, clock.now() - timedelta(seconds=90))
    ticket = next(piece for piece in news if isinstance(piece, Event) and piece.kind == "ticket")
    later = resume(zendesk_client, "tickets", nothing["after_cursor"])
    assert [str(row["id"]) for row in later["tickets"]] == [ticket.key]


def test_the_last_minute_is_held_back(zendesk_client: TestClient, world: World, clock: Clock) -> None:
    last = list(export(zendesk_client, "tickets"))[-1]
    live(world, 2, clock.now() - timedelta(seconds=1))
    assert resume(zendesk_client, "tickets", last["after_cursor"])["tickets"] == []
    clock.advance(60)
    assert len(resume(zendesk_client, "tickets", last["after_cursor"])["tickets"]) == 1


@pytest.mark.parametrize("start", ["", "soon", str(NOW_SECONDS - 30)])
def test_start_times_that_are_refused(zendesk_client: TestClient, start: str) -> None:
    answer = zendesk_client.get(CURSOR.format("tickets"), params={"start_time": start})
    assert answer.status_code == 400
    assert "start_time" in answer.json()["description"]


def test_the_export_goes_by_generated_timestamp(zendesk_client: TestClient) -> None:
    """Some rows were touched by a job after their last edit: they come though they look old."""
    rows = [row for page in export(zendesk_client, "tickets") for row in page["tickets"]]
    stamps = [row["generated_timestamp"] for row in rows]
    assert stamps == sorted(stamps)
    second, _ = bulk_second(rows)
    since = next(export(zendesk_client, "tickets", start_time=second))["tickets"]
    old = [row for row in since if datetime.fromisoformat(row["updated_at"]).timestamp() < second]
    assert old


def test_a_second_with_more_rows_than_a_page(zendesk_client: TestClient) -> None:
    """By cursor all of them come; by time the same page comes for ever, as with the vendor."""
    rows = [row for page in export(zendesk_client, "tickets") for row in page["tickets"]]
    second, count = bulk_second(rows)
    size = count - 1
    assert size > 1
    pages = list(export(zendesk_client, "tickets", start_time=second, per_page=size))
    assert sum(row["generated_timestamp"] == second for page in pages for row in page["tickets"]) == count
    stuck = {"start_time": second, "per_page": size}
    first = zendesk_client.get("/api/v2/incremental/tickets", params=stuck).json()
    again = zendesk_client.get(first["next_page"]).json()
    assert again["tickets"] == first["tickets"]
    assert (again["end_time"], again["end_of_stream"]) == (second, False)


def test_time_based_pages_repeat_their_edge(zendesk_client: TestClient, world: World) -> None:
    path = "/api/v2/incremental/ticket_events"
    first = zendesk_client.get(path, params={"start_time": 0, "per_page": 50}).json()
    second = zendesk_client.get(first["next_page"]).json()
    assert first["ticket_events"][-1] in second["ticket_events"]
    assert (first["count"], first["end_of_stream"]) == (50, False)
    whole = zendesk_client.get(path, params={"start_time": 0, "include": "comment_events"}).json()
    said = [child["body"] for event in whole["ticket_events"] for child in event["child_events"] if "body" in child]
    assert whole["end_of_stream"] is True
    assert sorted(said) == sorted(e.text or "" for e in world.events("zendesk") if e.kind == "comment")
    bare = [child for event in first["ticket_events"] for child in event["child_events"]]
    assert all(child["event_type"] != "Comment" for child in bare)


def test_cursors_exist_for_tickets_and_users_only(zendesk_client: TestClient) -> None:
    assert zendesk_client.get(CURSOR.format("organizations"), params={"start_time": 0}).status_code == 404
    by_time = zendesk_client.get("/api/v2/incremental/organizations.json", params={"start_time": 0}).json()
    assert by_time["organizations"][0]["domain_names"][0].endswith(".example")


def test_deleted_tickets_come_in_the_export_and_nowhere_else(zendesk_client: TestClient) -> None:
    rows = [row for page in export(zendesk_client, "tickets") for row in page["tickets"]]
    deleted = [row["id"] for row in rows if row["status"] == "deleted"]
    assert deleted
    assert zendesk_client.get(f"/api/v2/tickets/{deleted[0]}").json()["error"] == "RecordNotFound"
    listed = zendesk_client.get("/api/v2/deleted_tickets").json()["deleted_tickets"]
    assert {row["id"] for row in listed} == set(deleted)
    kept = [row for page in export(zendesk_client, "tickets", exclude_deleted="true") for row in page["tickets"]]
    assert len(kept) == len(rows) - len(deleted)


def test_lists_page_by_cursor_and_by_number(zendesk_client: TestClient) -> None:
    found: list[int] = []
    address: str | None = "/api/v2/users?page[size]=30"
    while address:
        page = zendesk_client.get(address).json()
        found += [user["id"] for user in page["users"]]
        address = page["links"]["next"]
        assert page["meta"]["has_more"] is bool(address)
    first = zendesk_client.get("/api/v2/users", params={"per_page": 30}).json()
    assert first["count"] == len(found) == len(set(found))
    second = zendesk_client.get(first["next_page"]).json()
    assert [user["id"] for user in first["users"] + second["users"]] == found[:60]
    assert zendesk_client.get("/api/v2/users?per_page=100&page=101").status_code == 400


def test_comments_of_a_ticket(zendesk_client: TestClient, world: World) -> None:
    spoken = Counter(event.parent for event in world.events("zendesk") if event.kind == "comment")
    ticket, count = spoken.most_common(1)[0]
    path = f"/api/v2/tickets/{ticket}/comments"
    comments = zendesk_client.get(path).json()["comments"]
    assert len(comments) == count
    newest_first = zendesk_client.get(path, params={"sort": "-created_at", "page[size]": 1}).json()
    assert newest_first["comments"] == [comments[-1]]
    assert newest_first["meta"]["has_more"] is True


def test_ten_exports_a_minute(world: World, clock: Clock) -> None:
    settings = Settings(real_limits=True)
    client = TestClient(zendesk.app(world, clock, None, settings))
    client.headers["authorization"] = f"Bearer {settings.credentials.zendesk_token}"
    for left in range(9, -1, -1):
        answer = client.get(CURSOR.format("users"), params={"start_time": 0})
        told = answer.headers["zendesk-ratelimit-incremental-exports-cursor"]
        assert told.startswith(f"total=10; remaining={left}; resets=")
    refused = client.get(CURSOR.format("users"), params={"start_time": 0})
    assert (refused.status_code, refused.json()["error"]) == (429, "APIRateLimitExceeded")
    assert 0 < int(refused.headers["retry-after"]) <= 60
    ordinary = client.get("/api/v2/users/me")
    assert ordinary.status_code == 200
    assert ordinary.headers["x-rate-limit"] == "700"
    clock.advance(float(refused.headers["retry-after"]))
    assert client.get(CURSOR.format("users"), params={"start_time": 0}).status_code == 200


def test_logins_and_unknown_paths(zendesk_client: TestClient) -> None:
    wrong = zendesk_client.get("/api/v2/users/me", auth=("admin@brightwell.example", "secret"))
    assert (wrong.status_code, wrong.json()["error"]) == (401, "Couldn't authenticate you")
    assert zendesk_client.get("/api/v2/users/me.json").json()["user"]["role"] == "admin"
    assert zendesk_client.get("/api/v2/nothing").json() == {"error": "InvalidEndpoint", "description": "Not found"}
    assert zendesk_client.get("/api/v2/users/1").json() == {"error": "RecordNotFound", "description": "Not found"}


def test_side_loads(zendesk_client: TestClient) -> None:
    page = next(export(zendesk_client, "tickets", include="users,comment_count"))
    assert {ticket["requester_id"] for ticket in page["tickets"]} == {user["id"] for user in page["users"]}
    assert all(ticket["comment_count"] >= 1 for ticket in page["tickets"])


def test_nothing_of_our_own_is_shown(zendesk_client: TestClient) -> None:
    user = next(export(zendesk_client, "users"))["users"][0]
    assert not [name for name in user if name.startswith("_") or "person" in name]


def test_an_edit_in_the_world_changes_the_user(zendesk_client: TestClient, world: World, clock: Clock) -> None:
    edit = next(p for p in live(world, 5, clock.now()) if isinstance(p, Appearance) and p.system == "zendesk")
    user = zendesk_client.get(f"/api/v2/users/{edit.key}").json()["user"]
    assert user["phone"] == edit.phones[0]


def test_create_or_update(zendesk_client: TestClient) -> None:
    path, wish = "/api/v2/users/create_or_update", {"name": "New", "email": "new@acme.example", "external_id": "CRM-1"}
    made = zendesk_client.post(path, json={"user": wish})
    assert made.status_code == 201
    changed = zendesk_client.post(path, json={"user": {"external_id": "crm-1", "phone": "+1 213 555 0100"}})
    assert (changed.status_code, changed.json()["user"]["id"]) == (200, made.json()["user"]["id"])
    assert changed.json()["user"]["phone"] == "+1 213 555 0100"
    nameless = zendesk_client.post(path, json={"user": {"email": "other@acme.example"}})
    assert (nameless.status_code, nameless.json()["error"]) == (422, "RecordInvalid")
    taken = zendesk_client.post(path, json={"user": {"external_id": "CRM-1", "email": "maria@brightwell.example"}})
    assert taken.json()["details"]["email"][0]["error"] == "DuplicateValue"


def test_safe_updates_collide(zendesk_client: TestClient, clock: Clock) -> None:
    ticket = next(t for t in zendesk_client.get("/api/v2/tickets").json()["tickets"] if t["status"] == "open")
    path, stamp = f"/api/v2/tickets/{ticket['id']}", ticket["updated_at"]
    wish = {"comment": {"body": "On it."}, "safe_update": True, "updated_stamp": stamp}
    assert zendesk_client.put(path, json={"ticket": wish}).json()["ticket"]["updated_at"] != stamp
    late = zendesk_client.put(path, json={"ticket": wish})
    assert (late.status_code, late.json()["error"]) == (409, "UpdateConflict")
    spoken = zendesk_client.get(f"{path}/comments").json()["comments"]
    assert [comment["body"] for comment in spoken].count("On it.") == 1
    clock.advance(61)
    newest = list(export(zendesk_client, "tickets"))[-1]["tickets"][-1]
    assert newest["id"] == ticket["id"]


def test_idempotent_tickets(zendesk_client: TestClient) -> None:
    wish, key = {"ticket": {"subject": "Hi", "comment": {"body": "Hello"}}}, {"Idempotency-Key": "abc"}
    first = zendesk_client.post("/api/v2/tickets", json=wish, headers=key)
    again = zendesk_client.post("/api/v2/tickets", json=wish, headers=key)
    assert (first.headers["x-idempotency-lookup"], again.headers["x-idempotency-lookup"]) == ("miss", "hit")
    assert first.json()["ticket"]["id"] == again.json()["ticket"]["id"]
    other = zendesk_client.post("/api/v2/tickets", json={"ticket": {"description": "else"}}, headers=key)
    assert (other.status_code, other.json()["error"]) == (400, "IdempotentRequestError")


def test_writes_survive_a_restart(open_zendesk: Opened, tmp_path: Path) -> None:
    made = open_zendesk(tmp_path).post("/api/v2/tickets", json={"ticket": {"comment": {"body": "Keep me"}}}).json()
    again = open_zendesk(tmp_path)
    assert again.get(f"/api/v2/tickets/{made['ticket']['id']}").json()["ticket"]["description"] == "Keep me"
    comments = again.get(f"/api/v2/tickets/{made['ticket']['id']}/comments").json()["comments"]
    assert [comment["body"] for comment in comments] == ["Keep me"]
