"""Signing in with an OpenID provider, over real HTTP: whom it vouches for comes in, and no forged word does."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from landbridge.bootstrap import Hub
from landbridge.config import Account, Console, Oidc, Project, Settings
from landbridge.console.people import door, invites, passwords, users
from landbridge.console.people import oidc as rounds
from landbridge.console.people import provided as people
from landbridge.console.people.provided import roles_of
from landbridge.console.web.rights import load_roles
from landbridge.errors import RecordRejected
from landbridge.store.engine import Store
from landbridge.trail import audit
from sandbox.oidc import LIES, Provider
from tests.console.conftest import PASSWORD, SignIn, Visitor, shown, user
from tests.oidc_provider import provided

VERIFIED = {"email_verified": True}
PEOPLE: dict[str, dict[str, Any]] = {
    "ann": {
        "sub": "1",
        "email": "Ann@acme.example",
        "name": "Ann Lee",
        "groups": ["crm-reviewers", "golf"],
        **VERIFIED,
    },
    "bob": {"sub": "2", "email": "bob@acme.example", "name": "<b>Bob</b>", "groups": ["golf"], **VERIFIED},
    "eve": {"sub": "3", "email": "admin@acme.example", "email_verified": False, "groups": ["crm-admins"]},
}
ROLES = {"crm-reviewers": "reviewer", "crm-admins": "admin", "crm-auditors": "auditor"}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with provided({name: dict(claims) for name, claims in PEOPLE.items()}) as provider:
        monkeypatch.setenv("OIDC_SECRET", provider.client_secret)
        yield provider


@pytest.fixture
def hub(store: Store, database: str, tmp_path: Path, provider: Provider) -> Iterator[Hub]:
    oidc = Oidc(name="Acme", issuer=provider.issuer, client_id="landbridge", client_secret="OIDC_SECRET", roles=ROLES)
    settings = Settings(database=database, accounts={"x": Account(system="x")}, console=Console(oidc=oidc))
    hub = Hub(Project(settings, tmp_path))
    yield hub
    hub.close()


@pytest.fixture
def come(console: str) -> Iterator[Visitor]:
    with Visitor(base_url=console, follow_redirects=False, timeout=30) as visitor:
        yield visitor


def answered(come: httpx.Client, who: str, onward: str = "/style") -> str:
    """Begin at the console, sign in over there; the address that the provider sends the browser back to."""
    there = come.get("/sign-in/oidc", params={"next": onward})
    assert there.status_code == 303, shown(there.text)
    return str(httpx.post(there.headers["location"], data={"who": who}).headers["location"])


def entered(come: httpx.Client, who: str, onward: str = "/style") -> httpx.Response:
    """The same, and back."""
    return come.get(answered(come, who, onward))


def test_whoever_has_a_group_comes_in_with_its_role(hub: Hub, come: Visitor) -> None:
    assert "Sign in with Acme" in come.get("/sign-in").text
    back = entered(come, "ann")
    assert (back.status_code, back.headers["location"]) == (303, "/style")
    assert come.get("/api/v1/me").json() == {
        "login": "ann@acme.example",
        "name": "Ann Lee",
        "roles": ["reviewer"],
        "rights": ["personal", "review", "see"],
    }
    assert "landbridge-oidc" not in come.cookies, "an attempt is used up"


def test_what_is_asked_of_the_provider(hub: Hub, come: Visitor, console: str) -> None:
    first, second = (
        parse_qs(urlsplit(come.get("/sign-in/oidc").headers["location"]).query) for _ in range(2)
    )  # fmt: skip
    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == [f"{console}/sign-in/oidc/back"]
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
        assert len(first[name][0]) >= 32


TOLD = {
    "expired": "of another time",
    "early": "of another time",
    "down": "does not answer",
    "broken": "does not answer",
    "wrong_key": "signature is not the provider's",
    "alg_none": "signature is not the provider's",
    "wrong_nonce": "not meant for this sign-in (nonce)",
    "wrong_audience": "not meant for this sign-in (aud)",
    "answers_for_another": "another provider's",
}


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_comes_in(hub: Hub, provider: Provider, come: Visitor, lie: str) -> None:
    provider.lie = lie
    provider.slim = lie == "other_person"
    there = come.get("/sign-in/oidc")
    if there.status_code == 303:
        there = come.get(httpx.post(there.headers["location"], data={"who": "ann"}).headers["location"])
    assert there.status_code in (403, 503)
    page = shown(there.text).replace("&#39;", "'")
    assert "Acme" in page
    assert TOLD.get(lie, "did not work") in page
    assert come.get("/style").status_code == 303
    assert users.everybody(hub.store) == [], "nobody was made"
    provider.lie = ""
    assert entered(come, "ann").headers["location"] == "/style", "and the truth still does"


def test_an_answer_is_good_once_and_for_the_browser_that_asked(
    hub: Hub, come: Visitor, console: str, provider: Provider
) -> None:
    answer = answered(come, "ann")
    with Visitor(base_url=console, follow_redirects=False) as other:
        assert other.get(answer).status_code == 403, "another browser, without an attempt"
        answered(other, "bob")
        assert other.get(answer).status_code == 403, "another browser, with another attempt"
    kept = come.cookies["landbridge-oidc"]
    assert come.get(answer).status_code == 303
    come.cookies.set("landbridge-oidc", kept)
    again = come.get(answer)
    assert again.status_code == 403
    assert "used before" in shown(again.text)
    for spoiled in ("state=wrong", "", "code=x"):
        answered(come, "ann")
        assert come.get(f"/sign-in/oidc/back?{spoiled}").status_code == 403


def test_a_code_without_its_verifier_is_worth_nothing(hub: Hub, come: Visitor, provider: Provider) -> None:
    answer = answered(come, "ann")
    for code in provider.codes.values():
        code["code_challenge"] = "of somebody else"
    assert come.get(answer).status_code == 403


def test_whoever_cancels_or_has_no_group_is_told(hub: Hub, come: Visitor) -> None:
    assert "access_denied" in shown(entered(come, "").text)
    refused = entered(come, "bob")
    assert refused.status_code == 403
    assert "no group of yours gives a role here" in shown(refused.text)
    assert "<b>Bob" not in refused.text
    assert users.everybody(hub.store) == []


def test_roles_follow_the_provider_at_each_sign_in(hub: Hub, come: Visitor, provider: Provider) -> None:
    entered(come, "ann")
    provider.people["ann"]["groups"] = ["crm-auditors", "crm-reviewers"]
    entered(come, "ann")
    assert come.get("/api/v1/me").json()["roles"] == ["auditor", "reviewer"]
    provider.people["ann"]["groups"] = []
    with Visitor(base_url=come.base_url, follow_redirects=False) as other:
        assert entered(other, "ann").status_code == 403
    assert come.get("/style").status_code == 303, "who lost the last role is signed out everywhere"
    provider.people["ann"] |= {"groups": ["crm-reviewers"], "email": "ann.lee@acme.example"}
    entered(come, "ann")
    assert come.get("/api/v1/me").json()["login"] == "ann@acme.example", "known by subject, whatever the address"


def test_a_local_account_is_taken_over_only_where_an_admin_said_so(hub: Hub, come: Visitor) -> None:
    local = user(hub, "admin", login="ann@acme.example")
    refused = entered(come, "ann")
    assert refused.status_code == 403
    assert "there is a user" in shown(refused.text)
    assert come.get("/style").status_code == 303
    people.let_link(hub.store, local, actor="admin")
    assert entered(come, "ann").status_code == 303
    assert [(each.user_id, each.roles) for each in users.everybody(hub.store)] == [(local, ("reviewer",))]


def test_an_address_that_is_given_to_somebody_else_is_not_theirs_here(
    hub: Hub, come: Visitor, provider: Provider
) -> None:
    entered(come, "ann")
    provider.people["new"] = {**PEOPLE["ann"], "sub": "99"}
    assert entered(come, "new").status_code == 403


def test_whoever_is_shut_out_stays_out(hub: Hub, come: Visitor) -> None:
    entered(come, "ann")
    with hub.store.begin() as connection:
        connection.execute(sa.text("UPDATE console_user SET disabled_at = now()"))
    assert "shut out" in shown(entered(come, "ann").text)


def test_an_address_that_nobody_vouches_for_is_none(hub: Hub, come: Visitor, provider: Provider) -> None:
    """Nor one of which it is not said whether anybody does, until IT says that the provider's addresses are true."""
    assert entered(come, "eve").status_code == 403
    del provider.people["ann"]["email_verified"]
    assert "unverified_email" in shown(entered(come, "ann").text)
    assert users.everybody(hub.store) == []
    settings = hub.project.settings
    oidc = settings.console.oidc.model_copy(update={"unverified_email": True})  # type: ignore[union-attr]
    hub.project.settings = settings.model_copy(update={"console": Console(oidc=oidc)})
    assert entered(come, "eve").status_code == 403
    assert entered(come, "ann").status_code == 303


