"""The index of customers: by which words each is found, and how many have each word.

Made for golden records that changed, and no others. Whoever is no customer any more (merged away, erased) leaves it;
the ids of old of whom somebody took in lead to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from landbridge.desk.words import LONGEST_TEXT, LONGEST_WORD, words
from landbridge.leads import batches
from landbridge.store import bulk
from landbridge.trail.balance import Entry
from landbridge.trail.runs import Run

if TYPE_CHECKING:
    from adbc_driver_postgresql.dbapi import Connection, Cursor

MEANING = "2"
"""Raised when words come to be made otherwise, so that all are made again."""


def keep_index(run: Run) -> None:
    """Bring `search_customer` and `search_word` up to date. A second call writes nothing.

    Books "search": taken = golden records; changed = found by other words than before.
    """
    with run.books.stage("search") as entry, run.store.bulk() as connection:
        _write_in_one_go(connection)
        _remove_gone(connection)
        for _ in batches.stale(connection, "search_customer", _FRESH, (MEANING,), entry):
            _keep(connection, _made(connection), entry, run.run_id)
        if entry.new + entry.changed:
            bulk.get(connection, _MERGED)
    if entry.new + entry.changed > batches.SIZE:
        run.store.tidy("search_customer", "search_word")


def _write_in_one_go(connection: Connection) -> None:
    """What an index is to learn is noted first and merged into it once, at the end, rather than row by row."""
    with connection.cursor() as cursor:
        cursor.execute("SET gin_pending_list_limit = '1GB'")
        cursor.execute("SET maintenance_work_mem = '256MB'")
    connection.commit()


def _remove_gone(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_GONE)
        if bulk.run(cursor, "SELECT count(*) FROM gone"):
            cursor.execute(_LOST)
            _count(cursor)
            cursor.execute("DELETE FROM search_customer s USING gone WHERE s.identity_id = gone.identity_id")
        cursor.execute("DROP TABLE gone")
    connection.commit()


def _made(connection: Connection) -> pa.Table:
    said = bulk.get(connection, _SAID)
    with duckdb.connect() as engine:
        engine.register("said", said)
        engine.register("spelt", _spelt(engine))
        return engine.sql(_MADE).to_arrow_table()


def _spelt(engine: duckdb.DuckDBPyConnection) -> pa.Table:
    """The words of each distinct text that is not plain ASCII; the others are read where they lie."""
    rows = engine.execute("SELECT DISTINCT text FROM said WHERE NOT regexp_full_match(text, '[\\x00-\\x7f]*', 's')")
    texts = [text for (text,) in rows.fetchall()]
    columns = [pa.array(texts, pa.string()), pa.array([words(text) for text in texts], pa.list_(pa.string()))]
    return pa.table(columns, names=["text", "words"])


def _keep(connection: Connection, made: pa.Table, entry: Entry, run_id: str) -> None:
    """In one transaction, so that the counts of words always tell of the customers that stand there."""
    with connection.cursor() as cursor:
        bulk.put(cursor, "made", made)
        cursor.execute(_MOVED)
        _count(cursor)
    batches.keep(connection, "search_customer", made, "words = array_to_tsvector(words)", entry, run_id)


def _count(cursor: Cursor) -> None:
    """Apply the table `moved` (word, by) to the counts, and drop it."""
    for statement in (_MORE, _NONE, "DROP TABLE moved"):
        cursor.execute(statement)


_FRESH = """
WITH RECURSIVE living(identity_id, now_id) AS (
    SELECT identity_id, redirect_to FROM identity WHERE redirect_to IS NOT NULL
    UNION ALL
    SELECT l.identity_id, i.redirect_to FROM living l JOIN identity i ON i.identity_id = l.now_id
    WHERE i.redirect_to IS NOT NULL),
former AS (SELECT now_id, count(*) AS ids, max(identity_id) AS one FROM living GROUP BY 1)
SELECT g.identity_id, md5(concat_ws(' ', $1, g.inputs, g.digest, f.ids, f.one, p.crm)) AS inputs
FROM golden g LEFT JOIN former f ON f.now_id = g.identity_id
LEFT JOIN (SELECT identity_id, string_agg(crm_id, ' ' ORDER BY crm_id) AS crm FROM pushed GROUP BY 1) p
    ON p.identity_id = g.identity_id
"""

# What every profile says, not only what survived: a customer is found by the name she had before.
_SAID = f"""
WITH RECURSIVE former(identity_id, id) AS (
    SELECT b.identity_id, i.identity_id FROM batch b JOIN identity i ON i.redirect_to = b.identity_id
    UNION ALL
    SELECT f.identity_id, i.identity_id FROM former f JOIN identity i ON i.redirect_to = f.id),
member AS (SELECT b.identity_id, p.* FROM batch b JOIN link USING (identity_id) JOIN profile p USING (profile_id)
           WHERE NOT gone),
