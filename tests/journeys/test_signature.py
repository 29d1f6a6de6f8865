"""A customer whom nothing but the signature under a ticket joins, through the whole line."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import httpx
import pytest

from landbridge.identity.resolve import resolve
from landbridge.store import bulk
from landbridge.store.profiles import PROFILE_SCHEMA
from tests.journeys.conftest import Begin, Journey

pytestmark = pytest.mark.slow


def pairs(links: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """Every two profiles of one identity."""
    members: dict[str, list[str]] = {}
    for link in links:
        members.setdefault(link["identity_id"], []).append(link["profile_id"])
    return {pair for profiles in members.values() for pair in combinations(sorted(profiles), 2)}


def without_signatures(journey: Journey) -> set[tuple[str, str]]:
    """Who would be joined by what systems say alone."""
    store = journey.store
    with store.bulk() as connection:
        columns = ", ".join(PROFILE_SCHEMA.names)
        profiles = bulk.get(connection, f"SELECT {columns} FROM profile WHERE NOT gone ORDER BY profile_id")
    store.close()
    return pairs(resolve(profiles).links.to_pylist())


def test_signatures_join_whom_no_field_does(begin: Begin) -> None:
    with begin(people=2000, seed=11) as journey:
        journey.landbridge("sync")
        journey.landbridge("resolve")
        told = httpx.get(f"{journey.world['control']}/truth", timeout=60).json()
        person = {f"{one['system']}/{one['stream']}/{one['key']}": one["person"] for one in told}
        links = journey.rows("SELECT profile_id, identity_id FROM link JOIN profile USING (profile_id) WHERE NOT gone")
        joined = pairs([{"profile_id": profile, "identity_id": identity} for profile, identity in links])
        signed = {profile for (profile,) in journey.rows("SELECT DISTINCT profile_id FROM signature")}
        by_signature = {pair for pair in joined - without_signatures(journey) if signed & set(pair)}
        true = {pair for pair in by_signature if person[pair[0]] == person[pair[1]]}
    assert signed
    assert true, "somebody whom only a signature joins"
    assert len(true) >= 0.9 * len(by_signature), "and hardly anybody else"
