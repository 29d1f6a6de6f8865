"""What a large push costs: planning 100,000 leads, and writing them, beside simple-salesforce's bulk2 upsert.

    python -m benchmarks.push [--leads 100000] [--repeat 1]

Both write the same rows into the same kind of org (the stand-in, a process of its own, fresh for each), in one run.
simple-salesforce is given its rows as dicts, which it makes into CSV, uploads, and waits for; it asks every half second
rather than every five, its own default, which would round its time up. Ours starts from a plan in the database and
ends with every row's outcome noted there. Look at the ratio rather than at seconds between machines.
"""

from __future__ import annotations

import argparse
import resource
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.apart import apart
from benchmarks.stand_in import standing

Row = dict[str, Any]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=1)
    wanted = parser.parse_args()
    print(f"{wanted.leads:,} leads")
    print(f"{'':<34}{'wall s':>8}{'cpu s':>8}{'+MiB':>7}{'calls':>7}{'writes':>8}")
    for _ in range(wanted.repeat):
        rows = [*apart(peer, wanted.leads), *apart(ours, wanted.leads)]
        for row in rows:
            print(f"{row['what']:<34}{row['wall']:>8.1f}{row['cpu']:>8.1f}{row['memory']:>7}"
                  f"{row['calls']:>7}{row['writes']:>8}", flush=True)  # fmt: skip
        by_name = {row["what"]: row["wall"] for row in rows}
        theirs = by_name["simple-salesforce bulk2"]
        known = theirs + by_name["  and its results"]
        print(f"applying / simple-salesforce: {by_name['applying'] / theirs:.2f} (aim 1.2); "
              f"with its results fetched, as ours are: {by_name['applying'] / known:.2f}")  # fmt: skip


def peer(leads: int) -> list[Row]:
    """simple-salesforce's bulk2 upsert, which tells how many rows failed; and, after it, fetching which."""
    import requests
    from simple_salesforce.api import Salesforce

    with standing() as org:
        session = requests.Session()
        session.trust_env = False  # REQUESTS_CA_BUNDLE would replace the stand-in's CA
        session.verify = org.ca
        force = Salesforce(session_id=org.token(), instance_url=org.url, session=session)
        rows = [lead(number) for number in range(leads)]
        with Watched("simple-salesforce bulk2", org) as watched:
            told = force.bulk2.Lead.upsert(records=rows, external_id_field="Landbridge_Id__c", wait=0.5)
        assert sum(each["numberRecordsProcessed"] for each in told) == leads, told
        assert sum(each["numberRecordsFailed"] for each in told) == 0, told
        with Watched("  and its results", org) as fetched:
            for each in told:
                force.bulk2.Lead.get_all_ingest_records(each["job_id"])
    return [watched.row, fetched.row]


def ours(leads: int) -> list[Row]:
    """Plan, apply, and apply again with nothing to do."""
    from benchmarks.prepared import prepared

    with standing() as org, prepared(leads, org) as line:
        rows = []
        for what, step in (("planning", line.plan), ("applying", line.push), ("applying again", line.again)):
            with Watched(what, org) as watched:
                step()
            rows.append(watched.row)
        line.verify()
    return rows


def lead(number: int) -> Row:
    """The row that a lead of `prepared` becomes in the CRM."""
    return {
        "Landbridge_Id__c": f"id{number}",
        "LastName": f"Person {number}",
        "FirstName": "Anna",
        "Company": f"Acme {number % 5000}",
        "Title": "Captain",
        "Email": f"a{number}@x.example",
        "Phone": f"+47 22{number}",
        "Street": f"Main {number}",
        "City": "Bergen",
        "Country": "NO",
        "HasOptedOutOfEmail": "false",
        "Landbridge_Score__c": str(number % 100),
        "Landbridge_Reasons__c": "a reason\nb reason",
        "Landbridge_Intent__c": "buy",
        "Landbridge_Route__c": "west",
        "Landbridge_Handles__c": f"x:a{number}\nx:b",
        "Landbridge_Sources__c": "zendesk\nx",
        "Landbridge_Last_Touch__c": "2026-01-01T00:00:00Z",
    }


class Watched:
    """Wall and CPU seconds of this process, its memory above where it began, and the org's calls meanwhile."""

    def __init__(self, what: str, org: Any) -> None:
        self.what = what
        self.org = org
        self.row: Row = {}

    def __enter__(self) -> Watched:
        self.calls = self.org.stats()
        self.idle = self.most = _resident()
        self.over = threading.Event()
        self.watch = threading.Thread(target=self._look, daemon=True)
        self.watch.start()
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        self.over.set()
        self.watch.join()
        calls = {name: number - self.calls[name] for name, number in self.org.stats().items()}
        memory = (self.most - self.idle) // 1024 // 1024
        self.row = {"what": self.what, "wall": wall, "cpu": cpu, "memory": memory} | calls

    def _look(self) -> None:
        while not self.over.wait(0.05):
            self.most = max(self.most, _resident())


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
