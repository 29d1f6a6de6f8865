"""A first load fits the model to its base; whoever is linked already is never moved by it."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
import sqlalchemy as sa

from benchmarks import customers
from landbridge.identity import first_load, models, quality, retrain
from landbridge.identity.model import default_model
from landbridge.identity.stage import resolve
from landbridge.store.engine import Store
from landbridge.store.profiles import PROFILE_SCHEMA
from landbridge.trail.runs import running
from tests.identity.test_signatures import write
from tests.identity.test_stage import ANNA, ANNA_AGAIN, put, rows


def fit(store: Store) -> str:
    """The version in force after a first load was looked for."""
    with running(store, "resolve", actor="tester") as run:
        first_load.fit(run)
    return models.in_force(store).version


@pytest.fixture
def base(store: Store, shared: object) -> Store:
    """A store with a thousand generated customers, as mapping leaves them."""
    people, _ = customers.customers(1_000, 5)
    rows = {name: people[name] for name in people.column_names if name in PROFILE_SCHEMA.names}
    told = {"gone": pa.repeat(False, people.num_rows), "record_id": pa.array(range(people.num_rows), pa.int64())}
    told |= {name: pa.repeat("m", people.num_rows) for name in ("mapping", "run_id", "digest")}
    with store.bulk() as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("profile", pa.table(rows | told), mode="append")
    return store


def test_the_first_load_fits_the_model_to_its_base_once(base: Store) -> None:
    version = fit(base)
    assert version != default_model().version
    assert fit(base) == version
    (now, shipped) = models.history(base)
    assert (now.adopted_by, now.reason) == ("tester", first_load.REASON)
    assert shipped.version == default_model().version


def test_learning_again_from_the_same_base_learns_nothing_new(base: Store) -> None:
    version = fit(base)
    assert retrain.learn_anew(base).version == version


def test_what_signatures_tell_is_learned_from_at_once(base: Store) -> None:
    people = rows(
        base,
        """SELECT profile_id, given_name || ' ' || family_name AS name FROM profile
        WHERE given_name <> '' AND family_name <> '' AND phone = '{}' ORDER BY 2""",
    )
    numbers = {name: f"+44 20 7946 {number:04}" for number, name in enumerate(sorted({name for _, name in people}))}
    for profile, name in people:
        write(base, profile.replace("/", "-"), f"It drips.\n\nBest regards,\n{name}\n{numbers[name]}", person=profile)
    version = fit(base)
    with running(base, "resolve", actor="tester") as run:
        resolve(run, models.in_force(base))
    assert rows(base, "SELECT count(*) > 100 FROM signature WHERE kind = 'phone'") == [(True,)]
    assert retrain.learn_anew(base).version == version


def test_what_the_first_load_looked_like_is_kept_to_tell_drift(base: Store) -> None:
    version = fit(base)
    assert models.drift_of(base, version) == {}
    with running(base, "resolve", actor="tester") as run:
        resolve(run, models.in_force(base))
        first_load.note(run)
    kept = models.drift_of(base, version)
    assert kept == quality.shares(base)
    assert quality.quality(base, models.in_force(base)).drift == []
    with base.begin() as connection:
        connection.execute(sa.text("UPDATE profile SET phone = NULL"))
    with running(base, "resolve", actor="tester") as run:
        first_load.note(run)
    assert models.drift_of(base, version) == kept, "once"
    assert "phone" in {one.level for one in quality.quality(base, models.in_force(base)).drift}


def test_who_is_linked_already_is_not_moved(base: Store) -> None:
    with running(base, "resolve", actor="tester") as run:
        resolve(run, default_model())
    assert fit(base) == default_model().version


def test_a_model_that_somebody_took_stays(base: Store) -> None:
    mine = replace(default_model(), version="mine", link=9.0)
    models.adopt(base, mine, "ada", "ours")
    assert fit(base) == "mine"


def test_a_handful_is_resolved_by_the_model_that_ships(store: Store) -> None:
    put(store, "zendesk/users/1", ANNA)
    put(store, "hubspot/contacts/2", ANNA_AGAIN)
    assert fit(store) == default_model().version
