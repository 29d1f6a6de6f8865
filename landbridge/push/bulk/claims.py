"""Which changes a bulk job carries, from its beginning to its end: see landbridge.push.claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from connectors.base import Bulk
from landbridge.push import looked
from landbridge.push.claimed import WAITS
from landbridge.push.dispatch import Dispatch
from landbridge.push.note import SETTLED, write_down
from landbridge.push.outbox import Group, Ready
from landbridge.push.outdated import outdated
from landbridge.push.withdrawn import withdrawn
from landbridge.store import tables

_OPENING = "opening/"

TRIES = 3
"""A change that came back from so many files without a word, or with a word that passes, goes by calls."""

ROW_OVERHEAD = 128
"""Bytes of a row beside its values: an empty cell for each column that it has no value in."""

_job = tables.bulk_job


@dataclass(frozen=True)
class Claimed:
    """A job, what it is to do, and how many rows its file has."""

    job_id: str
    object: str
    action: str
    match_field: str
    sent: int
    last: int = 0
    """The change up to which the outbox was gone through for it."""
    at: datetime | None = None
    """When it was noted, where an earlier process noted it."""
    sent_at: float | None = None
    """When this process handed its file over, by time.monotonic()."""

    @property
    def opening(self) -> bool:
        """Whether we never learned the job's id: it is in the CRM, or is not."""
        return self.job_id.startswith(_OPENING)


@dataclass(frozen=True)
class Cut:
    """Which part of what a round may send goes into one file: at most so many rows, beyond the change `after`."""

    ready: Ready
    after: int
    rows: int


APPROVED = f"""
{WAITS}
AND c.plan_id = ANY(ARRAY(SELECT p.plan_id FROM plan p WHERE p.account = :account AND p.state = 'approved'
                             AND p.dropped_by IS NULL))
"""
"""landbridge.push.outbox.approved, for statements of SQL."""

# A cell cannot say what an object or a list says, nor the very word that empties a field; and rows have a length. That
# is asked of the text of each row, once, and in the outbox's order: OFFSET keeps the database from asking it of all.
_FITTING = f"""
    SELECT change_id, match_value, octet_length(shown) + octet_length(match_value) + :overhead AS size
    FROM (
        SELECT c.change_id, c.match_value, c.after::text AS shown FROM change c
        WHERE c.change_id > :after AND c.account = :account
          AND c.object = :object AND c.action = :action AND c.match_field = :match_field
          AND {APPROVED} AND (c.refusal IS DISTINCT FROM 'stop' OR c.sent_run_id <> :run_id)
          AND (c.sent_at IS NULL OR c.sent_at < :began) AND c.attempts < :tries
          AND c.refusal IS DISTINCT FROM 'duplicate'
          AND NOT {outdated("c", few=True)} AND NOT {withdrawn("c")}
        ORDER BY c.change_id OFFSET 0) waiting
    WHERE octet_length(shown) < :longest AND strpos(shown, :nothing) = 0
      AND strpos(shown, '": {{') = 0 AND strpos(shown, '": [') = 0
"""
_WORTH_IT = f"SELECT count(*) >= :least FROM (SELECT FROM ({_FITTING}) fitting LIMIT :least) enough"

# Of two that find the same record, the second waits for the next file.
_CLAIM = f"""
WITH few AS MATERIALIZED ({_FITTING} ORDER BY change_id LIMIT :rows),
cut AS (SELECT change_id, match_value, sum(size) OVER (ORDER BY change_id) AS so_far FROM few),
one_each AS (
    SELECT DISTINCT ON ({{found_by}}) change_id FROM cut WHERE so_far <= :most ORDER BY {{found_by}}, change_id)
INSERT INTO claim (change_id, account, job_id) SELECT change_id, :account, :job_id FROM one_each
WHERE NOT EXISTS (SELECT FROM halt h WHERE h.account = :account AND h.released_at IS NULL)
RETURNING change_id
"""
_COUNTED = f"WITH claimed AS ({_CLAIM}) SELECT count(*), coalesce(max(change_id), 0) FROM claimed"
"""Of two that find one record, the second may come before the last: `Ready` brings it into a later round."""

_PLANS = "SELECT plan_id FROM plan WHERE account = :account AND state = 'approved'"


def found_by(match_field: str, value: str) -> str:
    """SQL for what tells records apart: an id by its 15 characters, an external id in any case."""
    return f"left({value}, 15)" if match_field.lower() == "id" else f"lower({value})"


def take_stock(way: Dispatch) -> None:
    """Have the database count the outbox anew: a large plan may be so young that it knows nothing of its rows yet, and
    would look through them row by row; and what was just written is unknown to whoever asks of it next.

    A small sample tells that much: a tenth of a second, however large the outbox."""
    with way.store.begin() as connection:
        connection.execute(sa.text("SET LOCAL default_statistics_target = 10"))
        connection.execute(sa.text(_COUNT_ANEW))


_COUNTED_BY = "change_id, plan_id, account, object, action, match_field, state, sent_at, attempts, crm_id, created"
_COUNT_ANEW = f"ANALYZE change ({_COUNTED_BY}), pushed"


