"""What every connector must hold to, asked of the real thing over HTTP. A connector's test inherits it in a few lines:

class TestZendesk(HttpContract):
    system = "zendesk"
    streams = ("users", "tickets")
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from connectors.base import (
    Access,
    AccessRefused,
    Checkpoint,
    Connector,
    Page,
    Secret,
    SourceUnavailable,
)
from connectors.registry import connector
from tests.connectors.conftest import Sandbox

MOST_ATTEMPTS = 300


class Contract:
    """For any connector. The subclass names the system and its streams, and gives the `access` fixture."""

    system: ClassVar[str]
    streams: ClassVar[tuple[str, ...]]

    @pytest.fixture
    def connector(self) -> Connector:
        return connector(self.system)

    @pytest.fixture(autouse=True)
    def nothing_leaks(self, access: Access, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
        """No test of a connector may leave a credential or a personal value in any log, at any level."""
        caplog.set_level(logging.DEBUG)
        yield
        assert_silent(access, caplog.text)

    def test_the_declaration_is_complete(self, connector: Connector) -> None:
        assert connector.system == self.system
        assert set(self.streams) <= set(connector.names)
        assert len(set(connector.names)) == len(connector.names)
        assert all(stream.key for stream in connector.streams)
        assert connector.default_url == connector.default_url.rstrip("/")
        with pytest.raises(KeyError):
            list(connector.read(Access("nobody", ""), "no such stream", None))

    def test_check_says_one_sentence(self, connector: Connector, access: Access) -> None:
        said = connector.check(access)
        assert said.endswith(".")
        assert "\n" not in said

    def test_a_missing_credential_is_named(self, connector: Connector, access: Access) -> None:
        for name in connector.credentials:
            short = replace(access, secrets={k: v for k, v in access.secrets.items() if k != name})
            with pytest.raises(AccessRefused, match=f"'{name}'"):
                connector.check(short)

    def test_reading_everything_takes_several_pages(self, connector: Connector, access: Access) -> None:
        """Else the tests of resuming would prove nothing. Keys are there, and each is there once."""
        for stream in self.streams:
            pages = read(connector, access, stream)
            assert len([page for page in pages if page.rows]) > 2, stream
            for name in {page.stream for page in pages}:
                assert_keyed(connector, name, pages)

    def test_resuming_after_any_page_gives_the_same_rows(self, connector: Connector, access: Access) -> None:
        for stream in self.streams:
            pages = read(connector, access, stream)
            everything = contents(pages)
            for number in range(len(pages)):
                resumed = read(connector, access, stream, through_json(pages[number].checkpoint))
                assert set(contents(pages[: number + 1])) | set(contents(resumed)) == set(everything), (stream, number)

    def test_reading_again_from_the_end_brings_nothing_unknown(self, connector: Connector, access: Access) -> None:
        for stream in self.streams:
            pages = read(connector, access, stream)
            again = read(connector, access, stream, through_json(pages[-1].checkpoint))
            assert set(contents(again)) <= set(contents(pages))

    def test_checkpoints_are_small_json(self, connector: Connector, access: Access) -> None:
        for stream in self.streams:
            for page in read(connector, access, stream):
                assert through_json(page.checkpoint) == page.checkpoint
                assert len(json.dumps(page.checkpoint)) < 4096

    def test_access_and_connector_print_no_secret(self, connector: Connector, access: Access) -> None:
        assert_silent(access, f"{access!r} {access!s} {connector!r} {connector!s} {access.secrets}")


class HttpContract(Contract):
    """For a connector whose system has a stand-in in the sandbox."""

    options: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    def access(self, sandbox: Sandbox) -> Iterator[Access]:
        """The stand-in's account, with pages small enough that there are several, and little patience."""
        told = sandbox.ready[self.system]
        secrets = {name: Secret(told[name]) for name in connector(self.system).credentials}
        limits = {"connect": 5.0, "silence": 2.0, "total": 20.0}
        options = {"page_rows": 20, "limits": limits, **self.options}
        yield Access(self.system, told["base_url"], secrets, options, ca_file=told.get("ca"))
        sandbox.order("faults", faults="")

    def test_a_wrong_credential_is_refused(self, connector: Connector, access: Access) -> None:
        for name in connector.credentials:
            wrong = replace(access, secrets={**access.secrets, name: Secret("not-the-right-one")})
            with pytest.raises(AccessRefused) as caught:
                read(connector, wrong, self.streams[0])
            assert_silent(wrong, told_by(caught.value))

    def test_a_host_that_is_not_there_is_unavailable(self, connector: Connector, access: Access) -> None:
        scheme = access.base_url.split(":", maxsplit=1)[0]
        with pytest.raises(SourceUnavailable) as caught:
            read(connector, replace(access, base_url=f"{scheme}://127.0.0.1:9"), self.streams[0])
        assert_silent(access, told_by(caught.value))

    @pytest.mark.parametrize(
        ("kind", "error"),
        [
            ("rate_limit", SourceUnavailable),
            ("server_error", SourceUnavailable),
            ("timeout", SourceUnavailable),
            ("cut", SourceUnavailable),
            ("expired_token", AccessRefused),
        ],
    )
    def test_a_fault_that_stays_becomes_the_right_error(
        self, kind: str, error: type[Exception], connector: Connector, access: Access, sandbox: Sandbox
    ) -> None:
        sandbox.order("faults", faults=f"{kind}=100%")
        with pytest.raises(error) as caught:
            read(connector, access, self.streams[0])
        assert_silent(access, told_by(caught.value))

    def test_a_deadline_ends_what_is_too_slow(self, connector: Connector, access: Access, sandbox: Sandbox) -> None:
        """Even where each single silence would be borne."""
        hurried = replace(access, options={**access.options, "limits": {"silence": 60.0, "total": 0.7}})
        sandbox.order("faults", faults="timeout=100%")
        with pytest.raises(SourceUnavailable, match="it took too long"):
            read(connector, hurried, self.streams[0])

    def test_a_rate_limit_says_how_long_to_wait(self, connector: Connector, access: Access, sandbox: Sandbox) -> None:
        sandbox.order("faults", faults="rate_limit=100%")
        with pytest.raises(SourceUnavailable) as caught:
            read(connector, access, self.streams[0])
        assert caught.value.retry_after is not None
        assert 0 <= caught.value.retry_after <= 3600

    @pytest.mark.parametrize(
        "kind", ["rate_limit", "server_error", "timeout", "cut", "expired_token", "malformed_row", "slow_page"]
    )
    def test_a_fault_that_passes_costs_no_row(
        self, kind: str, connector: Connector, access: Access, sandbox: Sandbox
    ) -> None:
        """Read again from the last page that came, as the engine does, until it ends: every row is there."""
        stream = self.streams[0]
        undisturbed = contents(read(connector, access, stream))
        sandbox.order("faults", faults=f"{kind}=30%")
        pages, errors = persist(connector, access, stream)
        assert set(undisturbed) <= set(contents(pages))
        if kind != "malformed_row":
            assert set(contents(pages)) <= set(undisturbed)
        for error in errors:
            assert_silent(access, told_by(error))


