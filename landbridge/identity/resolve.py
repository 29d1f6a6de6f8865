"""The one entry to identity: profiles in; links, matches with their evidence, and events out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity.clustering import Guards, Pair
from landbridge.identity.features import features
from landbridge.identity.grouping import Edges, Flags, Groups, Rows, group
from landbridge.identity.ids import UNKNOWN, Age, Assignment, Previous, assign_ids
from landbridge.identity.matching import match, numbered
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
    found = numbered(found)
    same, different = _decided(standing.decisions)
    matches = _undecided(matches, different)
    edges = Edges(_rows(found, matches["left_id"]), _rows(found, matches["right_id"]), matches["weight"].to_numpy())
    strong = edges.weight >= model.link
    groups = group(found, edges.where(strong), Guards(same, different, standing.references, link=model.link))
    together = groups.of[edges.left] == groups.of[edges.right]
    shown = _banded(matches, together, strong, groups)
    names = _named(found["profile_id"], groups)
    ids = assign_ids(names, _previous(standing.previous), standing.used, _created(standing.created))
    links = _links(found, ids, groups, edges.where(together))
    return Resolution(links, shown, _events(ids), _born(ids), _stats(links, shown), model.version)


def concluded_in_part(found: pa.Table, matches: pa.Table, standing: Standing, model: Model) -> Resolution:
    """The same for a part of a base, whose `matches` may lead out of it where they are too weak to join."""
    sides = (pc.is_in(matches[side], value_set=found["profile_id"]) for side in ("left_id", "right_id"))
    inside = pc.and_(*sides)
    resolution = conclude(found, matches.filter(inside), standing, model)
    _, different = _decided(standing.decisions)
    outer = _undecided(matches.filter(pc.invert(inside)), different)
    weak = _shown(outer, pa.array(["review"] * outer.num_rows, pa.string()), pa.nulls(outer.num_rows, pa.string()))
    return replace(resolution, matches=pa.concat_tables([resolution.matches, weak]))


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


def _rows(found: pa.Table, profiles: pa.ChunkedArray) -> Rows:
    """The places of `profiles` in `found`; all are there."""
    rows: Rows = pc.index_in(profiles, value_set=found["profile_id"]).to_numpy()
    return rows


def _named(profiles: pa.ChunkedArray, groups: Groups) -> dict[str, str]:
    firsts = profiles.take(pa.array(groups.of)).to_pylist()
    return dict(zip(profiles.to_pylist(), firsts, strict=True))


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
    named = pa.array(sorted({profile for pair in decided for profile in pair}), pa.string())
    maybe = pc.and_(*(pc.is_in(matches[side], value_set=named) for side in ("left_id", "right_id")))
    pairs = zip(*(matches[side].filter(maybe).to_pylist() for side in ("left_id", "right_id")), strict=True)
    kept = np.ones(matches.num_rows, np.bool_)
    kept[np.flatnonzero(maybe)] = [frozenset(pair) not in decided for pair in pairs]
    return matches.filter(pa.array(kept))


def _banded(matches: pa.Table, together: Flags, strong: Flags, groups: Groups) -> pa.Table:
    """Matches with their band and, where strong evidence did not join, the reason."""
    bands = pc.if_else(pa.array(together), "link", "review")
    why = np.full(len(strong), None, np.object_)
    why[strong] = np.where(groups.refused == None, "their groups contradict each other", groups.refused)  # noqa: E711
    why[together] = None
    return _shown(matches, bands, pa.array(why, pa.string()))


def _shown(matches: pa.Table, bands: pa.Array, why: pa.Array) -> pa.Table:
    table = matches.append_column("band", bands).append_column("refused", why)
    return table.select(["left_id", "right_id", "weight", "probability", "band", "evidence", "refused"])


def _links(found: pa.Table, ids: Assignment, groups: Groups, within: Edges) -> pa.Table:
    """`within`: the edges that lie in one group."""
    strongest = np.full(found.num_rows, -np.inf)
    for side in (within.left, within.right):
        np.maximum.at(strongest, side, within.weight)
    profiles = found["profile_id"]
    weights = pa.array(strongest, mask=np.isneginf(strongest))
    identities = pa.array([ids.of[profile] for profile in profiles.to_pylist()], pa.string())
    return pa.table([profiles, identities, weights, pa.array(groups.how, pa.string())], schema=LINKS)


def _events(ids: Assignment) -> pa.Table:
    return pa.Table.from_pylist([event._asdict() for event in ids.events], schema=EVENTS)


def _stats(links: pa.Table, matches: pa.Table) -> dict[str, int]:
    sizes = pc.value_counts(links["identity_id"]).field("counts").to_numpy()
    return {
        "profiles": links.num_rows,
        "identities": len(sizes),
        "singles": int((sizes == 1).sum()),
        "review": pc.sum(pc.equal(matches["band"], "review")).as_py() or 0,
        "largest": int(sizes.max(initial=0)),
    }
