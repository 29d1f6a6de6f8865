"""The page Customers over HTTP: who is found, what is shown to whom, split and overrides without a script."""

from __future__ import annotations

import httpx
import pytest
import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.web import session
from landbridge.desk.index import keep_index
from landbridge.store.engine import Store
from landbridge.trail import runs
from tests.console.conftest import SignIn, shown, user
from tests.desk.conftest import Ask, ask, rows  # noqa: F401  (a fixture)
from tests.leads.people import People

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)> \u202eevil'
ANN = {
    "full_name": "Ann Lee",
    "email": ["ann@secret.example"],
    "phone": ["+442079460018"],
    "company": "Acme",
    "consent": ["email:refused:2026-01-01T00:00:00Z"],
}


@pytest.fixture
def ann(store: Store) -> People:
    """Ann of two systems, and Bo."""
    people = People(store)
    people.person("ann", salesforce=ANN, hubspot={"full_name": "Anne Leigh", "email": ["al@secret.example"]})
    people.person("bo", x={"full_name": "Bo Ek", "handle": ["x:boek"]})
    people.touch("salesforce/people/ann", "ticket", subject="My secretorder", text="secrettext", direction="in")
    for number in range(30):
        people.touch("hubspot/people/ann", "email_opened", days_ago=number + 1, campaign="Spring")
    again(people)
    return people


def again(people: People) -> None:
    people.leads()
    with runs.running(people.store, "publish", actor="test") as run:
        keep_index(run)


def test_searching_as_one_types(sign_in: SignIn, ann: People) -> None:
    visitor = sign_in("reviewer")
    whole = visitor.get("/customers", params={"q": "an"})
    assert "Ann Lee" in whole.text
    assert "Bo Ek" not in whole.text
    part = visitor.get("/customers", params={"q": "boek"}, headers={"x-part": "1"})
    assert part.text.startswith('<div id="results">')
    assert "Bo Ek" in part.text
    assert "Nobody is found by that." in visitor.get("/customers", params={"q": "zzzz"}).text
    both = visitor.get("/customers").text
    assert "Ann Lee" in both
    assert "Bo Ek" in both


def test_a_customer_whole(sign_in: SignIn, ann: People) -> None:
    text = shown(sign_in("reviewer").get("/customers/ann").text)
    for told in (
        "Ann Lee",
        "Anne Leigh",
        "from the system trusted most",
        "al@secret.example",
        "My secretorder — secrettext",
        "email refused",
        "since 2026-01-01",
        "salesforce/people/ann",
        "Page 1",
        "campaign Spring",
    ):
        assert told in text, told
    older = shown(sign_in("reviewer").get("/customers/ann", params={"page": 2}).text)
    assert "secrettext" not in older
    assert "email opened" in older


def test_an_id_of_old_leads_to_whom_it_means_today(sign_in: SignIn, ann: People) -> None:
    ann.merge("ann", "bo")
    again(ann)
    page = sign_in("reviewer").get("/customers/bo")
    assert page.url.path == "/customers/ann"
    assert "bo is part of this customer now" in shown(page.text)
    assert sign_in("reviewer").get("/customers/nobody").status_code == 404


def test_history_tells_that_an_id_was_given_back(sign_in: SignIn, ann: People) -> None:
    with runs.running(ann.store, "resolve", actor="test") as run, ann.store.begin() as connection:
        row = {"run": run.run_id}
        for kind in ("redirected", "restored"):
            values = f"('{kind}', 'bo', 'ann', :run)"
            connection.execute(
                sa.text(f"INSERT INTO identity_event (kind, identity_id, other_id, run_id) VALUES {values}"), row
            )
    told = shown(sign_in("reviewer").get("/customers/bo").text)
    assert "is no part any more of ann" in told
    assert "became part of ann" in told


def test_personal_values_are_veiled(sign_in: SignIn, ann: People, hub: Hub) -> None:
    viewer = sign_in("viewer")
    token = session.new_token(hub.store, user(hub, "viewer"), "test")
    api = httpx.Client(base_url=viewer.base_url, headers={"authorization": f"Bearer {token}"})
    pages = [
        viewer.get("/customers").text,
        viewer.get("/customers", params={"q": "lee"}).text,
        viewer.get("/customers", params={"format": "csv"}).text,
        viewer.get("/customers/ann").text,
        api.get("/api/v1/customers", params={"q": "lee"}).text,
        api.get("/api/v1/customers/ann").text,
    ]
    for page in pages:
        for secret in ("ann@", "al@", "Ann Lee", "Leigh", "79460018", "secretorder", "secrettext", "Acme"):
            assert secret not in page.replace('value="lee"', ""), secret
    assert "a•••@secret.example" in pages[0]


