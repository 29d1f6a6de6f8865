"""One small world for all stand-ins' tests, and a client for each stand-in without a process around it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sandbox import x, zendesk
from sandbox.standin import Clock, Settings
from sandbox.world import World, make_world

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    """The stand-ins' time, set to the world's."""
    return Clock(NOW - datetime.now(UTC))


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def world() -> World:
    """A world of its own for each test, since worlds change."""
    return make_world(300, 7, NOW)


@pytest.fixture
def x_client(world: World, clock: Clock, settings: Settings) -> TestClient:
    client = TestClient(x.app(world, clock, None, settings))
    client.headers["authorization"] = f"Bearer {settings.credentials.x_bearer_token}"
    return client


@pytest.fixture
def x_user(world: World, clock: Clock, settings: Settings) -> TestClient:
    """X, logged in as our own user: who may post."""
    client = TestClient(x.app(world, clock, None, settings))
    client.headers["authorization"] = f"Bearer {settings.credentials.x_user_token}"
    return client


@pytest.fixture
def open_zendesk(world: World, clock: Clock, settings: Settings) -> Callable[[Path | None], TestClient]:
    def opened(state: Path | None = None) -> TestClient:
        client = TestClient(zendesk.app(world, clock, state, settings))
        keys = settings.credentials
        client.auth = (f"{keys.zendesk_email}/token", keys.zendesk_token)
        return client

    return opened


@pytest.fixture
def zendesk_client(open_zendesk: Callable[[Path | None], TestClient]) -> TestClient:
    return open_zendesk(None)
