"""Logging in to Salesforce, and its own ways over HTTP: what a refusal means, what a call costs.

Two log-ins: OAuth client credentials, and JWT bearer where the account has a `private_key` and `options.username`.
SOAP's login() is not offered: API 65 has it no longer, and it retires on 2027-06-01. Neither log-in says how long its
token lives, so it is kept for the process and renewed when Salesforce says INVALID_SESSION_ID.
Source: Salesforce help "OAuth 2.0 Client Credentials Flow", "OAuth 2.0 JWT Bearer Flow".
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import jwt

from connectors.answers import LONGEST_WAIT, Answer, Refusal, error_codes, need, refusal
from connectors.base import Access, AccessRefused, SourceUnavailable
from connectors.http import Http

BUSY_WAIT = 5.0
"""Seconds. Salesforce names no wait for "too many calls at once"; calls end all the time, and the engine's own waits
grow from try to try."""

ASSERTED_SECONDS = 150
"""How long an assertion is good for. Salesforce takes three minutes, by its own clock."""

_USED = re.compile(r"api-usage=(\d+)/(\d+)")


class SalesforceHttp(Http):
    """Salesforce says "too many calls" with 403 and never how long to wait, and counts calls in a header."""

    def __init__(self, access: Access, login: Session | None, *, base_url: str = "") -> None:
        super().__init__("Salesforce", access, login, base_url=base_url)
        self._meter = access.meter

    def explain(self, answer: Answer) -> Refusal:
        if answer.status in (403, 503) and "REQUEST_LIMIT_EXCEEDED" in error_codes(answer.peek()):
            concurrent = b"ConcurrentRequests" in answer.body
            which = "calls at once" if concurrent else "the day's calls"
            return SourceUnavailable(
                f"Salesforce: the limit of {which} is reached.", retry_after=BUSY_WAIT if concurrent else LONGEST_WAIT
            )
        return refusal(answer)

    def heard(self, answer: Answer) -> None:
        """Tell the account's meter. The token endpoint's answers count for nothing, and say so by their silence."""
        told = _USED.search(answer.headers.get("sforce-limit-info", ""))
        if self._meter is not None and told is not None:
            self._meter.spent(int(told[1]), int(told[2]))


class Session:
    """A session token, which Salesforce lets live as long as it likes."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._token, self.instance_url, self.user_id = _log_in(access)

    def header(self) -> str:
        return f"Bearer {self._token}"

    def renew(self) -> None:
        try:
            self._token, _, self.user_id = _log_in(self._access)
        except Exception:
            forget(self)
            raise


_sessions: dict[str, Session] = {}
_one_at_a_time = threading.Lock()


def session(access: Access) -> Session:
    """The account's session: one log-in a process, however often it reads and writes."""
    name = _fingerprint(access)
    with _one_at_a_time:
        if name not in _sessions:
            _sessions[name] = Session(access)
        return _sessions[name]


def forget(*sessions: Session) -> None:
    """Log in anew next time: these, or all when none is named."""
    for name, each in list(_sessions.items()):
        if not sessions or each in sessions:
            _sessions.pop(name, None)


def _fingerprint(access: Access) -> str:
    """Whose session it is. Another secret is another log-in, so that a changed one is tried and not taken on trust."""
    secrets = sorted((name, secret.reveal()) for name, secret in access.secrets.items())
    told = repr((access.account, access.base_url, secrets, sorted(access.options.items(), key=str)))
    return hashlib.sha256(told.encode()).hexdigest()


def _log_in(access: Access) -> tuple[str, str, str | None]:
    """The token, the address that it is for, and our user's id, 15 characters. Raises AccessRefused,
    SourceUnavailable."""
    form = _by_assertion(access) if "private_key" in access.secrets else _by_secret(access)
    with _Login(access, None) as http:
        said = http.ask(
            "POST",
            "/services/oauth2/token",
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ).json()
    token, url = (need("Salesforce", said, name, str) for name in ("access_token", "instance_url"))
    user = str(said.get("id", "")).rstrip("/").rpartition("/")[2][:15]
    return token, url, user or None


def _by_secret(access: Access) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": access.secret("client_id"),
        "client_secret": access.secret("client_secret"),
    }


def _by_assertion(access: Access) -> dict[str, str]:
    username = access.options.get("username")
    if not username:
        raise AccessRefused(
            f"Account '{access.account}' has a private_key and does not say whom it logs in.",
            do=f"Name the integration user under accounts.{access.account}.options.username.",
        )
    claims = {
        "iss": access.secret("client_id"),
        "sub": str(username),
        "aud": str(access.options.get("audience", "https://login.salesforce.com")),
        "exp": int(time.time()) + ASSERTED_SECONDS,
    }
    try:
        assertion = jwt.encode(claims, _key(access), algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise AccessRefused(  # without the cause: it may quote the key
            f"Account '{access.account}': the private_key is no RSA key in PEM form that we can sign with.",
            do="Set its variable to the PEM text, or to the path of a PEM file; the app must have its certificate.",
        ) from None
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}


def _key(access: Access) -> str:
    """The key's PEM text: given as such, its lines perhaps joined by "\\n" as environments do, or a file's path."""
    given = access.secret("private_key").strip()
    if given.startswith("-----BEGIN"):
        return given.replace("\\n", "\n")
    try:
        return (Path(access.options.get("home", ".")) / given).read_text(encoding="ascii")
    except (OSError, ValueError):
        raise ValueError("no file") from None


class _Login(SalesforceHttp):
    """The token endpoint says "wrong client" with 400."""

    def explain(self, answer: Answer) -> Refusal:
        error = super().explain(answer)
        return AccessRefused(str(error), do=_MEND_LOGIN) if answer.status == 400 else error


_MEND_LOGIN = (
    "Check client_id with its secret, or its private_key and username; that the app allows this flow (client "
    "credentials, or JWT bearer with the key's certificate); and, for JWT, options.audience and this machine's clock."
)
