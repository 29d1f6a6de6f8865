"""What a model learns from a base without labels, and what it leaves alone."""

from __future__ import annotations

import random
from math import log2

import pyarrow as pa
import pytest

from landbridge.identity.comparisons import COMPARISONS, NAMESAKE
from landbridge.identity.evaluate import evaluate
from landbridge.identity.features import features
from landbridge.identity.fitting import fit, for_first_load, link_for
from landbridge.identity.model import Model, default_model
from tests.identity.people import person, profiles

GIVEN = ("anna", "bert", "carla", "dieter", "emma", "fritz", "greta", "hans", "ida", "jakob", "klara", "lothar", "mona")
PARTS = ("bar", "ken", "lim", "dor", "wes", "hal", "tun", "rig", "mos", "pel", "gar", "vin")


def register(people: int, careless: float, seed: int = 1) -> tuple[pa.Table, dict[str, str]]:
    """Two records a person, (profiles, truth); each field of the second is, with a chance of `careless`, somebody
    else's."""
    chance = random.Random(seed)

    def fresh() -> dict[str, str]:
        return {
            "given_name": chance.choice(GIVEN),
            "family_name": "".join(chance.choices(PARTS, k=3)),
            "birth_date": f"{chance.randint(1930, 2005)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
            "street": f"{chance.choice(PARTS)}{chance.choice(PARTS)} road {chance.randint(1, 99)}",
            "postcode": f"{chance.randint(10000, 10999)}",
        }

    rows, truth = [], {}
    for n in range(people):
        first, other = fresh(), fresh()
        second = {field: other[field] if chance.random() < careless else value for field, value in first.items()}
        for side, fields in (("a", first), ("b", second)):
            rows.append(person(f"{side}/u/{n}", **fields))
            truth[f"{side}/u/{n}"] = str(n)
    return profiles(*rows), truth


def test_a_careless_register_teaches_that_people_differ_from_themselves() -> None:
    table, truth = register(1500, careless=0.15)
    start = default_model()
    fitted = fit(features(table), start)
    assert fitted.weights["given"]["different"][0] == pytest.approx(0.15, abs=0.04)
    assert fitted.against == (2,)
    assert fitted.matches_per_profile == pytest.approx(0.5, abs=0.1)
    shipped, own = evaluate(table, truth, start), evaluate(table, truth)
    assert own.precision > 0.99
    assert own.f1 > shipped.f1 + 0.02
    assert own.model == fitted.version != start.version


def bits(model: Model, comparison: str, level: str) -> float:
    m, u = model.weights[comparison][level]
    return log2(m / u)


def families(houses: int) -> pa.Table:
    """Two of one family name in each house, two records each; of each first name one record has a house alone."""
    chance, rows = random.Random(3), []
    for house in range(houses):
        home = {"family_name": "".join(chance.choices(PARTS, k=4)), "street": f"{house} Elm Road", "postcode": "10000"}
        for given in chance.sample(GIVEN, 2):
            born = f"{chance.randint(1930, 2005)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
            for side in "ab":
                rows.append(person(f"{side}/{given}/{house}", given_name=given, birth_date=born, **home))
    return profiles(*rows)


def test_where_nobody_lives_together_a_house_says_more_and_so_does_the_name_on_its_door() -> None:
    start = default_model()
    lonely, together = (fit(features(table), start) for table in (register(1500, careless=0.01)[0], families(700)))
    assert bits(lonely, "address", "house") > bits(together, "address", "house") + 3
    assert bits(lonely, "family", "kin") > 5
    assert bits(together, "family", "kin") == pytest.approx(1.0, abs=0.01)
    assert bits(together, "address", "kin_postcode") < 2 < bits(lonely, "address", "kin_postcode")


def tongues(people: int, *, apart: bool) -> pa.Table:
    """Two records a person with a phone each of two; where `apart`, half the first names go with half the last."""
    chance, rows = random.Random(5), []
    families = [f"{one}{other}" for one in PARTS for other in PARTS[:4]]
    for n in range(people):
        tongue = n % 2
        given, family = (names[tongue::2] if apart else names for names in (GIVEN[:12], families))
        told = {
            "given_name": chance.choice(given),
            "family_name": chance.choice(family),
            "postcode": f"{10000 + n % 900}",
        }
        rows += [person(f"{side}/u/{n}", phone=[f"+4930{n:08}"], **told) for side in "ab"]
    return profiles(*rows)


