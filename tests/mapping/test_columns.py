"""Strangers' tables: which column is what, and the profiles that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pytest

from landbridge.errors import NotFound
from landbridge.mapping.apply import apply
from landbridge.mapping.columns import recognise
from landbridge.mapping.load import Mapping, load_synonyms
from landbridge.mapping.synonyms import Synonyms
from landbridge.mapping.tables import profiles_from_table
from landbridge.store.profiles import PROFILE_SCHEMA
from tests.mapping.conftest import SHIPPED, batch


@pytest.fixture(scope="module")
def synonyms() -> Synonyms:
    return load_synonyms(SHIPPED / "columns.yaml")


@pytest.mark.parametrize(
    ("column", "ours"),
    [
        ("E-mail", "email"),
        ("Mail Address", "email"),
        ("EMAIL_ADDRESS", "email"),
        ("emailAddress", "email"),
        ("E-mail 2 - Value", "email"),
        ("Primary Email", "email"),
        ("courriel", "email"),
        ("メールアドレス", "email"),
        ("Vorname", "given_name"),
        ("raison sociale", "company"),
        ("tel_portable", "phone"),
        ("Name komplett", "full_name"),
        ("Strasse/Hausnr.", "street"),
        ("Geb.-Datum", "birth_date"),
        ("First Name", "given_name"),
        ("fname", "given_name"),
        ("Prénom", "given_name"),
        ("prenom", "given_name"),
        ("surname", "family_name"),
        ("Nachname", "family_name"),
        ("nom", "family_name"),
        ("Apellidos", "family_name"),
        ("Full Name", "full_name"),
        ("customer_name", "full_name"),
        ("氏名", "full_name"),
        ("Telefon", "phone"),
        ("mobile", "phone"),
        ("Phone Number", "phone"),
        ("phone2", "phone"),
        ("Work Phone", "phone"),
        ("Telefon (privat)", "phone"),
        ("dob", "birth_date"),
        ("Birthdate", "birth_date"),
        ("Geburtsdatum", "birth_date"),
        ("Straße", "street"),
        ("Mailing Street", "street"),
        ("Address Line 1", "street"),
        ("zip", "postcode"),
        ("PLZ", "postcode"),
        ("Ort", "city"),
        ("Bundesland", "region"),
        ("Land", "country"),
        ("Organization", "company"),
        ("Firma", "company"),
        ("Job Title", "title"),
        ("web site", "website"),
        ("twitter", "handle:x"),
        ("LinkedIn URL", "handle:linkedin"),
        ("Customer ID", "key"),
        ("Record Id", "key"),
        ("Created At", "created_at"),
        ("shoe size", None),
        ("x", None),
        ("", None),
        ("---", None),
        ("12", None),
    ],
)
def test_names(synonyms: Synonyms, column: str, ours: str | None) -> None:
    assert recognise([column], None, synonyms).fields == ({ours: [column]} if ours else {})


def test_what_is_not_recognised_is_left(synonyms: Synonyms) -> None:
    found = recognise(["email", "Shoe Size", "email 2"], None, synonyms)
    assert found.fields == {"email": ["email", "email 2"]} and found.left == ["Shoe Size"]


def columns(synonyms: Synonyms, table: pa.Table) -> dict[str, list[str]]:
    return recognise(table.column_names, table, synonyms).fields


def test_values_tell_what_names_do_not(synonyms: Synonyms) -> None:
    table = pa.table(
        {
            "a": ["x@y.org", "z@y.org", None],
            "b": ["+49 30 1234567", "0049 30 1234568", ""],
            "c": ["https://x.org", "www.y.org", "https://z.org"],
            "d": ["10115", "20095", "80331"],
            "e": ["x@y.org", "no", "none"],
            "f": [1, 2, 3],
        }
    )
    assert columns(synonyms, table) == {"email": ["a"], "phone": ["b"], "website": ["c"]}


def test_name_beside_given_name_is_the_family_name(synonyms: Synonyms) -> None:
    apart = pa.table({"Name": ["Lovelace", "Noether"], "Vorname": ["Ada", "Emmy"]})
    whole = pa.table({"Name": ["Ada Lovelace", "Emmy Noether"], "First name": ["Ada", "Emmy"]})
    assert columns(synonyms, apart) == {"family_name": ["Name"], "given_name": ["Vorname"]}
    assert columns(synonyms, whole) == {"full_name": ["Name"], "given_name": ["First name"]}
    beside = pa.table({"nom de famille": ["Curie", "Weil"], "prénom": ["Ève", "Simone"], "nom": ["Ève Curie", "Weil"]})
    assert columns(synonyms, beside)["family_name"] == ["nom de famille", "nom"], "half of them is not most"
    beside = beside.set_column(2, "nom", pa.array(["Ève Curie", "Weil, Simone"]))
    assert columns(synonyms, beside)["full_name"] == ["nom"]


def test_what_the_user_says_wins(synonyms: Synonyms) -> None:
    found = recognise(["email", "login", "shoe"], None, synonyms, {"email": "login", "company": "email"})
    assert found.fields == {"email": ["login"], "company": ["email"]} and found.left == ["shoe"]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [({"email": "emial"}, "Did you mean 'email'"), ({"shoe": "email"}, "Ours are: full_name")],
)
def test_what_the_user_says_must_exist(synonyms: Synonyms, chosen: dict[str, str], words: str) -> None:
    with pytest.raises(NotFound) as caught:
        recognise(["email"], None, synonyms, chosen)
    assert words in caught.value.do


def test_columns_that_hold_no_text_are_left(synonyms: Synonyms) -> None:
    table = pa.table({"email": [{"a": 1}], "phone": [b"\xff"], "name": ["Ada"]})
    found = recognise(table.column_names, table, synonyms)
    assert found.fields == {"full_name": ["name"]} and found.left == ["email", "phone"]


def profiles(synonyms: Synonyms, table: pa.Table) -> list[dict[str, object]]:
    result = profiles_from_table(table, "files", "list.csv", columns(synonyms, table), "DE")
    assert result.schema == PROFILE_SCHEMA
    return list(result.to_pylist())


def test_a_table_becomes_profiles(synonyms: Synonyms) -> None:
    table = pa.table(
        {
            "ID": ["7", "8", "8", None],
            "Name": [" Ada Lovelace ", "Bob", "Cy", None],
            "E-mail": ["a@x.org; b@x.org", "", None, None],
            "Geburtstag": [date(1980, 2, 3), None, None, None],
            "Twitter": ["@ada", None, None, None],
            "key": [1, 2, 3, 4],
            "record_id": ["", "", "", ""],
        }
    )
    rows = profiles(synonyms, table)
    assert [row["profile_id"] for row in rows] == ["files/list.csv/7", "files/list.csv/8#2", "files/list.csv/8#3"]
    ada = {name: value for name, value in rows[0].items() if value}
    assert ada == {
        "profile_id": "files/list.csv/7",
        "account": "files",
        "stream": "list.csv",
        "key": "7",
        "record_id": 1,
        "full_name": "Ada Lovelace",
        "email": ["a@x.org", "b@x.org"],
        "birth_date": "1980-02-03",
        "handle": ["x:ada"],
        "region_hint": "DE",
    }


def test_list_columns_and_rows_without_key(synonyms: Synonyms) -> None:
    table = pa.table(
        {"name": ["Ada", None], "emails": [["a@x.org", None, " b@x.org"], None], "company": [["x"], ["y"]]}
    )
    rows = profiles(synonyms, table)
    assert [(row["key"], row["email"], row["company"]) for row in rows] == [
        ("1", ["a@x.org", "b@x.org"], "x"),
        ("2", None, "y"),
    ]


@pytest.mark.parametrize(
    "table",
    [
        pa.table({}),
        pa.table({"shoe": [1]}),
        pa.table({'na"me': ["Ada"], "": ["x"], "a.b[]": ["y"]}),
        pa.table([["Ada"], ["Bob"]], names=["name", "name"]),
        pa.table({"email": pa.array([], pa.string())}),
    ],
)
def test_odd_tables(synonyms: Synonyms, table: pa.Table) -> None:
    assert len(profiles(synonyms, table)) <= 1


def test_files_in_a_folder_are_mapped_like_tables(shipped: dict[str, Mapping]) -> None:
    rows: Sequence[dict[str, str]] = [
        {"Vorname": "Ada", "Name": "Lovelace", "E-Mail": "a@x.org;b@x.org", "Schuhgröße": "38"},
        {"Vorname": "Emmy", "Name": "Noether", "E-Mail": ""},
    ]
    result = apply(shipped["files"], "kunden", batch(*rows), "files")
    assert result.profiles.select(["given_name", "family_name", "email"]).to_pylist() == [
        {"given_name": "Ada", "family_name": "Lovelace", "email": ["a@x.org", "b@x.org"]},
        {"given_name": "Emmy", "family_name": "Noether", "email": None},
    ]
    assert [each.path for each in result.drift] == ["Schuhgröße"]


def test_a_profile_depends_on_its_own_columns_only(shipped: dict[str, Mapping]) -> None:
    rows = [
        {"Name": "Ada Lovelace", "_file": "a.csv"},
        {"Name": "Noether", "Vorname": "Emmy"},
        {"Name": "Grace Hopper", "first_name": "Grace", "last_name": "Hopper"},
    ]
    together = apply(shipped["files"], "rows", batch(*rows), "files")
    alone = [apply(shipped["files"], "rows", batch(row), "files").profiles for row in rows]
    names = ["full_name", "given_name", "family_name"]
    assert together.profiles.select(names).to_pylist() == [row.select(names).to_pylist()[0] for row in alone]
    assert [tuple(row.values()) for row in together.profiles.select(names).to_pylist()] == [
        ("Ada Lovelace", None, None),
        (None, "Emmy", "Noether"),
        ("Grace Hopper", "Grace", "Hopper"),
    ]
    assert together.drift == []


@pytest.mark.parametrize(
    ("names", "company"),
    [
        (["Account"], ["Account"]),
        (["account", "Company"], ["Company"]),
        (["Account Name", "account"], ["Account Name"]),
    ],
)
def test_an_account_beside_a_company_is_where_the_row_was_kept(
    synonyms: Synonyms, names: list[str], company: list[str]
) -> None:
    assert recognise(names, None, synonyms).fields["company"] == company
