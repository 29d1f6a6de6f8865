"""Runs, their books, and the audit trail."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from landbridge.store.tables.base import metadata

run = Table(
    "run",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("flow", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default="", comment="the account, where the flow is about one"),
    Column("state", Text, nullable=False, server_default="running"),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),
    Column(
        "versions", JSONB, nullable=False, server_default="{}", comment="product, model and mapping versions in force"
    ),
    Column("links", JSONB, nullable=False, server_default="{}", comment="Prefect's run, Data Docs"),
    Column("error", Text, comment="one sentence, without personal values"),
    CheckConstraint("state IN ('running','done','failed','lost')", name="state"),
    Index(None, "started_at"),
    Index(None, "flow", "subject", "started_at"),
    Index(None, "subject", "started_at"),
    Index(None, "state", "started_at"),
)

balance = Table(
    "balance",
    metadata,
    Column("run_id", Text, ForeignKey("run.run_id"), primary_key=True),
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("stage", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    *(
        Column(n, BigInteger, nullable=False, server_default="0")
        for n in ("taken", "new", "changed", "unchanged", "held", "refused")
    ),
    Column("seconds", Double, nullable=False, server_default="0"),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("seq", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    CheckConstraint(r"kind || actor || subject !~ E'\n'", name="one_line"),
    Index(None, "at"),
    Index(None, "kind", "seq"),
    Index(None, "actor", "seq"),
    Index(None, "subject", "seq"),
    Index("ix_audit_event_run", text("(detail ->> 'run')"), "seq", postgresql_where=text("detail ? 'run'")),
    comment="hash-chained; the database fills seq, at, previous and hash, and refuses update and delete",
)
