"""The bulk road: one file for tens of thousands of changes, and the job that carries it.

A job is noted, with the changes that it carries, before anything is sent. So whoever finds changes 'sending' in a job
later asks that job: never begun means not written, ended means that its results tell of every row. A job that the CRM
knows no longer leaves its rows to the look-up (landbridge.push.settle). Nothing here holds a record in Python: rows go
from the database into a file and from a file into the database.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.answers import Declined, Unanswered
from connectors.base import Bulk, Job
from landbridge.errors import SourceChanged, SourceUnavailable
from landbridge.push import halt
from landbridge.push.bulk import claims, files, looks, noting, unnamed
from landbridge.push.bulk.claims import Claimed, Cut
from landbridge.push.bulk.noting import Noting
from landbridge.push.dispatch import Dispatch
from landbridge.push.outbox import Group, Ready
from landbridge.trail import audit

SHORTEST, LONGEST = 0.1, 10.0
"""Seconds between two questions about a job. Each question is a call of the org's budget."""

FIRST_WAIT = 0.25
"""Seconds until the first question, where nothing is known of the CRM's pace."""

BLINK = 0.5
"""Seconds after which we see a halt while we wait. That is asked of our own database."""

CLOCKS = timedelta(minutes=2)
"""So far may our clock and the CRM's be apart."""

PATIENCE = 3600.0
"""Seconds after which we leave a job to the next run, which asks it again. Nothing is lost."""


def send(way: Dispatch, group: Group, ready: Ready) -> bool:
    """Send the group's changes by file, one file after the other, while there are enough of them for one.

    While the CRM works on one file the next is made, and what became of the one before is noted; more than two at once
    would lock each other's parents. Answers whether the rest may go by calls now: what does not fit a file, and
    everything where the CRM takes no file. A file that was interrupted has its turn again in the next round.
    """
    bulk = way.connector.bulk
    if bulk is None or not claims.worth_it(way, bulk, group, ready, 0):
        return True
    with noting.behind(way, bulk) as notes:
        by_calls = _send_files(way, bulk, group, ready, notes)
    claims.take_stock(way)
    return by_calls


def _send_files(way: Dispatch, bulk: Bulk, group: Group, ready: Ready, notes: Noting) -> bool:
    after, before, looked, by_calls, declined, files_sent = 0, None, None, True, None, 0
    while not after or claims.worth_it(way, bulk, group, ready, after):
        halt.refuse(way.store, way.account)
        looked = looks.drop_edited(way, bulk, group, ready, looked)
        try:
            job = _carried(way, bulk, group, ready, after, way.sending.rows(files_sent + 1))
        except Unanswered:
            by_calls = False  # it may have begun: settling asks it
            break
        except Declined as error:
            declined = error
            break
        if job is None:
            by_calls = False  # somebody held them, or all
            break
        after, files_sent = job.last, files_sent + 1
        if before is not None:
            _finish(way, bulk, before, bulk.ask(way.access, before.job_id), notes)
        before = job
    if before is not None:
        _finish(way, bulk, before, Job("working"), notes)
    if declined is not None:
        notes.wait()
        _without_files(way, declined)
    return by_calls


def _without_files(way: Dispatch, declined: Declined) -> None:
    """End the job whose file the CRM would not have, too large for something on the way, say, and tell of it in the
    trail: what it was to carry goes by calls."""
    with way.store.begin() as connection:
        audit.record(connection, way.run.event("bulk.declined", way.account, code=declined.code or "none"))
    settle_jobs(way)


def settle_jobs(way: Dispatch) -> None:
    """Find out what became of every job that an earlier process, or this one, left open."""
    bulk = way.connector.bulk
    for job in claims.unsettled(way):
        if bulk is None:
            claims.lost(way, job)
        elif job.opening:
            _end_unheard(way, bulk, job)
        else:
            _settle_or_give_up(way, bulk, job)


def _settle_or_give_up(way: Dispatch, bulk: Bulk, job: Claimed) -> None:
    """Settle a job. One that has ended, with results that cannot be read, would keep everything else waiting until the
    CRM forgets it: each of its rows is looked up instead."""
    try:
        with noting.behind(way, bulk) as notes:
            _settle(way, bulk, job, notes)
    except SourceChanged:
        told = bulk.ask(way.access, job.job_id)
        if told is None or told.state != "ended":
            raise
        claims.lost(way, job)


