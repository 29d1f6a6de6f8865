"""Another model: rehearsed on a copy, adopted in somebody's name, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge import config
from landbridge.bootstrap import Hub
from landbridge.cli.identity_rehearse import rehearse
from landbridge.errors import AccessRefused
from landbridge.identity import models
from landbridge.identity.model import default_model
from landbridge.store.engine import Store
from landbridge.store.scratch import PREFIX, scratch
from tests.identity.test_stage import ANNA, put, resolved, rows
from tests.journeys.conftest import Journey

SHIPPED = default_model()
STRICT = replace(SHIPPED, version="own-strict", link=12.0)
EVERYTHING = "SELECT (SELECT count(*) FROM {0}), (SELECT coalesce(max(xmin::text::bigint), 0) FROM {0})"
TABLES = ("link", "match", "identity_event", "change", "plan", "lead", "golden", "run", "audit_event", "quarantine")


def state(journey: Journey) -> list[Any]:
    return [journey.rows(EVERYTHING.format(table)) for table in TABLES]


def scratches(journey: Journey) -> list[Any]:
    return journey.rows(f"SELECT datname FROM pg_database WHERE starts_with(datname, '{PREFIX}')")


@pytest.fixture
def hub(ran: Journey, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("LANDBRIDGE_DATABASE", ran.database)
    opened = Hub(config.load(ran.home / "landbridge.yaml"))
    yield opened
    opened.close()


def test_a_rehearsal_tells_what_follows_and_touches_nothing(ran: Journey, hub: Hub) -> None:
    before = state(ran)
    seen = rehearse(hub, STRICT)
    assert state(ran) == before
    assert scratches(ran) == []
    moves = seen.moves
    assert moves.split > 0
    assert moves.customers_after == moves.customers_before + moves.split - moves.merged
    assert 0 < moves.profiles < moves.of == ran.rows("SELECT count(*) FROM link")[0][0]
    assert {example.kind for example in moves.examples} <= {"merged", "split"}
    assert all(example.members and example.others for example in moves.examples)
    assert seen.writes is not None
    assert sum(seen.writes.values()) > 0


def test_the_same_model_moves_nobody(ran: Journey, hub: Hub) -> None:
    seen = rehearse(hub, replace(SHIPPED, version="own-same"))
    assert (seen.moves.profiles, seen.moves.merged, seen.moves.split) == (0, 0, 0)
    assert seen.writes == {"create": 0, "update": 0, "no_longer": 0}


@pytest.fixture
def outgrown(ran: Journey, hub: Hub) -> Iterator[str]:
    """The version in force: a model that was learned on another version's evidence, as after an upgrade."""
    models.adopt(hub.store, replace(SHIPPED, version="own-old"), "ada", "")
    with hub.store.begin() as connection:
        connection.execute(sa.text("UPDATE identity_model SET content = content || '{\"features_version\": 0}'"))
    yield "own-old"
    with hub.store.begin() as connection:
        connection.execute(sa.text("DELETE FROM adoption"))
        connection.execute(sa.text("DELETE FROM identity_model"))


def test_after_an_upgrade_another_model_is_rehearsed_although_the_one_in_force_is_of_no_use(
    ran: Journey, outgrown: str, tmp_path: Path
) -> None:
    model = tmp_path / "same.json"
    SHIPPED.save(model)
    told = json.loads(ran.landbridge("identity", "retrain", "--model", str(model), "--json"))
    assert told["before"] == outgrown
    assert (told["rehearsal"]["moves"]["profiles"], told["rehearsal"]["moves"]["of"] > 0) == (0, True)
    assert told["rehearsal"]["writes"] == {"create": 0, "update": 0, "no_longer": 0}


def test_what_was_rehearsed_is_what_happens(ran: Journey, hub: Hub, tmp_path: Path) -> None:
    """The last test of this world: it changes it."""
    model = tmp_path / "strict.json"
    STRICT.save(model)
    seen = rehearse(hub, STRICT)
    ran.landbridge(
        "identity", "retrain", "--model", str(model), "--unseen", "--yes", "--as", "ada", "--reason", "strict"
    )
    ran.landbridge("plan")
    made = dict(ran.rows("""SELECT action, count(*) FROM change WHERE state = 'planned' GROUP BY 1"""))
    assert seen.writes is not None
    assert (made.get("create", 0), made.get("update", 0)) == (seen.writes["create"], seen.writes["update"])
    assert ran.rows("SELECT count(DISTINCT identity_id) FROM link") == [(seen.moves.customers_after,)]
    listed = ran.landbridge("identity", "models")
    assert "▶  own-strict" in listed
    ran.landbridge("identity", "models", "--adopt", SHIPPED.version, "--as", "bob")
    assert ran.rows("SELECT version, adopted_by FROM adoption ORDER BY adoption_id") == [
        ("own-strict", "ada"),
        (SHIPPED.version, "bob"),
    ]


def test_without_yes_json_only_shows(ran: Journey, tmp_path: Path) -> None:
    model = tmp_path / "same.json"
    SHIPPED.save(model)
    told = ran.landbridge("identity", "retrain", "--model", str(model), "--json")
    assert '"adopted": false' in told


@pytest.fixture
def somebody(store: Store) -> Store:
    put(store, "zendesk/users/1", ANNA)
    resolved(store)
    return store


def test_a_scratch_database_holds_the_copy_and_is_gone_afterwards(somebody: Store) -> None:
    with scratch(somebody, {"profile": "true", "run": "true", "link": "true", "identity": "true"}) as copy:
        assert rows(copy, "SELECT * FROM profile") == rows(somebody, "SELECT * FROM profile")
        assert rows(copy, "SELECT profile_id, identity_id FROM link") == rows(
            somebody, "SELECT profile_id, identity_id FROM link"
        )
        assert rows(copy, "SELECT count(*) FROM audit_event") == [(0,)]
    with pytest.raises(ZeroDivisionError), scratch(somebody, {}):
        raise ZeroDivisionError
    assert rows(somebody, f"SELECT datname FROM pg_database WHERE starts_with(datname, '{PREFIX}')") == []


def test_what_a_killed_rehearsal_left_is_dropped_by_the_next(somebody: Store) -> None:
    engine = somebody.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {PREFIX}1000000000_abc"))
    with scratch(somebody, {}):
        pass
    assert rows(somebody, f"SELECT datname FROM pg_database WHERE starts_with(datname, '{PREFIX}')") == []


def test_a_server_that_lets_us_make_no_database(somebody: Store) -> None:
    with somebody.begin() as connection:
        connection.execute(sa.text("DROP ROLE IF EXISTS modest"))
        connection.execute(sa.text("CREATE ROLE modest LOGIN SUPERUSER"))
        connection.execute(sa.text("ALTER ROLE modest NOSUPERUSER NOCREATEDB"))
    modest = Store(somebody.uri.replace("postgres:@", "modest:@"))
    refused = pytest.raises(AccessRefused, match="No scratch database can be made on this server: permission denied")
    with refused, scratch(modest, {}):
        pass
    modest.close()
