"""What people are told about a plan that waits is what the gate does: on the page, by the API, at the command line."""

from __future__ import annotations

import html

import httpx
import pytest
import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.console.web import session
from landbridge.errors import GateClosed
from landbridge.push.apply import push
from landbridge.push.approval import approve
from landbridge.push.plan import make_plan
from landbridge.push.policy import Limit
from tests.console.conftest import SignIn, Visitor, shown, user
from tests.console.test_plans import plan_id
from tests.push.crm import ACCOUNT, Crm, a_run, access, put_lead

__all__ = ["plan_id"]

UNSEEN = "lets it through unseen"


def set_limit(hub: Hub, **limit: object) -> None:
    """The policy's limit, and first loads need no word."""
    object.__setattr__(hub.policy, "limit", Limit.model_validate({"first_load": "approve", **limit}))
    hub.project.settings.accounts[ACCOUNT].options["first_load"] = "approve"


def write(hub: Hub, statement: str) -> None:
    with hub.store.begin() as connection:
        connection.execute(sa.text(statement))


def already_there(hub: Hub, records: int) -> None:
    """So many records that we wrote before."""
    new = f"FROM generate_series(1, {records}) n, (SELECT min(run_id) AS run_id FROM run) r ON CONFLICT DO NOTHING"
    write(hub, f"INSERT INTO identity (identity_id, founder, run_id) SELECT 'old' || n, 'old' || n, run_id {new}")
    write(
        hub,
        "INSERT INTO pushed (account, identity_id, object, crm_id, fields, run_id) "
        f"SELECT 'salesforce', 'old' || n, 'Lead', '00Q' || n, '{{}}', run_id {new}",
    )


def passes(hub: Hub) -> bool:
    """Whether a push comes past the gate, with the account's own options."""
    options = hub.project.settings.accounts[ACCOUNT].options
    try:
        with a_run(hub.store) as run:
            push(run, Crm().connector(), access(**options), hub.policy)
    except GateClosed:
        return False
    return True


def told(hub: Hub, visitor: Visitor, plan_id: str) -> str:
    """What the page says, once the API was seen to say the same."""
    page = html.unescape(shown(visitor.get(f"/plan/{plan_id}").text))
    headers = {"authorization": f"Bearer {session.new_token(hub.store, user(hub, 'viewer'), 'api')}"}
    waits = httpx.get(f"{visitor.base_url}/api/v1/plans/{plan_id}", headers=headers, timeout=30).json()["waits"]
    assert waits == hub.gate.why(plan_id)
    assert all(words in page for words in waits)
    assert ("It waits." in page, UNSEEN in page) == (bool(waits), not waits)
    return page


def test_a_small_plan_is_said_to_pass_and_passes(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    set_limit(hub)
    assert UNSEEN in told(hub, sign_in("viewer"), plan_id)
    assert passes(hub)


def test_a_deletion_is_said_to_wait_and_waits(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    set_limit(hub)
    write(hub, "UPDATE change SET action = 'delete', before = after, origin = '{}' WHERE identity_id = 'bo'")
    assert "1 of its changes is to delete a record." in told(hub, sign_in("viewer"), plan_id)
    assert not passes(hub)


@pytest.mark.parametrize(("name", "waits"), [("Title", True), ("Email", False)])
def test_a_protected_field_is_said_to_wait_where_a_record_that_stands_would_change(
    sign_in: SignIn, hub: Hub, plan_id: str, name: str, waits: bool
) -> None:
    """Two creates have a title and one an address too, where nothing stands yet that could be protected."""
    set_limit(hub)
    rule = hub.policy.objects["Lead"]
    fields = {**rule.fields, name: rule.fields[name].model_copy(update={"protected": True})}
    lead = rule.model_copy(update={"fields": fields})
    object.__setattr__(hub.policy, "objects", {**hub.policy.objects, "Lead": lead})
    page = told(hub, sign_in("viewer"), plan_id)
    assert ("1 of its changes is of a protected field." in page) is waits
    assert passes(hub) is not waits


def test_small_plans_that_are_too_many_together_are_said_to_wait(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    set_limit(hub, changes=3, share=0)
    viewer = sign_in("viewer")
    assert UNSEEN in told(hub, viewer, plan_id)
    already_there(hub, 1)
    with a_run(hub.store) as run:
        put_lead(hub.store, run, "late", last_name="Late")
        make_plan(run, hub.policy, ACCOUNT)
    page = told(hub, viewer, plan_id)
    assert "4 changes, in all that is open, are more than 3 and more than 0% of the CRM's records" in page
    assert not passes(hub)


def test_more_than_the_number_and_less_than_the_share_passes_as_it_is_said_to(
    sign_in: SignIn, hub: Hub, plan_id: str
) -> None:
    set_limit(hub, changes=1, share=0.05)
    already_there(hub, 40)
    viewer = sign_in("viewer")
    assert "5% of the CRM's records" in told(hub, viewer, plan_id)
    already_there(hub, 80)
    assert UNSEEN in told(hub, viewer, plan_id)
    assert passes(hub)


def test_what_stands_beside_one_that_waits_is_said_to_wait(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    set_limit(hub)
    with a_run(hub.store) as run:
        put_lead(hub.store, run, "late", last_name="Late")
        newest = make_plan(run, hub.policy, ACCOUNT)
    assert newest and newest != plan_id
    write(hub, "UPDATE change SET action = 'delete', before = after, origin = '{}' WHERE identity_id = 'bo'")
    viewer = sign_in("viewer")
    assert f"Nothing leaves beside {plan_id}" in told(hub, viewer, newest)
    assert not passes(hub)
    approve(hub.store, plan_id, actor="kim", reason="looked")
    assert UNSEEN in told(hub, viewer, newest)


def test_the_accounts_own_word_about_a_first_load_counts_everywhere(sign_in: SignIn, hub: Hub, plan_id: str) -> None:
    set_limit(hub, first_load="ask")
    viewer = sign_in("viewer")
    assert UNSEEN in told(hub, viewer, plan_id)
    hub.project.settings.accounts[ACCOUNT].options["first_load"] = "ask"
    assert "Nothing was ever written to salesforce before" in told(hub, viewer, plan_id)
