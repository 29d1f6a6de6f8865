"""The three-way merge of one field: what we want, what the CRM has, what we last wrote there.

Where the CRM has something else than we last wrote, somebody edited it (or had it there before we came): that is a
conflict, and the field's rule settles it. A conflict is never settled unseen: both verdicts are kept with the plan.
"""

from __future__ import annotations

WRITES = ("write", "override")
"""The verdicts that change the CRM; 'override' replaces somebody's edit because the rules say so."""

TOLD = ("override", "conflict", "unfit", "held")
"""The verdicts that a plan tells beside what it writes: where somebody edited the field ('conflict' leaves the edit as
it is), where our value cannot stand there, and what somebody holds (landbridge.push.holding)."""

KEY = r"""CASE type
    WHEN 'number' THEN CAST(TRY_CAST({0} AS DOUBLE) AS VARCHAR)
    WHEN 'flag' THEN CASE WHEN lower({0}) IN ('true', '1') THEN 'true' END
    WHEN 'time' THEN CAST(epoch(TRY_CAST(regexp_replace({0}, '([+-]\d\d)(\d\d)$', '\1:\2') AS TIMESTAMPTZ)) AS VARCHAR)
    WHEN 'email' THEN nullif(lower(trim({0})), '')
    ELSE nullif(trim(replace({0}, chr(13) || chr(10), chr(10)), ' ' || chr(9) || chr(10) || chr(13)), '') END"""

# An accent is a matter of spelling in Latin script; elsewhere a mark makes another letter.
_LATIN = "regexp_full_match(strip_accents({0}), '[ -~\\s]*')"
_BARE = f"trim(regexp_replace(lower(CASE WHEN {_LATIN} THEN strip_accents({{0}}) ELSE {{0}} END), '\\s+', ' ', 'g'))"
_DIGITS = "ltrim(regexp_replace(replace({0}, '(0)', ''), '\\D', '', 'g'), '0')"
_ABROAD = "(starts_with({0}, '+') OR starts_with({0}, '00'))"


def _at_home(whole: str, short: str) -> str:
    """SQL: `short` is `whole` without its country, whose code has up to three digits."""
    long, part = _DIGITS.format(whole), _DIGITS.format(short)
    country = f"length({long}) - length({part}) BETWEEN 1 AND 3"
    return f"({_ABROAD.format(whole)} AND NOT {_ABROAD.format(short)} AND suffix({long}, {part}) AND {country})"


_ALIKE = f"""(CASE type
    WHEN 'text' THEN {_BARE.format("want_key")} = {_BARE.format("have_key")}
    WHEN 'phone' THEN least(length({_DIGITS.format("want_key")}), length({_DIGITS.format("have_key")})) >= 7
        AND ({_DIGITS.format("want_key")} = {_DIGITS.format("have_key")}
             OR {_at_home("want_key", "have_key")} OR {_at_home("have_key", "want_key")}) END)"""
"""Spelled in two ways: capitals, accents and blanks of a text, a number with and without its country. Theirs stays, as
an edit does, but nobody needs to be told."""

MERGE = f"""
SELECT * EXCLUDE (want_key, have_key, last_key, meant_key), CASE
    WHEN unfit IS NOT NULL AND want_key IS NULL THEN if(meant_key = have_key, 'same', 'unfit')
    WHEN want_key IS NULL AND (when_empty <> 'clear' OR creating OR last_key IS NULL OR have_key IS NULL) THEN 'nothing'
    WHEN want_key IS NULL AND have_key IS DISTINCT FROM last_key THEN 'conflict'
    WHEN creating THEN 'write'
    WHEN NOT seen AND last_key IS NULL AND conflict <> 'hub' THEN 'unseen'
    WHEN want_key = have_key THEN 'same'
    WHEN owner = 'crm' THEN 'theirs'
    WHEN owner = 'append' THEN 'write'
    WHEN have_key IS NULL AND last_key IS NULL THEN 'write'
    WHEN owner = 'set_if_empty' AND have_key IS NOT NULL THEN 'theirs'
    WHEN have_key IS NOT DISTINCT FROM last_key THEN 'write'
    WHEN conflict = 'hub' THEN 'override'
    WHEN {_ALIKE} THEN 'theirs'
    ELSE 'conflict' END AS verdict
FROM (SELECT *, {KEY.format("want")} AS want_key, {KEY.format("last")} AS last_key,
             CASE WHEN unfit IS NOT NULL THEN {KEY.format("meant")} END AS meant_key,
             CASE WHEN NOT seen THEN {KEY.format("last")}
                  WHEN last IS NOT NULL OR lower({KEY.format("have")}) IS DISTINCT FROM lower(stopgap)
                  THEN {KEY.format("have")} END AS have_key
      FROM {{offered}})
"""
"""DuckDB: adds `verdict` to rows of (creating, type, owner, conflict, when_empty, stopgap, unfit, meant, seen, want,
have, last), all values as text. `unfit`: why our value, `meant`, cannot stand there; `want` is null then, or a default.
`stopgap`: a default that stands for nothing known: what the CRM had so before we came is no edit.

`seen`: the CRM shows us this field at all; what it does not show is taken to be as we left it. Two values are the
same when the CRM would show them alike: numbers by value, e-mails in any case, times by the second, a false flag as
an empty field. Where we know nothing ('nothing'), whatever is there stays; only `when_empty: clear` takes back what we
wrote ourselves and nobody edited: not even `conflict: hub` empties somebody's edit.
"""
