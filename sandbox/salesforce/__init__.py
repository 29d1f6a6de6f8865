"""A stand-in for a Salesforce org: REST with SOQL, sObject Collections and Bulk API 2.0, under /services/data/v{nn}.0.

Base path and login are Salesforce's own, over TLS: POST /services/oauth2/token. Beside them, without a login:
GET /_sandbox/dump (`sandbox.salesforce.dump`). Switches: `sandbox.salesforce.switches`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.salesforce.about import AboutApi
from sandbox.salesforce.api import Api, Endpoint
from sandbox.salesforce.bulk_api import BulkApi
from sandbox.salesforce.bulk_query import BulkQueryApi
from sandbox.salesforce.changes import ChangesApi
from sandbox.salesforce.collections_api import CollectionsApi
from sandbox.salesforce.composite import CompositeApi
from sandbox.salesforce.dump import dump
from sandbox.salesforce.faults import FAULTS, READS, ROWS
from sandbox.salesforce.identity import Identity
from sandbox.salesforce.oauth import OAuth
from sandbox.salesforce.org import Org, open_org
from sandbox.salesforce.queries import QueryApi
from sandbox.salesforce.replies import json_reply
from sandbox.salesforce.rows import RowsApi
from sandbox.salesforce.seeding import Seeding
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.usage import Usage
from sandbox.standin import Clock, Settings
from sandbox.world import World

__all__ = ["FAULTS", "READS", "ROWS", "app"]

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def app(world: World, clock: Clock, state_dir: Path | None, settings: Settings) -> Starlette:
    """The server; what clients write is kept in `state_dir/salesforce.jsonl`."""
    org = open_org(clock, settings, state_dir, {"people": len(world.people), "seed": world.seed})
    seeding = Seeding(org, world)
    seeding.fill()
    org.replay()
    world.listen("salesforce", seeding.take)
    sessions, usage = Sessions(org), Usage(org)
    api = Api(sessions, usage, _table(org, usage))
    api.add(_composite(CompositeApi(org, api.inside)))

    async def dumped(request: Request) -> Response:
        return json_reply(dump(org, world.now, request.query_params.get("stable") == "1"))

    routes = [Route("/_sandbox/dump", dumped), *OAuth(org, sessions, settings).routes]
    routes += Identity(org, sessions).routes
    return Starlette(routes=[*routes, Route("/{path:path}", api.answer, methods=_METHODS)])


def _table(org: Org, usage: Usage) -> Iterable[tuple[str, str, Endpoint]]:
    """Every resource; of two that fit, the first counts."""
    yield from _rest(org, usage)
    yield from _bulk(org, usage)


def _rest(org: Org, usage: Usage) -> Iterable[tuple[str, str, Endpoint]]:
    about, rows, changes = AboutApi(org, usage, org.now()), RowsApi(org), ChangesApi(org)
    queries, collections = QueryApi(org), CollectionsApi(org)
    return (
        ("GET", "", about.resources),
        ("GET", "limits", about.limits),
        ("GET", "sobjects", about.objects),
        ("GET", "sobjects/{object}", about.basics),
        ("POST", "sobjects/{object}", rows.create),
        ("GET", "sobjects/{object}/describe", about.describe),
        ("GET", "sobjects/{object}/updated", changes.updated),
        ("GET", "sobjects/{object}/deleted", changes.deleted),
        ("GET", "sobjects/{object}/{id}", rows.retrieve),
        ("PATCH", "sobjects/{object}/{id}", rows.update),
        ("DELETE", "sobjects/{object}/{id}", rows.delete),
        ("GET", "sobjects/{object}/{field}/{value}", rows.retrieve_by_key),
        ("PATCH", "sobjects/{object}/{field}/{value}", rows.upsert),
        ("DELETE", "sobjects/{object}/{field}/{value}", rows.delete_by_key),
        ("GET", "query", queries.query),
        ("GET", "queryAll", queries.query_all),
        ("GET", "query/{locator}", queries.more),
        ("GET", "queryAll/{locator}", queries.more),
        ("POST", "composite/sobjects", collections.create),
        ("PATCH", "composite/sobjects", collections.update),
        ("DELETE", "composite/sobjects", collections.delete),
        ("GET", "composite/sobjects/{object}", collections.retrieve),
        ("POST", "composite/sobjects/{object}", collections.retrieve),
        ("PATCH", "composite/sobjects/{object}/{field}", collections.upsert),
    )


def _composite(api: CompositeApi) -> Iterable[tuple[str, str, Endpoint]]:
    return (
        ("POST", "composite", api.composite),
        ("POST", "composite/batch", api.batch),
        ("POST", "composite/tree/{object}", api.tree),
    )


def _bulk(org: Org, usage: Usage) -> Iterable[tuple[str, str, Endpoint]]:
    ingest, query = BulkApi(org, usage), BulkQueryApi(org, usage)
    return (
        ("GET", "jobs/ingest", ingest.list_all),
        ("POST", "jobs/ingest", ingest.create),
        ("GET", "jobs/ingest/{id}", ingest.show),
        ("PATCH", "jobs/ingest/{id}", ingest.change),
        ("DELETE", "jobs/ingest/{id}", ingest.delete),
        ("PUT", "jobs/ingest/{id}/batches", ingest.upload),
        ("GET", "jobs/ingest/{id}/successfulResults", ingest.succeeded),
        ("GET", "jobs/ingest/{id}/failedResults", ingest.failed),
        ("GET", "jobs/ingest/{id}/unprocessedrecords", ingest.unprocessed),
        ("GET", "jobs/query", query.list_all),
        ("POST", "jobs/query", query.create),
        ("GET", "jobs/query/{id}", query.show),
        ("PATCH", "jobs/query/{id}", query.change),
        ("DELETE", "jobs/query/{id}", query.delete),
        ("GET", "jobs/query/{id}/results", query.results),
    )
