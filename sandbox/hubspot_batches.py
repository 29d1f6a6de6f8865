"""HubSpot's batches: a hundred inputs a call; 207 where some could not be had or done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from sandbox.hubspot_asked import document, names
from sandbox.hubspot_properties import CATALOGUE, stamp
from sandbox.hubspot_refusals import RefusedError, invalid, not_found
from sandbox.hubspot_rows import Row, shown
from sandbox.hubspot_writes import Planned, Writes, values_in

MOST_INPUTS = 100
_MISSING = "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."

_Input = dict[str, Any]


class Batches:
    """The batch endpoints.

    A write that HubSpot does not take fails the whole batch, and nothing is written, unless each input carries an
    ``objectWriteTraceId``: then the good ones are done and the others told. Unknown ids are always told one by one.
    """

    def __init__(self, writes: Writes) -> None:
        self.writes = writes
        self.store = writes.store

    async def read(self, request: Request) -> dict[str, Any]:
        wish = await document(request)
        by = wish.get("idProperty")
        keys = dict.fromkeys(str(one.get("id")) for one in _inputs(wish))
        found = {key: self.store.holder(key) if by == "email" else self.store.get(key) for key in keys}
        rows = {row["id"]: row for row in found.values() if row and not row["archived"]}
        missing = [key for key, row in found.items() if row is None or row["archived"]]
        asked = names(wish)
        results = [shown(row, asked) for row in rows.values()]
        return self._answer(results, [not_found(_MISSING).as_batch_error(ids=missing)] if missing else [])

    async def create(self, request: Request) -> dict[str, Any]:
        inputs = _inputs(await document(request))
        _unlike([str(values_in(one).get("email", "")).lower() for one in inputs])
        return {"_status": 201, **self._run(inputs, lambda one: self.writes.plan_create(values_in(one)))}

    async def update(self, request: Request) -> dict[str, Any]:
        inputs = _inputs(await document(request))
        _unlike([str(one.get("id")) for one in inputs])
        return self._run(inputs, self._plan_update)

    async def upsert(self, request: Request) -> dict[str, Any]:
        inputs = _inputs(await document(request))
        _unlike([str(one.get("id")).lower() for one in inputs])
        return self._run(inputs, self._plan_upsert)

    async def archive(self, request: Request) -> None:
        for one in _inputs(await document(request)):
            self.writes.bin(str(one.get("id")))

    def _plan_update(self, one: _Input) -> Planned:
        return self.writes.plan_update(self.writes.find(str(one.get("id")), one.get("idProperty")), values_in(one))

    def _plan_upsert(self, one: _Input) -> Planned:
        """By a unique property, which for contacts is the e-mail; without ``idProperty`` by id, which must be there."""
        by, key = one.get("idProperty"), str(one.get("id"))
        if by and not (by in CATALOGUE and CATALOGUE[by].unique):
            raise invalid(f"Property '{by}' is not a unique property and cannot be used as idProperty")
        row = self.store.holder(key) if by else self.writes.find(key)
        if row:
            update = self.writes.plan_update(row, values_in(one))
            return lambda: {**update(), "new": False}
        create = self.writes.plan_create({"email": key, **values_in(one)})
        return lambda: {**create(), "new": True}

    def _run(self, inputs: list[_Input], plan: Callable[[_Input], Planned]) -> dict[str, Any]:
        """Look at every input, then do what was found good."""
        by_one = all(one.get("objectWriteTraceId") for one in inputs)
        plans: list[tuple[_Input, Planned]] = []
        errors = []
        for one in inputs:
            try:
                plans.append((one, plan(one)))
            except RefusedError as refusal:
                if not by_one and refusal.status != 404:
                    raise
                errors.append(refusal.as_batch_error(**_named(one)))
        return self._answer([_traced(one, write()) for one, write in plans], errors)

    def _answer(self, results: list[Row], errors: list[dict[str, Any]]) -> dict[str, Any]:
        at = stamp(self.writes.clock.now())
        told = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
        return {**told, "numErrors": len(errors), "errors": errors, "_status": 207} if errors else told


def _inputs(wish: dict[str, Any]) -> list[_Input]:
    """The inputs of a batch. Raises RefusedError (400) for none at all, too many, or what is no object."""
    inputs = wish.get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(one, dict) for one in inputs):
        raise invalid("Invalid input JSON: 'inputs' must be a list of objects")
    if len(inputs) > MOST_INPUTS:
        raise invalid(f"The maximum number of inputs supported in a batch request is {MOST_INPUTS}")
    return inputs


def _unlike(keys: list[str]) -> None:
    """Raises RefusedError (400) if a key comes twice: HubSpot then does nothing of the batch."""
    twice = [key for key, count in Counter(keys).items() if key and count > 1]
    if twice:
        raise invalid(f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique")


def _named(one: _Input) -> dict[str, list[str]]:
    """Which input an error is about."""
    trace = {"objectWriteTraceId": [str(one["objectWriteTraceId"])]} if one.get("objectWriteTraceId") else {}
    return trace | ({"ids": [str(one["id"])]} if one.get("id") else {})


def _traced(one: _Input, row: Row) -> Row:
    return {**row, "objectWriteTraceId": one["objectWriteTraceId"]} if one.get("objectWriteTraceId") else row
