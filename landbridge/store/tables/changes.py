"""What goes into the CRM: plans, changes and what we last wrote."""

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
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from landbridge.store.tables.base import metadata, now, run_column

plan = Table(
    "plan",
    metadata,
    Column("plan_id", Text, primary_key=True),
    run_column(),
    Column("account", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("policy", Text, nullable=False, comment="content hash of the CRM mapping"),
    Column("unchanged", BigInteger, nullable=False, server_default="0"),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("reason", Text, comment="why it was approved"),
    now(),
    CheckConstraint("state IN ('planned','approved','done','superseded')", name="state"),
)

_OPEN = "state IN ('planned','approved','sending','unknown')"

change = Table(
    "change",
    metadata,
    Column("change_id", BigInteger, Identity(always=True), primary_key=True),
    Column("plan_id", Text, ForeignKey("plan.plan_id"), nullable=False),
    Column("identity_id", Text, ForeignKey("identity.identity_id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("match_field", Text, nullable=False),
    Column("match_value", Text, nullable=False),
    Column("before", JSONB, nullable=False, server_default="{}"),
    Column("after", JSONB, nullable=False),
    Column("origin", JSONB, nullable=False, server_default="{}", comment="CRM field -> where its value came from"),
    Column(
        "conflicts",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="CRM field -> {ours, theirs, last, kept}: what somebody edited there since our last write",
    ),
    Column("lead_digest", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("crm_id", Text),
    Column("created", Boolean),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("code", Text),
    Column("message", Text),
    Column("sent_run_id", Text, ForeignKey("run.run_id")),
    Column("sent_at", DateTime(timezone=True), comment="before the call: what the CRM showed earlier is older"),
    Column("settled_at", DateTime(timezone=True)),
    now(),
    CheckConstraint("action IN ('create','update')", name="action"),
    CheckConstraint("state IN ('planned','approved','sending','done','refused','unknown','superseded')", name="state"),
    Index(None, "identity_id"),
    Index("ix_change_outbox", "change_id", postgresql_where="state IN ('approved','sending','unknown')"),
    Index("uq_change_open", "account", "identity_id", unique=True, postgresql_where=_OPEN),
    Index("uq_change_target", "account", "object", "match_value", unique=True, postgresql_where=_OPEN),
    Index("ix_change_plan_id", "plan_id"),
    Index("ix_change_crm_id", "crm_id"),
    comment="one planned CRM write, field by field; the outbox is what is approved and not yet confirmed",
)

pushed = Table(
    "pushed",
    metadata,
    Column("identity_id", Text, ForeignKey("identity.identity_id"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("object", Text, nullable=False),
    Column("crm_id", Text, nullable=False),
    Column("fields", JSONB, nullable=False, comment="what we last wrote"),
    Column("created", Boolean, nullable=False, server_default="false", comment="one of our writes created it"),
    Column("base", JSONB, nullable=False, server_default="{}", comment="what stood there before we wrote it"),
    Column("change_id", BigInteger, ForeignKey("change.change_id")),
    run_column(),
    now(),
    UniqueConstraint("account", "object", "crm_id"),
)
