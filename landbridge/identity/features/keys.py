"""Blocking keys: two profiles are compared when they have one in common. Text "kind:value", at most some twenty a
profile."""

from __future__ import annotations

import duckdb

_BONES = """
CREATE OR REPLACE TEMP TABLE bones AS   -- first letter and consonants in order: what most slips of the pen leave
SELECT name, name[1] || array_to_string(list_sort(list_distinct(string_split(
        regexp_replace(name[2:], '[aeiouyhw-]', '', 'g'), ''))), '') AS bones
FROM (SELECT given AS name FROM joined UNION SELECT family FROM joined) WHERE length(name) > 2
"""

_KEYS = """
CREATE OR REPLACE TEMP TABLE key_features AS
SELECT profile_id, list_sort(list(DISTINCT key)) AS keys FROM (
    SELECT profile_id, 'email:' || unnest(all_emails) AS key FROM joined
    UNION ALL SELECT profile_id, 'phone:' || unnest(all_phones) FROM joined
    UNION ALL SELECT profile_id, 'handle:' || unnest(all_handles) FROM joined
    UNION ALL SELECT profile_id, 'alias:' || unnest(aliases) FROM joined
    UNION ALL SELECT profile_id, 'box:' || box FROM (
        SELECT profile_id, regexp_replace(unnest(mailboxes), '[^a-z0-9]', '', 'g') AS box
            FROM joined) WHERE length(box) >= 5
    UNION ALL SELECT profile_id, 'name:' || least(root, family) || '|' || greatest(root, family) FROM rooted
    UNION ALL SELECT profile_id, 'place:' || city || '|' || given[1] || '|' || family FROM joined
    UNION ALL SELECT profile_id, 'town:' || city || '|' || root || '|' || family[1] FROM rooted
    UNION ALL SELECT profile_id, 'post:' || postcode || '|' || root FROM rooted
    UNION ALL SELECT profile_id, 'post:' || postcode || '|' || family FROM joined
    UNION ALL SELECT profile_id, 'house:' || street || '|' || given[1] FROM joined
    UNION ALL SELECT profile_id, 'work:' || unnest(company_keys) || '|' || family FROM joined
    UNION ALL SELECT profile_id, 'work:' || unnest(company_keys) || '|' || given FROM joined
    UNION ALL SELECT profile_id, 'house:' || street || '|' || family FROM joined
    UNION ALL SELECT profile_id, 'door:' || postcode || '|' || house_number FROM joined
    UNION ALL SELECT profile_id, 'year:' || left(birth_date, 4) || '|' || least(given, family) || '|'
        || greatest(given, family) FROM joined
    UNION ALL SELECT profile_id, 'born:' || unnest([birth_date, birth_swapped]) || '|' || given[1] FROM joined
    UNION ALL SELECT profile_id, 'born:' || unnest([birth_date, birth_swapped]) || '|' || family[1] FROM joined
    UNION ALL SELECT profile_id, 'bones:' || least(g.bones, f.bones) || '|' || greatest(g.bones, f.bones)
        FROM joined JOIN bones g ON g.name = given JOIN bones f ON f.name = family
    UNION ALL SELECT profile_id, 'city:' || city || '|' || birth_date FROM joined
    UNION ALL SELECT profile_id, 'post:' || postcode || '|' || birth_date FROM joined
) WHERE key IS NOT NULL GROUP BY profile_id
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `key_features` from the table `joined`."""
    con.execute(
        """CREATE OR REPLACE TEMP TABLE rooted AS SELECT * EXCLUDE (roots), unnest(roots) AS root
            FROM joined WHERE family IS NOT NULL"""
    )
    con.execute(_BONES)
    con.execute(_KEYS)
