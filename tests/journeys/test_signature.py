"""A customer whom nothing but the signature under a ticket names, through the whole line: somebody is asked."""

from __future__ import annotations

import httpx
import pytest

from landbridge.identity.resolve import ONLY_SIGNED
from tests.journeys.conftest import Begin

pytestmark = pytest.mark.slow


def test_signatures_ask_about_whom_no_field_joins(begin: Begin) -> None:
    with begin(people=2000, seed=11) as journey:
        journey.landbridge("sync")
        journey.landbridge("resolve")
        told = httpx.get(f"{journey.world['control']}/truth", timeout=60).json()
        person = {f"{one['system']}/{one['stream']}/{one['key']}": one["person"] for one in told}
        asked = journey.rows(f"SELECT left_id, right_id FROM match WHERE refused = '{ONLY_SIGNED}'")
        joined = journey.rows("""SELECT count(*) FROM match JOIN link l ON l.profile_id = left_id
            JOIN link r ON r.profile_id = right_id WHERE refused IS NOT NULL AND l.identity_id = r.identity_id""")
    assert asked, "somebody whom only a signature names"
    true = [pair for pair in asked if person[pair[0]] == person[pair[1]]]
    assert len(true) >= 0.9 * len(asked), "and hardly anybody else"
    assert joined == [(0,)], "nobody is joined by it"
