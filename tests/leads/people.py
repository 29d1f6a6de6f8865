"""People as the stages before leads them: rows in the real tables, written by hand."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from landbridge.config import HOUSE
from landbridge.leads.golden import golden
from landbridge.leads.lead import enrich
from landbridge.leads.rules import GoldenRules, LeadRules, load_golden, load_lead
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail import runs
from landbridge.trail.balance import Entry

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def golden_rules() -> GoldenRules:
    return load_golden(HOUSE / "mappings" / "golden.yaml")


def lead_rules() -> LeadRules:
    return load_lead(HOUSE / "mappings" / "lead.yaml")


class People:
    """Writes what landing, mapping and identity would have written."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with runs.running(store, "sync", actor="test") as run:
            self.run_id = run.run_id

    def person(self, identity: str, **profiles: dict[str, Any]) -> None:
        """An identity and its profiles, each named `account` or `account_key`."""
        with self.store.begin() as connection:
            if not connection.scalar(
                sa.select(tables.identity.c.founder).where(tables.identity.c.identity_id == identity)
            ):
                row = {"identity_id": identity, "founder": identity, "run_id": self.run_id}
                connection.execute(sa.insert(tables.identity).values(row))
            for name, values in profiles.items():
                account, _, key = name.partition("_")
                self._profile(connection, identity, account, key or identity, values)

    def _profile(
        self, connection: sa.Connection, identity: str, account: str, key: str, values: dict[str, Any]
    ) -> None:
        profile_id = f"{account}/people/{key}"
        digest = hashlib.sha256(json.dumps(values, default=str, sort_keys=True).encode()).hexdigest()
        record_id = self._record(connection, account, key, digest)
        row = {
            "updated_at": NOON,
            **values,
            "profile_id": profile_id,
            "account": account,
            "stream": "people",
            "key": key,
        }
        row |= {"record_id": record_id, "digest": digest, "mapping": "m", "run_id": self.run_id}
        connection.execute(sa.delete(tables.link).where(tables.link.c.profile_id == profile_id))
        connection.execute(sa.delete(tables.profile).where(tables.profile.c.profile_id == profile_id))
        connection.execute(sa.insert(tables.profile).values(row))
        link = {"profile_id": profile_id, "identity_id": identity, "how": "test", "model": "m", "run_id": self.run_id}
        connection.execute(sa.insert(tables.link).values(link))

    def _record(self, connection: sa.Connection, account: str, key: str, digest: str) -> int:
        mine = tables.record.c.account == account, tables.record.c.key == key
        version = connection.scalar(sa.select(sa.func.count()).select_from(tables.record).where(*mine)) or 0
        values = {"account": account, "stream": "people", "key": key, "version": version + 1, "digest": digest}
        statement = sa.insert(tables.record).values(**values, payload="{}", run_id=self.run_id)
        return int(connection.execute(statement.returning(tables.record.c.record_id)).scalar_one())

    def touch(self, person: str, kind: str, *, days_ago: int | None = 0, **values: Any) -> None:
        """Something that happened between the person (a profile_id) and us."""
        account = person.split("/", maxsplit=1)[0]
        with self.store.begin() as connection:
            count = connection.scalar(sa.select(sa.func.count()).select_from(tables.touchpoint))
            row = {"touchpoint_id": f"{account}/touches/{count}", "account": account, "stream": "touches"}
            row |= {"person": person, "kind": kind, "mapping": "m", "run_id": self.run_id, **values}
            row |= {"at": None if days_ago is None else NOON - timedelta(days=days_ago)}
            row |= {"digest": hashlib.sha256(json.dumps(row, default=str).encode()).hexdigest()}
            row |= {"record_id": self._record(connection, account, f"touch{count}", row["digest"])}
            connection.execute(sa.insert(tables.touchpoint).values(row))

    def merge(self, elder: str, younger: str) -> None:
        """What identity does when two turn out to be one."""
        with self.store.begin() as connection:
            connection.execute(
                sa.update(tables.link).where(tables.link.c.identity_id == younger).values(identity_id=elder)
            )
            connection.execute(
                sa.update(tables.identity).where(tables.identity.c.identity_id == younger).values(redirect_to=elder)
            )

    def golden(self, rules: GoldenRules | None = None) -> list[Entry]:
        """Run the stage; answers its books."""
        with runs.running(self.store, "publish", actor="test") as run:
            golden(run, rules or golden_rules())
        return run.books.entries

    def leads(self, rules: LeadRules | None = None) -> list[Entry]:
        """Run golden and enrich; answers their books."""
        with runs.running(self.store, "publish", actor="test") as run:
            golden(run, golden_rules())
            enrich(run, rules or lead_rules())
        return run.books.entries

    def row(self, table: sa.Table, identity: str) -> Any:
        """A golden record or lead, or None."""
        with self.store.begin() as connection:
            return connection.execute(sa.select(table).where(table.c.identity_id == identity)).one_or_none()

    def contents(self, *of: sa.Table) -> list[list[tuple[Any, ...]]]:
        """Everything that stands in the tables, in a fixed order."""
        with self.store.begin() as connection:
            return [sorted((tuple(row) for row in connection.execute(sa.select(t))), key=repr) for t in of]
