"""What people do about plans, each in a few commands of landbridge.push."""

from __future__ import annotations

from urllib.parse import urlencode

from pydantic import BaseModel, Field

from landbridge.bootstrap import Hub
from landbridge.console.web.conductor import start_command
from landbridge.errors import GateClosed, NotFound
from landbridge.push import approval, partly
from landbridge.push.partly import Placed
from landbridge.push.revert.planning import subject
from landbridge.push.selection import Selection


class Wish(BaseModel):
    """Some changes of a plan, and why somebody wants it so. What is empty does not narrow down."""

    reason: str = Field(default="", max_length=500, description="Why; stands in the trail.")
    of: str = Field(default="", max_length=300, description="A reason's key, as a plan's groups name it.")
    field: str = Field(default="", max_length=100, description="A CRM field: then fields are meant, not records.")
    object: str = Field(default="", max_length=100, description="A kind of CRM record.")
    action: str = Field(default="", max_length=10)
    search: str = Field(default="", max_length=300, description="A change's number, a customer, or a CRM record.")
    change: str = Field(default="", max_length=20, description="One change, by its number.")

    def selection(self, plan_id: str) -> Selection:
        """As landbridge.push takes it."""
        named = {"reason": self.of, "field": self.field, "object": self.object, "action": self.action}
        return Selection.of(plan_id, named | {"search": self.change or self.search})

    def page(self, plan_id: str) -> str:
        """The page where somebody said so."""
        named = {"reason": self.of, "field": "" if self.change else self.field, "object": self.object}
        given = {
            name: value for name, value in {**named, "action": self.action, "search": self.search}.items() if value
        }
        return f"/plan/{plan_id}" + (f"?{urlencode(given)}" if given else "")


def said(reason: str, what: str) -> str:
    """A reason that was given. Raises GateClosed where none was."""
    if not reason.strip():
        raise GateClosed(f"{what} wants a reason: it stands in the trail.", do="Say why, in a few words.")
    return reason.strip()


def hold(hub: Hub, chosen: Selection, *, actor: str, reason: str) -> Placed:
    """Hold what is selected of a plan."""
    return partly.hold(hub.store, hub.policy, hub.crm, chosen, actor=actor, reason=said(reason, "A hold"))


def approve_only(hub: Hub, chosen: Selection, *, actor: str, reason: str) -> tuple[int, int]:
    """Hold everything else, then approve; answers how many changes are approved and how many are held.

    In this order: whoever dies between the two has approved nothing.
    """
    if chosen.whole:
        raise NotFound("Nothing is selected.", do="Choose a group or filter first, or approve the plan.")
    why = said(reason, "An approval")
    placed = partly.hold(hub.store, hub.policy, hub.crm, chosen, rest=True, actor=actor, reason=f"not in: {why}")
    return approval.approve(hub.store, chosen.plan_id, actor=actor, reason=why), placed.changes


def start_revert(hub: Hub, what: str, over_edits: bool) -> None:
    """Have a revert planned by a process of its own. Raises NotFound when `what` wrote nothing."""
    subject(hub.store, hub.crm, what)
    start_command(hub, "revert", what, "--json", *(["--over-edits"] if over_edits else []))
