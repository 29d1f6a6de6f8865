"""The page Review over HTTP: what it shows, to whom, and what its forms do without a script."""

from __future__ import annotations

import httpx
import pytest

from landbridge.bootstrap import Hub
from tests.console.conftest import SignIn, Visitor, shown
from tests.desk.conftest import Ask, ask, pair, rows  # noqa: F401  (a fixture)

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)> \u202eevil'


def review(visitor: Visitor, number: int | None = None) -> httpx.Response:
    asked = dict(zip(("left", "right"), pair(number), strict=True)) if number else {}
    return visitor.get("/review", params=asked)


def answer(visitor: Visitor, number: int, verdict: str, **fields: str) -> httpx.Response:
    left, right = pair(number)
    return visitor.form("/review/answer", left=left, right=right, verdict=verdict, **fields)


def test_the_most_valuable_question_is_shown_with_both_sides(sign_in: SignIn, ask: Ask) -> None:  # noqa: F811
    ask(3, 7)
    text = shown(review(sign_in("reviewer")).text)
    for told in ("Ann a7", "Ann b7", "ann7a@x.example", "same first name: ann", "Perhaps the same", "2 open"):
        assert told in text
    assert "One customer, and one Lead is created instead of two." in text


def test_answers_without_a_script_move_on_and_can_be_undone(sign_in: SignIn, hub: Hub, ask: Ask) -> None:  # noqa: F811
    ask(1, 2, 3)
    ada = sign_in("reviewer", login="ada")
    review(ada)
    page = answer(ada, 3, "same", reason="her maiden name")
    assert page.url.path == "/review"
    assert "One customer." in shown(page.text)
    assert "Ann a2" in page.text
    assert rows(hub.store, "SELECT verdict, actor, reason FROM decision") == [("same", "ada", "her maiden name")]

    back = ada.form("/review/undo")
    assert "Taken back." in shown(back.text)
    assert "Ann a3" in back.text
    assert rows(hub.store, "SELECT withdrawn_by FROM decision") == [("ada",)]
    assert "Put off." in shown(answer(ada, 3, "later").text)
    assert rows(hub.store, "SELECT state FROM question ORDER BY left_id DESC LIMIT 1") == [("later",)]


def test_what_a_colleague_has_on_the_screen_is_told_and_not_shown(sign_in: SignIn, ask: Ask) -> None:  # noqa: F811
    ask(1, 2, 3, 4)
    review(sign_in("reviewer", login="ada"))
    bob = sign_in("reviewer", login="bob")
    page = review(bob, 4)
    assert "ada has this question on the screen" in shown(page.text)
    assert 'data-left="crm/Contact/0002a"' in page.text, "ada has 4, and 3 as her next"
    assert answer(bob, 4, "same").status_code == 409


def test_whoever_may_not_review_sees_and_claims_nothing(sign_in: SignIn, hub: Hub, ask: Ask) -> None:  # noqa: F811
    ask(1)
    viewer = sign_in("viewer")
    page = review(viewer)
    assert "data-verdict" not in page.text
    assert "Undo" not in page.text
    assert rows(hub.store, "SELECT claimed_by FROM question") == [(None,)]
    assert answer(viewer, 1, "same").status_code == 403


