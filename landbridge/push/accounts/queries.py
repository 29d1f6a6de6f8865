"""The queries of landbridge.push.accounts."""

from __future__ import annotations

from landbridge.identity.features.company import LEGAL

# Our own writes to a Contact are no evidence of its company (docs/decisions/0005): they would move leads run by run.
_HEADS = """
SELECT h.stream, h.key, CASE WHEN w.fields IS NULL THEN r.payload::jsonb
                             ELSE crm_own(r.payload, w.fields, w.base) END AS p
FROM record_head h JOIN record r USING (record_id)
LEFT JOIN pushed w ON w.account = h.account AND w.object = h.stream AND w.crm_id = h.key
WHERE h.account = $1 AND h.stream IN ('Account', 'Contact', 'Opportunity') AND r.payload IS NOT NULL
  AND (strpos(r.payload, '\\u0000') = 0 OR pg_input_is_valid(r.payload, 'jsonb'))
"""

COMPANIES = f"""
WITH head AS MATERIALIZED (SELECT * FROM ({_HEADS}) h WHERE NOT coalesce((p->>'IsDeleted')::boolean, false)),
staff AS (SELECT p->>'AccountId' AS id, count(*) AS contacts,
                 array_agg(DISTINCT lower(split_part(p->>'Email', '@', 2)))
                     FILTER (WHERE p->>'Email' LIKE '%@%.%') AS mail
          FROM head WHERE stream = 'Contact' GROUP BY 1),
deals AS (SELECT p->>'AccountId' AS id, count(*) AS open FROM head
          WHERE stream = 'Opportunity' AND NOT coalesce((p->>'IsClosed')::boolean, false) GROUP BY 1)
SELECT key AS id, p->>'Name' AS name, p->>'Website' AS website, p->>'BillingCity' AS city,
       p->>'BillingPostalCode' AS postcode, p->>'CreatedDate' AS made, coalesce(contacts, 0) AS contacts,
       coalesce(open, 0) AS deals, coalesce(mail, '{{}}') AS mail
FROM head LEFT JOIN staff ON staff.id = key LEFT JOIN deals ON deals.id = key WHERE stream = 'Account'
"""

MEANT = {"open_opportunity": "least(deals, 1) DESC", "most_contacts": "contacts DESC", "oldest": "made"}
"""The tie-breakers, as an order of candidates."""

TOLD = {"open_opportunity": "an open deal", "most_contacts": "most contacts", "oldest": "the oldest"}

_KEYS = {"open_opportunity": "least(deals, 1)", "most_contacts": "contacts", "oldest": "made"}

# What people type where they have no company, in the squashed form of _named.
_TYPED = """
    none null nil na notapplicable unknown unbekannt notprovided notgiven nocompany noone tbd tba tbc test testing demo
    example sample xxx asdf qwerty self selfemployed private privat privado prive personal individual individually
    freelance freelancer student estudiante etudiant retired rentner pensioner retraite home athome homemaker housewife
    unemployed jobless company mycompany mine me other various misc keine kein ninguno ninguna aucun nessuno
"""
_NOBODY = "|".join(_TYPED.split())

_PAGES = """
    facebook.com fb.com fb.me instagram.com linkedin.com lnkd.in twitter.com x.com t.co youtube.com youtu.be tiktok.com
    xing.com pinterest.com snapchat.com threads.net vk.com t.me wa.me linktr.ee about.me bit.ly medium.com github.com
    gitlab.com behance.net etsy.com ebay.com ebay.de ebay.co.uk amazon.com amazon.de amazon.co.uk yelp.com
    tripadvisor.com wikipedia.org google.com g.page goo.gl business.site wordpress.com wixsite.com blogspot.com
    weebly.com squarespace.com jimdo.com webnode.com carrd.co notion.site notion.so
"""
SHARED = tuple(_PAGES.split())
"""Hosts, with www or any short prefix, where very many companies have a page each: the address tells none of them."""