def worth_it(way: Dispatch, bulk: Bulk, group: Group, ready: Ready, after: int) -> bool:
    """Whether enough of the group, beyond the change `after`, fits a file."""
    named = _named(way, bulk, group, ready) | {"after": after, "least": way.sending.bulk_from}
    with way.store.begin() as connection:
        return bool(connection.scalar(sa.text(_WORTH_IT), named))


def intend(way: Dispatch, group: Group) -> str:
    """Note that a job is about to be made, so that one whose id we never heard is looked for. Answers the note."""
    note = f"{_OPENING}{group.match_field}/{uuid4().hex}"
    row = {"account": way.account, "job_id": note, "object": group.object, "operation": group.action}
    with way.store.begin() as connection:
        connection.execute(sa.insert(_job).values(row | {"run_id": way.run.run_id}))
    return note


def named(way: Dispatch, note: str, job_id: str) -> None:
    """Put the job's id in the place of the note that it was about to be made."""
    with way.store.begin() as connection:
        connection.execute(sa.update(_job).where(_note(way, note)).values(job_id=job_id))


def _note(way: Dispatch, job_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(_job.c.account == way.account, _job.c.job_id == job_id)


def claim(way: Dispatch, bulk: Bulk, group: Group, part: Cut, job_id: str) -> Claimed:
    """Note as many changes as the job's file can hold as carried by it, before anything is sent.

    None may be left when somebody held them, or halted all writing, since `worth_it` was asked.
    """
    cut = {"most": bulk.most_bytes, "rows": part.rows, "after": part.after}
    named = _named(way, bulk, group, part.ready) | cut | {"job_id": job_id}
    query = _COUNTED.replace("{found_by}", found_by(group.match_field, "match_value"))
    with way.store.begin() as connection:
        looked.keep(connection, list(connection.scalars(sa.text(_PLANS), {"account": way.account})))
        sent, last = connection.execute(sa.text(query), named).one()
        connection.execute(sa.update(_job).where(_note(way, job_id)).values(sent=sent))
    return Claimed(job_id, group.object, group.action, group.match_field, sent, last)


def _named(way: Dispatch, bulk: Bulk, group: Group, ready: Ready) -> dict[str, Any]:
    limits = {"longest": bulk.longest_cell, "nothing": f'"{bulk.nothing}"', "overhead": ROW_OVERHEAD, "tries": TRIES}
    return {**vars(group), **limits, "account": way.account, "run_id": ready.run_id, "began": ready.began}


_UNSETTLED = """
SELECT j.job_id, j.object, j.operation AS action, j.sent, j.at,
       CASE WHEN starts_with(j.job_id, 'opening/') THEN split_part(j.job_id, '/', 2)
            ELSE (SELECT c.match_field FROM claim k JOIN change c USING (change_id)
                  WHERE k.job_id = j.job_id AND k.account = j.account LIMIT 1)
            END AS match_field
FROM bulk_job j WHERE j.account = :account AND j.state IN ('open', 'uploaded') ORDER BY j.at
"""


def unsettled(way: Dispatch) -> list[Claimed]:
    """The account's jobs of which we do not know the end, oldest first."""
    with way.store.begin() as connection:
        rows = connection.execute(sa.text(_UNSETTLED), {"account": way.account}).mappings().all()
    return [Claimed(**{**row, "match_field": row["match_field"] or "Id"}) for row in rows]


def known(way: Dispatch) -> set[str]:
    """The ids of all jobs that we ever noted for the account."""
    with way.store.begin() as connection:
        return set(connection.scalars(sa.select(_job.c.job_id).where(_job.c.account == way.account)))


def uploaded(way: Dispatch, job: Claimed) -> None:
    """Note that the CRM has the whole file."""
    with way.store.begin() as connection:
        end(connection, way, job, {"state": "uploaded"})


_BACK = "DELETE FROM claim WHERE account = :account AND job_id = :job_id"
_LOST = """
INSERT INTO settled (change_id, state)
SELECT change_id, 'unknown' FROM claim WHERE account = :account AND job_id = :job_id
"""


def give_back(way: Dispatch, job: Claimed) -> None:
    """The job was never begun: its changes wait as before."""
    with way.store.begin() as connection:
        connection.execute(sa.text(_BACK), {"account": way.account, "job_id": job.job_id})
        _given_up(connection, way, job)


def lost(way: Dispatch, job: Claimed) -> None:
    """Nobody can say what became of the job: its changes are looked up."""
    with way.store.begin() as connection:
        connection.execute(sa.text(SETTLED))
        connection.execute(sa.text(_LOST), {"account": way.account, "job_id": job.job_id})
        write_down(connection, way, job.job_id)
        _given_up(connection, way, job)


def _given_up(connection: sa.Connection, way: Dispatch, job: Claimed) -> None:
    end(connection, way, job, {"state": "aborted", "settled_at": sa.func.now()})


def end(connection: sa.Connection, way: Dispatch, job: Claimed, values: Mapping[str, Any]) -> None:
    """Note how the job stands."""
    connection.execute(sa.update(_job).where(_note(way, job.job_id)).values(**values))