def test_names_that_go_together_say_less_than_each_alone() -> None:
    start = default_model()
    mixed, spoken = (fit(features(tongues(2000, apart=apart)), start) for apart in (False, True))
    assert bits(mixed, NAMESAKE, "both") == pytest.approx(0.0, abs=0.3)
    assert bits(spoken, NAMESAKE, "both") == pytest.approx(-1.0, abs=0.3), "two languages, equally many speak each"
    assert bits(spoken, NAMESAKE, "different") == 0.0


def test_a_base_without_strangers_of_one_name_takes_nothing_back() -> None:
    table, _ = register(600, careless=0.0)
    assert bits(fit(features(table), default_model()), NAMESAKE, "both") == 0.0


def test_one_name_that_a_till_writes_for_everybody_silences_no_other() -> None:
    start, people = default_model(), tongues(1500, apart=True)
    till = [person(f"till/u/{n}", full_name="Kasse Laden", phone=[f"+4940{n:08}"]) for n in range(60)]
    with_till = pa.concat_tables([people, profiles(*till)])
    alone, beside = (bits(fit(features(table), start), NAMESAKE, "both") for table in (people, with_till))
    assert beside == pytest.approx(alone, abs=0.3)


def test_names_that_do_not_ship_are_as_common_as_the_base_shows() -> None:
    """Of 900 people with a phone each two in five are called Nguyen, and many share both names."""
    chance = random.Random(9)
    family = [*["Nguyễn"] * 38, *["Trần"] * 11, *["Lê"] * 10, *["Phạm"] * 7, *["Hoàng"] * 5, *["Vũ"] * 4, "Đặng", "Bùi"]
    given = ["Anh", "Bình", "Châu", "Dũng", "Hà", "Hương", "Khánh", "Lan", "Linh", "Mai", "Minh", "Nam", "Ngọc", "Thảo"]
    rows = [
        person(
            f"crm/u/{n}",
            full_name=f"{chance.choice(family)} {chance.choice(given)}",
            phone=[f"+84901{n:06}"],
            city=chance.choice(["Hà Nội", "Huế", "Đà Nẵng"]),
        )
        for n in range(900)
    ]
    found = evaluate(profiles(*rows), {row["profile_id"]: row["profile_id"] for row in rows})
    assert found.identities > 890


def test_a_careful_register_keeps_what_contradicts() -> None:
    table, _ = register(1500, careless=0.01)
    fitted = fit(features(table), default_model())
    assert fitted.against == default_model().against
    assert fitted.weights["given"]["different"][0] < 0.03


def test_what_the_base_is_silent_about_stays() -> None:
    start = default_model()
    fitted = fit(features(register(600, careless=0.05)[0]), start)
    for silent in ("email", "phone", "handle", "middle"):
        assert fitted.weights[silent] == start.weights[silent]


def test_same_rows_in_any_order_same_model() -> None:
    table, _ = register(600, careless=0.1)
    backwards = table.take(pa.array(range(table.num_rows - 1, -1, -1)))
    assert fit(features(table), default_model()) == fit(features(backwards), default_model())


def test_a_small_base_takes_the_model_that_ships() -> None:
    assert for_first_load(features(register(40, careless=0.1)[0]), default_model()) == default_model()


@pytest.mark.parametrize("careless", [0.0, 1.0])
def test_where_every_pair_is_of_one_kind_caps_are_kept(careless: float) -> None:
    """Nobody ever differs from himself, or no two records are one person's: neither is believed of tomorrow."""
    fitted = fit(features(register(400, careless)[0]), default_model())
    for comparison in COMPARISONS:
        m, u = fitted.weights[comparison.name]["different"]
        assert log2(m / u) >= comparison.against - 0.01


def test_a_larger_base_asks_for_more_evidence() -> None:
    assert link_for(3.0, 500) == link_for(3.0, 100_000) == 3.0
    assert link_for(3.0, 1_000_000) == 3.75
