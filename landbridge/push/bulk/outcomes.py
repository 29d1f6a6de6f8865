"""A bulk job's results, matched to its changes by what each row was found by, and never by their order.

What succeeded, failed and was not looked at must be what was sent. A row in none of these, or in two, is looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from connectors.base import Bulk, Results
from landbridge.errors import SourceChanged
from landbridge.push.bulk import claims, copies
from landbridge.push.bulk.claims import Claimed, found_by
from landbridge.push.claimed import CARRIED
from landbridge.push.dispatch import Dispatch
from landbridge.push.note import SETTLED, WORDS, count, write_down
from landbridge.push.outbox import ATTEMPTS
from landbridge.trail import audit

# Nor do we wait for the disk: what a crash of the whole machine takes from the log's last moment is asked of the job
# again, as if we had died before the end of this transaction. Whatever tells that it is done waits for the disk, and
# the log keeps their order. A small sample is enough for what a file of results looks like.
_FOR_A_FILE = (
    "SET LOCAL synchronous_commit = off",
    "SET LOCAL work_mem = '64MB'",
    "SET LOCAL default_statistics_target = 10",
)
_RESULT = """
CREATE TEMP TABLE result (kind text, found_by text, crm_id text, created boolean, code text, message text)
ON COMMIT DROP
"""


def note(way: Dispatch, bulk: Bulk, job: Claimed, results: Results, in_turn: Callable[[], None]) -> None:
    """Note what became of every change of a job that has ended. One transaction. `in_turn`: landbridge.push.note's."""
    with way.store.begin() as connection:
        for setting in _FOR_A_FILE:
            connection.execute(sa.text(setting))
        connection.execute(sa.text(_RESULT))
        _take(connection, "done", results.done, job, results)
        _take(connection, "failed", results.failed, job, results)
        _take(connection, "left", results.left, job, results)
        connection.execute(sa.text(SETTLED))
        connection.execute(sa.text("ANALYZE result"))
        if job.match_field.lower() != "id":
            connection.execute(sa.text(_WITHOUT_ODD))
        matched = _SETTLED.replace("{found_by}", found_by(job.match_field, "c.match_value"))
        with copies.by_hash(connection):
            connection.execute(sa.text(matched), _named(connection, way, bulk, job))
        counts = write_down(connection, way, job.job_id, in_turn)
        _close(connection, way, job, counts["unknown"])
    count(way, counts)


def _take(connection: sa.Connection, kind: str, file: Path, job: Claimed, results: Results) -> None:
    """Copy one file of results in. Of its columns few are of use; their order is the CRM's affair."""
    names = copies.header(file)
    if not names:
        return
    if job.match_field.lower() not in names:
        if copies.empty(file):
            return
        raise SourceChanged(f"The results of a bulk job come without the column {job.match_field}.")
    copies.make(connection, "told", names)
    copies.take_in(connection, "told", file)
    place = copies.columns(names)
    chosen = {
        "found_by": found_by(job.match_field, place[job.match_field.lower()]),
        "crm_id": place.get(results.id.lower(), "NULL"),
        "created": place.get(results.created.lower(), "NULL"),
        "error": place.get(results.error.lower(), "NULL"),
    }
    connection.execute(sa.text(_KEEP.format(**chosen)), {"kind": kind, "words": WORDS})
    connection.execute(sa.text("DROP TABLE told"))


_KEEP = """
INSERT INTO result
SELECT :kind, {found_by}, nullif({crm_id}, ''), CAST({created} AS text) IN ('true', 'TRUE'),
       substring(CAST({error} AS text) FROM '^([A-Za-z][A-Za-z0-9_]+)'),
       left(regexp_replace(CAST({error} AS text), '^[A-Za-z][A-Za-z0-9_]+\\:', ''), :words)
FROM told
"""


