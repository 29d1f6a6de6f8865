"""What people at the console ask for, kept ready: questions, what reviewers did, words of customers, overrides.

`question`, `search_customer` and `search_word` are derived: emptied, the next run fills them again.
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
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from landbridge.store.tables.base import metadata, now, run_column

_OPEN = "state = 'open'"

question = Table(
    "question",
    metadata,
    Column("left_id", Text, primary_key=True),
    Column("right_id", Text, primary_key=True),
    Column("left_identity", Text, nullable=False, comment="whose the left profile was when it was asked"),
    Column("right_identity", Text, nullable=False),
    Column("kind", Text, comment="the doubt that holds a lead back; null: perhaps two are one"),
    Column("refused", Text, comment="why strong evidence did not join them"),
    Column("close", Boolean, nullable=False, comment="nearly as much speaks for another customer"),
    Column("probability", Double),
    Column("weight", Double),
    Column("moves", BigInteger, nullable=False, comment="profiles that the answer would bring together or part"),
    Column("deals", Double, nullable=False, comment="open deals of either, in the CRM's money"),
    Column("score", Integer, nullable=False, comment="of the better lead"),
    Column("value", Double, nullable=False, comment="what the answer is worth: deals, or else the score, x doubt"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("until", DateTime(timezone=True), comment="put off till then"),
    Column("first_by", Text, comment="who gave a verdict that waits for another person's"),
    Column("first_verdict", Text),
    Column("claimed_by", Text, comment="who has it on the screen"),
    Column("claimed_until", DateTime(timezone=True)),
    run_column(),
    now(),
    CheckConstraint("state IN ('open','later','answered')", name="state"),
    CheckConstraint("first_verdict IN ('same','different')", name="first_verdict"),
    CheckConstraint("state <> 'later' OR until IS NOT NULL", name="later_ends"),
    Index("ix_question_next", "value", "left_id", "right_id", postgresql_where=_OPEN),
    Index("ix_question_until", "until", postgresql_where="state = 'later'"),
    Index("ix_question_claimed_by", "claimed_by", postgresql_where="claimed_by IS NOT NULL"),
    Index(None, "left_identity"),
    Index(None, "right_identity"),
    comment="the queue for review: pairs of profiles whose answer somebody should give, kept up to date by every run",
)

review_act = Table(
    "review_act",
    metadata,
    Column("act_id", BigInteger, Identity(always=True), primary_key=True),
    Column("left_id", Text, nullable=False),
    Column("right_id", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("waits", Boolean, nullable=False, server_default="false", comment="for another person's verdict"),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    now(),
    Column("undone_at", DateTime(timezone=True)),
    CheckConstraint("act IN ('same','different','later')", name="act"),
    Index(None, "actor", "act_id"),
    Index(None, "left_id", "right_id"),
    comment="what reviewers did, in order: what one key takes back",
)

search_customer = Table(
    "search_customer",
    metadata,
    Column("identity_id", Text, ForeignKey("identity.identity_id"), primary_key=True),
    Column("words", TSVECTOR, nullable=False, comment="folded; personal values, gone with the golden record"),
    Column("inputs", Text, nullable=False, comment="digest of what the words were made from"),
    Column("digest", Text, nullable=False),
    run_column(),
    now(),
    Index("ix_search_customer_words", "words", postgresql_using="gin"),
    comment="by which words each customer is found",
)

search_word = Table(
    "search_word",
    metadata,
    Column("word", Text(collation="C"), primary_key=True),
    Column("customers", BigInteger, nullable=False, comment="who have it"),
    Column("near", ARRAY(Text), nullable=False, comment="itself and itself without any one letter"),
    Index("ix_search_word_near", "near", postgresql_using="gin"),
    comment="the words that customers are found by, so that a slip of the pen finds them too",
)

override = Table(
    "override",
    metadata,
    Column("override_id", BigInteger, Identity(always=True), primary_key=True),
    Column("identity_id", Text, ForeignKey("identity.identity_id"), nullable=False),
    Column("field", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    now(),
    Column("released_at", DateTime(timezone=True)),
    Column("released_by", Text),
    Column("released_why", Text),
    Index("uq_override_standing", "identity_id", "field", unique=True, postgresql_where="released_at IS NULL"),
    comment="a person's word about a golden value: it stands above every rule until somebody takes it back",
)
