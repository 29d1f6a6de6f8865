"""Finds a system's connector by its name: connectors/<system>.py. Imports only the one that is asked for."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import connectors
from connectors.base import Connector

_NO_SYSTEMS = frozenset({"answers", "base", "deadline", "http", "registry", "requests_bridge"})
"""Modules here that are no system's own. A system's helpers are named after it: <system>_<what>."""


def systems() -> tuple[str, ...]:
    """The systems that there are connectors for, in alphabetical order."""
    names = [module.name for module in pkgutil.iter_modules(connectors.__path__) if module.name not in _NO_SYSTEMS]
    return tuple(sorted(name for name in names if not any(name.startswith(f"{other}_") for other in names)))


def connector(system: str) -> Connector:
    """The connector of `system`. Raises KeyError, saying which there are."""
    if system not in systems():
        raise KeyError(f"no connector for '{system}'; there are {', '.join(systems())}")
    found = import_module(f"connectors.{system}").CONNECTOR
    assert isinstance(found, Connector)
    return found
