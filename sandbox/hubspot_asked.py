"""How requests to HubSpot's stand-in are read."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from sandbox.hubspot_refusals import invalid


async def document(request: Request) -> dict[str, Any]:
    """The JSON object in the body. Raises RefusedError (400)."""
    try:
        wish = json.loads(await request.body())
    except ValueError:
        raise invalid("Invalid input JSON") from None
    if not isinstance(wish, dict):
        raise invalid("Invalid input JSON: an object is wanted")
    return wish


def properties_asked(request: Request) -> list[str]:
    """The properties asked for, whether in one parameter with commas or in many."""
    return [name for text in request.query_params.getlist("properties") for name in text.split(",") if name]


def names(wish: dict[str, Any]) -> list[str]:
    """The ``properties`` of a wish in JSON. Raises RefusedError (400) unless they are a list of names."""
    found = wish.get("properties") or []
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise invalid("Invalid input JSON: 'properties' must be a list of names")
    return found


def whole(value: object, name: str) -> int:
    """A whole number, not negative, in JSON or as text. Raises RefusedError (400)."""
    text = str(value)
    if not text.isascii() or not text.isdecimal():
        raise invalid(f"Invalid input: {name} must be a whole number, got {text!r}")
    return int(text)


def limit_in(value: object, most: int) -> int:
    """How many rows a page may have. Raises RefusedError (400) outside of 1 to ``most``."""
    limit = whole(value, "limit")
    if not 0 < limit <= most:
        raise invalid(f"Limit must be between 1 and {most}. Requested: {limit}")
    return limit
