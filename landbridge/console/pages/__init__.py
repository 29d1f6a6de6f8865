"""One file a page: what it reads, which template shows it, which command a form calls."""

from __future__ import annotations

import importlib
import pkgutil

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    """The router of every page that lies in this folder."""
    found = [importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]
    return [module.router for module in found if hasattr(module, "router")]
