"""Audit: found by who, what and when, recomputed on the page, proved as a whole beside it, exported and verified."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from landbridge.bootstrap import Hub
from landbridge.console.read import audit as read
from landbridge.store.engine import Store
from landbridge.trail import audit, chain, signing
from landbridge.trail.verify_archive import verify
from tests.browser import looked_again
from tests.console.conftest import SignIn, shown

RUN = "20260101-000000-abcdef"
HOSTILE = "<script>alert(1)</script>"


def happened(store: Store) -> None:
    """Three days of two people and a run; the chain is made as always, and then moved into the past with its hashes."""
    with store.begin() as connection:
        for day in range(3):
            audit.record(connection, audit.Event("plan.approved", "ann", f"plan-2026-{day}", {"changes": day}))
            audit.record(connection, audit.Event("run.started", HOSTILE, RUN, {"run": RUN}))


def broken(store: Store, change: str) -> None:
    """What whoever owns the database can do, and the chain cannot hide."""
    with store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER audit_event_refuse"))
        connection.execute(sa.text(change))


def test_events_are_found_by_who_what_to_what_and_run(hub: Hub, sign_in: SignIn) -> None:
    happened(hub.store)
    come = sign_in("auditor", login="carol")
    page = come.get("/audit").text

    def asked(**query: str) -> list[dict[str, str]]:
        rows = csv.DictReader(io.StringIO(come.get("/audit", params={"format": "csv", **query}).text))
        return [row for row in rows if row["kind"] != "audit.exported"]  # each asking leaves one

    assert len(asked()) == 7, "and carol"
    assert {row["kind"] for row in asked(actor="ann")} == {"plan.approved"}
    assert len(asked(actor="ann", subject="plan-2026-1")) == 1
    assert len(asked(kind="run.started")) == len(asked(run=RUN)) == 3
    assert len(asked(**{"from": "2999-01-01"})) == len(asked(to="1999-01-01")) == 0
    assert len(asked(**{"from": "1999-01-01", "to": "2999-01-01"})) == 7
    assert HOSTILE not in page
    assert f'href="/runs/{RUN}"' in page
    assert 'href="/plan/plan-2026-1"' in page
    assert "7 recomputed" in shown(page)


def test_older_events_follow_and_none_is_missed(hub: Hub) -> None:
    with hub.store.begin() as connection:
        audit.record(connection, *(audit.Event("test.done", "ann", f"thing/{n}", {}) for n in range(230)))
    seen: list[int] = []
    while page := read.listed(hub.store, {"actor": "ann", **({"before": str(seen[-1])} if seen else {})}, 50):
        seen += [row["seq"] for row in page]
    assert seen == list(range(230, 0, -1))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE audit_event SET actor = 'bob' WHERE seq = 4", "its content was altered"),
        ("DELETE FROM audit_event WHERE seq = 3", "event 3 is missing"),
        ("UPDATE audit_event SET previous = repeat('0', 64) WHERE seq = 4", "it does not follow the event before it"),
    ],
)
def test_an_altered_event_is_told_where_it_is_shown(hub: Hub, sign_in: SignIn, change: str, told: str) -> None:
    happened(hub.store)
    broken(hub.store, change)
    page = shown(sign_in("auditor").get("/audit").text)
    assert told in page
    assert "1 of" in page


def proved(come: object, at: str = "/api/v1/audit/verify") -> dict[str, object]:
    """What the proof of the whole chain came to."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer: dict[str, object] = come.get(at).json()  # type: ignore[attr-defined]
        if not answer["running"]:
            return answer
        time.sleep(0.05)
    raise AssertionError("the proof did not end")


def test_the_whole_chain_is_proved_beside_the_page(hub: Hub, sign_in: SignIn) -> None:
    happened(hub.store)
    come = sign_in("auditor")
    assert come.form("/audit/verify").status_code == 200
    found = proved(come)
    head = chain.head(hub.store)
    assert head
    assert (found["intact"], found["done"], found["head"]) == (True, 7, head.hash)
    page = shown(come.get("/audit/verify").text)
    assert f"7 {head.hash}" in page
    broken(hub.store, "UPDATE audit_event SET kind = 'plan.dropped' WHERE seq = 5")
    come.form("/audit/verify")
    found = proved(come)
    assert (found["intact"], found["broken_at"]) == (False, 5)
    assert "At event 5: its content was altered" in shown(come.get("/audit/verify").text)


def test_a_head_that_was_noted_is_compared(hub: Hub, sign_in: SignIn) -> None:
    happened(hub.store)
    come = sign_in("auditor")
    event = chain.some(hub.store, [4])[4]

    def compared(noted: str) -> str:
        return shown(come.get("/audit/verify", params={"noted": noted}).text)

    assert "has this hash" in compared(f"4 {event.hash}")
    assert "has this hash" in compared(f" 4: {event.hash[:20].upper()} ")
    assert "has another hash" in compared(f"4 {'0' * 64}")
    assert "There is no event 4,000" in compared(f"4,000 {event.hash}")
    assert "There is no event" in compared(f"99999999999999999999 {event.hash}")
    assert "number and its hash, such as" in compared(HOSTILE)


