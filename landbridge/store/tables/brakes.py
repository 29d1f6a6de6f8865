"""What keeps changes from the CRM: holds, the kill switch, an org nobody has met, and calls that are spent."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from landbridge.store.tables.base import metadata, now

_STANDING = "released_at IS NULL"

hold = Table(
    "hold",
    metadata,
    Column("hold_id", BigInteger, Identity(always=True), primary_key=True),
    Column("account", Text, nullable=False),
    Column("identity_id", Text, ForeignKey("identity.identity_id"), comment="null: everybody"),
    Column("profile_id", Text, comment="the CRM record or other profile by which they were named: held whoever has it"),
    Column("object", Text, comment="null: whatever stands for them in the CRM"),
    Column("field", Text, comment="null: the whole record"),
    Column("value", JSONB(none_as_null=True), comment="held while we want this, no longer; null: whatever we want"),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    now(),
    Column("released_at", DateTime(timezone=True)),
    Column("released_by", Text),
    Column("released_why", Text),
    Column("batch", BigInteger, comment="the first of the holds that were placed in one act with it"),
    CheckConstraint("kind IN ('person','revert')", name="kind"),
    CheckConstraint("identity_id IS NOT NULL OR field IS NOT NULL OR object IS NOT NULL", name="about_something"),
    Index("ix_hold_standing", "account", "identity_id", postgresql_where=_STANDING),
    Index("ix_hold_batch", "batch", postgresql_where="batch IS NOT NULL"),
    comment="what sales ops keep from the CRM, and what a revert took back",
)

halt = Table(
    "halt",
    metadata,
    Column("halt_id", BigInteger, Identity(always=True), primary_key=True),
    Column("account", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    now(),
    Column("released_at", DateTime(timezone=True)),
    Column("released_by", Text),
    Column("released_why", Text),
    Index("uq_halt_standing", "account", unique=True, postgresql_where=_STANDING),
    comment="the kill switch: while one stands, nothing is written to the account",
)

crm_org = Table(
    "crm_org",
    metadata,
    Column("account", Text, primary_key=True),
    Column("org_id", Text, nullable=False, comment="as the CRM names it"),
    Column("former_id", Text, comment="the one before, when it became another"),
    Column("approved_by", Text, comment="who let writing to it begin; null: nothing leaves for it yet"),
    now(),
    comment="the org that an account led to when it was first written to: another one is a first contact again",
)

erasure = Table(
    "erasure",
    metadata,
    Column("identity_id", Text, ForeignKey("identity.identity_id"), primary_key=True),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    now(),
    comment="customers who are to be forgotten: nothing of them leaves, and what the CRM has of them goes",
)

api_usage = Table(
    "api_usage",
    metadata,
    Column("account", Text, primary_key=True),
    Column("day", Date, primary_key=True, comment="in UTC"),
    Column("ours", BigInteger, nullable=False, server_default="0", comment="calls of all our flows"),
    Column("used", BigInteger, comment="calls of everybody in the last 24 hours, as the CRM last said"),
    Column("most", BigInteger, comment="what the CRM allows in 24 hours"),
    Column("at", DateTime(timezone=True), nullable=False, comment="when the CRM said so"),
    comment="the one budget of API calls that all flows share",
)