def _end_unheard(way: Dispatch, bulk: Bulk, job: Claimed) -> None:
    """End the job that was made, or not, just before an earlier process died. It would stand open for seven days."""
    since, ours = (job.at or datetime.now(UTC)) - CLOCKS, claims.known(way)
    for job_id in bulk.left_open(way.access, job.object, job.match_field, delete=job.action == "delete", since=since):
        if job_id not in ours:
            bulk.abort(way.access, job_id)
    claims.give_back(way, job)


def _carried(way: Dispatch, bulk: Bulk, group: Group, ready: Ready, after: int, most: int) -> Claimed | None:
    """A job whose file the CRM has; None when nothing is left for one. Raises Unanswered when that is not known."""
    way.may_call()
    note = claims.intend(way, group)
    job_id = bulk.open(way.access, group.object, group.match_field, delete=group.action == "delete")
    claims.named(way, note, job_id)
    job = claims.claim(way, bulk, group, Cut(ready, after, most), job_id)
    if not job.sent:
        _given_up(way, bulk, job)
        return None
    with unnamed.files() as new_file:
        file = new_file()
        files.write(way, bulk, job, file)
        way.may_call()
        bulk.send(way.writing, job_id, file)
    claims.uploaded(way, job)
    return replace(job, sent_at=time.monotonic())


def _settle(way: Dispatch, bulk: Bulk, job: Claimed, notes: Noting) -> None:
    told = bulk.ask(way.access, job.job_id)
    if told is not None and told.state == "open":
        told = _given_up(way, bulk, job)
        if told is None:
            return
    _finish(way, bulk, job, told, notes)


def _given_up(way: Dispatch, bulk: Bulk, job: Claimed) -> Job | None:
    """End a job that was never begun: its changes wait again. Answers how it stands if it was begun all the same."""
    try:
        bulk.abort(way.access, job.job_id)
    except SourceChanged:  # its beginning, which nobody heard of, came first; or the job is gone by now
        told = bulk.ask(way.access, job.job_id)
        if told is None:
            claims.lost(way, job)
        return told
    claims.give_back(way, job)
    return None


def _finish(way: Dispatch, bulk: Bulk, job: Claimed, told: Job | None, notes: Noting) -> None:
    """Wait for the job's end and have its results noted. Raises SourceUnavailable when it takes too long."""
    begun, wait, broken_off = job.sent_at or time.monotonic(), 0.0, False
    while told is not None and told.state != "ended":
        wait = _next_wait(told, job.sent, time.monotonic() - begun, wait)
        if broken_off:
            time.sleep(FIRST_WAIT)
        elif _halted(way, wait):
            broken_off = _broken_off(way, bulk)
        told = bulk.ask(way.access, job.job_id)
        if time.monotonic() - begun > PATIENCE:
            raise SourceUnavailable(
                f"{way.account} is still at work on bulk job {job.job_id}.",
                do="Nothing is lost: the next run asks what became of it.",
            )
    if told is None:
        claims.lost(way, job)
    else:
        notes.take(job, told)


def _halted(way: Dispatch, wait: float) -> bool:
    """Wait so many seconds; answers True at once when writing is halted."""
    until = time.monotonic() + wait
    while not halt.standing(way.store, way.account):
        left = until - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, BLINK))
    return True


def _broken_off(way: Dispatch, bulk: Bulk) -> bool:
    """Let the CRM write nothing more of any job of ours. What it has written is told by their results."""
    for job in claims.unsettled(way):
        with contextlib.suppress(SourceChanged):  # it has ended meanwhile
            if not job.opening:
                bulk.abort(way.access, job.job_id)
    return True


def _next_wait(told: Job, sent: int, spent: float, wait: float) -> float:
    """Most of the time that the rest should take at the pace so far, and a tenth of the time that went by at least;
    where there is no pace, twice as long as before."""
    if not told.processed or not spent:
        return min(max(2 * wait, FIRST_WAIT), LONGEST)
    rest = 0.8 * (sent - told.processed) * spent / told.processed
    return min(max(rest, spent / 10, SHORTEST), LONGEST)
