"""HubSpot's stand-in does over HTTP what the real one is known for, item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.base import Access, AccessRefused, Secret
from connectors.hubspot import CONNECTOR
from sandbox.hubspot_logins import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from tests.sandbox.hubspot_calls import CONTACTS, ONLY, Ready, batch, client_of, keys, new_contact, search, where
from tests.sandbox_process import start_sandbox


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with start_sandbox(300, options=ONLY) as ready:
        yield ready


@pytest.fixture
def hubspot(ready: Ready) -> Iterator[httpx.Client]:
    with client_of(ready) as client:
        yield client


@pytest.fixture
def order(ready: Ready) -> Iterator[Callable[..., Any]]:
    """Orders to the control service; switches that a test turned are off again after it."""
    turned: dict[str, None] = {}

    def say(path: str, **words: Any) -> Any:
        if path == "switch":
            turned.update(dict.fromkeys(words))
        return httpx.post(f"{ready['control']}/{path}", json=words).json()

    yield say
    say("switch", **turned)


def everything(ready: Ready) -> list[dict[str, Any]]:
    """Every contact that the product's connector reads, as often as it does."""
    return [row for page in CONNECTOR.read(access(ready), "contacts", None) for row in page.rows]


def access(ready: Ready, token: str | None = None) -> Access:
    secrets = {"token": Secret(token or ready["hubspot"]["token"])}
    return Access("hubspot", ready["hubspot"]["base_url"], secrets)


def milliseconds(stamp: str) -> int:
    return round(datetime.fromisoformat(stamp).timestamp() * 1000)


# Reading


def test_the_connector_reads_every_contact_once() -> None:
    with start_sandbox(2000, options=ONLY) as ready:
        read = [row["id"] for row in everything(ready)]
        assert len(read) > 1000
        assert sorted(read) == sorted(keys(ready))


def test_a_wrong_token_is_refused_in_hubspots_words(ready: Ready) -> None:
    with client_of(ready, "wrong") as stranger:
        answer = stranger.get(CONTACTS)
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert {"status", "message", "correlationId"} <= set(answer.json())
    with pytest.raises(AccessRefused):
        CONNECTOR.check(access(ready, "wrong"))
    assert "signed in" in CONNECTOR.check(access(ready))


def test_the_list_gives_each_contact_once(ready: Ready, hubspot: httpx.Client) -> None:
    found: list[str] = []
    address: str | None = f"{CONTACTS}?limit=100"
    while address:
        page = hubspot.get(address).json()
        found += [row["id"] for row in page["results"]]
        address = page.get("paging", {}).get("next", {}).get("link")
    assert len(found) == len(set(found))
    assert set(keys(ready)) <= set(found)
    assert hubspot.get(CONTACTS, params={"limit": 101}).status_code == 400


def test_only_asked_properties_come_back(hubspot: httpx.Client) -> None:
    unasked = hubspot.get(CONTACTS, params={"limit": 1}).json()["results"][0]
    always = {"createdate", "hs_object_id", "lastmodifieddate"}
    assert set(unasked["properties"]) == always | {"email", "firstname", "lastname"}
    for asked in ("city,phone", ["city", "phone"]):
        one = hubspot.get(CONTACTS, params={"limit": 1, "properties": asked}).json()["results"][0]
        assert set(one["properties"]) == always | {"city", "phone"}
    assert set(one) == {"id", "properties", "createdAt", "updatedAt", "archived"}


def test_values_are_text_or_nothing_and_come_from_the_world(ready: Ready) -> None:
    rows = everything(ready)
    assert {type(value) for row in rows for value in row["properties"].values()} == {str, type(None)}
    filled = {name for row in rows for name, value in row["properties"].items() if value}
    assert {"recent_conversion_date", "hs_email_last_open_name", "hs_additional_emails", "twitterhandle"} <= filled
    assert {row["properties"]["hs_email_optout"] for row in rows} == {None, "true", "false"}
    assert not [row for row in rows if "P0" in str(row)]


def test_properties_tell_their_types(hubspot: httpx.Client) -> None:
    told = {row["name"]: row for row in hubspot.get("/crm/v3/properties/contacts").json()["results"]}
    kinds = {told[name]["type"] for name in ("lastmodifieddate", "createdate", "hs_email_last_open_date")}
    assert kinds == {"datetime"}
    assert "hs_lastmodifieddate" not in told  # other objects have it, contacts do not
    one = hubspot.get("/crm/v3/properties/contacts/email").json()
    assert one == told["email"]
    assert one["hasUniqueValue"] is True
    assert hubspot.get("/crm/v3/properties/contacts/shoe_size").status_code == 404


# Search


