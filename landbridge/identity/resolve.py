"""The one entry to identity: profiles in; links, matches with their evidence, and events out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity.clustering import Clusters, Guards, Pair, cluster
from landbridge.identity.contradictions import contradictions
from landbridge.identity.features import features
from landbridge.identity.ids import UNKNOWN, Age, Assignment, Previous, assign_ids
from landbridge.identity.matching import match
from landbridge.identity.model import Model, default_model

if TYPE_CHECKING:
    from landbridge.identity.spark_engine import Cluster

LINKS = pa.schema(
    [("profile_id", pa.string()), ("identity_id", pa.string()), ("weight", pa.float64()), ("how", pa.string())]
)
EVENTS = pa.schema([("kind", pa.string()), ("identity_id", pa.string()), ("other_id", pa.string())])
BORN = pa.schema([("identity_id", pa.string()), ("founder", pa.string()), ("founded", pa.timestamp("us", "UTC"))])


@dataclass(frozen=True)
class Resolution:
    """What a run found.

    links     (profile_id, identity_id, weight, how): every profile once. `weight` is the strongest evidence that
    ties it to
              its identity, null for a single; `how` is 'evidence', 'decision', 'reference' or 'single'.
    matches   (left_id, right_id, weight, probability, band, evidence, refused): band 'link' where both are in one
    identity,
              'review' where a person should look; `refused` says why strong evidence did not join. Pairs that a
              person has called different are not asked again and are absent.
    events    (kind, identity_id, other_id), see `ids.Event`.
    born      (identity_id, founder, founded): the new ids and their age, see `ids.Age`.
    stats     profiles, identities, singles, review (pairs), largest.
    """

    links: pa.Table
    matches: pa.Table
    events: pa.Table
    born: pa.Table
    stats: dict[str, int]
    model_version: str


@dataclass(frozen=True)
class Standing:
    """What stood before: one system's word about another's record, people's decisions, and the last run's links.

    The tables are as `resolve` takes them; `created` is (profile_id, created_at) of the profiles at hand.
    """

    references: list[Pair]
    decisions: pa.Table | None
    previous: pa.Table | None
    used: Collection[str]
    created: pa.Table


def resolve(
    profiles: pa.Table,
    *,
    decisions: pa.Table | None = None,
    previous: pa.Table | None = None,
    used: Collection[str] = (),
    model: Model | None = None,
    spark: Cluster | None = None,
) -> Resolution:
    """Find out which profiles are one person.

    `decisions` (left_id, right_id, verdict 'same' or 'different') always win; a 'same' that other decisions
    contradict is refused and shown. `previous` (profile_id, identity_id, founder, founded) are the links of the last
    run and their identities' age; `used` are ids of the past that must not be given again. With `spark` pairs are
    weighed there. The same rows in any order give the same answer, on either engine; run again on its own result
    nothing changes.
    """
    model = model or default_model()
    found = features(profiles, known_given(model))
    standing = Standing(references(found), decisions, previous, used, profiles)
    return conclude(found, match(found, model, spark=spark), standing, model)


def conclude(found: pa.Table, matches: pa.Table, standing: Standing, model: Model) -> Resolution:
    """Groups, ids and links of the profiles in `found`, from the `matches` among them and what stood before.

    A part of a base that no strong match, reference, 'same' or earlier identity leads out of comes to the same
    whether it is concluded alone or with all the rest.
    """
    same, different = _decided(standing.decisions)
    matches = _undecided(matches, different)
    clusters = _cluster(found, matches, Guards(same, different, standing.references, link=model.link))
    ids = assign_ids(clusters.of, _previous(standing.previous), standing.used, _created(standing.created))
    shown = _banded(matches, clusters, model.link)
    links = _links(clusters, ids, matches)
    return Resolution(links, shown, _events(ids), _born(ids), _stats(ids, shown), model.version)


def known_given(model: Model) -> pa.Table:
    """Names that people are given, as the model knows them: what `features` asks for."""
    return pa.table({"given": pa.array(list(model.rarity.get("given", {})), pa.string())})


def references(found: pa.Table) -> list[Pair]:
    """The pairs of profiles that one system's word ties together."""
    rows = found.select(["profile_id", "refers_to"]).filter(pc.greater(pc.list_value_length(found["refers_to"]), 0))
    return [(row["profile_id"], other) for row in rows.to_pylist() for other in row["refers_to"]]


def _decided(decisions: pa.Table | None) -> tuple[list[Pair], list[Pair]]:
    rows = decisions.select(["left_id", "right_id", "verdict"]).to_pylist() if decisions is not None else []
    by = {
        verdict: [(r["left_id"], r["right_id"]) for r in rows if r["verdict"] == verdict]
        for verdict in ("same", "different")
    }
    return by["same"], by["different"]


