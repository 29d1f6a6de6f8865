"""simple-salesforce, with nothing of it that could reach a user.

simple-salesforce 1.12.10 sets no time-outs, sends the token to any host that a record id names, and renews a session
without a bound, losing headers on the way. Here it builds requests and nothing else: they leave through
connectors/requests_bridge.py. The login is ours (OAuth client credentials; SOAP login ends with API 65), and so is its
renewal: once for each request that is told INVALID_SESSION_ID, with every header kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import orjson
from simple_salesforce.api import Salesforce

from connectors.answers import LONGEST_WAIT, Answer, Refusal, error_codes, need, refusal
from connectors.base import Access, AccessRefused, SourceChanged, SourceUnavailable
from connectors.http import Http
from connectors.requests_bridge import NO_TOKEN, session

API_VERSION = "62.0"
API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
BUSY_WAIT = 5.0
"""Seconds. Salesforce names no wait for "too many calls at once"; calls end all the time, and the engine's own waits
grow from try to try."""


class Client:
    """The calls that we make of Salesforce, each giving its JSON as it came."""

    def __init__(self, http: Http) -> None:
        host = http.base.netloc.decode()
        self._force = Salesforce(
            session_id=NO_TOKEN,
            instance_url=f"https://{host}",
            version=API_VERSION,
            session=session(http, f"https://{host}"),
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

    def limits(self) -> Any:
        """The org's limits, "DailyApiRequests" {Max, Remaining} among them."""
        return self._force.limits()

    def collect(self, path: str, records: list[dict[str, Any]]) -> Any:
        """One sObject Collections call: up to 200 records written, one result each, in their order."""
        body = orjson.dumps({"allOrNone": False, "records": records})
        return self._force.restful(f"composite/sobjects{path}", method="PATCH", data=body)

    def delete(self, ids: list[str]) -> Any:
        """One sObject Collections call: up to 200 records moved to the bin, one result each, in their order."""
        asked = {"ids": ",".join(ids), "allOrNone": "false"}
        return self._force.restful("composite/sobjects", params=asked, method="DELETE")


class _Salesforce(Http):
    """Salesforce says "too many calls" with 403, and never how long to wait."""

    def explain(self, answer: Answer) -> Refusal:
        if answer.status in (403, 503) and "REQUEST_LIMIT_EXCEEDED" in error_codes(answer.peek()):
            concurrent = b"ConcurrentRequests" in answer.body
            which = "calls at once" if concurrent else "the day's calls"
            return SourceUnavailable(
                f"Salesforce: the limit of {which} is reached.", retry_after=BUSY_WAIT if concurrent else LONGEST_WAIT
            )
        return refusal(answer)


class _Session:
    """A session token from the client-credentials login, which Salesforce lets live as long as it likes."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._token, self.instance_url = self._login()

    def header(self) -> str:
        return f"Bearer {self._token}"

    def renew(self) -> None:
        self._token, _ = self._login()

    def _login(self) -> tuple[str, str]:
        """The token and the address that it is for."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._access.secret("client_id"),
            "client_secret": self._access.secret("client_secret"),
        }
        with _Login("Salesforce", self._access, None) as http:
            said = http.ask(
                "POST",
                "/services/oauth2/token",
                content=urlencode(form).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            ).json()
        return need("Salesforce", said, "access_token", str), need("Salesforce", said, "instance_url", str)


class _Login(_Salesforce):
    """The token endpoint says "wrong client" with 400."""

    def explain(self, answer: Answer) -> Refusal:
        error = super().explain(answer)
        return AccessRefused(str(error), do=_MEND_LOGIN) if answer.status == 400 else error


_MEND_LOGIN = "Check client_id and client_secret, and that the connected app allows the client-credentials flow."


@contextmanager
def client(access: Access) -> Iterator[Client]:
    """A client that is logged in."""
    login = _Session(access)
    with _Salesforce("Salesforce", access, login, base_url=_instance(access, login.instance_url)) as http:
        yield Client(http)


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