def read(connector: Connector, access: Access, stream: str, checkpoint: Checkpoint | None = None) -> list[Page]:
    return list(connector.read(access, stream, checkpoint))


def persist(connector: Connector, access: Access, stream: str) -> tuple[list[Page], list[Exception]]:
    """All pages of a stream, going on from the last one after each error, and the errors."""
    pages: list[Page] = []
    errors: list[Exception] = []
    for _ in range(MOST_ATTEMPTS):
        try:
            pages.extend(page for page in connector.read(access, stream, last_checkpoint(pages)))
        except (SourceUnavailable, AccessRefused) as error:
            errors.append(error)
        else:
            return pages, errors
    raise AssertionError(f"{stream} was not read to its end in {MOST_ATTEMPTS} attempts; last: {errors[-1]}")


def last_checkpoint(pages: list[Page]) -> Checkpoint | None:
    return through_json(pages[-1].checkpoint) if pages else None


def through_json(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint as it comes back from the database."""
    stored: Checkpoint = json.loads(json.dumps(checkpoint))
    return stored


def contents(pages: Iterable[Page]) -> Counter[str]:
    """Each row with its stream, as text that can be compared."""
    return Counter(
        f"{page.stream} {json.dumps(row, sort_keys=True, default=repr)}" for page in pages for row in page.rows
    )


def assert_keyed(connector: Connector, stream: str, pages: list[Page]) -> None:
    key = connector.stream(stream).key
    rows = {json.dumps(row, sort_keys=True) for page in pages if page.stream == stream for row in page.rows}
    keys = Counter(str(json.loads(row)[key]) for row in rows)
    assert keys.most_common(1)[0][1] == 1


def told_by(error: BaseException | None) -> str:
    """All that a traceback of `error` would show of it and of its causes."""
    told = ""
    while error is not None:
        told += f"{error!s} {error!r} {getattr(error, 'do', '')} "
        error = error.__cause__ or error.__context__
    return told


def assert_silent(access: Access, told: str) -> None:
    """Neither a credential nor an address of a person stands in `told`. (The world's mail ends in .example.)"""
    for secret in access.secrets.values():
        assert secret.reveal() not in told
    assert "@" not in told or ".example" not in told, "a mail address"
