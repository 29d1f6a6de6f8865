"""The queue for review, kept up to date: every question there is, with what its answer is worth.

What an answer is worth is what the two are worth times the doubt. A customer is worth the open deals that the CRM
tells of, or, where there are none, the lead's score; the doubt is whole where a lead is held back or strong evidence
was refused, else as large as the chance is even.
"""

from __future__ import annotations

import sqlalchemy as sa

from landbridge.identity.review import CLOSE, QUESTIONS
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run


def keep_questions(run: Run, crm: str | None) -> None:
    """Bring `question` up to date with what resolving, the leads and the CRM's deals say now. `crm`: its account.

    Books "questions": taken = what there is to ask. A second call writes nothing. What reviewers did with a question
    (claimed, put off, a first verdict) stays as long as it is asked.
    """
    with run.books.stage("questions") as entry, run.store.begin() as connection:
        connection.execute(sa.text("SET LOCAL work_mem = '128MB'"))
        connection.execute(sa.text("SET LOCAL jit = off"))
        connection.execute(_ASKED, {"close": CLOSE, "crm": crm or ""})
        connection.execute(sa.text("ANALYZE asked_now"))
        _count(connection, entry)
        connection.execute(_NO_LONGER)
        connection.execute(_KEPT, {"run": run.run_id})
        connection.execute(_ANSWERED)
        connection.execute(_ASKED_AGAIN)


def _count(connection: sa.Connection, entry: Entry) -> None:
    counted = connection.execute(_COUNTED).one()
    entry.taken, entry.new, entry.changed, entry.unchanged = counted


_COLUMNS = "left_identity, right_identity, kind, refused, close, probability, weight, moves, deals, score, value"

# Of an open deal only whom it names or gives a part: all contacts of a company would share one deal's worth.
_DEALS = r"""
head AS MATERIALIZED (
    SELECT h.stream, h.key, r.payload::jsonb AS p FROM record_head h JOIN record r USING (record_id)
    WHERE h.account = :crm AND h.stream IN ('Opportunity', 'OpportunityContactRole') AND r.payload IS NOT NULL
      AND (strpos(r.payload, '\u0000') = 0 OR pg_input_is_valid(r.payload, 'jsonb'))),
living AS (SELECT * FROM head WHERE p ->> 'IsDeleted' IS DISTINCT FROM 'true'),
open AS (
    SELECT key AS deal, p ->> 'ContactId' AS contact, (p ->> 'Amount')::numeric AS amount FROM living
    WHERE stream = 'Opportunity' AND p ->> 'IsClosed' IS DISTINCT FROM 'true'
      AND jsonb_typeof(p -> 'Amount') = 'number'),
part AS (
    SELECT deal, contact, amount FROM open WHERE contact IS NOT NULL
    UNION
    SELECT deal, l.p ->> 'ContactId', amount FROM living l JOIN open ON deal = l.p ->> 'OpportunityId'
    WHERE l.stream = 'OpportunityContactRole'),
worth AS (
    SELECT identity_id, sum(amount) AS deals FROM (
        SELECT DISTINCT k.identity_id, deal, amount FROM part
        JOIN link k ON k.profile_id = :crm || '/Contact/' || contact) AS each
    GROUP BY 1)
"""

_ASKED = sa.text(
    f"""
CREATE TEMP TABLE asked_now ON COMMIT DROP AS
{QUESTIONS}, {_DEALS},
once AS (
    SELECT DISTINCT ON (left_id, right_id) * FROM asked ORDER BY left_id, right_id, kind),
weighed AS (
    SELECT o.*, coalesce(a.deals, 0) + CASE WHEN left_identity <> right_identity THEN coalesce(b.deals, 0) ELSE 0 END
        AS deals, greatest(m.score, n.score, 0) AS score,
        CASE WHEN kind IS NOT NULL OR refused IS NOT NULL THEN 1.0
            ELSE greatest(4 * probability * (1 - probability), CASE WHEN close THEN 0.5 ELSE 0 END) END AS doubt
    FROM once o LEFT JOIN worth a ON a.identity_id = left_identity LEFT JOIN worth b ON b.identity_id = right_identity
    LEFT JOIN lead m ON m.identity_id = left_identity LEFT JOIN lead n ON n.identity_id = right_identity)
SELECT left_id, right_id, left_identity, right_identity, kind, refused, close, probability, weight, moves,
    deals::float8 AS deals, score,
    CASE WHEN deals > 0 THEN deals::float8 ELSE greatest(score, 1) END * doubt::float8 AS value
FROM weighed
"""
)

_SAME = ", ".join(f"q.{name}" for name in _COLUMNS.split(", "))
_NOW = ", ".join(f"n.{name}" for name in _COLUMNS.split(", "))

_COUNTED = sa.text(f"""
SELECT count(*), count(*) FILTER (WHERE q.left_id IS NULL),
    count(*) FILTER (WHERE q.left_id IS NOT NULL AND ({_SAME}) IS DISTINCT FROM ({_NOW})),
    count(*) FILTER (WHERE q.left_id IS NOT NULL AND ({_SAME}) IS NOT DISTINCT FROM ({_NOW}))
FROM asked_now n LEFT JOIN question q USING (left_id, right_id)
""")

_NO_LONGER = sa.text("""
DELETE FROM question q WHERE NOT EXISTS (
    SELECT FROM asked_now n WHERE n.left_id = q.left_id AND n.right_id = q.right_id)
""")

_KEPT = sa.text(f"""
INSERT INTO question AS q (left_id, right_id, {_COLUMNS}, run_id)
SELECT left_id, right_id, {_COLUMNS}, :run FROM asked_now
ON CONFLICT (left_id, right_id) DO UPDATE SET
    {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS.split(", "))}, run_id = excluded.run_id
WHERE ({_SAME}) IS DISTINCT FROM ({_SAME.replace("q.", "excluded.")})
""")

_STANDS = """
EXISTS (SELECT FROM decision d WHERE d.left_id = q.left_id AND d.right_id = q.right_id AND d.withdrawn_at IS NULL)
"""

# A verdict that waited is spent: what is asked again after the decision was taken back is asked of two anew.
_ANSWERED = sa.text(f"""
UPDATE question q SET state = 'answered', until = NULL, first_by = NULL, first_verdict = NULL
WHERE state <> 'answered' AND {_STANDS}
""")

_ASKED_AGAIN = sa.text(f"UPDATE question q SET state = 'open' WHERE state = 'answered' AND NOT {_STANDS}")
