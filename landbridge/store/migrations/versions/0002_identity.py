"""Identity in depth: founders, models in force, doubts, signatures, and what makes a change cost what it touches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

# Who was there before keeps the id that he has: it is told to be as old as the oldest profile that it has now.
_FOUNDERS = """
UPDATE identity SET founder = eldest.profile_id, founded = eldest.created_at
FROM (SELECT DISTINCT ON (identity_id) identity_id, profile_id, created_at FROM link JOIN profile USING (profile_id)
      ORDER BY identity_id, created_at NULLS LAST, profile_id COLLATE "C") eldest
WHERE eldest.identity_id = identity.identity_id
"""


def upgrade() -> None:
    op.create_table(
        "identity_model",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column(
            "content",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the model itself, as identity.model reads it",
        ),
        sa.Column(
            "drift",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="shares of the base that it was learned on",
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_identity_model")),
        comment="every model that was ever in force: a link names the one that made it",
    )
    op.create_table(
        "adoption",
        sa.Column("adoption_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("adopted_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["identity_model.version"], name=op.f("fk_adoption_version")),
        sa.PrimaryKeyConstraint("adoption_id", name=op.f("pk_adoption")),
        comment="which model came into force when, and who said so; the last one is in force",
    )
    op.create_table(
        "resolved",
        sa.Column("single", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False, comment="the kept base fits while it bears the same"),
        sa.Column("model", sa.Text(), nullable=False, comment="model version"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_resolved_one_row")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_resolved_run_id")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_resolved")),
        comment="how identities stand: what resolving saw last; without a row the whole base is resolved",
    )
    op.create_table(
        "signature",
        sa.Column("signature_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("touchpoint_id", sa.Text(), nullable=True, comment="null: vanished"),
        sa.Column("profile_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('name','phone','email','company')", name=op.f("ck_signature_kind")),
        sa.ForeignKeyConstraint(
            ["touchpoint_id"],
            ["touchpoint.touchpoint_id"],
            name=op.f("fk_signature_touchpoint_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("signature_id", name=op.f("pk_signature")),
        comment="what a customer's text tells of its writer in its last lines; personal values, erased with the person",
    )
    op.create_index(op.f("ix_signature_profile_id"), "signature", ["profile_id"], unique=False)
    op.create_index(
        op.f("ix_signature_touchpoint_id_profile_id_kind_value"),
        "signature",
        ["touchpoint_id", "profile_id", "kind", "value"],
        unique=True,
    )
    op.create_index(
        "ix_signature_vanished",
        "signature",
        ["signature_id"],
        unique=False,
        postgresql_where=sa.text("touchpoint_id IS NULL"),
    )
    op.create_table(
        "doubt",
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("left_id", sa.Text(), nullable=False),
        sa.Column("right_id", sa.Text(), nullable=False),
        sa.Column("profiles", sa.BigInteger(), nullable=False, comment="how many profiles the answer is about"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('bridge','apart','large')", name=op.f("ck_doubt_kind")),
        sa.CheckConstraint('left_id < right_id COLLATE "C"', name=op.f("ck_doubt_ordered")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_doubt_identity_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_doubt_run_id")),
        sa.PrimaryKeyConstraint("identity_id", "kind", name=op.f("pk_doubt")),
        comment="a question about an identity that keeps its lead from the CRM until somebody answers for the pair",
    )
    op.add_column("decision", sa.Column("withdrawn_by", sa.Text(), nullable=True))
    op.add_column("decision", sa.Column("withdrawn_why", sa.Text(), nullable=True))
    op.create_index(
        "ix_decision_right_standing", "decision", ["right_id"], unique=False, postgresql_where="withdrawn_at IS NULL"
    )
    op.create_index("ix_decision_waiting", "decision", ["decision_id"], unique=False, postgresql_where="NOT applied")
    op.add_column(
        "identity", sa.Column("founder", sa.Text(), comment="its oldest profile at birth, which its id is made from")
    )
    op.add_column(
        "identity",
        sa.Column(
            "founded",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the founder was created in its system: the elder survives",
        ),
    )
    op.execute(_FOUNDERS)
    op.execute("UPDATE identity SET founder = identity_id WHERE founder IS NULL")
    op.alter_column("identity", "founder", nullable=False)
    op.drop_column("identity", "born")
    op.create_index(
        "ix_profile_waiting",
        "profile",
        ["profile_id"],
        unique=False,
        postgresql_where="resolved_digest IS DISTINCT FROM CASE WHEN NOT gone THEN digest END",
    )
    op.add_column(
        "touchpoint",
        sa.Column("read_digest", sa.Text(), nullable=True, comment="the digest that its signature was read from"),
    )
    op.create_index(
        "ix_touchpoint_unread",
        "touchpoint",
        ["touchpoint_id"],
        unique=False,
        postgresql_where=sa.text(
            "read_digest IS DISTINCT FROM digest AND (read_digest IS NOT NULL OR (direction = 'in' AND person IS NOT NULL AND text IS NOT NULL))"
        ),
    )
    op.drop_constraint(op.f("ck_quarantine_stage"), "quarantine")
    op.create_check_constraint(
        op.f("ck_quarantine_stage"), "quarantine", "stage IN ('land','map','identity','validate','push')"
    )
