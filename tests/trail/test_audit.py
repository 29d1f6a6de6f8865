"""The trail only grows, and verification finds whatever was altered."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from landbridge.store.engine import Store
from landbridge.trail import audit


def _events(count: int) -> list[audit.Event]:
    return [audit.Event("test.happened", "tester", f"thing/{n}", {"number": n, "état": True}) for n in range(count)]


def _written(store: Store, count: int = 5) -> None:
    with store.begin() as connection:
        audit.record(connection, *_events(count))


def test_a_chain_as_written_is_intact(store: Store) -> None:
    _written(store)
    verdict = audit.verify(store)
    assert verdict.intact
    assert verdict.events == 5
    assert verdict.head


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event", "TRUNCATE audit_event"]
)
def test_the_database_refuses_to_forget(store: Store, statement: str) -> None:
    _written(store)
    with pytest.raises(sa.exc.DBAPIError, match="only grows"), store.begin() as connection:
        connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("forgery", "reason"),
    [
        ("UPDATE audit_event SET actor = 'somebody else' WHERE seq = 3", "content was altered"),
        ("UPDATE audit_event SET detail = '{}' WHERE seq = 3", "content was altered"),
        ("UPDATE audit_event SET at = at + interval '1 microsecond' WHERE seq = 3", "content was altered"),
        ("DELETE FROM audit_event WHERE seq = 3", "event 3 is missing"),
        ("UPDATE audit_event SET previous = 'x' WHERE seq = 3", "does not follow"),
    ],
)
def test_a_forgery_by_the_owner_of_the_database_is_found(store: Store, forgery: str, reason: str) -> None:
    _written(store)
    with store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        connection.execute(sa.text(forgery))
    verdict = audit.verify(store)
    assert not verdict.intact
    assert reason in verdict.reason


@pytest.mark.parametrize("value", ["anna@example.org", "Anna Berg", "line\nbreak"])
def test_personal_values_stay_out(store: Store, value: str) -> None:
    with pytest.raises(ValueError, match="personal values"), store.begin() as connection:
        audit.record(connection, audit.Event("test.happened", "tester", "thing/1", {"who": value}))


def test_an_event_stands_only_if_its_change_does(store: Store) -> None:
    with pytest.raises(RuntimeError), store.begin() as connection:
        audit.record(connection, *_events(1))
        raise RuntimeError
    assert audit.verify(store).events == 0
