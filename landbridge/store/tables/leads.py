"""What leaves: golden records, leads, and what is held back."""

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
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from landbridge.store.tables.base import metadata, now, run_column

golden = Table(
    "golden",
    metadata,
    Column("identity_id", Text, ForeignKey("identity.identity_id"), primary_key=True),
    Column("fields", JSONB, nullable=False, comment="surviving values"),
    Column("origin", JSONB, nullable=False, comment="field -> {profile, record, rule}"),
    Column("profiles", ARRAY(Text), nullable=False),
    Column("rules", Text, nullable=False, comment="content hash of the golden rules"),
    Column("inputs", Text, nullable=False, comment="digest of the profiles it was made from"),
    Column("digest", Text, nullable=False),
    run_column(),
    now(),
)

lead = Table(
    "lead",
    metadata,
    Column("identity_id", Text, ForeignKey("identity.identity_id"), primary_key=True),
    Column("fields", JSONB, nullable=False, comment="golden values and what enrichment added"),
    Column("origin", JSONB, nullable=False),
    Column("score", Integer, nullable=False, server_default="0"),
    Column("reasons", JSONB, nullable=False, server_default="[]"),
    Column(
        "inputs", Text, nullable=False, comment="digest of the golden record, touchpoints and rules it was made from"
    ),
    Column("digest", Text, nullable=False),
    Column("checked_digest", Text, comment="the digest that validation last saw"),
    Column("checked_suite", Text, comment="content hash of the suite that saw it"),
    Column("valid", Boolean),
    run_column(),
    now(),
    Index(None, "score", "identity_id"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", BigInteger, Identity(always=True), primary_key=True),
    Column("stage", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="account/stream/key, identity or change"),
    Column("expectation", Text, nullable=False, comment="what was asked and not met"),
    Column("field", Text),
    Column("value", Text, comment="the value that failed, bounded"),
    Column("reason", Text, nullable=False),
    Column("raw", Text, comment="a row that could not be landed: its bytes, base64"),
    Column("record_id", BigInteger),
    Column("state", Text, nullable=False, server_default="held"),
    run_column(),
    now(),
    Column("settled_at", DateTime(timezone=True)),
    Column("settled_by", Text, comment="who released or dropped it; null when the input was mended"),
    Column("settled_why", Text),
    CheckConstraint("stage IN ('land','map','identity','validate','push')", name="stage"),
    CheckConstraint("state IN ('held','released','dropped')", name="state"),
    Index("ix_quarantine_held", "stage", "expectation", "quarantine_id", postgresql_where="state = 'held'"),
    Index(None, "run_id"),
    Index("uq_quarantine_standing", "stage", "subject", "expectation", unique=True, postgresql_where="state = 'held'"),
)
