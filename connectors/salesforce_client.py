"""simple-salesforce, with nothing of it that could reach a user.

simple-salesforce 1.12.10 sets no time-outs, sends the token to any host that a record id names, and renews a session
without a bound, losing headers on the way. Here it builds requests and nothing else: they leave through
connectors/requests_bridge.py. The login is ours (connectors/salesforce_login.py), and so is its renewal: once for each
request that is told INVALID_SESSION_ID, with every header kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import orjson
from simple_salesforce.api import Salesforce

from connectors import requests_bridge
from connectors.answers import Answer, need
from connectors.base import Access, SourceChanged
from connectors.http import Http
from connectors.requests_bridge import NO_TOKEN
from connectors.salesforce_login import SalesforceHttp, session

API_VERSION = "62.0"
API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


class Client:
    """The calls that we make of Salesforce, each giving its JSON as it came."""

    def __init__(self, http: Http, access: Access) -> None:
        self._http = http
        self._access = access
        host = http.base.netloc.decode()
        self._force = Salesforce(
            session_id=NO_TOKEN,
            instance_url=f"https://{host}",
            version=API_VERSION,
            session=requests_bridge.session(http, f"https://{host}"),
        )

    def query(self, soql: str, *, deleted: bool = False) -> Any:
        """One page of an answer: "records", "done", perhaps "nextRecordsUrl". `deleted`: rows in the bin too."""
        return self._force.query(soql, include_deleted=deleted)

    def more(self, address: str) -> Any:
        """The page at a `nextRecordsUrl`."""
        return self._force.query_more(address, identifier_is_url=True)

    def fields(self, name: str) -> dict[str, dict[str, Any]]:
        """The object's fields as the org knows them, by name. A name that is no plain API name fits no query."""
        said = self._force.restful(f"sobjects/{quote(name, safe='')}/describe")
        described = [each for each in need("Salesforce", said, "fields", list) if isinstance(each, dict)]
        return {name: each for each in described if API_NAME.fullmatch(name := str(each.get("name", "")))}

    def deleted(self, name: str, start: str, end: str) -> Any:
        """What the delete log says of a stretch of time: "deletedRecords" of {id, deletedDate}."""
        return self._force.restful(f"sobjects/{quote(name, safe='')}/deleted/", params={"start": start, "end": end})

    def limits(self) -> Any:
        """The org's limits, "DailyApiRequests" {Max, Remaining} among them."""
        return self._force.limits()

    def job(self, method: str, path: str, body: Mapping[str, Any] | None = None, **how: Any) -> Answer:
        """One call of Bulk API 2.0 at `path` below /jobs; `how` as connectors.http takes it. simple-salesforce's own
        bulk2 keeps whole files in memory and knows no time-out."""
        if body is not None:
            how = {**how, "content": orjson.dumps(body)}
        return self._http.ask(method, f"/services/data/v{API_VERSION}/jobs/{path}", **how)

    def collect(self, path: str, records: list[dict[str, Any]]) -> Any:
        """One sObject Collections call: up to 200 records written, one result each, in their order."""
        self._access.may_write()
        body = orjson.dumps({"allOrNone": False, "records": records})
        return self._force.restful(f"composite/sobjects{path}", method="PATCH", data=body)

    def delete(self, ids: list[str]) -> Any:
        """One sObject Collections call: up to 200 records moved to the bin, one result each, in their order."""
        self._access.may_write()
        asked = {"ids": ",".join(ids), "allOrNone": "false"}
        return self._force.restful("composite/sobjects", params=asked, method="DELETE")


@contextmanager
def client(access: Access) -> Iterator[Client]:
    """A client that is logged in."""
    login = session(access)
    with SalesforceHttp(access, login, base_url=_instance(access, login.instance_url)) as http:
        yield Client(http, access)


def _instance(access: Access, told: str) -> str:
    """Where the token may go: the host that we logged in at, or one of Salesforce's own over TLS.

    Raises SourceChanged for any other, whoever named it.
    """
    try:
        here, there = httpx.URL(access.base_url), httpx.URL(told)
    except httpx.InvalidURL as error:
        raise SourceChanged("Salesforce's login named an instance that is no address.") from error
    if (there.host, there.port) == (here.host, here.port):
        return access.base_url  # the scheme that IT wrote, too
    if there.scheme == "https" and there.host.endswith(".salesforce.com"):
        return f"https://{there.netloc.decode()}"
    raise SourceChanged("Salesforce's login named an instance on a foreign host; the token was not sent there.")
