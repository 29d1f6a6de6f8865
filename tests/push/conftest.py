"""A CRM, the shipped policy, and a line that runs from sync to push."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from landbridge.config import HOUSE
from landbridge.push import policy as policies
from landbridge.push.apply import push
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.push.crm import ACCOUNT, Crm, a_run, access, sync
from tests.push.org import Org, org_of
from tests.sandbox_process import start_sandbox


@pytest.fixture(scope="session")
def policy() -> Policy:
    return policies.load_policy(HOUSE / "mappings" / "crm" / "salesforce.yaml")


@pytest.fixture(scope="module")
def ready(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """A running stand-in. A module may say how many PEOPLE it has, and OPTIONS beside."""
    people, options = getattr(request.module, "PEOPLE", 10), getattr(request.module, "OPTIONS", ())
    with start_sandbox(people=people, options=("--systems=salesforce", *options)) as ready:
        yield ready


@pytest.fixture
def org(ready: dict[str, Any], policy: Policy) -> Org:
    """The org that is played there."""
    return org_of(ready, policy)


@pytest.fixture
def crm() -> Crm:
    return Crm()


Line = Callable[..., Run]


@pytest.fixture
def line(store: Store, crm: Crm, policy: Policy) -> Line:
    """Read the CRM, plan, push; answers the run, whose books tell what happened."""

    def go(links: Mapping[str, str] | None = None, *, synced: bool = True, **options: Any) -> Run:
        with a_run(store) as run:
            if synced:
                sync(store, run, crm, links)
            make_plan(run, policy, ACCOUNT)
            push(run, crm.connector(), access(**options), policy)
        return run

    return go
