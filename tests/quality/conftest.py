"""People in a fresh database, and validation of their leads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from landbridge.config import HOUSE
from landbridge.quality.suite import Suite, load_suite, validate
from landbridge.store.engine import Store
from landbridge.trail import runs
from landbridge.trail.balance import Entry
from tests.leads.people import People

Check = Callable[..., Entry]


@pytest.fixture
def people(store: Store) -> People:
    return People(store)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return tmp_path / "docs"


@pytest.fixture
def check(people: People, docs: Path) -> Check:
    """Make leads of everybody and validate them; answers the books' line."""

    def checked(suite: Suite | None = None) -> Entry:
        people.leads()
        with runs.running(people.store, "publish", actor="test") as run:
            validate(run, suite or load_suite(HOUSE / "mappings" / "quality" / "lead.yaml"), docs)
        return run.books.entries[-1]

    return checked
