"""A CRM in memory, as a connector declares one, and the tables that the line fills before a push."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Access, Connector, Receipt, Write
from landbridge.config import HOUSE
from landbridge.push import policy
from landbridge.push.activities.rules import FIELDS
from landbridge.store import tables
from landbridge.store.engine import Store
from landbridge.trail.runs import Run, running

ACCOUNT = "salesforce"
EXTERNAL = "Landbridge_Id__c"
PREFIX = {"Lead": "00Q", "Contact": "003", "Task": "00T", "CampaignMember": "00v"}
Answer = Callable[[Write], Receipt | None]


class Crm:
    """Rows by object and Id. `calls` counts calls of any kind, `writes` keeps every write that arrived.

    `answer` may speak for the CRM before a write is taken; `after_call` may break off once a call has been taken.
    """

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in PREFIX}
        self.made = dict.fromkeys(PREFIX, 0)
        self.calls: list[str] = []
        self.writes: list[Write] = []
        self.answer: Answer = lambda write: None
        self.after_call: Callable[[], None] = lambda: None

    def put(self, object_name: str, **fields: Any) -> str:
        """A row that somebody made in the CRM; answers its Id."""
        crm_id = f"{PREFIX[object_name]}{self.made[object_name]:015d}"
        self.made[object_name] += 1
        made = {"Id": crm_id, "IsDeleted": False, "IsConverted": False, "CreatedDate": f"2026-01-01T{crm_id[-2:]}:00Z"}
        self.rows[object_name][crm_id] = dict.fromkeys(_fields()) | made | fields
        return crm_id

    def connector(self) -> Connector:
        """This CRM's declaration."""
        return Connector(
            "salesforce",
            (),
            (),
            read=lambda access, stream, checkpoint: iter(()),
            check=lambda access: "here",
            write=self.write,
            look_up=self.look_up,
            describe=self.describe,
        )

    def write(self, access: Access, writes: Sequence[Write]) -> Iterator[Receipt]:
        self.calls.append("write")
        assert len({write.match_value.lower() for write in writes}) == len(writes) <= 200
        receipts = [self.answer(write) or self._take(write) for write in writes]
        self.after_call()
        yield from receipts

    def _take(self, write: Write) -> Receipt:
        self.writes.append(write)
        found = self._find(write.object, write.match_field, write.match_value)
        if write.delete:
            self.rows[write.object].pop(write.match_value, None)
            return Receipt(write.ref, "done", write.match_value, created=False)
        if found is None and write.match_field == "Id":
            return Receipt(write.ref, "refused", code="ENTITY_IS_DELETED", message="entity is deleted")
        crm_id = found or self.put(write.object, **{write.match_field: write.match_value})
        self.rows[write.object][crm_id].update(write.values)
        return Receipt(write.ref, "done", crm_id, created=found is None)

    def _find(self, object_name: str, field: str, value: str) -> str | None:
        rows = self.rows[object_name].items()
        return next((i for i, row in rows if str(row.get(field, "")).lower() == value.lower()), None)

    def look_up(
        self, access: Access, object_name: str, field: str, values: Sequence[str], fields: Sequence[str]
    ) -> Mapping[str, Mapping[str, Any]]:
        self.calls.append("look_up")
        found = {value.lower(): self._find(object_name, field, value) for value in values}
        rows = self.rows[object_name]
        return {value: {f: rows[i].get(f) for f in fields} for value, i in found.items() if i is not None}

    def describe(self, access: Access, object_name: str) -> Mapping[str, Mapping[str, Any]]:
        self.calls.append("describe")
        return {n: {"createable": True, "updateable": True, "externalId": n == EXTERNAL} for n in _fields()}


@cache
def _fields() -> frozenset[str]:
    """Every field that the shipped policy writes: this org has them all."""
    rules = policy.load_policy(HOUSE / "mappings" / "crm" / "salesforce.yaml")
    return frozenset(name for names in (*rules.to_read().values(), *FIELDS.values()) for name in names)


def access(**options: Any) -> Access:
    """The way in. The first load is approved unless a test says otherwise."""
    return Access(ACCOUNT, "http://crm.example", options={"first_load": "approve", **options})


@contextmanager
def a_run(store: Store) -> Iterator[Run]:
    with running(store, "line", actor="tester") as run:
        yield run


def put_lead(store: Store, run: Run, identity_id: str, *, valid: bool = True, **fields: Any) -> None:
    """A lead as enrichment and validation leave it. Putting it again changes it."""
    put_leads(store, run, {identity_id: fields}, valid=valid)


