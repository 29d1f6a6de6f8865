"""The shape of a profile: what the newest version of a record says about a person, in our own fields.

One definition serves Arrow, DuckDB and PostgreSQL. Values are as the source gave them, trimmed, empty as null;
normalising for comparison is the work of identity's features.
"""

from __future__ import annotations

import pyarrow as pa

TEXT, TEXTS, TIME = pa.string(), pa.list_(pa.string()), pa.timestamp("us", tz="UTC")

SINGLE = (
    "full_name",
    "given_name",
    "middle_name",
    "family_name",
    "birth_date",
    "street",
    "city",
    "region",
    "postcode",
    "country",
    "company",
    "title",
    "website",
    "language",
)
"""Person fields that have one value."""

MANY = ("email", "phone", "handle", "reference", "consent")
"""Person fields that have many values: handle "network:name", reference "system/stream/id", consent
"channel:state:since"."""

PERSON_FIELDS = SINGLE + MANY

PROFILE_SCHEMA = pa.schema(
    [
        pa.field("profile_id", TEXT, nullable=False),
        pa.field("account", TEXT, nullable=False),
        pa.field("stream", TEXT, nullable=False),
        pa.field("key", TEXT, nullable=False),
        pa.field("record_id", pa.int64()),
        *(pa.field(name, TEXT) for name in SINGLE),
        *(pa.field(name, TEXTS) for name in MANY),
        pa.field("region_hint", TEXT),
        pa.field("created_at", TIME),
        pa.field("updated_at", TIME),
        pa.field("gone", pa.bool_()),
    ]
)

TOUCHPOINT_SCHEMA = pa.schema(
    [
        pa.field("touchpoint_id", TEXT, nullable=False),
        pa.field("account", TEXT, nullable=False),
        pa.field("stream", TEXT, nullable=False),
        pa.field("record_id", pa.int64()),
        pa.field("person", TEXT),
        pa.field("kind", TEXT, nullable=False),
        pa.field("at", TIME),
        *(pa.field(name, TEXT) for name in ("channel", "subject", "text", "url", "direction", "campaign")),
    ]
)
"""`person` is the profile_id of whom it concerns."""
