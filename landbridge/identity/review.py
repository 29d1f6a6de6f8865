"""Questions for people: the pairs whose answer is worth most first, each with its reason and the evidence in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from landbridge.identity.doubts import SAYS
from landbridge.identity.explain import explain_pair
from landbridge.identity.people import said_of
from landbridge.identity.signed_by import Signatures, signatures_of
from landbridge.store.engine import Store

CLOSE = 2.0
"""Bits. A profile whose second best identity is this near the one it is in is asked about first among its like."""

PERHAPS = "perhaps the same"
RUNNER_UP = "nearly as much speaks for another customer"


@dataclass(frozen=True)
class Question:
    """Are these two one person? `holds`: a lead stays back until somebody answers. `moves`: profiles that the answer
    would bring together or part."""

    left: dict[str, Any]
    right: dict[str, Any]
    reason: str
    holds: bool
    moves: int
    probability: float | None
    because: list[str]


def questions(store: Store, limit: int) -> list[Question]:
    """The most valuable questions: what holds a lead back, then strong evidence that was refused, then by how
    uncertain the answer is and how many profiles hang on it. One question for two identities, and none where a
    standing decision keeps members of both apart."""
    with store.begin() as connection:
        rows = connection.execute(_ASKED, {"limit": limit, "close": CLOSE}).mappings().all()
        named = {row[side] for row in rows for side in ("left_id", "right_id")}
        people, signed = said_of(connection, named), signatures_of(connection, named)
    return [_question(row, people, signed) for row in rows]


def waiting(store: Store) -> dict[str, int]:
    """How many questions there are, and how many of them hold a lead back."""
    with store.begin() as connection:
        row = connection.execute(sa.text(_COUNTED), {"close": CLOSE}).one()
        return {"questions": row[0], "holding": row[1]}


def _question(row: sa.RowMapping, people: dict[str, dict[str, Any]], signed: Signatures) -> Question:
    left, right, evidence = row["left_id"], row["right_id"], row["evidence"]
    return Question(
        people.get(left, {"profile_id": left}),
        people.get(right, {"profile_id": right}),
        reason(row["kind"], row["refused"], row["close"], row["moves"]),
        row["kind"] is not None,
        row["moves"],
        row["probability"],
        explain_pair(evidence, signed.where(left, right, evidence)) if evidence else [],
    )


def reason(kind: str | None, refused: str | None, close: bool, moves: int) -> str:
    """Why it is asked, in words."""
    if kind:
        return SAYS[kind].format(profiles=moves)
    if refused:
        return f"not joined: {refused}"
    return RUNNER_UP if close else PERHAPS


QUESTIONS = """
WITH size AS (SELECT identity_id, count(*) AS profiles FROM link GROUP BY 1),
kept_apart AS (
    SELECT DISTINCT least(l.identity_id, r.identity_id) AS a, greatest(l.identity_id, r.identity_id) AS b
    FROM decision d JOIN link l ON l.profile_id = d.left_id JOIN link r ON r.profile_id = d.right_id
    WHERE d.withdrawn_at IS NULL AND d.verdict = 'different'),
perhaps AS (
    SELECT DISTINCT ON (least(l.identity_id, r.identity_id), greatest(l.identity_id, r.identity_id))
        m.left_id, m.right_id, l.identity_id AS left_identity, r.identity_id AS right_identity, NULL::text AS kind,
        m.refused, m.probability, m.weight, m.evidence, a.profiles * b.profiles AS pairs,
        a.profiles + b.profiles AS moves,
        coalesce(m.weight > least(l.weight, r.weight) - CAST(:close AS float8), false) AS close
    FROM match m JOIN link l ON l.profile_id = m.left_id JOIN link r ON r.profile_id = m.right_id
    JOIN size a ON a.identity_id = l.identity_id JOIN size b ON b.identity_id = r.identity_id
    WHERE m.band = 'review' AND l.identity_id <> r.identity_id
      AND NOT EXISTS (SELECT FROM kept_apart k WHERE k.a = least(l.identity_id, r.identity_id)
          AND k.b = greatest(l.identity_id, r.identity_id))
    ORDER BY least(l.identity_id, r.identity_id), greatest(l.identity_id, r.identity_id), m.weight DESC, m.left_id,
        m.right_id),
asked AS (
    SELECT d.left_id, d.right_id, l.identity_id AS left_identity, r.identity_id AS right_identity, d.kind,
        NULL AS refused, m.probability, m.weight, m.evidence, d.profiles AS pairs, d.profiles AS moves, false AS close
    FROM doubt d JOIN link l ON l.profile_id = d.left_id JOIN link r ON r.profile_id = d.right_id
    LEFT JOIN match m USING (left_id, right_id)
    UNION ALL SELECT * FROM perhaps p
    WHERE NOT EXISTS (SELECT FROM doubt d WHERE d.left_id = p.left_id AND d.right_id = p.right_id))
"""
"""The beginning of a statement that knows all questions there are as `asked`; asks for :close."""

_COUNTED = f"{QUESTIONS} SELECT count(*), count(*) FILTER (WHERE kind IS NOT NULL) FROM asked"

# The answer to an even chance is worth most; a sure one next to nothing.
_ASKED = sa.text(f"""{QUESTIONS}
SELECT left_id, right_id, kind, refused, probability, evidence, moves, close FROM asked
ORDER BY kind IS NULL, refused IS NULL, NOT close, pairs * probability * (1 - probability) DESC NULLS FIRST,
    weight DESC, left_id, right_id
LIMIT :limit
""")
