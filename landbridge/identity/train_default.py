"""Make the default model that ships: `python -m landbridge.identity.train_default GENERATOR.py [--records N --seed S]`.

GENERATOR is a Python file with `generate(records, seed)`, returning a data frame of customers with `true_person_id`
(the columns are those of `FIELDS`). Nobody's real data goes into the model; the truth is used to count, not to tune.
Needed by contributors only, when features or comparisons change.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from landbridge.identity.contradictions import KINDS
from landbridge.identity.features import features
from landbridge.identity.model import DEFAULT, Model
from landbridge.identity.resolve import resolve
from landbridge.identity.training import learn

LINK, REVIEW = 2.0, 0.0
"""Bits. Link: four to one that two profiles are one person; groups need more (clustering.GROUP_BITS)."""

CALIBRATED, BITS = (10_000, 30_000, 100_000), range(-4, 41)
"""Sizes of bases that expected precision is counted on, and the weights that it is counted at."""

FIELDS = {
    "given_name": "first_name",
    "family_name": "last_name",
    "full_name": "full_name",
    "street": "street",
    "city": "city",
    "postcode": "postcode",
    "country": "country",
    "birth_date": "dob",
    "company": "company",
    "region_hint": "country",
}


def generated(generator: Path, records: int, seed: int) -> tuple[pa.Table, pa.Table]:
    """(profiles, truth) of a generated base."""
    spec = importlib.util.spec_from_file_location("generator", generator)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{generator} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    frame = module.generate(records, seed)
    columns = {ours: _texts(frame[theirs]) for ours, theirs in FIELDS.items()}
    columns |= {many: _lists(_texts(frame[many])) for many in ("email", "phone")}
    handles = zip(_texts(frame["social_platform"]), _texts(frame["social_handle"]), strict=True)
    columns["handle"] = _lists([f"{network}:{name}" if name else None for network, name in handles])
    ids, people = frame["record_id"].tolist(), frame["true_person_id"].tolist()
    columns |= _with_middle_names(columns["given_name"], people, seed)
    return pa.table({"profile_id": ids, **columns}), pa.table({"profile_id": ids, "person": people})


def _with_middle_names(given: list[str | None], people: list[str], seed: int) -> dict[str, list[str | None]]:
    """The generator knows no middle names; life does. Half the people get one, told in full, by its letter or not at
    all; a few go by it."""
    chance = random.Random(seed)
    names = sorted({name for name in given if name and len(name) > 2})
    own = {person: chance.choice(names) if chance.random() < 0.5 else None for person in sorted(set(people))}
    told = [_told(chance, name, own[person], names) for name, person in zip(given, people, strict=True)]
    return {"given_name": [name for name, _ in told], "middle_name": [middle for _, middle in told]}


def _told(
    chance: random.Random, given: str | None, middle: str | None, names: list[str]
) -> tuple[str | None, str | None]:
    """(given, middle) as one record has it."""
    kind = chance.random()
    if given is None or middle is None or kind < 0.35:
        return given, None
    if kind < 0.37:
        return middle, None
    if kind < 0.39:
        return given, chance.choice(names)
    return given, middle if kind < 0.65 else middle[0]


def _texts(column: Any) -> list[str | None]:
    return [value if isinstance(value, str) else None for value in column.tolist()]


def _lists(values: list[str | None]) -> pa.Array:
    return pa.array([[value] if value else [] for value in values], pa.list_(pa.string()))


def calibrated(model: Model, profiles: pa.Table, truth: pa.Table) -> tuple[int, tuple[tuple[float, float], ...]]:
    """(size, ((bits, share that is one person), ...)) as counted on a base that the model has not seen.

    Pairs that contradict each other never join, whatever their weight: they are not counted.
    """
    matches = resolve(profiles, model=replace(model, link=0.0, review=float(BITS[0]))).matches
    con = duckdb.connect()
    try:
        con.register("matches", matches)
        con.register("truth", truth)
        counted = {bits: (right, n) for bits, right, n in con.sql(_CALIBRATED).fetchall()}
    finally:
        con.close()
    shares = [(right + 0.5) / (n + 1) for bits in BITS for right, n in [counted.get(bits, (0, 0))] if n]
    met = [bits for bits in BITS if bits in counted]
    rising = np.maximum.accumulate(np.array(shares))
    return profiles.num_rows, tuple(
        (float(bits), round(float(share), 4)) for bits, share in zip(met, rising, strict=True)
    )


_CALIBRATED = f"""
SELECT round(weight)::INT AS bits, count(*) FILTER (l.person = r.person) AS right_ones, count(*) AS n FROM matches
JOIN truth l ON l.profile_id = left_id JOIN truth r ON r.profile_id = right_id
WHERE refused IS NULL OR refused NOT IN {KINDS} GROUP BY 1
"""


def main() -> None:
    """Write models/default.json."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("generator", type=Path)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1001)
    options = parser.parse_args()
    profiles, truth = generated(options.generator, options.records, options.seed)
    model = learn(features(profiles), truth, "default", LINK, REVIEW)
    bases = [generated(options.generator, size, options.seed + n) for n, size in enumerate(CALIBRATED, start=1)]
    model = replace(model, calibration=tuple(calibrated(model, *base) for base in bases)).named("default")
    model.save(DEFAULT)
    print(f"{model.version}: {DEFAULT.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
