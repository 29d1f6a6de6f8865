"""Logging in: OAuth 2.0 client credentials and JWT bearer. Neither gives `expires_in` or a refresh token.

A JWT is taken from any key unless the switch `jwt_public_key` (PEM) says whose it must be.
Source: Salesforce help "OAuth 2.0 Client Credentials Flow", "OAuth 2.0 JWT Bearer Flow".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

import jwt
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.salesforce.org import Org
from sandbox.salesforce.people import INTEGRATION_ID, ORGANIZATION_ID
from sandbox.salesforce.replies import json_reply
from sandbox.salesforce.sessions import Sessions
from sandbox.standin import Settings

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LONGEST_ASSERTION = 300  # seconds that an assertion may be good for: three minutes, and some for clocks
_AUDIENCES = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})


class LoginRefused(Exception):
    """What the token endpoint says instead of a token, always with 400."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.body = {"error": error, "error_description": description}


class OAuth:
    """The endpoints under /services/oauth2."""

    def __init__(self, org: Org, sessions: Sessions, settings: Settings) -> None:
        self.org = org
        self.sessions = sessions
        self.keys = settings.credentials
        self.routes = [
            Route("/services/oauth2/token", self.token, methods=["POST"]),
            Route("/services/oauth2/revoke", self.revoke, methods=["POST"]),
        ]

    async def token(self, request: Request) -> Response:
        """A session for whoever proves who they are."""
        origin = f"{request.url.scheme}://{request.url.netloc}"
        try:
            form = await _form(request)
            user_id = self._user(_with_basic(form, request.headers.get("authorization", "")), origin)
        except LoginRefused as refused:
            return json_reply(refused.body, 400, {"cache-control": "no-store"})
        return json_reply(self._told(user_id, origin), 200, {"cache-control": "no-store"})

    async def revoke(self, request: Request) -> Response:
        """End a session."""
        if self.sessions.end((await _form(request)).get("token", "")):
            return json_reply({})
        return json_reply(
            {"error": "unsupported_token_type", "error_description": "this token type is not supported"}, 400
        )

    def _user(self, form: Mapping[str, str], origin: str) -> str:
        grant = form.get("grant_type")
        if grant == "client_credentials":
            return self._by_secret(form)
        if grant == _JWT_BEARER:
            return self._by_assertion(form.get("assertion", ""), origin)
        if grant == "password":
            raise LoginRefused("invalid_grant", "authentication failure")  # blocked in new orgs
        raise LoginRefused("unsupported_grant_type", "grant type not supported")

    def _by_secret(self, form: Mapping[str, str]) -> str:
        if form.get("client_id") != self.keys.salesforce_client_id:
            raise LoginRefused("invalid_client_id", "client identifier invalid")
        secret = form.get("client_secret", "")
        if not hmac.compare_digest(secret.encode(), self.keys.salesforce_client_secret.encode()):
            raise LoginRefused("invalid_client", "invalid client credentials")
        return INTEGRATION_ID

    def _by_assertion(self, assertion: str, origin: str) -> str:
        claims = self._claims(assertion)
        audience = claims.get("aud")
        if not _AUDIENCES.union((origin,)).intersection(audience if isinstance(audience, list) else [audience]):
            raise LoginRefused("invalid_grant", "audience is invalid")
        if claims.get("iss") != self.keys.salesforce_client_id:
            raise LoginRefused("invalid_client_id", "client identifier invalid")
        until, now = claims.get("exp"), self.org.now().timestamp()
        if not isinstance(until, int | float) or not now < until <= now + _LONGEST_ASSERTION:
            raise LoginRefused("invalid_grant", "expired authorization code")
        name = str(claims.get("sub")).lower()
        users = self.org.tables["User"].live()
        found = next((str(user["Id"]) for user in users if str(user["Username"]).lower() == name), None)
        if found is None:
            raise LoginRefused("invalid_grant", "user hasn't approved this consumer")
        return found

    def _claims(self, assertion: str) -> dict[str, object]:
        """What the assertion says, its signature checked if the org knows a key."""
        key = self.org.switches.jwt_public_key
        options = {"verify_signature": bool(key), "verify_aud": False, "verify_exp": False, "verify_iat": False}
        try:
            if jwt.get_unverified_header(assertion).get("alg") != "RS256":
                raise LoginRefused("invalid_grant", "invalid assertion")
            claims: dict[str, object] = jwt.decode(assertion, key or "", ["RS256"], options)  # type: ignore[arg-type]
        except jwt.InvalidTokenError:
            raise LoginRefused("invalid_grant", "invalid assertion") from None
        return claims

    def _told(self, user_id: str, origin: str) -> dict[str, str]:
        """The answer. Its signature is over id and time with the client's secret."""
        identity, at = f"{origin}/id/{ORGANIZATION_ID}/{user_id}", str(int(self.org.now().timestamp() * 1000))
        secret = self.keys.salesforce_client_secret.encode()
        signature = hmac.new(secret, (identity + at).encode(), hashlib.sha256).digest()
        return {
            "access_token": self.sessions.start(user_id),
            "signature": base64.b64encode(signature).decode(),
            "scope": "api",
            "instance_url": origin,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": at,
        }


async def _form(request: Request) -> dict[str, str]:
    """The fields of the form, from the body or the address."""
    body = (await request.body()).decode("utf-8", "replace")
    return {**request.query_params, **dict(parse_qsl(body, keep_blank_values=True))}


def _with_basic(form: dict[str, str], authorization: str) -> dict[str, str]:
    """The form with client_id and client_secret from a Basic header, if that is how they came."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return form
    try:
        client, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except ValueError:
        return form
    return {"client_id": client, "client_secret": secret, **form}
