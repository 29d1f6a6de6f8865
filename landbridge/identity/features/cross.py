"""Evidence across fields: the name inside an e-mail address or a handle.

A profile without a name that writes from albert.lindau@ or posts as @alindau very likely belongs to an Albert
Lindau. Makes
  hint_features    given, family (given maybe an initial) for profiles that lack one of them or have but an initial
  alias_features   `mailboxes` (local parts) and `aliases` (handles and local parts that are more than the person's
  own name)
"""

from __future__ import annotations

import duckdb

from landbridge.identity.features import name

_LEARNED = """
CREATE OR REPLACE TEMP TABLE real_given AS   -- what people are called, by the lists or by this base
    SELECT given FROM given_names WHERE known UNION SELECT root FROM nickname
    UNION SELECT given FROM name_features GROUP BY given HAVING count(*) > 2 AND length(given) > 1;
CREATE OR REPLACE TEMP TABLE spelling AS   -- how names of the base may be written in one word; ambiguous ones left out
    WITH called AS MATERIALIZED (
        SELECT DISTINCT given, family FROM name_features WHERE length(given) > 1 AND length(family) > 2)
    SELECT form, any_value(given) AS given, any_value(family) AS family FROM (
        SELECT given || family AS form, given, family FROM called
        UNION ALL SELECT family || given, given, family FROM called WHERE family || given != given || family
        UNION ALL SELECT DISTINCT given[1] || family, given[1], family FROM called WHERE length(family) > 3)
    GROUP BY form HAVING count(*) = 1;
"""

_TOKENS = """
CREATE OR REPLACE TEMP TABLE username AS
    SELECT e.place, e.mailbox AS value, e.free FROM email_values e
    LEFT JOIN shared_value s ON s.identifier = hash('email', e.value) WHERE NOT e.role AND s.identifier IS NULL
  UNION SELECT place, value, false FROM handle_values;
CREATE OR REPLACE TEMP TABLE written AS
    SELECT place, value, given, family, is_company, list_filter(list_transform(regexp_split_to_array(value,
        '[._-]+'),
        lambda t: regexp_replace(t, '[0-9]+', '', 'g')), lambda t: regexp_full_match(t, '[a-z]+')) AS tokens,
        regexp_replace(value, '[^a-z]', '', 'g') AS letters
    FROM username JOIN name_features USING (place)
    WHERE NOT is_company AND (given IS NULL OR family IS NULL OR length(given) = 1);
CREATE OR REPLACE TEMP TABLE nameless AS
    SELECT place, value, tokens, letters FROM written WHERE given IS NULL AND family IS NULL;
CREATE OR REPLACE TEMP TABLE hint AS
    SELECT place, 0 AS rank, value, given, family FROM (
        SELECT place, value,
            CASE WHEN turned THEN tokens[2] ELSE tokens[1] END AS given, CASE WHEN turned
                THEN tokens[1] ELSE tokens[2] END AS family
        FROM (SELECT *, tokens[2] IN (SELECT given FROM real_given) AND tokens[1] NOT IN (SELECT given
            FROM real_given) AS turned
              FROM nameless WHERE len(tokens) = 2 AND length(tokens[1]) + length(tokens[2]) >= 5))
                  WHERE length(family) > 2
  UNION ALL   -- "A. Figueroa" at anastasio_figueroa@
    SELECT place, 0, value, token, family FROM (SELECT *, unnest(tokens) AS token
        FROM written WHERE length(given) = 1)
    WHERE list_contains(tokens, family) AND token != family AND token[1] = given AND length(token) > 2
  UNION ALL   -- "Anthony" at anthony.suarez@
    SELECT place, 0, value, given, token FROM (SELECT *, unnest(tokens) AS token
        FROM written WHERE family IS NULL AND length(given) > 1)
    WHERE list_contains(tokens, given) AND token != given AND length(token) > 2 AND len(tokens) = 2
  UNION ALL   -- "Anthony" at anthonysuarez@
    SELECT place, 1, value, given, letters[length(given) + 1:] FROM written
    WHERE family IS NULL AND length(given) > 2 AND len(tokens) = 1 AND starts_with(letters, given)
        AND length(letters) > length(given) + 2
  UNION ALL
    SELECT place, 1, value, given, family FROM nameless JOIN spelling ON letters = form WHERE len(tokens) = 1;
"""

_HINTS = """
CREATE OR REPLACE TEMP TABLE hint_features AS
    SELECT h.place, h.given, h.family, coalesce(g.roots, [h.given]) AS roots, coalesce(g.known,
        false) AS given_known
    FROM (SELECT place, unnest(min_by((given, family), (rank, value)), recursive := true)
        FROM hint GROUP BY place) h(place, given, family)
    LEFT JOIN hint_names g ON g.given = h.given
"""

_ALIASES = """
CREATE OR REPLACE TEMP TABLE alias_features AS
SELECT place, list_sort(list(DISTINCT value)) AS mailboxes, list_sort(coalesce(list(DISTINCT value) FILTER (
        length(value) >= 6 AND NOT (contains(value, coalesce(given, '?')) OR contains(value, coalesce(family, '?')))
    ), [])) AS aliases
FROM username LEFT JOIN (SELECT place, given, family
    FROM name_features WHERE given IS NOT NULL OR family IS NOT NULL
    UNION ALL SELECT place, given, family FROM hint_features) USING (place)
GROUP BY place
"""


def learn(con: duckdb.DuckDBPyConnection) -> None:
    """Make `real_given` and `spelling`: how the people of this base are called. Needs names."""
    con.execute(_LEARNED)


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `hint_features` and `alias_features`. Needs names, e-mails, handles and what was learned."""
    con.execute(_TOKENS)
    name.look_up(con, "hint", "hint_names")
    con.execute(_HINTS)
    con.execute(_ALIASES)
