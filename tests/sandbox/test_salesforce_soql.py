"""Salesforce's stand-in answers SOQL: conditions, parents, order, groups, pages and their expiry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.salesforce_calls import BASE, KEY, Row, SalesforceOrg, rows_of, running_org

_ROWS: tuple[Row, ...] = (
    {"LastName": "Alpha", "City": "Basel", "NumberOfEmployees": 5, "Landbridge_Score__c": 0.25, "DoNotCall": True},
    {"LastName": "beta", "City": "bern", "NumberOfEmployees": 50, "Birthdate__c": "1980-02-03"},
    {"LastName": "Gamma", "NumberOfEmployees": 500, "Description": "long text", "Landbridge_Score__c": 1.5},
    {"LastName": "O'Neil \\ 50%_", "City": "Basel", "Website": "https://x.example"},
)


@pytest.fixture(scope="module")
def org() -> Iterator[SalesforceOrg]:
    """An org in which our rows, and only those, have Industry `Energy`."""
    with running_org() as org:
        for number, row in enumerate(_ROWS):
            org.create(Industry="Energy", Landbridge_Id__c=f"K-{number}", **row)
        yield org


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("City = 'BASEL'", "Alpha O'Neil"),
        ("City != 'basel'", "Gamma beta"),
        ("City = null", "Gamma"),
        ("City != null", "Alpha O'Neil beta"),
        ("City IN ('bern', 'x')", "beta"),
        ("City NOT IN ('Bern')", "Alpha Gamma O'Neil"),
        ("LastName LIKE '%eta'", "beta"),
        ("LastName LIKE '_LPHA'", "Alpha"),
        (r"LastName LIKE '%50\%\_'", "O'Neil"),
        (r"LastName = 'O\'Neil \\ 50%_'", "O'Neil"),
        ("NOT City LIKE 'b%'", "Gamma"),
        ("(NOT City = 'Basel') AND NumberOfEmployees > 50", "Gamma"),
        ("NumberOfEmployees >= 50", "Gamma beta"),
        ("NumberOfEmployees < 50", "Alpha"),
        ("(City = 'Basel' AND NumberOfEmployees = 5) OR LastName = 'beta'", "Alpha beta"),
        ("Landbridge_Score__c > 0.5", "Gamma"),
        ("DoNotCall = true", "Alpha"),
        ("DoNotCall = false", "Gamma O'Neil beta"),
        ("Birthdate__c < 1990-01-01", "beta"),
        ("CreatedDate >= 2020-01-01T00:00:00Z", "Alpha Gamma O'Neil beta"),
        ("CreatedDate < 2020-01-01T00:00:00+00:00", ""),
        ("CreatedDate = LAST_N_DAYS:2", "Alpha Gamma O'Neil beta"),
        ("CreatedDate < YESTERDAY", ""),
        ("Landbridge_Id__c IN ('k-1', 'K-3', 'other')", "O'Neil beta"),
        ("Owner.Username LIKE 'landbridge.%' AND City = 'bern'", "beta"),
    ],
)
def test_conditions(org: SalesforceOrg, condition: str, found: str) -> None:
    names = org.column(f"SELECT LastName FROM Lead WHERE Industry = 'Energy' AND ({condition})")
    assert " ".join(sorted(name.split(" ")[0] for name in names)) == found


def test_order_puts_nothing_first_unless_told(org: SalesforceOrg) -> None:
    select = "SELECT NumberOfEmployees FROM Lead WHERE Industry = 'Energy' ORDER BY NumberOfEmployees"
    assert org.column(select) == [None, 5, 50, 500]
    assert org.column(f"{select} DESC") == [None, 500, 50, 5]
    assert org.column(f"{select} DESC NULLS LAST LIMIT 2") == [500, 50]
    assert org.column(f"{select} LIMIT 2 OFFSET 1") == [5, 50]
    mixed = "SELECT LastName FROM Lead WHERE Industry = 'Energy' ORDER BY City DESC NULLS LAST, LastName"
    assert [name[0] for name in org.column(mixed)] == ["b", "A", "O", "G"]


def test_parents_come_as_objects(org: SalesforceOrg) -> None:
    account = org.create("Account", Name="Holding")
    child = org.create("Account", Name="Child", ParentId=account)
    org.create("Contact", LastName="Walks", AccountId=child)
    org.create("Contact", LastName="Alone")
    soql = "SELECT LastName, account.PARENT.name FROM Contact c WHERE c.LastName IN ('Walks', 'Alone') ORDER BY Name"
    alone, walks = rows_of(org.query(soql))
    assert alone["Account"] is None
    assert walks["Account"]["Parent"] == {
        "attributes": {"type": "Account", "url": f"{BASE}/sobjects/Account/{account}"},
        "Name": "Holding",
    }


def test_groups(org: SalesforceOrg) -> None:
    groups = rows_of(
        org.query(
            "SELECT City, COUNT(Id), MAX(NumberOfEmployees) most FROM Lead WHERE Industry = 'Energy' GROUP BY City "
            "HAVING COUNT(Id) >= 1 ORDER BY COUNT(Id) DESC, City NULLS LAST"
        )
    )
    kind = {"attributes": {"type": "AggregateResult"}}
    assert groups == [
        kind | {"City": "Basel", "expr0": 2, "most": 5},
        kind | {"City": "bern", "expr0": 1, "most": 50},
        kind | {"City": None, "expr0": 1, "most": 500},
    ]
    counted = org.query("SELECT COUNT() FROM Lead WHERE Industry = 'Energy'")
    assert counted == {"totalSize": 4, "done": True, "records": []}
    assert org.column("SELECT AVG(NumberOfEmployees) FROM Lead WHERE Industry = 'Energy'") == [185]


def test_all_fields_by_a_function(org: SalesforceOrg) -> None:
    (row,) = rows_of(org.query(f"SELECT FIELDS(ALL) FROM Lead WHERE {KEY} = 'K-0' LIMIT 1"))
    assert (row["City"], row[KEY], row["IsDeleted"]) == ("Basel", "K-0", False)
    assert org.refused("GET", "query", params={"q": "SELECT FIELDS(ALL) FROM Lead"}) == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("", "MALFORMED_QUERY"),
        ("SELECT Id", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE City = 'x' AND City = 'y' OR City = 'z'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE City = 'open", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT " + "9" * 5000, "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE " + "(" * 2000 + "City = null" + ")" * 2000, "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE " + "NOT " * 2000 + "City = null", "MALFORMED_QUERY"),
        ("SELECT City, COUNT(Id) FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
        ("SELECT Nothing FROM Lead", "INVALID_FIELD"),
        ("SELECT Id, Nobody.Name FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE City = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE NumberOfEmployees = '5'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Description = 'long text'", "INVALID_FIELD"),
        ("SELECT Id, ID FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(org: SalesforceOrg, soql: str, code: str) -> None:
    assert org.refused("GET", "query", params={"q": soql}) == (400, code)


def test_a_wrong_query_is_shown_where_it_is_wrong(org: SalesforceOrg) -> None:
    message = org.ask("GET", "query", params={"q": "SELECT Id,\nNothing FROM Lead"}).json()[0]["message"]
    assert message.startswith("\nSELECT Id, Nothing FROM Lead\n           ^\nERROR at Row:2:Column:1\nNo such column")


def test_deleted_rows_come_with_query_all_only(org: SalesforceOrg) -> None:
    row_id = org.create(LastName="Binned")
    org.ask("DELETE", f"sobjects/Lead/{row_id}")
    soql = {"q": f"SELECT Id, IsDeleted FROM Lead WHERE Id = '{row_id}'"}
    assert org.ask("GET", "query", params=soql).json()["records"] == []
    assert org.ask("GET", "queryAll/", params=soql).json()["records"][0]["IsDeleted"] is True


@pytest.fixture(scope="module")
def many(org: SalesforceOrg) -> None:
    """4,500 leads of one company, most of them saved within one second."""
    for start in range(0, 4500, 200):
        numbers = range(start, min(start + 200, 4500))
        org.upsert_all([{KEY: f"many-{n}", "LastName": f"{n}", "Company": "Many"} for n in numbers])


@pytest.mark.usefixtures("many")
class TestPages:
    def test_two_thousand_rows_a_page_as_they_were(self, org: SalesforceOrg) -> None:
        page = org.query("SELECT Id, LastName FROM Lead WHERE Company = 'Many' ORDER BY Id")
        seen, sizes = rows_of(page), [len(rows_of(page))]
        org.ask("PATCH", f"sobjects/Lead/{KEY}/many-4444", json={"LastName": "changed meanwhile"})
        while not page["done"]:
            page = org.client.get(page["nextRecordsUrl"]).json()
            seen, sizes = seen + rows_of(page), [*sizes, len(rows_of(page))]
        assert (sizes, page["totalSize"]) == ([2000, 2000, 500], 4500)
        assert {row["LastName"] for row in seen} == {str(n) for n in range(4500)}

    @pytest.mark.parametrize(("asked", "given"), [("200", 200), ("500", 500), ("50", 200), ("9999", 2000)])
    def test_a_header_asks_for_smaller_ones(self, org: SalesforceOrg, asked: str, given: int) -> None:
        options = {"sforce-query-options": f"batchSize={asked}"}
        page = org.query("SELECT Id FROM Lead WHERE Company = 'Many'", **options)
        assert len(rows_of(page)) == given
        assert page["nextRecordsUrl"].startswith(f"{BASE}/query/01g") and page["nextRecordsUrl"].endswith(f"-{given}")
        assert len(rows_of(org.client.get(page["nextRecordsUrl"] + "/", headers=options).json())) in (given, 2000)

    def test_a_locator_expires(self, org: SalesforceOrg) -> None:
        with org.switched(locator_minutes=10):
            more = org.query("SELECT Id FROM Lead WHERE Company = 'Many'")["nextRecordsUrl"].removeprefix(f"{BASE}/")
            assert org.ask("GET", more).status_code == 200
            org.order("clock", advance=600)
            assert org.refused("GET", more) == (400, "INVALID_QUERY_LOCATOR")
        assert org.refused("GET", "query/01gnonsense-2000") == (400, "INVALID_QUERY_LOCATOR")

    def test_the_oldest_of_eleven_is_closed(self, org: SalesforceOrg) -> None:
        soql = "SELECT Id FROM Lead WHERE Company = 'Many'"
        addresses = [org.query(soql)["nextRecordsUrl"].removeprefix(f"{BASE}/") for _ in range(11)]
        assert org.refused("GET", addresses[0]) == (400, "INVALID_QUERY_LOCATOR")
        assert {org.ask("GET", address).status_code for address in addresses[1:]} == {200}

    def test_a_walk_by_stamp_and_id_loses_nothing(self, org: SalesforceOrg) -> None:
        """Thousands of rows have one SystemModstamp."""
        select, order = "SELECT Id, SystemModstamp FROM Lead WHERE Company = 'Many'", "ORDER BY SystemModstamp, Id"
        seen, beyond = [], ""
        while rows := rows_of(org.query(f"{select} {beyond} {order} LIMIT 700")):
            seen += [row["Id"] for row in rows]
            at, last = rows[-1]["SystemModstamp"].replace("+0000", "Z"), rows[-1]["Id"]
            beyond = f"AND (SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > '{last}'))"
        assert len(seen) == len(set(seen)) == 4500
