"""Lists have an order, pages, and a CSV that is whole; the API pages them and says how faults are told."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import httpx
import pytest

from landbridge.bootstrap import Hub
from landbridge.console.read.accounts import SHOWN
from landbridge.console.web import session
from landbridge.console.web.openapi import PROBLEM
from tests.console.conftest import SignIn, Visitor, user
from tests.console.test_plans import plan_id
from tests.desk.conftest import rows

__all__ = ["plan_id"]


def cells(answer: httpx.Response, column: str) -> list[str]:
    assert answer.headers["content-type"].startswith("text/csv"), answer.text[:200]
    return [row[column] for row in csv.DictReader(io.StringIO(answer.text))]


@pytest.fixture
def plans(hub: Hub, plan_id: str) -> list[str]:
    """Four plans, the oldest first; three of them of one moment."""
    rows(
        hub.store,
        """INSERT INTO plan (plan_id, run_id, account, policy, state, at) SELECT 'plan-old-' || n, run_id, account,
        policy, 'superseded', now() - interval '9 days' FROM plan, generate_series(1, 3) n RETURNING 1""",
    )
    return ["plan-old-1", "plan-old-2", "plan-old-3", plan_id]


def test_plans_are_sorted_both_ways_and_paged_for_programs(sign_in: SignIn, plans: list[str]) -> None:
    kim = sign_in("approver")
    for sort, wanted in (("-at", plans[::-1]), ("at", plans)):
        page = kim.get("/plan/history", params={"sort": sort}).text
        assert re.findall(r'class="id" href="/plan/([^"]+)"', page) == wanted
        assert cells(kim.get("/plan/history", params={"sort": sort, "format": "csv"}), "plan_id") == wanted
    found: list[str] = []
    while more := kim.get("/api/v1/plans", params={"limit": 2, "before": found[-1] if found else ""}).json():
        found += [each["plan_id"] for each in more]
    assert found == plans[::-1]


def test_the_csv_of_plans_is_whole(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    rows(
        hub.store,
        """INSERT INTO plan (plan_id, run_id, account, policy, state) SELECT 'plan-' || n, run_id, account, policy,
        'superseded' FROM plan, generate_series(1, 450) n RETURNING 1""",
    )
    found = cells(sign_in("viewer").get("/plan/history?format=csv"), "plan_id")
    assert len(found) == len(set(found)) == 451


def test_users_models_and_unknown_fields_as_csv(sign_in: SignIn, hub: Hub) -> None:
    rows(hub.store, "INSERT INTO run (run_id, flow) VALUES ('r', 'sync') RETURNING 1")
    rows(
        hub.store,
        f"""INSERT INTO drift (account, stream, path, type, mapping, first_run_id) SELECT 'x', 'users', n, 'text',
        'm', 'r' FROM generate_series(1, {SHOWN + 5}) n RETURNING 1""",
    )
    admin = sign_in("admin", login="root")
    for login in ("zoe", "=cmd"):
        user(hub, "viewer", login=login)
    assert cells(admin.get("/settings/users?format=csv"), "login") == ["'=cmd", "root", "zoe"]
    assert cells(admin.get("/settings/users?format=csv&sort=-login"), "login") == ["zoe", "root", "'=cmd"]
    rows(hub.store, "UPDATE console_user SET seen_at = now() WHERE login = 'root' RETURNING 1")
    assert cells(admin.get("/settings/users?format=csv&sort=-seen_at"), "login")[0] == "root"
    assert sign_in("viewer").get("/settings/users?format=csv").status_code == 403
    viewer = sign_in("viewer")
    assert cells(viewer.get("/settings/identity?format=csv"), "in_force") == ["True"]
    assert len(cells(viewer.get("/settings/mappings?format=csv"), "path")) == SHOWN + 5
    assert len(viewer.get("/api/v1/drift").json()) == SHOWN + 5
    assert f"The first {SHOWN} are shown" in viewer.get("/settings/mappings").text
    assert viewer.get("/api/v1/roles").json()["viewer"] == ["see"]


def test_the_description_says_how_one_signs_in_and_how_faults_are_told(hub: Hub, console: str) -> None:
    made: dict[str, Any] = httpx.get(f"{console}/api/v1/openapi.json").json()
    scheme = made["components"]["securitySchemes"]["token"]
    assert (scheme["type"], scheme["scheme"], made["security"]) == ("http", "bearer", [{"token": []}])
    assert "HTTPValidationError" not in str(made)
    told = {
        f"{verb} {path}": set(each["responses"])
        for path, verbs in made["paths"].items()
        for verb, each in verbs.items()
    }
    assert [name for name, codes in told.items() if not {"401", "403", "422", "503"} <= codes] == []
    assert {"404", "409"} <= told["post /api/v1/plans/{plan_id}/approve"]
    assert "404" not in told["get /api/v1/plans"]


def test_faults_are_told_as_described(hub: Hub, console: str) -> None:
    secret = session.new_token(hub.store, user(hub, "viewer"), "reports")
    described = httpx.get(f"{console}/api/v1/openapi.json").json()["paths"]
    with Visitor(base_url=console, headers={"authorization": f"Bearer {secret}"}) as come:
        for path, verb, code in (
            ("/api/v1/runs/{run_id}", "get", 404),
            ("/api/v1/plans/{plan_id}/approve", "post", 403),
            ("/api/v1/audit", "get", 403),
            ("/api/v1/plans", "get", 422),
        ):
            answer = come.request(verb, path.format(run_id="none", plan_id="none"), params={"limit": 0})
            assert (answer.status_code, answer.headers["content-type"]) == (code, "application/problem+json"), path
            assert list(answer.json()) == PROBLEM["required"]
            assert str(code) in described[path][verb]["responses"]
