"""The key that exports of the trail are signed with: Ed25519, kept in the data folder for its owner alone."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from landbridge.errors import ConfigInvalid

FILE = "audit_key.pem"


class Key:
    """A key to sign with. `public`: its 32 public bytes; `fingerprint`: what to note elsewhere and compare with."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.public = private.public_key().public_bytes(*raw)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the public key, in hex."""
        return hashlib.sha256(self.public).hexdigest()

    @property
    def told(self) -> str:
        """The public key as text."""
        return base64.b64encode(self.public).decode()

    def sign(self, content: bytes) -> bytes:
        """The signature of some bytes."""
        return self._private.sign(content)


def key(data: Path) -> Key:
    """The project's key, made at its first use. Raises ConfigInvalid for a file that holds none, or others can read."""
    path = data / FILE
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise ConfigInvalid(f"{path} can be read by others.", do=f"`chmod 600 {path}`, and ask who read it.")
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise ConfigInvalid(
            f"{path} holds no key.", do="Put the former file back; without it a new one is made."
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigInvalid(f"{path} holds no Ed25519 key.", do="Put the former file back.")
    return Key(private)


def _make(path: Path) -> None:
    """Whole or not at all, and by one process only, where two come at once."""
    private = Ed25519PrivateKey.generate()
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    draft = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private.private_bytes(*form))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
