"""Quarantine over HTTP, without a script: what is held, the whole of it, and what its forms do to whom."""

from __future__ import annotations

import base64
import csv
import io

import httpx
import pytest
import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.web import beside, session
from landbridge.quality import hold
from landbridge.quality.suite import validate
from landbridge.trail import runs
from tests.console.conftest import SignIn, shown, user
from tests.leads.people import People
from tests.photograph import once

RAW = b"<script>alert(1)</script>\x1b[31m\xff" + "\u202egnihsihp".encode()


@pytest.fixture
def held(hub: Hub) -> dict[str, int]:
    """One of each stage: a lead without a way to reach it, one that is in doubt, a record, a row, a refusal."""
    return once("held", hub.store, lambda: hold_one_of_each(hub))


def hold_one_of_each(hub: Hub) -> dict[str, int]:
    people = People(hub.store)
    people.person("i-anna", zendesk={"full_name": "Anna Arnesen", "email": ["na@na.com"], "company": "=Acme"})
    people.person("i-fine", zendesk={"full_name": "Bo Fine", "email": ["bo@fine.example"]})
    people.leads()
    with runs.running(hub.store, "publish", actor="test") as run:
        validate(run, hub.suite, hub.docs)
        with hub.store.begin() as connection:
            for statement in _HELD.split(";"):
                connection.execute(sa.text(statement), {"run": run.run_id, "raw": base64.b64encode(RAW).decode()})
    with hub.store.begin() as connection:
        rows = connection.execute(sa.text("SELECT stage, quarantine_id FROM quarantine WHERE state = 'held'")).all()
    return {row.stage: row.quarantine_id for row in rows}


_HELD = """
INSERT INTO quarantine (stage, subject, expectation, value, reason, run_id)
VALUES ('identity', 'i-fine', 'apart', 'x/users/1 zendesk/users/2', 'Strong evidence against it.', :run);
INSERT INTO quarantine (stage, subject, expectation, reason, raw, run_id)
VALUES ('land', 'zendesk/users/feed', 'row_is_a_record', 'It is no JSON object.', :raw, :run);
INSERT INTO record (account, stream, key, version, digest, payload, run_id)
VALUES ('zendesk', 'users', '9', 1, 'd', '{"id": 9, "name": {"odd": "<b>"}, "note": "n"}', :run);
INSERT INTO quarantine (stage, subject, expectation, field, reason, record_id, run_id)
SELECT 'map', 'zendesk/users/9', 'record_maps', 'name', 'It tells of nobody.', max(record_id), :run FROM record;
INSERT INTO plan (plan_id, run_id, account, policy) VALUES ('plan-1', :run, 'salesforce', 'p');
INSERT INTO change (plan_id, identity_id, account, object, action, match_field, match_value, after, lead_digest, state,
                    code, message, refusal)
VALUES ('plan-1', 'i-fine', 'salesforce', 'Lead', 'create', 'Landbridge_Id__c', 'i-fine',
        '{"Email": "bo@fine.example"}', 'd', 'refused', 'DUPLICATES_DETECTED', 'Like: Lead 00Q1', 'duplicate');
INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
VALUES ('push', 'i-fine', 'DUPLICATES_DETECTED', 'Like: Lead 00Q1', :run)
"""


def state(hub: Hub, number: int) -> tuple[str, str | None, str | None]:
    query = sa.text("SELECT state, settled_by, settled_why FROM quarantine WHERE quarantine_id = :n")
    with hub.store.begin() as connection:
        row = connection.execute(query, {"n": number}).one()
        return row[0], row[1], row[2]


def valid(hub: Hub, who: str) -> bool:
    with hub.store.begin() as connection:
        return bool(connection.scalar(sa.text("SELECT valid FROM lead WHERE identity_id = :who"), {"who": who}))


def test_it_is_listed_by_stage_and_expectation_and_found_again_by_its_address(
    sign_in: SignIn, held: dict[str, int]
) -> None:
    olga = sign_in("operator")
    text = shown(olga.get("/quarantine").text)
    for told in ("All that is held 5", "does not meet an expectation 1", "email: values to not match regex 1",
                 "refused by the CRM 1", "could not be landed 1"):  # fmt: skip
        assert told in text, told
    only = shown(olga.get("/quarantine?stage=map").text)
    assert "It tells of nobody." in only and "It is no JSON object." not in only
    assert "Nothing like that is held." in shown(olga.get("/quarantine?stage=map&subject=nobody").text)


def test_a_lead_is_shown_whole_with_the_failing_value_lit(sign_in: SignIn, held: dict[str, int]) -> None:
    page = sign_in("operator").get(f"/quarantine/{held['validate']}")
    text = shown(page.text)
    for told in (
        "na@na.com",
        "Anna Arnesen",
        "the only one known, zendesk/people/i-anna",
        "reaches nobody",
        "quality/lead.yaml",
    ):
        assert told in text, told
    assert 'class="value lit">na@na.com' in page.text
    assert "na@na.com" not in sign_in("viewer").get(f"/quarantine/{held['validate']}").text