def test_search_pages_by_offset_and_sorts(hubspot: httpx.Client) -> None:
    wish = {"sorts": [{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}], "limit": 200}
    first = search(hubspot, **wish)
    assert first["paging"]["next"]["after"] == "200"
    second = search(hubspot, **wish, after="200")
    stamps = [row["updatedAt"] for row in first["results"] + second["results"]]
    assert "paging" not in second
    assert len(stamps) == first["total"]
    assert stamps == sorted(stamps, reverse=True)
    oldest_first = [row["createdAt"] for row in search(hubspot, limit=200)["results"]]
    assert oldest_first == sorted(oldest_first)


def test_ids_and_times_are_compared_as_numbers(hubspot: httpx.Client) -> None:
    rows = search(hubspot, limit=200)["results"]
    middle = sorted(rows, key=lambda row: int(row["id"]))[100]["id"]
    above = search(hubspot, filterGroups=where("hs_object_id", "GT", middle), limit=200)["results"]
    assert min(int(row["id"]) for row in above) > int(middle)
    stamp = sorted(row["updatedAt"] for row in rows)[-3]
    since = search(hubspot, filterGroups=where("lastmodifieddate", "GTE", milliseconds(stamp)), limit=200)["results"]
    assert min(row["updatedAt"] for row in since) == stamp
    refused = hubspot.post(f"{CONTACTS}/search", json={"filterGroups": where("lastmodifieddate", "GTE", stamp)})
    assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR")


def test_every_operator(hubspot: httpx.Client) -> None:
    new_contact(hubspot, "op@ruled.example", city="Ulm", firstname="Opal")

    def cities(operator: str, value: object = None, **more: Any) -> set[str | None]:
        groups = where("city", operator, value, **more)
        found = search(hubspot, filterGroups=groups, limit=200, properties=["city"])["results"]
        return {row["properties"]["city"] for row in found}

    assert cities("EQ", "ULM") == cities("IN", values=["ulm"]) == cities("CONTAINS_TOKEN", "ul*") == {"Ulm"}
    assert cities("BETWEEN", "ulm", highValue="ulm") == {"Ulm"}
    assert cities("NOT_HAS_PROPERTY") == {None}
    for without in (cities("NEQ", "ulm"), cities("NOT_IN", values=["ulm"]), cities("NOT_CONTAINS_TOKEN", "ulm")):
        assert without
        assert "Ulm" not in without
    assert None not in cities("HAS_PROPERTY")
    assert all(city < "Ulm" for city in map(str, cities("LT", "ulm")) if city.isascii() and city.istitle())
    by_words = search(hubspot, query="opal ruled")["results"]
    assert [row["properties"]["email"] for row in by_words] == ["op@ruled.example"]


@pytest.mark.parametrize(
    "wish",
    [
        {"limit": 201},
        {"limit": "many"},
        {"after": "-1"},
        {"query": "x" * 3001},
        {"filterGroups": where("city", "EQ", "Ulm") * 6},
        {"filterGroups": [{"filters": where("city", "EQ", "Ulm")[0]["filters"] * 7}]},
        {"filterGroups": where("city", "SOUNDS_LIKE", "Ulm")},
        {"filterGroups": where("shoe_size", "EQ", "44")},
        {"filterGroups": where("city", "EQ")},
        {"filterGroups": where("city", "IN", values=5)},
        {"filterGroups": "city"},
        {"filterGroups": where("hs_object_id", "GT", "high")},
        {"properties": 5},
        {"sorts": {"propertyName": "city"}},
        {"sorts": ["city", "zip"]},
        {"sorts": ["shoe_size"]},
    ],
)
def test_searches_that_are_refused(hubspot: httpx.Client, wish: dict[str, Any]) -> None:
    answer = hubspot.post(f"{CONTACTS}/search", json=wish)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_search_stops_at_ten_thousand(hubspot: httpx.Client) -> None:
    at_the_gate = hubspot.post(f"{CONTACTS}/search", json={"after": "10000", "limit": 1})
    assert (at_the_gate.status_code, at_the_gate.json()["category"]) == (400, "VALIDATION_ERROR")
    assert search(hubspot, after="9999", limit=200)["results"] == []


def test_the_gate_as_a_paging_client_meets_it(hubspot: httpx.Client, order: Callable[..., Any]) -> None:
    order("switch", **{"hubspot.search_gate": 100})
    last = search(hubspot, after="50", limit=50)
    assert (len(last["results"]), last["paging"]["next"]["after"]) == (50, "100")
    assert last["total"] > 100
    assert hubspot.post(f"{CONTACTS}/search", json={"after": "100", "limit": 50}).status_code == 400


