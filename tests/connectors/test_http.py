"""The bounded client keeps its promises whatever the other side does."""

from __future__ import annotations

import gzip
import itertools
import logging
import socket
import ssl
import traceback
from contextlib import suppress
from typing import Any

import pytest

from connectors.answers import LONGEST_WAIT, Unanswered, wait_asked
from connectors.base import Access, AccessRefused, Secret, SourceChanged, SourceUnavailable
from connectors.http import Http, Key
from landbridge.errors import LandbridgeError
from sandbox.tls import Certificates, make_certificates
from tests.connectors.hostile import Behaviour, always, hostile, reply

TOKEN = "tok-3f9c-secret"


def ask(
    url: str,
    path: str = "/things?name=Ada+Lovelace",
    limits: dict[str, float] | None = None,
    ca_file: str | None = None,
) -> Any:
    access = Access("acme", url, {"token": Secret(TOKEN)}, {"limits": limits or {"silence": 5.0}}, ca_file)
    with Http("Acme", access, Key.bearer(access.secret("token"))) as http:
        return http.get(path)


def drip_body(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    drip(connection, b"[")


def drip_head(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    drip(connection, b"a")


def drip(connection: socket.socket, byte: bytes) -> None:
    connection.settimeout(0.05)
    for _ in range(400):
        connection.sendall(byte)
        with suppress(TimeoutError):
            if not connection.recv(1):
                return


def silent(connection: socket.socket, _: str) -> None:
    connection.recv(1)


def endless(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n[")
    for _turn in range(10_000):
        connection.sendall(b"0," * 4096)


def half(connection: socket.socket, _: str) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"users": [')


def bomb() -> bytes:
    return reply(200, gzip.compress(b"[" + b"0," * 2_000_000), Content_Encoding="gzip")


@pytest.mark.parametrize(
    ("behaviour", "limits", "error"),
    [
        (drip_body, {"total": 0.6, "silence": 5.0}, Unanswered),
        (drip_head, {"total": 0.6, "silence": 5.0}, Unanswered),
        (silent, {"silence": 0.3}, Unanswered),
        (half, {"silence": 5.0}, Unanswered),
        (lambda connection, _: None, {"silence": 5.0}, Unanswered),
        (always(reply(200, b'{"users": [{"na')), {}, Unanswered),
        (always(reply(200, b"<html>We will be back</html>", Content_Type="text/html")), {}, Unanswered),
        (always(reply(500)), {}, Unanswered),
        (always(reply(503)), {}, SourceUnavailable),
        (always(reply(429)), {}, SourceUnavailable),
        (always(reply(401)), {}, AccessRefused),
        (always(reply(403)), {}, AccessRefused),
        (always(reply(404)), {}, SourceChanged),
        (always(reply(302, Location="https://evil.example/")), {}, SourceChanged),
        (endless, {"size": 1_000_000}, SourceChanged),
        (always(bomb()), {"size": 1_000_000}, SourceChanged),
        (always(reply(200, b"{}", Content_Encoding="zstd")), {}, SourceChanged),
        (always(b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\n"), {}, SourceUnavailable),
        (always(b"\x00\x01\x02 not http at all\r\n\r\n"), {}, SourceUnavailable),
    ],
)
def test_every_fault_becomes_one_error_that_tells_no_secret(
    behaviour: Behaviour, limits: dict[str, float], error: type[LandbridgeError], caplog: pytest.LogCaptureFixture
) -> None:
    """The right class; nothing of the query or the token in its text, its cause, or the log."""
    caplog.set_level(logging.DEBUG)
    with hostile(behaviour) as server, pytest.raises(error) as caught:
        ask(server.url, limits=limits)
    told = str(caught.value) + repr(caught.value) + caught.value.do + repr(caught.value.__cause__) + caplog.text
    assert TOKEN not in told
    assert "Lovelace" not in told


def test_nobody_there_is_unavailable_and_not_unanswered() -> None:
    """Nothing was sent, so nothing can have happened."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceUnavailable) as caught:
        ask(f"http://127.0.0.1:{port}")
    assert not isinstance(caught.value, Unanswered)


@pytest.mark.parametrize(
    "path",
    [
        "http://evil.example/x",
        "https://evil.example",
        "http://127.0.0.1:1/x",
        "ftp://127.0.0.1/",
        "http://[",
    ],
)
def test_an_address_elsewhere_is_refused_unsent(path: str) -> None:
    """Neither another host, nor another port or scheme of ours, ever sees the token."""
    with hostile(always(reply(200, {}))) as server:
        with pytest.raises(SourceChanged):
            ask(server.url, path)
        assert server.requests == []


def test_our_own_address_in_full_is_followed() -> None:
    with hostile(always(reply(200, {"a": 1}))) as server:
        assert ask(server.url, f"{server.url}/next?cursor=2") == {"a": 1}


def test_one_spurious_401_is_survived_and_two_are_believed() -> None:
    """A refused key is asked about once more, never a third time."""
    turns = itertools.count()

    def once(connection: socket.socket, _: str) -> None:
        connection.sendall(reply(401) if next(turns) == 0 else reply(200, {"a": 1}))

    with hostile(once) as server:
        assert ask(server.url) == {"a": 1}
    with hostile(always(reply(401))) as server:
        with pytest.raises(AccessRefused):
            ask(server.url)
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "93"}, 93.0),
        ({"retry-after": "99999999"}, LONGEST_WAIT),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, LONGEST_WAIT),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 0.0),
        ({"ratelimit-reset": "41"}, 41.0),
        ({"x-rate-limit-reset": "1"}, 0.0),
        ({"x-rate-limit-reset": "99999999999999999999"}, LONGEST_WAIT),
        ({"x-hubspot-ratelimit-interval-milliseconds": "10000"}, 10.0),
        ({}, None),
    ],
)
def test_waits_are_read_from_every_vendors_header_and_bounded(headers: dict[str, str], seconds: float | None) -> None:
    assert wait_asked(headers) == seconds


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


def server_side(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server, certificates.key)
    return context


def test_a_private_ca_is_trusted_when_it_is_named_and_only_then(certificates: Certificates) -> None:
    with hostile(always(reply(200, {"a": 1})), server_side(certificates)) as server:
        assert ask(server.url, ca_file=str(certificates.ca)) == {"a": 1}
        with pytest.raises(SourceUnavailable, match="no connection"):
            ask(server.url)
        assert len(server.requests) == 1
        with pytest.raises(AccessRefused, match="CA file"):
            ask(server.url, ca_file="no-such-file.pem")


@pytest.mark.parametrize("behaviour", [drip_head, drip_body])
def test_the_deadline_holds_under_tls_too(behaviour: Behaviour, certificates: Certificates) -> None:
    limits = {"total": 0.6, "silence": 5.0}
    with (
        hostile(behaviour, server_side(certificates)) as server,
        pytest.raises(Unanswered, match="it took too long"),
    ):
        ask(server.url, limits=limits, ca_file=str(certificates.ca))


@pytest.mark.parametrize("url", ["", "zendesk", "ftp://x", "http://", "javascript:alert(1)"])
def test_a_base_url_that_is_none_is_its_owners_to_mend(url: str) -> None:
    with pytest.raises(AccessRefused, match="base URL"):
        ask(url)


@pytest.mark.parametrize("token", [f"{TOKEN}\n", f"{TOKEN}\r\nX-Evil: 1", f"{TOKEN}\u2028", f"{TOKEN}ö"])
def test_a_credential_that_no_header_can_carry_is_told_and_not_quoted(token: str) -> None:
    """The transport's own error quotes the header, and looks like a system that is down."""
    with hostile(always(reply(200, {}))) as server:
        access = Access("acme", server.url, {"token": Secret(token)})
        with (
            Http("Acme", access, Key.bearer(token)) as http,
            pytest.raises(AccessRefused, match="line break") as caught,
        ):
            http.get("/things")
        assert server.requests == []
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_a_proxys_password_is_not_printed() -> None:
    assert "hush" not in repr(Access("acme", "http://127.0.0.1:9", {}, {"proxy": "http://me:hush@proxy.example:1"}))


@pytest.mark.parametrize(
    "options",
    [{"limits": {"silence": "long"}}, {"limits": {"patience": 1}}, {"limits": 3}, {"limits": {"total": 0}},
     {"proxy": "nonsense"}, {"proxy": 7}, {"proxy": "socks5://127.0.0.1:1"}],
)  # fmt: skip
def test_options_that_make_no_sense_are_told(options: dict[str, Any]) -> None:
    with pytest.raises(AccessRefused, match=r"Account 'acme': options\."):
        Http("Acme", Access("acme", "http://127.0.0.1:9", {}, options), None)


def test_a_credential_does_not_travel_in_clear_unless_somebody_says_so() -> None:
    with pytest.raises(AccessRefused, match="in clear"):
        ask("http://crm.example.test")
    open_road = Access("acme", "http://crm.example.test", {"token": Secret(TOKEN)}, {"insecure": True})
    with Http("Acme", open_road, Key.bearer(open_road.secret("token"))):
        pass
