"""Noting what became of one file while the next is made: the database and we have a processor each.

Two files at most are noted at a time. Each marks its own changes; what is kept of records, refusals and in the trail
follows file by file, in the order in which they were taken.

All calls of the CRM stay with the caller; what runs behind is the transaction that notes. Whoever dies before it is
committed has left a job whose end nobody noted, as ever: the next settling asks it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager

from connectors.base import Bulk, Job, Results
from landbridge.push.bulk import outcomes, unnamed
from landbridge.push.bulk.claims import Claimed
from landbridge.push.dispatch import Dispatch

_TOGETHER = 2


class Noting:
    """Notes the results of jobs. What goes wrong is raised by a later call of `take` or `wait`."""

    def __init__(self, way: Dispatch, bulk: Bulk, behind: ThreadPoolExecutor) -> None:
        self._way = way
        self._bulk = bulk
        self._behind = behind
        self._under_way: list[Future[None]] = []

    def take(self, job: Claimed, told: Job) -> None:
        """Fetch the results of a job that has ended, and have them noted."""
        if told.reason:
            self._way.reasons.append(told.reason)
        with ExitStack() as held:
            results = self._bulk.results(self._way.access, job.job_id, held.enter_context(unnamed.files()))
            self.wait(but=_TOGETHER - 1)
            before = tuple(self._under_way)
            self._under_way.append(self._behind.submit(self._note, job, results, held.pop_all(), before))

    def wait(self, but: int = 0) -> None:
        """Until everything that was taken is noted, but for the last so many."""
        while len(self._under_way) > but:
            self._under_way.pop(0).result()

    def _note(self, job: Claimed, results: Results, held: ExitStack, before: Sequence[Future[None]]) -> None:
        with held:
            outcomes.note(self._way, self._bulk, job, results, lambda: _ended(before))


def _ended(before: Sequence[Future[None]]) -> None:
    """Wait for those that were taken before. One that failed has noted nothing, and raises that elsewhere."""
    wait(before)


@contextmanager
def behind(way: Dispatch, bulk: Bulk) -> Iterator[Noting]:
    """Notes until the block ends, and then waits for what it has taken, also where the block raises: what went wrong in
    noting, which may be why, is added to that error as a note."""
    with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="noting") as thread:
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
