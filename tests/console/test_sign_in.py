"""Coming in: links that work once, passwords, the brake on guessing, sessions that end, forms that are ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.people import door, invites, users
from landbridge.console.web import session
from landbridge.console.web.rights import load_roles
from landbridge.store.engine import Store
from landbridge.trail import audit
from tests.console.conftest import PASSWORD, SignIn, Visitor, first_link, shown, user


def visitor(console: str) -> Visitor:
    return Visitor(base_url=console, follow_redirects=True, timeout=30)


def welcomed(hub: Hub, console: str) -> Visitor:
    come = visitor(console)
    answer = come.post(first_link(hub), data={"name": "Ann", "password": PASSWORD})
    assert answer.status_code in (200, 404), answer.text
    return come


def test_the_first_link_makes_an_admin_once(hub: Hub, console: str) -> None:
    path = first_link(hub)
    come = visitor(console)
    assert "This link is for admin" in shown(come.get(path).text)
    assert come.get(path).status_code == 200, "looking at a link does not use it up"
    come.post(path, data={"name": "Ann", "password": PASSWORD})
    assert "Ann" in come.get("/style").text
    assert visitor(console).get(path).status_code == 404
    assert visitor(console).post(path, data={"password": PASSWORD}).status_code == 404


def test_a_short_password_is_told_and_leaves_the_link_good(hub: Hub, console: str) -> None:
    path = first_link(hub)
    answer = visitor(console).post(path, data={"name": "Ann", "password": "short"})
    assert answer.status_code == 422
    assert "12 characters or more" in shown(answer.text)
    assert visitor(console).get(path).status_code == 200


def test_login_and_password(hub: Hub, console: str) -> None:
    welcomed(hub, console)
    come = visitor(console)
    wrong = come.post("/sign-in", data={"login": "admin", "password": "not the password"})
    nobody = come.post("/sign-in", data={"login": "nobody", "password": "not the password"})
    assert wrong.status_code == nobody.status_code == 401
    assert shown(wrong.text).replace("admin", "") == shown(nobody.text).replace("nobody", ""), "one answer for both"
    come.post("/sign-in", data={"login": " ADMIN ", "password": PASSWORD})
    assert come.get("/style").status_code == 200
    come.form("/sign-out")
    assert "Sign in" in shown(come.get("/style").text)


def test_guessing_is_stopped_for_the_login_and_not_for_others(hub: Hub, console: str) -> None:
    welcomed(hub, console)
    come = visitor(console)
    tries = [come.post("/sign-in", data={"login": "admin", "password": "guess"}) for _ in range(door.PASSWORDS.person)]
    assert {each.status_code for each in tries} == {401}
    assert come.post("/sign-in", data={"login": "admin", "password": PASSWORD}).status_code == 429
    assert come.post("/sign-in", data={"login": "other", "password": "guess"}).status_code == 401


def test_the_trail_tells_who_came_who_did_not_and_when_it_was_stopped(hub: Hub, console: str) -> None:
    welcomed(hub, console)
    come = visitor(console)
    come.post("/sign-in", data={"login": "a secret typed as login", "password": "guess"})
    for _ in range(door.PASSWORDS.person + 3):
        come.post("/sign-in", data={"login": "admin", "password": "guess"})
    told = [each.kind for each in audit.newest(hub.store, 50) if each.kind.startswith(("user.not", "sign_in"))]
    assert told == ["sign_in.stopped", *["user.not_signed_in"] * (door.PASSWORDS.person + 1)], "stopped is told once"
    with hub.store.begin() as connection:
        trail = connection.execute(sa.text("SELECT string_agg(a::text, ' ') FROM audit_event a")).scalar()
    assert "secret" not in str(trail)


def test_many_guesses_at_once_are_no_way_around_the_brake(hub: Hub, console: str) -> None:
    welcomed(hub, console)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: guessed(console), range(16)))
    assert sorted(answers) == [401] * door.PASSWORDS.person + [429] * (16 - door.PASSWORDS.person)


def guessed(console: str) -> int:
    return httpx.post(f"{console}/sign-in", data={"login": "admin", "password": "guess"}, timeout=60).status_code


def test_the_word_in_forms_is_another_on_every_page(sign_in: SignIn) -> None:
    come = sign_in("viewer")
    words = {re.search(r'name="form_token" value="(\w+)"', come.get("/style").text)[1] for _ in range(3)}  # type: ignore[index]
    assert len(words) == 3
    for word in words:
        assert come.post("/theme", data={"to": "dark", "form_token": word}).status_code == 200


def test_onward_leads_to_a_page_of_ours_only(hub: Hub, console: str) -> None:
    welcomed(hub, console)
    come = Visitor(base_url=console, follow_redirects=False)
    for onward in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"):
        answer = come.post("/sign-in", data={"login": "admin", "password": PASSWORD, "next": onward})
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), onward
    answer = come.post("/sign-in", data={"login": "admin", "password": PASSWORD, "next": "/runs?state=failed"})
    assert answer.headers["location"] == "/runs?state=failed"


def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_back(console: str) -> None:
    answer = httpx.get(f"{console}/style?sort=name")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/style%3Fsort%3Dname")


def test_a_session_ends_by_rest_by_age_and_when_its_owner_is_shut_out(hub: Hub, sign_in: SignIn) -> None:
    for spoiled in (
        "UPDATE console_session SET seen_at = now() - interval '3 hours'",
        "UPDATE console_session SET expires_at = now()",
        "UPDATE console_user SET disabled_at = now()",
    ):
        come = sign_in("viewer")
        assert come.get("/style").status_code == 200
        with hub.store.begin() as connection:
            connection.execute(sa.text(spoiled))
        assert "Sign in" in shown(come.get("/style").text), spoiled


def test_a_link_made_before_lets_nobody_in_who_was_shut_out_since(hub: Hub, console: str) -> None:
    known = load_roles(hub.project.mappings / "console.yaml")
    word = invites.invite(hub.store, "eve", ["admin"], known=known, actor="boss")
    user(hub, "admin", login="boss")
    eve = user(hub, "viewer", login="eve")
    users.disable(hub.store, eve, known=known, actor="boss")
    assert visitor(console).post(f"/welcome/{word}", data={"password": PASSWORD}).status_code == 404
    later = invites.invite(hub.store, "eve", [], known=known, actor="boss")
    assert visitor(console).post(f"/welcome/{later}", data={"password": PASSWORD}).status_code == 404
    with hub.store.begin() as connection:
        assert users.one(connection, "eve").disabled_at is not None  # type: ignore[union-attr]


def test_a_new_password_ends_what_was_open_under_the_old(hub: Hub, sign_in: SignIn, console: str) -> None:
    thief = sign_in("viewer", login="ann")
    stolen = session.new_token(hub.store, user(hub, "viewer", login="ann"), "stolen")
    known = load_roles(hub.project.mappings / "console.yaml")
    word = invites.invite(hub.store, "ann", ["viewer"], known=known, actor="boss")
    assert visitor(console).post(f"/welcome/{word}", data={"password": PASSWORD}).status_code == 200
    assert "Sign in" in shown(thief.get("/style").text)
    assert httpx.get(f"{console}/api/v1/me", headers={"authorization": f"Bearer {stolen}"}).status_code == 401


def test_whoever_lost_every_role_can_still_sign_out(hub: Hub, sign_in: SignIn) -> None:
    come = sign_in()
    assert come.get("/style").status_code == 403
    come.form("/sign-out")
    with hub.store.begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM console_session")) == 0


def test_a_body_that_is_too_large_is_refused_signed_in_or_not(console: str) -> None:
    """Also one that does not say its size, and before anybody is asked for a cookie."""

    def endless() -> Iterator[bytes]:
        yield from (b" " * 65_536 for _ in range(20))

    for path, form in (
        ("/api/v1/review/answers", "application/json"),
        ("/sign-in", "application/x-www-form-urlencoded"),
    ):
        for body in (endless(), b"x" * 400_000):
            answer = httpx.post(f"{console}{path}", content=body, headers={"content-type": form}, timeout=30)
            assert answer.status_code == 413, path


def test_what_cannot_be_text_is_refused_and_never_a_bug(console: str) -> None:
    for path in ("/style?sort=%00", "/%00", "/sign-in?next=%00"):
        assert httpx.get(f"{console}{path}").status_code == 400
    form = {"login": "a\0b", "password": "x"}
    assert httpx.post(f"{console}/sign-in", data=form).status_code == 400


def test_visitors_are_not_told_which_database_is_down(hub: Hub, console: str) -> None:
    hub.store.__dict__["engine"] = Store("postgresql://secretuser:word@127.0.0.1:9/prod").engine
    answer = httpx.post(f"{console}/sign-in", data={"login": "a", "password": "b"}, timeout=60)
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert "secretuser" not in answer.text
    assert "127.0.0.1" not in answer.text.replace(console, "")


def test_the_database_holds_no_word_that_opens_a_door(hub: Hub, console: str) -> None:
    path = first_link(hub)
    come = visitor(console)
    come.post(path, data={"name": "Ann", "password": PASSWORD})
    with hub.store.begin() as connection:
        tables = ("console_user", "console_session", "console_invite", "audit_event")
        kept = "".join(str(connection.execute(sa.text(f"SELECT t::text FROM {each} t")).all()) for each in tables)
    assert "argon2id" in kept
    for secret in (PASSWORD, path.rsplit("/", 1)[1], come.cookies["landbridge"]):
        assert secret not in kept


def test_a_token_opens_the_api_and_no_page(hub: Hub, console: str) -> None:
    token = session.new_token(hub.store, user(hub, "viewer"), "reports")
    by_header = {"authorization": f"Bearer {token}"}
    assert httpx.get(f"{console}/api/v1/me", headers=by_header).json()["roles"] == ["viewer"]
    assert httpx.get(f"{console}/api/v1/me", cookies={"landbridge": token}).status_code == 401
    refused = httpx.get(f"{console}/api/v1/me")
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_form_of_another_site_or_session_changes_nothing(sign_in: SignIn) -> None:
    come, other = sign_in("viewer"), sign_in("viewer")
    assert come.post("/theme", data={"to": "dark"}).status_code == 403
    assert come.post("/theme", data={"to": "dark", "form_token": "0" * 64}).status_code == 403
    theirs = other.cookies["landbridge"]
    from landbridge.console.web.csrf import token

    assert come.post("/theme", data={"to": "dark", "form_token": token(theirs)}).status_code == 403
    ours = {"to": "dark", "back": "/style", "form_token": token(come.cookies["landbridge"])}
    assert come.post("/theme", data=ours, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert come.post("/theme", data=ours, headers={"origin": "https://evil.example"}).status_code == 403
    assert 'data-theme="dark"' in come.post("/theme", data=ours).text


def test_every_answer_carries_the_headers_and_another_host_is_refused(console: str) -> None:
    for path in ("/sign-in", "/nowhere", "/static/console.js", "/api/v1/me"):
        answer = httpx.get(f"{console}{path}")
        assert "default-src 'none'" in answer.headers["content-security-policy"], path
        assert answer.headers["x-frame-options"] == "DENY"
    assert httpx.get(f"{console}/sign-in", headers={"host": "evil.example"}).status_code == 400
