"""Settings and one's own page: what is configured and how it fares; who may come in; one's own tokens and sessions."""

from __future__ import annotations

import re
import time
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from landbridge.bootstrap import Hub
from landbridge.config import Project, Settings
from landbridge.console import serve
from landbridge.console.people import invites
from landbridge.console.read import rules
from landbridge.console.web.rights import load_roles
from landbridge.errors import AccessRefused
from landbridge.trail import audit, runs
from tests.console.conftest import PASSWORD, SignIn, Visitor, shown, user

HOSTILE = "<script>alert(1)</script>"


def welcomed(hub: Hub, console: str, login: str, *roles: str) -> Visitor:
    """Somebody who came in by a link, with a password."""
    known = load_roles(hub.project.mappings / "console.yaml")
    word = invites.invite(hub.store, login, roles, known=known, actor="test")
    come = Visitor(base_url=console, follow_redirects=True, timeout=30)
    come.post(f"/welcome/{word}", data={"name": login.title(), "password": PASSWORD})
    return come


def test_an_account_shows_its_streams_its_last_failure_and_what_to_do(hub: Hub, sign_in: SignIn) -> None:
    with pytest.raises(AccessRefused), runs.running(hub.store, "sync", "zendesk", actor="test") as run:
        with hub.store.begin() as connection:
            insert = "INSERT INTO cursor (account, stream, checkpoint, run_id) VALUES ('zendesk', 'users', '{}', :run)"
            connection.execute(sa.text(insert), {"run": run.run_id})
            drift = """INSERT INTO drift (account, stream, path, type, mapping, first_run_id)
                       VALUES ('zendesk', 'users', :path, 'text', 'm', :run)"""
            connection.execute(sa.text(drift), {"run": run.run_id, "path": HOSTILE})
        raise AccessRefused("zendesk refused the token.", do="Make another token.")
    come = sign_in("viewer")
    page = shown(come.get("/settings").text)
    assert "zendesk refused the token. Make another token." in page
    assert "1 field" in page
    mappings = come.get("/settings/mappings?file=sources/zendesk.yaml").text
    assert HOSTILE not in mappings
    assert "&lt;script&gt;" in mappings
    assert "alert(1)" in come.get("/settings/mappings?format=csv").text


def test_an_account_is_looked_at_beside_the_page(hub: Hub, sign_in: SignIn) -> None:
    come = sign_in("operator")
    begun = time.monotonic()
    assert come.form("/settings/accounts/files-that-are-none/check").status_code == 404
    come.form("/settings/accounts/x/check")
    while "looking" in (page := shown(come.get("/settings").text)) and time.monotonic() < begun + 60:
        time.sleep(0.1)
    assert "does not answer" in page, "nobody is at the address of this test's accounts"
    assert sign_in("viewer").form("/settings/accounts/x/check").status_code == 403


def test_every_line_of_every_file_of_rules_is_shown_as_it_stands(hub: Hub, sign_in: SignIn) -> None:
    folder = hub.project.mappings
    assert "sources/zendesk.yaml" in rules.files(folder)
    for name in rules.files(folder):
        told = ["".join(text for _, text in parts) for parts in rules.lines(folder, name)]
        assert told == (folder / name).read_text(encoding="utf-8").splitlines(), name
    kinds = {kind for parts in rules.lines(folder, "console.yaml") for kind, _ in parts}
    assert kinds >= {"key", "comment", "mark"}
    come = sign_in("viewer")
    assert 'id="L12"' in come.get("/settings/mappings?file=console.yaml").text
    for path in ("../landbridge.yaml", "/etc/passwd", "sources/../../pyproject.toml", "schema/crm.schema.json"):
        assert come.get("/settings/mappings", params={"file": path}).status_code == 404, path


def test_thresholds_models_and_roles_have_their_page(hub: Hub, sign_in: SignIn) -> None:
    come = sign_in("viewer")
    identity = shown(come.get("/settings/identity").text)
    assert "Nothing was compared yet." in identity
    assert "ships with this version" in identity
    with hub.store.begin() as connection:
        connection.execute(sa.text("INSERT INTO run (run_id, flow) VALUES ('r', 'line')"))
        connection.execute(_MATCHES, {"model": hub.model.version})
    with serve.served(hub) as fresh:
        come.base_url = httpx.URL(fresh)
        page = come.get("/settings/identity").text
    assert "in force" in page
    assert 'stroke="var(--accent)"' in page
    assert "identity: {link_precision: 0.9}" in page


_MATCHES = sa.text("""
INSERT INTO match (left_id, right_id, model, weight, probability, band, run_id)
SELECT 'a/u/' || n, 'b/u/' || n, :model, n / 5.0, 0.9, 'link', 'r' FROM generate_series(1, 120) AS n
""")


