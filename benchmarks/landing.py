"""Land and map: records a second from memory to PostgreSQL, raw JSON kept, beside the bare COPY of the same rows.

    python -m benchmarks.landing [--records 200000] [--page 5000] [--repeat 3]

Three figures a round, all in one process, so that ratios hold on a noisy machine:
  bare   the same payloads into one table without index or key, by ADBC COPY: what the road itself costs
  first  land, and then map, of records never seen: every record, profile, cursor and digest is written
  again  the same of the same records: everything is compared, nothing is written
`land` and `map` are the two parts of `first`. Where the time goes: docs/decisions/0011.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from connectors.base import Access, Checkpoint, Connector, Page, Stream
from landbridge.config import HOUSE
from landbridge.landing.land import land
from landbridge.mapping.load import load
from landbridge.mapping.stage import map_records
from landbridge.store import embedded
from landbridge.store.engine import Store
from landbridge.store.schema import upgrade
from landbridge.trail.runs import running


def contact(number: int) -> dict[str, Any]:
    """A HubSpot contact of the size that they have."""
    properties = {
        "email": f"anna.berg{number}@acme{number % 900}.example",
        "firstname": "Anna",
        "lastname": f"Berg-{number % 7919}",
        "phone": f"+44 20 7946 {number % 10000:04d}",
        "company": f"Acme {number % 900} Ltd",
        "jobtitle": "Head of Operations",
        "website": f"https://acme{number % 900}.example",
        "address": f"{number % 200} Harbour Street",
        "city": "Leeds",
        "zip": "LS1 4AP",
        "country": "United Kingdom",
        "hs_language": "en-gb",
        "lifecyclestage": "lead",
        "createdate": "2026-01-04T09:12:00Z",
        "lastmodifieddate": "2026-05-04T09:12:00Z",
        "hs_object_id": str(number),
    }
    stamps = {"createdAt": "2026-01-04T09:12:00Z", "updatedAt": "2026-05-04T09:12:00Z", "archived": False}
    return {"id": str(number), "properties": properties, **stamps}


def a_system(pages: list[list[dict[str, Any]]]) -> Connector:
    """A system whose answers lie in memory already."""

    def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
        for number, rows in enumerate(pages):
            yield Page(stream, rows, {"page": number})

    return Connector("hubspot", (Stream("contacts"),), (), read, lambda access: "in memory")


def bare(store: Store, pages: list[list[dict[str, Any]]]) -> float:
    """Seconds to COPY the payloads into a bare table."""
    begun = time.perf_counter()
    with store.bulk() as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (key text, payload text)")
        for rows in pages:
            columns = {"key": [row["id"] for row in rows], "payload": [orjson.dumps(row).decode() for row in rows]}
            cursor.adbc_ingest("bare", pa.table(columns), mode="append")
            connection.commit()
    return time.perf_counter() - begun


def line(store: Store, connector: Connector) -> tuple[float, float]:
    """Seconds to land and to map everything, in a run of its own."""
    mapping = load(HOUSE / "mappings")["hubspot"]
    with running(store, "sync", "hubspot", actor="benchmark") as run:
        begun = time.perf_counter()
        land(run, connector, Access("hubspot", ""))
        landed = time.perf_counter()
        map_records(run, mapping, "hubspot", connector.names, "GB")
        return landed - begun, time.perf_counter() - landed


def one_round(folder: Path, pages: list[list[dict[str, Any]]]) -> dict[str, float]:
    """All three figures over a database of their own."""
    store = Store(embedded.start(folder))
    with store.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    upgrade(store)
    floor, system = bare(store, pages), a_system(pages)
    land_first, map_first = line(store, system)
    land_again, map_again = line(store, system)
    store.close()
    return {
        "bare": floor,
        "land": land_first,
        "map": map_first,
        "first": land_first + map_first,
        "again": land_again + map_again,
    }


def main() -> None:
    """Run the rounds and print their medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--page", type=int, default=5_000)
    parser.add_argument("--repeat", type=int, default=3)
    wanted = parser.parse_args()
    rows = [contact(number) for number in range(wanted.records)]
    pages = [rows[at : at + wanted.page] for at in range(0, len(rows), wanted.page)]
    with tempfile.TemporaryDirectory() as folder:
        rounds = [one_round(Path(folder) / "data", pages) for _ in range(wanted.repeat)]
    print(f"{wanted.records:,} records, pages of {wanted.page:,}, median of {wanted.repeat} rounds")
    print(f"{'':<8}{'seconds':>9}{'records/s':>12}{'x bare':>8}")
    floor = statistics.median(one["bare"] for one in rounds)
    for name in ("bare", "land", "map", "first", "again"):
        seconds = statistics.median(one[name] for one in rounds)
        print(f"{name:<8}{seconds:>9.2f}{wanted.records / seconds:>12,.0f}{seconds / floor:>8.1f}")


if __name__ == "__main__":
    main()
