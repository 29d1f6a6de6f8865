"""Who is whom: identities that last, links, matches and people's decisions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from landbridge.store.tables.base import metadata, now, run_column

_ORDERED = 'left_id < right_id COLLATE "C"'
"""As Python and DuckDB order text, and not by the database's language, where 00Qa comes before 00QB."""

identity = Table(
    "identity",
    metadata,
    Column("identity_id", Text, primary_key=True),
    Column("founder", Text, nullable=False, comment="its oldest profile at birth, which its id is made from"),
    Column(
        "founded", DateTime(timezone=True), comment="when the founder was created in its system: the elder survives"
    ),
    Column("redirect_to", Text, ForeignKey("identity.identity_id"), comment="where this id lives on, after a merge"),
    run_column(),
    now(),
    CheckConstraint("redirect_to IS DISTINCT FROM identity_id", name="no_self_redirect"),
    Index(None, "redirect_to"),
)

identity_event = Table(
    "identity_event",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("identity_id", Text, nullable=False),
    Column("other_id", Text),
    run_column(),
    now(),
    CheckConstraint("kind IN ('created','merged','split','redirected','restored')", name="kind"),
    Index(None, "identity_id"),
    comment="the id feed that others can follow",
)

bearer = Table(
    "bearer",
    metadata,
    Column("identity_id", Text, primary_key=True),
    Column("profile_id", Text, primary_key=True),
    now(),
    Index(None, "profile_id"),
    comment="the profiles that went along when an id was merged away: if they part again, they have it back",
)

link = Table(
    "link",
    metadata,
    Column("profile_id", Text, ForeignKey("profile.profile_id"), primary_key=True),
    Column("identity_id", Text, ForeignKey("identity.identity_id"), nullable=False),
    Column("weight", Double, comment="bits of the strongest match that holds it; null for a single"),
    Column("how", Text, nullable=False),
    Column("model", Text, nullable=False, comment="model version"),
    run_column(),
    now(),
    Index(None, "identity_id"),
)

match = Table(
    "match",
    metadata,
    Column("left_id", Text, primary_key=True),
    Column("right_id", Text, primary_key=True),
    Column("weight", Double, nullable=False),
    Column("probability", Double, nullable=False),
    Column("band", Text, nullable=False),
    Column("refused", Text, comment="why a strong match was not linked"),
    Column("evidence", JSONB, nullable=False, server_default="{}"),
    Column("model", Text, nullable=False),
    run_column(),
    CheckConstraint(_ORDERED, name="ordered"),
    CheckConstraint("band IN ('link','review')", name="band"),
    Index(None, "right_id"),
)

decision = Table(
    "decision",
    metadata,
    Column("decision_id", BigInteger, Identity(always=True), primary_key=True),
    Column("left_id", Text, nullable=False),
    Column("right_id", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("evidence", JSONB, nullable=False, server_default="{}"),
    Column("model", Text),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("withdrawn_by", Text),
    Column("withdrawn_why", Text),
    Column("applied", Boolean, nullable=False, server_default="false", comment="resolving has seen it as it stands"),
    now(),
    CheckConstraint(_ORDERED, name="ordered"),
    CheckConstraint("verdict IN ('same','different')", name="verdict"),
    Index("uq_decision_standing", "left_id", "right_id", unique=True, postgresql_where="withdrawn_at IS NULL"),
    Index(None, "left_id"),
    Index(None, "right_id"),
    Index("ix_decision_right_standing", "right_id", postgresql_where="withdrawn_at IS NULL"),
    Index("ix_decision_waiting", "decision_id", postgresql_where="NOT applied"),
)

resolved = Table(
    "resolved",
    metadata,
    Column("single", Boolean, primary_key=True, server_default="true"),
    Column("stamp", Text, nullable=False, comment="the kept base fits while it bears the same"),
    Column("model", Text, nullable=False, comment="model version"),
    run_column(),
    now(),
    CheckConstraint("single", name="one_row"),
    comment="how identities stand: what resolving saw last; without a row the whole base is resolved",
)

doubt = Table(
    "doubt",
    metadata,
    Column("identity_id", Text, ForeignKey("identity.identity_id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("left_id", Text, nullable=False),
    Column("right_id", Text, nullable=False),
    Column("profiles", BigInteger, nullable=False, comment="how many profiles the answer is about"),
    run_column(),
    CheckConstraint(_ORDERED, name="ordered"),
    CheckConstraint("kind IN ('bridge','apart','large')", name="kind"),
    comment="a question about an identity that keeps its lead from the CRM until somebody answers for the pair",
)

identity_model = Table(
    "identity_model",
    metadata,
    Column("version", Text, primary_key=True),
    Column("content", JSONB, nullable=False, comment="the model itself, as identity.model reads it"),
    Column("drift", JSONB, nullable=False, server_default="{}", comment="shares of the base that it was learned on"),
    now(),
    comment="every model that was ever in force: a link names the one that made it",
)

adoption = Table(
    "adoption",
    metadata,
    Column("adoption_id", BigInteger, Identity(always=True), primary_key=True),
    Column("version", Text, ForeignKey("identity_model.version"), nullable=False),
    Column("adopted_by", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    now(),
    comment="which model came into force when, and who said so; the last one is in force",
)