def _cluster(found: pa.Table, matches: pa.Table, guards: Guards) -> Clusters:
    strong = matches.filter(pc.greater_equal(matches["weight"], guards.link)).select(["left_id", "right_id", "weight"])
    edges = zip(*(column.to_pylist() for column in strong.columns), strict=True)
    guards = replace(guards, contradictions=contradictions(found, strong))
    return cluster(found["profile_id"].to_pylist(), edges, guards)


def _previous(previous: pa.Table | None) -> dict[str, Previous]:
    if previous is None:
        return {}
    columns = [previous[column].to_pylist() for column in ("profile_id", "identity_id", "founder")]
    rows = zip(*columns, _microseconds(previous["founded"]), strict=True)
    return {profile: Previous(identity, Age(founded, founder)) for profile, identity, founder, founded in rows}


def _created(profiles: pa.Table) -> dict[str, int]:
    """When each profile was created in its system, where that is known."""
    if "created_at" not in profiles.column_names:
        return {}
    return dict(zip(profiles["profile_id"].to_pylist(), _microseconds(profiles["created_at"]), strict=True))


def _microseconds(times: pa.ChunkedArray) -> list[int]:
    """Since 1970; UNKNOWN for null."""
    whole: list[int] = pc.fill_null(times.cast(pa.timestamp("us", "UTC")).cast(pa.int64()), UNKNOWN).to_pylist()
    return whole


def _born(ids: Assignment) -> pa.Table:
    ages = ids.born.values()
    founded = pa.array([None if age.founded == UNKNOWN else age.founded for age in ages], pa.timestamp("us", "UTC"))
    return pa.table([pa.array(list(ids.born)), pa.array([age.founder for age in ages]), founded], schema=BORN)


def _undecided(matches: pa.Table, different: list[Pair]) -> pa.Table:
    """What is left to ask: pairs that a person called different join nobody, whatever they weigh."""
    decided = {frozenset(pair) for pair in different}
    if not decided:
        return matches
    pairs = zip(matches["left_id"].to_pylist(), matches["right_id"].to_pylist(), strict=True)
    return matches.filter(pa.array([frozenset(pair) not in decided for pair in pairs], pa.bool_()))


def _banded(matches: pa.Table, clusters: Clusters, link: float) -> pa.Table:
    """Matches with their band and, where strong evidence did not join, the reason."""
    lefts, rights = matches["left_id"].to_pylist(), matches["right_id"].to_pylist()
    pairs = list(zip(lefts, rights, strict=True))
    bands = pa.array(["link" if clusters.together(*pair) else "review" for pair in pairs], pa.string())
    reasons = pa.array(list(_reasons(pairs, matches["weight"].to_pylist(), clusters, link)), pa.string())
    table = matches.append_column("band", bands).append_column("refused", reasons)
    return table.select(["left_id", "right_id", "weight", "probability", "band", "evidence", "refused"])


def _reasons(pairs: list[Pair], weights: list[float], clusters: Clusters, link: float) -> Iterator[str | None]:
    for pair, weight in zip(pairs, weights, strict=True):
        yield (
            None
            if weight < link or clusters.together(*pair)
            else clusters.refused.get(pair, "their groups contradict each other")
        )


def _links(clusters: Clusters, ids: Assignment, matches: pa.Table) -> pa.Table:
    strongest: dict[str, float] = {}
    columns = (matches[column].to_pylist() for column in ("left_id", "right_id", "weight"))
    for left, right, weight in zip(*columns, strict=True):
        if clusters.together(left, right):
            for profile in (left, right):
                strongest.setdefault(profile, weight)
    profiles = sorted(ids.of)
    hows = [clusters.joined_by.get(profile, "single") for profile in profiles]
    rows = [profiles, [ids.of[p] for p in profiles], [strongest.get(p) for p in profiles], hows]
    return pa.table(dict(zip(LINKS.names, rows, strict=True)), schema=LINKS)


def _events(ids: Assignment) -> pa.Table:
    return pa.Table.from_pylist([event._asdict() for event in ids.events], schema=EVENTS)


def _stats(ids: Assignment, matches: pa.Table) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for identity in ids.of.values():
        sizes[identity] = sizes.get(identity, 0) + 1
    return {
        "profiles": len(ids.of),
        "identities": len(sizes),
        "singles": sum(size == 1 for size in sizes.values()),
        "review": matches["band"].to_pylist().count("review"),
        "largest": max(sizes.values(), default=0),
    }
