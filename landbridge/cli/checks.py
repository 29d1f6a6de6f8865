"""What `landbridge check` looks at, one finding each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from landbridge.bootstrap import Hub, opened
from landbridge.errors import LandbridgeError


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `exit_code`: 0 when well, else that of the error it met."""

    what: str
    finding: str
    do: str = ""
    exit_code: int = 0

    @property
    def ok(self) -> bool:
        """Whether all is well."""
        return self.exit_code == 0


def all_checks() -> list[Check]:
    """Look at everything that a run needs, and go on after a finding. Raises ConfigInvalid when there is no project."""
    with opened() as hub:
        return list(_checks(hub))


def _checks(hub: Hub) -> Iterator[Check]:
    yield _look("configuration", lambda: f"{len(hub.accounts)} accounts, leads go to {hub.crm}")
    yield _look("database", lambda: f"answers: {_version(hub)}")
    yield _look("mappings", lambda: f"{len(hub.mappings)} systems")
    yield _look("golden rules", lambda: _loaded(hub.golden_rules))
    yield _look("lead rules", lambda: _loaded(hub.lead_rules))
    yield _look("expectations", lambda: _loaded(hub.suite))
    if has_crm := hub.project.settings.crm in hub.accounts:
        yield _look("CRM policy", lambda: _loaded(hub.policy))
    yield _look("identity model", lambda: f"version {hub.model.version}")
    for account in hub.accounts:
        yield _look(f"account {account}", lambda account=account: hub.connector(account).check(hub.access(account)))  # type: ignore[misc]
        yield _look(f"mapping of {account}", lambda account=account: _covered(hub, account))  # type: ignore[misc]
    if has_crm:
        yield _look("CRM fields", lambda: _fields(hub))


def _look(what: str, at: Callable[[], str]) -> Check:
    try:
        return Check(what, at())
    except LandbridgeError as error:
        return Check(what, str(error), error.do, error.exit_code)


def _version(hub: Hub) -> str:
    import sqlalchemy as sa

    with hub.store.begin() as connection:
        return f"PostgreSQL {connection.scalar(sa.text('SHOW server_version'))}"


def _loaded(_rules: object) -> str:
    return "read without a fault"


def _covered(hub: Hub, account: str) -> str:
    """That every stream of the account's connector has a mapping, or says that it is unused."""
    for name in hub.connector(account).names:
        hub.mapping(account).stream(name)
    return f"{len(hub.mapping(account).streams)} streams"


def _fields(hub: Hub) -> str:
    """That the CRM has every field that the policy writes, writable and long enough."""
    from landbridge.push import org

    connector = hub.connector(hub.crm)
    if connector.describe is None:
        return "the connector cannot tell"
    org.check(hub.policy, connector, hub.access(hub.crm))
    return "all there, writable and long enough"
