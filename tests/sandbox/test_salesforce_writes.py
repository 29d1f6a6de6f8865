"""Salesforce's stand-in: collections, duplicate rules, locks, and what is left after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.salesforce_calls import KEY, Row, SalesforceOrg, running_org

FORCE = {"sforce-duplicate-rule-header": "allowSave=true; includeRecordDetails=true; runAsCurrentUser=true"}


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceOrg]:
    with running_org() as org:
        yield org


def lead(key: str, **values: object) -> Row:
    return {KEY: key, "LastName": key, "Company": "Acme", **values}


def codes(results: list[Row]) -> list[str]:
    """The code of each failed row, "" for a saved one."""
    return ["" if result["success"] else result["errors"][0]["statusCode"] for result in results]


class TestCollections:
    def test_results_come_in_the_order_sent_with_200(self, org: SalesforceOrg) -> None:
        rows = [lead("c-1"), {KEY: "c-2"}, lead("c-3", Email="bad"), lead("c-4")]
        first = org.upsert_all(rows)
        assert codes(first) == ["", "REQUIRED_FIELD_MISSING", "INVALID_EMAIL_ADDRESS", ""]
        assert first[0]["created"] and first[0]["errors"] == []
        assert first[1]["errors"][0]["fields"] == ["LastName", "Company"]
        again = org.upsert_all([lead("C-4", Title="x"), lead("c-1")])
        assert [(row["id"], row["created"]) for row in again] == [(first[3]["id"], False), (first[0]["id"], False)]

    def test_all_or_none(self, org: SalesforceOrg) -> None:
        before = org.dump()
        results = org.upsert_all([lead("n-1"), lead("c-1", Title="y"), {KEY: "n-2"}], allOrNone=True)
        rolled = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
        assert codes(results) == [rolled, rolled, "REQUIRED_FIELD_MISSING"]
        assert org.dump() == before

    def test_one_key_twice_in_a_call(self, org: SalesforceOrg) -> None:
        results = org.upsert_all([lead("t-1", Title="one"), lead("T-1", Title="two")])
        assert codes(results) == ["", "DUPLICATE_VALUE"]
        assert org.row(results[0]["id"])["Title"] == "one"

    def test_several_rows_of_one_key(self, org: SalesforceOrg) -> None:
        ids = [org.create(Legacy_Id__c="twin") for _ in range(2)]
        record = {"attributes": {"type": "Lead"}, "Legacy_Id__c": "twin", "Title": "x"}
        (result,) = org.collect("PATCH", [record], "/Lead/Legacy_Id__c")
        assert codes([result]) == ["DUPLICATE_EXTERNAL_ID"]
        assert all(row_id in result["errors"][0]["message"] for row_id in ids)

    def test_rows_of_several_objects(self, org: SalesforceOrg) -> None:
        contact = {"attributes": {"type": "contact"}, "LastName": "x"}
        made = org.collect("POST", [{"LastName": "x", "Company": "y"}, contact])
        assert [row["id"][:3] for row in made] == ["00Q", "003"] and "created" not in made[0]
        changed = org.collect("PATCH", [{"id": made[0]["id"][:15], "City": "Bern"}, contact | {"Id": made[1]["id"]}])
        assert [row["id"] for row in changed] == [row["id"] for row in made]
        nobody = [{"id": made[1]["id"]}, {"id": "00Q5f0000009999"}, {}]
        assert codes(org.collect("PATCH", nobody)) == [
            "MALFORMED_ID",
            "INVALID_CROSS_REFERENCE_KEY",
            "MISSING_ARGUMENT",
        ]

    def test_delete_and_retrieve_by_id(self, org: SalesforceOrg) -> None:
        ids = [org.create(), org.create()]
        path = f"composite/sobjects?ids={ids[0]},{ids[0]}&allOrNone=false"
        assert codes(org.ask("DELETE", path).json()) == ["", "ENTITY_IS_DELETED"]
        wanted = {"ids": ids, "fields": ["LastName"]}
        gone, there = org.ask("POST", "composite/sobjects/Lead", json=wanted).json()
        assert (gone, there["LastName"], there["Id"]) == (None, "Doe", ids[1])
        listed = org.ask("GET", "composite/sobjects/Lead", params={"ids": ",".join(ids), "fields": "LastName"})
        assert listed.json() == [gone, there]

    def test_what_is_refused_as_a_whole(self, org: SalesforceOrg) -> None:
        path = f"composite/sobjects/Lead/{KEY}"
        rows = [{"attributes": {"type": "Lead"}, **lead(f"w-{n}")} for n in range(201)]
        assert org.refused("PATCH", path, json={"records": rows}) == (400, "EXCEEDED_ID_LIMIT")
        assert org.refused("PATCH", path, json={}) == (400, "JSON_PARSER_ERROR")
        assert org.refused("PATCH", "composite/sobjects/Lead/City", json={"records": []}) == (404, "NOT_FOUND")
        mixed = [{"attributes": {"type": ("Lead", "Contact")[n % 2]}, "LastName": "x"} for n in range(11)]
        assert org.refused("POST", "composite/sobjects", json={"records": mixed}) == (400, "LIMIT_EXCEEDED")
        wrong_type = org.collect("PATCH", [{"attributes": {"type": "Contact"}, KEY: "w"}], f"/Lead/{KEY}")
        assert codes(wrong_type) == ["INVALID_TYPE"]


class TestDuplicateRules:
    @pytest.fixture
    def known(self, org: SalesforceOrg, request: pytest.FixtureRequest) -> Row:
        """A lead like the one that a row's values name."""
        email = f"{request.node.name}@twin.example".replace("[", "-").replace("]", "").lower()
        return {"Id": org.create(Email=email), "Email": email}

    def test_nothing_is_checked_unless_switched_on(self, org: SalesforceOrg, known: Row) -> None:
        assert org.create(Email=known["Email"])

    def test_an_alert_stops_a_row_and_names_the_others(self, org: SalesforceOrg, known: Row) -> None:
        body = {"LastName": "x", "Company": "y", "Email": known["Email"].upper()}
        with org.switched(duplicate_rule="alert"):
            answer = org.ask("POST", "sobjects/Lead", json=body)
            (error,) = answer.json()
            assert (answer.status_code, error["errorCode"]) == (400, "DUPLICATES_DETECTED")
            found = error["duplicateResult"]
            assert found["allowSave"] is True
            assert [r["record"]["Id"] for m in found["matchResults"] for r in m["matchRecords"]] == [known["Id"]]
            assert org.ask("POST", "sobjects/Lead", json=body, headers=FORCE).status_code == 201

    def test_a_block_is_stronger_than_the_header(self, org: SalesforceOrg, known: Row) -> None:
        body = {"LastName": "x", "Company": "y", "Email": known["Email"]}
        with org.switched(duplicate_rule="block"):
            answer = org.ask("POST", "sobjects/Lead", json=body, headers=FORCE)
        assert answer.json()[0]["duplicateResult"]["allowSave"] is False

    def test_a_collection_tells_it_for_the_row(self, org: SalesforceOrg, known: Row) -> None:
        rows = [lead("dup-1", Email=known["Email"]), lead("dup-2", Email="other@twin.example")]
        with org.switched(duplicate_rule="alert"):
            results = org.upsert_all(rows)
            path = f"composite/sobjects/Lead/{KEY}"
            body = {"records": [{"attributes": {"type": "Lead"}, **rows[0]}]}
            forced = org.ask("PATCH", path, json=body, headers=FORCE).json()
        assert (codes(results), codes(forced)) == (["DUPLICATES_DETECTED", ""], [""])

    def test_bulk_rows_fail(self, org: SalesforceOrg, known: Row) -> None:
        with org.switched(duplicate_rule="alert"):
            job = org.load(f"{KEY},LastName,Company,Email\ndup-9,x,y,{known['Email']}\n")
        assert job["numberRecordsFailed"] == 1
        assert "DUPLICATES_DETECTED:Use one of these records?:--" in org.results(job, "failedResults")


