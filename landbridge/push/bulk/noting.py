"""Noting what became of one file while the next is made: the database and we have a processor each.

All calls of the CRM stay with the caller; what runs behind is the transaction that notes. Whoever dies before it is
committed has left a job whose end nobody noted, as ever: the next settling asks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from connectors.base import Bulk, Job, Results
from landbridge.push.bulk import outcomes, unnamed
from landbridge.push.bulk.claims import Claimed
from landbridge.push.dispatch import Dispatch


class Noting:
    """Notes the results of one job after the other. What goes wrong is raised by the next call of `take` or `wait`."""

    def __init__(self, way: Dispatch, bulk: Bulk, behind: ThreadPoolExecutor) -> None:
        self._way = way
        self._bulk = bulk
        self._behind = behind
        self._last: Future[None] | None = None

    def take(self, job: Claimed, told: Job) -> None:
        """Fetch the results of a job that has ended, and have them noted."""
        if told.reason:
            self._way.reasons.append(told.reason)
        with ExitStack() as held:
            results = self._bulk.results(self._way.access, job.job_id, held.enter_context(unnamed.files()))
            self.wait()
            self._last = self._behind.submit(self._note, job, results, held.pop_all())

    def wait(self) -> None:
        """Until everything that was taken is noted."""
        if self._last is not None:
            last, self._last = self._last, None
            last.result()

    def _note(self, job: Claimed, results: Results, held: ExitStack) -> None:
        with held:
            outcomes.note(self._way, self._bulk, job, results)


@contextmanager
def behind(way: Dispatch, bulk: Bulk) -> Iterator[Noting]:
    """Notes until the block ends, and then waits for what it has taken, also where the block raises: what went wrong in
    noting, which may be why, is added to that error as a note."""
    with ThreadPoolExecutor(1, thread_name_prefix="noting") as thread:
        noting = Noting(way, bulk, thread)
        try:
            yield noting
        except Exception as error:
            try:
                noting.wait()
            except Exception as other:
                error.add_note(f"Results could not be noted, either: {type(other).__name__}: {other}")
            raise
        noting.wait()
