"""A stand-in of an OpenID provider, over real HTTP: discovery, authorization with PKCE, tokens, keys, userinfo.

It signs in whoever one clicks on, and lies on demand: each of ``LIES`` is a way in which a provider, or somebody who
plays one, can be wrong. It is no part of the world of silos and has no state to keep.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from html import escape
from threading import Event
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

LIES = {
    "wrong_key": "signs with a key that it does not publish",
    "alg_none": "signs nothing",
    "client_secret": "signs with the client's secret (HS256)",
    "public_key": "signs with its public key as if it were a secret (HS256)",
    "altered": "changes the claims after signing",
    "wrong_audience": "makes the token for another client",
    "second_audience": "makes it for two clients, the other being the authorized party",
    "wrong_issuer": "names another issuer in the token",
    "wrong_nonce": "answers another sign-in",
    "no_nonce": "leaves the nonce out",
    "expired": "makes a token of an hour ago",
    "early": "makes a token that is valid in an hour",
    "no_party": "makes it for two clients and says of neither that it asked",
    "other_token": "binds it to another access token",
    "no_expiry": "says not until when it is good",
    "no_time": "says not when it was made",
    "no_subject": "says not whom it is about",
    "no_token": "gives no ID token",
    "other_person": "tells of another person at userinfo",
    "other_issuer": "says at discovery that it is another issuer",
    "answers_for_another": "names another issuer in its answer to the browser",
    "down": "does not answer",
    "broken": "answers with a page instead of JSON",
}


@dataclass
class Provider:
    """One provider with its people: login -> claims. ``lie`` is one of LIES, or empty."""

    issuer: str
    people: dict[str, dict[str, Any]]
    client_id: str = "landbridge"
    back: str = "/sign-in/oidc/back"
    """Where browsers are sent back to; elsewhere nobody is."""
    client_secret: str = "sandbox-oidc-secret"
    lie: str = ""
    slim: bool = False
    """Whether the token says little, and the rest stands at userinfo."""
    answers: Event = field(default_factory=Event)
    """Cleared, discovery hangs until it is set."""
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    private: RSAKey = field(default_factory=lambda: _key("one"))

    def __post_init__(self) -> None:
        self.answers.set()

    def app(self) -> Starlette:
        """Its pages."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/jwks", self.keys),
                Route("/authorize", self.authorize, methods=["GET", "POST"]),
                Route("/token", self.token, methods=["POST"]),
                Route("/userinfo", self.userinfo),
            ]
        )

    def discovery(self, _request: Request) -> Response:
        self.answers.wait(120)
        if self.lie == "down":
            return Response("gateway time-out", 504)
        if self.lie == "broken":
            return HTMLResponse("<h1>Maintenance</h1>")
        issuer = "https://elsewhere.example" if self.lie == "other_issuer" else self.issuer
        ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        told: dict[str, object] = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in ends.items()}
        signs = {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
        return JSONResponse({"issuer": issuer, "jwks_uri": f"{self.issuer}/jwks", **told, **signs})

    def keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self.private.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if asked.get("client_id") != self.client_id or asked.get("code_challenge_method") != "S256":
            return Response("unknown client, or no PKCE", 400)
        if urlsplit(asked.get("redirect_uri", "")).path != self.back:
            return Response("an address that nobody registered", 400)
        if request.method == "GET":
            buttons = "".join(f'<button name="who" value="{escape(who)}">{escape(who)}</button>' for who in self.people)
            return HTMLResponse(f'<form method="post">{buttons}<button name="who" value="">Cancel</button></form>')
        who = str((await request.form()).get("who", ""))
        answer = {"state": asked["state"], "iss": self.issuer}
        if self.lie == "answers_for_another":
            answer["iss"] = "https://elsewhere.example"
        answer |= {"code": self._code(who, asked)} if who else {"error": "access_denied"}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    def _code(self, who: str, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe(24)
        self.codes[code] = {"who": who, **asked}
        return code

    async def token(self, request: Request) -> Response:
        form = await request.form()
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        asked = self.codes.pop(str(form.get("code")), None)  # once
        if asked is None or _challenge(str(form.get("code_verifier"))) != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(24)
        self.tokens[access] = asked["who"]
        told = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        if self.lie != "no_token":
            told["id_token"] = self._signed(self._claims(asked))
        return JSONResponse(told)

    def _claims(self, asked: dict[str, str]) -> dict[str, Any]:
        now = int(time.time()) + {"expired": -3600, "early": 3600}.get(self.lie, 0)
        person = self.people[asked["who"]]
        said = {"sub": person["sub"]} if self.slim else dict(person)
        said |= {"iss": self.issuer, "aud": self.client_id, "iat": now, "nbf": now, "exp": now + 300}
        said["nonce"] = asked["nonce"]
        lies: dict[str, dict[str, Any]] = {
            "wrong_audience": {"aud": "somebody-else"},
            "second_audience": {"aud": [self.client_id, "somebody-else"], "azp": "somebody-else"},
            "no_party": {"aud": [self.client_id, "somebody-else"]},
            "other_token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
            "wrong_issuer": {"iss": "https://elsewhere.example"},
            "wrong_nonce": {"nonce": "of another sign-in"},
        }
        said |= lies.get(self.lie, {})
        left_out = {"no_nonce": "nonce", "no_expiry": "exp", "no_time": "iat", "no_subject": "sub"}.get(self.lie)
        return {name: value for name, value in said.items() if name != left_out}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.lie == "alg_none":
            return f"{_packed({'alg': 'none', 'typ': 'JWT'})}.{_packed(claims)}."
        if self.lie in ("client_secret", "public_key"):
            word = self.client_secret if self.lie == "client_secret" else self.private.as_pem(private=False).decode()
            return _hs256(claims, word, str(self.private.kid))
        key = _key("one") if self.lie == "wrong_key" else self.private
        token = jwt.encode({"alg": "RS256", "kid": str(key.kid)}, claims, key)
        if self.lie == "altered":
            head, _, signature = token.split(".")
            return f"{head}.{_packed({**claims, 'groups': ['everything']})}.{signature}"
        return token

    def userinfo(self, request: Request) -> Response:
        who = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if who is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        person = self.people[who]
        return JSONResponse({**person, "sub": "somebody else"} if self.lie == "other_person" else person)


def _key(name: str) -> RSAKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return RSAKey.import_key(private, {"kid": name, "use": "sig", "alg": "RS256"})


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _packed(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _hs256(claims: dict[str, Any], word: str, kid: str) -> str:
    import hmac

    signed = f"{_packed({'alg': 'HS256', 'kid': kid})}.{_packed(claims)}"
    digest = hmac.new(word.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
