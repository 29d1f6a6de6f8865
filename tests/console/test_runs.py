"""Runs: found by what they are asked for, whole on their page, quick however many there are."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from landbridge.bootstrap import Hub
from landbridge.console.read import runs as read
from landbridge.errors import AccessRefused
from landbridge.store.engine import Store
from landbridge.trail import runs
from tests.console.conftest import SignIn, shown

HOSTILE = "<img src=x onerror=alert(1)>=cmd"


def many(store: Store, count: int) -> None:
    """So many runs, one a minute, of four accounts and the line; every 97th failed."""
    with store.begin() as connection:
        connection.execute(_MANY, {"count": count})
        connection.execute(sa.text("ANALYZE run"))


_MANY = sa.text("""
INSERT INTO run (run_id, flow, subject, state, started_at, ended_at)
SELECT to_char(at AT TIME ZONE 'UTC', 'YYYYMMDD-HH24MISS') || '-' || lpad(to_hex(n % 16777216), 6, '0'),
    CASE WHEN n % 5 = 0 THEN 'line' ELSE 'sync' END,
    CASE n % 5 WHEN 0 THEN '' WHEN 1 THEN 'x' WHEN 2 THEN 'zendesk' WHEN 3 THEN 'hubspot' ELSE 'salesforce' END,
    CASE WHEN n % 97 = 0 THEN 'failed' ELSE 'done' END, at, at + n % 60 * interval '1 second'
FROM generate_series(1, :count) AS n, LATERAL (SELECT timestamptz '2024-01-01Z' + n * interval '1 minute' AS at) AS a
""")


def failed(hub: Hub) -> str:
    """A run that failed halfway, with one line in its books."""
    with pytest.raises(AccessRefused), runs.running(hub.store, "sync", "x", actor=HOSTILE) as run:
        with run.books.stage("land", "x") as entry:
            entry.taken, entry.new, entry.held = 1234, 1200, 34
        raise AccessRefused(f"x refused the token {HOSTILE}.", do="Make another token.")
    return run.run_id


def test_a_run_shows_its_books_its_end_and_what_to_do(hub: Hub, sign_in: SignIn) -> None:
    run_id = failed(hub)
    answer = sign_in("auditor").get(f"/runs/{run_id}")
    page = shown(answer.text)
    assert "1,234 = 1,200" in page
    assert "closes" in page
    assert "Make another token." in page
    assert "run.started" in page
    assert "<img" not in answer.text
    assert "In the trail" not in shown(sign_in("viewer").get(f"/runs/{run_id}").text), "takes the right 'audit'"
    assert sign_in("viewer").get("/runs/20990101").status_code == 404


def test_runs_are_found_by_flow_account_state_day_and_id(hub: Hub, sign_in: SignIn) -> None:
    many(hub.store, 300)
    come = sign_in("viewer")

    def asked(query: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(come.get(f"/runs?format=csv&{query}").text)))

    assert len(asked("")) == 300
    assert {row["account"] for row in asked("flow=sync&account=zendesk")} == {"zendesk"}
    assert len(asked("account=zendesk")) == 60
    assert len(asked("state=failed")) == 3
    assert len(asked("from=2024-01-01&to=2024-01-01T00:10:00")) == 9
    assert len(asked("from=2024-01-02")) == 0
    assert len(asked("run=20240101-0001")) == 1
    assert len(asked("run=20240101-01")) == 60
    assert len(asked("run=20249999")) == len(asked("run=%25")) == 0
    assert "No run is like that." in shown(come.get("/runs?flow=nothing").text)


def test_older_runs_follow_and_none_is_missed_or_shown_twice(hub: Hub) -> None:
    many(hub.store, 230)
    with hub.store.begin() as connection:  # a schedule begins several at once
        connection.execute(sa.text("UPDATE run SET started_at = date_trunc('hour', started_at)"))
    seen: list[str] = []
    while page := read.listed(hub.store, {"before": seen[-1]} if seen else {}, 50):
        seen += [row["run_id"] for row in page]
    assert len(seen) == len(set(seen)) == 230
    assert seen == [row["run_id"] for row in read.every(hub.store, {})]


def test_each_flow_and_account_has_its_pace(hub: Hub, sign_in: SignIn) -> None:
    many(hub.store, 300)
    paces = read.paces(hub.store)
    assert {(pace["flow"], pace["account"]) for pace in paces} == {
        ("line", ""), ("sync", "x"), ("sync", "zendesk"), ("sync", "hubspot"), ("sync", "salesforce")
    }  # fmt: skip
    assert all(len(pace["seconds"]) == read.LAST for pace in paces)
    assert "seconds of the last runs" in sign_in("viewer").get("/runs").text


def test_every_question_is_answered_by_an_index(hub: Hub) -> None:
    many(hub.store, 40_000)
    for asked in ({}, {"account": "x"}, {"state": "failed"}, {"flow": "sync", "account": "x"}, {"from": "2024-01-20"}):
        where, values = read._where(asked)
        with hub.store.begin() as connection:
            plan = connection.execute(sa.text("EXPLAIN " + read._LISTED.format(where=where)), {**values, "limit": 51})
            told = "\n".join(plan.scalars())
        assert "Seq Scan on run" not in told, (asked, told)


def test_data_docs_are_shown_where_they_can_do_nothing(hub: Hub, sign_in: SignIn) -> None:
    hub.docs.mkdir(parents=True)
    (hub.docs / "index.html").write_text("<script>alert(1)</script>told")
    (hub.project.data / "secret.html").write_text("secret")
    (hub.docs / "key.pem").write_text("secret")
    (hub.docs / "out.html").symlink_to(hub.project.data / "secret.html")
    come = sign_in("operator")
    answer = come.get("/runs/docs/index.html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox;"), policy
    assert "allow" not in policy
    assert "script-src" not in policy and "default-src 'none'" in policy
    for path in (
        "../secret.html",
        "%2e%2e/secret.html",
        "..%2fsecret.html",
        "key.pem",
        "out.html",
        "nothing.html",
    ):
        assert come.get(f"/runs/docs/{path}").status_code in (400, 404), path
    assert sign_in("viewer").get("/runs/docs/index.html").status_code == 403, "they quote personal values"


def test_a_page_of_data_docs_runs_no_script_in_a_browser(hub: Hub, open_page: Callable[..., Page]) -> None:
    hub.docs.mkdir(parents=True)
    (hub.docs / "index.html").write_text(
        "<p id=told>told</p><script>document.getElementById('told').textContent = document.cookie</script>"
    )
    page = open_page("operator")
    page.goto("/runs/docs/index.html")
    assert page.inner_text("#told") == "told"


def test_programs_read_them_too(hub: Hub, sign_in: SignIn) -> None:
    many(hub.store, 60)
    run_id = failed(hub)
    come = sign_in("viewer")
    page = come.get("/api/v1/runs?limit=50").json()
    assert page[0]["run_id"] == run_id and page[0]["closes"]
    older = come.get(f"/api/v1/runs?before={page[-1]['run_id']}").json()
    assert len(older) == 11 and not {row["run_id"] for row in older} & {row["run_id"] for row in page}
    whole = come.get(f"/api/v1/runs/{run_id}").json()
    assert whole["books"][0]["taken"] == 1234
    assert come.get("/api/v1/runs?state=wrong").status_code == 422
    assert come.get("/api/v1/runs/nothing").json()["status"] == 404
