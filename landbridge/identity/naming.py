"""Ids for the groups of a whole base. `ids.assign_ids` says what is right; this comes to the same, and asks it only
about groups that are neither all new nor what they were before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from landbridge.identity.grouping import Rows
from landbridge.identity.homes import Age, Former, Previous
from landbridge.identity.ids import NAMESPACE, UNKNOWN, Assignment, assign_ids

EVENTS = pa.schema([("kind", pa.string()), ("identity_id", pa.string()), ("other_id", pa.string())])
_TIME = pa.timestamp("us", "UTC")
BORN = pa.schema([("identity_id", pa.string()), ("founder", pa.string()), ("founded", _TIME)])
PREVIOUS = pa.schema([("profile_id", pa.string()), *BORN])
FORMER = pa.schema(
    [*BORN, ("living", pa.string()), ("path", pa.list_(pa.string())), ("since", _TIME), ("profile_id", pa.string())]
)
"""Of each id that means another (`living`, by a `path` that ends there) the profiles that bore it when it was merged
away."""

Times = npt.NDArray[np.int64]
"""Microseconds since 1970, UNKNOWN where nobody says."""


@dataclass(frozen=True)
class Named:
    """`of`: each profile's identity. `events` and `born` as in `resolve.Resolution`."""

    of: pa.Array
    events: pa.Table
    born: pa.Table


@dataclass(frozen=True)
class Past:
    """Ids that were given: `previous` and `used` as in `resolve.resolve`, and those that mean another (FORMER)."""

    previous: pa.Table | None
    used: Collection[str]
    former: pa.Table | None = None


@dataclass(frozen=True)
class _Base:
    """Profiles in order, when each was created, the number of its group, and the row of each group's founder."""

    profiles: pa.ChunkedArray
    created: Times
    of: Rows
    founder: Rows

    def ages(self, groups: Rows) -> pa.Table:
        """(founder, founded) of some groups."""
        rows = self.founder[groups]
        founded = pa.array(self.created[rows], mask=self.created[rows] == UNKNOWN).cast(_TIME)
        return pa.table([self.profiles.take(pa.array(rows)), founded], names=BORN.names[1:])


def name_groups(profiles: pa.ChunkedArray, firsts: Rows, created: pa.Table, past: Past) -> Named:
    """Give each group its id. `firsts`: for each of `profiles`, which are in order, the first of its group; `created`:
    profile_id and, maybe, created_at.
    """
    base = _base(profiles, firsts, created)
    was = past.previous.select(PREVIOUS.names).cast(PREVIOUS) if past.previous is not None else PREVIOUS.empty_table()
    taken = pa.chunked_array([*was["identity_id"].chunks, pa.array(list(past.used), pa.string())], pa.string())
    places = pc.index_in(was["profile_id"], value_set=profiles)
    here, rows = was.filter(pc.is_valid(places)), places.drop_null().to_numpy()
    natural = made_from(profiles.take(pa.array(base.founder)))
    fresh = ~pc.is_in(natural, value_set=taken).to_numpy()
    fresh[base.of[rows]] = False
    new, settled = np.flatnonzero(fresh).astype(np.int32), _settled(base, here, rows)
    return _named(base, natural, new, settled, lambda asked: _ask(base, asked, was, taken, past.former))


def _named(
    base: _Base, natural: pa.ChunkedArray, new: Rows, settled: pa.Table, ask: Callable[[Rows], Assignment]
) -> Named:
    """Groups in `new` get their `natural` ids, those in `settled` keep theirs; the law is asked about others."""
    names, known = natural.to_numpy().copy(), settled["number"].to_numpy()
    names[known] = settled["identity_id"].to_numpy()
    asked = np.flatnonzero(~np.isin(base.of, np.concatenate([new, known]))).astype(np.int32)
    answer = ask(asked)
    names[base.of[asked]] = [answer.of[profile] for profile in base.profiles.take(pa.array(asked)).to_pylist()]
    born = pa.table([pa.array(names[new], pa.string()), *base.ages(new).columns], schema=BORN)
    return Named(pa.array(names, pa.string()).take(pa.array(base.of)), _events(born, answer), _born(born, answer))


def made_from(founders: pa.ChunkedArray) -> pa.ChunkedArray:
    """`ids.made_from` of many founders: UUIDs of version 5, from SHA-1 (RFC 9562, 5.5)."""
    space = "".join(f"\\x{byte:02X}" for byte in NAMESPACE.bytes)
    con = duckdb.connect()
    try:
        con.register("founders", pa.table({"founder": founders}))
        return con.sql(f"""SELECT h[1:8] || '-' || h[9:12] || '-5' || h[14:16] || '-'
                || translate(h[17], '0123456789abcdef', '89ab89ab89ab89ab') || h[18:20] || '-' || h[21:32] AS id
            FROM (SELECT sha1('{space}'::BLOB || encode(founder)) AS h FROM founders)""").to_arrow_table()["id"]
    finally:
        con.close()


