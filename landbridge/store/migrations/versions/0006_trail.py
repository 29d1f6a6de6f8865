"""Years of runs and of the trail are found by whatever they are asked for; an account may be given to the provider; a
plan that ended keeps its counts; an id that was merged away can be given back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index(op.f("ix_run_flow_subject_started_at"), "run", ["flow", "subject", "started_at"], unique=False)
    op.create_index(op.f("ix_run_subject_started_at"), "run", ["subject", "started_at"], unique=False)
    op.create_index(op.f("ix_run_state_started_at"), "run", ["state", "started_at"], unique=False)
    op.create_index(op.f("ix_quarantine_run_id"), "quarantine", ["run_id"], unique=False)
    for side in ("left_id", "right_id"):
        op.create_index(op.f(f"ix_decision_{side}"), "decision", [side], unique=False)
    op.create_index("ix_pushed_crm_id_short", "pushed", [sa.literal_column("left(crm_id, 15)")], unique=False)
    op.create_index(op.f("ix_audit_event_at"), "audit_event", ["at"], unique=False)
    for column in ("kind", "actor", "subject"):
        op.create_index(op.f(f"ix_audit_event_{column}_seq"), "audit_event", [column, "seq"], unique=False)
    op.create_index(
        "ix_audit_event_run",
        "audit_event",
        [sa.literal_column("(detail ->> 'run')"), "seq"],
        unique=False,
        postgresql_where=sa.text("detail ? 'run'"),
    )
    op.add_column(
        "console_user",
        sa.Column(
            "may_link",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="whoever the provider says has this login may take it over",
        ),
    )
    counts = sa.Column("counts", JSONB(), nullable=True, comment="its changes by state, once none of them is open")
    op.add_column("plan", counts)
    op.execute(_COUNTED)
    _ids_are_given_back()


def _ids_are_given_back() -> None:
    op.create_table(
        "bearer",
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column("profile_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", "profile_id", name=op.f("pk_bearer")),
        comment="the profiles that went along when an id was merged away: if they part again, they have it back",
    )
    op.create_index(op.f("ix_bearer_profile_id"), "bearer", ["profile_id"], unique=False)
    op.execute(_BORNE)
    op.drop_constraint(op.f("ck_identity_event_kind"), "identity_event")
    op.create_check_constraint(
        op.f("ck_identity_event_kind"),
        "identity_event",
        "kind IN ('created','merged','split','redirected','restored')",
    )


# Who bore an id that was merged away before this is not known any more, but for whom it is made from.
_BORNE = """
INSERT INTO bearer (identity_id, profile_id, at)
SELECT identity_id, founder, at FROM identity WHERE redirect_to IS NOT NULL
"""

_COUNTED = """
UPDATE plan p SET counts = (
    SELECT coalesce(jsonb_object_agg(state, n), '{}')
    FROM (SELECT state, count(*) AS n FROM change c WHERE c.plan_id = p.plan_id GROUP BY state) s)
WHERE state IN ('done', 'superseded')
"""
