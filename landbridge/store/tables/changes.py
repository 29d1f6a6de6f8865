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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from landbridge.store.tables.base import metadata, now, run_column

plan = Table(
    "plan",
    metadata,
    Column("plan_id", Text, primary_key=True),
    run_column(),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="push"),
    Column("subject", Text, comment="of a revert: the run, change or identity that it takes back"),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("policy", Text, nullable=False, comment="content hash of the CRM mapping"),
    Column("unchanged", BigInteger, nullable=False, server_default="0"),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("reason", Text, comment="why it was approved"),
    Column("dropped_by", Text, comment="who said that it shall not leave"),
    Column("dropped_why", Text),
    Column("counts", JSONB, comment="its changes by state, once none of them is open"),
    now(),
    CheckConstraint("state IN ('planned','approved','done','superseded')", name="state"),
    CheckConstraint("kind IN ('push','revert')", name="kind"),
)

bulk_job = Table(
    "bulk_job",
    metadata,
    Column("account", Text, primary_key=True),
    Column("job_id", Text, primary_key=True, comment="as the CRM names it"),
    Column("object", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("sent", BigInteger, nullable=False, server_default="0", comment="rows in its file"),
    Column("done", BigInteger, nullable=False, server_default="0"),
    Column("failed", BigInteger, nullable=False, server_default="0"),
    Column("unprocessed", BigInteger, nullable=False, server_default="0"),
    run_column(),
    now(),
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('open','uploaded','settled','aborted')", name="state"),
    CheckConstraint("state <> 'settled' OR done + failed + unprocessed = sent", name="balanced"),
    Index("ix_bulk_job_unsettled", "account", postgresql_where="state IN ('open','uploaded')"),
    comment="one file handed to the CRM's bulk interface: noted before it is sent, so that nobody has to guess",
)

# Written and cleared by the hundred thousand, set by set: no foreign keys. See docs/decisions/0030.
claim = Table(
    "claim",
    metadata,
    Column("change_id", BigInteger, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("job_id", Text, nullable=False),
    now(),
    Index(None, "account", "job_id"),
    comment="changes that a bulk job carries now: they are being sent, whatever word they have themselves",
)

_OPEN = "state IN ('planned','approved','sending','unknown')"
_UNHEARD = "state IN ('sending','unknown')"
_OPEN_CREATE = f"{_OPEN} AND action = 'create' AND object IN ('Lead','Contact')"

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
    Column("refusal", Text, comment="who acts next: nobody (retry), sales ops (repair, duplicate), IT (stop)"),
    Column("reverts", BigInteger, ForeignKey("change.change_id"), comment="the change that this one takes back"),
    Column("job_id", Text, comment="the bulk job that carried it, if one did"),
    Column("sent_run_id", Text),  # without a foreign key, as all of `pushed`: docs/decisions/0030
    Column("sent_at", DateTime(timezone=True), comment="before the call: what the CRM showed earlier is older"),
    Column("settled_at", DateTime(timezone=True)),
    Column("held_by", BigInteger, ForeignKey("hold.hold_id"), comment="the hold that took it out of its plan"),
    now(),
    CheckConstraint("action IN ('create','update','delete')", name="action"),
    CheckConstraint("state IN ('planned','approved','sending','done','refused','unknown','superseded')", name="state"),
    Index(None, "identity_id"),
    Index("ix_change_outbox", "change_id", postgresql_where=_UNHEARD),
    CheckConstraint("refusal IN ('retry','repair','duplicate','stop')", name="refusal"),
    Index("uq_change_open_create", "account", "identity_id", unique=True, postgresql_where=_OPEN_CREATE),
    Index("uq_change_target", "account", "object", "match_value", unique=True, postgresql_where=_OPEN),
    Index(None, "plan_id", "state", "change_id"),
    Index("ix_change_crm_id", "crm_id", postgresql_where="crm_id IS NOT NULL"),
    Index("ix_change_reverts", "reverts", postgresql_where="reverts IS NOT NULL"),
    Index("ix_change_sent_run_id", "sent_run_id", postgresql_where="sent_run_id IS NOT NULL"),
    Index("ix_change_held_by", "held_by", postgresql_where="held_by IS NOT NULL"),
    comment="one planned CRM write, field by field; the outbox is what is approved and not yet confirmed",
)

plan_part = Table(
    "plan_part",
    metadata,
    Column("plan_id", Text, ForeignKey("plan.plan_id"), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("what", Text, nullable=False),
    Column("name", Text, nullable=False, comment="the reason; of 'kind' the CRM object"),
    Column("detail", Text, nullable=False, server_default="", comment="of 'field' its name, of 'kind' the action"),
    Column("changes", BigInteger, nullable=False, comment="that have it and stand in the plan"),
    Column("few", ARRAY(BigInteger), comment="these changes, also those that left the plan, while they are few"),
    UniqueConstraint("plan_id", "what", "name", "detail"),
    CheckConstraint("what IN ('kind','reason','field')", name="what"),
    comment="what a plan's changes have in common, by which people look at it: derived from them",
)

plan_entry = Table(
    "plan_entry",
    metadata,
    Column("plan_id", Text, primary_key=True),
    Column("change_id", BigInteger, primary_key=True, autoincrement=False),
    Column("parts", ARRAY(Integer), nullable=False),
    comment="which parts a change has: how a plan's pages are found without reading the plan",
)

# It is written from changes by the hundred thousand, set by set: no foreign keys. See docs/decisions/0030.
pushed = Table(
    "pushed",
    metadata,
    Column("identity_id", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("object", Text, nullable=False),
    Column("crm_id", Text, nullable=False),
    Column("fields", JSONB, nullable=False, comment="what we last wrote"),
    Column("created", Boolean, nullable=False, server_default="false", comment="one of our writes created it"),
    Column("base", JSONB, nullable=False, server_default="{}", comment="what stood there before we wrote it"),
    Column("change_id", BigInteger),
    Column("run_id", Text, nullable=False),
    now(),
    UniqueConstraint("account", "object", "crm_id"),
    Index("ix_pushed_crm_id_short", text("left(crm_id, 15)")),
)