def test_no_password_stands_beside_the_provider(hub: Hub, come: Visitor, provider: Provider, console: str) -> None:
    """It would let somebody in whom the provider no longer knows."""
    known = load_roles(hub.project.mappings / "console.yaml")
    local = user(hub, "admin", login="ann@acme.example")
    with hub.store.begin() as connection:
        passwords.set_password(connection, users.everybody(hub.store)[0], PASSWORD)
    early = invites.invite(hub.store, "ann@acme.example", [], known=known, actor="root")
    people.let_link(hub.store, local, actor="root")
    assert entered(come, "ann").status_code == 303
    assert httpx.post(f"{console}/welcome/{early}", data={"password": PASSWORD}).status_code == 404
    tried = {"login": "ann@acme.example", "password": PASSWORD}
    assert httpx.post(f"{console}/sign-in", data=tried).status_code == 401
    with pytest.raises(RecordRejected, match="signs in with the company's provider"):
        invites.invite(hub.store, "ann@acme.example", [], known=known, actor="root")
    people.unlink(hub.store, local, actor="root")
    assert come.get("/style").status_code == 303, "parted, they are signed out"
    assert entered(come, "ann").status_code == 403, "and not taken over again"
    late = invites.invite(hub.store, "ann@acme.example", [], known=known, actor="root")
    assert httpx.post(f"{console}/welcome/{late}", data={"password": PASSWORD}).status_code == 303
    kinds = [each.kind for each in audit.newest(hub.store, 100)]
    assert {"user.password_dropped", "user.linked", "user.unlinked"} <= set(kinds)


