"""Templates into answers. Everything is escaped; a name that a template does not get is an error, not an empty spot."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from landbridge import __version__
from landbridge.console.web import csrf, session, words
from landbridge.console.web.caller import Caller, store_of
from landbridge.console.web.nav import NAV
from landbridge.console.web.veil import Veil
from landbridge.counted import counted

STATIC = Path(__file__).parent.parent / "static"
THEMES = ("light", "dark")
LONGEST_PATH = 2000


@cache
def environment() -> jinja2.Environment:
    """The templates, with the words that they may use."""
    loader = jinja2.PackageLoader("landbridge.console", "templates")
    made = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {
        "ago": words.ago,
        "number": words.number,
        "bounded": words.bounded,
        "seconds": words.seconds,
        "plural": counted,
        "short": words.short,
        "first_line": words.first_line,
        "pair": words.pair,
        "page_of": words.page_of,
    }
    made.globals |= {"static": static, "version": __version__}
    return made


def static(name: str) -> str:
    """The URL of a file of ours, with its content in it: browsers keep it for ever and never show an old one."""
    return f"/static/{name}?v={_content_hash(name, (STATIC / name).stat().st_mtime_ns)}"


@cache
def _content_hash(name: str, _changed: int) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page. Beside `values` it knows: caller (None before sign-in), may(right), veil(value), form_token, said, nav,
    here (the path), theme, now."""
    caller: Caller | None = getattr(request.state, "caller", None)
    secret = caller.secret if caller else ""
    known = {
        "caller": caller,
        "may": caller.may if caller else lambda right: False,
        "veil": Veil.of(caller),
        "form_token": csrf.token(secret) if secret else "",
        "said": getattr(request.state, "said", None),
        "nav": [item for item in NAV if caller and caller.may(item.right)],
        "here": request.url.path,
        "theme": theme if (theme := request.cookies.get("theme")) in THEMES else "",
        "now": datetime.now(UTC),
    }
    return HTMLResponse(environment().get_template(template).render(known | values), status)


def redirect(request: Request, to: str, said: str = "", *, mark: str = "done", **undo: str) -> RedirectResponse:
    """Go on to another page after a form (303), which tells `said` once. `undo_url` and `undo_fields`, where given,
    make it offer to take it back by a POST there; `mark` is 'done' or 'wrong'."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if said and caller and not caller.by_token:
        session.say(store_of(request), caller.secret, {"text": said, "mark": mark, **undo})
    return RedirectResponse(inside(to), 303)


def inside(to: str) -> str:
    """A path of ours. What would lead elsewhere (`//evil`, `https:`, a backslash) or fits in no cookie leads home."""
    plain = to.startswith("/") and not to.startswith("//") and "\\" not in to and to.isprintable()
    return to if plain and len(to) <= LONGEST_PATH else "/"


def problem(title: str, status: int, do: str = "") -> Mapping[str, Any]:
    """An API's error, after RFC 9457."""
    return {"type": "about:blank", "title": title, "status": status, "do": do}
