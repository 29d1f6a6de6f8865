"""Lets a library that speaks through `requests` speak through our own bounded client instead.

tweepy and simple-salesforce build requests and read answers; time-outs, size, host, credential and errors are ours
(connectors/http.py). The library never sees a status of 300 or more, so that its own retries, sleeps and refreshes,
which have no bounds, have nothing to start from.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from connectors.answers import Answer
from connectors.base import SourceChanged
from connectors.http import Http

NO_TOKEN = "kept-by-the-bridge"
"""What the library is given for a token: it may log it, or send it where it likes, and nothing is lost."""


def session(http: Http, origin: str) -> requests.Session:
    """A session whose requests to `origin` ("https://host[:port]") go to `http`; all others are refused unsent."""
    made = requests.Session()
    made.trust_env = False  # no .netrc: it would replace the Authorization header
    made.max_redirects = 0
    made.adapters.clear()
    made.mount("", _Bridge(http, origin))
    return made


class Bridged(requests.Response):
    """An answer in the form that the library expects."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer
        self.status_code = answer.status
        self.headers = CaseInsensitiveDict(answer.headers)
        self.url = answer.path
        self.encoding = "utf-8"
        self._content = answer.body

    def json(self, **_: Any) -> Any:
        """The body as plain JSON, whatever hooks the library asks for.

        Raises Unanswered when it does not parse, SourceChanged when it is a bare value, which no library expects.
        """
        body = self._answer.json()
        if not isinstance(body, dict | list):
            raise SourceChanged(f"{self._answer.system} answered {self._answer.path} with neither object nor list.")
        return body


class _Bridge(BaseAdapter):
    def __init__(self, http: Http, origin: str) -> None:
        super().__init__()
        self._http = http
        self._origin = origin.lower()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Bridged:
        answer = self._http.ask(
            request.method or "GET",
            self._path(request.url or ""),
            content=_bytes(request.body),
            headers={name: str(value) for name, value in request.headers.items() if name in _PASSED_ON},
        )
        return Bridged(answer)

    def close(self) -> None:
        return None

    def _path(self, url: str) -> str:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}".lower() != self._origin:
            raise SourceChanged(
                f"{self._http.system}: an address on another host was not followed.",
                do="A record id or a next-page address pointed elsewhere; find the record and correct it.",
            )
        return parts.path + (f"?{parts.query}" if parts.query else "")


_PASSED_ON = frozenset({"Content-Type", "Sforce-Duplicate-Rule-Header", "Sforce-Query-Options"})


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
