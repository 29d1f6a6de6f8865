"""How the console listens."""

from __future__ import annotations

import gc
import socket

import pytest

from landbridge.console import serve
from landbridge.errors import LandbridgeError


def test_answers_are_not_held_back_for_more() -> None:
    """asyncio turns Nagle's algorithm off only for sockets that are TCP by name; else each answer waits 40 ms."""
    with serve.bound("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(LandbridgeError, match="cannot listen on") as refused:
            serve.bound("127.0.0.1", other.getsockname()[1])
    assert "--port" in refused.value.do


def test_what_is_loaded_is_no_garbage_while_pages_are_served_and_may_be_afterwards() -> None:
    with pytest.raises(KeyboardInterrupt), serve.settled():
        assert gc.get_freeze_count() > 0
        raise KeyboardInterrupt
    assert gc.get_freeze_count() == 0
