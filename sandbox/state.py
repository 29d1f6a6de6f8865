"""The state folder: which world it belongs to, so that a restart makes the same one."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any


class StateMismatchError(Exception):
    """The folder belongs to another world than the one asked for."""


def recall(folder: Path, people: int, seed: int, now: datetime, now_given: bool) -> datetime:
    """The ``now`` of the world that lives in ``folder``; a new folder takes the arguments and keeps them.

    Raises StateMismatchError if the folder's world has other people, another seed, or another ``now`` than was given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "world.json"
    wanted = {"people": people, "seed": seed}
    if not file.exists():
        write_whole(file, {**wanted, "now": now.isoformat()})
        return now
    kept = json.loads(file.read_text(encoding="utf-8"))
    if {name: kept[name] for name in wanted} != wanted or (now_given and kept["now"] != now.isoformat()):
        raise StateMismatchError(f"{folder} holds another world ({kept}); name another folder or remove this one")
    return datetime.fromisoformat(kept["now"])


def write_whole(file: Path, document: Any) -> None:
    """Write JSON so that a reader sees all of it or nothing, readable by its owner only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    part.replace(file)
