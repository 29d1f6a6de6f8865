"""Salesforce's stand-in: logging in, sessions, limits, single rows, ids and names, refusals."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tests.sandbox.salesforce_calls import BASE, KEY, SalesforceOrg, running_org

_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceOrg]:
    with running_org() as org:
        yield org


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


class TestLogin:
    def test_client_credentials_give_a_session_without_an_end(self, org: SalesforceOrg) -> None:
        token = org.log_in().json()
        assert token["instance_url"] == org.ready["salesforce"]["base_url"]
        assert token["token_type"] == "Bearer"
        assert not {"expires_in", "refresh_token"} & set(token)

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"client_id": "x"}, "invalid_client_id"),
            ({"client_secret": "x"}, "invalid_client"),
            ({"grant_type": "password", "username": "u", "password": "p"}, "invalid_grant"),
            ({"grant_type": "magic"}, "unsupported_grant_type"),
            ({"grant_type": _BEARER, "assertion": "no.such.thing"}, "invalid_grant"),
        ],
    )
    def test_refusals_are_oauth_errors(self, org: SalesforceOrg, changed: dict[str, str], error: str) -> None:
        answer = org.log_in(**changed)
        assert (answer.status_code, answer.json()["error"]) == (400, error)
        assert answer.json()["error_description"]

    def test_a_jwt_logs_in_the_user_it_names(self, org: SalesforceOrg, key: RSAPrivateKey) -> None:
        answer = org.log_in(grant_type=_BEARER, assertion=_assertion(org, key, sub="Maria@brightwell.example"))
        maria = {"authorization": f"Bearer {answer.json()['access_token']}"}
        made = org.ask("POST", "sobjects/Lead", json={"LastName": "x", "Company": "y"}, headers=maria).json()["id"]
        assert org.column(f"SELECT Owner.Username FROM Lead WHERE Id = '{made}'")[0]["Username"].startswith("maria@")

    @pytest.mark.parametrize(
        "wrong", [{"iss": "x"}, {"sub": "nobody@x.example"}, {"aud": "https://evil.example"}, {"exp": 1}, {"exp": 9e9}]
    )
    def test_a_jwt_with_a_wrong_claim_does_not(
        self, org: SalesforceOrg, key: RSAPrivateKey, wrong: dict[str, object]
    ) -> None:
        answer = org.log_in(grant_type=_BEARER, assertion=_assertion(org, key, **wrong))
        assert (answer.status_code, answer.json()["error"][:8]) == (400, "invalid_")

    def test_an_org_that_knows_the_key_takes_no_other(self, org: SalesforceOrg, key: RSAPrivateKey) -> None:
        other = generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        pem = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
        with org.switched(jwt_public_key=pem):
            answers = [org.log_in(grant_type=_BEARER, assertion=_assertion(org, k)).status_code for k in (key, other)]
        assert answers == [200, 400]

    def test_a_session_that_is_not_used_ends(self, org: SalesforceOrg) -> None:
        with org.switched(session_minutes=15):
            org.order("clock", advance=14 * 60)
            assert org.ask("GET", "limits").status_code == 200
            org.order("clock", advance=15 * 60)
            answer = org.ask("GET", "limits")
        assert answer.status_code == 401
        assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
        org.use_new_session()
        assert org.ask("GET", "limits").status_code == 200

    def test_a_revoked_session_is_over(self, org: SalesforceOrg) -> None:
        token = org.log_in().json()["access_token"]
        again = {"authorization": f"Bearer {token}"}
        assert org.ask("GET", "limits", headers=again).status_code == 200
        assert org.client.post("/services/oauth2/revoke", data={"token": token}).status_code == 200
        assert org.ask("GET", "limits", headers=again).status_code == 401


class TestAddresses:
    def test_versions_are_listed_to_anybody(self, org: SalesforceOrg) -> None:
        listed = org.client.get("/services/data", headers={"authorization": ""}).json()
        assert {"version", "url", "label"} == set(listed[-1]) and f"{BASE}" in [each["url"] for each in listed]

    @pytest.mark.parametrize(("version", "status"), [("v20.0", 404), ("v25.0", 410), ("v99.0", 404), ("v62", 404)])
    def test_versions_that_are_no_more_or_not_yet(self, org: SalesforceOrg, version: str, status: int) -> None:
        assert org.client.get(f"/services/data/{version}/limits").status_code == status

    @pytest.mark.parametrize("path", ["limits", "sobjects", "sobjects/Lead", "sobjects/lead/describe", "jobs/ingest"])
    def test_a_slash_at_the_end_does_not_matter(self, org: SalesforceOrg, path: str) -> None:
        plain, slashed = org.ask("GET", path), org.ask("GET", f"{path}/")
        assert plain.status_code == slashed.status_code == 200
        assert plain.json().keys() == slashed.json().keys()

    def test_what_is_not_there(self, org: SalesforceOrg) -> None:
        assert org.refused("GET", "nothing/here") == (404, "NOT_FOUND")
        assert org.refused("GET", "sobjects/Nothing/describe") == (404, "NOT_FOUND")
        assert org.refused("PUT", "sobjects/Lead") == (405, "METHOD_NOT_ALLOWED")

    def test_post_can_stand_for_patch(self, org: SalesforceOrg) -> None:
        row_id = org.create()
        answer = org.ask("POST", f"sobjects/Lead/{row_id}?_HttpMethod=PATCH", json={"City": "Basel"})
        assert (answer.status_code, org.row(row_id)["City"]) == (204, "Basel")

    def test_every_reply_tells_the_usage(self, org: SalesforceOrg) -> None:
        answers = [org.ask("GET", "limits"), org.ask("GET", "query", params={"q": "x"}), org.ask("GET", "nothing")]
        told = [re.fullmatch(r"api-usage=(\d+)/(\d+)", answer.headers["sforce-limit-info"]) for answer in answers]
        used = [int(each[1]) for each in told if each]
        assert used == [used[0], used[0] + 1, used[0] + 2]
        calls = org.ask("GET", "limits").json()["DailyApiRequests"]
        assert calls["Max"] - calls["Remaining"] == used[-1] + 1

    def test_the_days_calls_run_out_and_come_back(self, org: SalesforceOrg) -> None:
        used = int(org.ask("GET", "limits").headers["sforce-limit-info"].split("=")[1].split("/")[0])
        with org.switched(daily_api_requests=used + 2):
            assert [org.ask("GET", "limits").status_code for _ in range(3)] == [200, 200, 403]
            answer = org.ask("GET", "limits")
            assert answer.json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
            assert answer.headers["sforce-limit-info"] == f"api-usage={used + 2}/{used + 2}"
            assert "retry-after" not in answer.headers
            org.order("clock", advance=24 * 3600)
            org.use_new_session()
            assert org.ask("GET", "limits").status_code == 200


class TestDescribe:
    def test_fields_say_what_may_be_done_with_them(self, org: SalesforceOrg) -> None:
        fields = {field["name"]: field for field in org.ask("GET", "sobjects/Lead/describe").json()["fields"]}
        assert fields["LastName"] | {"length": 80, "nillable": False, "type": "string"} == fields["LastName"]
        assert fields[KEY] | {"externalId": True, "unique": True, "idLookup": True, "custom": True} == fields[KEY]
        assert not fields["SystemModstamp"]["createable"] and not fields["IsConverted"]["updateable"]
        assert "Closed - Converted" in [choice["value"] for choice in fields["Status"]["picklistValues"]]
        assert fields["OwnerId"]["referenceTo"] == ["User"] and fields["OwnerId"]["relationshipName"] == "Owner"

    def test_who_knows_it_already_gets_no_body(self, org: SalesforceOrg) -> None:
        first = org.ask("GET", "sobjects/Lead/describe")
        seen = {"if-modified-since": first.headers["last-modified"]}
        again = org.ask("GET", "sobjects/Lead/describe", headers=seen)
        assert (again.status_code, again.content) == (304, b"")
        old = {"if-modified-since": "Wed, 01 Jan 2020 00:00:00 GMT"}
        assert org.ask("GET", "sobjects/Lead/describe", headers=old).status_code == 200


class TestRows:
    def test_a_row_lives_and_goes(self, org: SalesforceOrg) -> None:
        row_id = org.create(FirstName="Ada", LastName="King", Landbridge_Score__c=0.5)
        row = org.row(row_id)
        assert (row["Name"], row["Status"], row["Landbridge_Score__c"]) == ("Ada King", "Open - Not Contacted", 0.5)
        assert row["attributes"] == {"type": "Lead", "url": f"{BASE}/sobjects/Lead/{row_id}"}
        assert org.ask("PATCH", f"sobjects/Lead/{row_id}", json={"FirstName": None}).status_code == 204
        assert org.row(row_id)["Name"] == "King"
        assert org.ask("DELETE", f"sobjects/Lead/{row_id}").status_code == 204
        assert org.refused("GET", f"sobjects/Lead/{row_id}") == (404, "ENTITY_IS_DELETED")

    def test_ids_of_15_and_18_characters_are_one(self, org: SalesforceOrg) -> None:
        row_id = org.create()
        assert len(row_id) == 18
        assert org.row(row_id[:15])["Id"] == org.row(row_id.upper())["Id"] == row_id
        assert org.column(f"SELECT Id FROM Lead WHERE Id = '{row_id[:15]}'") == [row_id]
        assert org.refused("GET", "sobjects/Lead/tooshort") == (404, "NOT_FOUND")
        assert org.refused("GET", "sobjects/Lead/00Q000000000000AAA") == (404, "NOT_FOUND")

    def test_names_have_no_case(self, org: SalesforceOrg) -> None:
        answer = org.ask("POST", "sobjects/LEAD", json={"lastNAME": "x", "COMPANY": "y", "landbridge_id__C": "CaSe-1"})
        row_id = answer.json()["id"]
        assert org.ask("GET", f"sobjects/lead/{KEY.upper()}/case-1").json()["Id"] == row_id
        assert org.ask("PATCH", f"sobjects/Lead/{KEY}/CASE-1", json={"title": "T"}).json()["created"] is False
        row = org.ask("GET", f"sobjects/Lead/{row_id}?fields=TITLE,company").json()
        assert (row.pop("attributes")["type"], row) == ("Lead", {"Title": "T", "Company": "y", "Id": row_id})

    @pytest.mark.parametrize("value", ["a/b?c#d", "..", "ü ö+%", "o'neil\\", "x" * 255])
    def test_upsert_by_a_value_that_needs_encoding(self, org: SalesforceOrg, value: str) -> None:
        path = f"sobjects/Lead/{KEY}/{''.join(f'%{byte:02X}' for byte in value.encode())}"
        made = org.ask("PATCH", path, json={"LastName": "x", "Company": "y"})
        again = org.ask("PATCH", path, json={"Title": "z"})
        assert (made.status_code, made.json()["created"]) == (201, True)
        assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])
        assert org.row(made.json()["id"])[KEY] == value
        assert org.ask("DELETE", path).status_code == 204
        assert org.refused("GET", path) == (404, "NOT_FOUND")

    def test_an_old_version_answers_an_update_without_a_body(self, org: SalesforceOrg) -> None:
        org.create(Landbridge_Id__c="old-1")
        answer = org.client.patch(f"/services/data/v45.0/sobjects/Lead/{KEY}/old-1", json={"Title": "x"})
        assert (answer.status_code, answer.content) == (204, b"")

    def test_several_of_one_key_are_300_and_their_addresses(self, org: SalesforceOrg) -> None:
        ids = sorted(org.create(Legacy_Id__c="7") for _ in range(2))
        for method in ("GET", "PATCH"):
            answer = org.ask(method, "sobjects/Lead/Legacy_Id__c/7", json={"Title": "x"} if method == "PATCH" else None)
            assert answer.status_code == 300
            assert sorted(answer.json()) == [f"{BASE}/sobjects/Lead/{row_id}" for row_id in ids]

    def test_a_key_belongs_in_the_address_only(self, org: SalesforceOrg) -> None:
        body = {"LastName": "x", "Company": "y", KEY: "k"}
        assert org.refused("PATCH", f"sobjects/Lead/{KEY}/k", json=body) == (400, "INVALID_FIELD")
        assert org.refused("PATCH", "sobjects/Lead/City/k", json={}) == (404, "NOT_FOUND")

    def test_a_write_that_changes_nothing_counts(self, org: SalesforceOrg) -> None:
        row_id = org.create(Title="Same")
        before = org.row(row_id)["SystemModstamp"]
        org.order("clock", advance=2)
        assert org.ask("PATCH", f"sobjects/Lead/{row_id}", json={"Title": "Same"}).status_code == 204
        after = org.row(row_id)["SystemModstamp"]
        assert after > before and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", after)

    @pytest.mark.parametrize(
        ("values", "code", "fields"),
        [
            ({"LastName": None}, "REQUIRED_FIELD_MISSING", ["LastName"]),
            ({"Company": "  "}, "REQUIRED_FIELD_MISSING", ["Company"]),
            ({"Title": "x" * 129}, "STRING_TOO_LONG", ["Title"]),
            ({"Email": "nonsense"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
            ({"Status": "Asleep"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Status"]),
            ({"Nothing__c": 1}, "INVALID_FIELD", ["Nothing__c"]),
            ({"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsConverted"]),
            ({"OwnerId": "0055f0000009999"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
            ({"OwnerId": "00Q5f0000000001"}, "MALFORMED_ID", ["OwnerId"]),
        ],
    )
    def test_what_is_wrong_is_named(
        self, org: SalesforceOrg, values: dict[str, object], code: str, fields: list[str]
    ) -> None:
        before = org.column("SELECT COUNT(Id) FROM Lead")
        answer = org.ask("POST", "sobjects/Lead", json={"LastName": "x", "Company": "y"} | values)
        (error,) = answer.json()
        assert (answer.status_code, error["errorCode"], error["fields"]) == (400, code, fields)
        assert org.column("SELECT COUNT(Id) FROM Lead") == before

    @pytest.mark.parametrize("body", [b"{", b"[]", b'{"NumberOfEmployees": "many"}', b'{"DoNotCall": "perhaps"}'])
    def test_what_is_no_json_or_no_value(self, org: SalesforceOrg, body: bytes) -> None:
        assert org.refused("POST", "sobjects/Lead", content=body) == (400, "JSON_PARSER_ERROR")

    def test_a_unique_value_is_taken_once_in_any_case(self, org: SalesforceOrg) -> None:
        first, second = org.create(Landbridge_Id__c="Uniq"), org.create()
        answer = org.ask("PATCH", f"sobjects/Lead/{second}", json={KEY: "uNIQ"})
        assert answer.json() == [
            {
                "message": f"duplicate value found: {KEY} duplicates value on record with id: {first}",
                "errorCode": "DUPLICATE_VALUE",
                "fields": [],
            }
        ]
        org.ask("DELETE", f"sobjects/Lead/{first}")
        assert org.ask("PATCH", f"sobjects/Lead/{second}", json={KEY: "uNIQ"}).status_code == 204

    def test_a_parent_may_be_named_by_its_key(self, org: SalesforceOrg) -> None:
        account = org.create("Account", Name="Parent", Landbridge_Id__c="acc-1")
        contact = org.create("Contact", LastName="x", Account={KEY: "ACC-1"})
        assert org.row(contact, "Contact")["AccountId"] == account
        lost = {"LastName": "x", "Account": {KEY: "no"}}
        assert org.refused("POST", "sobjects/Contact", json=lost) == (400, "INVALID_FIELD")

    def test_a_converted_lead_is_read_only(self, org: SalesforceOrg) -> None:
        soql = "SELECT Id, ConvertedContactId FROM Lead WHERE IsConverted = true LIMIT 1"
        (lead,) = org.query(soql)["records"]
        assert org.row(lead["ConvertedContactId"], "Contact")["LastName"]
        path = f"sobjects/Lead/{lead['Id']}"
        assert org.refused("PATCH", path, json={"Title": "x"}) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")


class TestChanges:
    def test_updated_and_deleted_are_told_by_the_minute(self, org: SalesforceOrg) -> None:
        changed, gone = org.create(), org.create()
        org.ask("DELETE", f"sobjects/Lead/{gone}")
        at = org.column(f"SELECT SystemModstamp FROM Lead WHERE Id = '{changed}'")[0]
        org.order("clock", advance=120)
        stretch = {"start": f"{at[:16]}:00Z", "end": f"{_minutes_after(at, 2)}+00:00"}
        updated = org.ask("GET", "sobjects/Lead/updated", params=stretch).json()
        deleted = org.ask("GET", "sobjects/Lead/deleted/", params=stretch).json()
        assert changed in updated["ids"] and gone not in updated["ids"]
        assert gone in [each["id"] for each in deleted["deletedRecords"]]
        assert deleted["earliestDateAvailable"] < deleted["latestDateCovered"] == updated["latestDateCovered"]

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"),
            ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("x", "y"),
        ],
    )
    def test_a_stretch_that_is_no_more_or_none(self, org: SalesforceOrg, start: str, end: str) -> None:
        answer = org.refused("GET", "sobjects/Lead/deleted", params={"start": start, "end": end})
        assert answer == (400, "INVALID_REPLICATION_DATE")


def _assertion(org: SalesforceOrg, key: RSAPrivateKey, **changed: object) -> str:
    """A signed JWT; `exp` is in seconds of the org's time, which other tests move."""
    now = time.time() + _moved(org)
    claims = {
        "iss": org.ready["salesforce"]["client_id"],
        "sub": "landbridge.integration@brightwell.example",
        "aud": "https://login.salesforce.com",
        "exp": now + 120,
    }
    return jwt.encode(claims | changed, key, "RS256")


def _moved(org: SalesforceOrg) -> float:
    """How far the org's clock is ahead."""
    return int(org.log_in().json()["issued_at"]) / 1000 - time.time()


def _minutes_after(stamp: str, minutes: int) -> str:
    at = datetime.fromisoformat(stamp[:16]) + timedelta(minutes=minutes)
    return at.isoformat()
