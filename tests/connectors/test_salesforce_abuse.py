"""What simple-salesforce would do to a user, were it let."""

from __future__ import annotations

import itertools
import json
import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from simple_salesforce.api import SFType

from connectors.answers import LONGEST_WAIT, Unanswered
from connectors.base import Access, AccessRefused, Receipt, Secret, SourceChanged, SourceUnavailable, Write
from connectors.requests_bridge import session
from connectors.salesforce import CONNECTOR
from connectors.salesforce_bulk import BULK
from connectors.salesforce_client import client
from connectors.salesforce_login import BUSY_WAIT, SalesforceHttp
from connectors.salesforce_write import describe, look_up, write
from tests.connectors.hostile import Behaviour, Hostile, hostile, reply

SECRET = "sf-client-secret"
EXPIRED = reply(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


def account(server: Hostile, **options: Any) -> Access:
    settings = {"limits": {"silence": 0.5, "total": 2.0, "size": 1_000_000}} | options
    return Access("salesforce", server.url, {"client_id": Secret("me"), "client_secret": Secret(SECRET)}, settings)


def org(behaviour: Behaviour, instance: str | None = None) -> Behaviour:
    """Logs everybody in, each time with another token, and leaves the rest to `behaviour`."""
    logins = itertools.count(1)

    def behave(connection: socket.socket, request: str) -> None:
        if "/oauth2/token" not in request.split("\r\n", maxsplit=1)[0]:
            behaviour(connection, request)
            return
        host = next(line.split()[1] for line in request.split("\r\n") if line.lower().startswith("host:"))
        connection.sendall(
            reply(200, {"access_token": f"tok{next(logins)}", "instance_url": instance or f"http://{host}"})
        )

    return behave


def says(answer: bytes) -> Behaviour:
    return org(lambda connection, _: connection.sendall(answer))


def lines(server: Hostile) -> list[str]:
    return [each.split("\r\n")[0] for each in server.requests]


@pytest.mark.parametrize(
    ("answer", "error", "wait"),
    [
        (reply(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]),
         SourceUnavailable, LONGEST_WAIT),
        (reply(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests ... exceeded."}]),
         SourceUnavailable, BUSY_WAIT),
        (reply(403, [{"errorCode": "INSUFFICIENT_ACCESS"}]), AccessRefused, None),
        (reply(503, b"<html>Down for maintenance</html>", Content_Type="text/html"), SourceUnavailable, None),
        (reply(200, b"<html>Down for maintenance</html>", Content_Type="text/html"), Unanswered, None),
        (reply(500, [{"errorCode": "UNKNOWN_EXCEPTION"}]), Unanswered, None),
        (reply(400, [{"errorCode": "MALFORMED_QUERY", "message": "near Ada Lovelace"}]), SourceChanged, None),
        (reply(302, Location="https://evil.example/"), SourceChanged, None),
        (reply(200, b"[" + b" " * 2_000_000), SourceChanged, None),
        (reply(200, {"nothing": "expected"}), SourceChanged, None),
    ],
)  # fmt: skip
def test_every_answer_becomes_one_error(answer: bytes, error: type[Exception], wait: float | None) -> None:
    with hostile(says(answer)) as server:
        with pytest.raises(error) as caught:
            look_up(account(server), "Lead", "Email", ["ada@x.example"], [])
        assert getattr(caught.value, "retry_after", None) == wait
        assert len(server.requests) == 2
    assert "ada" not in str(caught.value).lower()


def test_a_session_that_is_never_good_ends_after_one_renewal() -> None:
    """simple-salesforce alone sent one create 375 times."""
    with hostile(says(EXPIRED)) as server:
        with pytest.raises(AccessRefused):
            list(write(account(server), [Write("r1", "Lead", "Ext__c", "1", {})]))
        assert [line.split()[0] for line in lines(server)] == ["POST", "PATCH", "POST", "PATCH"]


def test_a_renewed_session_keeps_headers_and_body() -> None:
    turns = itertools.count()
    good = reply(200, {"records": [], "done": True})

    def once(connection: socket.socket, _: str) -> None:
        connection.sendall(EXPIRED if next(turns) == 0 else good)

    with hostile(org(once)) as server:
        with client(account(server)) as force:
            force._force.restful(
                "x", method="POST", data=b"{}", headers={"Sforce-Duplicate-Rule-Header": "allowSave=true"}
            )
        first, second = (each for each in server.requests if each.startswith("POST /services/data"))
    assert ("Bearer tok1" in first, "Bearer tok2" in second) == (True, True)
    assert first.replace("tok1", "") == second.replace("tok2", "")
    assert "sforce-duplicate-rule-header: allowsave=true" in second.lower()


@pytest.mark.parametrize("record", ["http://{evil}/x", "https://{evil}/x", "//{evil}/x"])
def test_a_record_id_that_is_an_address_never_gets_the_token(record: str) -> None:
    """simple-salesforce joins it to its base, which replaces the host."""
    with hostile(says(reply(200, {}))) as evil, hostile(says(reply(200, {}))) as server:
        host = server.url.removeprefix("http://")
        with client(account(server)) as force, pytest.raises(SourceChanged, match="another host"):
            SFType("Lead", "t", host, session=force._force.session).upsert(
                record.format(evil=evil.url.removeprefix("http://")), {}
            )
        assert evil.requests == []


def test_an_instance_on_a_foreign_host_never_gets_the_token() -> None:
    with hostile(says(reply(200, {}))) as evil, hostile(org(lambda *_: None, evil.url)) as server:
        with pytest.raises(SourceChanged, match="foreign host"):
            describe(account(server), "Lead")
        assert evil.requests == []


def test_values_are_quoted_wherever_they_go() -> None:
    nasty = ["o'neil\\' OR Name LIKE '%", "a\nb", "http://evil.example/", "ünï/../x?y#z"]
    with hostile(says(reply(200, {"records": [], "done": True}))) as server:
        look_up(account(server), "Lead", "Ext__c", nasty, ["Name"])
        query = server.requests[1].split()[1]
    assert "o%5C%27neil%5C%5C%5C%27+OR" in query
    with pytest.raises(ValueError, match="API name"):
        look_up(account(server), "Lead WHERE Id != ''", "Ext__c", ["1"], [])


def test_a_long_list_is_asked_for_in_queries_that_fit() -> None:
    with hostile(says(reply(200, {"records": [], "done": True}))) as server:
        look_up(account(server), "Lead", "Email", [f"quite.a.long.name.{n}@example.org" for n in range(1500)], ["Name"])
        assert max(len(line) for line in lines(server)) < 14_000
        assert sum(line.count("example.org") for line in lines(server)) == 1500


def results(connection: socket.socket, request: str) -> None:
    records = json.loads(request.split("\r\n\r\n", 1)[1])["records"]
    done = [{"id": f"00Q{n:012}", "success": True, "created": True, "errors": []} for n, _ in enumerate(records)]
    connection.sendall(reply(200, done))


def writes(*values: str) -> list[Write]:
    return [Write(f"r{n}", "Lead", "Ext__c", value, {"LastName": "x"}) for n, value in enumerate(values)]


def test_a_call_never_names_one_external_id_twice_nor_more_than_200() -> None:
    values = ["a", "b", "A", *map(str, range(450))]
    with hostile(org(results)) as server:
        receipts = list(write(account(server), writes(*values)))
        bodies = [json.loads(r.split("\r\n\r\n", 1)[1])["records"] for r in server.requests if r.startswith("PATCH")]
    assert [r.ref for r in receipts] == [f"r{n}" for n in range(453)]
    assert [len(body) for body in bodies] == [2, 200, 200, 51]


@pytest.mark.parametrize("ending", ["silence", "cut", "half", "garbage", "500", "502"])
def test_a_call_without_an_answer_is_unknown_and_is_not_repeated(ending: str) -> None:
    endings: dict[str, Callable[[socket.socket], object]] = {
        "silence": lambda connection: connection.recv(1),
        "cut": lambda connection: None,
        "half": lambda connection: connection.sendall(reply(200, [{"success": True}])[:-5]),
        "garbage": lambda connection: connection.sendall(reply(200, b"<html>")),
        "500": lambda connection: connection.sendall(reply(500, [{"errorCode": "UNKNOWN_EXCEPTION"}])),
        "502": lambda connection: connection.sendall(reply(502, b"<html>")),
    }

    def behave(connection: socket.socket, _: str) -> None:
        endings[ending](connection)

    with hostile(org(behave)) as server:
        receipts = list(write(account(server), writes("a", "b")))
        assert len([line for line in lines(server) if line.startswith("PATCH")]) == 1
    assert [(r.ref, r.outcome) for r in receipts] == [("r0", "unknown"), ("r1", "unknown")]


def test_a_refused_row_says_why_and_the_others_go_on() -> None:
    answer = [
        {
            "success": False,
            "created": False,
            "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy", "fields": []}],
        },
        {"id": "00Q1", "success": True, "created": False, "errors": []},
    ]
    with hostile(says(reply(200, answer))) as server:
        receipts = list(write(account(server), writes("a", "b")))
    assert receipts == [
        Receipt("r0", "refused", code="UNABLE_TO_LOCK_ROW", message="busy"),
        Receipt("r1", "done", id="00Q1", created=False),
    ]