def _base(profiles: pa.ChunkedArray, firsts: Rows, created: pa.Table) -> _Base:
    age = np.full(len(profiles), UNKNOWN)
    if "created_at" in created.column_names:
        age = _microseconds(created["created_at"].take(pc.index_in(profiles, value_set=created["profile_id"])))
    of = np.unique(firsts, return_inverse=True)[1].astype(np.int32)
    eldest_first = np.lexsort((age, of))  # stable: of one age, the first of the profiles
    founder = eldest_first[np.searchsorted(of[eldest_first], np.arange(of.max(initial=-1) + 1))]
    return _Base(profiles, age, of, founder.astype(np.int32))


_SETTLED = """
WITH whole AS (SELECT identity_id FROM here GROUP BY identity_id HAVING min(number) = max(number))
SELECT number, min(identity_id) AS identity_id FROM here JOIN ages USING (number) GROUP BY number
HAVING min(identity_id) = max(identity_id) AND min(identity_id) IN (FROM whole)
    AND bool_and(here.founder = ages.founder AND here.founded IS NOT DISTINCT FROM ages.founded) ORDER BY number
"""


def _settled(base: _Base, here: pa.Table, rows: Rows) -> pa.Table:
    """(number, identity_id) of groups whose profiles had one identity, nobody else's, and as old as they are."""
    con = duckdb.connect()
    try:
        con.register("here", here.append_column("number", pa.array(base.of[rows])))
        everyone = np.arange(len(base.founder), dtype=np.int32)
        con.register("ages", base.ages(everyone).append_column("number", pa.array(everyone)))
        return con.sql(_SETTLED).to_arrow_table()
    finally:
        con.close()


def _ask(base: _Base, rows: Rows, was: pa.Table, taken: pa.ChunkedArray, former: pa.Table | None) -> Assignment:
    """What the law says of some profiles, whole groups of them. What was given before is taken, whoever had it."""
    if not len(rows):
        return Assignment({})
    profiles = base.profiles.take(pa.array(rows)).to_pylist()
    before = was.filter(pc.is_in(was["profile_id"], value_set=pa.array(profiles, pa.string())))
    ages = map(Age, _microseconds(before["founded"]).tolist(), before["founder"].to_pylist())
    previous = map(Previous, before["identity_id"].to_pylist(), ages)
    return assign_ids(
        dict(zip(profiles, base.of[rows].astype(str), strict=True)),
        dict(zip(before["profile_id"].to_pylist(), previous, strict=True)),
        taken.to_pylist(),
        dict(zip(profiles, base.created[rows].tolist(), strict=True)),
        _former(former, before["identity_id"]) if former is not None else {},
    )


def _former(former: pa.Table, living: pa.ChunkedArray) -> dict[str, Former]:
    """The ids that mean one of `living`."""
    rows = former.filter(pc.is_in(former["living"], value_set=pc.unique(living)))
    since, founded = (_microseconds(rows[column]).tolist() for column in ("since", "founded"))
    bore: dict[str, set[str]] = defaultdict(set)
    found = {}
    for row, at, age in zip(rows.to_pylist(), since, founded, strict=True):
        identity = row["identity_id"]
        bore[identity].add(row["profile_id"])
        found[identity] = Former(Age(age, row["founder"]), tuple(row["path"]), at, frozenset(bore[identity]))
    return found


def _microseconds(times: pa.ChunkedArray) -> Times:
    whole: Times = pc.fill_null(times.cast(_TIME).cast(pa.int64()), UNKNOWN).to_numpy()
    return whole


def _born(born: pa.Table, answer: Assignment) -> pa.Table:
    ages = answer.born.values()
    founded = pa.array([None if age.founded == UNKNOWN else age.founded for age in ages], _TIME)
    rows = [pa.array(list(answer.born), pa.string()), pa.array([age.founder for age in ages], pa.string()), founded]
    return pa.concat_tables([born, pa.table(rows, schema=BORN)]).sort_by("founder")


def _events(born: pa.Table, answer: Assignment) -> pa.Table:
    """What `ids.Event` says became of ids, in a stable order."""
    created = [pa.array(["created"] * born.num_rows), born["identity_id"], pa.nulls(born.num_rows, pa.string())]
    told = pa.Table.from_pylist([event._asdict() for event in answer.events], schema=EVENTS)
    return pa.concat_tables([pa.table(created, schema=EVENTS), told]).sort_by([(c, "ascending") for c in EVENTS.names])