def test_a_provider_that_hangs_takes_few_of_our_threads(
    come: Visitor, sign_in: SignIn, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as may ask it at once; who comes then is told so, and everybody else's pages are there."""
    monkeypatch.setattr(rounds, "PATIENCE", (60, 60))
    viewer, address = sign_in("viewer"), f"{come.base_url}/sign-in/oidc"
    provider.answers.clear()
    with ThreadPoolExecutor(30) as pool:
        answers = [pool.submit(httpx.get, address, timeout=120) for _ in range(30)]
        told = as_completed(answers)
        turned_away = [next(told).result().status_code for _ in range(30 - rounds.AT_ONCE)]
        assert viewer.get("/style").status_code == 200
        provider.answers.set()
        let_on = [each.result().status_code for each in told]
    assert (set(turned_away), set(let_on)) == ({503}, {303})


def test_what_no_browser_keeps_is_not_given_and_not_read(hub: Hub, come: Visitor) -> None:
    far = come.get("/sign-in/oidc", params={"next": "/" + "x" * 5000})
    assert len(far.headers["set-cookie"]) < 4096
    assert entered(come, "ann", "/" + "x" * 5000).headers["location"] == "/"
    for kept in (b"[" * 20_000, b"[" * 2_900, b"{}", b"1"):
        cookie = base64.urlsafe_b64encode(kept).decode()
        answer = httpx.get(f"{come.base_url}/sign-in/oidc/back", headers={"cookie": f"landbridge-oidc={cookie}"})
        assert answer.status_code == 403, kept[:4]


def test_what_the_token_leaves_out_is_asked_for(hub: Hub, come: Visitor, provider: Provider) -> None:
    provider.slim = True
    assert entered(come, "ann").status_code == 303
    assert come.get("/api/v1/me").json()["roles"] == ["reviewer"]


def test_the_provider_is_not_asked_without_end_and_the_trail_tells(hub: Hub, come: Visitor, provider: Provider) -> None:
    entered(come, "ann")
    answers = [come.get(path).status_code for _ in range(40) for path in ("/sign-in/oidc", "/sign-in/oidc/back")]
    assert answers.count(429) == len(answers) - door.PROVIDER.person
    kinds = [each.kind for each in audit.newest(hub.store, 100)]
    assert kinds.count("sign_in.stopped") == 1
    assert kinds.count("user.not_signed_in") == door.PROVIDER.person // 2, "came in once, and was forgiven for it"
    assert kinds.count("user.signed_in") == 1


def test_groups_within_groups_and_roles_that_nobody_defined(hub: Hub) -> None:
    known = load_roles(hub.project.mappings / "console.yaml")
    base = {"issuer": "https://id.example", "client_id": "x", "client_secret": "X"}
    nested = Oidc(**base, roles_claim="realm.roles", roles={"a": "viewer"}, default_role="auditor")
    assert roles_of(nested, {"realm": {"roles": ["a"]}}, known) == ["viewer"]
    assert roles_of(nested, {"realm": "a"}, known) == ["auditor"]
    assert roles_of(nested, {"realm.roles": "a"}, known) == ["viewer"]
    with pytest.raises(people.ConfigInvalid, match="no-such-role"):
        roles_of(Oidc(**base, roles={"a": "no-such-role"}), {"groups": ["a"]}, known)


def test_onward_leads_to_a_page_of_ours_only(hub: Hub, come: Visitor) -> None:
    for onward in ("//evil.example", "https://evil.example"):
        assert entered(come, "ann", onward).headers["location"] == "/"


def test_an_issuer_without_https_elsewhere_is_refused(
    store: Store, database: str, tmp_path: Path, provider: Provider
) -> None:
    from landbridge.console import serve

    oidc = Oidc(issuer="http://id.acme.example", client_id="x", client_secret="OIDC_SECRET")
    settings = Settings(database=database, accounts={"x": Account(system="x")}, console=Console(oidc=oidc))
    hub = Hub(Project(settings, tmp_path))
    with serve.served(hub) as console:
        assert "not https" in shown(httpx.get(f"{console}/sign-in/oidc").text)
    hub.close()


def test_in_a_browser(hub: Hub, browser: Any, console: str) -> None:
    context = browser.new_context(base_url=console)
    page: Page = context.new_page()
    page.goto("/style")
    page.get_by_role("link", name="Sign in with Acme").click()
    page.get_by_role("button", name="ann").click()
    expect(page.get_by_role("heading", name="Style")).to_be_visible()
    expect(page.get_by_text("Ann Lee")).to_be_visible()
    context.close()
