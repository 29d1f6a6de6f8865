"""Forms that nobody else can send in a signed-in person's name.

Two locks, either of which would do: the browser's own word on where a request comes from (Sec-Fetch-Site, else
Origin), and a token made from the session that only our pages can know. https://owasp.org/www-community/attacks/csrf
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from fastapi import Request

SAFE = ("GET", "HEAD", "OPTIONS")
FIELD, HEADER = "form_token", "x-form-token"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class NotOurs(Exception):
    """A request that changes something did not come from a page of ours."""


def token(secret: str) -> str:
    """What our forms carry for the session with this cookie."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


async def see_that_it_is_ours(request: Request, secret: str) -> None:
    """Raise NotOurs for a change that another site, or a page of another session, asks for."""
    if request.method in SAFE:
        return
    see_where_it_comes_from(request)
    if not hmac.compare_digest(await _given(request), token(secret)):
        raise NotOurs


def see_where_it_comes_from(request: Request) -> None:
    """Raise NotOurs when the browser says that another site sends it; also for forms before anybody is signed in."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise NotOurs
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotOurs


async def _given(request: Request) -> str:
    if header := request.headers.get(HEADER):
        return header
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() in _FORMS:
        return str((await request.form()).get(FIELD, ""))
    return ""
