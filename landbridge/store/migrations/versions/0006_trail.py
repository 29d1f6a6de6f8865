"""Years of runs and of the trail are found by whatever they are asked for; an account may be given to the provider."""

import sqlalchemy as sa
from alembic import op

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