def test_personal_values_are_veiled(sign_in: SignIn, ask: Ask, hub: Hub) -> None:  # noqa: F811
    ask(1)
    rows(hub.store, "UPDATE match SET evidence = jsonb_set(evidence, '{given,left}', '\"secretname\"') RETURNING 1")
    rows(
        hub.store,
        """INSERT INTO touchpoint (touchpoint_id, account, stream, record_id, person, kind, subject, text, mapping,
        digest, run_id) VALUES ('t', 'crm', 'e', 1, 'crm/Contact/0001a', 'ticket', 'secretsubject', 'secrettext', 'm',
        'd', 'r') RETURNING 1""",
    )
    page = review(sign_in("viewer")).text
    for secret in ("ann1a@x.example", "Ann a1", "secretname", "secretsubject", "secrettext"):
        assert secret not in page
    assert "a•••@x.example" in page
    assert "same first name" in page
    seen = review(sign_in("reviewer")).text
    assert "ann1a@x.example" in seen
    assert "secrettext" in seen


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_text_from_outside_is_text(sign_in: SignIn, hub: Hub, ask: Ask, role: str) -> None:  # noqa: F811
    ask(1)
    hostile = {"name": HOSTILE + "x" * 10_000}
    rows(
        hub.store, "UPDATE profile SET full_name = :name, email = ARRAY[:name], company = :name RETURNING 1", **hostile
    )
    rows(
        hub.store,
        """INSERT INTO touchpoint (touchpoint_id, account, stream, record_id, person, kind, subject, text, url, mapping,
        digest, run_id) VALUES ('t', 'crm', 'e', 1, 'crm/Contact/0001a', 'ticket', :name, :name,
        'javascript:alert(1)', 'm', 'd', 'r') RETURNING 1""",
        **hostile,
    )
    page = review(sign_in(role))
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "javascript:" not in page.text
    assert len(page.text) < 60_000, "a long name is cut"


def test_nothing_to_review_says_so(sign_in: SignIn) -> None:
    assert "No question waits for you." in shown(review(sign_in("reviewer")).text)


def test_a_question_of_much_worth_wants_two(sign_in: SignIn, hub: Hub, ask: Ask) -> None:  # noqa: F811
    ask(1)
    rows(hub.store, "UPDATE question SET deals = 60000 RETURNING 1")
    ada, bob = sign_in("reviewer", login="ada"), sign_in("reviewer", login="bob")
    assert "two people must say the same: yours is the first" in shown(review(ada).text)
    assert "waits for another person" in shown(answer(ada, 1, "different", reason="two mothers").text)
    text = shown(review(bob).text)
    assert "ada said different" in text
    assert "two mothers" in text
    assert "Two customers." in shown(answer(bob, 1, "different").text)
    assert rows(hub.store, "SELECT actor FROM decision") == [("bob",)]


def test_the_api_has_the_same_verbs(sign_in: SignIn, hub: Hub, ask: Ask) -> None:  # noqa: F811
    from landbridge.console.web import session
    from tests.console.conftest import user

    ask(1, 2)
    token = session.new_token(hub.store, user(hub, "reviewer", login="robot"), "test")
    api = sign_in("viewer")
    api.headers["authorization"] = f"Bearer {token}"
    api.cookies.clear()
    (waiting, _) = api.get("/api/v1/review").json()
    assert (waiting["left_id"], waiting["value"], waiting["claimed_by"]) == (pair(2)[0], 2.0, None)
    (claimed,) = api.post("/api/v1/review/claims", json={"count": 1}).json()
    assert claimed["claimed_by"] == "robot"
    told = {"left_id": claimed["left_id"], "right_id": claimed["right_id"]}
    case = api.get("/api/v1/review/question", params=told).json()
    assert [record["values"]["email"] for record in case["records"]] == [["ann2a@x.example"], ["ann2b@x.example"]]
    act = api.post("/api/v1/review/answers", json={**told, "verdict": "same", "reason": "by rule"}).json()
    assert (act["act"], act["waits"], act["actor"]) == ("same", False, "robot")
    again = api.post("/api/v1/review/answers", json={**told, "verdict": "same"})
    assert again.status_code == 404
    assert again.json()["do"]
    assert api.post("/api/v1/review/undo", json={"act_id": act["act_id"]}).json()["act"] == "same"
    assert rows(hub.store, "SELECT withdrawn_at IS NULL FROM decision") == [(False,)]
    assert api.post("/api/v1/review/answers", json={**told, "verdict": "perhaps"}).status_code == 422
