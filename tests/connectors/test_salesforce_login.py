"""Logging in to Salesforce: by secret or by signed assertion, once a process, and nothing of it ever shown."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors import salesforce_login
from connectors.base import Access, AccessRefused, Secret
from connectors.salesforce import CONNECTOR
from connectors.salesforce_write import describe, org
from tests.connectors.conftest import Sandbox


def pem(key: rsa.RSAPrivateKey) -> tuple[str, str]:
    """The key and its public half, as PEM text."""
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    return pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def trusted(sandbox: Sandbox, keys: tuple[str, str]) -> Iterator[None]:
    """The org knows our key, and takes no other."""
    sandbox.order("switch", jwt_public_key=keys[1])
    yield
    sandbox.order("switch", jwt_public_key=None)


@pytest.fixture
def username(sandbox: Sandbox) -> str:
    told = salesforce_login.session(by_secret(sandbox))
    answer = httpx.get(
        f"{told.instance_url}/services/oauth2/userinfo",
        headers={"authorization": told.header()},
        verify=ssl.create_default_context(cafile=sandbox.ready["salesforce"]["ca"]),
    )
    return str(answer.json()["preferred_username"])


def by_secret(sandbox: Sandbox) -> Access:
    told = sandbox.ready["salesforce"]
    secrets = {name: Secret(told[name]) for name in ("client_id", "client_secret")}
    return Access("salesforce", told["base_url"], secrets, {}, told["ca"])


def by_key(sandbox: Sandbox, key: str, **options: Any) -> Access:
    told = sandbox.ready["salesforce"]
    secrets = {"client_id": Secret(told["client_id"]), "private_key": Secret(key)}
    return Access("salesforce", told["base_url"], secrets, options, told["ca"])


def logins(sandbox: Sandbox) -> int:
    calls = httpx.get(f"{sandbox.ready['control']}/stats").json()["systems"]["salesforce"]["calls"]
    return int(calls.get("POST /services/oauth2/token", 0))


@pytest.mark.parametrize("form", ["text", "one line", "file"])
def test_a_signed_assertion_lets_us_in(
    sandbox: Sandbox, keys: tuple[str, str], username: str, trusted: None, tmp_path: Path, form: str
) -> None:
    (tmp_path / "key.pem").write_text(keys[0])
    given = {"text": keys[0], "one line": keys[0].replace("\n", "\\n"), "file": "key.pem"}[form]
    assert "signed in" in CONNECTOR.check(by_key(sandbox, given, username=username, home=str(tmp_path)))


def test_a_strange_key_a_strange_user_and_a_strange_audience_do_not(
    sandbox: Sandbox, keys: tuple[str, str], username: str, trusted: None
) -> None:
    strange = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))[0]
    for access in (
        by_key(sandbox, strange, username=username),
        by_key(sandbox, keys[0], username="nobody@example.org"),
        by_key(sandbox, keys[0], username=username, audience="https://evil.example"),
    ):
        with pytest.raises(AccessRefused, match="invalid_grant") as caught:
            CONNECTOR.check(access)
        assert "audience" in caught.value.do


@pytest.mark.parametrize("key", ["no key at all", "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"])
def test_a_key_that_is_none_is_told_without_being_shown(sandbox: Sandbox, key: str) -> None:
    with pytest.raises(AccessRefused, match="no RSA key in PEM form") as caught:
        CONNECTOR.check(by_key(sandbox, key, username="u"))
    assert key not in f"{caught.value} {caught.value.do}"
    with pytest.raises(AccessRefused, match="whom it logs in"):
        CONNECTOR.check(by_key(sandbox, key))


def test_one_login_serves_every_call_and_another_secret_logs_in_anew(sandbox: Sandbox) -> None:
    before = logins(sandbox)
    for _ in range(3):
        describe(by_secret(sandbox), "Lead")
        org(by_secret(sandbox))
    assert logins(sandbox) == before + 1
    told = sandbox.ready["salesforce"]
    wrong = {"client_id": Secret(told["client_id"]), "client_secret": Secret("changed")}
    with pytest.raises(AccessRefused):
        org(Access("salesforce", told["base_url"], wrong, {}, told["ca"]))


def test_a_session_that_ended_is_renewed_once_and_serves_on(sandbox: Sandbox) -> None:
    access = by_secret(sandbox)
    org(access)
    held = salesforce_login.session(access).header().removeprefix("Bearer ")
    ended = httpx.post(
        f"{access.base_url}/services/oauth2/revoke",
        data={"token": held},
        verify=ssl.create_default_context(cafile=sandbox.ready["salesforce"]["ca"]),
    )
    assert ended.status_code == 200
    before = logins(sandbox)
    assert org(access).startswith("00D") and org(access).startswith("00D")
    assert logins(sandbox) == before + 1


def test_neither_token_nor_key_is_ever_logged_or_told(
    sandbox: Sandbox, keys: tuple[str, str], username: str, trusted: None, caplog: pytest.LogCaptureFixture
) -> None:
    access = by_key(sandbox, keys[0], username=username)
    with caplog.at_level(logging.DEBUG):
        org(access)
        with pytest.raises(AccessRefused) as caught:
            org(by_key(sandbox, keys[0], username="nobody@example.org"))
    token = salesforce_login.session(access).header().removeprefix("Bearer ")
    shown = caplog.text + repr(access) + str(caught.value) + json.dumps(str(vars(access)))
    body = keys[0].split("\n")[3]
    assert token not in shown and body not in shown


def test_the_client_secret_never_travels_in_clear() -> None:
    secrets = {"client_id": Secret("client"), "client_secret": Secret("hush")}
    access = Access("salesforce", "http://crm.example.invalid", secrets, {})
    with pytest.raises(AccessRefused, match="in clear"):
        salesforce_login.session(access)
