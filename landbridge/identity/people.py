"""What profiles say of a person, short enough to tell two of them apart."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

SHOWN = ("name", "email", "phone", "company", "city")
"""What is shown of a profile beside its id. Personal: for the reader's eyes, not for logs."""

_SAID = sa.text("""
SELECT profile_id, gone,
    coalesce(full_name, nullif(concat_ws(' ', given_name, middle_name, family_name), '')) AS name,
    array_to_string(email, ', ') AS email, array_to_string(phone, ', ') AS phone, company, city
FROM profile WHERE profile_id = ANY(:ids)
""")


def said_of(connection: sa.Connection, profile_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """profile_id -> profile_id, SHOWN and whether it is gone; profiles that are not there are absent."""
    rows = connection.execute(_SAID, {"ids": list(profile_ids)}).mappings()
    return {row["profile_id"]: dict(row) for row in rows}
