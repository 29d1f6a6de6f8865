"""How good: identities against a known truth, pairwise and B-cubed, counted from a contingency table and never pair
by pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from landbridge.identity.model import Model


@dataclass(frozen=True)
class Scores:
    """Pairwise and B-cubed scores at the link threshold; the review band's size and the share of it that is one
    person."""

    precision: float
    recall: float
    f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float
    largest: int
    largest_true: int
    review_pairs: int = 0
    review_yield: float = 0.0
    labelled: int = 0
    people: int = 0
    identities: int = 0
    true_pairs: int = 0
    reached: float = 0.0
    """Share of the true pairs that are joined or asked about."""
    model: str = ""
    link: float = 0.0
    review: float = 0.0


def evaluate(profiles: pa.Table, truth: Mapping[str, str] | pa.Table, model: Model | None = None) -> Scores:
    """Resolve `profiles` as production does a first load, and score against `truth` (profile_id, person), which
    resolving never sees. A truth whose profile is not among `profiles` (it said nothing of a person) counts as one
    left alone."""
    from landbridge.identity.first_load import resolved
    from landbridge.identity.resolve import resolve

    model, resolution = (model, resolve(profiles, model=model)) if model else resolved(profiles)
    labels = truth if isinstance(truth, pa.Table) else _table(truth)
    scores = score_links(_with_left_alone(resolution.links, labels), labels, resolution.matches)
    return replace(scores, model=resolution.model_version, link=model.link, review=model.review)


def _with_left_alone(links: pa.Table, truth: pa.Table) -> pa.Table:
    missing = pc.invert(pc.is_in(truth["profile_id"], value_set=links["profile_id"].combine_chunks()))
    alone = truth["profile_id"].filter(missing)
    return pa.concat_tables(
        [links.select(["profile_id", "identity_id"]), pa.table({"profile_id": alone, "identity_id": alone})]
    )


def score_links(links: pa.Table, truth: Mapping[str, str] | pa.Table, matches: pa.Table | None = None) -> Scores:
    """Score links (profile_id, identity_id). Profiles without a truth are left out; no true pair and none made
    counts as 1."""
    con = duckdb.connect()
    try:
        con.register("links", links)
        con.register("truth", truth if isinstance(truth, pa.Table) else _table(truth))
        con.execute(_CONTINGENCY)
        found = _Counts(*con.sql(_COUNTS).fetchall()[0])
        asked = _Asked(*_review(con, matches))
    finally:
        con.close()
    return Scores(
        *_rates(found.both, found.made, found.true),
        *_with_f1(found.b3_precision, found.b3_recall),
        found.largest,
        found.largest_true,
        asked.pairs,
        asked.one_person / asked.pairs if asked.pairs else 0.0,
        found.labelled,
        found.people,
        found.identities,
        int(found.true),
        (found.both + asked.one_person) / found.true if found.true else 1.0,
    )


class _Counts(NamedTuple):
    both: float
    made: float
    true: float
    b3_precision: float
    b3_recall: float
    largest: int
    largest_true: int
    labelled: int
    people: int
    identities: int


class _Asked(NamedTuple):
    pairs: int
    one_person: int


_CONTINGENCY = """
CREATE TEMP TABLE cell AS SELECT identity_id, person, count(*) AS n
    FROM links JOIN truth USING (profile_id) GROUP BY ALL;
CREATE TEMP TABLE identity_size AS SELECT identity_id, sum(n) AS size FROM cell GROUP BY ALL;
CREATE TEMP TABLE person_size AS SELECT person, sum(n) AS size FROM cell GROUP BY ALL;
"""
_COUNTS = """
SELECT coalesce((SELECT sum(n * (n - 1) / 2) FROM cell), 0), coalesce((SELECT sum(size * (size - 1) / 2)
    FROM identity_size), 0),
    coalesce((SELECT sum(size * (size - 1) / 2) FROM person_size), 0),
    coalesce((SELECT sum(n * n / i.size) / sum(n) FROM cell JOIN identity_size i USING (identity_id)), 1),
    coalesce((SELECT sum(n * n / p.size) / sum(n) FROM cell JOIN person_size p USING (person)), 1),
    coalesce((SELECT max(size) FROM identity_size), 0)::BIGINT,
    coalesce((SELECT max(size) FROM person_size), 0)::BIGINT,
    coalesce((SELECT sum(n) FROM cell), 0)::BIGINT,
    (SELECT count(*) FROM person_size), (SELECT count(*) FROM identity_size)
"""
_REVIEW = """
SELECT count(*), count(*) FILTER (l.person = r.person) FROM matches m
JOIN truth l ON l.profile_id = m.left_id JOIN truth r ON r.profile_id = m.right_id WHERE band = 'review'
"""


def _table(truth: Mapping[str, str]) -> pa.Table:
    return pa.table(
        {"profile_id": pa.array(list(truth), pa.string()), "person": pa.array(list(truth.values()), pa.string())}
    )


def _review(con: duckdb.DuckDBPyConnection, matches: pa.Table | None) -> tuple[Any, ...]:
    if matches is None:
        return (0, 0)
    con.register("matches", matches)
    return tuple(con.sql(_REVIEW).fetchall()[0])


def _rates(both: float, made: float, true: float) -> tuple[float, float, float]:
    return _with_f1(both / made if made else 1.0, both / true if true else 1.0)


def _with_f1(precision: float, recall: float) -> tuple[float, float, float]:
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0