def test_a_bulk_job_stamps_one_millisecond(ready: Ready, hubspot: httpx.Client, order: Callable[..., Any]) -> None:
    """Walking on by time then never gets past that stamp; the connector still reads everybody once."""
    order("switch", **{"hubspot.bulk_stamp": 0.9, "hubspot.search_gate": 100})
    rows = everything(ready)
    assert len({row["id"] for row in rows}) == len(rows)
    stamps = [row["properties"]["lastmodifieddate"] for row in rows]
    bulk = max(set(stamps), key=stamps.count)
    assert stamps.count(bulk) > 100
    by_time = where("lastmodifieddate", "GTE", milliseconds(bulk))
    newest = [{"propertyName": "lastmodifieddate", "direction": "ASCENDING"}]
    stuck = search(hubspot, filterGroups=by_time, sorts=newest, limit=100)["results"]
    assert {row["properties"]["lastmodifieddate"] for row in stuck} == {bulk}


def test_the_index_lags_and_catches_up(hubspot: httpx.Client, order: Callable[..., Any]) -> None:
    order("switch", **{"hubspot.index_lag": 1000})
    made = [new_contact(hubspot, f"late{i}@lag.example") for i in range(30)]
    shown = where("email", "CONTAINS_TOKEN", "*@lag.example")

    def seen() -> list[str]:
        return [row["id"] for row in search(hubspot, filterGroups=shown, limit=200)["results"]]

    assert len(seen()) < 10
    assert hubspot.get(f"{CONTACTS}/{made[0]}").status_code == 200  # only search is late
    order("clock", advance=500)
    half = seen()
    assert 0 < len(half) < 30
    assert half != made[: len(half)]  # out of order
    order("clock", advance=501)
    assert seen() == made
    hubspot.patch(f"{CONTACTS}/{made[0]}", json={"properties": {"city": "Ulm"}})
    old = search(hubspot, filterGroups=where("hs_object_id", "EQ", made[0]), properties=["city"])["results"]
    assert old[0]["properties"]["city"] is None


def test_live_changes_are_found_by_time(hubspot: httpx.Client, order: Callable[..., Any]) -> None:
    news = [row for row in order("live", events=5, ago=0) if row["system"] == "hubspot"]
    contact = next(row["key"] for row in news if row["kind"] == "contact")
    since = round(datetime.now(UTC).timestamp() * 1000) - 60_000
    found = search(hubspot, filterGroups=where("lastmodifieddate", "GTE", since), limit=200, properties=["jobtitle"])
    titles = {row["id"]: row["properties"]["jobtitle"] for row in found["results"]}
    assert titles[contact] in ("Head of Procurement", "Director", "Plant Manager")
    forms = where("recent_conversion_date", "GTE", since)
    assert search(hubspot, filterGroups=forms)["total"] == 1


# Limits and log-in


def test_limits_are_told_but_not_by_search(hubspot: httpx.Client) -> None:
    listed = hubspot.get(CONTACTS)
    assert listed.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
    assert int(listed.headers["x-hubspot-ratelimit-remaining"]) < int(listed.headers["x-hubspot-ratelimit-max"])
    assert int(listed.headers["x-hubspot-ratelimit-daily-remaining"]) > 0
    found = hubspot.post(f"{CONTACTS}/search", json={})
    assert not [name for name in found.headers if "ratelimit" in name]


def test_both_policies_of_429() -> None:
    with start_sandbox(20, options=(*ONLY, "--real-limits")) as ready, client_of(ready) as hubspot:
        answers = [hubspot.post(f"{CONTACTS}/search", json={"limit": 1}) for _ in range(30)]
        over = next(answer for answer in answers if answer.status_code == 429)
        assert over.json()["message"] == "You have reached your secondly limit."
        assert (over.json()["policyName"], over.json()["errorType"]) == ("SECONDLY", "RATE_LIMIT")
        assert "retry-after" not in over.headers
        httpx.post(f"{ready['control']}/switch", json={"hubspot.daily_limit": 31})
        assert hubspot.get(CONTACTS).headers["x-hubspot-ratelimit-daily-remaining"] == "0"
        today = hubspot.get(CONTACTS)
        assert (today.status_code, today.json()["policyName"]) == (429, "DAILY")
        httpx.post(f"{ready['control']}/clock", json={"advance": 86_400})
        assert hubspot.get(CONTACTS).status_code == 200


