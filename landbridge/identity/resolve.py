"""The one entry to identity: profiles in; links, matches with their evidence, and events out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity.clustering import LARGEST, Guards, Pair
from landbridge.identity.comparisons import SIGNED
from landbridge.identity.evidence import Matches, read
from landbridge.identity.features import features
from landbridge.identity.grouping import Edges, Flags, Groups, Rows, group
from landbridge.identity.implied import among
from landbridge.identity.matching import matched
from landbridge.identity.model import Model, default_model
from landbridge.identity.naming import Named, Past, name_groups

if TYPE_CHECKING:
    from landbridge.identity.spark_engine import Cluster

LINKS = pa.schema(
    [("profile_id", pa.string()), ("identity_id", pa.string()), ("weight", pa.float64()), ("how", pa.string())]
)


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

    The tables are as `resolve` takes them; `created` is (profile_id, created_at) of the profiles at hand; `former` are
    the ids that mean another, by the profiles that bore them (`naming.FORMER`).
    """

    references: list[Pair]
    decisions: pa.Table | None
    previous: pa.Table | None
    used: Collection[str]
    created: pa.Table
    former: pa.Table | None = None


def resolve(
    profiles: pa.Table,
    *,
    decisions: pa.Table | None = None,
    previous: pa.Table | None = None,
    used: Collection[str] = (),
    model: Model | None = None,
    spark: Cluster | None = None,
    found: pa.Table | None = None,
) -> Resolution:
    """Find out which profiles are one person.

    `decisions` (left_id, right_id, verdict 'same' or 'different') always win; a 'same' that other decisions
    contradict is refused and shown. `previous` (profile_id, identity_id, founder, founded) are the links of the last
    run and their identities' age; `used` are ids of the past that must not be given again. With `spark` pairs are
    weighed there. `found`: the profiles' features, where somebody has made them with this model's names. The same rows
    in any order give the same answer, on either engine; run again on its own result nothing changes.
    """
    model = model or default_model()
    found = features(profiles, known_given(model)) if found is None else found
    standing = Standing(references(found), decisions, previous, used, profiles)
    with matched(found, model, spark=spark) as matches:
        return conclude(found, matches, standing, model)


def conclude(found: pa.Table, matches: Matches, standing: Standing, model: Model) -> Resolution:
    """Groups, ids and links of the profiles in `found`, in the order of profile_id, from the `matches` among them and
    what stood before. Evidence is written meanwhile, in a thread of its own: DuckDB takes the core that Python leaves.

    A part of a base that no strong match, reference, 'same' or earlier identity leads out of comes to the same
    whether it is concluded alone or with all the rest.
    """
    profiles = found["profile_id"]
    same, different = _decided(standing.decisions)
    matches = matches.where(_undecided(profiles, matches, different))
    edges = Edges(matches.left, matches.right, matches.weight - _signed(found, matches, model))
    with ThreadPoolExecutor(1) as beside:
        written = beside.submit(matches.table, profiles)
        strong = edges.weight >= model.link
        asked = ~strong & (matches.weight >= model.link)
        words = among(_present(profiles, same, different), same, different)
        guards = Guards(*words, believed(standing.references), link=model.link, against=frozenset(model.against))
        groups = group(found, edges.where(strong), guards)
        together = groups.of[edges.left] == groups.of[edges.right]
        past = Past(standing.previous, standing.used, standing.former)
        ids = name_groups(profiles, groups.of, standing.created, past)
        links = _links(found, ids, groups, edges.where(together))
    shown = _banded(written.result(), together, strong, asked, groups)
    return Resolution(links, shown, ids.events, ids.born, _stats(groups.of, together), model.version)


def concluded_in_part(found: pa.Table, matches: pa.Table, standing: Standing, model: Model) -> Resolution:
    """The same for a part of a base, whose `matches` may lead out of it where they are too weak to join."""
    sides = (pc.is_in(matches[side], value_set=found["profile_id"]) for side in ("left_id", "right_id"))
    inside = pc.and_(*sides)
    resolution = conclude(found, read(found["profile_id"], matches.filter(inside)), standing, model)
    _, different = _decided(standing.decisions)
    outer = matches.filter(pc.invert(inside))
    outer = outer.filter(pa.array(_open(outer["left_id"], outer["right_id"], different)))
    weak = _shown(outer, pa.array(["review"] * outer.num_rows, pa.string()), pa.nulls(outer.num_rows, pa.string()))
    return replace(resolution, matches=pa.concat_tables([resolution.matches, weak]))


def known_given(model: Model) -> pa.Table:
    """Names that people are given, as the model knows them: what `features` asks for."""
    return pa.table({"given": pa.array(list(model.rarity.get("given", {})), pa.string())})


def references(found: pa.Table) -> list[Pair]:
    """The pairs of profiles that one system's word ties together."""
    rows = found.select(["profile_id", "refers_to"]).filter(pc.greater(pc.list_value_length(found["refers_to"]), 0))
    return [(row["profile_id"], other) for row in rows.to_pylist() for other in row["refers_to"]]


