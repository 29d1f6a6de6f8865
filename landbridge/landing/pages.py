"""A page made ready to be kept, so that the store has nothing left to do but store it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from connectors.base import Checkpoint, Page, SourceChanged
from landbridge.landing.rows import Sorted, sort


@dataclass(frozen=True)
class Ready:
    """A page as it will be kept: `taken` rows, sorted, and the checkpoint behind them as text.

    It shares nothing with the connector's page. While this one is stored the connector makes its next, and may do so
    in the very list and dict that it yielded. `partly`: by key, what is to be laid over the newest version.
    """

    stream: str
    taken: int
    rows: Sorted
    checkpoint: str
    key: str
    partly: dict[str, dict[str, Any]]


def ready(page: Page, key: str, account: str) -> Ready:
    """Make a page of `account` ready. `key`: the field that identifies a row. Raises SourceChanged."""
    partly = {str(row[key]): dict(row) for row in page.partly}
    return Ready(page.stream, len(page.rows), sort(page.rows, key), _as_json(page.checkpoint, account), key, partly)


def _as_json(checkpoint: Checkpoint | None, account: str) -> str:
    """The checkpoint as the database takes it. Raises SourceChanged: no system of sound mind pages by such text."""
    try:
        text = json.dumps(checkpoint, ensure_ascii=False, allow_nan=False)
        text.encode()  # refuses half an emoji
    except ValueError as error:
        raise SourceChanged(f"{account} gave a place to go on from that cannot be kept.") from error
    if "\\u0000" in text:
        raise SourceChanged(f"{account} gave a place to go on from that holds a NUL.")
    return text
