"""Downloads over a real socket: slow readers, readers who go away, and everybody else."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from landbridge.bootstrap import Hub
from landbridge.console.web import download
from landbridge.console.web.download import Download
from tests.console.conftest import SignIn, Visitor
from tests.desk.conftest import rows

LIST = "/settings/mappings?format=csv"
PATIENCE = 60


@pytest.fixture
def long_list(hub: Hub) -> None:
    """A list of many megabytes: more than sockets keep between two who talk."""
    rows(hub.store, "INSERT INTO run (run_id, flow) VALUES ('r', 'sync') RETURNING 1")
    rows(
        hub.store,
        """INSERT INTO drift (account, stream, path, type, mapping, first_run_id) SELECT 'x', 'users', n,
        repeat(md5(random()::text), 2000), 'm', 'r' FROM generate_series(1, 400) n RETURNING 1""",
    )


@pytest.fixture
def nobody_collects() -> Iterator[None]:
    """On a quiet server the cycle collector does not come by for hours."""
    gc.disable()
    yield
    gc.enable()


def slow(visitor: Visitor) -> socket.socket:
    """A download that has begun and of which nobody reads on."""
    where = urlsplit(str(visitor.base_url))
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(30)
    reader.connect((where.hostname, where.port))
    cookie = visitor.cookies["landbridge"]
    reader.sendall(f"GET {LIST} HTTP/1.1\r\nHost: {where.netloc}\r\nCookie: landbridge={cookie}\r\n\r\n".encode())
    assert reader.recv(12) == b"HTTP/1.1 200"
    return reader


def comes(visitor: Visitor) -> bool:
    """Whether the list comes to somebody, who asks again for a while."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if visitor.get(LIST).status_code == 200:
            return True
        time.sleep(0.1)
    return False


def test_slow_readers_keep_their_own_downloads_and_few_of_everybodys(
    sign_in: SignIn, long_list: None, nobody_collects: None
) -> None:
    ann, bob, kim = (sign_in("viewer") for _ in range(3))
    readers = [slow(ann), slow(ann)]
    assert "Your other downloads" in ann.get(LIST).text
    assert kim.get(LIST).status_code == 200
    readers += [slow(bob), slow(bob)]
    refused = kim.get(LIST)
    assert (refused.status_code, "Several downloads" in refused.text) == (503, True)
    for reader in readers:
        reader.close()
    assert comes(kim), "whoever went away gave the place back"
    assert comes(ann)


def test_a_reader_who_takes_for_ever_is_broken_off(
    sign_in: SignIn, long_list: None, nobody_collects: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, kim = sign_in("viewer"), sign_in("viewer")
    monkeypatch.setattr(download, "LONGEST", 0.5)
    readers = [slow(ann), slow(ann)]
    monkeypatch.undo()
    assert comes(ann), "the places are free again, and nobody closed the sockets"
    assert comes(kim)
    for reader in readers:
        reader.close()


def test_what_makes_a_file_is_ended_when_its_reader_goes() -> None:
    ended = []

    def pieces() -> Generator[str, None, None]:
        try:
            yield from ("a", "b")
        finally:
            ended.append(True)

    async def gone(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise OSError

    async def nothing() -> Message:
        return {"type": "http.request"}

    kept = pieces()  # by us, so that nothing but the download ends it
    sent = Download("list", kept, "text/csv")({"type": "http", "asgi": {"spec_version": "2.4"}}, nothing, gone)
    with ThreadPoolExecutor(1) as elsewhere, pytest.raises(ClientDisconnect):  # a browser's loop may run here
        elsewhere.submit(asyncio.run, sent).result()
    assert ended
