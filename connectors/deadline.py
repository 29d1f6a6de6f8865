"""Ends a request whose time is up, and keeps the transport's log shut."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Mapping
from typing import Any


def hush(logger: str) -> None:
    """Let nothing pass that the library logs under that name, at any level: it would tell what is not for logs."""
    logging.getLogger(logger).addFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False


class Deadline:
    """Shuts the connection when a request's time is up, wherever it hangs: handshake, headers or body.

    A time-out on silence alone does not bound an answer that drips a byte a second.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._seconds = seconds
        self._sockets: list[socket.socket] = []

    def of(self, seconds: float) -> Deadline:
        """This deadline, for a request that may take so long."""
        self._seconds = seconds
        return self

    def __enter__(self) -> None:
        self.passed = False
        self._timer = threading.Timer(self._seconds, self._shut)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def watch(self, event: str, info: Mapping[str, Any]) -> None:
        """httpcore's trace hook. It tells of each connection as it opens, and again once it is wrapped in TLS."""
        if event == "connection.connect_tcp.complete":
            self._sockets.clear()
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._sockets.append(info["return_value"].get_extra_info("socket"))

    def _shut(self) -> None:
        self.passed = True
        for each in list(self._sockets):
            # Not SSLSocket.shutdown: it takes the TLS state away from under the thread that reads.
            # OSError: closed meanwhile, or handed over to the TLS socket that follows in the list.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