class TestLocks:
    def test_which_rows_are_locked_follows_from_the_seed(self) -> None:
        rows = [lead(f"lock-{n}") for n in range(100)]
        seen = []
        for seed in (1, 1, 2):
            with running_org() as org, org.switched(lock_rate=0.3, lock_seed=seed):
                seen.append([codes(org.upsert_all(rows)), codes(org.upsert_all(rows))])
        assert seen[0] == seen[1] != seen[2]
        assert seen[0][0] != seen[0][1]
        assert set(seen[0][0]) == {"", "UNABLE_TO_LOCK_ROW"}
        assert 10 < seen[0][0].count("UNABLE_TO_LOCK_ROW") < 60

    def test_whoever_tries_again_gets_all_in(self, org: SalesforceOrg) -> None:
        left = [lead(f"again-{n}") for n in range(50)]
        with org.switched(lock_rate=0.5):
            for _ in range(30):
                left = [row for row, code in zip(left, codes(org.upsert_all(left)), strict=True) if code]
                if not left:
                    break
        assert left == []
        assert org.column("SELECT COUNT(Id) FROM Lead WHERE Landbridge_Id__c LIKE 'again-%'") == [50]


class TestState:
    def test_a_restart_finds_everything_as_it_was(self, tmp_path: Path) -> None:
        with running_org(state=tmp_path) as org:
            keep, gone = org.create(Landbridge_Id__c="s-1"), org.create()
            org.ask("DELETE", f"sobjects/Lead/{gone}")
            theirs = org.column("SELECT Id FROM Lead WHERE IsConverted = false LIMIT 1")[0]
            org.ask("PATCH", f"sobjects/Lead/{theirs}", json={"Title": "Ours", "City": None})
            org.load(f"{KEY},LastName,Company\ns-2,Bulk,y\n")
            org.upsert_all([lead("s-3"), {KEY: "s-4"}], allOrNone=True)
            before = org.dump(stable=False)
        with running_org(state=tmp_path) as org:
            assert org.dump(stable=False) == before
            assert org.row(keep)[KEY] == "s-1"
            assert org.create() not in [row["Id"] for row in before["Lead"]]

    def test_a_line_cut_off_by_a_kill_is_dropped(self, tmp_path: Path) -> None:
        with running_org(state=tmp_path) as org:
            org.create(Landbridge_Id__c="k-1")
            before = org.dump(stable=False)
        with (tmp_path / "salesforce.jsonl").open("ab") as file:
            file.write(b'["Lead","00Qg')
        with running_org(state=tmp_path) as org:
            assert org.dump(stable=False) == before

    def test_two_orgs_of_one_seed_end_alike_in_whatever_order(self) -> None:
        rows = [lead(f"d-{n}", Email=f"d{n}@x.example") for n in range(5)]
        dumps = []
        for order in (rows, rows[::-1]):
            with running_org() as org:
                for row in order:
                    org.upsert_all([row])
                org.create("Task", Subject="Call", WhoId=org.column(f"SELECT Id FROM Lead WHERE {KEY} = 'd-3'")[0])
                dumps.append(org.dump())
        assert dumps[0] == dumps[1]
        assert dumps[0]["Lead"]["d-2"] | {"LastName": "d-2", "Email": "d2@x.example"} == dumps[0]["Lead"]["d-2"]
        assert dumps[0]["Task"]["Call"]["WhoId"] == "d-3"
