"""What people do about what is held, each in one command of the room that holds it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from landbridge.bootstrap import Hub
from landbridge.console.read import quarantine as read
from landbridge.console.read.quarantine_item import mendable
from landbridge.console.read.quarantine_words import ANSWERS, Word, kind_of
from landbridge.console.web import beside
from landbridge.console.web.bodies import Why, said
from landbridge.errors import RecordRejected
from landbridge.leads import overrides
from landbridge.leads.overrides import Override
from landbridge.push import refused
from landbridge.quality import groups, hold

Verdict = Literal["released", "dropped"]


class OfGroup(Why):
    """All that is held at a stage for one reason."""

    stage: str = Field(max_length=20)
    expectation: str = Field(max_length=500)
    upto: int = Field(description="The newest one that was looked at: what came since stays held.")

    @property
    def group(self) -> groups.Group:
        """As the room that holds it takes it."""
        return groups.Group(self.stage, self.expectation, self.upto)


_ELSEWHERE = {
    "identity": "Who it is is answered in Review.",
    "land": "Bytes that are no record cannot be let go: mend the connector and replay, or drop them.",
    "map": "A record that the mapping cannot read cannot be let go: mend the mapping and replay, or drop it.",
}
"""Why a stage's items cannot be released, or dropped, where they cannot."""


def settle(hub: Hub, number: int, verdict: Verdict, *, actor: str, reason: str) -> Word:
    """Give one answer, and hear what was said by it. Raises NotFound when it is not held, RecordRejected where that
    helps nobody."""
    item = read.one(hub.store, number)
    word = _answer(item.stage, item.kind, verdict)
    reason = said(reason, word.label)
    if item.stage == "push":
        refused.settle(hub.store, number, verdict, actor=actor, reason=reason)
    elif verdict == "released":
        hold.release(hub.store, number, actor, reason)
    else:
        hold.drop(hub.store, number, actor, reason)
    return word


def settle_group(hub: Hub, group: groups.Group, verdict: Verdict, *, actor: str, reason: str) -> int:
    """Give the same answer to all that is held for one reason; answers how many. What each is a question of its own is
    refused: RecordRejected."""
    kind = kind_of(group.stage, group.expectation)
    if group.stage not in ANSWERS or ANSWERS[kind].alone:
        raise RecordRejected("Each of these is a question of its own.", do="Answer it on its own page.")
    word = _answer(group.stage, kind, verdict)
    return groups.settle(hub.store, group, verdict, actor=actor, reason=said(reason, word.label))


def _answer(stage: str, kind: str, verdict: Verdict) -> Word:
    word = ANSWERS[kind].yes if verdict == "released" else ANSWERS[kind].no
    if word is None:
        raise RecordRejected(_ELSEWHERE[stage], do="The item's page says what would mend it.")
    return word


def repair(hub: Hub, number: int, field: str, value: str, *, actor: str, reason: str) -> tuple[Override, bool]:
    """Set the failing value of a customer by a person's word, and have it judged again; answers the word, and whether
    the replay begins now. What the CRM refused is sent anew by the next plan, as the value is another. Raises NotFound
    when it is not held any more, RecordRejected."""
    item = read.one(hub.store, number)
    field_of_it = mendable(hub, item)
    if field_of_it is None:
        raise RecordRejected("No value of this can be set by hand here.", do="Its page says what would mend it.")
    if field != field_of_it:
        raise RecordRejected(f"It is held for its {field_of_it}.", do="The customer's page sets any other value.")
    why = said(reason, "A repair")
    with hub.store.begin() as connection:
        hold.keep(connection, number)
        made = overrides.place(hub.store, hub.golden_rules, item.subject, field, value, actor=actor, reason=why)
    return made, replay(hub, actor)


def replay(hub: Hub, actor: str) -> bool:
    """Have what is held judged again, beside the console; answers whether it begins now, or follows one at work."""
    return beside.start(hub, "replay", actor=actor)
