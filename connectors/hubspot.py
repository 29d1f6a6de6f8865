"""HubSpot CRM v3: contacts, by search.

Search has three traps, and one shape avoids them all. It stops at 10,000 results a query; it stamps a whole bulk job
with one millisecond, so that "go on from the last stamp" stands still; its index lags, so that rows come late and out
of order. We therefore fix a window of time (from the last window's end less a lookback, to now), and walk it by id:
sorted by hs_object_id, each page asking for ids above the last. No offset is used, so the gate is never reached.
A contact that changes while we walk leaves the window, and falls into the next one.
Sources: developers.hubspot.com "CRM search"; airbyte #43317 and #44899 (endless loop), #69203 (lag).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from connectors.answers import LONGEST_WAIT, Answer, Refusal, error_codes, need, page_rows, refusal
from connectors.base import Access, Checkpoint, Connector, Page, SourceChanged, SourceUnavailable, Stream
from connectors.http import Http, Key

PAGE_ROWS = 200
LOOKBACK_MINUTES = 15
"""How late the index may be, and how far our clock may differ from HubSpot's, before a change would be missed."""

PROPERTIES = (
    "email", "firstname", "lastname", "phone", "mobilephone", "company", "jobtitle", "website",
    "address", "city", "state", "zip", "country", "hs_language", "twitterhandle", "lifecyclestage",
    "hs_email_optout", "hs_email_last_open_date", "hs_email_last_open_name",
    "recent_conversion_event_name", "recent_conversion_date",
    "createdate", "lastmodifieddate", "hs_object_id", "hs_additional_emails",
    "date_of_birth", "hs_email_last_email_name", "salesforceleadid", "salesforcecontactid",
)  # fmt: skip
"""HubSpot gives only what is asked for by name. `options.properties` adds to these."""

_ID = re.compile("[0-9]{1,19}")
_WAITS = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0, "DAILY": LONGEST_WAIT}


def read(access: Access, stream: str, checkpoint: Checkpoint | None) -> Iterator[Page]:
    """Pages of contacts changed since the checkpoint, by id.

    Checkpoint: {"began"} after a whole walk; {"from", "began", "after"} inside one (milliseconds; the last id).
    """
    CONNECTOR.stream(stream)
    walk = _walk(access, checkpoint or {})
    with _http(access) as http:
        while True:
            body = http.post(f"/crm/v3/objects/{stream}/search", _question(access, walk))
            rows = need("HubSpot", body, "results", list)
            if not _more(body):
                yield Page(stream, rows, {"began": walk["began"]})
                return
            walk = {**walk, "after": _last_id(rows, walk["after"])}
            yield Page(stream, rows, dict(walk))


def check(access: Access) -> str:
    """That we may read contacts."""
    with _http(access) as http:
        need("HubSpot", http.get("/crm/v3/objects/contacts", {"limit": 1}), "results", list)
    return "HubSpot: signed in, contacts can be read."


class _HubSpot(Http):
    """HubSpot names no wait in its 429s; which of its limits was hit stands in the body."""

    def explain(self, answer: Answer) -> Refusal:
        error = refusal(answer)
        if answer.status == 429 and isinstance(error, SourceUnavailable):
            waits = [_WAITS[code] for code in error_codes(answer.peek()) if code in _WAITS]
            error.retry_after = max(waits, default=error.retry_after)
        return error


def _http(access: Access) -> Http:
    return _HubSpot("HubSpot", access, Key.bearer(access.secret("token")))


def _walk(access: Access, checkpoint: Checkpoint) -> dict[str, int]:
    if "after" in checkpoint:
        return {name: checkpoint[name] for name in ("from", "began", "after")}
    lookback = int(access.options.get("lookback_minutes", LOOKBACK_MINUTES)) * 60_000
    return {"from": max(0, checkpoint.get("began", 0) - lookback), "began": int(time.time() * 1000), "after": 0}


def _question(access: Access, walk: dict[str, int]) -> dict[str, Any]:
    return {
        "filterGroups": [
            {
                "filters": [
                    {"propertyName": "lastmodifieddate", "operator": "GTE", "value": str(walk["from"])},
                    {"propertyName": "hs_object_id", "operator": "GT", "value": str(walk["after"])},
                ]
            }
        ],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": list(dict.fromkeys((*PROPERTIES, *access.options.get("properties", ())))),
        "limit": page_rows(access.options, PAGE_ROWS),
    }


def _more(body: Any) -> bool:
    """Whether a page follows. On the last page "paging" is missing."""
    return body.get("paging") is not None and bool(need("HubSpot", body, "paging", dict).get("next"))


def _last_id(rows: list[Any], before: int) -> int:
    """The highest id of a full page. Raises SourceChanged when it is no higher than the last page's: a loop."""
    ids = [int(row["id"]) for row in rows if isinstance(row, dict) and _ID.fullmatch(str(row.get("id")))]
    highest = max(ids, default=before)
    if highest <= before:
        raise SourceChanged("HubSpot's search does not move on by id; following it would never end.")
    return highest


CONNECTOR = Connector(
    system="hubspot",
    streams=(Stream("contacts", about="contacts, with the properties that the mapping uses"),),
    credentials=("token",),
    read=read,
    check=check,
    default_url="https://api.hubapi.com",
)
