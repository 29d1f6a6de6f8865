"""The whole line once, end to end: every system in, every lead out."""

from __future__ import annotations

from flows import steps
from flows.conductor import flow
from flows.publish import give_out
from flows.sync import take_in
from landbridge.bootstrap import Hub, opened
from landbridge.errors import BooksUnbalanced, LandbridgeError
from landbridge.trail.runs import Run


@flow(name="line")
def line(config: str | None = None) -> str:
    """Sync every account, then publish. Answers the run's id.

    A system that is down does not keep the others waiting: they go on and are published, and the run ends with that
    system's error. Without the CRM's present state nothing is published: it could create whom the CRM already has.
    """
    with opened(config) as hub, hub.running("line") as run:
        steps.open_books(run)
        others = [account for account in hub.accounts if account != hub.project.settings.crm]
        troubles = [trouble for account in others if (trouble := _attempt(run, hub, account))]
        give_out(run, hub)
        steps.close_books(run)
        if troubles:
            raise _all(troubles)
    return run.run_id


def _attempt(run: Run, hub: Hub, account: str) -> LandbridgeError | None:
    try:
        take_in(run, hub, account)
    except BooksUnbalanced:
        raise
    except LandbridgeError as error:
        return error
    return None


def _all(troubles: list[LandbridgeError]) -> LandbridgeError:
    """One error that tells of every system that failed, of the kind of the first."""
    told = type(troubles[0])(" ".join(str(trouble) for trouble in troubles), do=troubles[0].do)
    told.__cause__ = troubles[0]
    return told
