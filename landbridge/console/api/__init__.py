"""The pages' verbs as JSON below /api/v1, described at /api/v1/openapi.json."""

from __future__ import annotations

import importlib
import pkgutil

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    """The router of every file that lies in this folder."""
    found = [importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]
    return [module.router for module in found if hasattr(module, "router")]
