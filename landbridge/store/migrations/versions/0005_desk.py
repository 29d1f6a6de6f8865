"""What people at the console ask for, kept ready: questions, reviewers' acts, words of customers, overrides."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "review_act",
        sa.Column("act_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("left_id", sa.Text(), nullable=False),
        sa.Column("right_id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column(
            "waits", sa.Boolean(), server_default="false", nullable=False, comment="for another person's verdict"
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("act IN ('same','different','later')", name=op.f("ck_review_act_act")),
        sa.PrimaryKeyConstraint("act_id", name=op.f("pk_review_act")),
        comment="what reviewers did, in order: what one key takes back",
    )
    op.create_index(op.f("ix_review_act_actor_act_id"), "review_act", ["actor", "act_id"], unique=False)
    op.create_index(op.f("ix_review_act_left_id_right_id"), "review_act", ["left_id", "right_id"], unique=False)
    op.create_table(
        "search_word",
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False, comment="who have it"),
        sa.Column(
            "near", postgresql.ARRAY(sa.Text()), nullable=False, comment="itself and itself without any one letter"
        ),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_word")),
        comment="the words that customers are found by, so that a slip of the pen finds them too",
    )
    op.create_index("ix_search_word_near", "search_word", ["near"], unique=False, postgresql_using="gin")
    op.create_table(
        "question",
        sa.Column("left_id", sa.Text(), nullable=False),
        sa.Column("right_id", sa.Text(), nullable=False),
        sa.Column("left_identity", sa.Text(), nullable=False, comment="whose the left profile was when it was asked"),
        sa.Column("right_identity", sa.Text(), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=True, comment="the doubt that holds a lead back; null: perhaps two are one"
        ),
        sa.Column("refused", sa.Text(), nullable=True, comment="why strong evidence did not join them"),
        sa.Column("close", sa.Boolean(), nullable=False, comment="nearly as much speaks for another customer"),
        sa.Column("probability", sa.Double(), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column(
            "moves", sa.BigInteger(), nullable=False, comment="profiles that the answer would bring together or part"
        ),
        sa.Column("deals", sa.Double(), nullable=False, comment="open deals of either, in the CRM's money"),
        sa.Column("score", sa.Integer(), nullable=False, comment="of the better lead"),
        sa.Column(
            "value", sa.Double(), nullable=False, comment="what the answer is worth: deals, or else the score, x doubt"
        ),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True, comment="put off till then"),
        sa.Column("first_by", sa.Text(), nullable=True, comment="who gave a verdict that waits for another person's"),
        sa.Column("first_verdict", sa.Text(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True, comment="who has it on the screen"),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("first_verdict IN ('same','different')", name=op.f("ck_question_first_verdict")),
        sa.CheckConstraint("state <> 'later' OR until IS NOT NULL", name=op.f("ck_question_later_ends")),
        sa.CheckConstraint("state IN ('open','later','answered')", name=op.f("ck_question_state")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_question_run_id")),
        sa.PrimaryKeyConstraint("left_id", "right_id", name=op.f("pk_question")),
        comment="the queue for review: pairs of profiles whose answer somebody should give, kept up to date by every run",
    )
    op.create_index(
        "ix_question_claimed_by", "question", ["claimed_by"], unique=False, postgresql_where="claimed_by IS NOT NULL"
    )
    op.create_index(op.f("ix_question_left_identity"), "question", ["left_identity"], unique=False)
    op.create_index(
        "ix_question_next",
        "question",
        ["value", "left_id", "right_id"],
        unique=False,
        postgresql_where="state = 'open'",
    )
    op.create_index(op.f("ix_question_right_identity"), "question", ["right_identity"], unique=False)
    op.create_index("ix_question_until", "question", ["until"], unique=False, postgresql_where="state = 'later'")
    op.create_table(
        "override",
        sa.Column("override_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_why", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_override_identity_id")),
        sa.PrimaryKeyConstraint("override_id", name=op.f("pk_override")),
        comment="a person's word about a golden value: it stands above every rule until somebody takes it back",
    )
    op.create_index(
        "uq_override_standing",
        "override",
        ["identity_id", "field"],
        unique=True,
        postgresql_where="released_at IS NULL",
    )
    op.create_table(
        "search_customer",
        sa.Column("identity_id", sa.Text(), nullable=False),
        sa.Column(
            "words",
            postgresql.TSVECTOR(),
            nullable=False,
            comment="folded; personal values, gone with the golden record",
        ),
        sa.Column("inputs", sa.Text(), nullable=False, comment="digest of what the words were made from"),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["identity_id"], ["identity.identity_id"], name=op.f("fk_search_customer_identity_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_search_customer_run_id")),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_search_customer")),
        comment="by which words each customer is found",
    )
    op.create_index("ix_search_customer_words", "search_customer", ["words"], unique=False, postgresql_using="gin")
    op.create_index(op.f("ix_identity_event_identity_id"), "identity_event", ["identity_id"], unique=False)
    op.create_index(op.f("ix_lead_score_identity_id"), "lead", ["score", "identity_id"], unique=False)
