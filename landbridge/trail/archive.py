"""An export of the trail: a zip that proves itself, written as it is sent, in bounded memory.

events.jsonl     the events, with the text that each one's hash is of
events.csv       the same for a spreadsheet, formula-safe
report.html      to read and to print
manifest.json    the range, its neighbours in the chain, the SHA-256 of each file
manifest.sig     the manifest's Ed25519 signature; key.pub is the public key
verify.py        checks all of it, with nothing but Python
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from landbridge import __version__
from landbridge.errors import NotFound
from landbridge.store.engine import Store
from landbridge.trail import audit, chain, report, verify_archive
from landbridge.trail.chain import Event
from landbridge.trail.report import Summary
from landbridge.trail.sheets import harmless
from landbridge.trail.signing import Key
from landbridge.trail.span import Range

COLUMNS = ("seq", "at", "kind", "actor", "subject", "detail", "previous", "hash")
_CHUNK = 1 << 16


def export(store: Store, key: Key, wanted: Range, *, actor: str) -> Generator[bytes, None, None]:
    """The archive, piece by piece. That it was made is an event itself, written before the first piece goes.

    Raises NotFound, before anything is written, when no event is in the range.
    """
    if wanted.last < wanted.first or not chain.some(store, [wanted.last]):
        raise NotFound("No event is in that time.", do="Choose other days; the audit page shows what there is.")
    with store.begin() as connection:
        told = {"first": wanted.first, "last": wanted.last}
        audit.record(connection, audit.Event("audit.exported", actor, f"audit/{wanted.first}-{wanted.last}", told))
    return _pieces(store, key, wanted, actor)


def _pieces(store: Store, key: Key, wanted: Range, actor: str) -> Generator[bytes, None, None]:
    summary = Summary(wanted.first, wanted.last, wanted.asked, actor, datetime.now(UTC), key.fingerprint)
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        files = _Files(archive, sink, summary.made_at)
        yield from files.add("events.jsonl", _lines(store, wanted, summary))
        yield from files.add("events.csv", _rows(store, wanted))
        shown = chain.read(store, wanted.first, min(wanted.last, wanted.first + report.SHOWN - 1))
        yield from files.add("report.html", report.html(summary, shown))
        yield from files.add("verify.py", iter([Path(verify_archive.__file__).read_text(encoding="utf-8")]))
        manifest = _manifest(store, wanted, summary, files.digests)
        yield from files.add("manifest.json", iter([manifest]))
        yield from files.add("manifest.sig", iter([base64.b64encode(key.sign(manifest.encode())).decode()]))
        yield from files.add("key.pub", iter([key.told]))
    yield sink.taken()


class _Sink(io.RawIOBase):
    """What the zip is written to: it keeps what was not handed on yet."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._kept += data
        return len(data)

    def taken(self, least: int = 0) -> bytes:
        """What was written since, once there is enough of it."""
        if len(self._kept) < least:
            return b""
        piece = bytes(self._kept)
        self._kept.clear()
        return piece


class _Files:
    """The files of an archive and their digests."""

    def __init__(self, archive: zipfile.ZipFile, sink: _Sink, at: datetime) -> None:
        self._archive, self._sink, self._at = archive, sink, at
        self.digests: dict[str, dict[str, object]] = {}

    def add(self, name: str, texts: Iterator[str]) -> Iterator[bytes]:
        info = zipfile.ZipInfo(name, self._at.timetuple()[:6])
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self._archive.open(info, "w", force_zip64=True) as file:
            for text in texts:
                content = text.encode()
                digest.update(content)
                size += file.write(content)
                if piece := self._sink.taken(_CHUNK):
                    yield piece
        self.digests[name] = {"sha256": digest.hexdigest(), "bytes": size}


def _lines(store: Store, wanted: Range, summary: Summary) -> Iterator[str]:
    """Every event as a line of JSON; whether they follow each other is found out on the way."""
    previous, expected = _hash_before(store, wanted.first), wanted.first
    for event in chain.read(store, wanted.first, wanted.last):
        summary.count(event, chain.problem_of(event, expected, previous))
        expected, previous = event.seq + 1, event.hash
        yield json.dumps(asdict(event), ensure_ascii=False, separators=(",", ":")) + "\n"
    summary.head = previous


def _hash_before(store: Store, first: int) -> str:
    before = chain.some(store, [first - 1]).get(first - 1)
    return before.hash if before else ""


def _rows(store: Store, wanted: Range) -> Iterator[str]:
    line = io.StringIO()
    write: Callable[[list[Any]], Any] = csv.writer(line).writerow
    write(list(COLUMNS))
    for event in chain.read(store, wanted.first, wanted.last):
        write([harmless(getattr(event, name)) for name in COLUMNS])
        if line.tell() > _CHUNK:
            yield line.getvalue()
            line.seek(0)
            line.truncate()
    yield line.getvalue()


def _manifest(store: Store, wanted: Range, summary: Summary, digests: dict[str, dict[str, object]]) -> str:
    neighbours = chain.some(store, [wanted.first - 1, wanted.last + 1])
    told = {
        "what": "an export of the audit trail of Landbridge",
        "format": 1,
        "landbridge": __version__,
        "asked": wanted.asked,
        "made_at": summary.made_at.isoformat(timespec="seconds"),
        "made_by": summary.made_by,
        "first": wanted.first,
        "last": wanted.last,
        "events": summary.events,
        "head": summary.head,
        "intact": summary.problem == "",
        "problem": summary.problem,
        "before": _told(neighbours.get(wanted.first - 1)),
        "after": _told(neighbours.get(wanted.last + 1)),
        "files": digests,
    }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _told(event: Event | None) -> dict[str, Any] | None:
    return asdict(event) if event else None
