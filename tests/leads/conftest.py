"""People in a fresh database."""

from __future__ import annotations

import pytest

from landbridge.store.engine import Store
from tests.leads.people import People


@pytest.fixture
def people(store: Store) -> People:
    return People(store)
