"""What people do about plans, each in a few commands of landbridge.push."""

from __future__ import annotations

import threading
from urllib.parse import urlencode

from pydantic import Field

from landbridge.bootstrap import Hub
from landbridge.console.read import plans as read
from landbridge.console.web import beside
from landbridge.console.web.bodies import LONGEST, Body, said
from landbridge.console.web.veil import OPEN, Veil
from landbridge.errors import NotFound, SourceUnavailable
from landbridge.push import approval, holds, partly, sorting
from landbridge.push.partly import Placed
from landbridge.push.revert.planning import subject
from landbridge.push.selection import Selection


class Which(Body):
    """Some changes of a plan. What is empty does not narrow down."""

    of: str = Field(default="", max_length=300, description="A reason's key, as a plan's groups name it.")
    field: str = Field(default="", max_length=100, description="A CRM field.")
    object: str = Field(default="", max_length=100, description="A kind of CRM record.")
    action: str = Field(default="", max_length=10, description="create, update or delete.")
    state: str = Field(default="", max_length=10, description="open, held, done, refused or unknown.")
    search: str = Field(default="", max_length=300, description="A change's number, a customer, or a CRM record.")
    change: str = Field(default="", max_length=20, description="One change, by its number.")

    def selection(self, plan_id: str) -> Selection:
        """As landbridge.push takes it."""
        named = {"reason": self.of, "field": self.field, "object": self.object, "action": self.action}
        return Selection.of(plan_id, named | {"state": self.state, "search": self.change or self.search})

    def page(self, plan_id: str) -> str:
        """The page where somebody said so."""
        named = {"reason": self.of, "field": "" if self.change else self.field, "object": self.object}
        named |= {"action": self.action, "state": self.state, "search": self.search}
        given = {name: value for name, value in named.items() if value}
        return f"/plan/{plan_id}" + (f"?{urlencode(given)}" if given else "")


class Wish(Which):
    """What somebody wants held, and why. Where a reason's key or a field is named the fields are held and the rest of
    each record stays in the plan; else the records."""

    reason: str = Field(default="", max_length=LONGEST, description="Why; it is kept with the hold.")
    everything: bool = Field(default=False, description="The whole plan: an empty selection alone says nothing.")


class Only(Which):
    """What somebody wants approved, and nothing else of the plan. Approval is by record: a record of which a field is
    selected is approved with all its fields (hold the others first, where they shall not go)."""

    reason: str = Field(default="", max_length=LONGEST, description="Why; it is kept with the approval.")
    seen: str = Field(max_length=60, description="The plan's `seen`, as it was when you looked at it.")


def hold(hub: Hub, plan_id: str, wish: Wish, actor: str) -> Placed:
    """Hold what is wished. Raises NotFound where nothing is selected, and it is not said that everything is meant."""
    chosen = wish.selection(plan_id)
    if chosen.whole and not wish.everything:
        raise NotFound("Nothing is selected.", do="Choose a group, a filter or a change; or say that all is meant.")
    return partly.hold(hub.store, hub.policy, hub.crm, chosen, actor=actor, reason=said(wish.reason, "A hold"))


def approve(hub: Hub, plan_id: str, *, actor: str, reason: str, seen: str) -> int:
    """Let the plan leave as it was seen."""
    return approval.approve(hub.store, plan_id, actor=actor, reason=reason, seen=seen)


def approve_only(hub: Hub, plan_id: str, wish: Only, actor: str) -> tuple[int, int]:
    """Hold everything else and approve; answers how many changes are approved and how many are held."""
    chosen = wish.selection(plan_id)
    if chosen.whole:
        raise NotFound("Nothing is selected.", do="Choose a group or filter first, or approve the plan.")
    named = {"actor": actor, "reason": said(wish.reason, "An approval"), "seen": wish.seen}
    changes, placed = partly.approve_only(hub.store, hub.policy, hub.crm, chosen, **named)
    return changes, placed.changes


def drop(hub: Hub, plan_id: str, *, actor: str, reason: str) -> int:
    """Say that the plan shall not leave."""
    return approval.drop(hub.store, plan_id, actor=actor, reason=said(reason, "Dropping a plan"))


def release(hub: Hub, what: str, *, actor: str, reason: str) -> holds.Released:
    """Let go what is held."""
    return holds.release(hub.store, hub.crm, what, actor=actor, reason=said(reason, "A release"))


def undo(hub: Hub, number: int, actor: str) -> holds.Released:
    """Let go what one placed oneself in one act. Raises NotFound for what another placed."""
    return holds.release(hub.store, hub.crm, f"b{number}", actor=actor, reason="taken back at once", placed_by=actor)


def start_revert(hub: Hub, what: str, over_edits: bool, actor: str) -> bool:
    """Have a revert planned beside the console; answers whether it begins now. Raises NotFound when `what` wrote
    nothing."""
    subject(hub.store, hub.crm, what)
    return beside.start(hub, "revert", what, *(["--over-edits"] if over_edits else []), actor=actor)


_sorting = threading.Lock()


def sort(hub: Hub, plan_id: str) -> None:
    """Sort a plan, one at a time; whoever dies over it leaves nothing. One that is sorted costs a look."""
    with _sorting, hub.store.begin() as connection:
        if not sorting.sorted_already(connection, plan_id):
            sorting.sort_plan(connection, plan_id)


def sort_beside(hub: Hub, plan_id: str) -> None:
    """The same, while whoever asked is told that it is being done."""
    if not _sorting.locked():
        threading.Thread(target=sort, args=(hub, plan_id), daemon=True, name=f"sort {plan_id}").start()


SORTED_AT_ONCE = 5000
"""Changes that are sorted while somebody waits for the page; a larger plan is sorted beside it."""


def look(hub: Hub, plan_id: str, veil: Veil) -> read.Head:
    """The plan's numbers, of one that is sorted by now where it is small, and being sorted where it is large. Raises
    NotFound."""
    found = read.head(hub.store, plan_id, veil)
    if found.sorted:
        return found
    if sum(found.states.values()) > SORTED_AT_ONCE:
        sort_beside(hub, plan_id)
        return found
    sort(hub, plan_id)
    return read.head(hub.store, plan_id, veil)


def see_sorted(hub: Hub, plan_id: str) -> None:
    """Raises SourceUnavailable while a plan is being sorted: an empty answer would say that nothing is in it."""
    if not look(hub, plan_id, OPEN).sorted:
        raise SourceUnavailable(f"{plan_id} is large and being sorted by reason.", do="Ask again in some seconds.")