def _named(text: str) -> str:
    """SQL for a company's name without accents, case, signs and legal forms; null where that leaves nothing."""
    words = f"string_split(regexp_replace(replace(strip_accents(lower({text})), '.', ''), '[^a-z0-9]+', ' ', 'g'), ' ')"
    kept = f"array_to_string(list_filter({words}, lambda w: NOT regexp_full_match(w, '{LEGAL}')), '')"
    return f"CASE WHEN length({kept}) > 1 AND NOT regexp_full_match({kept}, '{_NOBODY}') THEN {kept} END"


# facebook.com has its pages under de-de. and m. as well; a company at wixsite.com has a name of its own there.
_PREFIX = "(?:[a-z][a-z]?(?:-[a-z][a-z])?|web|mobile|business|sites|maps|pages|my)[.]"


def _host(text: str) -> str:
    host = f"regexp_extract(lower({text}), '^(?:https?://)?(?:www[.])?([^/:?#@ ]+[.][a-z]+)', 1)"
    shared = "|".join(name.replace(".", "[.]") for name in SHARED)
    return f"CASE WHEN NOT regexp_full_match({host}, '({_PREFIX})?({shared})') THEN {host} END"


_SAID = """json_extract_string(fields, '$.{0}')"""

# A domain that very many companies share, such as a trade fair's, tells none of them.
_MATCHED = f"""
WITH lead AS (
    SELECT identity_id, nullif(split_part(lower({_SAID.format("email")}), '@', 2), '') AS mail,
           nullif({_host(_SAID.format("website"))}, '') AS host, {_named(_SAID.format("company"))} AS named,
           lower({_SAID.format("city")}) AS city, lower({_SAID.format("postcode")}) AS postcode
    FROM known WHERE object IS NULL OR object = 'Lead'),
firm AS (SELECT *, {_named("name")} AS named FROM company),
owned AS (
    SELECT DISTINCT id, domain FROM (SELECT id, unnest(mail) AS domain FROM company
                                     UNION ALL SELECT id, {_host("website")} FROM company)
    WHERE domain <> '' AND domain NOT IN (SELECT unnest($free))
    QUALIFY count(*) OVER (PARTITION BY domain) <= 20),
pair AS (
    SELECT identity_id, id, bool_or(by_domain) AS by_domain, bool_or(NOT by_domain) AS by_name, max(domain) AS domain
    FROM (SELECT identity_id, id, true AS by_domain, domain FROM lead JOIN owned ON domain IN (mail, host)
          UNION ALL
          SELECT identity_id, id, false, NULL FROM lead JOIN firm ON firm.named = lead.named)
    GROUP BY ALL HAVING true),
scored AS (
    SELECT p.identity_id, f.*, p.domain, by_domain, by_name,
           coalesce(lower(f.postcode) = l.postcode OR lower(f.city) = l.city, false) AS by_place,
           if(by_domain, $domain, 0) + if(by_name, $name, 0) + if(by_place, $address, 0) AS points
    FROM pair p JOIN lead l USING (identity_id) JOIN firm f USING (id)),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY identity_id ORDER BY points DESC, {{order}}, id) AS place,
           count(*) OVER (PARTITION BY identity_id, points) AS alike,
           count(*) OVER (PARTITION BY identity_id, points, {{keys}}) AS same
    FROM scored WHERE points >= $least),
chosen AS (
    SELECT identity_id, if(same = 1, id, NULL) AS account_id,
        left(if(same > 1, 'none: ' || same || ' companies fit alike, such as ' || name, concat_ws(' and ',
            if(by_domain, 'the domain ' || domain, NULL), if(by_name, 'the name ' || name, NULL),
            if(by_place, 'the place', NULL)) ||
            if(alike > 1, '; of ' || alike || ' alike by ' || $told, '')), 255) AS reason
    FROM ranked WHERE place = 1)
SELECT identity_id, account_id, reason AS account_reason FROM chosen
"""


def matched(tie_breakers: tuple[str, ...]) -> str:
    """The query, with these tie-breakers in their order."""
    order = ", ".join(MEANT[each] for each in tie_breakers) or "id"
    keys = ", ".join(_KEYS[each] for each in tie_breakers) or "true"
    return _MATCHED.format(order=order, keys=keys)


def told(tie_breakers: tuple[str, ...]) -> str:
    """The tie-breakers in words."""
    return ", then ".join(TOLD[each] for each in tie_breakers) or "nothing"