def test_bytes_that_could_not_be_landed_are_text(sign_in: SignIn, held: dict[str, int]) -> None:
    page = sign_in("operator").get(f"/quarantine/{held['land']}").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "\\u001b[31m\\xff\\u202egnihsihp" in page, "what is invisible or turns the line around is written out"
    assert "\u202e" not in page
    assert "connectors/zendesk.py" in page
    assert "gnihsihp" not in sign_in("viewer").get(f"/quarantine/{held['land']}").text


def test_each_stage_says_what_would_mend_it(sign_in: SignIn, held: dict[str, int]) -> None:
    olga = sign_in("operator")
    record = olga.get(f"/quarantine/{held['map']}").text
    assert "mappings/sources/zendesk.yaml:" in record, "file and line"
    assert "{&#34;odd&#34;: &#34;&lt;b&gt;&#34;}" in record
    assert "/review?left=x%2Fusers%2F1" in olga.get(f"/quarantine/{held['identity']}").text.replace(
        "/users", "%2Fusers"
    )
    refusal = olga.get(f"/quarantine/{held['push']}").text
    assert "Merge the two there" in refusal and "/plan/plan-1?search=" in refusal
    assert olga.get("/quarantine/99999").status_code == 404


def test_a_lead_is_released_with_name_and_reason(sign_in: SignIn, hub: Hub, held: dict[str, int]) -> None:
    olga = sign_in("operator", login="olga")
    assert olga.form(f"/quarantine/{held['validate']}/release", reason=" ").status_code == 409
    olga.form(f"/quarantine/{held['validate']}/release", reason="it is really hers")
    assert state(hub, held["validate"]) == ("released", "olga", "it is really hers")
    assert valid(hub, "i-anna")
    again = olga.form(f"/quarantine/{held['validate']}/release", reason="it is really hers")
    assert again.status_code == 404, "twice is once"


def test_what_is_dropped_does_not_leave_though_the_rest_of_it_is_released(
    sign_in: SignIn, hub: Hub, held: dict[str, int]
) -> None:
    query = sa.text("""INSERT INTO quarantine (stage, subject, expectation, field, reason, run_id)
                       SELECT 'validate', 'i-anna', 'other', 'phone', 'r', run_id FROM run LIMIT 1 RETURNING 1""")
    with hub.store.begin() as connection:
        connection.execute(query)
    olga = sign_in("operator", login="olga")
    olga.form(f"/quarantine/{held['validate']}/drop", reason="nobody")
    other = max(each["quarantine_id"] for each in hold.held(hub.store))
    olga.form(f"/quarantine/{other}/release", reason="fine")
    assert state(hub, held["validate"])[:2] == ("dropped", "olga")
    assert not valid(hub, "i-anna")


def test_what_helps_nobody_is_refused_with_what_would(sign_in: SignIn, hub: Hub, held: dict[str, int]) -> None:
    olga = sign_in("operator")
    for stage, verb in (("identity", "release"), ("identity", "drop"), ("land", "release"), ("map", "release")):
        answer = olga.form(f"/quarantine/{held[stage]}/{verb}", reason="please")
        assert answer.status_code == 422, stage
        assert state(hub, held[stage])[0] == "held"
    for stage in ("land", "map", "push"):
        assert olga.form(f"/quarantine/{held[stage]}/drop", reason="seen").status_code == 200
        assert state(hub, held[stage])[0] == "dropped"


