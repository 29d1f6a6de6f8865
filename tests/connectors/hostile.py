"""A server on loopback that answers exactly the bytes it is told to, at the pace it is told to.

For what no well-behaved stand-in does: drips, cuts, redirects, endless refusals. It counts what it was sent.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Behaviour = Callable[[socket.socket, str], None]


@dataclass
class Hostile:
    """What a test sees of the server: its address and the requests that reached it, head and body as text."""

    url: str
    requests: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)


def reply(status: int, body: Any = b"", **headers: str) -> bytes:
    """A whole HTTP answer. `body`: bytes as they are, anything else as JSON. Header `_` is sent as `-`."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(raw))}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Said\r\n{head}Connection: close\r\n\r\n".encode() + raw


def always(answer: bytes) -> Behaviour:
    """The same answer to whatever is asked."""
    return lambda connection, _: connection.sendall(answer)


@contextmanager
def hostile(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """Serve `behaviour` on a free loopback port until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        server = Hostile(f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_accept, args=(listener, server, behaviour, tls), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            thread.join(5)


def _accept(listener: socket.socket, server: Hostile, behaviour: Behaviour, tls: ssl.SSLContext | None) -> None:
    while not server.stopped.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        threading.Thread(target=_serve, args=(connection, server, behaviour, tls), daemon=True).start()


def _serve(connection: socket.socket, server: Hostile, behaviour: Behaviour, tls: ssl.SSLContext | None) -> None:
    connection.settimeout(10)
    try:
        with tls.wrap_socket(connection, server_side=True) if tls else connection as line:
            request = _request(line)
            server.requests.append(request)
            behaviour(line, request)
    except OSError:
        connection.close()  # the client hung up, as it should


def _request(connection: socket.socket) -> str:
    raw = b""
    while b"\r\n\r\n" not in raw and (piece := connection.recv(65536)):
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    length = int(lengths[0]) if lengths else 0
    while len(body) < length and (piece := connection.recv(65536)):
        body += piece
    return (head + b"\r\n\r\n" + body).decode("utf-8", "replace")
