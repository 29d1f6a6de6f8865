"""Names: who a person is called, whatever the order, case, script, title or nickname.

From `full_name`, `given_name`, `middle_name`, `family_name` come
  given         first given name, folded ("jean-luc" is "jean"), or an initial ("j")
  family        family name without spaces, hyphens, particles' case: "vanderberg"
  parts         the pieces of the family name that stand alone as names ("smith", "jones" of Smith-Jones)
  middle        further given names, as one text
  generation    "jr", "sr", "iii": what tells a father from his son
  roots         the formal names that the given name may be short for, with the name itself: Bob -> {bob, robert}
  given_known   the given name is one that people are given (so "mario" is no typo of "maria")
  is_company    the name field held a firm, not a person
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from landbridge.identity.features.nicknames import nickname_table

TITLES = (
    "mr|mrs|ms|miss|mx|dr|prof|professor|herr|frau|dipl|ing|mag|mme|mlle|monsieur|madame|sr|sra|srta|don|dona|"
    "dott|sig|signora|sir|lady|rev"
)
SUFFIXES = "jr|junior|senior|ii|iii|iv|phd|md|mba|esq|msc|bsc"
PARTICLES = "van|von|de|der|den|del|della|di|da|dos|du|la|le|el|al|bin|ibn|ter|ten|zu|zum|zur|st|mac|mc|o"
FIRM = (
    "gmbh|ltd|limited|inc|llc|llp|plc|corp|corporation|company|group|ag|kg|bv|nv|sarl|sas|srl|spa|oy|ab|pty|"
    "holding|verein|university|department|team"
)
KIN = (
    "son|daughter|child|children|baby|infant|boy|girl|kid|wife|husband|spouse|mother|father|mom|mum|dad|brother|sister|"
    "nephew|niece|cousin|grandson|granddaughter|grandchild|grandmother|grandfather|uncle|aunt|friend|roommate|lodger|"
    "boarder|inmate|resident|occupant|householder|household|head|owner|tenant|person|adult|minor|male|female|man|woman|"
    "lady|gentleman|gentlemen|gent|youngest|oldest|eldest|twin|hijo|hija|sohn|tochter|fils|fille|refused|declined"
)
"""What forms say of somebody instead of a name: "Daughter of", "Lady of the house", "Baby girl"."""
NOBODY = "n[/ ]?a|none|null|nil|unknown|test|tester|anonymous|anonym|guest|no ?name|not provided|xxx|user|customer"

MADE_UP = (
    "(permanently )?deleted user|unknown caller|web ?lead|new (contact|lead|customer|user)|(your|full) ?name|"
    "first ?name( last ?name)?|vorname nachname|prenom nom|nombre apellido|(max|erika) mustermann|"
    "(john|jane) (q )?(doe|public)|foo ?bar|walk[ -]?in( (customer|client|guest))?"
)
"""Whole names that stand for nobody, though each word may be somebody's: systems and their users write them."""

_MACROS = f"""
CREATE OR REPLACE MACRO told(name, whole) AS CASE WHEN NOT regexp_full_match(whole, '{MADE_UP}') THEN name END;
CREATE OR REPLACE MACRO generation(name) AS nullif(replace(replace(
    regexp_extract(name, '[ ,](jr|junior|sr|senior|ii|iii|iv)\\.?$', 1), 'junior', 'jr'), 'senior', 'sr'), '');
CREATE OR REPLACE MACRO nobody(name) AS regexp_full_match(name, '(\\W|{NOBODY}|unbekannt|inconnu)*');
CREATE OR REPLACE MACRO kin(name) AS regexp_full_match(name, '({KIN})( ({KIN}|of|in|the|house|home|f|m))*');
CREATE OR REPLACE MACRO unranked(name) AS     -- "Thomas Clifford, 1st Baron Clifford": a name and a rank
    regexp_replace(name, ',? (the )?[0-9]+(st|nd|rd|th) .*$', '');
CREATE OR REPLACE MACRO username(name) AS  -- "jerry_perrez", "begona69": an account's name
    regexp_full_match(name, '[^ ]*[0-9_@][^ ]*');
CREATE OR REPLACE MACRO plain(name) AS
    trim(regexp_replace(regexp_replace(regexp_replace(name, '\\(.*?\\)|".*?"', ' ', 'g'), '[^a-z, -]', '', 'g'),
        ' +', ' ', 'g'));
CREATE OR REPLACE MACRO words(name) AS list_filter(
    string_split(replace(name, ',', ' '), ' '), lambda w: w != ''
        AND NOT regexp_full_match(w, '-*|{TITLES}|{SUFFIXES}'));
CREATE OR REPLACE MACRO turned(name) AS       -- "Lindau, Albert" -> "Albert Lindau"
    CASE WHEN regexp_matches(name, '^[^,]+, *[^, ]') AND NOT regexp_matches(name, ', *({SUFFIXES}|{TITLES})$')
         THEN regexp_replace(name, '^([^,]+), *([^,]+).*$', '\\2 \\1') ELSE name END;
CREATE OR REPLACE MACRO family_from(words) AS -- where the family name begins: at a particle, else the last word
    coalesce(list_position(list_transform(words[2:], lambda w: regexp_full_match(w, '{PARTICLES}')), true) + 1,
        greatest(len(words), 2));
CREATE OR REPLACE MACRO joined(words) AS      -- "Jacqueline B." tells no family name
    nullif(regexp_replace(replace(array_to_string(words, ''), '-', ''), '^.$', ''), '');
CREATE OR REPLACE MACRO pieces(words) AS list_distinct(list_filter(
    string_split(replace(array_to_string(words, ' '), '-', ' '), ' '),
    lambda w: length(w) > 2 AND NOT regexp_full_match(w, '{PARTICLES}')));
"""

