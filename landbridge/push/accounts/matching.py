"""Which company of the CRM a lead belongs to: by the domain of their address, the company's name, and where it is.

All leads and companies at once, in DuckDB. Each way of telling gives points; the company with most of them is the
lead's, when it has enough. Of several that are alike the tie-breakers decide, in their order. Where two remain the lead
gets none, and the reason says so: a wrong company is worse than no company. A mailbox provider's domain tells nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from landbridge.identity.features.email import FREE
from landbridge.push.accounts.queries import COMPANIES, matched, told
from landbridge.push.accounts.rules import FIELDS, Accounts
from landbridge.store import bulk

if TYPE_CHECKING:
    from landbridge.store.engine import Store


NONE = pa.schema([(name, pa.string()) for name in ("identity_id", *FIELDS)]).empty_table()


def match(store: Store, rules: Accounts | None, account: str, leads: pa.Table) -> pa.Table:
    """identity_id with FIELDS, of those of `leads` (see known.read) for whom there is something to say."""
    if rules is None:
        return NONE
    with store.bulk() as bulk_connection, duckdb.connect() as connection:
        # Copied, and only what is asked for: DuckDB scans a registered Arrow table again for every use of it.
        connection.register("arrived", leads)
        connection.execute("CREATE TABLE known AS SELECT identity_id, object, fields FROM arrived")
        connection.register("company", bulk.get(bulk_connection, COMPANIES, (account,)))
        never = [*FREE, *(domain.lower() for domain in rules.never_domains)]
        asked = {"free": never, "least": rules.least, "told": told(rules.tie_breakers), **dict(rules.points)}
        return connection.sql(matched(rules.tie_breakers), params=asked).to_arrow_table()
