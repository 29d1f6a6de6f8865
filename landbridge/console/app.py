"""The console as one ASGI application, over a project that somebody opened."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from landbridge import __version__
from landbridge.bootstrap import Hub
from landbridge.console import api, faults, pages
from landbridge.console.read.accounts import Checks
from landbridge.console.read.curve import Curves
from landbridge.console.read.proof import Prover
from landbridge.console.web.bounds import Bounds
from landbridge.console.web.headers import SecurityHeaders
from landbridge.console.web.openapi import described
from landbridge.console.web.render import STATIC
from landbridge.console.web.rights import load_roles
from landbridge.console.web.routes import routers

API = "/api/v1"


def create(hub: Hub) -> FastAPI:
    """The console of a project. Raises RuleInvalid when mappings/console.yaml is wrong."""
    app = FastAPI(
        title="Landbridge",
        version=__version__,
        description="The verbs of the console's pages. Sign in with a token: `Authorization: Bearer lbt_…`.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        middleware=_middleware(hub),
    )
    app.state.hub = hub
    app.state.prover, app.state.checks, app.state.curves = Prover(), Checks(), Curves()
    app.state.roles = load_roles(hub.project.mappings / "console.yaml")
    faults.handle(app)
    app.mount("/static", StaticFiles(directory=STATIC))
    for page in routers(pages):
        app.include_router(page, include_in_schema=False)
    verbs = APIRouter(prefix=API)
    for each in routers(api):
        verbs.include_router(each)
    app.include_router(verbs)
    app.openapi = partial(described, app)  # type: ignore[method-assign]
    return app


def _middleware(hub: Hub) -> list[Middleware]:
    hosts = ["127.0.0.1", "localhost", "[::1]", *hub.project.settings.console.hosts]
    return [
        Middleware(SecurityHeaders),
        Middleware(Bounds),
        Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
        Middleware(GZipMiddleware, minimum_size=1000),
    ]
