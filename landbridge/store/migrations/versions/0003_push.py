"""Push in depth: bulk jobs, reverts, holds, the kill switch, the org that was met and the budget of calls."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "api_usage",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="in UTC"),
        sa.Column("ours", sa.BigInteger(), server_default="0", nullable=False, comment="calls of all our flows"),
        sa.Column(
            "used",
            sa.BigInteger(),
            nullable=True,
            comment="calls of everybody in the last 24 hours, as the CRM last said",
        ),
        sa.Column("most", sa.BigInteger(), nullable=True, comment="what the CRM allows in 24 hours"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when the CRM said so"),
        sa.PrimaryKeyConstraint("account", "day", name=op.f("pk_api_usage")),
        comment="the one budget of API calls that all flows share",
    )
    op.create_table(
        "crm_org",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text(), nullable=False, comment="as the CRM names it"),
        sa.Column("former_id", sa.Text(), nullable=True, comment="the one before, when it became another"),
        sa.Column(
            "approved_by",
            sa.Text(),
            nullable=True,
            comment="who let writing to it begin; null: nothing leaves for it yet",
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_crm_org")),
        comment="the org that an account led to when it was first written to: another one is a first contact again",
    )
    op.create_table(
        "erasure",
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_erasure_identity_id")),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_erasure")),
        comment="customers who are to be forgotten: nothing of them leaves, and what the CRM has of them goes",
    )
    op.create_table(
        "halt",
        sa.Column("halt_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("halt_id", name=op.f("pk_halt")),
        comment="the kill switch: while one stands, nothing is written to the account",
    )
    op.create_index("uq_halt_standing", "halt", ["account"], unique=True, postgresql_where="released_at IS NULL")
    op.create_table(
        "bulk_job",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False, comment="as the CRM names it"),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False, comment="rows in its file"),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unprocessed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'settled' OR done + failed + unprocessed = sent", name=op.f("ck_bulk_job_balanced")
        ),
        sa.CheckConstraint("state IN ('open','uploaded','settled','aborted')", name=op.f("ck_bulk_job_state")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_bulk_job_run_id")),
        sa.PrimaryKeyConstraint("account", "job_id", name=op.f("pk_bulk_job")),
        comment="one file handed to the CRM's bulk interface: noted before it is sent, so that nobody has to guess",
    )
    op.create_index(
        "ix_bulk_job_unsettled", "bulk_job", ["account"], unique=False, postgresql_where="state IN ('open','uploaded')"
    )
    op.create_table(
        "claim",
        sa.Column("change_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_claim")),
        comment="changes that a bulk job carries now: they are being sent, whatever word they have themselves",
    )
    op.create_index(op.f("ix_claim_account_job_id"), "claim", ["account", "job_id"], unique=False)
    op.create_table(
        "hold",
        sa.Column("hold_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("identity_id", sa.Text(), nullable=True, comment="null: everybody"),
        sa.Column(
            "profile_id",
            sa.Text(),
            nullable=True,
            comment="the CRM record or other profile by which they were named: held whoever has it",
        ),
        sa.Column("object", sa.Text(), nullable=True, comment="null: whatever stands for them in the CRM"),
        sa.Column("field", sa.Text(), nullable=True, comment="null: the whole record"),
        sa.Column(
            "value",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            nullable=True,
            comment="held while we want this, no longer; null: whatever we want",
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_why", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('person','revert')", name=op.f("ck_hold_kind")),
        sa.CheckConstraint(
            "identity_id IS NOT NULL OR field IS NOT NULL OR object IS NOT NULL", name=op.f("ck_hold_about_something")
        ),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_hold_identity_id")),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_hold")),
        comment="what sales ops keep from the CRM, and what a revert took back",
    )
    op.create_index(
        "ix_hold_standing", "hold", ["account", "identity_id"], unique=False, postgresql_where="released_at IS NULL"
    )
    op.add_column(
        "change",
        sa.Column(
            "refusal",
            sa.Text(),
            nullable=True,
            comment="who acts next: nobody (retry), sales ops (repair, duplicate), IT (stop)",
        ),
    )
    op.add_column(
        "change", sa.Column("reverts", sa.BigInteger(), nullable=True, comment="the change that this one takes back")
    )
    op.add_column(
        "change", sa.Column("job_id", sa.Text(), nullable=True, comment="the bulk job that carried it, if one did")
    )
    op.drop_index(op.f("uq_change_open"), table_name="change")
    op.create_index("ix_change_reverts", "change", ["reverts"], unique=False, postgresql_where="reverts IS NOT NULL")
    op.create_index(
        "ix_change_sent_run_id", "change", ["sent_run_id"], unique=False, postgresql_where="sent_run_id IS NOT NULL"
    )
    op.drop_index(op.f("ix_change_crm_id"), table_name="change")
    op.create_index("ix_change_crm_id", "change", ["crm_id"], unique=False, postgresql_where="crm_id IS NOT NULL")
    op.drop_index(op.f("ix_change_outbox"), table_name="change")
    op.create_index(
        "ix_change_outbox",
        "change",
        ["change_id"],
        unique=False,
        postgresql_where="state IN ('sending','unknown')",
    )
    op.drop_constraint(op.f("fk_change_sent_run_id"), "change")
    for column in ("identity_id", "change_id", "run_id"):
        op.drop_constraint(op.f(f"fk_pushed_{column}"), "pushed")
    op.create_index(
        "uq_change_open_create",
        "change",
        ["account", "identity_id"],
        unique=True,
        postgresql_where="state IN ('planned','approved','sending','unknown') AND action = 'create' AND object IN ('Lead','Contact')",
    )
    op.create_foreign_key(op.f("fk_change_reverts"), "change", "change", ["reverts"], ["change_id"])
    op.add_column("plan", sa.Column("dropped_by", sa.Text(), nullable=True, comment="who said that it shall not leave"))
    op.add_column("plan", sa.Column("dropped_why", sa.Text(), nullable=True))
    op.add_column("plan", sa.Column("kind", sa.Text(), server_default="push", nullable=False))
    op.add_column(
        "plan",
        sa.Column(
            "subject", sa.Text(), nullable=True, comment="of a revert: the run, change or identity that it takes back"
        ),
    )
    op.create_check_constraint(op.f("ck_change_refusal"), "change", "refusal IN ('retry','repair','duplicate','stop')")
    op.drop_constraint(op.f("ck_change_action"), "change")
    op.create_check_constraint(op.f("ck_change_action"), "change", "action IN ('create','update','delete')")
    op.create_check_constraint(op.f("ck_plan_kind"), "plan", "kind IN ('push','revert')")
    op.execute("DELETE FROM signature WHERE kind = 'email'")
    op.drop_constraint(op.f("ck_signature_kind"), "signature")
    op.create_check_constraint(op.f("ck_signature_kind"), "signature", "kind IN ('name','phone','company')")
