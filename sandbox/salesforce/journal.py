"""What clients wrote, line by line in one file that only grows, so that a restart of the sandbox keeps it.

The first line names the world that the lines stand on; on top of another world they would make no sense. A last line
that was cut off (the process was killed while writing) is dropped: no client was told that it was saved.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson


class OtherWorld(RuntimeError):
    """The file was written on top of another world: start with the same people and seed, or on an empty folder."""


class Journal:
    """Lines `[object, id, {field: new value or null}]`; with no path it keeps nothing."""

    def __init__(self, path: Path | None, world: dict[str, Any]) -> None:
        self._path = path
        self._world = world
        self._file: BinaryIO | None = None

    def replay(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield every kept line, oldest first, and leave the file ready for more."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        whole = _whole_lines(self._path)
        if whole and orjson.loads(whole[0]) != self._world:
            raise OtherWorld(f"{self._path} belongs to the world {whole[0].decode()}, not to {self._world}")
        for line in whole[1:]:
            yield tuple(orjson.loads(line))
        self._file = self._path.open("ab")
        if not whole:
            self.write([self._world])

    def write(self, lines: list[Any]) -> None:
        """Append the lines and hand them to the operating system; a kill of this process then loses none."""
        if self._file is not None and lines:
            self._file.write(b"".join(orjson.dumps(line) + b"\n" for line in lines))
            self._file.flush()


def _whole_lines(path: Path) -> list[bytes]:
    """The finished lines; a cut-off tail is removed from the file."""
    if not path.exists():
        return []
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if end < len(content):
        with path.open("r+b") as file:
            file.truncate(end)
    return content[:end].splitlines()
