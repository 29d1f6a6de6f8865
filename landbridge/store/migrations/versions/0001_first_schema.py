"""The first schema: records, profiles, identities, leads, changes, runs, audit."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from landbridge.store.migrations.audit_chain import AUDIT_CHAIN
from landbridge.store.migrations.crm_own import CRM_OWN

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("kind || actor || subject !~ E'\\n'", name=op.f("ck_audit_event_one_line")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
        comment="hash-chained; the database fills seq, at, previous and hash, and refuses update and delete",
    )
    op.create_table(
        "decision",
        sa.Column("decision_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("left_id", sa.Text(), nullable=False),
        sa.Column("right_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "applied",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="resolving has seen it as it stands",
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("verdict IN ('same','different')", name=op.f("ck_decision_verdict")),
        sa.CheckConstraint('left_id < right_id COLLATE "C"', name=op.f("ck_decision_ordered")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decision")),
    )
    op.create_index(
        "uq_decision_standing",
        "decision",
        ["left_id", "right_id"],
        unique=True,
        postgresql_where="withdrawn_at IS NULL",
    )
    op.create_table(
        "map_cursor",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False, comment="content hash of the mapping in force"),
        sa.Column(
            "upto", sa.BigInteger(), nullable=False, comment="record_id: newest versions up to here are mapped with it"
        ),
        sa.Column(
            "ever",
            sa.BigInteger(),
            nullable=False,
            comment="record_id: versions up to here were mapped with some mapping",
        ),
        sa.PrimaryKeyConstraint("account", "stream", name=op.f("pk_map_cursor")),
    )
    op.create_table(
        "profile",
        sa.Column("profile_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=True),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("middle_name", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Text(), nullable=True),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("email", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("phone", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("handle", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("reference", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("consent", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("region_hint", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gone", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False, comment="content hash of the mapping in force"),
        sa.Column("digest", sa.Text(), nullable=False, comment="of the person fields: what identity compares"),
        sa.Column(
            "resolved_digest", sa.Text(), nullable=True, comment="the digest that the current link was computed from"
        ),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_profile")),
    )
    op.create_table(
        "record",
        sa.Column("record_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, comment="1 is the first that we saw of this object"),
        sa.Column("digest", sa.Text(), nullable=False, comment="sha256 of the payload, its fields sorted"),
        sa.Column("payload", sa.Text(), nullable=True, comment="the JSON as it came; only erasure empties it"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_record")),
        comment="one version of one object, exactly as the system gave it; never changed",
    )
    op.create_index("ix_record_stream", "record", ["account", "stream", "record_id"], unique=False)
    op.create_table(
        "record_head",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "stream", "key", name=op.f("pk_record_head")),
        comment="the newest version of each object",
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column(
            "subject", sa.Text(), server_default="", nullable=False, comment="the account, where the flow is about one"
        ),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "versions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="product, model and mapping versions in force",
        ),
        sa.Column(
            "links",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="Prefect's run, Data Docs",
        ),
        sa.Column("error", sa.Text(), nullable=True, comment="one sentence, without personal values"),
        sa.CheckConstraint("state IN ('running','done','failed','lost')", name=op.f("ck_run_state")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run")),
    )
    op.create_index(op.f("ix_run_started_at"), "run", ["started_at"], unique=False)
    op.create_table(
        "touchpoint",
        sa.Column("touchpoint_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True, comment="profile_id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("direction", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("touchpoint_id", name=op.f("pk_touchpoint")),
    )
    op.create_index(op.f("ix_touchpoint_person"), "touchpoint", ["person"], unique=False)
    op.create_table(
        "balance",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("new", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seconds", sa.Double(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_balance_run_id")),
        sa.PrimaryKeyConstraint("run_id", "position", name=op.f("pk_balance")),
    )
    op.create_table(
        "cursor",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("checkpoint", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_cursor_run_id")),
        sa.PrimaryKeyConstraint("account", "stream", name=op.f("pk_cursor")),
    )
    op.create_table(
        "drift",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column(
            "mapping", sa.Text(), nullable=False, comment="content hash of the mapping that does not know the field"
        ),
        sa.Column("first_run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["first_run_id"], ["run.run_id"], name=op.f("fk_drift_first_run_id")),
        sa.PrimaryKeyConstraint("account", "stream", "path", name=op.f("pk_drift")),
        comment="fields that a system sends and no mapping maps or ignores",
    )
    op.create_table(
        "identity",
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column(
            "born",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="order of birth: the elder survives",
        ),
        sa.Column("redirect_to", sa.Text(), nullable=True, comment="where this id lives on, after a merge"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("redirect_to IS DISTINCT FROM identity_id", name=op.f("ck_identity_no_self_redirect")),
        sa.ForeignKeyConstraint(["redirect_to"], ["identity.identity_id"], name=op.f("fk_identity_redirect_to")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_identity_run_id")),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_identity")),
    )
    op.create_index(op.f("ix_identity_redirect_to"), "identity", ["redirect_to"], unique=False)
    op.create_table(
        "identity_event",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Text(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('created','merged','split','redirected')", name=op.f("ck_identity_event_kind")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_identity_event_run_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_identity_event")),
        comment="the id feed that others can follow",
    )
    op.create_table(
        "match",
        sa.Column("left_id", sa.Text(), nullable=False),
        sa.Column("right_id", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True, comment="why a strong match was not linked"),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.CheckConstraint("band IN ('link','review')", name=op.f("ck_match_band")),
        sa.CheckConstraint('left_id < right_id COLLATE "C"', name=op.f("ck_match_ordered")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_match_run_id")),
        sa.PrimaryKeyConstraint("left_id", "right_id", name=op.f("pk_match")),
    )
    op.create_index(op.f("ix_match_right_id"), "match", ["right_id"], unique=False)
    op.create_table(
        "plan",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("policy", sa.Text(), nullable=False, comment="content hash of the CRM mapping"),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was approved"),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('planned','approved','done','superseded')", name=op.f("ck_plan_state")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_plan_run_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_plan")),
    )
    op.create_table(
        "quarantine",
        sa.Column("quarantine_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="account/stream/key, identity or change"),
        sa.Column("expectation", sa.Text(), nullable=False, comment="what was asked and not met"),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True, comment="the value that failed, bounded"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True, comment="a row that could not be landed: its bytes, base64"),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default="held", nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "settled_by", sa.Text(), nullable=True, comment="who released or dropped it; null when the input was mended"
        ),
        sa.Column("settled_why", sa.Text(), nullable=True),
        sa.CheckConstraint("stage IN ('land','map','validate','push')", name=op.f("ck_quarantine_stage")),
        sa.CheckConstraint("state IN ('held','released','dropped')", name=op.f("ck_quarantine_state")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_quarantine_run_id")),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_quarantine")),
    )
    op.create_index(
        "uq_quarantine_standing",
        "quarantine",
        ["stage", "subject", "expectation"],
        unique=True,
        postgresql_where="state = 'held'",
    )
    op.create_table(
        "change",
        sa.Column("change_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("match_field", sa.Text(), nullable=False),
        sa.Column("match_value", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "origin",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="CRM field -> where its value came from",
        ),
        sa.Column(
            "conflicts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="CRM field -> {ours, theirs, last, kept}: what somebody edited there since our last write",
        ),
        sa.Column("lead_digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("crm_id", sa.Text(), nullable=True),
        sa.Column("created", sa.Boolean(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("sent_run_id", sa.Text(), nullable=True),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="before the call: what the CRM showed earlier is older",
        ),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("action IN ('create','update')", name=op.f("ck_change_action")),
        sa.CheckConstraint(
            "state IN ('planned','approved','sending','done','refused','unknown','superseded')",
            name=op.f("ck_change_state"),
        ),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_change_identity_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.plan_id"], name=op.f("fk_change_plan_id")),
        sa.ForeignKeyConstraint(["sent_run_id"], ["run.run_id"], name=op.f("fk_change_sent_run_id")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_change")),
        comment="one planned CRM write, field by field; the outbox is what is approved and not yet confirmed",
    )
    op.create_index("ix_change_crm_id", "change", ["crm_id"], unique=False)
    op.create_index(op.f("ix_change_identity_id"), "change", ["identity_id"], unique=False)
    op.create_index(
        "ix_change_outbox",
        "change",
        ["change_id"],
        unique=False,
        postgresql_where="state IN ('approved','sending','unknown')",
    )
    op.create_index("ix_change_plan_id", "change", ["plan_id"], unique=False)
    op.create_index(
        "uq_change_open",
        "change",
        ["account", "identity_id"],
        unique=True,
        postgresql_where="state IN ('planned','approved','sending','unknown')",
    )
    op.create_index(
        "uq_change_target",
        "change",
        ["account", "object", "match_value"],
        unique=True,
        postgresql_where="state IN ('planned','approved','sending','unknown')",
    )
    op.create_table(
        "golden",
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="surviving values"),
        sa.Column(
            "origin",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="field -> {profile, record, rule}",
        ),
        sa.Column("profiles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False, comment="content hash of the golden rules"),
        sa.Column("inputs", sa.Text(), nullable=False, comment="digest of the profiles it was made from"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_golden_identity_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_golden_run_id")),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_golden")),
    )
    op.create_table(
        "lead",
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column(
            "fields",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="golden values and what enrichment added",
        ),
        sa.Column("origin", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("score", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column(
            "inputs",
            sa.Text(),
            nullable=False,
            comment="digest of the golden record, touchpoints and rules it was made from",
        ),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("checked_digest", sa.Text(), nullable=True, comment="the digest that validation last saw"),
        sa.Column("checked_suite", sa.Text(), nullable=True, comment="content hash of the suite that saw it"),
        sa.Column("valid", sa.Boolean(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_lead_identity_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_lead_run_id")),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_lead")),
    )
    op.create_table(
        "link",
        sa.Column("profile_id", sa.Text(), nullable=False),
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column(
            "weight", sa.Double(), nullable=True, comment="bits of the strongest match that holds it; null for a single"
        ),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False, comment="model version"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_link_identity_id")),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.profile_id"], name=op.f("fk_link_profile_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_link_run_id")),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_link")),
    )
    op.create_index(op.f("ix_link_identity_id"), "link", ["identity_id"], unique=False)
    op.create_table(
        "pushed",
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("crm_id", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="what we last wrote"),
        sa.Column(
            "created", sa.Boolean(), server_default="false", nullable=False, comment="one of our writes created it"
        ),
        sa.Column(
            "base",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="what stood there before we wrote it",
        ),
        sa.Column("change_id", sa.BigInteger(), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change.change_id"], name=op.f("fk_pushed_change_id")),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_pushed_identity_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_pushed_run_id")),
        sa.PrimaryKeyConstraint("identity_id", "account", name=op.f("pk_pushed")),
        sa.UniqueConstraint("account", "object", "crm_id", name=op.f("uq_pushed_account_object_crm_id")),
    )
    for statement in (*AUDIT_CHAIN, *CRM_OWN):
        op.execute(statement)
