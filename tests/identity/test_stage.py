"""Resolving in the store: links and ids last, decisions stand, and a second run writes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.identity.ids import assign_ids
from landbridge.identity.model import default_model
from landbridge.identity.stage import resolve
from landbridge.store.engine import Store
from landbridge.trail.balance import Entry
from landbridge.trail.runs import running

ANNA = {"full_name": "Anna Lindqvist", "email": ["anna.lindqvist@posteo.example"], "phone": ["+442079460111"]}
ANNA_AGAIN = {**ANNA, "full_name": "Anna Lindqvist", "phone": ["+44 20 7946 0111"]}
CLEO = {"full_name": "Cleo Bianchi", "email": ["cleo@bianchi.example"], "phone": ["+442079460333"]}
BERT = {"full_name": "Bert Okafor", "email": ["bert.okafor@posteo.example"], "phone": ["+442079460222"]}


def put(store: Store, profile_id: str, values: dict[str, Any], *, gone: bool = False) -> None:
    """Put a profile there as the mapping would; the same id again is its newest version."""
    account, stream, key = profile_id.split("/")
    row = {"profile_id": profile_id, "account": account, "stream": stream, "key": key, "gone": gone, **values}
    digest = f"{sorted(values.items())} {gone}"
    columns = {**row, "record_id": 1, "mapping": "m", "digest": digest, "run_id": "r"}
    names = ", ".join(columns)
    marks = ", ".join(f":{name}" for name in columns)
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns)
    with store.begin() as connection:
        connection.execute(
            sa.text(f"INSERT INTO profile ({names}) VALUES ({marks}) ON CONFLICT (profile_id) DO UPDATE SET {updates}"),
            columns,
        )


def resolved(store: Store, kept: Path | None = None) -> Entry:
    with running(store, "resolve", actor="tester") as run:
        resolve(run, default_model(), kept)
    return run.books.entries[0]


def links(store: Store) -> dict[str, str]:
    return dict(rows(store, "SELECT profile_id, identity_id FROM link"))


def rows(store: Store, query: str) -> list[Any]:
    with store.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def decide(store: Store, left: str, right: str, verdict: str) -> None:
    with store.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO decision (left_id, right_id, verdict, actor) VALUES (:l, :r, :v, 'reviewer')"),
            {"l": min(left, right), "r": max(left, right), "v": verdict},
        )


@pytest.fixture
def people(store: Store) -> Store:
    put(store, "hubspot/contacts/1", ANNA)
    put(store, "zendesk/users/1", ANNA_AGAIN)
    put(store, "zendesk/users/2", BERT)
    return store


def test_one_person_in_two_systems_is_one_identity(people: Store) -> None:
    entry = resolved(people)
    linked = links(people)
    assert (entry.taken, entry.new) == (3, 3)
    assert linked["hubspot/contacts/1"] == linked["zendesk/users/1"] != linked["zendesk/users/2"]


def test_a_second_run_writes_nothing(people: Store) -> None:
    resolved(people)
    before = rows(people, "SELECT * FROM link ORDER BY 1"), rows(people, "SELECT count(*) FROM identity_event")
    entry = resolved(people)
    assert {versions["model"] for (versions,) in rows(people, "SELECT versions FROM run")} == {default_model().version}
    after = rows(people, "SELECT * FROM link ORDER BY 1"), rows(people, "SELECT count(*) FROM identity_event")
    assert (entry.taken, entry.new, entry.changed, entry.unchanged) == (0, 0, 0, 0)
    assert after == before


def test_different_splits_them_for_good_and_every_old_id_resolves(people: Store) -> None:
    resolved(people)
    before = links(people)["hubspot/contacts/1"]
    decide(people, "hubspot/contacts/1", "zendesk/users/1", "different")
    resolved(people)
    apart = links(people)
    assert apart["hubspot/contacts/1"] != apart["zendesk/users/1"]
    assert before in apart.values()
    put(people, "zendesk/users/1", {**ANNA_AGAIN, "city": "Lund"})
    resolved(people)
    assert links(people) == apart


def test_same_joins_strangers_and_the_elder_id_survives(people: Store) -> None:
    resolved(people)
    first = links(people)
    decide(people, "hubspot/contacts/1", "zendesk/users/2", "same")
    resolved(people)
    assert set(links(people).values()) == {first["hubspot/contacts/1"]}
    assert rows(people, "SELECT identity_id, redirect_to FROM identity WHERE redirect_to IS NOT NULL") == [
        (first["zendesk/users/2"], first["hubspot/contacts/1"])
    ]


def test_a_withdrawn_decision_is_undone(people: Store) -> None:
    decide(people, "hubspot/contacts/1", "zendesk/users/1", "different")
    resolved(people)
    with people.begin() as connection:
        connection.execute(sa.text("UPDATE decision SET withdrawn_at = now(), applied = false"))
    resolved(people)
    linked = links(people)
    assert linked["hubspot/contacts/1"] == linked["zendesk/users/1"]


REDIRECTS = "SELECT identity_id, redirect_to FROM identity WHERE redirect_to IS NOT NULL ORDER BY 1"


def take_back(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE decision SET withdrawn_at = now(), applied = false"))


@pytest.mark.parametrize("kept", [False, True])
def test_undoing_a_wrong_merge_gives_everybody_their_ids_back(people: Store, tmp_path: Path, kept: bool) -> None:
    folder = tmp_path if kept else None
    put(people, "zendesk/users/3", BERT)
    put(people, "zendesk/users/4", BERT)
    resolved(people, folder)
    before = links(people)
    decide(people, "hubspot/contacts/1", "zendesk/users/2", "same")
    resolved(people, folder)
    (berts,) = {before["zendesk/users/2"]} - set(links(people).values())
    put(people, "zendesk/users/4", BERT, gone=True)  # deleted at its source meanwhile
    resolved(people, folder)
    assert set(links(people).values()) == {before["hubspot/contacts/1"]}
    assert len(rows(people, "SELECT FROM bearer")) == 3

    take_back(people)
    resolved(people, folder)
    assert links(people) == before, "the deleted record too is whose it was"
    assert rows(people, REDIRECTS) == rows(people, "SELECT * FROM bearer") == []
    told = rows(people, f"SELECT kind, other_id FROM identity_event WHERE identity_id = '{berts}' ORDER BY seq")
    annas = before["hubspot/contacts/1"]
    assert told == [("created", None), ("redirected", annas), ("restored", annas)]
    assert (resolved(people, folder).changed, links(people)) == (0, before)


def test_who_leaves_alone_bears_the_old_id_no_more(people: Store) -> None:
    put(people, "zendesk/users/3", BERT)
    resolved(people)
    decide(people, "hubspot/contacts/1", "zendesk/users/2", "same")
    resolved(people)
    for other in ("hubspot/contacts/1", "zendesk/users/1", "zendesk/users/2"):
        decide(people, other, "zendesk/users/3", "different")
    resolved(people)
    assert len(set(links(people).values())) == 2
    assert rows(people, "SELECT profile_id FROM bearer") == [("zendesk/users/2",)]


def test_an_old_id_follows_those_who_bore_it_to_a_third(people: Store) -> None:
    put(people, "zendesk/users/9", CLEO)
    resolved(people)
    before = links(people)
    decide(people, "hubspot/contacts/1", "zendesk/users/2", "same")
    resolved(people)
    take_back(people)
    decide(people, "zendesk/users/2", "zendesk/users/9", "same")
    resolved(people)
    now = links(people)
    assert now["hubspot/contacts/1"] == before["hubspot/contacts/1"] != now["zendesk/users/2"] == now["zendesk/users/9"]
    assert rows(people, REDIRECTS) == [(before["zendesk/users/2"], now["zendesk/users/9"])]
    decide(people, "hubspot/contacts/1", "zendesk/users/9", "same")
    resolved(people)
    take_back(people)
    resolved(people)
    assert links(people) == before, "and home again, by whatever way"


def test_who_is_gone_is_not_compared_and_stays_with_the_identity(people: Store) -> None:
    resolved(people)
    put(people, "hubspot/contacts/1", ANNA, gone=True)
    before = links(people)
    assert resolved(people).taken == 2
    assert links(people) == before
    assert rows(people, "SELECT count(*) FROM match") == [(0,)]
    assert resolved(people).taken == 0


def test_who_comes_back_as_ever_is_who_he_was(people: Store) -> None:
    """Deleted and restored at the source; or a mapping changed, and changed back."""
    resolved(people)
    before = links(people)
    for _ in range(2):
        put(people, "zendesk/users/2", BERT, gone=True)
        resolved(people)
        put(people, "zendesk/users/2", BERT)
        assert resolved(people).taken == 3
        assert links(people) == before
    assert rows(people, "SELECT count(*) FROM profile WHERE resolved_digest IS DISTINCT FROM digest") == [(0,)]


def test_who_is_gone_follows_an_identity_that_merges(people: Store) -> None:
    resolved(people)
    put(people, "hubspot/contacts/1", ANNA, gone=True)
    resolved(people)
    decide(people, "zendesk/users/1", "zendesk/users/2", "same")
    resolved(people)
    assert len(set(links(people).values())) == 1
    assert rows(people, "SELECT count(*) FROM link JOIN identity USING (identity_id) WHERE redirect_to <> ''") == [(0,)]


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_a_decision_outlives_the_profile_that_it_is_about(people: Store, verdict: str) -> None:
    decide(people, "hubspot/contacts/1", "zendesk/users/2", verdict)
    resolved(people)
    before = links(people)
    put(people, "zendesk/users/2", BERT, gone=True)
    assert resolved(people).taken == 2
    put(people, "zendesk/users/2", BERT)
    resolved(people)
    assert links(people) == before


def test_whom_two_words_make_one_stay_one_when_the_record_between_them_is_deleted(people: Store) -> None:
    put(people, "x/authors/1", CLEO)
    decide(people, "hubspot/contacts/1", "zendesk/users/2", "same")
    decide(people, "x/authors/1", "zendesk/users/2", "same")
    resolved(people)
    before = links(people)
    put(people, "zendesk/users/2", BERT, gone=True)
    resolved(people)
    assert links(people) == before
    assert len(set(before.values())) == 1


def test_whom_two_words_keep_apart_stay_so_when_the_record_between_them_is_deleted(people: Store) -> None:
    decide(people, "hubspot/contacts/1", "zendesk/users/2", "same")
    decide(people, "zendesk/users/1", "zendesk/users/2", "different")
    resolved(people)
    before = links(people)
    put(people, "zendesk/users/2", BERT, gone=True)
    resolved(people)
    assert links(people) == before
    assert before["hubspot/contacts/1"] != before["zendesk/users/1"]


def test_a_decision_withdrawn_while_we_resolve_waits_for_the_next_time(people: Store) -> None:
    decide(people, "hubspot/contacts/1", "zendesk/users/1", "different")
    with people.begin() as connection:
        connection.execute(
            sa.text("""CREATE FUNCTION withdraw() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN UPDATE decision SET withdrawn_at = now(), applied = false WHERE withdrawn_at IS NULL;
                RETURN NULL; END $$""")
        )
        connection.execute(
            sa.text("CREATE TRIGGER withdraw AFTER INSERT ON link FOR EACH STATEMENT EXECUTE FUNCTION withdraw()")
        )
    resolved(people)
    assert len(set(links(people).values())) == 3
    resolved(people)
    assert len(set(links(people).values())) == 2
    assert rows(people, "SELECT applied FROM decision") == [(True,)]


SYSTEMS = {
    "zendesk/users/1": {**ANNA, "created_at": "2024-05-01"},
    "hubspot/contacts/2": {**ANNA_AGAIN, "created_at": "2021-01-01"},
    "salesforce/Lead/3": {**ANNA, "created_at": "2022-07-07"},
    "zendesk/users/4": {**BERT, "created_at": "2023-02-02"},
    "x/authors/5": BERT,
}


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_the_order_in_which_systems_are_read_never_tells_in_the_ids(store: Store, order: list[int]) -> None:
    for place in order:
        profile, values = list(SYSTEMS.items())[place]
        put(store, profile, values)
        resolved(store)
    found = links(store)
    founders = {"hubspot/contacts/2": [0, 1, 2], "zendesk/users/4": [3, 4]}
    expected = {list(SYSTEMS)[n]: assign_ids({f: f}, {}).of[f] for f, places in founders.items() for n in places}
    assert found == expected
    old = rows(store, "SELECT identity_id, redirect_to FROM identity WHERE redirect_to IS NOT NULL")
    assert all(new in found.values() for _, new in old), "every id of old leads to a living one"


@pytest.mark.parametrize("order", [1, -1])
def test_a_sync_that_changes_profiles_while_we_resolve_fails_neither(people: Store, order: int) -> None:
    """It has written one profile and will write the other, in one transaction; we settle both in our own order."""
    first, second = ("hubspot/contacts/1", "zendesk/users/1")[::order]
    change = sa.text("UPDATE profile SET digest = 'newer' WHERE profile_id = :id")
    with ThreadPoolExecutor(1) as beside:
        with people.begin() as connection:
            connection.execute(change, {"id": first})
            resolving = beside.submit(resolved, people)
            until(lambda: resolving.done() or stuck(people) == 1)
            connection.execute(change, {"id": second})
        resolving.result()
    assert rows(people, "SELECT count(*) FROM profile WHERE resolved_digest <> digest") == [(2,)]


def stuck(store: Store) -> int:
    """Connections to this database that wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return int(rows(store, query)[0][0])


def until(there: Callable[[], bool]) -> None:
    while not there():
        time.sleep(0.02)
