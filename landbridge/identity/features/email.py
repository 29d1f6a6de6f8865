"""E-mail addresses as one mailbox is one value: case, tags, dots, mistyped providers; role and placeholder addresses
told apart.

From `email` come rows (place, value, mailbox, domain, free, role) in `email_values`; `role` marks an address
that belongs to a function or a household (info@, family.jones@), which is evidence about a place and not about a
person.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

ROLES = (
    "info|sales|office|contact|hello|kontakt|billing|admin|administrator|support|help|helpdesk|team|mail|post|service|services|"
    "webmaster|postmaster|hr|jobs|careers|press|presse|media|marketing|accounts|accounting|accountspayable|buchhaltung|rechnung|"
    "invoice|invoices|enquiries|inquiries|reception|shop|store|orders|order|bestellung|booking|bookings|reservations|feedback|"
    "newsletter|news|legal|privacy|security|abuse|all|everyone|staff|praxis|kanzlei|buero|empfang|verwaltung|vertrieb|einkauf|"
    "contacto|ventas|contatti|commerciale|secretariat|accueil|customerservice|kundenservice|noreply|donotreply|notifications"
)
HOUSEHOLD = "family|familie|famille|familia|famiglia|household|haushalt"
PLACEHOLDERS = (
    "noemail|nomail|none|test|testing|na|n/a|unknown|noreply|donotreply|null|nil|anonymous|anonym|xxx|asdf|fake|"
    "notprovided|noaddress|keine|nobody|a|x"
)
DOTLESS = ("gmail.com",)
"""Providers that ignore dots in the local part (https://support.google.com/mail/answer/7436150)."""
TAGGED = tuple(
    """
    gmail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr hotmail.es hotmail.it hotmail.nl outlook.de
    outlook.es outlook.fr live.com msn.com icloud.com me.com mac.com fastmail.com protonmail.com proton.me
    """.split()  # noqa: SIM905
)
"""Providers that deliver name+tag@ to name@."""
FREE = (
    *TAGGED,
    *"""
    yahoo.com yahoo.co.uk yahoo.fr yahoo.es yahoo.it yahoo.de ymail.com mail.com email.com aol.com
    btinternet.com sky.com virginmedia.com web.de gmx.de gmx.net gmx.com gmx.at gmx.ch t-online.de freenet.de
    orange.fr free.fr laposte.net wanadoo.fr sfr.fr libero.it virgilio.it tiscali.it alice.it ziggo.nl
    kpnmail.nl planet.nl xs4all.nl comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net qq.com
    163.com 126.com mail.ru yandex.ru yandex.com bk.ru inbox.ru seznam.cz wp.pl o2.pl onet.pl bluewin.ch
    telenet.be skynet.be rediffmail.com uol.com.br bol.com.br terra.com.br zoho.com tutanota.com live.nl
    live.co.uk live.fr live.it hotmail.de hotmail.be yahoo.ca yahoo.com.br yahoo.co.in googlemail.com
    rocketmail.com yahoo.co.jp docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp naver.com hanmail.net daum.net
    yahoo.com.ar yahoo.com.mx yahoo.com.au yahoo.co.id yahoo.co.nz yahoo.co.kr yahoo.com.tw yahoo.com.hk yahoo.in
    outlook.dk outlook.be outlook.ie outlook.at outlook.pt hotmail.se hotmail.no hotmail.ch hotmail.com.br
    """.split(),  # noqa: SIM905
)

_VALUES = f"""
CREATE OR REPLACE TEMP TABLE email_raw AS
SELECT place, split_part(address, '@', 1) AS local, split_part(address, '@', 2) AS domain
FROM (SELECT place, regexp_replace(lower(trim(regexp_extract(left(value, 320), '[^\\s<>:;,"]+@[^\\s<>;,"]+'))),
    '\\.+$', '') AS address
      FROM (SELECT place, unnest(email) AS value FROM base))
WHERE regexp_full_match(address, '[^@\\s]+@[^@\\s.][^@\\s]*\\.[^@\\s.]+');
CREATE OR REPLACE TEMP TABLE domain_meant AS   -- a domain one slip away from a large provider, itself none, is a slip
SELECT domain, min(free) AS meant FROM (SELECT DISTINCT domain FROM email_raw) d
JOIN free_provider f ON d.domain = f.free OR (length(f.free) >= 9 AND abs(length(d.domain) - length(f.free)) <= 1
    AND d.domain NOT IN (SELECT free FROM free_provider) AND damerau_levenshtein(d.domain, f.free) = 1)
GROUP BY domain;
CREATE OR REPLACE TEMP TABLE email_parts AS
SELECT place, domain, domain IN (SELECT free FROM free_provider) AS free,
    CASE WHEN domain IN {(*DOTLESS, "")} THEN replace(local, '.', '') ELSE local END AS local, local AS spelt
FROM (SELECT place, domain, CASE WHEN domain IN {TAGGED}
    THEN regexp_replace(local, '\\+.*', '') ELSE local END AS local
      FROM (SELECT place, local, replace(coalesce(meant, domain), 'googlemail.', 'gmail.') AS domain
            FROM email_raw LEFT JOIN domain_meant USING (domain)));
CREATE OR REPLACE TEMP TABLE email_values AS
SELECT place, local || '@' || domain AS value, min(spelt) AS mailbox, any_value(domain) AS domain,
    any_value(free) AS free,
    bool_or(regexp_full_match(replace(replace(local, '-', ''), '_', ''), '({ROLES})[0-9]*')
        OR regexp_matches(spelt, '(^|[._-])({HOUSEHOLD})($|[._-])')) AS role
FROM email_parts
WHERE local != '' AND NOT regexp_full_match(regexp_replace(local, '[-_.]', '', 'g'), '({PLACEHOLDERS})[0-9]*')
GROUP BY place, value;
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Make `email_values`: one row a profile and mailbox."""
    con.register("free_provider", pa.table({"free": sorted(set(FREE))}))
    con.execute(_VALUES)
