"""Who may sign in to the console, and who is signed in. Words that open doors are kept as hashes only."""

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
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from landbridge.store.tables.base import metadata, now

console_user = Table(
    "console_user",
    metadata,
    Column("user_id", BigInteger, Identity(always=True), primary_key=True),
    Column("login", Text, nullable=False, unique=True, comment="folded; what stands in the trail as the actor"),
    Column("name", Text, nullable=False, comment="as pages call them"),
    Column("roles", ARRAY(Text), nullable=False, server_default="{}"),
    Column("password", Text, comment="Argon2id; null: none, they sign in elsewhere or by a link"),
    Column("subject", Text, unique=True, comment="issuer and subject at the OpenID provider"),
    Column(
        "may_link",
        Boolean,
        nullable=False,
        server_default="false",
        comment="whoever the provider says has this login may take it over",
    ),
    now(),
    Column("seen_at", DateTime(timezone=True)),
    Column("disabled_at", DateTime(timezone=True)),
    CheckConstraint(r"login !~ '\s' AND login <> ''", name="login"),
)

console_session = Table(
    "console_session",
    metadata,
    Column("token", Text, primary_key=True, comment="sha256 of the cookie"),
    Column("user_id", BigInteger, ForeignKey("console_user.user_id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False, server_default="cookie"),
    Column("label", Text, nullable=False, server_default="", comment="of an API token: what it is for"),
    Column("said", JSONB(none_as_null=True), comment="what the next page tells once"),
    now(),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("kind IN ('cookie','token')", name="kind"),
    Index(None, "user_id"),
    Index(None, "expires_at"),
    comment="who is signed in, in a browser or with a token for the API",
)

console_invite = Table(
    "console_invite",
    metadata,
    Column("token", Text, primary_key=True, comment="sha256 of what stands in the link"),
    Column("login", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False, server_default="{}"),
    Column("made_by", Text, nullable=False),
    now(),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    comment="a link that works once: the first admin's, and a colleague's",
)

console_attempt = Table(
    "console_attempt",
    metadata,
    Column("attempt_id", BigInteger, Identity(always=True), primary_key=True),
    Column("login", Text, nullable=False, comment="sha256 of what was given: somebody may type a password there"),
    Column("address", Text, nullable=False),
    now(),
    Index(None, "login", "at"),
    Index(None, "address", "at"),
    comment="sign-ins that failed, as long as they count against the next",
)
