"""What clients wrote to a stand-in, one JSON document a line, so that a restart continues where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Journal:
    """An append-only file; without a path it remembers nothing, which is right for a throw-away sandbox."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def add(self, entry: dict[str, Any]) -> None:
        if self.path:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")

    def entries(self) -> Iterator[dict[str, Any]]:
        """All entries, oldest first."""
        if self.path and self.path.exists():
            with self.path.open(encoding="utf-8") as file:
                yield from map(json.loads, file)