def test_results_that_do_not_match_the_records_stop_everything() -> None:
    with hostile(says(reply(200, [{"success": True}]))) as server, pytest.raises(SourceChanged, match="one result"):
        list(write(account(server), writes("a", "b")))


def test_a_page_that_stands_still_ends() -> None:
    """A full page of one row over and over: keyset paging must see that it does not move."""
    row = {"Id": "00Q000000000001AAA", "SystemModstamp": "2026-01-01T00:00:00.000+0000"}
    stuck = {"done": True, "records": [row] * 2000, "fields": [{"name": "Id"}]}
    with hostile(says(reply(200, stuck))) as server, pytest.raises(SourceChanged, match="does not move on"):
        list(CONNECTOR.read(account(server), "Lead", None))


def test_a_wrong_client_is_refused_without_its_secret_in_any_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = reply(400, {"error": "invalid_client", "error_description": f"invalid {SECRET}"})
    with hostile(lambda connection, _: connection.sendall(answer)) as server, pytest.raises(AccessRefused) as caught:
        CONNECTOR.check(account(server))
    assert "invalid_client" in str(caught.value)
    assert SECRET not in str(caught.value) + caught.value.do + caplog.text


def test_the_session_has_no_other_way_out() -> None:
    """No .netrc, no proxies of the environment, one adapter for every address."""
    with hostile(says(reply(200, {}))) as server, SalesforceHttp(account(server), None) as http:
        made = session(http, server.url)
        assert (made.trust_env, list(made.adapters)) == (False, [""])
        with pytest.raises(SourceChanged):
            made.get("https://evil.example/")


