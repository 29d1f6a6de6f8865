"""A store with leads that are ready to leave, and the steps of a push over it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from benchmarks.stand_in import Standing
from connectors.base import Access, Secret
from connectors.salesforce import CONNECTOR
from landbridge.config import HOUSE
from landbridge.push.apply import push
from landbridge.push.plan import make_plan
from landbridge.push.policy import Policy, load_policy
from landbridge.store import embedded
from landbridge.store.engine import Store
from landbridge.store.schema import upgrade
from landbridge.trail.runs import Run, running

ACCOUNT = "salesforce"
_IDENTITIES = """
INSERT INTO identity (identity_id, founder, run_id) SELECT 'id' || g, 'id' || g, :run_id
FROM generate_series(0, :leads - 1) g
"""
_LEADS = """
INSERT INTO lead (identity_id, fields, origin, inputs, digest, checked_digest, valid, run_id)
SELECT 'id' || g, jsonb_build_object(
    'last_name', 'Person ' || g, 'first_name', 'Anna', 'email', 'a' || g || '@x.example', 'phone', '+47 22' || g,
    'company', 'Acme ' || g % 5000, 'title', 'Captain', 'street', 'Main ' || g, 'city', 'Bergen', 'country', 'NO',
    'score', g % 100, 'reasons', 'a reason' || chr(10) || 'b reason', 'email_opt_out', false,
    'handles', jsonb_build_array('x:a' || g, 'x:b'), 'systems', 'zendesk' || chr(10) || 'x',
    'last_touch_at', '2026-01-01T00:00:00Z', 'intent', 'buy', 'route', 'west'),
  (SELECT jsonb_object_agg(f, jsonb_build_object('profile', 'zendesk/users/' || g, 'record', g, 'rule', 'newest'))
   FROM unnest(ARRAY['last_name', 'first_name', 'email', 'phone', 'company', 'title', 'street', 'city', 'country',
                     'score', 'reasons', 'handles', 'systems', 'intent', 'route']) f),
  'i', 'd' || g, 'd' || g, true, :run_id
FROM generate_series(0, :leads - 1) g
"""


@dataclass
class Prepared:
    """The line from plan to push over a store of so many leads."""

    run: Run
    policy: Policy
    access: Access
    leads: int

    def plan(self) -> None:
        make_plan(self.run, self.policy, ACCOUNT)

    def push(self) -> None:
        push(self.run, CONNECTOR, self.access, self.policy)

    def again(self) -> None:
        """Plan and push once more; nothing is read back, so what we wrote is what there is to compare with."""
        self.plan()
        self.push()

    def verify(self) -> None:
        """Every lead was written, and noted as made."""
        with self.run.store.begin() as connection:
            done = connection.scalar(sa.text("SELECT count(*) FROM pushed WHERE created"))
        assert done == self.leads, done


@contextmanager
def prepared(leads: int, org: Standing) -> Iterator[Prepared]:
    """A fresh embedded database with so many valid leads in it."""
    keys = org.ready["salesforce"]
    secrets = {name: Secret(keys[name]) for name in ("client_id", "client_secret")}
    access = Access(ACCOUNT, org.url, secrets, {"first_load": "approve"}, ca_file=org.ca)
    policy = load_policy(HOUSE / "mappings" / "crm" / "salesforce.yaml")
    with tempfile.TemporaryDirectory() as folder:
        store = Store(embedded.start(Path(folder) / "postgres"))
        upgrade(store)
        with running(store, "push", actor="benchmark") as run:
            with store.begin() as connection:
                for statement in (_IDENTITIES, _LEADS):
                    connection.execute(sa.text(statement), {"run_id": run.run_id, "leads": leads})
            store.tidy("identity", "lead")
            yield Prepared(run, policy, access, leads)
        store.close()