gold AS (SELECT identity_id, fields FROM batch JOIN golden USING (identity_id)),
told AS (
    SELECT identity_id, 'text' AS kind, unnest(ARRAY[full_name, given_name, middle_name, family_name, company]) AS text
    FROM member
    UNION ALL SELECT identity_id, 'text', value FROM gold, jsonb_each_text(fields)
        WHERE key IN ('full_name', 'given_name', 'middle_name', 'family_name', 'company')
    UNION ALL SELECT identity_id, 'email', unnest(email) FROM member
    UNION ALL SELECT identity_id, 'email', fields ->> 'email' FROM gold
    UNION ALL SELECT identity_id, 'phone', unnest(phone) FROM member
    UNION ALL SELECT identity_id, 'phone', jsonb_array_elements_text(fields -> 'phones') FROM gold
        WHERE jsonb_typeof(fields -> 'phones') = 'array'
    UNION ALL SELECT identity_id, 'phone', fields ->> 'phone' FROM gold
    UNION ALL SELECT identity_id, 'handle', unnest(handle) FROM member
    UNION ALL SELECT identity_id, 'id', key FROM member
    UNION ALL SELECT identity_id, 'id', crm_id FROM batch JOIN pushed USING (identity_id)
    UNION ALL SELECT identity_id, 'id', id FROM former
    UNION ALL SELECT identity_id, 'id', identity_id FROM batch)
SELECT DISTINCT identity_id, kind, left(text, {LONGEST_TEXT}) AS text FROM told WHERE text <> ''
"""

# What is known by as a whole (an address, an id, a number) bears a mark, so that nobody's beginning of a name meets a
# hundred thousand of them. A phone number twice, once read backwards: people type its end, with or without the country.
_MADE = f"""
WITH spoken AS (
    SELECT identity_id, kind, lower(text) AS text, spelt.words AS words FROM said LEFT JOIN spelt USING (text)),
found AS (
    SELECT identity_id, unnest(coalesce(words, regexp_extract_all(CASE kind
        WHEN 'email' THEN split_part(text, '@', 1) || ' ' || regexp_replace(split_part(text, '@', 2), '\\.[^.]*$', '')
        WHEN 'handle' THEN regexp_replace(text, '^[^:]*:', '') ELSE text END, '[a-z0-9]+'))) AS word
    FROM spoken WHERE kind IN ('text', 'email', 'handle')
    UNION ALL SELECT identity_id, '#' || text FROM spoken WHERE kind IN ('email', 'handle', 'id')
    UNION ALL SELECT identity_id, '@' || split_part(text, '@', 2) FROM spoken WHERE kind = 'email' AND text LIKE '%@_%'
    UNION ALL SELECT identity_id, '#' || regexp_replace(text, '^[^:]*:', '') FROM spoken WHERE kind = 'handle'
    UNION ALL SELECT identity_id, unnest(['#' || number, '<' || reverse(number)])
    FROM (SELECT identity_id, regexp_replace(text, '[^0-9]', '', 'g') AS number FROM spoken WHERE kind = 'phone')
    WHERE length(number) > 4),
every AS (
    SELECT identity_id, list_sort(list(DISTINCT left(word, {LONGEST_WORD})))[:500] AS words FROM found
    WHERE word <> '' GROUP BY identity_id)
SELECT identity_id, words, md5(array_to_string(words, chr(31))) AS digest FROM every
"""

_GONE = """
CREATE TEMP TABLE gone AS
SELECT identity_id FROM search_customer s
WHERE NOT EXISTS (SELECT FROM golden g WHERE g.identity_id = s.identity_id)
"""

# Only words of letters, and where mail is: numbers and whole addresses are typed to the letter or not at all.
_COUNTED = r"(word LIKE '@%' OR length(word) BETWEEN 2 AND 24 AND word !~ '[-0-9<#:@._/+\\]')"

_LOST = f"""
CREATE TEMP TABLE moved AS SELECT word, -count(*) AS by FROM (
    SELECT unnest(tsvector_to_array(words)) AS word FROM search_customer JOIN gone USING (identity_id)) AS had
WHERE {_COUNTED} GROUP BY 1
"""

_MOVED = f"""
CREATE TEMP TABLE moved AS SELECT word, sum(by)::bigint AS by FROM (
    SELECT unnest(words) AS word, 1 AS by FROM made
    UNION ALL
    SELECT unnest(tsvector_to_array(s.words)), -1 FROM search_customer s JOIN batch USING (identity_id)) AS had
WHERE {_COUNTED} GROUP BY 1 HAVING sum(by) <> 0
"""

_MORE = r"""
INSERT INTO search_word (word, customers, near)
SELECT word, by, CASE WHEN word LIKE '@%' OR length(word) < 3 THEN '{}' ELSE
    ARRAY(SELECT DISTINCT left(word, n - 1) || substr(word, n + 1) FROM generate_series(1, length(word) + 1) n) END
FROM moved
ON CONFLICT (word) DO UPDATE SET customers = search_word.customers + excluded.customers
"""

# Searching reads what is noted and not merged yet row by row.
_MERGED = """
SELECT gin_clean_pending_list('ix_search_customer_words') + gin_clean_pending_list('ix_search_word_near') AS pages
"""

_NONE = "DELETE FROM search_word s USING moved WHERE s.word = moved.word AND customers <= 0"
