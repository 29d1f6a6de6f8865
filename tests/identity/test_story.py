"""An identity's story, out of a real store."""

from __future__ import annotations

import pytest

from landbridge.identity.decisions import decide
from landbridge.identity.story import _neighbours, _smaller_side, feed, story
from landbridge.store.engine import Store
from tests.identity.test_stage import ANNA, ANNA_AGAIN, BERT, put, resolved


def test_a_system_and_a_person_hold_by_their_word(store: Store) -> None:
    put(store, "crm/Lead/1", BERT)
    put(store, "hubspot/contacts/1", {"full_name": "B. O.", "reference": ["CRM/Lead/1"]})
    put(store, "zendesk/users/1", ANNA)
    put(store, "zendesk/users/2", ANNA_AGAIN)
    decide(store, "crm/Lead/1", "zendesk/users/1", "same", actor="ada", reason="her maiden name")
    resolved(store)
    told = story(store, "crm/Lead/1")
    held = {(tie.left_id, tie.right_id): (tie.how, tie.falls_out) for tie in told.ties}
    assert held == {
        ("crm/Lead/1", "zendesk/users/1"): ("decision", []),
        ("hubspot/contacts/1", "crm/Lead/1"): ("reference", []),
        ("zendesk/users/1", "zendesk/users/2"): ("evidence", ["zendesk/users/2"]),
    }
    (evidence,) = [tie for tie in told.ties if tie.how == "evidence"]
    assert sum(step.bits for step in evidence.steps) == pytest.approx(evidence.weight, abs=0.3)
    assert [event.identity_id for event in feed(store, 0, 10)] == [told.identity_id]


def test_what_falls_out_of_a_chain_is_its_shorter_end() -> None:
    chain = [(f"p{number:04}", f"p{number + 1:04}") for number in range(9)]
    beside = _neighbours(chain)
    sides = [_smaller_side(tie, beside) for tie in chain]
    assert [len(side) for side in sides] == [1, 2, 3, 4, 5, 4, 3, 2, 1]
    assert sides[1] == ["p0000", "p0001"]
    assert sides[-2] == ["p0008", "p0009"]
