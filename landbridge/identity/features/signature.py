"""Signatures: what a text's last lines tell about whoever wrote it.

    Best regards,
    Albert Lindau
    Lindau GmbH | +49 170 1234567
    albert@lindau.example

From `texts` (touchpoint_id, person, text) come rows (touchpoint_id, person, kind, value) of kind 'name', 'phone' or
'company', values as they were written; e-mail addresses are left, for a text can claim anybody's. A signature begins
after a closing ("Best regards") or a delimiter ("-- "), has up to six lines, and its first names a person; without a
name nothing is told. What a text quotes from another mail is not looked at. Beside a company, "Tel." is the company's
number and not the writer's: it would tie colleagues together; what is called mobile or direct, or by no word, is the
writer's own. A text is bounded before it is looked at, and RE2 takes linear time whatever it holds.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from landbridge.identity.features.closings import (
    CLOSING,
    DELIMITER,
    DEVICE,
    FAX,
    FROM_PLACE,
    NUMBERED,
    QUOTED,
    ROLES_AT_WORK,
)
from landbridge.identity.features.name import FIRM, PARTICLES, TITLES

LONGEST, TAIL, LINES = 20_000, 800, 6
"""Characters of a text that are looked at; of what is its own in them, the last that may be a signature; its lines."""

MOST = 4
"""Values of one kind that one signature may have."""

SIGNATURES = pa.schema([(name, pa.string()) for name in ("touchpoint_id", "person", "kind", "value")])

_INVISIBLE = r"[\x00-\x08\x0e-\x1f\x7f\x{ad}\x{61c}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{feff}]"
_WORD = r"(?:\p{Lu}[\p{L}\p{M}\x27’.-]*|\p{Lo}[\p{Lo}\p{M}]*)"
_PERSON = rf"(?:(?i:{TITLES})\.? )*{_WORD}(?: (?:{_WORD}|{PARTICLES}|y|e))*"
_LEGAL = (
    "gmbh|mbh|ltd|limited|inc|incorporated|llc|llp|plc|corp|corporation|co|company|ag|kg|ohg|ug|gbr|ek|bv|nv|vof|sarl|"
    "sas|sasu|sa|sl|slu|srl|spa|snc|lda|ltda|oy|ab|aps|pty|group|holding|university"
)
_PHONE = (
    r"(?i)(?:[\p{L}°º][\p{L}°º-]*[ .:/]{0,3})?(?:\+|00|\(\+?|0|[1-9])[0-9](?:[0-9 ()./–-]{4,22})[0-9]"
    r"(?: ?(?:x|ext\.?|dw|-) ?[0-9]{1,4}\b)?"
)
_DIAL = r"\(?(?:\+|0).*|\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}.*"
_MINE = (
    "m|mob|mobile|mobil|mobiltelefon|cell|handy|direct|durchwahl|portable|móvil|movil|cel|cellulare|gsm|mobiel|"
    "telemóvel|telemovel|tlm"
)
_FIRMS = "t|tel|telefon|telephone|téléphone|teléfono|telefono|telefoon|telefone|tél|phone|ph|p|tlf|office|büro|zentrale"
_DATE = r"[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})\b.*|(?:19|20)[0-9]{2}[./-][0-9]{1,2}[./-].*"

_MACROS = rf"""
CREATE MACRO seen(x) AS regexp_replace(left(x, {LONGEST}), '{_INVISIBLE}', '', 'g');
CREATE MACRO clean(x) AS regexp_replace(regexp_replace(
    seen(x), '\r\n?|[\x0b\x0c\x{{85}}\x{{2028}}\x{{2029}}]', chr(10), 'g'), '[^\S\n]+|\x{{a0}}', ' ', 'g');
CREATE MACRO own(x) AS regexp_replace(x, '(?im)^ ?(?:{QUOTED})(?s:.*)', '');
CREATE MACRO lines(x) AS list_filter(
    list_transform(string_split(x, chr(10)), lambda l: trim(l, ' *_')), lambda l: l != ''
        AND NOT regexp_full_match(l, '(?i){DEVICE}'));
CREATE MACRO is_delimiter(l) AS regexp_full_match(l, '{DELIMITER}');
CREATE MACRO is_person(x) AS length(x) BETWEEN 2 AND 60 AND regexp_full_match(x, '{_PERSON}')
    AND NOT regexp_matches(lower(x), '(?:^|[^\p{{L}}])(?:{FIRM}|{ROLES_AT_WORK})(?:$|[^\p{{L}}])')
    AND NOT regexp_full_match(x, '(?i){CLOSING}');
CREATE MACRO named_after(x) AS CASE WHEN is_person(x) THEN x ELSE '' END;
CREATE MACRO after_closing(l) AS  -- "Best, Albert"
    named_after(regexp_extract(l, '^(?i:{CLOSING}){FROM_PLACE}[ ,.!]+(.*)$', 1));
CREATE MACRO is_closing(l) AS length(l) <= 200 AND
    (after_closing(l) != '' OR regexp_full_match(l, '(?i)(?:{CLOSING}){FROM_PLACE} ?[,.!;:–-]*'));
