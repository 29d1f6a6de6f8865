"""A real org for tests of pushing: the stand-in over HTTP, its faults and switches, and what it holds in the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import httpx

from connectors.base import Access, Secret, SourceUnavailable
from connectors.salesforce import CONNECTOR
from landbridge.errors import AccessRefused
from landbridge.push.apply import push
from landbridge.push.policy import Policy
from landbridge.store.engine import Store
from landbridge.trail.runs import Run
from tests.orders import Ordered
from tests.push.crm import ACCOUNT, EXTERNAL, a_run

Ready = dict[str, Any]
Row = dict[str, Any]


@dataclass
class Org(Ordered):
    """A running stand-in. `access` leads to it; `order` turns its faults and switches."""

    ready: Ready
    access: Access

    def calls(self) -> dict[str, int]:
        """How often each of its addresses was called so far."""
        told = httpx.get(f"{self.ready['control']}/stats", timeout=30).json()
        return dict(told["systems"]["salesforce"]["calls"])

    def writes(self) -> int:
        told = httpx.get(f"{self.ready['control']}/stats", timeout=30).json()
        return int(told["systems"]["salesforce"]["writes"])

    def rows(self, prefix: str, name: str = "Lead") -> dict[str, Row]:
        """The rows whose external id begins so, by that id in lower case."""
        read = (row for page in CONNECTOR.read(self.access, name, None) for row in page.rows)
        live = [row for row in read if not row["IsDeleted"]]
        return {str(row[EXTERNAL]).lower(): row for row in live if str(row[EXTERNAL]).startswith(prefix)}


def org_of(ready: Ready, policy: Policy, **options: Any) -> Org:
    """The org of a running sandbox."""
    told = dict(ready["salesforce"])
    base_url, ca_file = told.pop("base_url"), told.pop("ca", None)
    given = {"fields": policy.to_read(), "first_load": "approve", **options}
    return Org(ready, Access(ACCOUNT, base_url, {name: Secret(v) for name, v in told.items()}, given, ca_file))


def by_file(policy: Policy, least: int = 1, file_rows: int = 30_000) -> Policy:
    """The policy, with files for `least` changes and more."""
    return replace(policy, sending=replace(policy.sending, bulk_from=least, file_rows=file_rows))


def insist(store: Store, org: Org, policy: Policy) -> Run:
    """Push until the outbox is empty, as a flow that retries does, and its schedule. Answers the last run."""
    for _ in range(30):
        try:
            with a_run(store) as run:
                push(run, CONNECTOR, org.access, policy)
            return run
        except (SourceUnavailable, AccessRefused):  # a log-in that is refused twice in a row ends a run, not the next
            continue
    raise AssertionError("the outbox never emptied")