def test_oauth_tokens_are_refreshed_and_expire(ready: Ready, order: Callable[..., Any]) -> None:
    form = {"grant_type": "refresh_token", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    address = ready["hubspot"]["base_url"] + "/oauth/v1/token"
    wrong = httpx.post(address, data={**form, "refresh_token": "stolen"})
    assert (wrong.status_code, wrong.json()["status"]) == (400, "BAD_REFRESH_TOKEN")
    granted = httpx.post(address, data={**form, "refresh_token": REFRESH_TOKEN}).json()
    with client_of(ready, granted["access_token"]) as hubspot:
        answer = hubspot.get(CONTACTS)
        assert answer.status_code == 200
        assert "x-hubspot-ratelimit-daily" not in answer.headers  # OAuth apps are not told
        order("clock", advance=granted["expires_in"] + 1)
        late = hubspot.get(CONTACTS)
    assert (late.status_code, late.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")


# Lists, faults, state


def test_the_newsletter_list(hubspot: httpx.Client) -> None:
    path = "/crm/v3/lists/1/memberships"
    first = hubspot.get(path, params={"limit": 50}).json()
    second = hubspot.get(path, params={"limit": 250, "after": first["paging"]["next"]["after"]}).json()
    members = [row["recordId"] for row in first["results"] + second["results"]]
    granted = search(hubspot, filterGroups=where("hs_email_optout", "EQ", "false"), limit=200)
    assert sorted(members) == sorted(row["id"] for row in granted["results"])
    joined = [row["membershipTimestamp"] for row in hubspot.get(f"{path}/join-order").json()["results"]]
    assert joined == sorted(joined)
    assert hubspot.get("/crm/v3/lists/2/memberships").status_code == 404


def test_searches_and_logins_are_reads() -> None:
    with start_sandbox(20, options=ONLY) as ready, client_of(ready) as hubspot:
        search(hubspot)
        batch(hubspot, "read", [{"id": "51"}], properties=[])
        hubspot.post("/oauth/v1/token")
        assert httpx.get(f"{ready['control']}/stats").json()["writes"] == 0
        new_contact(hubspot, "write@stats.example")
        assert httpx.get(f"{ready['control']}/stats").json()["writes"] == 1


def test_what_clients_wrote_survives_a_restart(tmp_path: Path) -> None:
    with start_sandbox(20, state=tmp_path, options=ONLY) as ready, client_of(ready) as hubspot:
        kept, gone = new_contact(hubspot, "kept@state.example"), keys(ready)[0]
        hubspot.post(f"{CONTACTS}/gdpr-delete", json={"objectId": gone})
        first, second = keys(ready)[1:3]
        merge = {"primaryObjectId": first, "objectIdToMerge": second}
        merged = hubspot.post(f"{CONTACTS}/merge", json=merge).json()["id"]
        httpx.post(f"{ready['control']}/switch", json={"hubspot.bulk_stamp": 1})
        before = sorted(everything(ready), key=lambda row: str(row["id"]))
    with start_sandbox(20, state=tmp_path, options=ONLY) as ready, client_of(ready) as hubspot:
        assert sorted(everything(ready), key=lambda row: str(row["id"])) == before
        assert hubspot.get(f"{CONTACTS}/{kept}").status_code == 200
        assert hubspot.get(f"{CONTACTS}/{second}").json()["id"] == merged
        assert hubspot.get(f"{CONTACTS}/{gone}").status_code == 404


def test_an_edit_in_the_world_keeps_what_clients_wrote() -> None:
    with start_sandbox(20, options=ONLY) as ready, client_of(ready) as hubspot:
        for key in keys(ready):
            hubspot.patch(f"{CONTACTS}/{key}", json={"properties": {"city": "Ulm"}})
        told = httpx.post(f"{ready['control']}/live", json={"events": 5}).json()
        edited = next(row["key"] for row in told if (row["system"], row["kind"]) == ("hubspot", "contact"))
        row = hubspot.get(f"{CONTACTS}/{edited}", params={"properties": "city,jobtitle"}).json()["properties"]
    assert row["city"] == "Ulm"
    assert row["jobtitle"]


@contextmanager
def failing(kind: str) -> Iterator[httpx.Client]:
    with start_sandbox(20, faults=f"{kind}=100%", options=ONLY) as ready, client_of(ready) as client:
        yield client


@pytest.mark.parametrize(
    ("kind", "status", "telling"),
    [("rate_limit", 429, "policyName"), ("server_error", 502, "message"), ("expired_token", 401, "category")],
)
def test_faults_are_worded_as_hubspot_words_them(kind: str, status: int, telling: str) -> None:
    with failing(kind) as client:
        answer = client.get(CONTACTS)
    assert (answer.status_code, answer.json()["status"]) == (status, "error")
    assert telling in answer.json()


def test_a_malformed_row_stands_beside_the_real_ones() -> None:
    with failing("malformed_row") as client:
        rows = client.get(CONTACTS).json()["results"]
    assert len(rows) == 11
