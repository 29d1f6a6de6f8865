"""Pages and verbs are found by lying in their folder: whoever adds one registers it nowhere."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from fastapi import APIRouter


def routers(folder: ModuleType) -> list[APIRouter]:
    """The `router` of every module of a package that has one."""
    names = (f"{folder.__name__}.{each.name}" for each in pkgutil.iter_modules(folder.__path__))
    found = [importlib.import_module(name) for name in names]
    return [module.router for module in found if hasattr(module, "router")]
