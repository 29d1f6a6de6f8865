"""An export of the trail proves itself, and nothing in it can be altered unseen."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from landbridge.errors import ConfigInvalid, NotFound
from landbridge.store.engine import Store
from landbridge.trail import archive, audit, signing, verify_archive
from landbridge.trail.span import Range, Span, events
from landbridge.trail.verify_archive import NotIntact, ed25519, verify

HOSTILE = '=HYPERLINK("http://evil")<script>alert(1)</script>'


def happened(store: Store, count: int) -> None:
    with store.begin() as connection:
        audit.record(connection, *(audit.Event("test.done", HOSTILE, f"thing/{n}", {"n": n}) for n in range(count)))


@pytest.fixture
def key(tmp_path: Path) -> signing.Key:
    return signing.key(tmp_path)


@pytest.fixture
def made(store: Store, key: signing.Key, tmp_path: Path) -> Path:
    """An archive of the events 4 to 9 of 12."""
    happened(store, 12)
    path = tmp_path / "trail.zip"
    path.write_bytes(b"".join(archive.export(store, key, Range(4, 9, "asked"), actor="Ann Auditor")))
    return path


def test_an_archive_proves_itself(made: Path, key: signing.Key) -> None:
    found = verify(str(made), key.fingerprint)
    assert (found["first"], found["last"], found["events"], found["intact"]) == (4, 9, 6, True)
    assert (found["before"]["seq"], found["after"]["seq"]) == (3, 10)
    assert found["made_by"] == "Ann Auditor"


def test_its_own_script_needs_nothing_but_python(made: Path, key: signing.Key, tmp_path: Path) -> None:
    with zipfile.ZipFile(made) as zipped:
        zipped.extract("verify.py", tmp_path)
    alone = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(made)]
    good = subprocess.run([*alone, key.fingerprint], capture_output=True, text=True, check=True)
    assert "Intact: events 4 to 9" in good.stdout
    other = subprocess.run([*alone, "0" * 64], capture_output=True, text=True, check=False)
    assert (other.returncode, "another key" in other.stderr) == (1, True)


def test_that_it_was_made_is_an_event(store: Store, made: Path) -> None:
    newest = audit.newest(store, 1)[0]
    assert (newest.kind, newest.actor, newest.subject) == ("audit.exported", "Ann Auditor", "audit/4-9")
    assert audit.verify(store).intact


def test_an_empty_time_is_told_and_leaves_no_event(store: Store, key: signing.Key) -> None:
    happened(store, 2)
    for none in (Range(1, 0), Range(5, 9)):
        with pytest.raises(NotFound):
            archive.export(store, key, none, actor="ann")
    assert audit.newest(store, 1)[0].seq == 2


def test_days_become_events(store: Store) -> None:
    assert events(store, Span()).last == 0
    happened(store, 3)
    whole = events(store, Span())
    assert (whole.first, whole.last) == (1, 3)
    assert events(store, Span.of({"from": "2999-01-01"})).last == 0
    assert events(store, Span.of({"to": "1999-01-01"})).last == 0
    assert events(store, Span.of({"from": "1999-01-01", "to": "2999-01-01"})) != Range(1, 0)


def test_hostile_text_is_text_in_the_report_and_the_sheet(made: Path) -> None:
    with zipfile.ZipFile(made) as zipped:
        report, sheet = zipped.read("report.html").decode(), zipped.read("events.csv").decode()
    assert "<script>" not in report
    assert "&lt;script&gt;" in report
    assert ",=HYPERLINK" not in sheet
    assert "'=HYPERLINK" in sheet


def rewritten(made: Path, change: Callable[[dict[str, bytes]], Any], key: Ed25519PrivateKey | None = None) -> Path:
    """The archive with some of its files changed; signed anew with another key where one is given."""
    with zipfile.ZipFile(made) as zipped:
        files = {name: zipped.read(name) for name in zipped.namelist()}
    change(files)
    if key:
        told = json.loads(files["manifest.json"])
        for name in told["files"]:
            told["files"][name] = {
                "sha256": verify_archive.hashlib.sha256(files[name]).hexdigest(),
                "bytes": len(files[name]),
            }
        files["manifest.json"] = json.dumps(told).encode()
        files["manifest.sig"] = base64.b64encode(key.sign(files["manifest.json"]))
        files["key.pub"] = base64.b64encode(key.public_key().public_bytes_raw())
    path = made.with_name("other.zip")
    with zipfile.ZipFile(path, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return path


def altered(name: str, before: bytes, after: bytes) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        assert before in files[name]
        files[name] = files[name].replace(before, after, 1)

    return change


TAMPERED = {
    "an event's content": altered("events.jsonl", b"thing/5", b"thing/7"),
    "the report": altered("report.html", b"thing/5", b"thing/7"),
    "the sheet": altered("events.csv", b"thing/5", b"thing/7"),
    "the script": altered("verify.py", b"NOT INTACT", b"not intact"),
    "the manifest": altered("manifest.json", b"Ann Auditor", b"Bob Auditor"),
    "the signature": lambda files: files.update({"manifest.sig": files["manifest.sig"].swapcase()}),
    "a file more": lambda files: files.update({"more.txt": b"more"}),
    "a file less": lambda files: files.pop("report.html"),
    "no signature": lambda files: files.pop("manifest.sig"),
    "an event less": lambda files: files.update({"events.jsonl": files["events.jsonl"].split(b"\n", 1)[1]}),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_tampering_is_found(made: Path, what: str) -> None:
    with pytest.raises(NotIntact):
        verify(str(rewritten(made, TAMPERED[what])))


def lines(made: Callable[[list[bytes]], list[bytes]]) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        files["events.jsonl"] = b"".join(made(files["events.jsonl"].splitlines(True)))

    return change


FORGED = {
    "an event's content": (altered("events.jsonl", b"thing/5", b"thing/7"), "the content of event 6 was altered"),
    "an event less": (lines(lambda each: each[1:]), "missing"),
    "the last event less": (lines(lambda each: each[:-1]), "end"),
    "events changed over": (lines(lambda each: each[::-1]), "missing"),
}


@pytest.mark.parametrize("what", FORGED)
def test_whoever_signs_anew_still_cannot_alter_the_chain(made: Path, what: str) -> None:
    change, told = FORGED[what]
    with pytest.raises(NotIntact, match=told):
        verify(str(rewritten(made, change, Ed25519PrivateKey.generate())))


def test_another_key_is_found_by_its_fingerprint(made: Path, key: signing.Key) -> None:
    forged = rewritten(made, altered("report.html", b"thing/5", b"thing/7"), Ed25519PrivateKey.generate())
    assert verify(str(forged))["fingerprint"] != key.fingerprint
    with pytest.raises(NotIntact, match="another key"):
        verify(str(forged), key.fingerprint)


def test_a_broken_chain_is_exported_and_told(store: Store, key: signing.Key, tmp_path: Path) -> None:
    happened(store, 6)
    with store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER audit_event_refuse"))
        connection.execute(sa.text("UPDATE audit_event SET actor = 'somebody else' WHERE seq = 3"))
    path = tmp_path / "trail.zip"
    path.write_bytes(b"".join(archive.export(store, key, Range(1, 6), actor="ann")))
    with pytest.raises(NotIntact, match="the content of event 3 was altered"):
        verify(str(path))
    with zipfile.ZipFile(path) as zipped:
        assert json.loads(zipped.read("manifest.json"))["problem"] == "event 3: its content was altered"
        assert "event 3: its content was altered" in zipped.read("report.html").decode()


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32))
def test_our_ed25519_agrees_with_the_librarys(content: bytes, seed: bytes) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(content)
    assert ed25519(public, content, signature)
    assert not ed25519(public, content + b"!", signature)
    assert not ed25519(public, content, signature[:32] + bytes(32))
    assert not ed25519(bytes(reversed(public)), content, signature)


def test_the_key_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    first = signing.key(tmp_path)
    path = tmp_path / signing.FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signing.key(tmp_path).fingerprint == first.fingerprint
    assert [each.name for each in tmp_path.iterdir()] == [signing.FILE]
    path.chmod(0o644)
    with pytest.raises(ConfigInvalid, match="read by others"):
        signing.key(tmp_path)
    path.chmod(0o600)
    path.write_text("nothing")
    with pytest.raises(ConfigInvalid, match="no key"):
        signing.key(tmp_path)
