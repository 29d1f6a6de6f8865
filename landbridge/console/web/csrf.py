"""Forms that nobody else can send in a signed-in person's name.

Two locks, either of which would do: the browser's own word on where a request comes from (Sec-Fetch-Site, else
Origin), and a token made from the session that only our pages can know. https://owasp.org/www-community/attacks/csrf
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from fastapi import Request

SAFE = ("GET", "HEAD", "OPTIONS")
_SIZE = 32
FIELD, HEADER = "form_token", "x-form-token"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class NotOurs(Exception):
    """A request that changes something did not come from a page of ours."""


def token(secret: str) -> str:
    """What our forms carry for the session with this cookie: another text on every page, as pages are compressed, and
    what stays the same in them could be guessed from their sizes (https://breachattack.com)."""
    pad = secrets.token_bytes(_SIZE)
    return (pad + _laid_over(pad, _word(secret))).hex()


def _word(secret: str) -> bytes:
    return hmac.new(secret.encode(), b"form", hashlib.sha256).digest()


def _laid_over(pad: bytes, word: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(pad, word, strict=True))


def _is_of(given: str, secret: str) -> bool:
    try:
        both = bytes.fromhex(given)
    except ValueError:
        return False
    if len(both) != 2 * _SIZE:
        return False
    return hmac.compare_digest(_laid_over(both[:_SIZE], both[_SIZE:]), _word(secret))


async def see_that_it_is_ours(request: Request, secret: str) -> None:
    """Raise NotOurs for a change that another site, or a page of another session, asks for."""
    if request.method in SAFE:
        return
    see_where_it_comes_from(request)
    if not _is_of(await _given(request), secret):
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
