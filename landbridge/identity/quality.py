"""How good identities are when nobody knows the truth: what the model expects, sizes, shared values, drift."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from landbridge.identity.comparisons import LEARNED
from landbridge.identity.model import Model
from landbridge.identity.models import drift_of
from landbridge.identity.thresholds import CHOSEN, STEP, base_size, expected_precision
from landbridge.store.engine import Store

Shares = dict[str, dict[str, float]]
"""comparison -> level -> share of the linked pairs that were compared in it; "filled" -> field -> share of profiles."""

MOST_SHARED = 8
BUCKETS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 8), (9, 12), (13, 25), (26, None))
MOVED = 0.05
"""A share that differs by less is noise."""


@dataclass(frozen=True)
class Shared:
    """A value that several customers use: masked, for it may be a person's."""

    kind: str
    masked: str
    profiles: int
    customers: int


@dataclass(frozen=True)
class Drift:
    """A share that is another now than when the model was learned."""

    what: str
    level: str
    then: float
    now: float


@dataclass(frozen=True)
class Quality:
    """`expected_precision`: share of linked pairs that is one person. `expected_recall`: share of the pairs that are
    one person, among those that anything speaks for, which is linked; what no evidence reaches, nobody knows.

    `sizes`: (from, to, customers). `shared_values`: kind -> values that more than one customer uses.
    """

    model: str
    profiles: int
    customers: int
    linked: int
    asked: int
    expected_precision: float
    expected_recall: float
    largest: int
    doubts: int
    sizes: list[tuple[int, int | None, int]]
    shared_values: dict[str, int]
    shared: list[Shared]
    drift: list[Drift]


def quality(store: Store, model: Model) -> Quality:
    """Measure the identities that stand. `model` is the one in force, with its thresholds."""
    size = base_size(store)
    with store.begin() as connection:
        pairs = connection.execute(_PAIRS, {"step": STEP}).all()
        sizes = {int(row[0]): int(row[1]) for row in connection.execute(_SIZES)}
        shared = [Shared(row.kind, mask(row.value), row.profiles, row.customers) for row in connection.execute(_SHARED)]
        counts = {row[0]: int(row[1]) for row in connection.execute(_SHARED_COUNTS)}
        doubts = int(connection.scalar(sa.text("SELECT count(*) FROM doubt")) or 0)
    right = {row: int(row.pairs) * expected_precision(model, float(row.bits), size) for row in pairs}
    linked, asked = ([row for row in pairs if row.band == band] for band in ("link", "review"))
    joined, missed = (sum(right[row] for row in rows) for rows in (linked, asked))
    many = sum(int(row.pairs) for row in linked)
    return Quality(
        model.version,
        size,
        sum(sizes.values()),
        many,
        sum(int(row.pairs) for row in asked),
        round(joined / many, 4) if many else 1.0,
        round(joined / (joined + missed), 4) if joined + missed else 1.0,
        max(sizes, default=0),
        doubts,
        [(low, high, _between(sizes, low, high)) for low, high in BUCKETS],
        counts,
        shared[:MOST_SHARED],
        list(_drift(store, model)),
    )


def _between(sizes: Mapping[int, int], low: int, high: int | None) -> int:
    return sum(count for size, count in sizes.items() if size >= low and (high is None or size <= high))


def mask(value: str) -> str:
    """Enough of a value to know it again, not enough to use it: a…a@p….example, …0018, x:e…7."""
    network, _, name = value.rpartition(":")
    local, at, domain = name.partition("@")
    if at:
        head, dot, end = domain.rpartition(".")
        return f"{_ends(local)}@{head[:1]}…{dot + end if dot else ''}"
    if re.fullmatch(r"\d+", name):
        return f"…{name[-4:]}"
    return f"{network}:{_ends(name)}" if network else _ends(name)


def _ends(text: str) -> str:
    return f"{text[:1]}…{text[-1:]}" if len(text) > 2 else "…"


def shares(store: Store) -> Shares:
    """What the linked pairs and the profiles look like now: kept with a model, it tells drift later."""
    found: Shares = {}
    with store.begin() as connection:
        for row in connection.execute(_LEVELS):
            found.setdefault(row.comparison, {})[row.level] = round(float(row.share), 4)
        filled = connection.execute(_FILLED).mappings().one()
    found["filled"] = {field: round(float(share), 4) for field, share in filled.items() if share is not None}
    return found


def _drift(store: Store, model: Model) -> Iterator[Drift]:
    """The largest differences first. A model that nobody noted shares for says itself how often levels are met."""
    base = model.version.partition(CHOSEN)[0]
    then: Mapping[str, Any] = drift_of(store, base) or {
        comparison.name: {level.name: model.weights[comparison.name][level.name][0] for level in comparison.ladder}
        for comparison in LEARNED
    }
    now = shares(store)
    differences = [
        Drift(what, level, round(share, 4), now[what].get(level, 0.0))
        for what, levels in then.items()
        if now.get(what)
        for level, share in levels.items()
    ]
    moved = [one for one in differences if abs(one.now - one.then) >= MOVED]
    yield from sorted(moved, key=lambda one: (-abs(one.now - one.then), one.what, one.level))


_PAIRS = sa.text("""
SELECT band, floor(weight / :step) * :step AS bits, count(*) AS pairs FROM match GROUP BY 1, 2 ORDER BY 1, 2
""")

_SIZES = sa.text("""
SELECT size, count(*) FROM (SELECT count(*) AS size FROM link GROUP BY identity_id) AS s GROUP BY 1
""")

_USED = """
WITH used AS (
    SELECT 'email' AS kind, lower(trim(v)) AS value, profile_id FROM profile, unnest(email) AS v WHERE NOT gone
    UNION ALL
    SELECT 'phone', right(regexp_replace(v, '\\D', '', 'g'), 9), profile_id FROM profile, unnest(phone) AS v
    WHERE NOT gone AND length(regexp_replace(v, '\\D', '', 'g')) >= 7
    UNION ALL
    SELECT 'handle', lower(v), profile_id FROM profile, unnest(handle) AS v WHERE NOT gone),
several AS (
    SELECT kind, value, count(DISTINCT profile_id) AS profiles, count(DISTINCT identity_id) AS customers
    FROM used JOIN link USING (profile_id) GROUP BY 1, 2 HAVING count(DISTINCT identity_id) > 1)
"""

_SHARED = sa.text(f"""{_USED}
SELECT * FROM several ORDER BY customers DESC, profiles DESC, kind, value LIMIT {MOST_SHARED}
""")

_SHARED_COUNTS = sa.text(f"{_USED} SELECT kind, count(*) FROM several GROUP BY 1 ORDER BY 1")

_LEVELS = sa.text("""
SELECT e.key AS comparison, e.value ->> 'level' AS level,
    count(*) / sum(count(*)) OVER (PARTITION BY e.key) AS share
FROM match, jsonb_each(evidence) AS e WHERE band = 'link' GROUP BY 1, 2 ORDER BY 1, 2
""")

_FIELDS = ("full_name", "given_name", "family_name", "birth_date", "street", "postcode", "company")
_LISTS = ("email", "phone", "handle")

_SHARES = [f"avg(CAST({name} IS NOT NULL AS int)) AS {name}" for name in _FIELDS] + [
    f"avg(CAST(cardinality({name}) > 0 IS TRUE AS int)) AS {name}" for name in _LISTS
]

_FILLED = sa.text(f"SELECT {', '.join(_SHARES)} FROM profile WHERE NOT gone")
