"""A process that pushes, and kills itself at a moment that is told to it: before or after any statement or call."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy import event

from connectors.salesforce import CONNECTOR
from landbridge.config import HOUSE
from landbridge.errors import LandbridgeError
from landbridge.push.apply import push
from landbridge.push.bulk import jobs
from landbridge.push.policy import load_policy
from landbridge.push.settle import settle
from landbridge.store.engine import Store
from landbridge.trail.runs import running
from tests.push.org import by_file, org_of


class Countdown:
    """Counts the moments of a push, and dies at the one that was asked for. No handler runs, nothing is flushed."""

    def __init__(self, die_at: int, moments: Synchronized[int]) -> None:
        self.die_at = die_at
        self.moments = moments

    def tick(self, *_: Any, **__: Any) -> None:
        self.moments.value += 1
        if self.moments.value == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, engine: sa.Engine) -> None:
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(engine, name, self.tick)
        real = httpx.HTTPTransport.handle_request

        def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            self.tick()
            response = real(transport, request)
            self.tick()
            return response

        httpx.HTTPTransport.handle_request = handle  # type: ignore[method-assign]


def work(uri: str, ready: dict[str, Any], filing: bool, die_at: int, moments: Synchronized[int]) -> None:
    """Settle and push, as a flow does. Exit codes as the command has them; 0 when the outbox is empty."""
    jobs.SHORTEST = jobs.FIRST_WAIT = 0.02
    policy = load_policy(HOUSE / "mappings" / "crm" / "salesforce.yaml")
    policy = by_file(policy, file_rows=5) if filing else policy
    org, store = org_of(ready, policy), Store(uri)
    Countdown(die_at, moments).watch(store.engine)
    try:
        with running(store, "push", actor="victim") as run:
            settle(run, CONNECTOR, org.access, policy.sending)
            push(run, CONNECTOR, org.access, policy)
    except LandbridgeError as error:
        sys.exit(error.exit_code)
    sys.exit(0)
