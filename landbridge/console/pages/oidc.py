"""Signing in with the company's OpenID provider: there, and back."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from landbridge.config import Oidc
from landbridge.console.pages.sign_in import let_in, stopped
from landbridge.console.people import door, oidc, provided
from landbridge.console.people.oidc import Attempt
from landbridge.console.web.caller import address_of, hub_of, roles_of, store_of
from landbridge.console.web.render import inside, render
from landbridge.errors import AccessRefused, ConfigInvalid, LandbridgeError, NotFound, RecordRejected, SourceUnavailable

router = APIRouter()

COOKIE, HTTPS_COOKIE = "landbridge-oidc", "__Host-landbridge-oidc"
PATIENCE = 600
"""Seconds for a person to sign in over there."""
LARGEST = 4096
"""Characters of a cookie: no browser keeps more, so more is none that we gave."""
_STATUS: dict[type[LandbridgeError], int] = {SourceUnavailable: 503, ConfigInvalid: 500}


@router.get("/sign-in/oidc")
def there(request: Request, onward: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Off to the provider. What its answer must fit travels in a cookie that scripts cannot read."""
    settings = _settings(request)
    onward = inside(onward)
    try:
        door.knock(store_of(request), "", address_of(request), door.PROVIDER)
        url, attempt = oidc.begin(settings, _back(request), onward)
    except door.TooManyTries:
        return stopped(request, onward)
    except LandbridgeError as error:
        return _told(request, settings, error)
    response = RedirectResponse(url, 303)
    kept = base64.urlsafe_b64encode(json.dumps(asdict(attempt)).encode()).decode()
    name = _cookie(request)
    secure = name == HTTPS_COOKIE
    response.set_cookie(name, kept, max_age=PATIENCE, path="/", secure=secure, httponly=True, samesite="lax")
    return response


def _cookie(request: Request) -> str:
    """Over https a name that no other host can set."""
    return HTTPS_COOKIE if request.url.scheme == "https" else COOKIE


@router.get("/sign-in/oidc/back", name="oidc_back")
def back(request: Request) -> Response:
    """Back again: whoever the provider vouches for comes in. An attempt is used up, whatever came of it."""
    settings = _settings(request)
    try:
        door.knock(store_of(request), "", address_of(request), door.PROVIDER)
    except door.TooManyTries:
        return stopped(request, "/")
    try:
        attempt = _attempt(request, settings)
        claims = oidc.finish(settings, _back(request), attempt, dict(request.query_params))
        user = provided.come_in(store_of(request), settings, claims, roles_of(request))
        door.forgive(store_of(request), "", address_of(request))
        response: Response = let_in(request, user, attempt.onward, "oidc")
    except (AccessRefused, SourceUnavailable, ConfigInvalid, RecordRejected) as error:
        door.turn_away(store_of(request), None, "oidc")
        response = _told(request, settings, error)
    for name in (COOKIE, HTTPS_COOKIE):
        response.delete_cookie(name, path="/", secure=name == HTTPS_COOKIE, httponly=True, samesite="lax")
    return response


def _settings(request: Request) -> Oidc:
    settings = hub_of(request).project.settings.console.oidc
    if settings is None:
        raise NotFound("No OpenID provider is configured.", do="IT names one under console.oidc in landbridge.yaml.")
    return settings


def _back(request: Request) -> str:
    return str(request.url_for("oidc_back"))


def _attempt(request: Request, settings: Oidc) -> Attempt:
    kept = request.cookies.get(_cookie(request), "")[:LARGEST]
    try:
        found = json.loads(base64.urlsafe_b64decode(kept))
        return Attempt(**{name: str(found[name]) for name in Attempt.__dataclass_fields__})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise oidc.refused(settings, "this browser began no sign-in, or too long ago", "Begin again.") from error


def _told(request: Request, settings: Oidc, error: LandbridgeError) -> Response:
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 403)
    wrong = f"{error} {error.do}".strip()
    return render(request, "people/sign_in.html", status, onward="/", login="", wrong=wrong, provider=settings.name)
