"""The world is the same for the same arguments, of the promised size, and as messy as promised."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.ids import long_salesforce_id, salesforce_id, x_id, x_time
from sandbox.live import live
from sandbox.model import SYSTEMS, Appearance, Event
from sandbox.world import World, make_world

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_FINGERPRINT = """
import hashlib
from datetime import UTC, datetime
from sandbox.world import make_world
world = make_world(120, 7, datetime(2026, 11, 22, 12, 0, tzinfo=UTC))
whole = [(world.people, world.appearances(s), world.events(s)) for s in ("x", "zendesk", "hubspot", "salesforce")]
print(hashlib.sha256(repr(whole).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def big() -> World:
    return make_world(2000, 7, NOW)


def all_appearances(world: World) -> list[Appearance]:
    return [row for system in SYSTEMS for row in world.appearances(system)]


def fingerprint(hash_seed: str) -> str:
    """What another process, with its own order of sets, makes of the same arguments."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    root = Path(__file__).resolve().parents[2]
    return subprocess.check_output([sys.executable, "-c", _FINGERPRINT], env=environment, cwd=root, text=True).strip()


def test_same_arguments_same_world_in_any_process() -> None:
    world = make_world(120, 7, NOW)
    whole = [(world.people, world.appearances(s), world.events(s)) for s in SYSTEMS]
    ours = hashlib.sha256(repr(whole).encode()).hexdigest()
    assert fingerprint("1") == ours
    assert fingerprint("2") == ours


def test_another_seed_is_another_world() -> None:
    assert make_world(50, 7, NOW).people != make_world(50, 8, NOW).people


def test_another_time_moves_the_world_and_changes_nobody() -> None:
    def told(world: World) -> list[object]:
        rows = [
            (r.person_id, r.display_name, r.emails, r.phones, r.company, r.birth_date) for r in all_appearances(world)
        ]
        events = [(e.person_id, e.kind, e.subject, e.text) for system in SYSTEMS for e in world.events(system)]
        return [world.people, rows, events]

    assert told(make_world(200, 7, NOW)) == told(make_world(200, 7, NOW + timedelta(days=3, seconds=7)))


def test_size(big: World) -> None:
    assert len(big.people) == 2000
    assert 4500 <= len(all_appearances(big)) <= 6000
    assert sum(len(big.events(system)) for system in SYSTEMS) >= 3000


def test_everybody_is_known_somewhere(big: World) -> None:
    assert {row.person_id for row in all_appearances(big)} == {person.id for person in big.people}


def test_keys_are_unique_and_events_belong(big: World) -> None:
    for system in SYSTEMS:
        rows = big.appearances(system)
        assert len({row.key for row in rows}) == len(rows)
        events = big.events(system)
        assert len({(event.kind, event.key) for event in events}) == len(events)
        for event in events:
            assert big.appearance(system, event.appearance_key).person_id == event.person_id


def test_nothing_lies_in_the_future_or_before_its_author(big: World) -> None:
    for row in all_appearances(big):
        assert row.created_at <= row.updated_at <= NOW
    for system in SYSTEMS:
        assert all(event.at <= event.updated_at <= NOW for event in big.events(system))


def test_messy_as_life(big: World) -> None:
    """Every kind of trouble that the world promises is there, and none is the rule."""
    rows = all_appearances(big)
    systems = defaultdict(set)
    for row in rows:
        systems[row.person_id].add(row.system)
    by_person = Counter((row.system, row.person_id) for row in rows)
    mails, landlines = defaultdict(set), defaultdict(set)
    for row in rows:
        for mail in row.emails:
            mails[mail.lower().strip()].add(row.person_id)
    for person in big.people:
        if person.landline:
            landlines[person.landline].add(person.household)
    families = Counter(person.household for person in big.people)
    present = {
        "known in one system only": sum(len(known) == 1 for known in systems.values()),
        "duplicates inside one system": sum(count > 1 for count in by_person.values()),
        "a mail shared by several people": sum(len(people) > 1 for people in mails.values()),
        "role addresses": sum(mail.split("@")[0] in ("info", "sales", "office") for mail in mails),
        "placeholder mails": sum("noemail@" in mail or "test@test" in mail for mail in mails),
        "placeholder phones": sum(phone.strip("0") == "" for row in rows for phone in row.phones),
        "accents": sum(not (row.family or "").isascii() for row in rows),
        "non-Latin names": sum(any(ord(c) > 0x370 for c in row.family or "") for row in rows),
        "namesakes of two generations": sum(person.suffix is not None for person in big.people),
        "households": sum(size > 1 for size in families.values()),
        "changed jobs": sum(len(person.jobs) > 1 for person in big.people),
        "moves": sum(len(person.homes) > 1 for person in big.people),
        "converted leads": sum(row.converted_to is not None for row in rows),
        "cross-references": sum(bool(row.references) for row in rows),
        "refusals": sum(c.state == "refused" for row in rows for c in row.consents),
        "signatures": sum("\n--\n" in (event.text or "") for event in big.events("zendesk")),
    }
    assert all(present.values()), present


def test_six_phone_formats(big: World) -> None:
    shapes = {"".join("9" if c.isdigit() else c for c in phone) for row in all_appearances(big) for phone in row.phones}
    for start in ("+99999999", "+99 999", "9999/", "(999) ", "999.999.", "99999"):
        assert any(shape.startswith(start) for shape in shapes), start


def test_a_mail_has_one_holder_in_systems_that_insist(big: World) -> None:
    for system in ("zendesk", "hubspot"):
        mails = [mail.strip().lower() for row in big.appearances(system) for mail in row.emails]
        assert len(mails) == len(set(mails))


def test_references_are_true(big: World) -> None:
    for row in all_appearances(big):
        for reference in row.references:
            target = big.appearance(reference.system, reference.key)
            assert target.person_id == row.person_id
            assert target.kind.title() == reference.stream


def test_a_converted_lead_points_to_a_contact_of_the_same_person(big: World) -> None:
    converted = [row for row in big.appearances("salesforce") if row.converted_to]
    for lead in converted:
        contact = big.appearance("salesforce", lead.converted_to or "")
        assert (contact.kind, contact.person_id) == ("contact", lead.person_id)


def test_life_goes_on_the_same_way_in_equal_worlds() -> None:
    first, second = make_world(60, 7, NOW), make_world(60, 7, NOW)
    told: list[Appearance | Event] = []
    for system in SYSTEMS:
        first.listen(system, told.append)
    news = live(first, 12, NOW)
    assert live(second, 12, NOW) == news == told
    edits = [piece for piece in news if isinstance(piece, Appearance)]
    assert edits
    assert all(first.appearance(edit.system, edit.key).updated_at == NOW for edit in edits)


def test_ids_have_their_vendors_form() -> None:
    assert x_time(x_id(NOW, 77)) == NOW
    assert salesforce_id("lead", 5).startswith("00Q")
    assert len(salesforce_id("contact", 123456789)) == 18
    assert long_salesforce_id("001D000000IqhSL") == "001D000000IqhSLIAZ"  # the pair in Salesforce's own help page
