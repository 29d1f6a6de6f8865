"""Resolves the same people here and on Spark, in a process of its own: `python -m tests.identity.beside_spark`."""

from __future__ import annotations

import json

from benchmarks import customers
from landbridge.identity.resolve import resolve
from landbridge.identity.spark_engine import Cluster
from tests.identity.people import profiles
from tests.identity.test_resolve import ALBERT, FAMILY


def main() -> None:
    """Print what is the same, and what was compared."""
    people, _ = customers.customers(2_000, 11) if customers.available() else (profiles(*ALBERT, *FAMILY), {})
    here = resolve(people)
    there = resolve(people, spark=Cluster("local[2]"))
    same = {"links": there.links.equals(here.links), "matches": there.matches.equals(here.matches)}
    compared = {name for text in here.matches["evidence"].to_pylist() for name in json.loads(text)}
    print(json.dumps({**same, "compared": sorted(compared)}))


if __name__ == "__main__":
    main()
