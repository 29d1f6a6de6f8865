#!/usr/bin/env python3
"""Verify an export of a Landbridge audit trail, on any machine with Python 3.9 or newer and nothing else.

    python3 verify.py ARCHIVE.zip [FINGERPRINT]

Checks the signature of the manifest (Ed25519, RFC 8032), the SHA-256 of every file, and the chain of events: each one's
hash is the SHA-256 of its seq, at, kind, actor, subject, detail and the previous hash, joined by newlines. FINGERPRINT
is the SHA-256 of the public key, as the console's audit page shows it; without it this proves that the archive is of
one piece, and not whose it is. A copy of this file lies in each archive; whoever doubts one uses a copy from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import zipfile
from typing import Any

MANIFEST, SIGNATURE, KEY = "manifest.json", "manifest.sig", "key.pub"
MOST = 16_000_000
"""Bytes of a manifest, key, signature or line that are read; larger ones are none of ours."""


class NotIntact(Exception):
    """The archive is not as it was made; the text says where."""


def verify(path: str, fingerprint: str = "") -> dict[str, Any]:
    """The manifest of an archive that is as it was made. Raises NotIntact."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _signed(archive, fingerprint.lower().replace(":", ""))
            _files(archive, manifest["files"])
            _chain(archive, manifest)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
        raise NotIntact(f"it cannot be read as an export of the trail ({type(error).__name__}: {error})") from error
    return manifest


def _signed(archive: zipfile.ZipFile, fingerprint: str) -> dict[str, Any]:
    names = archive.namelist()
    if len(names) != len(set(names)):
        raise NotIntact("it holds two files of one name")
    content = _read(archive, MANIFEST)
    public = base64.b64decode(_read(archive, KEY), validate=False)
    found = hashlib.sha256(public).hexdigest()
    if fingerprint and fingerprint != found:
        raise NotIntact(f"it is signed with another key: its fingerprint is {found}")
    if not ed25519(public, content, base64.b64decode(_read(archive, SIGNATURE), validate=False)):
        raise NotIntact("the manifest's signature does not hold")
    manifest: dict[str, Any] = json.loads(content)
    if set(names) != {MANIFEST, SIGNATURE, KEY, *manifest["files"]}:
        raise NotIntact("it holds other files than the manifest tells of")
    return {**manifest, "fingerprint": found}


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(MOST + 1)
    if len(content) > MOST:
        raise NotIntact(f"{name} is too large")
    return content


def _files(archive: zipfile.ZipFile, told: dict[str, Any]) -> None:
    for name, wanted in told.items():
        digest, size = hashlib.sha256(), 0
        with archive.open(name) as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
        if (digest.hexdigest(), size) != (wanted["sha256"], wanted["bytes"]):
            raise NotIntact(f"{name} was altered")


def _chain(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    before, after = manifest["before"], manifest["after"]
    seq, previous = manifest["first"], before["hash"] if before else ""
    if before:
        _check(before, seq - 1, before["previous"])
    elif seq != 1:
        raise NotIntact(f"event {seq - 1}, which comes before the first, is missing")
    with archive.open("events.jsonl") as file:
        while line := file.readline(MOST):
            event = json.loads(line)
            _check(event, seq, previous)
            seq, previous = seq + 1, event["hash"]
    if (seq - 1, previous) != (manifest["last"], manifest["head"]):
        raise NotIntact("events at the end are missing")
    if after:
        _check(after, seq, previous)


def _check(event: dict[str, Any], seq: int, previous: str) -> None:
    if event["seq"] != seq:
        raise NotIntact(f"event {seq} is missing")
    if event["previous"] != previous:
        raise NotIntact(f"event {seq} does not follow the one before it")
    told = [str(event[name]) for name in ("seq", "at", "kind", "actor", "subject", "detail", "previous")]
    if hashlib.sha256("\n".join(told).encode()).hexdigest() != event["hash"]:
        raise NotIntact(f"the content of event {seq} was altered")


# Ed25519 after RFC 8032, section 6: points as (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def ed25519(public: bytes, content: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's for this content."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, half = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or half is None or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + content).digest()
    left = _times(s, _point(_BASE) or (0, 0, 0, 0))
    right = _add(half, _times(int.from_bytes(digest, "little") % L, key))
    return not any((left[i] * right[2] - right[i] * left[2]) % P for i in (0, 1))


_BASE = (4 * pow(5, P - 2, P) % P).to_bytes(32, "little")
Point = tuple[int, int, int, int]


def _add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, p: Point) -> Point:
    found: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = _add(found, p)
        p, number = _add(p, p), number >> 1
    return found


def _point(encoded: bytes) -> Point | None:
    """The point with these bytes; None when there is none."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


if __name__ == "__main__":
    try:
        found = verify(*sys.argv[1:3])
    except NotIntact as wrong:
        sys.exit(f"NOT INTACT: {wrong}.")
    except TypeError:
        sys.exit(__doc__)
    print(f"Intact: events {found['first']} to {found['last']}, head {found['head']}")
    print(f"Signed with the key whose fingerprint is {found['fingerprint']}")
