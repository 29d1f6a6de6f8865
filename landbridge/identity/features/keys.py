"""Blocking keys: two profiles are compared when they have one in common. Hashes of texts "kind:value", at most some
twenty a profile.

Each is made in its own row from the table `joined`: to write keys one below the other and gather them again took three
times as long.
"""

from __future__ import annotations

import duckdb

_BONES = """
CREATE OR REPLACE TEMP TABLE bones AS   -- first letter and consonants in order: what most slips of the pen leave
SELECT name, name[1] || array_to_string(list_sort(list_distinct(string_split(
        regexp_replace(name[2:], '[aeiouyhw-]', '', 'g'), ''))), '') AS bones
FROM (SELECT given AS name FROM joined UNION SELECT family FROM joined) WHERE length(name) > 2
"""

_OF_EACH = {
    "all_emails": ("'email:' || v",),
    "all_phones": ("'phone:' || v",),
    "signed_phones": ("'phone:' || v",),
    "all_handles": ("'handle:' || v",),
    "aliases": ("'alias:' || v",),
    "boxes": ("'box:' || v",),
    "formal": (
        "'name:' || least(v, family) || '|' || greatest(v, family)",
        "'town:' || city || '|' || v || '|' || family[1]",
        "'post:' || postcode || '|' || v",
    ),
    "company_keys": ("'work:' || v || '|' || family", "'work:' || v || '|' || given"),
    "births": ("'born:' || v || '|' || given[1]", "'born:' || v || '|' || family[1]"),
}
"""For each value of a list; what lacks a part is null, and no key."""

_OF_ONE = (
    "'place:' || city || '|' || given[1] || '|' || family",
    "'post:' || postcode || '|' || family",
    "'house:' || street || '|' || given[1]",
    "'house:' || street || '|' || family",
    "'door:' || postcode || '|' || house_number",
    "'lot:' || street || '|' || city",
    "'year:' || left(birth_date, 4) || '|' || least(given, family) || '|' || greatest(given, family)",
    "'bones:' || CASE WHEN g.bones < f.bones THEN g.bones || '|' || f.bones ELSE f.bones || '|' || g.bones END",
    "'city:' || city || '|' || birth_date",
    "'post:' || postcode || '|' || birth_date",
)

_LISTS = """SELECT *, [birth_date, birth_swapped] AS births, CASE WHEN family IS NULL THEN [] ELSE roots END AS formal,
    list_filter(list_transform(mailboxes, lambda m: regexp_replace(m, '[^a-z0-9]', '', 'g')),
        lambda b: length(b) >= 5) AS boxes FROM joined"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `keyed_features`: the table `joined` with `keys`."""
    con.execute(_BONES)
    many = [f"list_transform({column}, lambda v: hash({key}))" for column, kinds in _OF_EACH.items() for key in kinds]
    keys = f"flatten([{', '.join(many)}, [{', '.join(f'hash({key})' for key in _OF_ONE)}]])"
    con.execute(f"""CREATE OR REPLACE TEMP VIEW keyed_features AS
        SELECT j.* EXCLUDE (births, formal, boxes),
            list_filter(list_distinct({keys}), lambda k: k != hash(NULL::VARCHAR)) AS keys
        FROM ({_LISTS}) j LEFT JOIN bones g ON g.name = given LEFT JOIN bones f ON f.name = family""")
