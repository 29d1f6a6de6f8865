"""Who may call HubSpot: a private app with its token, or an OAuth app with access tokens that last half an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from sandbox.hubspot_refusals import RefusedError

CLIENT_ID, CLIENT_SECRET = "sandbox-hubspot-client", "sandbox-hubspot-client-secret"
REFRESH_TOKEN = "sandbox-hubspot-refresh"  # worthless outside the sandbox
LIFE_SECONDS = 1800
_NO_LOGIN = "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
_NO_LOGIN += "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"


class Logins:
    """Access tokens live in memory: a restart ends them, and clients refresh."""

    def __init__(self, private_token: str) -> None:
        self.private_token = private_token
        self._expire: dict[str, datetime] = {}

    def check(self, header: str, now: datetime) -> bool:
        """Whether the caller came by OAuth. Raises RefusedError (401) unless they may come in."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() == "bearer" and token == self.private_token:
            return False
        if scheme.lower() != "bearer" or token not in self._expire:
            raise RefusedError(401, "INVALID_AUTHENTICATION", _NO_LOGIN)
        if now >= self._expire[token]:
            ago = int((now - self._expire[token]).total_seconds())
            raise expired(f"The OAuth token used to make this call expired {ago} second(s) ago.")
        return True

    def token(self, body: bytes, now: datetime) -> dict[str, Any]:
        """A new access token for a form with a refresh token. Raises RefusedError (400)."""
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        for name, right in (("client_id", CLIENT_ID), ("client_secret", CLIENT_SECRET)):
            if form.get(name) != right:
                raise _refused(f"BAD_{name.upper()}", f"missing or unknown {name}")
        if form.get("grant_type") != "refresh_token":
            raise _refused("BAD_GRANT_TYPE", "missing or unknown grant_type")
        if form.get("refresh_token") != REFRESH_TOKEN:
            raise _refused("BAD_REFRESH_TOKEN", "missing or unknown refresh token")
        access = f"sandbox-hubspot-access-{len(self._expire) + 1}"
        self._expire[access] = now + timedelta(seconds=LIFE_SECONDS)
        return {
            "token_type": "bearer",
            "refresh_token": REFRESH_TOKEN,
            "access_token": access,
            "expires_in": LIFE_SECONDS,
        }


def expired(message: str) -> RefusedError:
    return RefusedError(401, "EXPIRED_AUTHENTICATION", message)


def _refused(status: str, message: str) -> RefusedError:
    refusal = RefusedError(400, "", message)
    refusal.more = {"status": status}
    return refusal
