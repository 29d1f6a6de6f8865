"""Our own commands, run beside the console in processes of their own: of each kind one at a time, the next after it.

A process goes on when the console ends; what waits behind it then does not begin, and the next publish does the same.
What a command did is told by its run; what it said stands in `data`/console.log.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from landbridge.bootstrap import Hub
from landbridge.config import HOUSE
from landbridge.errors import LandbridgeError


@dataclass
class Work:
    """A command of a kind. `began`: by the database's clock; `waiting`: what follows it, each with who wants it."""

    process: subprocess.Popen[bytes]
    began: datetime
    waiting: dict[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int | None:
        """None while it is at work."""
        return self.process.poll()


_works: WeakKeyDictionary[Hub, dict[str, Work]] = WeakKeyDictionary()
_one_by_one = threading.Lock()


def start(hub: Hub, *words: str, actor: str) -> bool:
    """Run a command over this project, in somebody's name. Answers whether it begins now; else it begins when the one
    of its kind that is at work has ended, and whoever wishes the same until then has it by that."""
    with _one_by_one:
        mine = _works.setdefault(hub, {})
        now = mine.get(words[0])
        if now and (now.exit_code is None or now.waiting):
            now.waiting.setdefault(words, actor)
            return False
        mine[words[0]] = _started(hub, words, actor)
    threading.Thread(target=_see_off, args=(hub, words[0]), daemon=True, name=f"landbridge {words[0]}").start()
    return True


def of(hub: Hub, kind: str) -> Work | None:
    """The newest of a kind that this console started."""
    return _works.get(hub, {}).get(kind)


def _see_off(hub: Hub, kind: str) -> None:
    """Wait for the process, so that no zombie is left, and begin what waits behind it."""
    while True:
        _works[hub][kind].process.wait()
        with _one_by_one:
            ended = _works[hub][kind]
            if not ended.waiting:
                return
            words, actor = next(iter(ended.waiting.items()))
            del ended.waiting[words]
            _works[hub][kind] = _started(hub, words, actor, ended.waiting)


def _started(hub: Hub, words: tuple[str, ...], actor: str, waiting: dict[tuple[str, ...], str] | None = None) -> Work:
    file = hub.project.file
    if not file.is_file():
        raise LandbridgeError(f"There is no {file.name} that a command could read.", do="Use the command line.")
    known = {"LANDBRIDGE_CONFIG": str(file), "PYTHONPATH": str(HOUSE)}
    known |= {"LANDBRIDGE_DATABASE": hub.project.settings.database} if hub.project.settings.database else {}
    with hub.store.begin() as connection:
        began = connection.scalars(sa.select(sa.func.clock_timestamp())).one()
    with (hub.project.data / "console.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "landbridge", *words, "--as", actor, "--json"],
            cwd=hub.project.home,
            env={**os.environ, **known},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Work(process, began, waiting or {})
