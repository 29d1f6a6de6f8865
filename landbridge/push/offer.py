"""Who wins where somebody edited the field, and what the whole of a text is that we add to: said before the merge.

`hub` and `crm` say it themselves. `newest` compares the day of our value's record with the CRM record's last change:
our own writes change that day too, so a doubt falls to the CRM. `most_trusted` asks the golden rules' order of trust.
Computed values, such as a score, come from no record and win neither way.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from duckdb import DuckDBPyConnection

from landbridge.push.policy import Policy

_BY_TIME, _BY_TRUST = "newest", "most_trusted"


def give_back(connection: DuckDBPyConnection, policy: Policy, strayed: pa.Table) -> None:
    """Want in `valued` what stood there before us, where what we wrote is somebody else's since an identity fell apart.

    A value of the person's own comes first; an edit in the CRM stays. A refusal that stands there stays as well, and is
    told: whose it is only the person can say. `strayed`: see known.strayed.
    """
    if strayed.num_rows:
        refusals = sorted({field for rule in policy.objects.values() for field in rule.refusals()})
        connection.register("strayed", strayed)
        connection.execute(f"CREATE OR REPLACE TABLE valued AS {_GIVEN_BACK}", {"refusals": refusals})


_SAYS = "coalesce(lower({0}), '') IN ('true', '1')"
_STANDS = f"refusal AND {_SAYS.format('if(seen, have, last)')}"

_GIVEN_BACK = f"""
SELECT * EXCLUDE (strayed, value, refusal, given)
    REPLACE (CASE WHEN given THEN value WHEN NOT refusal THEN want END AS want,
             if(strayed AND NOT refusal, 'clear', when_empty) AS when_empty,
             if(given, 'crm', settles) AS settles,
             if(given AND owner IN ('{_BY_TIME}', '{_BY_TRUST}'), 'hub', owner) AS owner,
             if({_STANDS}, 'refusal', unfit) AS unfit, if({_STANDS}, 'false', meant) AS meant)
FROM (SELECT *, strayed AND want IS NULL AND NOT refusal AS given
      FROM (SELECT v.*, s.value, s.field IS NOT NULL AS strayed,
                   s.field IS NOT NULL AND field IN (SELECT unnest($refusals)) AND NOT {_SAYS.format("v.want")}
                       AS refusal
            FROM valued v LEFT JOIN strayed s USING (identity_id, field)))
"""


def offer(connection: DuckDBPyConnection, policy: Policy, account: str, trust: Sequence[str], times: pa.Table) -> None:
    """Make `offered`, as landbridge.push.merge asks for it, from the table `valued` (see wanted.query).

    `times`: when each profile was last changed (profile_id, at in seconds); needed where `wants_times` says so.
    """
    owners = {each.owner for rule in policy.objects.values() for each in rule.fields.values()}
    connection.register("profile_time", times)
    if owners & {_BY_TIME, _BY_TRUST}:
        connection.execute(f"CREATE TABLE settled AS {_SETTLED}", _asked(account, trust))
    else:
        connection.execute("CREATE VIEW settled AS SELECT *, settles AS conflict FROM valued")
    connection.execute(f"CREATE VIEW offered AS {_APPENDED if 'append' in owners else 'FROM settled'}")


def wants_times(policy: Policy) -> bool:
    """Whether any field of the policy goes by time."""
    return any(each.owner == _BY_TIME for rule in policy.objects.values() for each in rule.fields.values())


def _asked(account: str, trust: Sequence[str]) -> dict[str, object]:
    return {"trust": list(trust), "account": account}


_SETTLED = r"""
SELECT r.*, CASE owner
    WHEN 'newest' THEN if(t.at > epoch(TRY_CAST(regexp_replace(crm_at, '([+-]\d\d)(\d\d)$', '\1:\2') AS TIMESTAMPTZ)),
                          'hub', 'crm')
    WHEN 'most_trusted' THEN if(list_position($trust, split_part(profile_id, '/', 1))
                                < coalesce(list_position($trust, $account), 1000), 'hub', 'crm')
    ELSE settles END AS conflict
FROM (SELECT *, CASE WHEN owner IN ('newest', 'most_trusted') THEN json_extract_string(origin, '$.profile') END
             AS profile_id FROM valued) r
LEFT JOIN profile_time t USING (profile_id)
"""

# What people wrote stands above our separator; what we added stands below it, once, and is kept current there. Where
# somebody took our part away, or wrote into it, it stays as they left it.
_APPENDED = r"""
SELECT * EXCLUDE (here, ours, part, whole)
    REPLACE (CASE WHEN owner <> 'append' THEN want
                  WHEN longest IS NULL OR length(whole) <= longest OR whole = here THEN whole END AS want,
             if(owner <> 'append', meant, want) AS meant,
             CASE WHEN owner <> 'append' OR want IS NULL THEN unfit WHEN whole IS NULL THEN 'edited'
                  WHEN length(whole) > longest AND whole <> here THEN 'too_long' END AS unfit)
FROM (SELECT *, CASE WHEN owner <> 'append' OR want IS NULL THEN NULL
          WHEN ours IS NOT NULL AND strpos(here, ours) > 0 THEN replace(here, ours, part)
          WHEN strpos(here, part) > 0 THEN here
          WHEN ours IS NULL AND here = '' THEN part
          WHEN ours IS NULL AND strpos(here, separator) = 0 THEN here || chr(10) || part END AS whole
      FROM (SELECT *, separator || chr(10) || replace(want, chr(13) || chr(10), chr(10)) AS part,
                   replace(trim(coalesce(if(seen, have, last), '')), chr(13) || chr(10), chr(10)) AS here,
                   nullif(substr(last, nullif(strpos(last, separator), 0)), '') AS ours FROM settled))
"""