def test_a_value_set_by_hand_stands_and_is_taken_back(sign_in: SignIn, ann: People) -> None:
    ada = sign_in("reviewer", login="ada")
    said = {"field": "full_name", "value": "Ann Lee-Smith", "reason": "married, she said"}
    page = ada.form("/customers/ann/override", **said)
    assert "Name stands from the next run on." in shown(page.text)
    assert "from the next run on now: Ann Lee" in shown(page.text)
    again(ann)
    text = shown(ada.get("/customers/ann").text)
    assert "Ann Lee-Smith" in text
    assert "said by ada" in text
    assert ada.get("/customers", params={"q": "lee-smith"}).text.count("Ann Lee-Smith") == 1
    (number,) = rows(ann.store, "SELECT override_id FROM override")[0]
    assert "The rules choose again" in shown(ada.form(f"/customers/ann/override/{number}/release").text)
    again(ann)
    assert "Ann Lee-Smith" not in shown(ada.get("/customers/ann").text)
    assert ada.form("/customers/ann/override", field="email", value="nobody", reason="x").status_code == 422
    assert sign_in("viewer").form("/customers/ann/override", **said).status_code == 403


def test_a_split_shows_what_follows_then_decides_and_can_be_taken_back(sign_in: SignIn, ann: People) -> None:
    ada = sign_in("reviewer", login="ada")
    shows = ada.get("/customers/ann/split", params={"profile": "hubspot/people/ann"})
    assert "These leave 1 record hubspot/people/ann These stay 1 record salesforce/people/ann" in shown(shows.text)
    page = ada.form("/customers/ann/split", profile="hubspot/people/ann", reason="two sisters")
    assert "1 of 2 records part at the next run." in shown(page.text)
    assert rows(ann.store, "SELECT left_id, right_id, verdict, actor, reason FROM decision") == [
        ("hubspot/people/ann", "salesforce/people/ann", "different", "ada", "two sisters")
    ]
    undo = page.text.split('action="/customers/ann/split/undo', 1)[1].split('"', 1)[0]
    assert "The split is taken back." in shown(ada.form(f"/customers/ann/split/undo{undo}").text)
    assert rows(ann.store, "SELECT withdrawn_by FROM decision") == [("ada",)]
    assert ada.get("/customers/ann/split").status_code == 404
    assert ada.form("/customers/ann/split", profile="x/people/bo").status_code == 404
    assert sign_in("viewer").form("/customers/ann/split", profile="hubspot/people/ann").status_code == 403


@pytest.mark.parametrize("role", ["viewer", "reviewer"])
def test_text_from_outside_is_text(sign_in: SignIn, ann: People, role: str) -> None:
    name = HOSTILE + "x" * 10_000
    said = {"full_name": name, "company": name, "website": "javascript:alert(1)", "email": [name], "title": name}
    ann.person("evil", zendesk_evil=said, hubspot_evil={**said, "full_name": name + "y"})
    ann.touch("zendesk/people/evil", "mention", subject=name, text=name, url="javascript:alert(1)", campaign=name)
    again(ann)
    visitor = sign_in(role)
    for page in (visitor.get("/customers/evil"), visitor.get("/customers", params={"q": HOSTILE})):
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert 'href="javascript' not in page.text
        assert len(page.text) < 60_000
    csv = visitor.get("/customers", params={"format": "csv"})
    assert not [line for line in csv.text.splitlines() if line[:1] in "=+-@"]


def test_the_api_has_the_same_verbs(sign_in: SignIn, hub: Hub, ann: People) -> None:
    token = session.new_token(hub.store, user(hub, "reviewer", login="robot"), "test")
    base = sign_in("viewer").base_url
    api = httpx.Client(base_url=base, headers={"authorization": f"Bearer {token}"})
    (found,) = api.get("/api/v1/customers", params={"q": "anne leigh"}).json()
    assert (found["identity_id"], found["email"], found["profiles"]) == ("ann", "ann@secret.example", 2)
    whole = api.get("/api/v1/customers/ann").json()
    assert {value["field"]: value["value"] for value in whole["values"]}["full_name"] == "Ann Lee"
    assert (len(whole["touches"]), whole["more"]) == (25, True)
    said = {"field": "city", "value": "York", "reason": "moved"}
    placed = api.post("/api/v1/customers/ann/overrides", json=said).json()
    assert (placed["actor"], placed["value"]) == ("robot", "York")
    released = api.post(f"/api/v1/customers/ann/overrides/{placed['override_id']}/release", json={})
    assert released.json()["override_id"] == placed["override_id"]
    made = api.post("/api/v1/customers/ann/split", json={"profiles": ["hubspot/people/ann"]}).json()
    assert len(made["decisions"]) == 1
    assert api.post("/api/v1/customers/ann/split/undo", json=made).status_code == 200
    assert rows(hub.store, "SELECT withdrawn_at IS NULL FROM decision") == [(False,)]
    assert api.post("/api/v1/customers/ann/split", json={"profiles": ["x/people/bo"]}).status_code == 404


def test_the_csv_is_the_whole_list_whatever_the_page(sign_in: SignIn, ask: Ask) -> None:  # noqa: F811
    ask(*range(1, 31))
    viewer = sign_in("viewer")
    pages = [
        viewer.get(f"/customers?format=csv&page={page}&sort={sort}").text
        for page in (1, 2)
        for sort in ("score", "-score")
    ]
    for page in pages:
        assert len(set(page.splitlines())) == 61
    assert pages[0].splitlines()[1:] == pages[1].splitlines()[:0:-1]
