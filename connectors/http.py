"""One bounded way over HTTP to one host, for every connector.

What it holds to, whatever the other side does: one host (a redirect, a next-page address or a record id that names
another is refused before anything is sent), time-outs for connecting and for silence, a deadline for the whole answer,
a bound on its size after decompression, JSON only, and errors translated once (connectors/answers.py). Whole files go
out and come in piece by piece, with bounds of their own.

It stands on httpx's transport, below httpx's client: that keeps cookies and redirects out, and the client's log line,
which would print the query with whatever personal values are in it.
"""

from __future__ import annotations

import base64
import math
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import httpx
import orjson

from connectors.answers import Answer, Refusal, Unanswered, refusal
from connectors.base import Access, AccessRefused, SourceChanged, SourceUnavailable
from connectors.deadline import Deadline, hush

_ENCODINGS = {"", "identity", "gzip", "deflate"}
_PIECE = 1024 * 1024
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True)
class Limits:
    """How long, in seconds, and how much, in bytes, we put up with. An account's `options.limits` may set each."""

    connect: float = 10.0
    silence: float = 60.0
    total: float = 180.0
    size: int = 64 * 1024 * 1024
    file_total: float = 3600.0
    file_size: int = 2 * 1024 * 1024 * 1024

    @classmethod
    def of(cls, access: Access) -> Limits:
        """The account's own, over these. Raises AccessRefused when they are no such numbers."""
        try:
            limits = cls(**access.options.get("limits", {}))
            if all(0 < each < math.inf for each in astuple(limits)):
                return limits
        except TypeError:
            pass
        raise AccessRefused(
            f"Account '{access.account}': options.limits cannot be used.",
            do=f"It may set {', '.join(cls.__dataclass_fields__)}, each to a number above 0.",
        )


class Credential(Protocol):
    """What proves who we are. `renew` is called once after a 401, before the one repeat.

    A key that cannot be renewed is asked about again all the same: vendors answer 401 now and then while a token
    store fails over, and one such answer must not stop a schedule until somebody looks. The second one is believed.
    """

    def header(self) -> str: ...

    def renew(self) -> None: ...


