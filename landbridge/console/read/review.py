"""What a reviewer must see to answer: the records, the evidence, what happened, and what an answer would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from landbridge.config import Settings
from landbridge.console.read import compared, crm, touches
from landbridge.desk import answers
from landbridge.desk.answers import Act
from landbridge.desk.claims import Question
from landbridge.identity.explain import Step, waterfall
from landbridge.identity.people import said_of
from landbridge.identity.signed_by import signatures_of
from landbridge.store.engine import Store

Record = compared.Record
SHOWN = tuple(dict.fromkeys(field for _, fields in compared.FIELDS for field in fields))
"""The fields of a record that are shown."""

MANY = 1000
"""Beyond, the page says 'more than'."""


@dataclass(frozen=True)
class Case:
    """A question with all that speaks to it. `widest`: the bits of the weightiest step, for the bars."""

    question: Question
    records: list[compared.Record]
    rows: list[compared.Row]
    steps: list[Step]
    widest: float
    touches: list[touches.Touch]
    effects: crm.Effects
    acts: list[Act]

    @property
    def sides(self) -> dict[str, int]:
        """How many columns each side has."""
        return {side: sum(record.side == side for record in self.records) for side in "ab"}

    def side_of(self, identity_id: str) -> str:
        """'a' or 'b'."""
        return "a" if identity_id == self.question.left_identity else "b"


@dataclass(frozen=True)
class Line:
    """A question in the queue's list, by the names of the two."""

    question: Question
    left: str
    right: str


def case(store: Store, question: Question, account: str | None) -> Case:
    """All that speaks to a question. `account`: the CRM's."""
    identities = (question.left_identity, question.right_identity)
    with store.begin() as connection:
        shown = compared.records(connection, *question.pair, identities)
        evidence = connection.execute(_EVIDENCE, {"left": question.left_id, "right": question.right_id}).first()
        signed = signatures_of(connection, question.pair)
        happened = touches.touches(connection, set(identities), limit=10)
        known = crm.of(connection, account, set(identities))
    where = signed.where(*question.pair, evidence.evidence) if evidence else {}
    steps = waterfall(evidence.evidence, evidence.weight, where) if evidence else []
    would = crm.effects(known, *identities, holds=question.holds, moves=question.moves)
    widest = max((abs(step.bits) for step in steps), default=1.0)
    acts = answers.about(store, question.pair)
    return Case(question, shown, compared.compared(shown), steps, widest, happened, would, acts)


def lines(store: Store, questions: Sequence[Question]) -> list[Line]:
    """Questions with the names of whom they are about."""
    with store.begin() as connection:
        people = said_of(connection, {profile for question in questions for profile in question.pair})
    return [Line(q, *(_called(people.get(profile, {}), profile) for profile in q.pair)) for q in questions]


def _called(said: dict[str, str], profile: str) -> str:
    return str(said.get("name") or said.get("email") or said.get("phone") or profile)[:80]


def without_values(words: str) -> str:
    """A piece of evidence for somebody who may not see personal values: what it is about, and not what it says."""
    return words.partition(": ")[0]


def crm_account(settings: Settings) -> str | None:
    """The CRM's account, None in a project without one."""
    return settings.crm if settings.crm in settings.accounts else None


def open_questions(store: Store) -> int:
    """How many are open, MANY at most: a page counts no further."""
    with store.begin() as connection:
        return connection.scalar(_OPEN, {"most": MANY}) or 0


_EVIDENCE = sa.text("SELECT evidence, weight FROM match WHERE left_id = :left AND right_id = :right")
_OPEN = sa.text("SELECT count(*) FROM (SELECT FROM question WHERE state = 'open' LIMIT :most) few")
