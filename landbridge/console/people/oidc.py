"""OpenID Connect, what talks to the provider: authorization code with PKCE, and a token that must prove itself.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, RFC 7636 (PKCE), RFC 9207 (`iss` in the answer).
Everything is asked anew at each sign-in: a provider that changes its keys needs no restart of ours.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import KeySet

from landbridge.config import Oidc
from landbridge.errors import AccessRefused, SourceUnavailable

PATIENCE = (3, 5)
"""Seconds until the provider is connected to, and between the pieces of its answers."""
AT_ONCE = 4
"""Sign-ins that ask it at a time: where it hangs, the console's threads are everybody's, and few wait for it."""
_asking = BoundedSemaphore(AT_ONCE)
SKEW = 60
"""Seconds by which its clock and ours may differ."""
SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Keys of which the provider alone holds one half. `none` signs nothing; HS256 is signed with what we know too."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way: what the answer must fit. It travels in a cookie of the browser that began it."""

    state: str
    nonce: str
    verifier: str
    onward: str


def begin(settings: Oidc, back: str, onward: str) -> tuple[str, Attempt]:
    """Where to send the browser, and what to remember. Raises SourceUnavailable, AccessRefused."""
    attempt = Attempt(generate_token(32), generate_token(32), generate_token(64), onward)
    with _session(settings, back) as session:
        told = _discovered(session, settings)
        url, _ = session.create_authorization_url(
            told["authorization_endpoint"], state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
        )
    return url, attempt


def finish(settings: Oidc, back: str, attempt: Attempt, answer: Mapping[str, str]) -> Mapping[str, Any]:
    """Who it is, after the provider's answer came back: the claims of a token that is meant for us, now, for this
    attempt. Raises SourceUnavailable, AccessRefused."""
    if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
        raise refused(settings, "its answer is none to a sign-in that this browser began")
    if error := answer.get("error"):
        raise refused(settings, f"it answered '{error[:60]}'" if error.isprintable() else "it answered with an error")
    with _session(settings, back) as session:
        told = _discovered(session, settings)
        if answer.get("iss", told["issuer"]) != told["issuer"]:
            raise refused(settings, "the answer is another provider's")
        token = _token(session, settings, told, attempt, answer.get("code", ""))
        claims = _proved(session, settings, told, attempt, token)
        return {**_asked(session, settings, told, claims), **claims}


def refused(settings: Oidc, why: str, do: str = "Try again; if it stays so, tell IT.") -> AccessRefused:
    """A sign-in that cannot be."""
    return AccessRefused(f"Signing in with {settings.name} did not work: {why}.", do=do)


@contextmanager
def _session(settings: Oidc, back: str) -> Iterator[OAuth2Session]:
    """To ask the provider with, one of AT_ONCE. Raises SourceUnavailable while it keeps as many waiting."""
    if not _asking.acquire(timeout=0.5):
        raise _down(settings)
    try:
        with _client(settings, back) as session:
            yield session
    finally:
        _asking.release()


def _client(settings: Oidc, back: str) -> OAuth2Session:
    secret = os.environ.get(settings.client_secret)
    if not secret:
        do = f"IT sets the environment variable {settings.client_secret}."
        raise refused(settings, "the console does not know its own secret", do)
    return OAuth2Session(
        settings.client_id,
        secret,
        scope=settings.scope,
        redirect_uri=back,
        code_challenge_method="S256",
        default_timeout=PATIENCE,
    )


def _discovered(session: OAuth2Session, settings: Oidc) -> Mapping[str, Any]:
    told = _get(session, settings, f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration")
    if str(told.get("issuer", "")).rstrip("/") != settings.issuer.rstrip("/"):
        raise refused(settings, "it says that it is another issuer", "IT compares console.oidc.issuer.")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        _see_that_nobody_listens(settings, str(told.get(name, "")))
    return told


def _see_that_nobody_listens(settings: Oidc, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise refused(settings, "its address is not https", "IT names one under console.oidc.issuer.")


def _get(session: OAuth2Session, settings: Oidc, url: str, token: bool = False) -> dict[str, Any]:
    """A JSON object of the provider's, with the token of the sign-in where it wants one."""
    _see_that_nobody_listens(settings, url)
    try:
        answer = session.get(url, withhold_token=not token, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise _down(settings) from error
    if answer.status_code != requests.codes.ok or not isinstance(found, dict):
        raise _down(settings)
    return found


def _down(settings: Oidc) -> SourceUnavailable:
    do = "Try again in a while. Whoever has a password here can use it meanwhile."
    return SourceUnavailable(f"{settings.name} does not answer as it should.", do=do)


def _token(
    session: OAuth2Session, settings: Oidc, told: Mapping[str, Any], attempt: Attempt, code: str
) -> Mapping[str, Any]:
    """The answer to the code. The provider takes each code once: one that somebody saw before is worth nothing."""
    methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    session.token_endpoint_auth_method = next(
        (each for each in ("client_secret_basic", "client_secret_post") if each in methods), "client_secret_basic"
    )
    try:
        token: Mapping[str, Any] = session.fetch_token(
            told["token_endpoint"], code=code, code_verifier=attempt.verifier, allow_redirects=False
        )
    except OAuthError as error:
        why = "the code that it gave was used before, or is too old"
        raise refused(settings, why if error.error == "invalid_grant" else "it did not take the code") from error
    except (requests.RequestException, ValueError) as error:
        raise _down(settings) from error
    return token


def _proved(
    session: OAuth2Session, settings: Oidc, told: Mapping[str, Any], attempt: Attempt, token: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The claims of the ID token, if its signature is the provider's and it was made for us, now, for this attempt."""
    keys = _get(session, settings, told["jwks_uri"])
    try:
        found = jwt.decode(str(token.get("id_token", "")), KeySet.import_key_set(keys), algorithms=list(SIGNED_BY))  # type: ignore[arg-type]
        options = {
            "iss": {"essential": True, "value": told["issuer"]},
            "aud": {"essential": True, "value": settings.client_id},
            "sub": {"essential": True},
        }
        made_for = {"nonce": attempt.nonce, "client_id": settings.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(found.claims, found.header, options, made_for)
        claims.validate(leeway=SKEW)
    except ClaimError as error:
        raise _not_for_us(settings, error) from error
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise refused(settings, "the token's signature is not the provider's") from error
    return dict(claims)


def _not_for_us(settings: Oidc, error: ClaimError) -> AccessRefused:
    if error.claim in ("exp", "iat", "nbf"):
        do = "IT compares the clocks of this machine and of the provider (NTP)."
        return refused(settings, "its token is of another time than ours", do)
    return refused(settings, f"the token is not meant for this sign-in ({error.claim})")


def _asked(
    session: OAuth2Session, settings: Oidc, told: Mapping[str, Any], claims: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What the provider says of the person beside the token, where the token leaves out what we need."""
    needed = {settings.login_claim, settings.roles_claim.partition(".")[0]}
    if needed <= claims.keys() or not told.get("userinfo_endpoint"):
        return {}
    found = _get(session, settings, told["userinfo_endpoint"], token=True)
    if found.get("sub") != claims["sub"]:
        raise refused(settings, "it told of another person than the token")
    return found