@pytest.mark.parametrize("ids", [["00Q000000000002AAA", "00Q000000000001AAA"], ["00Q000000000001AAA"] * 2])
def test_results_in_another_order_are_not_believed(ids: list[str]) -> None:
    """Where we can tell, we must: the wrong lead would count as pushed. By Id; and where two are said to be one."""
    answer = [{"id": each, "success": True, "created": False, "errors": []} for each in ids]
    sent = [Write(f"r{n}", "Lead", "Id", f"00Q00000000000{n}AAA", {"LastName": "x"}) for n in (1, 2)]
    for call in (sent, writes("a", "b") if ids[0] == ids[1] else sent):
        with hostile(says(reply(200, answer))) as server, pytest.raises(SourceChanged, match="order"):
            list(write(account(server), call))


def test_an_id_of_15_characters_is_the_same_as_of_18() -> None:
    answer = [{"id": "00Q000000000001AAA", "success": True, "created": False, "errors": []}]
    with hostile(says(reply(200, answer))) as server:
        (receipt,) = write(account(server), [Write("r", "Lead", "Id", "00Q000000000001", {"LastName": "x"})])
    assert receipt.outcome == "done"


SHORT, LONG = "00Q5f00000ABcDe", "00Q5f00000ABcDeEAL"
"""One id in both its forms: the last letters tell that in 00Q5f 00000 ABcDe the 3rd, none, and 1st, 2nd, 4th are
capitals."""