class Key:
    """A credential that stays the same: a bearer token, or user and password."""

    def __init__(self, header: str) -> None:
        self._header = header

    @classmethod
    def bearer(cls, token: str) -> Key:
        return cls(f"Bearer {token}")

    @classmethod
    def basic(cls, user: str, password: str) -> Key:
        return cls("Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())

    def header(self) -> str:
        return self._header

    def renew(self) -> None:
        return None


class Http:
    """Requests to one host as one account. Use as a context manager; not for two threads at once."""

    def __init__(self, system: str, access: Access, credential: Credential | None, *, base_url: str = "") -> None:
        self.system = system
        self.base = _base(system, base_url or access.base_url)
        if credential is not None or access.secrets:
            _refuse_open_roads(system, self.base, access)
        self._credential = credential
        self._limits = Limits.of(access)
        hush("httpcore.http11")  # it writes answers' headers, cookies among them
        self._deadline = Deadline(self._limits.total)
        self._transport = _transport(self.base, access)

    def __enter__(self) -> Http:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._transport.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON that stands at `path`."""
        return self.ask("GET", path, params=params).json()

    def post(self, path: str, body: Any) -> Any:
        """The JSON that answers to `body`, itself sent as JSON."""
        return self.ask("POST", path, content=orjson.dumps(body)).json()

    def ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        content: bytes | Path = b"",
        headers: Mapping[str, str] | None = None,
        into: Path | None = None,
    ) -> Answer:
        """The answer to one request, repeated once after a 401. Raises what its status stands for from 300 on.

        A Path as `content` sends that file. With `into` the body is written there, and the answer's own is empty.
        """
        answer = self._once(method, path, params, content, headers or {}, into)
        if answer.status == 401 and self._credential:
            self._credential.renew()
            answer = self._once(method, path, params, content, headers or {}, into)
        if answer.status >= 300:
            raise self.explain(answer)
        return answer

    def heard(self, answer: Answer) -> None:
        """Called with every answer, whatever its status. A system that counts calls in its headers overrides this."""

    def explain(self, answer: Answer) -> Refusal:
        """The error behind a status of 300 or more. A system with habits of its own overrides this."""
        return refusal(answer)

    def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        content: bytes | Path,
        headers: Mapping[str, str],
        into: Path | None,
    ) -> Answer:
        request = self._request(method, path, params, content, headers)
        whole_file = into is not None or isinstance(content, Path)
        with self._deadline.of(self._limits.file_total if whole_file else self._limits.total):
            try:
                answer = self._read(request, into)
            except _NOT_SENT as error:
                raise SourceUnavailable(f"{self.system} cannot be reached: {_cause(error)}.") from error
            except (httpx.HTTPError, httpx.StreamError, OSError) as error:
                why = "it took too long" if self._deadline.passed else _cause(error)
                raise Unanswered(f"{self.system} did not answer {request.url.path} in full: {why}.") from error
        self.heard(answer)
        return answer

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        content: bytes | Path,
        headers: Mapping[str, str],
    ) -> httpx.Request:
        url = self._pinned(path)
        sent = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "landbridge"}
        if isinstance(content, Path):
            sent["Content-Length"] = str(content.stat().st_size)
        elif content:
            sent["Content-Type"] = "application/json"
        sent |= {name: value for name, value in headers.items() if name.lower() != "authorization"}
        if self._credential:
            sent["Authorization"] = _printable(self.system, self._credential.header())
        limits = httpx.Timeout(self._limits.silence, connect=self._limits.connect)
        return httpx.Request(
            method,
            url.copy_merge_params(params) if params else url,
            headers=sent,
            content=_pieces(content) if isinstance(content, Path) else content or None,
            extensions={"timeout": limits.as_dict(), "trace": self._deadline.watch},
        )

    def _pinned(self, path: str) -> httpx.URL:
        """`path` on our host; a whole address only when it is on our host. Anything else would carry our key away."""
        try:
            url = httpx.URL(f"{self.base}{path}") if path.startswith("/") else self.base.join(path)
        except httpx.InvalidURL as error:
            raise SourceChanged(f"{self.system}: an address that cannot be read was not followed.") from error
        if _origin(url) != _origin(self.base) or url.userinfo:
            raise SourceChanged(
                f"{self.system}: an address on another host was not followed.",
                do=f"Credentials go to {self.base.host} only. If {self.system} moved, change the account's base URL.",
            )
        return url

    def _read(self, request: httpx.Request, into: Path | None) -> Answer:
        response = self._transport.handle_request(request)
        response.request = request
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            if headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
                raise SourceChanged(f"{self.system} answered {request.url.path} in an encoding that was not asked for.")
            if into is not None and response.status_code < 300:
                body = self._kept(request, response, into)
            else:
                body = b"".join(self._bounded(request, response, self._limits.size))
            return Answer(self.system, request.url.path, response.status_code, headers, body)
        finally:
            response.close()

    def _kept(self, request: httpx.Request, response: httpx.Response, into: Path) -> bytes:
        with into.open("wb") as file:
            for piece in self._bounded(request, response, self._limits.file_size):
                file.write(piece)
        return b""

    def _bounded(self, request: httpx.Request, response: httpx.Response, size: int) -> Iterator[bytes]:
        read = 0
        for piece in response.iter_bytes():
            read += len(piece)
            if read > size:
                raise SourceChanged(f"{self.system} answered {request.url.path} with over {size} bytes.")
            yield piece


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece


def _base(system: str, text: str) -> httpx.URL:
    try:
        url = httpx.URL(text.rstrip("/"))
    except httpx.InvalidURL as error:
        raise AccessRefused(f"{system}: the base URL cannot be read.", do="Correct the account's base URL.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise AccessRefused(
            f"{system}: the base URL is no http(s) address.", do="Correct the account's base URL: https://host."
        )
    return url


def _refuse_open_roads(system: str, base: httpx.URL, access: Access) -> None:
    """A credential goes over TLS, or stays on this machine; anything else is somebody's express wish."""
    local = base.host in ("localhost", "127.0.0.1", "::1")
    if base.scheme == "http" and not local and not access.options.get("insecure"):
        raise AccessRefused(
            f"{system}: its address is http://, so the credential would travel in clear.",
            do="Make it https://, or say `options: {insecure: true}` where the road is safe.",
        )


def _transport(base: httpx.URL, access: Access) -> httpx.HTTPTransport:
    try:
        return httpx.HTTPTransport(
            verify=base.scheme == "https" and _trust(access),
            proxy=access.options.get("proxy"),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        )
    except (AttributeError, TypeError, ValueError, ImportError, httpx.InvalidURL):
        raise AccessRefused(
            f"Account '{access.account}': options.proxy is no proxy that we can use.",
            do="Give it as http://host:port.",
        ) from None


def _printable(system: str, header: str) -> str:
    """The header, which no vendor issues with anything but printable ASCII. Refused here, and not by the transport:
    its error would quote the credential, and pass for a system that is down."""
    if not (header.isascii() and header.isprintable()):
        raise AccessRefused(
            f"{system}: the credential holds a line break or another character that no header can carry.",
            do="Set its environment variable anew, without a line break at its end.",
        )
    return header


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme, 0)


def _trust(access: Access) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=access.ca_file) if access.ca_file else httpx.create_ssl_context()
    except OSError as error:
        raise AccessRefused(
            f"Account '{access.account}': the CA file cannot be read.", do="Correct the account's ca_file."
        ) from error


def _cause(error: Exception) -> str:
    """The kind of fault in words. Not `str(error)`: libraries quote addresses there, with their queries."""
    name = type(error).__name__.removesuffix("Error")
    words = {"ConnectTimeout": "no connection in time", "Connect": "no connection", "ReadTimeout": "silence"}
    return words.get(name, name)
