"""A queue to work on: pairs of people who are perhaps the same, written as identity and leads leave them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from landbridge.desk.queue import keep_questions
from landbridge.store.engine import Store
from landbridge.trail import runs
from landbridge.trail.balance import Entry

Ask = Callable[..., None]
EVIDENCE = json.dumps({"given": {"level": "same", "weight": 5.0, "left": "ann", "right": "ann"}})

_ROWS = """
INSERT INTO profile (profile_id, account, stream, key, record_id, full_name, email, mapping, digest, run_id)
SELECT 'crm/Contact/' || lpad(n::text, 4, '0') || side, 'crm', 'Contact', lpad(n::text, 4, '0') || side, n,
    'Ann ' || side || n, ARRAY['ann' || n || side || '@x.example'], 'm', 'd' || n || side, :run
FROM unnest(CAST(:numbers AS int[])) n, unnest(ARRAY['a', 'b']) side;
INSERT INTO identity (identity_id, founder, run_id)
SELECT 'i' || key, profile_id, :run FROM profile WHERE record_id = ANY(:numbers);
INSERT INTO link (profile_id, identity_id, how, model, run_id)
SELECT profile_id, 'i' || key, 'single', 'm', :run FROM profile WHERE record_id = ANY(:numbers);
INSERT INTO match (left_id, right_id, weight, probability, band, evidence, model, run_id)
SELECT 'crm/Contact/' || lpad(n::text, 4, '0') || 'a', 'crm/Contact/' || lpad(n::text, 4, '0') || 'b', 1.0, 0.5,
    'review', CAST(:evidence AS jsonb), 'm', :run FROM unnest(CAST(:numbers AS int[])) n;
INSERT INTO golden (identity_id, fields, origin, profiles, rules, inputs, digest, run_id)
SELECT identity_id, jsonb_build_object('full_name', full_name, 'email', email[1], 'emails', email), '{}',
    ARRAY[profile_id], 'r', 'i', p.digest, :run
FROM link JOIN profile p USING (profile_id) WHERE record_id = ANY(:numbers);
INSERT INTO lead (identity_id, fields, origin, score, inputs, digest, run_id)
SELECT identity_id, g.fields, '{}', least(record_id, 100), 'i', g.digest, :run
FROM link JOIN profile USING (profile_id) JOIN golden g USING (identity_id) WHERE record_id = ANY(:numbers)
"""


@pytest.fixture
def ask(store: Store) -> Ask:
    """Ask about these numbers: `ask(1, 2, 3)`. Number n's lead has n points, so the highest is asked about first."""

    def asked(*numbers: int) -> None:
        with runs.running(store, "publish", actor="test") as run, store.begin() as connection:
            for statement in _ROWS.split(";\n"):
                values = {"run": run.run_id, "numbers": list(numbers), "evidence": EVIDENCE}
                named = {name: value for name, value in values.items() if f":{name}" in statement}
                connection.execute(sa.text(statement), named)
        kept(store)

    return asked


def kept(store: Store, crm: str = "crm") -> Entry:
    """Keep the queue up to date; its books."""
    with runs.running(store, "publish", actor="test") as run:
        keep_questions(run, crm)
    return run.books.entries[-1]


def pair(number: int) -> tuple[str, str]:
    """The question about this number."""
    return f"crm/Contact/{number:04}a", f"crm/Contact/{number:04}b"


def number(question: Any) -> int:
    """Which number a question is about."""
    return int(question.left_id[-5:-1])


def rows(store: Store, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with store.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), values)]
