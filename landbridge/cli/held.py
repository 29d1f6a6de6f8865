"""What a run held back and why: one line an expectation, as sales ops asks for it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from landbridge.cli import show
from landbridge.store.engine import Store

_MOST = 20
"""Lines that are shown: a suite has fewer expectations, a torn file may have more reasons."""

_HELD = sa.text("""
SELECT stage, expectation, field, reason, count(*) AS held, count(*) FILTER (WHERE state = 'held') AS still_held,
       (array_agg(subject ORDER BY quarantine_id))[1] AS subject, (array_agg(value ORDER BY quarantine_id))[1] AS value
FROM quarantine WHERE run_id = :run GROUP BY 1, 2, 3, 4 ORDER BY held DESC, 1, 2, 3, 4 LIMIT :most
""")


def by_run(store: Store, run_id: str) -> list[dict[str, Any]]:
    """What this run put into quarantine, by expectation, the most first; with one example of each."""
    with store.begin() as connection:
        return [dict(row) for row in connection.execute(_HELD, {"run": run_id, "most": _MOST}).mappings()]


def elsewhere(store: Store, run_id: str) -> int:
    """How many other runs' rows are in quarantine now: a run that meets them again counts them as held as well."""
    query = sa.text("SELECT count(*) FROM quarantine WHERE state = 'held' AND run_id <> :run")
    with store.begin() as connection:
        return int(connection.scalar(query, {"run": run_id}) or 0)


def tell(found: list[dict[str, Any]], others: int) -> None:
    """Print it; values as text, cut where they are long."""
    if found:
        show.say("\n[bold]Held back by this run[/]")
        rows = ((row["held"], row["still_held"], row["stage"], row["reason"], _example(row)) for row in found)
        show.table(("held", "still", "at", "because", "for example"), rows, right=("held", "still"))
    if others:
        are = f"{others:,} {'more ' if found else ''}{'is' if others == 1 else 'are'}"
        show.say(f"\n{are} held since other runs; `landbridge runs` lists them.", "dim")


def _example(row: dict[str, Any]) -> str:
    return f"{row['subject']}: {show.cut(row['value'], 40)}" if row["value"] else str(row["subject"])