def test_a_value_is_set_by_hand_and_judged_again(
    sign_in: SignIn, hub: Hub, held: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(beside, "start", lambda _hub, *words, actor: asked.append(f"{' '.join(words)} by {actor}"))
    rita = sign_in("reviewer", login="rita")
    assert "Set the value by hand" in shown(rita.get(f"/quarantine/{held['validate']}").text)
    page = rita.form(f"/quarantine/{held['validate']}/repair", field="email", value="not one", reason="guess")
    assert page.status_code == 422
    said = {"field": "email", "value": "Anna@Fjord.example", "reason": "she told me"}
    assert "email is anna@fjord.example" in shown(rita.form(f"/quarantine/{held['validate']}/repair", **said).text)
    assert asked == ["replay by rita"]
    People(hub.store).leads()
    with runs.running(hub.store, "replay", actor="rita") as run:
        validate(run, hub.suite, hub.docs)
    assert state(hub, held["validate"])[0] == "released"
    assert valid(hub, "i-anna")
    assert "by itself: the next judgement met it" in shown(rita.get(f"/quarantine/{held['validate']}").text)


@pytest.mark.parametrize("role", ["viewer", "reviewer", "auditor", "operator"])
def test_each_role_is_refused_what_it_may_not_do(sign_in: SignIn, hub: Hub, held: dict[str, int], role: str) -> None:
    visitor, token = sign_in(role), session.new_token(hub.store, user(hub, role), "api")
    number = held["validate"]
    acts_of = {"operate": (f"{number}/release", f"{number}/drop", "replay"), "review": (f"{number}/repair",)}
    mine = {"operator": "operate", "reviewer": "review"}.get(role)
    for right, paths in acts_of.items():
        for path in paths if right != mine else ():
            fields = {"reason": "mine", "field": "email", "value": "a@b.example"}
            assert visitor.form(f"/quarantine/{path}", **fields).status_code == 403, path
            headers = {"authorization": f"Bearer {token}"}
            url = f"{visitor.base_url}/api/v1/quarantine/{path}"
            assert httpx.post(url, json=fields, headers=headers).status_code == 403, path
    assert state(hub, number)[0] == "held"


def test_the_csv_runs_nowhere_and_the_api_says_the_same(sign_in: SignIn, hub: Hub, held: dict[str, int]) -> None:
    olga = sign_in("operator")
    with hub.store.begin() as connection:
        connection.execute(sa.text("UPDATE quarantine SET value = '=1+1' WHERE stage = 'validate'"))
    lines = list(csv.DictReader(io.StringIO(olga.get("/quarantine?format=csv").text)))
    assert len(lines) == 5
    assert "'=1+1" in {line["value"] for line in lines}
    headers = {"authorization": f"Bearer {session.new_token(hub.store, user(hub, 'operator', login='bot'), 'api')}"}
    api = httpx.Client(base_url=f"{olga.base_url}/api/v1", headers=headers)
    assert {each["stage"] for each in api.get("/quarantine/groups").json()} == set(held)
    (item,) = api.get("/quarantine", params={"stage": "validate"}).json()
    assert item["quarantine_id"] == held["validate"]
    cells = api.get(f"/quarantine/{held['validate']}").json()["cells"]
    assert [cell["name"] for cell in cells if cell["fails"]] == ["email"]
    assert api.post(f"/quarantine/{held['validate']}/drop", json={"reason": "seen"}).status_code == 204
    assert state(hub, held["validate"])[1] == "bot"
    api.close()


def test_a_hundred_thousand_held_are_never_read_whole(sign_in: SignIn, hub: Hub) -> None:
    with runs.running(hub.store, "publish", actor="test") as run, hub.store.begin() as connection:
        connection.execute(sa.text(_MANY), {"run": run.run_id})
    hub.store.tidy("quarantine")
    olga = sign_in("operator")
    for query in ("", "?stage=validate", "?stage=map&expectation=e3", "?subject=s77777", "?before=50000"):
        with hub.store.begin() as connection:
            before = connection.scalar(sa.text(_READ))
        page = olga.get(f"/quarantine{query}")
        with hub.store.begin() as connection:
            connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
        with hub.store.begin() as connection:
            assert connection.scalar(sa.text(_READ)) == before, query
        assert page.status_code == 200
        assert page.text.count("<tr>") <= 52
    assert "e3 10,000" in shown(olga.get("/quarantine").text)


def test_questions_of_one_kind_are_one_group_however_many(sign_in: SignIn, hub: Hub) -> None:
    with runs.running(hub.store, "publish", actor="test") as run, hub.store.begin() as connection:
        connection.execute(sa.text(_ASKED), {"run": run.run_id})
    olga = sign_in("operator")
    page = olga.get("/quarantine")
    assert "two records, one person? 3,000" in shown(page.text) and "records to delete 2" in shown(page.text)
    assert page.text.count("expectation=") < 10, "a line for each would be a list of its own"

    def listed(expectation: str) -> tuple[str, str]:
        text = olga.get("/quarantine", params={"stage": "push", "expectation": expectation}).text
        return text, shown(text.partition("<tbody>")[2])

    text, rows = listed("MERGED")
    assert "of s3000" in rows and "of s9999" not in rows and "all of these" not in text
    assert "of s17" in listed("MERGED 00Q17")[1] and "of s18" not in listed("MERGED 00Q17")[1]
    assert "of s9999" in listed("LATER")[1], "what comes before or after them in order is found"


_ASKED = """
INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
SELECT 'push', 's' || n, 'MERGED 00Q' || n, 'of s' || n, :run FROM generate_series(1, 3000) n
UNION ALL SELECT 'push', 's' || n, 'ERASED 00Q' || n, 'of s' || n, :run FROM generate_series(1, 2) n
UNION ALL SELECT 'push', 's9999', 'LATER', 'of s9999', :run
"""
_READ = "SELECT coalesce(seq_tup_read, 0) FROM pg_stat_user_tables WHERE relname = 'quarantine'"
_MANY = """
INSERT INTO quarantine (stage, subject, expectation, reason, run_id)
SELECT CASE WHEN n % 2 = 0 THEN 'map' ELSE 'validate' END, 's' || n, 'e' || n % 10, 'r', :run
FROM generate_series(1, 100000) n
"""
