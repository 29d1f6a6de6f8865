"""Rows that are gone from Salesforce without a trace in its answers: deleted, and then purged from the bin.

queryAll tells of what lies in the bin. The delete log (sObject Get Deleted) tells of what left it too, for 15 days.
An undeleted row may stand in the log as well, so whatever the log names is asked for once more.
Source: developer.salesforce.com "sObject Get Deleted": 15 days; start more than a minute before end; seconds ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from simple_salesforce.format import format_soql

from connectors.answers import need
from connectors.base import Checkpoint
from connectors.salesforce_client import Client
from connectors.salesforce_ids import whole
from connectors.salesforce_write import all_rows

KEPT = timedelta(days=15) - timedelta(minutes=5)
AGAIN = timedelta(minutes=10)
"""So far back we look again: the log is written late, and our clock is not the CRM's."""

RESTS = timedelta(days=1)
"""So long the place to look from stays where it is: a run that finds no news writes none."""

_PORTION = 400
"""Ids of 18 characters in one query: its address stays under 16,384 bytes."""


def purged(force: Client, stream: str, checkpoint: Checkpoint, seen: set[str]) -> tuple[list[str], str]:
    """Ids of rows that are gone for good since `checkpoint["deleted"]`, and where to look from next time.

    `seen`: rows that this walk saw in the bin. A first walk, whose checkpoint says nothing, has nothing to miss.
    """
    now = datetime.now(UTC)
    if "deleted" not in checkpoint:
        return [], _stamp(now)
    since = datetime.fromisoformat(checkpoint["deleted"])
    told = force.deleted(stream, _stamp(max(since - AGAIN, now - KEPT)), _stamp(now))
    listed = [
        whole(str(each.get("id")))
        for each in need("Salesforce", told, "deletedRecords", list)
        if isinstance(each, dict)
    ]
    asked = [each for each in dict.fromkeys(listed) if each not in seen and each.isalnum() and each.isascii()]
    there = {crm_id[:15] for crm_id in _there(force, stream, asked)}
    following = now if now - since > RESTS else since
    return [each for each in asked if each[:15] not in there], _stamp(following)


def _there(force: Client, stream: str, ids: list[str]) -> Iterator[str]:
    """Those of the ids that the org still has, in the bin or out of it."""
    for start in range(0, len(ids), _PORTION):
        soql = f"SELECT Id FROM {stream} WHERE Id IN " + format_soql("{}", ids[start : start + _PORTION])
        yield from _ids(all_rows(force, soql, deleted=True))


def _ids(rows: Iterable[Any], field: str = "Id") -> Iterator[str]:
    return (str(row[field]) for row in rows if isinstance(row, dict) and field in row)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