def test_an_id_of_15_characters_comes_whole_from_every_answer() -> None:
    """What was read has 18; a receipt of 15 would never be found to be of the same record, nor an edit of it seen."""
    match = {"matchResults": [{"entityType": "Lead", "matchRecords": [{"record": {"Id": SHORT}}]}]}
    like = {"statusCode": "DUPLICATES_DETECTED", "message": "", "duplicateResult": match}
    answer = [{"id": SHORT, "success": True, "created": True, "errors": []}, {"success": False, "errors": [like]}]
    with hostile(says(reply(200, answer))) as server:
        made, refused = write(account(server), writes("a", "b"))
    assert (made.id, refused.matches) == (LONG, (("Lead", LONG),))


@pytest.mark.parametrize("asked", [SHORT, LONG])
@pytest.mark.parametrize("told", [SHORT, LONG])
def test_a_record_is_found_by_either_form_of_its_id(asked: str, told: str) -> None:
    row = {"Id": told, "Title": "Mate"}
    with hostile(says(reply(200, {"done": True, "records": [row]}))) as server:
        assert look_up(account(server), "Lead", "Id", [asked], ["Title"]) == {asked.lower(): {**row, "Id": LONG}}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("InvalidBatch : Field name not found : anna@secret.example", "InvalidBatch"),
        ("TooManyLockFailure", "TooManyLockFailure"),
        ("API_DISABLED_FOR_ORG: for anna@secret.example", "API_DISABLED_FOR_ORG"),
        ("Anna Berg of row 3 is not valid", "Failed"),
        ("anna@secret.example", "Failed"),
        (None, "Failed"),
    ],
)
def test_of_a_failed_file_the_code_is_told_and_never_the_words(message: str | None, reason: str) -> None:
    said = {"state": "Failed", "numberRecordsProcessed": 0, "numberRecordsFailed": 0, "errorMessage": message}
    with hostile(says(reply(200, said))) as server:
        told = BULK.ask(account(server), "750000000000001")
    assert told is not None and told.reason == reason


def test_a_refusal_in_strange_types_is_still_a_refusal() -> None:
    answer = [{"success": False, "id": 7, "errors": [{"statusCode": {"a": []}, "message": 5}]}]
    with hostile(says(reply(200, answer))) as server:
        assert list(write(account(server), writes("a"))) == [Receipt("r0", "refused")]


@pytest.mark.parametrize("step", [0, 1])
def test_a_look_up_whose_pages_never_end_ends(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they go round in a circle or on for ever."""
    monkeypatch.setattr("connectors.salesforce_write.MOST_PAGES", 5)
    pages = itertools.count(1, step)

    def circle(connection: socket.socket, _: str) -> None:
        body = {"done": False, "records": [], "nextRecordsUrl": f"/services/data/v62.0/query/01g-{next(pages)}"}
        connection.sendall(reply(200, body))

    with hostile(org(circle)) as server, pytest.raises(SourceChanged, match="never end"):
        look_up(account(server), "Lead", "Email", ["a@b.example"], [])


@pytest.mark.parametrize("stamp", ["2999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-99-99T99:99:99Z"])
def test_a_time_that_cannot_be_does_not_spoil_the_place_to_go_on_from(stamp: str) -> None:
    """Of the year 2999, it would hide every change before; of no month, it could never be read again."""
    rows = [{"Id": "00Q000000000001AAA", "SystemModstamp": stamp}]
    fields = [{"name": "Id"}, {"name": "SystemModstamp"}]
    body = {"done": True, "records": rows, "fields": fields, "deletedRecords": [{"id": 7}, None, {}]}
    with hostile(says(reply(200, body))) as server:
        (page,) = CONNECTOR.read(account(server), "Lead", None)
        list(CONNECTOR.read(account(server), "Lead", page.checkpoint))
    assert "2000" < page.checkpoint.get("at", "2026") < datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S~")
