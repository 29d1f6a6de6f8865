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
    _of_plans()


def _of_plans() -> None:
    op.add_column(
        "hold",
        sa.Column(
            "batch",
            sa.BigInteger(),
            nullable=True,
            comment="the first of the holds that were placed in one act with it",
        ),
    )
    op.create_index("ix_hold_batch", "hold", ["batch"], unique=False, postgresql_where="batch IS NOT NULL")
    op.add_column(
        "change",
        sa.Column("held_by", sa.BigInteger(), nullable=True, comment="the hold that took it out of its plan"),
    )
    op.create_foreign_key(op.f("fk_change_held_by"), "change", "hold", ["held_by"], ["hold_id"])
    op.create_index("ix_change_held_by", "change", ["held_by"], unique=False, postgresql_where="held_by IS NOT NULL")
    op.create_table(
        "plan_part",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="the reason; of 'kind' the CRM object"),
        sa.Column(
            "detail",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="of 'field' its name, of 'kind' the action",
        ),
        sa.Column("changes", sa.BigInteger(), nullable=False, comment="that have it and stand in the plan"),
        sa.Column(
            "few",
            postgresql.ARRAY(sa.BigInteger()),
            nullable=True,
            comment="these changes, also those that left the plan, while they are few",
        ),
        sa.CheckConstraint("what IN ('kind','reason','field')", name=op.f("ck_plan_part_what")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], name=op.f("fk_plan_part_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "part", name=op.f("pk_plan_part")),
        sa.UniqueConstraint("plan_id", "what", "name", "detail", name=op.f("uq_plan_part_plan_id_what_name_detail")),
        comment="what a plan's changes have in common, by which people look at it: derived from them",
    )
    op.create_table(
        "plan_entry",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("change_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("parts", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", "change_id", name=op.f("pk_plan_entry")),
        comment="which parts a change has: how a plan's pages are found without reading the plan",
    )
    op.drop_index(op.f("ix_change_plan_id"), table_name="change")
    op.create_index(
        op.f("ix_change_plan_id_state_change_id"), "change", ["plan_id", "state", "change_id"], unique=False
    )
    op.create_index(
        "ix_quarantine_held",
        "quarantine",
        ["stage", "expectation", "quarantine_id"],
        unique=False,
        postgresql_where="state = 'held'",
    )