_SPLIT = f"""
CREATE OR REPLACE TEMP TABLE name_words AS
SELECT place,
    regexp_matches(coalesce(full_name, family_name, ''), '\\b({FIRM})\\b\\.?') AS is_company,
    CASE WHEN nobody(given_name) OR kin(given_name) OR given_name LIKE '%@%'
        THEN NULL ELSE words(plain(given_name)) END AS given_words,
    CASE WHEN nobody(family_name) OR family_name LIKE '%@%'
        THEN NULL ELSE words(plain(family_name)) END AS family_words,
    CASE WHEN nobody(full_name) OR username(full_name) OR list_contains(handle_names, full_name)
        THEN NULL ELSE words(turned(plain(unranked(full_name)))) END AS full_words,
    plain(middle_name) AS middle_name,
    coalesce(generation(full_name), generation(family_name), generation(given_name)) AS generation
FROM (SELECT * REPLACE (told(given_name, whole) AS given_name, told(family_name, whole) AS family_name,
        told(full_name, whole) AS full_name)
    FROM (SELECT *, list_transform(handle, lambda h: split_part(lower(h), ':', -1)) AS handle_names,
        trim(coalesce(nullif(concat_ws(' ', given_name, family_name), ''), full_name, '')) AS whole FROM base));
CREATE OR REPLACE TEMP TABLE name_fields AS    -- what the split fields leave open, the full name may tell
SELECT place, is_company, generation,
    CASE WHEN NOT split THEN full_words[:family_from(full_words) - 1]
        WHEN len(given_words) > 0 THEN given_words ELSE rest[:1] END AS given_words,
    CASE WHEN NOT split THEN full_words[family_from(full_words):]
        WHEN len(family_words) > 0 THEN family_words ELSE rest[-1:] END AS family_words,
    coalesce(nullif(middle_name, ''), CASE WHEN len(given_words) > 0 AND len(family_words) > 0
        THEN rest[1] END) AS middle_name
FROM (SELECT *, CASE WHEN split AND len(full_words) > 1 THEN list_filter(full_words, lambda w:
        NOT coalesce(list_contains(given_words, w), false) AND NOT coalesce(list_contains(family_words, w), false)
        AND NOT regexp_full_match(w, '{PARTICLES}')) ELSE [] END AS rest
      FROM (SELECT *, coalesce(len(given_words), 0) + coalesce(len(family_words), 0) > 0 AS split FROM name_words));
"""

_PARTS = """
CREATE OR REPLACE TEMP TABLE name_parts AS
SELECT place, is_company, generation,
    CASE WHEN NOT is_company THEN nullif(split_part(given_words[1], '-', 1), '') END AS given,
    CASE WHEN NOT is_company THEN joined(family_words) END AS family,
    CASE WHEN NOT is_company THEN pieces(family_words) END AS parts,
    nullif(trim(concat_ws(' ', replace(array_to_string(given_words[2:], ' '), '-', ' '), middle_name)), '') AS middle
FROM name_fields;
"""

_GIVEN = """
CREATE OR REPLACE TEMP TABLE {names} AS
SELECT given, list_sort(list_distinct(list_append(coalesce(list(root) FILTER (root IS NOT NULL), []), given))) AS roots,
    length(given) > 1 AND (bool_or(root IS NOT NULL) OR any_value(given IN (SELECT root
        FROM nickname) OR given IN (SELECT given FROM known_given))) AS known
FROM (SELECT DISTINCT given FROM {told} WHERE given IS NOT NULL) LEFT JOIN nickname ON nick = given
GROUP BY given
"""

_NAMES = """
CREATE OR REPLACE TEMP TABLE name_features AS
SELECT n.place, n.given, n.family, n.parts, n.middle, n.generation, g.roots, n.is_company,
    coalesce(g.known, false) AS given_known
FROM name_parts n LEFT JOIN given_names g ON g.given = n.given;
"""


def add(con: duckdb.DuckDBPyConnection, known_given: pa.Table) -> None:
    """Make `name_features`. `known_given` (given) lists names that people are given, beside those of the nickname
    table."""
    con.register("nickname", nickname_table())
    con.register("known_given", known_given)
    con.execute(_MACROS)
    con.execute(_SPLIT)
    con.execute(_PARTS)
    look_up(con, "name_parts", "given_names")
    con.execute(_NAMES)


def look_up(con: duckdb.DuckDBPyConnection, told: str, names: str) -> None:
    """Make the table `names` (given, roots, known) of the given names in the table `told`."""
    con.execute(_GIVEN.format(told=told, names=names))
