"""The console on a port of this machine, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from landbridge.bootstrap import Hub
from landbridge.console.app import create
from landbridge.errors import LandbridgeError

START = 30.0
"""Seconds until a server that does not start is given up."""


def config(hub: Hub) -> uvicorn.Config:
    """How it is served: no access log (URLs may hold what people search for), no name of the server, and nobody's word
    for where a request is from but that of the proxies that landbridge.yaml names."""
    return uvicorn.Config(
        create(hub),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        proxy_headers=bool(hub.project.settings.console.proxies),
        forwarded_allow_ips=list(hub.project.settings.console.proxies),
        lifespan="off",
    )


def bound(host: str, port: int) -> socket.socket:
    """A listening socket. Raises LandbridgeError when the port is taken or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By name TCP: asyncio sends small answers at once only where the socket says so, else each waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise LandbridgeError(
            f"The console cannot listen on {host}, port {port}: {error.strerror}.",
            do="Choose another under `console:` in landbridge.yaml, or with --port.",
        ) from error
    return listening


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """For the block, what is loaded already is not looked through for garbage: that took a tenth of a second, in the
    middle of somebody's page. Afterwards it is as ever: libraries look at the end whether all of theirs was let go."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def run(hub: Hub, listening: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    server = uvicorn.Server(config(hub))
    with settled():
        asyncio.run(server.serve([listening]))


@contextlib.contextmanager
def served(hub: Hub, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve beside whatever the block does; answers the address. Raises LandbridgeError when it does not start."""
    listening = bound(host, port)
    server = uvicorn.Server(config(hub))
    thread = threading.Thread(target=asyncio.run, args=(server.serve([listening]),), daemon=True, name="console")
    thread.start()
    deadline = time.monotonic() + START
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    if not server.started:
        raise LandbridgeError("The console did not start.", do="Run `landbridge console`, which tells why.")
    try:
        with settled():
            yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
