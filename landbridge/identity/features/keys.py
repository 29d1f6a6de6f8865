"""Blocking keys: two profiles are compared when they have one in common. Hashes of texts "kind:value", at most some
twenty a profile.

Each is made in its own row from the table `joined`: to write keys one below the other and gather them again took three
times as long.
"""

from __future__ import annotations

import duckdb

_BONES = """
CREATE OR REPLACE TEMP TABLE bones AS   -- first letter and consonants in order: what most slips of the pen leave
SELECT name, letters[1] || array_to_string(list_sort(list_distinct(string_split(
        regexp_replace(letters[2:], '[aeiouyhw]', '', 'g'), ''))), '') AS bones
FROM (SELECT name, regexp_replace(name, '[^a-z]', '', 'g') AS letters
    FROM (SELECT given AS name FROM joined UNION SELECT family FROM joined UNION SELECT street FROM joined))
WHERE length(letters) > 2
"""

_OF_EACH = {
    "all_emails": ("'email:' || v",),
    "all_phones": ("'phone:' || v",),
    "only_signed": ("'phone:' || v",),
    "all_handles": ("'handle:' || v",),
    "aliases": ("'alias:' || v",),
    "boxes": ("'box:' || v",),
    "copies": ("'copy:' || v",),
    "formal": (
        "'name:' || least(v, family) || '|' || greatest(v, family)",
        "'town:' || city || '|' || v || '|' || family[1]",
        "CASE WHEN v != family THEN 'post:' || postcode || '|' || v END",
    ),
    "company_keys": (
        "'work:' || v || '|' || family",
        "CASE WHEN given IS DISTINCT FROM family THEN 'work:' || v || '|' || given END",
    ),
    "births": (
        "'born:' || v || '|' || given[1]",
        "CASE WHEN given[1] IS DISTINCT FROM family[1] THEN 'born:' || v || '|' || family[1] END",
    ),
}
"""For each value of a list; what lacks a part is null, and no key. No two of a profile are the same: to look for such
afterwards would take longer than all the rest."""

_OF_ONE = (
    "'place:' || city || '|' || given[1] || '|' || family",
    "'post:' || postcode || '|' || family",
    "'house:' || street || '|' || given[1]",
    "'house:' || street || '|' || family",
    "'door:' || postcode || '|' || house_number",
    "'lot:' || street || '|' || city",
    "'year:' || left(birth_date, 4) || '|' || least(given, family) || '|' || greatest(given, family)",
    "'bones:' || CASE WHEN g.bones < f.bones THEN g.bones || '|' || f.bones ELSE f.bones || '|' || g.bones END",
    "'lane:' || s.bones || '|' || city[1:2]",
    "'city:' || city || '|' || birth_date",
    "'post:' || postcode || '|' || birth_date",
)

_LISTS = """SELECT *,
    CASE WHEN birth_swapped != birth_date THEN [birth_date, birth_swapped] ELSE [birth_date] END AS births,
    CASE WHEN family IS NULL THEN [] ELSE roots END AS formal,
    CASE WHEN signed_phones = phones THEN [] ELSE
        list_filter(signed_phones, lambda p: NOT list_contains(all_phones, p)) END AS only_signed,
    CASE WHEN len(alone) > 1 THEN list_distinct(alone) ELSE alone END AS boxes
FROM (SELECT *, list_filter(list_transform(mailboxes, lambda m: regexp_replace(m, '[^a-z0-9]', '', 'g')),
    lambda b: length(b) >= 5) AS alone FROM joined)"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `keyed_features`: the table `joined` with `keys`."""
    con.execute(_BONES)
    many = [f"list_transform({column}, lambda v: hash({key}))" for column, kinds in _OF_EACH.items() for key in kinds]
    keys = f"flatten([{', '.join(many)}, [{', '.join(f'hash({key})' for key in _OF_ONE)}]])"
    con.execute(f"""CREATE OR REPLACE TEMP VIEW keyed_features AS
        SELECT j.* EXCLUDE (births, formal, alone, boxes, only_signed, copies),
            list_filter({keys}, lambda k: k != hash(NULL::VARCHAR)) AS keys
        FROM ({_LISTS}) j LEFT JOIN bones g ON g.name = given LEFT JOIN bones f ON f.name = family
        LEFT JOIN bones s ON s.name = street""")