def test_an_admin_invites_gives_roles_shuts_out_and_lets_in(hub: Hub, sign_in: SignIn, console: str) -> None:
    come = sign_in("admin", login="ada")
    page = come.form("/settings/users/invite", login="rita@acme.example", role=["reviewer"]).text
    link = re.search(r'<code id="link">([^<]+)</code>', page)
    assert link and link[1].startswith(f"{console}/welcome/")
    assert link[1] not in come.get("/settings/users").text, "it is shown once"
    rita = Visitor(base_url=console, follow_redirects=True)
    rita.post(link[1], data={"name": HOSTILE, "password": PASSWORD})
    assert rita.get("/api/v1/me").json()["roles"] == ["reviewer"]
    assert rita.get("/settings/users").status_code == 403
    listed = come.get("/settings/users").text
    assert HOSTILE not in listed
    user_id = re.findall(r"/settings/users/(\d+)/roles", listed)[-1]
    come.form(f"/settings/users/{user_id}/roles", role=["viewer", "auditor"])
    assert rita.get("/audit").status_code == 200
    assert "Undo" in shown(come.form(f"/settings/users/{user_id}/disable").text)
    assert rita.get("/api/v1/me").status_code == 401
    come.form(f"/settings/users/{user_id}/enable")
    assert "rita@acme.example" in shown(come.get("/settings/users").text)
    kinds = [row.kind for row in audit.newest(hub.store, 50) if row.actor == "ada"]
    assert {"user.invited", "user.roles", "user.disabled", "user.enabled"} <= set(kinds)


def test_the_last_who_manages_stays(hub: Hub, sign_in: SignIn) -> None:
    come = sign_in("admin", login="ada")
    user_id = re.findall(r"/settings/users/(\d+)/roles", come.get("/settings/users").text)[0]
    for act, fields in (("disable", {}), ("roles", {"role": ["viewer"]})):
        answer = come.form(f"/settings/users/{user_id}/{act}", **fields)  # type: ignore[arg-type]
        assert answer.status_code == 422
        assert "nobody could manage the console" in shown(answer.text)
    assert come.form("/settings/users/invite", login="a b", role=["viewer"]).status_code == 422
    assert come.form("/settings/users/invite", login="a", role=["emperor"]).status_code == 422
    assert come.form("/settings/users/999/enable").status_code == 422
    assert come.get("/settings/users").status_code == 200


def test_a_token_is_made_shown_once_used_and_revoked(hub: Hub, sign_in: SignIn, console: str) -> None:
    come = sign_in("viewer")
    assert come.form("/me/tokens", label="  ").status_code == 422
    page = come.form("/me/tokens", label=HOSTILE).text
    assert HOSTILE not in page
    token = re.search(r"lbt_[\w-]+", page)
    assert token and token[0] not in come.get("/me").text
    by_token = {"authorization": f"Bearer {token[0]}"}
    assert httpx.get(f"{console}/api/v1/me", headers=by_token).status_code == 200
    name = re.findall(r"/me/sessions/(\w+)/end", come.get("/me").text)[0]
    assert sign_in("viewer").form(f"/me/sessions/{name}/end").status_code == 404, "nobody else's to revoke"
    assert httpx.get(f"{console}/api/v1/me", headers=by_token).status_code == 200
    come.form(f"/me/sessions/{name}/end")
    assert httpx.get(f"{console}/api/v1/me", headers=by_token).status_code == 401


def test_the_password_is_changed_by_whoever_knows_it_and_others_are_signed_out(hub: Hub, console: str) -> None:
    come = welcomed(hub, console, "ann", "viewer")
    other = Visitor(base_url=console, follow_redirects=True)
    other.post("/sign-in", data={"login": "ann", "password": PASSWORD})
    assert other.get("/api/v1/me").status_code == 200
    assert come.form("/me/password", old="wrong", new="another horse battery").status_code == 422
    assert come.form("/me/password", old=PASSWORD, new="short").status_code == 422
    assert other.get("/api/v1/me").status_code == 200
    come.form("/me/password", old=PASSWORD, new="another horse battery")
    assert other.get("/api/v1/me").status_code == 401
    assert come.get("/api/v1/me").status_code == 200
    assert other.post("/sign-in", data={"login": "ann", "password": PASSWORD}).status_code == 401
    assert other.post("/sign-in", data={"login": "ann", "password": "another horse battery"}).status_code == 200


def test_a_crm_that_is_not_configured_leaves_the_page_standing(hub: Hub, database: str, tmp_path: Path) -> None:
    bare = Hub(Project(Settings(database=database, accounts={}), tmp_path))
    with serve.served(bare) as console:
        from landbridge.console.web import session

        value = session.begin(bare.store, user(bare, "viewer"))
        answer = httpx.get(f"{console}/settings", cookies={"landbridge": value})
    bare.close()
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["/settings", "/settings/mappings", "/settings/roles", "/settings/users", "/me", "/runs"]
)
def test_a_phone_shows_it_without_scrolling_sideways(open_page: object, path: str) -> None:
    page: Page = open_page("admin", width=390, height=844)  # type: ignore[operator]
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_programs_do_the_same(hub: Hub, sign_in: SignIn, console: str) -> None:
    come = sign_in("admin", login="ada")
    from landbridge.console.web.csrf import token

    come.headers["x-form-token"] = token(come.cookies["landbridge"])
    assert {each["account"] for each in come.get("/api/v1/accounts").json()} == set(hub.accounts)
    link = come.post("/api/v1/users", json={"login": "rita", "roles": ["reviewer"]}).json()["link"]
    httpx.post(link, data={"name": "Rita", "password": PASSWORD})
    ada, rita = come.get("/api/v1/users").json()
    assert (rita["login"], rita["roles"]) == ("rita", ["reviewer"])
    roles = come.put(f"/api/v1/users/{rita['user_id']}/roles", json={"roles": ["viewer"]}).json()["roles"]
    assert roles == ["viewer"]
    assert come.post(f"/api/v1/users/{rita['user_id']}/disable").json()["disabled_at"]
    assert come.post(f"/api/v1/users/{rita['user_id']}/enable").json()["disabled_at"] is None
    refused = come.post(f"/api/v1/users/{ada['user_id']}/disable")
    assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
