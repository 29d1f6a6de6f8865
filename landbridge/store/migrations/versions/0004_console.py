"""The console: who may sign in, and who is signed in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _attempts_and_invites()
    _users_and_sessions()


def _attempts_and_invites() -> None:
    op.create_table(
        "console_attempt",
        sa.Column("attempt_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "login", sa.Text(), nullable=False, comment="sha256 of what was given: somebody may type a password there"
        ),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_console_attempt")),
        comment="sign-ins that failed, as long as they count against the next",
    )
    op.create_index(op.f("ix_console_attempt_address_at"), "console_attempt", ["address", "at"], unique=False)
    op.create_index(op.f("ix_console_attempt_login_at"), "console_attempt", ["login", "at"], unique=False)
    op.create_table(
        "console_invite",
        sa.Column("token", sa.Text(), nullable=False, comment="sha256 of what stands in the link"),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_console_invite")),
        comment="a link that works once: the first admin's, and a colleague's",
    )


def _users_and_sessions() -> None:
    op.create_table(
        "console_user",
        sa.Column("user_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False, comment="folded; what stands in the trail as the actor"),
        sa.Column("name", sa.Text(), nullable=False, comment="as pages call them"),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "password", sa.Text(), nullable=True, comment="Argon2id; null: none, they sign in elsewhere or by a link"
        ),
        sa.Column("subject", sa.Text(), nullable=True, comment="issuer and subject at the OpenID provider"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("login !~ '\\s' AND login <> ''", name=op.f("ck_console_user_login")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_console_user")),
        sa.UniqueConstraint("login", name=op.f("uq_console_user_login")),
        sa.UniqueConstraint("subject", name=op.f("uq_console_user_subject")),
    )
    op.create_table(
        "console_session",
        sa.Column("token", sa.Text(), nullable=False, comment="sha256 of the cookie"),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="cookie", nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False, comment="of an API token: what it is for"),
        sa.Column(
            "said",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="what the next page tells once",
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('cookie','token')", name=op.f("ck_console_session_kind")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["console_user.user_id"], name=op.f("fk_console_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_console_session")),
        comment="who is signed in, in a browser or with a token for the API",
    )
    op.create_index(op.f("ix_console_session_expires_at"), "console_session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_console_session_user_id"), "console_session", ["user_id"], unique=False)