def believed(references: list[Pair]) -> list[Pair]:
    """The ties without those of a record that more of one stream are tied to than one customer has unasked.

    What so many name is a default or a slip of an import, and would make strangers one, however many.
    """
    near = Counter((one, _stream(other)) for pair in references for one, other in (pair, pair[::-1]))
    return [(a, b) for a, b in references if max(near[a, _stream(b)], near[b, _stream(a)]) <= LARGEST]


def _stream(profile: str) -> str:
    return "/".join(profile.split("/", 2)[:2])


def _decided(decisions: pa.Table | None) -> tuple[list[Pair], list[Pair]]:
    rows = decisions.select(["left_id", "right_id", "verdict"]).to_pylist() if decisions is not None else []
    by = {
        verdict: [(r["left_id"], r["right_id"]) for r in rows if r["verdict"] == verdict]
        for verdict in ("same", "different")
    }
    return by["same"], by["different"]


def _present(profiles: pa.ChunkedArray, *words: list[Pair]) -> set[str]:
    """Whoever is there of those that people have spoken about."""
    named = pa.array(sorted({profile for pairs in words for pair in pairs for profile in pair}), pa.string())
    return set(named.filter(pc.is_in(named, value_set=profiles)).to_pylist())


def _undecided(profiles: pa.ChunkedArray, matches: Matches, different: list[Pair]) -> Flags:
    """What is left to ask: pairs that a person called different join nobody, whatever they weigh."""
    if not different:
        return np.ones(len(matches.left), np.bool_)
    left, right = (profiles.take(pa.array(side)) for side in (matches.left, matches.right))
    return _open(left, right, different)


def _open(left: pa.ChunkedArray, right: pa.ChunkedArray, different: list[Pair]) -> Flags:
    """The same for pairs by profile_id."""
    decided = {frozenset(pair) for pair in different}
    named = pa.array(sorted({profile for pair in decided for profile in pair}), pa.string())
    maybe = pc.and_(*(pc.is_in(side, value_set=named) for side in (left, right)))
    pairs = zip(*(side.filter(maybe).to_pylist() for side in (left, right)), strict=True)
    kept = np.ones(len(left), np.bool_)
    kept[np.flatnonzero(maybe)] = [frozenset(pair) not in decided for pair in pairs]
    return kept


def _signed(found: pa.Table, matches: Matches, model: Model) -> npt.NDArray[np.float64]:
    """Of each match the bits that hang on a signature: anybody can write anybody's name and number under his mail."""
    bits = np.zeros(len(matches.left))
    named = found["signed_name"].to_numpy()
    by_name = named[matches.left] | named[matches.right]
    rows = np.flatnonzero(by_name | matches.signed)
    if len(rows):
        for row, text in zip(rows.tolist(), matches.evidence(rows).to_pylist(), strict=True):
            bits[row] = sum(_hanging(name, piece, by_name[row], model) for name, piece in json.loads(text).items())
    return bits


def _hanging(comparison: str, piece: dict[str, Any], by_name: bool, model: Model) -> float:
    """Without the signature a name would not be compared; of what else it says, the fields may say the opposite."""
    if piece["level"] == SIGNED:
        m, u = model.weights[comparison]["different"]
        return float(piece["weight"]) - min(log2(m / u), 0.0)
    return max(float(piece["weight"]), 0.0) if by_name and comparison in ("given", "family", "middle") else 0.0


ONLY_SIGNED = "only a signature speaks for it"
"""Why evidence that is strong with a signature, and not without, did not join."""


def _banded(matches: pa.Table, together: Flags, strong: Flags, asked: Flags, groups: Groups) -> pa.Table:
    """Matches with their band and, where strong evidence did not join, the reason."""
    bands = pc.if_else(pa.array(together), "link", "review")
    why = np.full(len(strong), None, np.object_)
    why[strong] = np.where(groups.refused == None, "their groups contradict each other", groups.refused)  # noqa: E711
    why[asked] = ONLY_SIGNED
    why[together] = None
    return _shown(matches, bands, pa.array(why, pa.string()))


def _shown(matches: pa.Table, bands: pa.Array, why: pa.Array) -> pa.Table:
    table = matches.append_column("band", bands).append_column("refused", why)
    return table.select(["left_id", "right_id", "weight", "probability", "band", "evidence", "refused"])


def _links(found: pa.Table, ids: Named, groups: Groups, within: Edges) -> pa.Table:
    """`within`: the edges that lie in one group."""
    strongest = np.full(found.num_rows, -np.inf)
    for side in (within.left, within.right):
        np.maximum.at(strongest, side, within.weight)
    profiles = found["profile_id"]
    weights = pa.array(strongest, mask=np.isneginf(strongest))
    return pa.table([profiles, ids.of, weights, pa.array(groups.how, pa.string())], schema=LINKS)


def _stats(of: Rows, together: Flags) -> dict[str, int]:
    sizes = np.bincount(of)
    return {
        "profiles": len(of),
        "identities": int((sizes > 0).sum()),
        "singles": int((sizes == 1).sum()),
        "review": int((~together).sum()),
        "largest": int(sizes.max(initial=0)),
    }
