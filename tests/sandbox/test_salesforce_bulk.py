"""Salesforce's stand-in: Bulk API 2.0, jobs that take CSV and jobs that give it."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator

import pytest

from tests.sandbox.salesforce_calls import KEY, Row, SalesforceOrg, running_org

_NASTY = ('a "quoted" one', "two\nlines", "comma, semicolon; tab\t", "crlf\r\ninside", "ünï", " spaced ", "=1+1")


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceOrg]:
    with running_org() as org:
        yield org


def table(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def file(rows: list[Row], delimiter: str = ",", end: str = "\n") -> str:
    made = io.StringIO(newline="")
    writer = csv.DictWriter(made, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue()


def leads(prefix: str, count: int, **values: str) -> list[Row]:
    return [{KEY: f"{prefix}-{n}", "LastName": f"N{n}", "Company": "Acme", **values} for n in range(count)]


class TestIngest:
    def test_a_job_lives_from_open_to_complete(self, org: SalesforceOrg) -> None:
        job = org.new_job()
        path = f"jobs/ingest/{job['id']}"
        assert (job["state"], job["contentUrl"]) == ("Open", f"services/data/v62.0/{path}/batches")
        assert org.refused("PATCH", path, json={"state": "UploadComplete"}) == (400, "INVALIDJOBSTATE")
        assert org.ask("PUT", f"{path}/batches", content=file(leads("life", 3))).status_code == 201
        assert org.refused("PUT", f"{path}/batches", content=b"again") == (400, "CLIENTINPUTERROR")
        with org.switched(bulk_seconds_per_chunk=0.5):
            assert org.ask("PATCH", path, json={"state": "UploadComplete"}).json()["state"] == "UploadComplete"
            assert org.ask("GET", path).json()["state"] == "InProgress"
            assert org.refused("DELETE", path) == (400, "INVALIDJOBSTATE")
            done = org.ended(path)
        assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("JobComplete", 3, 0)
        assert "contentUrl" not in done and done["jobType"] == "V2Ingest"
        assert job["id"] in [each["id"] for each in org.ask("GET", "jobs/ingest").json()["records"]]
        for state in ("UploadComplete", "Aborted"):
            assert org.refused("PATCH", path, json={"state": state}) == (400, "INVALIDJOBSTATE")
        assert org.ask("DELETE", path).status_code == 204
        assert org.refused("GET", path) == (404, "NOT_FOUND")

    def test_saved_and_failed_rows_come_back_whole_and_in_another_order(self, org: SalesforceOrg) -> None:
        rows = leads("mix", 200)
        for row in rows[::4]:
            row["LastName"] = ""
        job = org.load(file(rows))
        saved, failed = table(org.results(job, "successfulResults")), table(org.results(job, "failedResults"))
        assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 200, 50)
        assert (len(saved), len(failed), table(org.results(job, "unprocessedRecords"))) == (150, 50, [])
        assert [row[KEY] for row in saved] != [row[KEY] for row in rows if row["LastName"]]
        assert list(saved[0]) == ["sf__Id", "sf__Created", *rows[0]]
        assert list(failed[0]) == ["sf__Id", "sf__Error", *rows[0]]
        assert {row["sf__Error"] for row in failed} == {
            "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
        }
        assert {row["sf__Created"] for row in saved} == {"true"}
        one = saved[0]
        assert org.ask("GET", f"sobjects/Lead/{KEY}/{one[KEY]}").json()["Id"] == one["sf__Id"]

    def test_a_job_and_its_file_in_one_call(self, org: SalesforceOrg) -> None:
        job = {"object": "Lead", "operation": "upsert", "externalIdFieldName": KEY, "contentType": "CSV"}
        parts = {
            "job": (None, json.dumps(job), "application/json"),
            "content": ("leads.csv", file(leads("multi", 3)), "text/csv"),
        }
        made = org.ask("POST", "jobs/ingest", files=parts).json()
        assert made["state"] == "UploadComplete"
        ended = org.ended(f"jobs/ingest/{made['id']}")
        assert (ended["state"], ended["numberRecordsProcessed"], ended["numberRecordsFailed"]) == ("JobComplete", 3, 0)
        assert org.refused("POST", "jobs/ingest", files={"job": parts["job"]}) == (400, "JSON_PARSER_ERROR")

    def test_bodies_may_come_packed(self, org: SalesforceOrg) -> None:
        packed = {"content-encoding": "gzip"}
        job = org.ask("POST", "jobs/ingest", content=gzip.compress(json.dumps(
            {"object": "Lead", "operation": "insert"}).encode()), headers=packed).json()  # fmt: skip
        path = f"jobs/ingest/{job['id']}"
        rows = gzip.compress(file([{"LastName": "Packed", "Company": "Gz"}]).encode())
        assert org.ask("PUT", f"{path}/batches", content=rows, headers=packed).status_code == 201
        org.ask("PATCH", path, json={"state": "UploadComplete"})
        assert org.ended(path)["numberRecordsProcessed"] == 1
        assert org.refused("POST", "jobs/ingest", content=b"no gzip", headers=packed) == (400, "JSON_PARSER_ERROR")
        assert org.refused("POST", "jobs/ingest", content=b"{}", headers={"content-encoding": "br"})[0] == 415

    def test_results_have_both_spellings_and_a_job_is_forgotten_after_seven_days(self, org: SalesforceOrg) -> None:
        job = org.load(file(leads("old", 1)))
        assert {org.results(job, name) for name in ("unprocessedrecords", "unprocessedRecords")} == {
            org.results(job, "UNPROCESSEDRECORDS")
        }
        org.order("clock", advance=8 * 86400)
        try:
            org.use_new_session()
            assert org.refused("GET", f"jobs/ingest/{job['id']}") == (404, "NOT_FOUND")
        finally:
            org.order("clock", advance=-8 * 86400)
            org.use_new_session()

    @pytest.mark.parametrize("delimiter", ["COMMA", "TAB", "PIPE", "SEMICOLON", "CARET", "BACKQUOTE"])
    @pytest.mark.parametrize("ending", ["LF", "CRLF"])
    def test_any_text_survives_the_way_in_and_out(self, org: SalesforceOrg, delimiter: str, ending: str) -> None:
        mark, end = {"COMMA": ",", "TAB": "\t", "PIPE": "|", "SEMICOLON": ";", "CARET": "^", "BACKQUOTE": "`"}, "\n"
        rows = leads(f"any-{delimiter}-{ending}", len(_NASTY))
        for row, text in zip(rows, _NASTY, strict=True):
            row["Description"] = text
        form = {"columnDelimiter": delimiter, "lineEnding": ending}
        job = org.load(file(rows, mark[delimiter], "\r\n" if ending == "CRLF" else end), **form)
        saved = table(org.results(job, "successfulResults"), mark[delimiter])
        assert {row[KEY]: row["Description"] for row in saved} == {row[KEY]: row["Description"] for row in rows}
        held = org.query(f"SELECT {KEY}, Description FROM Lead WHERE {KEY} LIKE 'any-{delimiter}-{ending}-%'")
        assert {row[KEY]: row["Description"] for row in held["records"]} == {
            row[KEY]: row["Description"].strip() for row in rows
        }

    def test_empty_leaves_a_value_and_na_takes_it_away(self, org: SalesforceOrg) -> None:
        before = org.create(Landbridge_Id__c="empty-1", Title="Boss", City="Basel")
        job = org.load(f"{KEY},Title,City\nempty-1,,#N/A\n")
        row = org.row(before)
        assert (row["Title"], row["City"], job["numberRecordsFailed"]) == ("Boss", None, 0)
        assert table(org.results(job, "successfulResults"))[0]["sf__Created"] == "false"

    def test_insert_update_and_delete(self, org: SalesforceOrg) -> None:
        made = table(org.results(org.load("LastName,Company\na,b\nc,d\n", "insert"), "successfulResults"))
        ids = [row["sf__Id"] for row in made]
        org.load(f"Id,Title\n{ids[0][:15]},New\n{ids[1]},New\n", "update")
        assert [org.row(row_id)["Title"] for row_id in ids] == ["New", "New"]
        gone = org.load(f"Id\n{ids[0]}\nnonsense\n{ids[0]}\n", "delete")
        failed = table(org.results(gone, "failedResults"))
        assert sorted(row["sf__Error"].split(":")[0] for row in failed) == ["ENTITY_IS_DELETED", "MALFORMED_ID"]
        assert org.refused("GET", f"sobjects/Lead/{ids[0]}") == (404, "ENTITY_IS_DELETED")

    def test_parents_by_key(self, org: SalesforceOrg) -> None:
        account = org.create("Account", Name="P", Landbridge_Id__c="bulk-acc")
        text = f"{KEY},LastName,Account.{KEY}\np-1,x,BULK-ACC\np-2,x,nobody\n"
        job = org.load(text, object="Contact")
        assert job["numberRecordsFailed"] == 1
        assert "INVALID_FIELD:Foreign key external ID" in org.results(job, "failedResults")
        assert org.column(f"SELECT AccountId FROM Contact WHERE {KEY} = 'p-1'") == [account]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (f"{KEY},Nothing__c\nx,y\n", "InvalidBatch : Field name not found : Nothing__c"),
            ("LastName,Company\nx,y\n", f"InvalidBatch : Field name not found : {KEY}"),
            (f"{KEY},LastName\r\nx,y\r\n", "ClientInputError : LineEnding is invalid"),
            (f"{KEY},LastName\nx,y,z\n", "InvalidBatch : Failed to parse CSV"),
            (f'{KEY},LastName\nx,"y\n', "InvalidBatch : Failed to parse CSV"),
            (" ", "InvalidBatch : Failed to parse CSV header"),
        ],
    )
    def test_a_file_that_cannot_be_understood_fails_the_job(self, org: SalesforceOrg, text: str, message: str) -> None:
        job = org.load(text)
        assert (job["state"], job["numberRecordsProcessed"]) == ("Failed", 0)
        assert job["errorMessage"].startswith(message)

    @pytest.mark.parametrize(
        ("wish", "code"),
        [
            ({"operation": "upsert"}, "INVALIDJOB"),
            ({"operation": "upsert", "externalIdFieldName": "City"}, "INVALID_FIELD"),
            ({"operation": "hardDelete"}, "FEATURENOTENABLED"),
            ({"operation": "think"}, "JSON_PARSER_ERROR"),
            ({"operation": "insert", "object": "Nothing"}, "INVALID_TYPE"),
            ({"operation": "insert", "contentType": "XML"}, "JSON_PARSER_ERROR"),
        ],
    )
    def test_a_job_that_cannot_be(self, org: SalesforceOrg, wish: Row, code: str) -> None:
        assert org.refused("POST", "jobs/ingest", json={"object": "Lead", **wish}) == (400, code)

    def test_chunks_and_a_failure_that_leaves_rows_unprocessed(self, org: SalesforceOrg) -> None:
        with org.switched(bulk_chunk=100, bulk_chunks_before_failure=2):
            rows = leads("chunk", 450)
            rows[0]["Company"] = ""
            job = org.load(file(rows))
        counts = [len(table(org.results(job, f"{kind}"))) for kind in
                  ("successfulResults", "failedResults", "unprocessedrecords")]  # fmt: skip
        assert (job["state"], job["retries"], counts) == ("Failed", 10, [199, 1, 250])
        assert job["numberRecordsProcessed"] == 200
        assert table(org.results(job, "unprocessedrecords"))[0] == rows[200]
        assert org.column("SELECT COUNT(Id) FROM Lead WHERE Landbridge_Id__c LIKE 'chunk-%'") == [199]

    def test_a_job_can_be_aborted_between_chunks(self, org: SalesforceOrg) -> None:
        path = f"jobs/ingest/{org.new_job()['id']}"
        org.ask("PUT", f"{path}/batches", content=file(leads("abort", 300)))
        with org.switched(bulk_chunk=100, bulk_seconds_per_chunk=0.3):
            org.ask("PATCH", path, json={"state": "UploadComplete"})
            assert org.ask("PATCH", path, json={"state": "Aborted"}).json()["state"] == "Aborted"
        job = org.ended(path)
        left = table(org.results(job, "unprocessedrecords"))
        assert len(left) == 300 - job["numberRecordsProcessed"] > 0

    def test_locked_rows_fail_and_go_in_the_next_time(self, org: SalesforceOrg) -> None:
        rows = leads("bulklock", 300)
        with org.switched(lock_rate=0.2):
            job = org.load(file(rows))
            failed = table(org.results(job, "failedResults"))
        assert 20 < len(failed) < 120
        assert all(row["sf__Error"].startswith("UNABLE_TO_LOCK_ROW:unable to obtain exclusive") for row in failed)
        own = [{name: value for name, value in row.items() if not name.startswith("sf__")} for row in failed]
        assert org.load(file(own))["numberRecordsFailed"] == 0

    def test_a_hundred_thousand_rows(self, org: SalesforceOrg) -> None:
        """More than one chunk of the true size, with other calls answered meanwhile."""
        path = f"jobs/ingest/{org.new_job()['id']}"
        org.ask("PUT", f"{path}/batches", content=file(leads("many", 100_000)))
        org.ask("PATCH", path, json={"state": "UploadComplete"})
        assert org.ask("GET", path).json()["numberRecordsProcessed"] < 100_000
        done = org.ended(path)
        assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (100_000, 0)
        assert org.ask("GET", f"sobjects/Lead/{KEY}/many-99999").json()["LastName"] == "N99999"
        used = org.ask("GET", "limits").json()["DailyBulkApiBatches"]
        assert used["Max"] - used["Remaining"] >= 10


class TestQuery:
    def test_pages_by_locator(self, org: SalesforceOrg) -> None:
        org.load(file(leads("page", 25, Description='say "hi",\nplease')))
        soql = f"SELECT Id, {KEY}, Description, DoNotCall, CreatedDate, Owner.Name FROM Lead WHERE {KEY} LIKE 'page-%'"
        job = org.ask("POST", "jobs/query", json={"operation": "query", "query": soql}).json()
        path = f"jobs/query/{job['id']}"
        assert (job["state"], org.ended(path)["numberRecordsProcessed"]) == ("UploadComplete", 25)
        rows, sizes, locator = [], [], ""
        while locator != "null":
            params = {"maxRecords": "10"} | ({"locator": locator} if locator else {})
            answer = org.ask("GET", f"{path}/results", params=params)
            rows += table(answer.text)
            sizes.append(int(answer.headers["sforce-numberofrecords"]))
            locator = answer.headers["sforce-locator"]
        assert (sizes, {row[KEY] for row in rows}) == ([10, 10, 5], {f"page-{n}" for n in range(25)})
        first = rows[0]
        assert (first["Description"], first["DoNotCall"]) == ('say "hi",\nplease', "false")
        assert first["CreatedDate"].endswith(".000Z") and first["Owner.Name"] == "Landbridge Integration"
        assert org.refused("GET", f"{path}/results?locator=xyz") == (400, "INVALID_LOCATOR")
        assert org.ask("DELETE", path).status_code == 204
        assert org.refused("GET", path) == (404, "NOT_FOUND")

    def test_a_job_takes_its_time_and_can_be_aborted(self, org: SalesforceOrg) -> None:
        with org.switched(bulk_seconds_per_chunk=3600):
            job = org.ask("POST", "jobs/query", json={"operation": "queryAll", "query": "SELECT Id FROM Lead"}).json()
        path = f"jobs/query/{job['id']}"
        assert org.ask("GET", path).json()["state"] == "InProgress"
        assert org.refused("GET", f"{path}/results") == (400, "INVALIDJOBSTATE")
        assert org.ask("PATCH", path, json={"state": "Aborted"}).json()["state"] == "Aborted"
        assert org.refused("PATCH", path, json={"state": "Aborted"}) == (400, "INVALIDJOBSTATE")

    @pytest.mark.parametrize(
        ("soql", "code"),
        [("SELECT COUNT(Id) FROM Lead", "INVALIDJOB"), ("SELECT", "MALFORMED_QUERY"), ("", "MALFORMED_QUERY")],
    )
    def test_what_cannot_be_asked(self, org: SalesforceOrg, soql: str, code: str) -> None:
        assert org.refused("POST", "jobs/query", json={"operation": "query", "query": soql}) == (400, code)
