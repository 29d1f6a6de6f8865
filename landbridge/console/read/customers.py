"""Customers: lists of them, and one whole, with where each value came from and what it won against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from landbridge.console.read import crm, touches
from landbridge.desk.find import find
from landbridge.desk.words import digits, words
from landbridge.identity import story as stories
from landbridge.leads import overrides
from landbridge.leads.overrides import Override
from landbridge.push.claimed import STANDS
from landbridge.push.words import RULES
from landbridge.store.engine import Store
from landbridge.trail.lineage import identity_of

TOUCHES = 25
"""On a page of the timeline."""


PERSONAL = ("name", "email", "phone", "company", "city")
"""What of a customer in a few values is personal."""


@dataclass(frozen=True)
class Customer:
    """A customer as a line of a list. `how`: in which way a search found them."""

    identity_id: str
    name: str | None
    email: str | None
    phone: str | None
    company: str | None
    city: str | None
    profiles: int
    score: int
    valid: bool | None
    how: str = "exact"


@dataclass(frozen=True)
class Value:
    """A golden value, where it came from, and what else was said. `override` stands above it, from the next run on
    where it is not `kept` yet."""

    field: str
    label: str
    value: str | None
    profile: str | None
    why: str
    others: list[tuple[str, str]]
    override: Override | None
    may_be_set: bool


@dataclass(frozen=True)
class Consent:
    """What somebody agreed to or refused: state granted or refused."""

    channel: str
    state: str
    since: str
    profile: str | None


@dataclass(frozen=True)
class Change:
    """A write to the CRM, planned or done."""

    change_id: int
    plan_id: str
    object: str
    action: str
    state: str
    fields: list[str]
    message: str | None
    at: datetime


@dataclass(frozen=True)
class Held:
    """What keeps something of the customer from the CRM: a hold, or the quarantine."""

    what: str
    why: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Whole:
    """Everything about one customer."""

    story: stories.Story
    line: Customer | None
    values: list[Value]
    consents: list[Consent]
    reasons: list[Mapping[str, Any]]
    touches: list[touches.Touch]
    more: bool
    crm: list[crm.CrmRecord]
    changes: list[Change]
    held: list[Held]
    questions: int

    @property
    def identity_id(self) -> str:
        return self.story.identity_id


def search(store: Store, text: str, limit: int, *, personal: bool) -> list[Customer]:
    """Whom a text could mean, the likeliest first; by names and ids alone unless `personal`."""
    found = {each.identity_id: each.how for each in find(store, text, limit, personal=personal)}
    with store.begin() as connection:
        rows = connection.execute(_LINES, {"ids": list(found)}).all()
    by_id = {row.identity_id: replace(Customer(*row), how=found[row.identity_id]) for row in rows}
    return [by_id[identity] for identity in found if identity in by_id]


def hottest(store: Store, *, descending: bool, limit: int, offset: int) -> list[Customer]:
    """Customers by their lead's score."""
    with store.begin() as connection:
        asked = {"limit": limit, "offset": offset}
        ids = list(connection.execute(_HOTTEST if descending else _COLDEST, asked).scalars())
        rows = {row.identity_id: Customer(*row) for row in connection.execute(_LINES, {"ids": ids})}
    return [rows[identity] for identity in ids if identity in rows]


def every(store: Store, *, descending: bool) -> Iterator[Customer]:
    """All of them by their lead's score. Read in pieces, each in a transaction of its own: a slow reader holds none."""
    beyond: dict[str, Any] = {"score": None, "id": None, "limit": 1000}
    while True:
        with store.begin() as connection:
            places = connection.execute(_BELOW if descending else _ABOVE, beyond).all()
            rows = {
                row.identity_id: Customer(*row) for row in connection.execute(_LINES, {"ids": [p[0] for p in places]})
            }
        if not places:
            return
        yield from (rows[identity] for identity, _ in places if identity in rows)
        beyond |= {"id": places[-1][0], "score": places[-1][1]}


def living(store: Store, what: str) -> str:
    """The customer that an id means today. Raises NotFound."""
    with store.begin() as connection:
        return identity_of(connection, what)[0]


def whole(store: Store, identity: str, account: str | None, page: int = 1) -> Whole:
    """Everything about a customer, and one page of what happened. Raises NotFound."""
    story = stories.story(store, identity)
    ids = [story.identity_id, *story.formerly]
    members = [member.profile_id for member in story.members]
    with store.begin() as connection:
        row = connection.execute(_GOLD, {"id": story.identity_id}).mappings().first()
        said = connection.execute(_SAID, {"ids": members}).mappings().all()
        happened = touches.touches(connection, ids, limit=TOUCHES + 1, offset=(page - 1) * TOUCHES)
        return Whole(
            story,
            _line(connection, story.identity_id),
            _values(row, said, overrides.of(connection, ids)),
            _consents(row),
            row["reasons"] or [] if row else [],
            happened[:TOUCHES],
            len(happened) > TOUCHES,
            crm.of(connection, account, ids),
            [Change(*each) for each in connection.execute(_CHANGES, {"ids": ids})],
            [Held(*each) for each in connection.execute(_HELD, {"ids": ids, "profiles": members})],
            connection.scalar(_QUESTIONS, {"id": story.identity_id}) or 0,
        )


def _line(connection: sa.Connection, identity: str) -> Customer | None:
    row = connection.execute(_LINES, {"ids": [identity]}).first()
    return Customer(*row) if row else None


