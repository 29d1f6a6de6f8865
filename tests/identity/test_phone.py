"""Numbers read in SQL are read as libphonenumber reads them, whatever the region and the way of writing."""

from __future__ import annotations

import random

import duckdb
import phonenumbers
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge.identity.features import phone
from landbridge.identity.features.dialling import NEVER, dialling

COMMON = ("US", "GB", "DE", "FR", "IT", "ES", "NL", "AT", "CH", "DK", "AR", "BR", "AU", "HU", "BS")
REGIONS = st.one_of(
    st.none(), st.sampled_from(COMMON), st.sampled_from([*sorted(phonenumbers.SUPPORTED_REGIONS), "XX", "UK"])
)
CODES = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
ANYBODYS = ["+", "00", "0", "1", "8", "(0)", "011", " "]
OWN = {
    rules.pop("key"): [front for front in rules.values() if front and front != NEVER]
    for rules in dialling().to_pylist()
}
DIGITS = st.text("0123456789", min_size=3, max_size=13)
ODD = st.sampled_from(["", "", "", "", " ext. 5", "x12", "٣", "#", ";", "/", " "])


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str | None]:
    """A number as people of a region write it, now and then as nobody should."""
    region = draw(REGIONS)
    own = OWN.get(region or "", ["0"])
    fronts = draw(st.lists(st.sampled_from([*ANYBODYS, *own, *own]) | st.sampled_from(CODES), max_size=4))
    digits = draw(DIGITS)
    at = draw(st.integers(0, len(digits)))
    body = digits[:at] + draw(st.sampled_from(["", "", " ", "-", "/", ".", ") ", "+"])) + digits[at:]
    return "".join(fronts) + body + draw(ODD), region


def values(numbers: list[tuple[str, str | None]]) -> dict[int, str]:
    """What the features read, by place in the list."""
    places = range(len(numbers))
    base = pa.table(
        {
            "place": pa.array(places, pa.int64()),
            "phone": pa.array([[number] for number, _ in numbers], pa.list_(pa.string())),
            "signed_phone": pa.nulls(len(places), pa.list_(pa.string())),
            "country": pa.nulls(len(places), pa.string()),
            "region_hint": pa.array([region for _, region in numbers], pa.string()),
        }
    )
    with duckdb.connect() as con:
        con.register("base", base)
        phone.add(con)
        return dict(con.execute("SELECT place, value FROM phone_values").fetchall())


@settings(deadline=None)
@given(st.lists(written(), min_size=20, max_size=60))
def test_every_number_is_read_as_libphonenumber_reads_it(numbers: list[tuple[str, str | None]]) -> None:
    read = {place: phone.read_number(number[:40], region) for place, (number, region) in enumerate(numbers)}
    assert values(numbers) == {place: value for place, value in read.items() if value}


def test_many_numbers_that_begin_like_their_regions_own() -> None:
    chance = random.Random(7)
    regions = [*COMMON, *sorted(phonenumbers.SUPPORTED_REGIONS)]
    numbers = [(_likely(chance, region), region) for region in chance.choices(regions, k=25_000)]
    read = {place: phone.read_number(number, region) for place, (number, region) in enumerate(numbers)}
    assert values(numbers) == {place: value for place, value in read.items() if value}


def _likely(chance: random.Random, region: str) -> str:
    """Of the length that numbers have, which is where dropping a digit tells."""
    front = "".join(chance.choices([*OWN[region], *OWN[region], "+", "00", "0"], k=chance.randint(0, 3)))
    length = max(0, chance.randint(7, 14) - len(front))
    return front + "".join(chance.choices("0123456789", k=length))


def test_plain_numbers_do_not_wait_for_libphonenumber() -> None:
    with duckdb.connect() as con:
        con.register("base", pa.table({"signed_phone": pa.nulls(1, pa.list_(pa.string())),
            "place": [1], "country": ["DE"], "region_hint": ["DE"],
            "phone": [["0170 1234568", "+49 170 1234568", "+1 2125550143", "00441134960123", "170/123.456-8", "1234"]],
        }))  # fmt: skip
        phone.add(con)
        odd = con.execute("SELECT number FROM phone_plain WHERE NOT plain ORDER BY ALL").fetchall()
        assert odd == [("1234",)]
