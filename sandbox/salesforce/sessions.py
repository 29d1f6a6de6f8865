"""Who is logged in: tokens that live as long as they are used, and end when they are not."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_urlsafe

from sandbox.salesforce.errors import session_expired
from sandbox.salesforce.org import Org
from sandbox.salesforce.people import ORGANIZATION_ID


class Sessions:
    """Tokens by text, each of one user. A restart ends them all, as maintenance does."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self._open: dict[str, tuple[str, datetime]] = {}

    def start(self, user_id: str) -> str:
        """A new token for the user."""
        token = f"{ORGANIZATION_ID[:15]}!AQ{token_urlsafe(64)}"
        self._open[token] = (user_id, self.org.now())
        return token

    def user(self, authorization: str) -> str:
        """The user behind an `Authorization` header (`Bearer` or `OAuth`); INVALID_SESSION_ID if there is none."""
        scheme, _, token = authorization.partition(" ")
        known = self._open.get(token.strip()) if scheme.lower() in ("bearer", "oauth") else None
        if known is None:
            raise session_expired()
        user_id, used = known
        now = self.org.now()
        if now - used >= timedelta(minutes=self.org.switches.session_minutes):
            self.end(token.strip())
            raise session_expired()
        self._open[token.strip()] = (user_id, now)
        return user_id

    def end(self, token: str) -> bool:
        """Forget a token; whether there was one."""
        return self._open.pop(token, None) is not None