LABELS = {
    "full_name": "Name",
    "email": "E-mail",
    "phone": "Phone",
    "handle": "Social",
    "company": "Company",
    "title": "Title",
    "website": "Website",
    "street": "Street",
    "postcode": "Postcode",
    "city": "City",
    "region": "Region",
    "country": "Country",
    "birth_date": "Born",
    "language": "Language",
}


def _values(row: Any, said: Sequence[Any], words_of: Sequence[Override]) -> list[Value]:
    fields: Mapping[str, Any] = row["fields"] if row else {}
    origins: Mapping[str, Any] = row["origin"] if row else {}
    overruled = {override.field: override for override in words_of}
    values = [_value(f, label, fields, origins, said, overruled.get(f)) for f, label in LABELS.items()]
    return [value for value in values if value.value or value.others or value.override or value.may_be_set]


def _value(
    field: str,
    label: str,
    fields: Mapping[str, Any],
    origins: Mapping[str, Any],
    said: Sequence[Any],
    override: Override | None,
) -> Value:
    value = _name(fields) if field == "full_name" else fields.get(field)
    origin = origins.get(field) or (origins.get("family_name") if field == "full_name" else None) or {}
    rule = str(origin.get("rule", ""))
    others = _others(field, value, said)
    settable = field in overrides.FIELDS
    return Value(field, label, value, origin.get("profile"), RULES.get(rule, rule), others, override, settable)


def _name(fields: Mapping[str, Any]) -> str | None:
    parts = " ".join(str(fields[part]) for part in ("given_name", "middle_name", "family_name") if fields.get(part))
    return fields.get("full_name") or parts or None


def _others(field: str, value: Any, said: Sequence[Any]) -> list[tuple[str, str]]:
    """What else profiles say, each once, with the first who says it."""
    seen, found = {_key(field, str(value or ""))}, []
    for row in said:
        told = _name(row) if field == "full_name" else row[field]
        for each in told if isinstance(told, list) else [told]:
            if each and (key := _key(field, str(each))) not in seen:
                seen.add(key)
                found.append((str(each)[:300], str(row["profile_id"])))
    return found


def _key(field: str, value: str) -> str:
    return digits(value)[-9:] if field == "phone" else " ".join(words(value)) or value


def _consents(row: Any) -> list[Consent]:
    """The golden word of each channel: of several the oldest refusal, and a grant where nobody refused."""
    told = (row["fields"].get("consent") or []) if row else []
    each = ((row["origin"].get("consent") or {}).get("each") or []) if row else []
    found = []
    for place, word in enumerate(told):
        channel, state, since = [*str(word).split(":", 2), "", ""][:3]
        profile = each[place].get("profile") if place < len(each) else None
        found.append(Consent(channel, state, since[:10], profile))
    return found


_LINES = sa.text("""
SELECT g.identity_id, coalesce(g.fields ->> 'full_name',
        nullif(concat_ws(' ', g.fields ->> 'given_name', g.fields ->> 'family_name'), '')) AS name,
    g.fields ->> 'email' AS email, g.fields ->> 'phone' AS phone, g.fields ->> 'company' AS company,
    g.fields ->> 'city' AS city, cardinality(g.profiles) AS profiles, coalesce(l.score, 0) AS score, l.valid
FROM golden g LEFT JOIN lead l USING (identity_id) WHERE g.identity_id = ANY(:ids)
""")

_HOTTEST = sa.text("SELECT identity_id FROM lead ORDER BY score DESC, identity_id DESC LIMIT :limit OFFSET :offset")
_COLDEST = sa.text("SELECT identity_id FROM lead ORDER BY score, identity_id LIMIT :limit OFFSET :offset")

_NEXT = """
SELECT identity_id, score FROM lead
WHERE CAST(:id AS text) IS NULL OR (score, identity_id) {0} (CAST(:score AS int), CAST(:id AS text))
ORDER BY score {1}, identity_id {1} LIMIT :limit
"""
_BELOW, _ABOVE = sa.text(_NEXT.format("<", "DESC")), sa.text(_NEXT.format(">", "ASC"))

_GOLD = sa.text("""
SELECT g.fields, g.origin, l.reasons FROM golden g LEFT JOIN lead l USING (identity_id) WHERE g.identity_id = :id
""")

_SAID = sa.text("SELECT * FROM profile WHERE profile_id = ANY(:ids) ORDER BY updated_at DESC NULLS LAST, profile_id")

_CHANGES = sa.text(f"""
SELECT change_id, plan_id, object, action, {STANDS} AS state,
    ARRAY(SELECT jsonb_object_keys(after) ORDER BY 1) AS fields,
    left(message, 300) AS message, coalesce(settled_at, sent_at, at) AS at
FROM change c WHERE identity_id = ANY(:ids) ORDER BY change_id DESC LIMIT 12
""")

_HELD = sa.text("""
SELECT concat_ws(' ', 'held from the CRM:', coalesce(object, 'everything'), field) AS what, reason AS why,
    actor AS by, at
FROM hold WHERE released_at IS NULL AND (identity_id = ANY(:ids) OR profile_id = ANY(:profiles))
UNION ALL
SELECT concat_ws(' ', 'the lead stays back', '(' || stage || ')'), reason, expectation, at
FROM quarantine WHERE state = 'held' AND stage IN ('identity', 'validate', 'push') AND subject = ANY(:ids)
ORDER BY at DESC LIMIT 20
""")

_QUESTIONS = sa.text("""
SELECT count(*) FROM (
    SELECT left_id, right_id FROM question WHERE left_identity = :id AND state <> 'answered'
    UNION SELECT left_id, right_id FROM question WHERE right_identity = :id AND state <> 'answered') mine
""")
