"""What came in: cursors, records, and what the mappings made of them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from landbridge.store.profiles import MANY, SINGLE
from landbridge.store.tables.base import metadata, now, run_column

cursor = Table(
    "cursor",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("checkpoint", JSONB, nullable=False),
    run_column(),
    now(),
)

# The data plane: written in batches by set-based statements that join what they refer to. These tables have no
# foreign keys, which would cost a third of landing's speed: docs/decisions/0006.
record = Table(
    "record",
    metadata,
    Column("record_id", BigInteger, Identity(always=True), primary_key=True),
    Column("account", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="1 is the first that we saw of this object"),
    Column("digest", Text, nullable=False, comment="sha256 of the payload, its fields sorted"),
    Column("payload", Text, comment="the JSON as it came; only erasure empties it"),
    Column("run_id", Text, nullable=False),
    now(),
    Index("ix_record_stream", "account", "stream", "record_id"),
    comment="one version of one object, exactly as the system gave it; never changed",
)

record_head = Table(
    "record_head",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("record_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    comment="the newest version of each object",
)

map_cursor = Table(
    "map_cursor",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("mapping", Text, nullable=False, comment="content hash of the mapping in force"),
    Column("upto", BigInteger, nullable=False, comment="record_id: newest versions up to here are mapped with it"),
    Column("ever", BigInteger, nullable=False, comment="record_id: versions up to here were mapped with some mapping"),
)

WAITING = "resolved_digest IS DISTINCT FROM CASE WHEN NOT gone THEN digest END"
"""Whether a profile changed since identities were last made."""

profile = Table(
    "profile",
    metadata,
    Column("profile_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    *(Column(name, Text) for name in SINGLE),
    *(Column(name, ARRAY(Text)) for name in MANY),
    Column("region_hint", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("gone", Boolean, nullable=False, server_default="false"),
    Column("mapping", Text, nullable=False, comment="content hash of the mapping in force"),
    Column("digest", Text, nullable=False, comment="of the person fields: what identity compares"),
    Column("resolved_digest", Text, comment="the digest that the current link was computed from"),
    Column("run_id", Text, nullable=False),
    Index("ix_profile_waiting", "profile_id", postgresql_where=WAITING),
)

UNREAD = (
    "read_digest IS DISTINCT FROM digest "
    "AND (read_digest IS NOT NULL OR (direction = 'in' AND person IS NOT NULL AND text IS NOT NULL))"
)
"""A touchpoint whose text from a customer was not read for a signature as it stands."""

touchpoint = Table(
    "touchpoint",
    metadata,
    Column("touchpoint_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Column("person", Text, comment="profile_id"),
    Column("kind", Text, nullable=False),
    Column("at", DateTime(timezone=True)),
    *(Column(name, Text) for name in ("channel", "subject", "text", "url", "direction", "campaign")),
    Column("mapping", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("read_digest", Text, comment="the digest that its signature was read from"),
    Column("run_id", Text, nullable=False),
    Index(None, "person"),
    Index("ix_touchpoint_unread", "touchpoint_id", postgresql_where=text(UNREAD)),
)

# A foreign key here costs touchpoints nothing when they come, and tells of those that vanish: docs/decisions/0006.
signature = Table(
    "signature",
    metadata,
    Column("signature_id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "touchpoint_id", Text, ForeignKey("touchpoint.touchpoint_id", ondelete="SET NULL"), comment="null: vanished"
    ),
    Column("profile_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    CheckConstraint("kind IN ('name','phone','company')", name="kind"),
    Index(None, "touchpoint_id", "profile_id", "kind", "value", unique=True),
    Index(None, "profile_id"),
    Index("ix_signature_vanished", "signature_id", postgresql_where=text("touchpoint_id IS NULL")),
    comment="what a customer's text tells of its writer in its last lines; personal values, erased with the person",
)

drift = Table(
    "drift",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("mapping", Text, nullable=False, comment="content hash of the mapping that does not know the field"),
    run_column("first_run_id"),
    now(),
    comment="fields that a system sends and no mapping maps or ignores",
)
