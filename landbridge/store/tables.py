"""Every table, with the constraints that make wrong states impossible. Read it beside the words in docs/words.md.

Text ids that people meet: a profile is `account/stream/key`; an identity is a UUID that lasts; a run is a short word.
"""

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
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from landbridge.store.profiles import MANY, SINGLE

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _now() -> Column[object]:
    return Column("at", DateTime(timezone=True), nullable=False, server_default=func.now())


def _run(name: str = "run_id") -> Column[object]:
    return Column(name, Text, ForeignKey("run.run_id"), nullable=False)


run = Table(
    "run",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("flow", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default="", comment="the account, where the flow is about one"),
    Column("state", Text, nullable=False, server_default="running"),
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("ended_at", DateTime(timezone=True)),
    Column(
        "versions", JSONB, nullable=False, server_default="{}", comment="product, model and mapping versions in force"
    ),
    Column("links", JSONB, nullable=False, server_default="{}", comment="Prefect's run, Data Docs"),
    Column("error", Text, comment="one sentence, without personal values"),
    CheckConstraint("state IN ('running','done','failed','lost')", name="state"),
    Index(None, "started_at"),
)

balance = Table(
    "balance",
    metadata,
    Column("run_id", Text, ForeignKey("run.run_id"), primary_key=True),
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("stage", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    *(
        Column(n, BigInteger, nullable=False, server_default="0")
        for n in ("taken", "new", "changed", "unchanged", "held", "refused")
    ),
    Column("seconds", Double, nullable=False, server_default="0"),
)

cursor = Table(
    "cursor",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("checkpoint", JSONB, nullable=False),
    _run(),
    _now(),
)

# The data plane: written in batches by set-based statements that join what they refer to. These tables have no
# foreign keys, which would cost a third of landing's speed: docs/decisions/0006.

record = Table(
    "record",
    metadata,
    Column("record_id", BigInteger, Identity(always=True), primary_key=True),
    Column("account", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="1 is the first that we saw of this object"),
    Column("digest", Text, nullable=False, comment="sha256 of the payload, its fields sorted"),
    Column("payload", Text, comment="the JSON as it came; only erasure empties it"),
    Column("run_id", Text, nullable=False),
    _now(),
    Index("ix_record_stream", "account", "stream", "record_id"),
    comment="one version of one object, exactly as the system gave it; never changed",
)

record_head = Table(
    "record_head",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("record_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    comment="the newest version of each object",
)

map_cursor = Table(
    "map_cursor",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("mapping", Text, nullable=False, comment="content hash of the mapping in force"),
    Column("upto", BigInteger, nullable=False, comment="record_id: newest versions up to here are mapped with it"),
    Column("ever", BigInteger, nullable=False, comment="record_id: versions up to here were mapped with some mapping"),
)

profile = Table(
    "profile",
    metadata,
    Column("profile_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    *(Column(name, Text) for name in SINGLE),
    *(Column(name, ARRAY(Text)) for name in MANY),
    Column("region_hint", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("gone", Boolean, nullable=False, server_default="false"),
    Column("mapping", Text, nullable=False, comment="content hash of the mapping in force"),
    Column("digest", Text, nullable=False, comment="of the person fields: what identity compares"),
    Column("resolved_digest", Text, comment="the digest that the current link was computed from"),
    Column("run_id", Text, nullable=False),
)

touchpoint = Table(
    "touchpoint",
    metadata,
    Column("touchpoint_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Column("person", Text, comment="profile_id"),
    Column("kind", Text, nullable=False),
    Column("at", DateTime(timezone=True)),
    *(Column(name, Text) for name in ("channel", "subject", "text", "url", "direction", "campaign")),
    Column("mapping", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Index(None, "person"),
)

drift = Table(
    "drift",
    metadata,
    Column("account", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("mapping", Text, nullable=False, comment="content hash of the mapping that does not know the field"),
    _run("first_run_id"),
    _now(),
    comment="fields that a system sends and no mapping maps or ignores",
)

_ORDERED = 'left_id < right_id COLLATE "C"'
"""As Python and DuckDB order text, and not by the database's language, where 00Qa comes before 00QB."""

identity = Table(
    "identity",
    metadata,
    Column("identity_id", Text, primary_key=True),
    Column("born", BigInteger, Identity(always=True), nullable=False, comment="order of birth: the elder survives"),
    Column("redirect_to", Text, ForeignKey("identity.identity_id"), comment="where this id lives on, after a merge"),
    _run(),
    _now(),
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
    _run(),
    _now(),
    CheckConstraint("kind IN ('created','merged','split','redirected')", name="kind"),
    comment="the id feed that others can follow",
)

link = Table(
    "link",
    metadata,
    Column("profile_id", Text, ForeignKey("profile.profile_id"), primary_key=True),
    Column("identity_id", Text, ForeignKey("identity.identity_id"), nullable=False),
    Column("weight", Double, comment="bits of the strongest match that holds it; null for a single"),
    Column("how", Text, nullable=False),
    Column("model", Text, nullable=False, comment="model version"),
    _run(),
    _now(),
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
    _run(),
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
    Column("applied", Boolean, nullable=False, server_default="false", comment="resolving has seen it as it stands"),
    _now(),
    CheckConstraint(_ORDERED, name="ordered"),
    CheckConstraint("verdict IN ('same','different')", name="verdict"),
    Index("uq_decision_standing", "left_id", "right_id", unique=True, postgresql_where="withdrawn_at IS NULL"),
)

golden = Table(
    "golden",
    metadata,
    Column("identity_id", Text, ForeignKey("identity.identity_id"), primary_key=True),
    Column("fields", JSONB, nullable=False, comment="surviving values"),
    Column("origin", JSONB, nullable=False, comment="field -> {profile, record, rule}"),
    Column("profiles", ARRAY(Text), nullable=False),
    Column("rules", Text, nullable=False, comment="content hash of the golden rules"),
    Column("inputs", Text, nullable=False, comment="digest of the profiles it was made from"),
    Column("digest", Text, nullable=False),
    _run(),
    _now(),
)

lead = Table(
    "lead",
    metadata,
    Column("identity_id", Text, ForeignKey("identity.identity_id"), primary_key=True),
    Column("fields", JSONB, nullable=False, comment="golden values and what enrichment added"),
    Column("origin", JSONB, nullable=False),
    Column("score", Integer, nullable=False, server_default="0"),
    Column("reasons", JSONB, nullable=False, server_default="[]"),
    Column(
        "inputs", Text, nullable=False, comment="digest of the golden record, touchpoints and rules it was made from"
    ),
    Column("digest", Text, nullable=False),
    Column("checked_digest", Text, comment="the digest that validation last saw"),
    Column("checked_suite", Text, comment="content hash of the suite that saw it"),
    Column("valid", Boolean),
    _run(),
    _now(),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", BigInteger, Identity(always=True), primary_key=True),
    Column("stage", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="account/stream/key, identity or change"),
    Column("expectation", Text, nullable=False, comment="what was asked and not met"),
    Column("field", Text),
    Column("value", Text, comment="the value that failed, bounded"),
    Column("reason", Text, nullable=False),
    Column("raw", Text, comment="a row that could not be landed: its bytes, base64"),
    Column("record_id", BigInteger),
    Column("state", Text, nullable=False, server_default="held"),
    _run(),
    _now(),
    Column("settled_at", DateTime(timezone=True)),
    Column("settled_by", Text, comment="who released or dropped it; null when the input was mended"),
    Column("settled_why", Text),
    CheckConstraint("stage IN ('land','map','validate','push')", name="stage"),
    CheckConstraint("state IN ('held','released','dropped')", name="state"),
    Index("uq_quarantine_standing", "stage", "subject", "expectation", unique=True, postgresql_where="state = 'held'"),
)

plan = Table(
    "plan",
    metadata,
    Column("plan_id", Text, primary_key=True),
    _run(),
    Column("account", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("policy", Text, nullable=False, comment="content hash of the CRM mapping"),
    Column("unchanged", BigInteger, nullable=False, server_default="0"),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("reason", Text, comment="why it was approved"),
    _now(),
    CheckConstraint("state IN ('planned','approved','done','superseded')", name="state"),
)

_OPEN = "state IN ('planned','approved','sending','unknown')"

change = Table(
    "change",
    metadata,
    Column("change_id", BigInteger, Identity(always=True), primary_key=True),
    Column("plan_id", Text, ForeignKey("plan.plan_id"), nullable=False),
    Column("identity_id", Text, ForeignKey("identity.identity_id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("match_field", Text, nullable=False),
    Column("match_value", Text, nullable=False),
    Column("before", JSONB, nullable=False, server_default="{}"),
    Column("after", JSONB, nullable=False),
    Column("origin", JSONB, nullable=False, server_default="{}", comment="CRM field -> where its value came from"),
    Column(
        "conflicts",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="CRM field -> {ours, theirs, last, kept}: what somebody edited there since our last write",
    ),
    Column("lead_digest", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="planned"),
    Column("crm_id", Text),
    Column("created", Boolean),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("code", Text),
    Column("message", Text),
    Column("sent_run_id", Text, ForeignKey("run.run_id")),
    Column("sent_at", DateTime(timezone=True), comment="before the call: what the CRM showed earlier is older"),
    Column("settled_at", DateTime(timezone=True)),
    _now(),
    CheckConstraint("action IN ('create','update')", name="action"),
    CheckConstraint("state IN ('planned','approved','sending','done','refused','unknown','superseded')", name="state"),
    Index(None, "identity_id"),
    Index("ix_change_outbox", "change_id", postgresql_where="state IN ('approved','sending','unknown')"),
    Index("uq_change_open", "account", "identity_id", unique=True, postgresql_where=_OPEN),
    Index("uq_change_target", "account", "object", "match_value", unique=True, postgresql_where=_OPEN),
    Index("ix_change_plan_id", "plan_id"),
    Index("ix_change_crm_id", "crm_id"),
    comment="one planned CRM write, field by field; the outbox is what is approved and not yet confirmed",
)

pushed = Table(
    "pushed",
    metadata,
    Column("identity_id", Text, ForeignKey("identity.identity_id"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("object", Text, nullable=False),
    Column("crm_id", Text, nullable=False),
    Column("fields", JSONB, nullable=False, comment="what we last wrote"),
    Column("created", Boolean, nullable=False, server_default="false", comment="one of our writes created it"),
    Column("base", JSONB, nullable=False, server_default="{}", comment="what stood there before we wrote it"),
    Column("change_id", BigInteger, ForeignKey("change.change_id")),
    _run(),
    _now(),
    UniqueConstraint("account", "object", "crm_id"),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("seq", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    CheckConstraint(r"kind || actor || subject !~ E'\n'", name="one_line"),
    comment="hash-chained; the database fills seq, at, previous and hash, and refuses update and delete",
)
