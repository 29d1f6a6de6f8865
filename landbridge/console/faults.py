"""What goes wrong, told once: as a page to people, after RFC 9457 to programs. Nothing of ours leaks either way."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from landbridge import errors
from landbridge.console.web.caller import NotAllowed, NotSignedIn, for_programs
from landbridge.console.web.csrf import NotOurs
from landbridge.console.web.render import problem, render
from landbridge.errors import LandbridgeError

_log = logging.getLogger(__name__)

STATUS: dict[type[LandbridgeError], int] = {
    errors.NotFound: 404,
    errors.GateClosed: 409,
    errors.DecisionStands: 409,
    errors.TakenAlready: 409,
    errors.AlreadyRunning: 409,
    errors.RecordRejected: 422,
    errors.RuleInvalid: 500,
    errors.StoreUnavailable: 503,
    errors.SourceUnavailable: 503,
}
"""The HTTP status of each error of ours; what is not named here is 500."""


def handle(app: FastAPI) -> None:
    """Have the application tell every fault so."""
    app.add_exception_handler(LandbridgeError, _ours)
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(NotOurs, _not_ours)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DataError, _no_value)
    app.add_exception_handler(Exception, _bug)


def _told(request: Request, status: int, title: str, do: str = "") -> Response:
    if for_programs(request):
        return JSONResponse(problem(title, status, do), status, media_type="application/problem+json")
    return render(request, "error.html", status, code=status, title=title, do=do)


def _ours(request: Request, error: Any) -> Response:
    if isinstance(error, errors.StoreUnavailable):  # its sentence names the server: for IT, and not for visitors
        _log.error("%s %s", error, error.do)
        return _told(request, 503, "The database does not answer.", "IT finds the reason in the console's log.")
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    return _told(request, status, str(error), error.do)


def _not_signed_in(request: Request, _error: Any) -> Response:
    if for_programs(request):
        response = _told(
            request,
            401,
            "Nobody is signed in.",
            "Send `Authorization: Bearer lbt_…`; make a token under your name, /me.",
        )
        response.headers["www-authenticate"] = "Bearer"
        return response
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    onward = f"?next={quote(back)}" if request.method == "GET" and back != "/" else ""
    return RedirectResponse(f"/sign-in{onward}", 303)


def _not_allowed(request: Request, error: Any) -> Response:
    return _told(
        request,
        403,
        f"That takes the right '{error.right}', which none of your roles has.",
        "Somebody with the right 'admin' can give you a role that has it, under Settings.",
    )


def _not_ours(request: Request, _error: Any) -> Response:
    return _told(
        request, 403, "That form is not from this page as it stands.", "Go back, load the page again, and repeat it."
    )


def _not_understood(request: Request, error: Any) -> Response:
    places = ", ".join(sorted({".".join(map(str, fault["loc"][1:])) for fault in error.errors()}))
    return _told(request, 422, f"What was sent cannot be read: {places or 'the body'}.", "Look at the field's form.")


_SAID = {
    400: "That cannot be read.",
    404: "There is no such page.",
    405: "That cannot be done here.",
    413: "That is more than is read here.",
}


def _no_value(request: Request, _error: Any) -> Response:
    """A number beyond the database's, a text that is none: a URL that somebody made up."""
    return _told(request, 422, "What was asked for cannot be: a number too large, or text that is none.")


def _http(request: Request, error: Any) -> Response:
    return _told(request, error.status_code, _SAID.get(error.status_code, str(error.detail)))


def _bug(request: Request, error: Any) -> Response:
    _log.error("a bug, on %s %s", request.method, request.url.path, exc_info=error)
    do = "Nothing was changed halfway. What happened stands in the console's log, for whoever mends it."
    return _told(request, 500, f"This is a bug in Landbridge ({type(error).__name__}), not a mistake of yours.", do)
