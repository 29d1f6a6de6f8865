"""Servers that answer by what they are asked, for tests of what a connector asks next."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.connectors.hostile import Behaviour, Hostile


@dataclass(frozen=True)
class Asked:
    """One request: its path, its query (last value of each name) and its JSON body, None when it has none."""

    path: str
    query: dict[str, str]
    body: Any


def scripted(answer: Callable[[Asked], bytes]) -> Behaviour:
    """A server that gives `answer(request)`."""

    def behave(connection: socket.socket, request: str) -> None:
        if request.strip():  # else the client hung up before it asked
            connection.sendall(answer(understood(request)))

    return behave


def asked(server: Hostile) -> list[Asked]:
    """What reached the server, in order."""
    return [understood(each) for each in server.requests]


def understood(request: str) -> Asked:
    head, _, body = request.partition("\r\n\r\n")
    parts = urlsplit(head.split()[1])
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return Asked(parts.path, query, json.loads(body) if body.startswith(("{", "[")) else None)
