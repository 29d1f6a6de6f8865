"""The one place where everything is put together: a project's store, accounts, connectors and rules.

Flows and the command line open a Hub and hand its parts to plain functions; nothing below reads the configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from landbridge import config
from landbridge.config import Account, Project
from landbridge.errors import ConfigInvalid

if TYPE_CHECKING:
    from connectors.base import Access, Connector
    from landbridge.desk.rules import ReviewRules
    from landbridge.identity.model import Model
    from landbridge.identity.spark_engine import Cluster
    from landbridge.leads.rules import GoldenRules, LeadRules
    from landbridge.mapping.load import Mapping
    from landbridge.push.budget import Budget
    from landbridge.push.gate import Gate
    from landbridge.push.policy import Policy
    from landbridge.quality.suite import Suite
    from landbridge.store.engine import Store
    from landbridge.trail.runs import Run


class Hub:
    """A project at work. Every part is made on first use, so a command pays only for what it needs."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._meters: dict[str, Budget] = {}

    @cached_property
    def store(self) -> Store:
        """The database, embedded unless one is configured, at the schema of this version."""
        from landbridge.store import embedded
        from landbridge.store.engine import Store
        from landbridge.store.schema import upgrade

        store = Store(self.project.settings.database or embedded.start(self.project.data / "postgres"))
        upgrade(store)
        return store

    @property
    def accounts(self) -> tuple[str, ...]:
        """The configured accounts, the CRM last: it is read when the others are in, just before the plan."""
        names = self.project.settings.accounts
        return tuple(sorted(names, key=lambda name: name == self.project.settings.crm))

    @property
    def crm(self) -> str:
        """The account that leads go to. Raises ConfigInvalid when there is none."""
        name = self.project.settings.crm
        if name not in self.accounts:
            raise ConfigInvalid(
                f"There is no account '{name}' for leads to go to.",
                do="Add it under `accounts:` in landbridge.yaml, or name another under `crm:`.",
            )
        return name

    def connector(self, account: str) -> Connector:
        """The connector of an account's system. Raises ConfigInvalid for a system that has none."""
        from connectors import registry

        system = self.project.account(account).system
        try:
            return registry.connector(system)
        except KeyError as error:
            raise ConfigInvalid(
                f"accounts.{account}.system: there is no connector '{system}'.",
                do=f"Known systems: {', '.join(registry.systems())}.",
            ) from error

    def access(self, account: str) -> Access:
        """An account's address and credentials; those of the sandbox when the account is played there."""
        from connectors.base import Access, Secret

        settings = self.project.account(account)
        meter = self._meter(account)
        if settings.sandbox:
            return _played(account, settings, self.project.sandbox_access(settings.system), meter)
        secrets = {name: Secret(self.project.secret(account, name)) for name in settings.credentials}
        base_url = settings.base_url or self.connector(account).default_url
        options = {**settings.options, "home": str(self.project.home)}
        ca_file = str(self.project.home / settings.ca_file) if settings.ca_file else None
        return Access(account, base_url.rstrip("/"), secrets, options, ca_file, meter)

    def _meter(self, account: str) -> Budget | None:
        """What counts the CRM's calls, reading and writing alike."""
        if account != self.project.settings.crm:
            return None
        from landbridge.push.budget import Budget

        options = self.project.account(account).options
        return self._meters.setdefault(account, Budget(lambda: self.store, account, options))

    @cached_property
    def mappings(self) -> dict[str, Mapping]:
        """How each system's fields become ours. Raises RuleInvalid."""
        from landbridge.mapping.load import load

        return load(self.project.mappings)

    def mapping(self, account: str) -> Mapping:
        """The mapping of an account's system. Raises ConfigInvalid when the system has none."""
        system = self.project.account(account).system
        if system not in self.mappings:
            raise ConfigInvalid(
                f"There is no mapping for system '{system}'.",
                do=f"Write {self.project.mappings / 'sources' / (system + '.yaml')}; docs/mappings.md shows how.",
            )
        return self.mappings[system]

    @property
    def model(self) -> Model:
        """The identity model in force, with the configured thresholds. Raises ConfigInvalid.

        Asked of the store each time: a first load, or somebody at another terminal, puts another one in force.
        """
        from landbridge.identity.models import in_force

        return self.with_thresholds(in_force(self.store))

    def with_thresholds(self, model: Model) -> Model:
        """A model with the thresholds that the configuration asks for, on the base at hand."""
        from landbridge.identity.thresholds import applied, base_size, standing

        wanted = self.project.settings.identity
        if wanted.link_precision is None and wanted.review_precision is None:
            return model
        size, now = base_size(self.store), standing(self.store)
        return applied(model, size, wanted.link_precision, wanted.review_precision, now)

    @property
    def spark(self) -> Cluster | None:
        """The cluster that weighs pairs; None where this machine does."""
        wanted = self.project.settings.identity
        if wanted.engine != "spark":
            return None
        from landbridge.identity.spark_engine import Cluster

        share = self.project.home / wanted.spark.share if wanted.spark.share else None
        return Cluster(wanted.spark.master, share, wanted.spark.options)

    @property
    def kept(self) -> Path:
        """Where identity keeps what makes the next run cheap. It holds personal values, and may be deleted."""
        return self.project.data / "identity"

    @cached_property
    def golden_rules(self) -> GoldenRules:
        """How golden values are chosen. Raises RuleInvalid."""
        from landbridge.leads.rules import load_golden

        return load_golden(self.project.mappings / "golden.yaml")

    @cached_property
    def lead_rules(self) -> LeadRules:
        """How leads are scored and routed. Raises RuleInvalid."""
        from landbridge.leads.rules import load_lead

        return load_lead(self.project.mappings / "lead.yaml")

    @cached_property
    def review_rules(self) -> ReviewRules:
        """How people review. Raises RuleInvalid."""
        from landbridge.desk.rules import load_review

        return load_review(self.project.mappings / "review.yaml")

    @cached_property
    def suite(self) -> Suite:
        """What a lead must fulfil to leave. Raises RuleInvalid."""
        from landbridge.quality.suite import load_suite

        return load_suite(self.project.mappings / "quality" / "lead.yaml")

    @cached_property
    def policy(self) -> Policy:
        """How our fields become the CRM's, and who owns which. Raises RuleInvalid."""
        from landbridge.push.policy import load_policy

        return load_policy(self.project.mappings / "crm" / f"{self.project.account(self.crm).system}.yaml")

    @property
    def gate(self) -> Gate:
        """What stands between a plan and the CRM."""
        from landbridge.push.gate import Gate

        options, meets = self.project.account(self.crm).options, self.connector(self.crm).org is not None
        return Gate(self.store, self.policy, self.crm, options, meets)

    @property
    def docs(self) -> Path:
        """Where Data Docs are built."""
        return self.project.data / "data_docs"

    def running(self, flow: str, subject: str = "", actor: str | None = None) -> AbstractContextManager[Run]:
        """Open a run of a flow, in somebody's name; runs whose process died are called lost first."""
        from landbridge.trail import runs

        actor = actor or self.project.settings.actor
        runs.call_lost(self.store, actor=actor)
        return runs.running(self.store, flow, subject, actor=actor)

    def only_one_on(self, account: str) -> AbstractContextManager[None]:
        """Nobody else reads or writes the account for the block. Raises AlreadyRunning after a short wait."""
        return self.store.only_one(f"account {account}", wait=30)

    def close(self) -> None:
        """Give back what was opened."""
        for meter in self._meters.values():
            meter.keep()
        if "store" in self.__dict__:
            self.store.close()


def _played(account: str, settings: Account, ready: dict[str, str], meter: Budget | None) -> Access:
    from connectors.base import Access, Secret

    base_url, ca_file = ready.pop("base_url"), ready.pop("ca", None)
    secrets = {name: Secret(value) for name, value in ready.items()}
    return Access(account, base_url.rstrip("/"), secrets, settings.options, ca_file, meter)


@contextmanager
def opened(path: str | Path | None = None) -> Iterator[Hub]:
    """A Hub over the project's configuration, closed at the end. Raises ConfigInvalid."""
    hub = Hub(config.load(config.find(Path(path) if path else None)))
    try:
        yield hub
    finally:
        hub.close()