def put_leads(store: Store, run: Run, leads: Mapping[str, dict[str, Any]], *, valid: bool = True) -> None:
    """Leads, each identity's fields, as enrichment and validation leave them."""
    rows = []
    for identity_id, fields in leads.items():
        digest = str(hash(json.dumps(fields, sort_keys=True)))
        origin = {name: {"profile": f"zendesk/users/{identity_id}", "record": 1, "rule": "newest"} for name in fields}
        row = {"identity_id": identity_id, "fields": fields, "origin": origin, "inputs": digest, "digest": digest}
        rows.append(row | {"checked_digest": digest, "valid": valid, "run_id": run.run_id})
    with store.begin() as connection:
        _identities(connection, run, leads)
        connection.execute(sa.delete(tables.lead).where(tables.lead.c.identity_id.in_(list(leads))))
        connection.execute(sa.insert(tables.lead), rows)


def _identities(connection: sa.Connection, run: Run, names: Iterable[str]) -> None:
    rows = [{"identity_id": name, "founder": name, "run_id": run.run_id} for name in names]
    connection.execute(insert(tables.identity).on_conflict_do_nothing(), rows)


def sync(store: Store, run: Run, crm: Crm, links: Mapping[str, str] | None = None) -> None:
    """Read the whole CRM back."""
    take_in(store, run, crm.rows, links)


Rows = Mapping[str, Mapping[str, dict[str, Any]]]


def take_in(store: Store, run: Run, objects: Rows, links: Mapping[str, str] | None = None) -> None:
    """Rows by object and Id become records, profiles and links, as landing, mapping and resolving make them.

    A row's profile is linked to the identity that `links` names for its Id, else to the one its external id names.
    """
    every = [(name, key, row) for name, rows in objects.items() for key, row in rows.items()]
    owners = {f"{ACCOUNT}/{name}/{key}": (links or {}).get(key) or row.get(EXTERNAL) for name, key, row in every}
    with store.begin() as connection:
        read = connection.execute(sa.select(tables.record_head).filter_by(account=ACCOUNT))
        heads = {(head.stream, head.key): head for head in read}
        _land(connection, run, [one for one in every if _is_news(heads.get(one[:2]), one[2])], heads)
        _link(connection, run, {profile_id: str(owner) for profile_id, owner in owners.items() if owner is not None})


Read = tuple[str, str, dict[str, Any]]
"""A row of the CRM: its object, its Id, its fields."""


def _payload(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True)


def _is_news(head: Any, row: dict[str, Any]) -> bool:
    return head is None or head.digest != _payload(row)


def _land(connection: sa.Connection, run: Run, news: list[Read], heads: Mapping[tuple[str, str], Any]) -> None:
    if not news:
        return
    records = [
        {
            "account": ACCOUNT,
            "stream": stream,
            "key": key,
            "version": heads[stream, key].version + 1 if (stream, key) in heads else 1,
            "digest": _payload(row),
        }
        for stream, key, row in news
    ]
    new = sa.insert(tables.record).returning(tables.record.c.record_id, sort_by_parameter_order=True)
    made = connection.scalars(new, [one | {"payload": one["digest"], "run_id": run.run_id} for one in records]).all()
    profiles = [f"{ACCOUNT}/{stream}/{key}" for stream, key, _ in news]
    for table in (tables.link, tables.profile):
        connection.execute(sa.delete(table).where(table.c.profile_id.in_(profiles)))
    head = sa.tuple_(tables.record_head.c.stream, tables.record_head.c.key).in_([one[:2] for one in news])
    connection.execute(sa.delete(tables.record_head).where(tables.record_head.c.account == ACCOUNT, head))
    connection.execute(
        sa.insert(tables.record_head), [one | {"record_id": n} for one, n in zip(records, made, strict=True)]
    )
    connection.execute(
        sa.insert(tables.profile),
        [
            {"profile_id": profile_id, "account": ACCOUNT, "stream": stream, "key": key, "record_id": record_id}
            | {"gone": row["IsDeleted"], "run_id": run.run_id, "mapping": "m", "digest": "d"}
            for profile_id, record_id, (stream, key, row) in zip(profiles, made, news, strict=True)
        ],
    )


def _link(connection: sa.Connection, run: Run, owners: Mapping[str, str]) -> None:
    if not owners:
        return
    _identities(connection, run, set(owners.values()))
    connection.execute(sa.delete(tables.link).where(tables.link.c.profile_id.in_(list(owners))))
    rows = [{"profile_id": profile_id, "identity_id": owner} for profile_id, owner in owners.items()]
    common = {"how": "single", "model": "1", "run_id": run.run_id}
    connection.execute(sa.insert(tables.link), [row | common for row in rows])


def books(run: Run, stage: str) -> dict[str, int]:
    """A stage's numbers that are not nought."""
    entry = next(entry for entry in reversed(run.books.entries) if entry.stage == stage)
    return {name: count for name, count in vars(entry).items() if isinstance(count, int) and count}


def changes(store: Store) -> list[dict[str, Any]]:
    """Every change, oldest first."""
    with store.begin() as connection:
        rows = connection.execute(sa.select(tables.change).order_by(tables.change.c.change_id)).all()
    return [dict(row._mapping) for row in rows]
