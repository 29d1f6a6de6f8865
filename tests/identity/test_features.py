"""What of a profile can be compared, one kind of evidence at a time."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from landbridge.identity.features import features
from landbridge.identity.features.fold import LONGEST, fold, fold_column
from tests.identity.people import person, profiles


def one(**fields: Any) -> dict[str, Any]:
    """The features of a lone profile."""
    row: dict[str, Any] = features(profiles(person("crm/contacts/1", **fields))).to_pylist()[0]
    return row


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("Albert.Lindau@Gmail.com ", "albertlindau@gmail.com"),
        ("albertlindau+shop@gmail.com", "albertlindau@gmail.com"),
        ("a.lindau@googlemail.com", "alindau@gmail.com"),
        ("albert.lindau@gmial.com", "albertlindau@gmail.com"),
        ("albert.lindau@gmail.con", "albertlindau@gmail.com"),
        ("albert.lindau@hotmial.co.uk", "albert.lindau@hotmail.co.uk"),
        ("Albert Lindau <albert.lindau@acme.example>", "albert.lindau@acme.example"),
        ("albert.lindau+x@acme.example", "albert.lindau+x@acme.example"),
        ("albert@mail.com", "albert@mail.com"),
    ],
)
def test_an_address_is_its_mailbox(written: str, compared: str) -> None:
    assert one(email=written)["emails"] == [compared]


@pytest.mark.parametrize(
    "written", ["noemail@example.com", "test@test.com", "na@na.com", "n/a", "@", "a@b", "", "unknown@unknown.com"]
)
def test_placeholder_addresses_are_none(written: str) -> None:
    assert one(email=written)["all_emails"] == []


@pytest.mark.parametrize(
    "written", ["info@acme.example", "sales2@acme.example", "family.lindau7@gmail.com", "kontakt@acme.example"]
)
def test_role_and_household_addresses_are_shared(written: str) -> None:
    row = one(email=written)
    assert row["emails"] == []
    assert len(row["all_emails"]) == 1
    assert row["given"] is None


@pytest.mark.parametrize(
    ("written", "region", "compared"),
    [
        ("+49 170 1234568", None, "701234568"),
        ("0170/1234568", "DE", "701234568"),
        ("0170/1234568", None, "701234568"),
        ("00491701234568", None, "701234568"),
        ("(212) 555-0143", "US", "125550143"),
    ],
)
def test_a_phone_is_the_same_number_however_written(written: str, region: str | None, compared: str) -> None:
    assert one(phone=written, region_hint=region)["phones"] == [compared]


@pytest.mark.parametrize("written", ["0000000000", "1234567890", "9999999999", "+10000000000", "n/a", "12", ""])
def test_placeholder_phones_are_none(written: str) -> None:
    assert one(phone=written)["all_phones"] == []


@pytest.mark.parametrize(
    ("written", "given", "family"),
    [
        ("Albert Lindau", "albert", "lindau"),
        ("LINDAU, Albert", "albert", "lindau"),
        ("Dr. Albert Lindau Jr.", "albert", "lindau"),
        ("Albert 'Bert' van der Berg", "albert", "vanderberg"),
        ("Jean-Luc Godard", "jean", "godard"),
        ("Иван Петров", "ivan", "petrov"),
        ("Łukasz Müller", "lukasz", "muller"),
        ("J. Smith", "j", "smith"),
        ("Albert", "albert", None),
        ("Jacqueline B.", "jacqueline", None),
        ("Acme Widgets GmbH", None, None),
        ("n/a", None, None),
        ("Unknown", None, None),
        ("albert@lindau.example", None, None),
        ("🎉🎉", None, None),
        ("Thomas Clifford, 1st Baron Clifford of Chudleigh", "thomas", "clifford"),
        ("Sir Thomas Clifford", "thomas", "clifford"),
    ],
)
def test_names_out_of_a_full_name(written: str, given: str | None, family: str | None) -> None:
    row = one(full_name=written)
    assert (row["given"], row["family"]) == (given, family)


def test_a_display_name_that_is_an_account_name_is_read_as_one() -> None:
    row = one(full_name="jerry_perrez", handle="x:jerry_perrez")
    assert (row["given"], row["family"], row["named"]) == ("jerry", "perrez", False)
    assert one(full_name="quietheron", handle="x:QuietHeron")["given"] is None


@pytest.mark.parametrize(
    "whole", ["Deleted User", "web lead", "Max Mustermann", "First Name Last Name", "John Q Public"]
)
def test_a_name_that_stands_for_nobody_is_none(whole: str) -> None:
    first, _, last = whole.rpartition(" ")
    for told in ({"full_name": whole}, {"given_name": first, "family_name": last}):
        found = one(**told)
        assert (found["given"], found["family"]) == (None, None)
    assert one(full_name="Deleted Usher")["family"] == "usher"


def test_family_names_stand_first_in_east_asian_scripts() -> None:
    turned, split = one(full_name="松本 美咲"), one(given_name="美咲", family_name="松本")
    assert (turned["given"], turned["family"]) == (split["given"], split["family"])


def test_split_names_win_over_the_full_name() -> None:
    row = one(full_name="Somebody Else", given_name="Albert", family_name="Smith-Jones")
    assert (row["given"], row["family"], sorted(row["parts"])) == ("albert", "smithjones", ["jones", "smith"])


@pytest.mark.parametrize("written", ["Daughter of", "Baby Girl", "Lady of the house", "Resident"])
def test_what_somebody_is_to_the_house_is_no_name(written: str) -> None:
    row = one(given_name=written, family_name="Lindau")
    assert (row["given"], row["family"]) == (None, "lindau")


@pytest.mark.parametrize(
    ("fields", "given", "middle", "family"),
    [
        ({"given_name": "Albert", "middle_name": "J.", "family_name": "Lindau"}, "albert", "j", "lindau"),
        ({"full_name": "Albert Johann Lindau"}, "albert", "johann", "lindau"),
        (
            {"given_name": "Albert", "family_name": "Lindau", "full_name": "Albert Johann Lindau"},
            "albert",
            "johann",
            "lindau",
        ),
        ({"family_name": "Lindau", "full_name": "Albert Lindau"}, "albert", None, "lindau"),
        ({"given_name": "Albert", "full_name": "Albert Lindau"}, "albert", None, "lindau"),
        ({"given_name": "Albert", "family_name": "Lindau", "full_name": "Albert Lindau"}, "albert", None, "lindau"),
    ],
)
def test_middle_names_and_what_one_field_leaves_open(
    fields: dict[str, str], given: str, middle: str | None, family: str
) -> None:
    row = one(**fields)
    assert (row["given"], row["middle"], row["family"]) == (given, middle, family)


def test_nicknames_reach_their_formal_names() -> None:
    assert "robert" in one(given_name="Bob")["roots"]
    assert "giuseppe" in one(given_name="Beppe")["roots"]
    assert one(given_name="Robert")["roots"] == ["robert"]


def test_a_name_hidden_in_an_address_is_found() -> None:
    row = one(email="albert.lindau82@web.de")
    assert (row["given"], row["family"], row["named"]) == ("albert", "lindau", False)


def test_an_initial_is_completed_from_the_own_mailbox() -> None:
    assert one(full_name="A. Figueroa", email="anastasio_figueroa@outlook.es")["given"] == "anastasio"


def test_birth_dates_and_the_dates_that_systems_fill_in() -> None:
    assert one(birth_date="1980-03-04")["birth_swapped"] == "1980-04-03"
    assert one(birth_date="1980-03-14")["birth_swapped"] is None
    for none in ("1900-01-01", "1970-01-01", "soon", "1980-13-40", "1980"):
        assert one(birth_date=none)["birth_date"] is None


@pytest.mark.parametrize(
    ("written", "country", "read"),
    [
        ("19800314", None, "1980-03-14"),
        ("03/14/1980", None, "1980-03-14"),
        ("14/03/1980", None, "1980-03-14"),
        ("03/04/1980", "US", "1980-03-04"),
        ("03/04/1980", "GB", "1980-04-03"),
        ("4.3.1980", None, "1980-03-04"),
        ("03141980", None, "1980-03-14"),
        ("1980-15-03", None, "1980-03-15"),
        ("1980-03-14T00:00:00Z", None, "1980-03-14"),
        ("00000000", None, None),
        ("3/14/80", None, None),
        ("01/01/1900", None, None),
    ],
)
def test_a_birth_date_is_the_same_day_however_written(written: str, country: str | None, read: str | None) -> None:
    assert one(birth_date=written, country=country)["birth_date"] == read


@pytest.mark.parametrize(
    ("one_way", "other_way"),
    [
        ("12 High Street", "12 high st."),
        ("Hauptstraße 5", "Hauptstr. 5"),
        ("5 Ocean Avenue Apt 12", "5 Ocean Ave #12"),
        ("Calle Mayor 3", "C/ Mayor 3"),
    ],
)
def test_streets_agree_however_abbreviated(one_way: str, other_way: str) -> None:
    assert one(street=one_way)["street"] == one(street=other_way)["street"]


def test_a_value_under_two_names_is_shared_and_under_nicknames_is_not() -> None:
    table = profiles(
        person("a/u/1", full_name="Maria Rossi", email="rossi@web.de", phone="+39 06 1234 5671"),
        person("a/u/2", full_name="Mario Rossi", email="rossi@web.de"),
        person("a/u/3", full_name="Bob Stone", phone="+1 212 555 0143"),
        person("a/u/4", full_name="Robert Stone", phone="212-555-0143", region_hint="US"),
    )
    given = pa.table({"given": ["maria", "mario"]})
    rows = {row["profile_id"]: row for row in features(table, given).to_pylist()}
    assert rows["a/u/1"]["emails"] == [] and rows["a/u/1"]["all_emails"] == ["rossi@web.de"]
    assert rows["a/u/3"]["phones"] == rows["a/u/4"]["phones"] == ["125550143"]


def test_company_by_name_and_by_work_address() -> None:
    assert one(company="Acme Widgets, Inc.")["company_keys"] == ["acmewidgets"]
    assert one(email="albert@acmewidgets.example")["company_keys"] == ["acmewidgets"]
    assert one(email="albert@gmail.com")["company_keys"] == []
    assert one(email="albert@site44.example")["company_keys"] != one(email="albert@site377.example")["company_keys"]


def test_handles_lose_network_and_sign() -> None:
    row = one(handle=["x:@JSmith_Acme", "linkedin:https://www.linkedin.com/in/jsmith_acme/"])
    assert row["all_handles"] == ["jsmith_acme"]


def test_references_count_only_for_profiles_that_are_here() -> None:
    table = profiles(
        person("zendesk/users/1", reference=["salesforce/lead/00Q1", "salesforce/Lead/gone"]),
        person("salesforce/Lead/00Q1"),
    )
    rows = {row["profile_id"]: row["refers_to"] for row in features(table).to_pylist()}
    assert rows == {"zendesk/users/1": [], "salesforce/Lead/00Q1": ["zendesk/users/1"]}


def test_folding_is_bounded_and_plain() -> None:
    assert fold("Ünï\x00 çôdé  \n") == "uni code"
    assert fold("\U0001f389") is None
    folded = fold("é" * 10_000)
    assert folded is not None and len(folded) <= LONGEST


@example(["Two  spaces", " before", "behind ", "A" * LONGEST, "A" * (LONGEST + 1), "tab\there", "\n", "", "İ", "ß"])
@given(st.lists(st.one_of(st.none(), st.text(max_size=8), st.text("aB .-\n\x7fé", max_size=LONGEST + 4))))
def test_a_column_folds_as_its_values_do(values: list[str | None]) -> None:
    folded = fold_column(pa.chunked_array([pa.array(values, pa.string())]))
    assert folded.to_pylist() == [None if value is None else fold(value) for value in values]


def test_no_profiles_no_features() -> None:
    assert features(profiles()).num_rows == 0


def test_nobody_has_a_blocking_key_twice() -> None:
    keys = one(
        given_name="Robert",
        family_name="Robert",
        birth_date="1980-03-03",
        email=["r.robert@posteo.example", "r-robert@posteo.example"],
        phone=["+442079460111", "020 7946 0111"],
        company="Posteo",
        postcode="20095",
    )["keys"]
    assert len(keys) == len(set(keys)) > 10
