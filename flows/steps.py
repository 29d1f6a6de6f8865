"""The steps that flows are made of: one stage of the way data takes, one step. Each hands on; none computes."""

from __future__ import annotations

from flows.conductor import page, show_balance, step
from landbridge.bootstrap import Hub
from landbridge.errors import GateClosed
from landbridge.trail.runs import Run


@step(name="land", tags=["source"], task_run_name="land {account}")
def land(run: Run, hub: Hub, account: str) -> None:
    """Extract what is new in a system and keep it as it came."""
    from landbridge.landing.land import land as stage

    stage(run, hub.connector(account), hub.access(account))


@step(name="map", task_run_name="map {account}")
def map_records(run: Run, hub: Hub, account: str) -> None:
    """Make profiles and touchpoints of it."""
    from landbridge.mapping.stage import map_records as stage

    stage(run, hub.mapping(account), account, hub.connector(account).names, hub.project.account(account).region)


@step(name="resolve")
def resolve(run: Run, hub: Hub) -> None:
    """Find out which profiles are one customer."""
    from landbridge.identity import first_load
    from landbridge.identity.stage import resolve as stage

    first_load.fit(run)
    stage(run, hub.model, hub.kept, hub.spark)
    first_load.note(run)


@step(name="golden")
def golden(run: Run, hub: Hub) -> None:
    """Choose each customer's surviving values, and enrich them into a lead."""
    from landbridge.leads.golden import golden as stage
    from landbridge.leads.lead import enrich

    stage(run, hub.golden_rules)
    enrich(run, hub.lead_rules)


@step(name="validate")
def validate(run: Run, hub: Hub) -> None:
    """Hold back what must not leave."""
    from landbridge.quality.doubts import hold_doubtful
    from landbridge.quality.suite import validate as stage

    hold_doubtful(run)
    stage(run, hub.suite, hub.docs)


@step(name="settle", tags=["crm"])
def settle(run: Run, hub: Hub) -> None:
    """Find out what became of writes whose answer an earlier run never heard."""
    from landbridge.push.settle import settle as stage

    stage(run, hub.connector(hub.crm), hub.access(hub.crm), hub.policy.sending)


@step(name="plan", tags=["crm"])
def plan(run: Run, hub: Hub) -> None:
    """Say what would change in the CRM."""
    from landbridge.push.plan import make_plan as stage

    stage(run, hub.policy, hub.crm, hub.golden_rules.trust)


@step(name="desk")
def desk(run: Run, hub: Hub) -> None:
    """Lay ready what people at the console ask for: the questions, worth most first, and the words to search by."""
    from landbridge.desk.index import keep_index
    from landbridge.desk.queue import keep_questions

    settings = hub.project.settings
    keep_questions(run, settings.crm if settings.crm in settings.accounts else None)
    keep_index(run)


@step(name="push", tags=["crm"])
def push(run: Run, hub: Hub) -> None:
    """Write what was approved, while nobody reads the CRM. What waits for a person is sorted for their eyes."""
    from landbridge.push.apply import push as stage
    from landbridge.push.sorting import sort_open

    try:
        with hub.only_one_on(hub.crm):
            stage(run, hub.connector(hub.crm), hub.access(hub.crm), hub.policy)
    except GateClosed:
        sort_open(run.store, hub.crm)
        raise


def wrote(run: Run) -> bool:
    """Whether the run knows of anything that it wrote, or that an earlier one had written."""
    return any(entry.stage in ("push", "settle") and entry.new + entry.changed for entry in run.books.entries)


@step(name="account for all")
def account_for_all(run: Run) -> None:
    """See that nobody got lost between two stages."""
    from landbridge.trail.whole import account_for_all as stage

    stage(run)


def open_books(run: Run) -> None:
    """Keep with the run where its conductor shows it."""
    if address := page():
        run.note("links", prefect=address)


def close_books(run: Run) -> None:
    """Show the run's books where its conductor shows things."""
    show_balance(run.run_id, [vars(entry) for entry in run.books.entries])