# What was written has an id, and one of its own. Where the CRM says otherwise we look ourselves.
_WITHOUT_ODD = """
DELETE FROM result WHERE kind = 'done' AND (
    crm_id IS NULL OR crm_id !~ '^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$'
    OR left(crm_id, 15) IN (SELECT left(crm_id, 15) FROM result WHERE kind = 'done' GROUP BY 1 HAVING count(*) > 1))
"""
# An id of 15 characters lacks the three that tell its capitals; we keep ids whole, as reading gives them.
_WHOLE = """
CASE WHEN length(r.crm_id) = 15 THEN r.crm_id || (
    SELECT string_agg(substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1 + bits, 1), '' ORDER BY block)
    FROM (SELECT block, sum(CASE WHEN substr(r.crm_id, block * 5 + place + 1, 1) ~ '[A-Z]' THEN 1 << place ELSE 0 END)
                 ::int AS bits
          FROM generate_series(0, 2) block, generate_series(0, 4) place GROUP BY block) blocks)
ELSE r.crm_id END
"""
_CARRIED = CARRIED.format(account=":account", job=":job_id")
_SETTLED = f"""
INSERT INTO settled
SELECT c.change_id, s.state,
       CASE WHEN s.state <> 'done' THEN NULL WHEN :by_id THEN c.match_value ELSE {_WHOLE} END,
       CASE WHEN s.state = 'done' AND c.action <> 'delete'
            THEN r.created IS TRUE OR (c.action = 'create' AND c.attempts > 0) END,
       CASE r.kind WHEN 'failed' THEN coalesce(r.code, 'REFUSED') WHEN 'left' THEN 'UNPROCESSED' END,
       CASE r.kind WHEN 'failed' THEN r.message END,
       CASE r.kind WHEN 'failed' THEN r.refusal WHEN 'left' THEN 'retry' END
FROM (SELECT c.* FROM {_CARRIED}) c
LEFT JOIN (
    SELECT found_by, min(kind) AS kind, min(crm_id) AS crm_id, bool_or(created) AS created, min(r.code) AS code,
           min(message) AS message, coalesce(min(m.refusal), 'repair') AS refusal
    FROM result r
    LEFT JOIN unnest(CAST(:codes AS text[]), CAST(:refusals AS text[])) m(code, refusal) ON m.code = r.code
    GROUP BY found_by HAVING count(*) = 1
) r ON r.found_by = {{found_by}}
CROSS JOIN LATERAL (SELECT CASE
    WHEN r.kind = 'done' OR (c.action = 'delete' AND r.code = ANY(:gone)) THEN 'done'
    WHEN r.kind IS NULL THEN 'unknown'
    WHEN r.kind = 'left' OR r.refusal = 'stop' OR (r.refusal = 'retry' AND c.attempts + 1 < :attempts) THEN 'approved'
    WHEN r.refusal = 'duplicate' AND :asked_again THEN 'approved'
    ELSE 'refused' END AS state) s
"""


def _named(connection: sa.Connection, way: Dispatch, bulk: Bulk, job: Claimed) -> dict[str, object]:
    codes = connection.execute(sa.text("SELECT DISTINCT code FROM result WHERE code IS NOT NULL")).scalars().all()
    return {
        "account": way.account,
        "job_id": job.job_id,
        "by_id": job.match_field.lower() == "id",
        "codes": list(codes),
        "refusals": [way.sending.kind(code) for code in codes],
        "gone": sorted(bulk.gone),
        "attempts": ATTEMPTS,
        "asked_again": way.sending.duplicates != "skip",
    }


_TOLD = """
SELECT count(*) FILTER (WHERE kind = 'done') AS done, count(*) FILTER (WHERE kind = 'failed') AS failed,
       count(*) FILTER (WHERE kind = 'left') AS unprocessed
FROM result
"""


def _close(connection: sa.Connection, way: Dispatch, job: Claimed, unknown: int) -> None:
    """Note the job's end. Where the CRM's three lists are not, row by row, what we sent, that is told in the trail."""
    told = {name: int(number) for name, number in connection.execute(sa.text(_TOLD)).one()._mapping.items()}
    balanced = sum(told.values()) == job.sent and not unknown
    state = "settled" if balanced else "aborted"
    claims.end(connection, way, job, {**told, "state": state, "settled_at": sa.func.now()})
    kind = "bulk.settled" if balanced else "bulk.unbalanced"
    audit.record(connection, way.run.event(kind, way.account, job=job.job_id, sent=job.sent, **told))