def test_a_noted_head_of_blanks_keeps_nobody_waiting(hub: Hub, sign_in: SignIn) -> None:
    """Looked for by a pattern that could read blanks in four ways, two thousand of them took half an hour."""
    happened(hub.store)
    come = sign_in("auditor")
    assert "number and its hash, such as" in shown(come.get("/audit/verify", params={"noted": "1" + " " * 118}).text)
    assert come.get("/audit/verify", params={"noted": " " * 2000}).status_code == 422


def test_that_somebody_took_the_trail_as_csv_stands_in_it(hub: Hub, sign_in: SignIn) -> None:
    happened(hub.store)
    come = sign_in("auditor", login="carol")
    rows = list(csv.DictReader(io.StringIO(come.get("/audit", params={"format": "csv"}).text)))
    assert rows[0]["kind"] == "audit.exported"
    assert (rows[0]["actor"], json.loads(rows[0]["detail"])) == ("carol", {"as": "csv"})


def test_an_export_is_downloaded_and_proves_itself(hub: Hub, sign_in: SignIn, tmp_path: Path) -> None:
    happened(hub.store)
    come = sign_in("auditor", login="carol")
    fingerprint = signing.key(hub.project.data).fingerprint
    assert fingerprint in come.get("/audit").text
    answer = come.form("/audit/export")
    assert answer.headers["content-type"] == "application/zip"
    path = tmp_path / "trail.zip"
    path.write_bytes(answer.content)
    assert (verify(str(path), fingerprint)["events"], verify(str(path))["made_by"]) == (7, "carol")
    assert (audit.newest(hub.store, 1)[0].kind, audit.newest(hub.store, 1)[0].actor) == ("audit.exported", "carol")
    assert come.form("/audit/export", **{"from": "2999-01-01"}).status_code == 404
    assert come.form("/audit/export", **{"from": "yesterday"}).status_code == 422
    by_program = come.post("/api/v1/audit/export", json={}, headers={"x-form-token": form_token(come)})
    assert zipfile.ZipFile(io.BytesIO(by_program.content)).testzip() is None


def form_token(come: object) -> str:
    from landbridge.console.web.csrf import token

    return token(come.cookies["landbridge"])  # type: ignore[attr-defined]


def test_only_auditors_read_it(sign_in: SignIn) -> None:
    for role in ("viewer", "reviewer", "operator", "approver"):
        assert sign_in(role).get("/audit").status_code == 403, role
        assert sign_in(role).form("/audit/export").status_code == 403, role


def test_programs_read_it_page_by_page(hub: Hub, sign_in: SignIn) -> None:
    happened(hub.store)
    come = sign_in("auditor")
    page = come.get("/api/v1/audit?limit=4").json()
    older = come.get(f"/api/v1/audit?limit=4&before={page[-1]['seq']}").json()
    assert [row["seq"] for row in page + older] == [7, 6, 5, 4, 3, 2, 1]
    assert come.get("/api/v1/audit?before=0").status_code == 422


def test_every_question_is_answered_by_an_index(hub: Hub) -> None:
    with hub.store.begin() as connection:
        connection.execute(_MANY)
        connection.execute(sa.text("ANALYZE audit_event"))
    for asked in ({}, {"actor": "a1"}, {"kind": "k.5"}, {"subject": "thing/7"}, {"run": "run-3"}, {"before": "500"}):
        with hub.store.begin() as connection:
            where, values = read._where(connection, asked)
            query = f"EXPLAIN SELECT * FROM audit_event WHERE {where} ORDER BY seq DESC LIMIT 51"
            told = "\n".join(connection.execute(sa.text(query), values).scalars())
        assert "Seq Scan" not in told, (asked, told)


_MANY = sa.text("""
ALTER TABLE audit_event DISABLE TRIGGER ALL;
INSERT INTO audit_event (seq, at, kind, actor, subject, detail, previous, hash)
SELECT n, timestamptz '2025-01-01Z' + n * interval '1 minute', 'k.' || n % 40, 'a' || n % 900, 'thing/' || n % 5000,
    CASE WHEN n % 3 = 0 THEN jsonb_build_object('run', 'run-' || n / 20) ELSE '{}' END, 'p', 'h'
FROM generate_series(1, 40000) AS n
""")


def test_the_page_without_scripts_and_on_a_phone(hub: Hub, open_page: Callable[..., Page]) -> None:
    happened(hub.store)
    page = open_page("auditor", width=390, height=844, java_script_enabled=False)
    page.goto("/audit")
    page.get_by_role("button", name="Verify the whole chain").click()
    looked_again(page, page.get_by_text("are as they were written, each in its place"))
    page.get_by_role("link", name="Audit", exact=True).first.click(force=True)
