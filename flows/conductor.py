"""Who conducts: Prefect, or nobody.

Scheduled runs are Prefect's: retries, tags, artifacts, its own pages. `landbridge run` on a machine where no Prefect
server answers needs none of that and would wait ten seconds for a temporary server, so the same flows can also run
as the plain functions they are. Set LANDBRIDGE_CONDUCTOR=none before the first import of a flow to choose that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

CONDUCTED = os.environ.get("LANDBRIDGE_CONDUCTOR") != "none"

if CONDUCTED:
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")


def flow(**settings: Any) -> Callable[[Function], Function]:
    """A Prefect flow with these settings, or the function itself."""
    if not CONDUCTED:
        return lambda function: function
    from prefect import flow as prefect_flow

    conducted: Any = prefect_flow(validate_parameters=False, **settings)
    return cast(Callable[[Function], Function], conducted)


def step(**settings: Any) -> Callable[[Function], Function]:
    """A Prefect task that is tried again when a system is unavailable, and only then; or the function itself.

    LANDBRIDGE_RETRIES=0 is for somebody who sits and waits: they would rather be told now, and run again later.
    """
    if not CONDUCTED:
        return lambda function: function
    from prefect import task
    from prefect.cache_policies import NO_CACHE

    conducted: Any = task(
        cache_policy=NO_CACHE,
        retries=int(os.environ.get("LANDBRIDGE_RETRIES", "3")),
        retry_delay_seconds=[10, 60, 180],
        retry_condition_fn=_worth_it,
        **settings,
    )
    return cast(Callable[[Function], Function], conducted)


def _worth_it(_task: Any, _run: Any, state: Any) -> bool:
    from landbridge.errors import AlreadyRunning, SourceUnavailable

    error = state.result(raise_on_failure=False)
    return isinstance(error, SourceUnavailable) and not isinstance(error, AlreadyRunning)


def page() -> str | None:
    """The address of this flow run's page in Prefect; None where nobody conducts."""
    if not CONDUCTED:
        return None
    from prefect.runtime import flow_run

    return str(flow_run.ui_url) if flow_run.ui_url else None


def show_balance(run_id: str, rows: list[dict[str, Any]]) -> None:
    """Leave the run's books as a table artifact on Prefect's page of the run."""
    if CONDUCTED:
        from prefect.artifacts import create_table_artifact

        create_table_artifact(table=rows, key="balance", description=f"Books of run {run_id}")