CREATE MACRO pieces_of(l) AS list_transform(
    regexp_split_to_array(l, ' ?[|•·,;] ?| [–—-] | {{2,}}'), lambda p: trim(p));
CREATE MACRO word_before(x) AS
    lower(regexp_extract(x, '^([\p{{L}}°º][\p{{L}}°º-]*)', 1));
CREATE MACRO number_of(x) AS regexp_extract(x, '[(+]*[0-9].*$');
CREATE MACRO digits_of(x) AS regexp_replace(regexp_replace(x, '(?i)(x|ext).*', ''), '[^0-9]', '', 'g');
CREATE MACRO is_phone(x) AS length(digits_of(number_of(x))) BETWEEN 7 AND 15
    AND NOT regexp_full_match(word_before(x), '{FAX}|{NUMBERED}') AND NOT regexp_full_match(number_of(x), '{_DATE}')
    AND (regexp_full_match(number_of(x), '{_DIAL}') OR regexp_full_match(word_before(x), '{_MINE}|{_FIRMS}'));
CREATE MACRO is_firm(x) AS length(x) BETWEEN 4 AND 100 AND contains(x, ' ')
    AND NOT regexp_matches(x, '[@:]|www\.')
    AND regexp_full_match(replace(lower(x), '.', ''), '.*[^\p{{L}}](?:{_LEGAL})');
"""

_OPENED = """
CREATE OR REPLACE TEMP TABLE opened AS
SELECT touchpoint_id, person, lines, list_transform(lines, lambda l: is_closing(l)) AS closings,
    list_transform(lines, lambda l: is_delimiter(l)) AS delimiters
FROM (SELECT touchpoint_id, person, lines(right(own(clean(text)), {tail})) AS lines
    FROM texts WHERE person IS NOT NULL AND text IS NOT NULL) WHERE len(lines) > 0;
CREATE OR REPLACE TEMP TABLE block AS   -- the last closing opens a signature, or a delimiter well after it
SELECT touchpoint_id, person, list_filter(list_prepend(after_closing(lines[opener]), lines[opener + 1:]),
    lambda l: l != '' AND NOT is_delimiter(l))[:{lines}] AS lines
FROM (SELECT *, CASE WHEN closing = 0 OR delimiter > closing + 3 THEN delimiter ELSE closing END AS opener
    FROM (SELECT *, coalesce(len(closings) + 1 - list_position(list_reverse(closings), true), 0) AS closing,
        coalesce(len(delimiters) + 1 - list_position(list_reverse(delimiters), true), 0) AS delimiter FROM opened))
WHERE opener > 0;
"""

_NAMED = """
CREATE OR REPLACE TEMP TABLE signed AS   -- "Al" above "Al Lindau": the fuller one
SELECT touchpoint_id, person, CASE WHEN starts_with(second, first || ' ') AND is_person(second)
    THEN second ELSE first END AS name, lines, flatten(list_transform(lines, lambda l: pieces_of(l))) AS pieces
FROM (SELECT *, pieces_of(lines[1])[1] AS first, coalesce(pieces_of(lines[2])[1], '') AS second FROM block)
WHERE is_person(first);
"""

_TOLD = r"""
SELECT touchpoint_id, person, kind, value
FROM (SELECT touchpoint_id, person, kind, value, min(place) AS place FROM (
    SELECT touchpoint_id, person, 'name' AS kind, name AS value, 1 AS place FROM signed
    UNION ALL SELECT touchpoint_id, person, 'phone', replace(number_of(value), '(0)', ''), place FROM (
        SELECT touchpoint_id, person, at_work, unnest(values) AS value, generate_subscripts(values, 1) AS place
        FROM (SELECT *, len(list_filter(pieces, lambda p: is_firm(p))) > 0 AS at_work,
            flatten(list_transform(lines, lambda l: regexp_extract_all(l, '{phone}'))) AS values FROM signed))
        WHERE is_phone(value) AND NOT (at_work AND regexp_full_match(word_before(value), '{firms}'))
    UNION ALL SELECT touchpoint_id, person, 'company', value, place FROM (
        SELECT touchpoint_id, person, unnest(pieces) AS value, generate_subscripts(pieces, 1) AS place FROM signed)
        WHERE is_firm(value)) GROUP BY ALL)
QUALIFY row_number() OVER (PARTITION BY touchpoint_id, kind ORDER BY place, value) <= {most}
ORDER BY touchpoint_id, kind, value
"""


def read(texts: pa.Table) -> pa.Table:
    """The signatures in `texts` (touchpoint_id, person, text), as SIGNATURES; each value once a text."""
    with duckdb.connect() as con:
        con.register("texts", texts)
        con.execute(_MACROS)
        con.execute(_OPENED.format(tail=TAIL, lines=LINES))
        con.execute(_NAMED)
        return con.sql(_TOLD.format(phone=_PHONE, firms=_FIRMS, most=MOST)).to_arrow_table().cast(SIGNATURES)
