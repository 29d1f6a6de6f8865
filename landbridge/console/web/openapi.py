"""What openapi.json says beyond what the verbs' types tell: how one signs in, and how every fault is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

FAULTS = {
    "401": "Nobody is signed in.",
    "403": "It takes a right that none of the caller's roles has.",
    "404": "There is no such thing.",
    "409": "It stands otherwise by now, or waits for somebody.",
    "422": "What was sent cannot be read, or cannot be.",
    "503": "The database, or what the verb needs, does not answer.",
}
PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "A fault, after RFC 9457.",
    "required": ["type", "title", "status", "do"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "what is wrong"},
        "status": {"type": "integer"},
        "do": {"type": "string", "description": "what to do about it"},
    },
}


def described(app: FastAPI) -> dict[str, Any]:
    """The description, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        parts = made.setdefault("components", {})
        schemas = {name: each for name, each in parts.get("schemas", {}).items() if "ValidationError" not in name}
        parts["schemas"] = {**schemas, "Problem": PROBLEM}
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": "made under /me"}}
        made["security"] = [{"token": []}]
        for verb, path, told in _verbs(made):
            told["responses"] = {**told["responses"], **_faults(verb, path)}
        app.openapi_schema = made
    return app.openapi_schema


def _verbs(made: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, verbs in made["paths"].items():
        yield from ((verb, path, told) for verb, told in verbs.items())


def _faults(verb: str, path: str) -> dict[str, Any]:
    """Those that a verb can have: a list is always there, and only a change comes too late."""
    never = {"404"} if verb == "get" and "{" not in path and "explain" not in path else set()
    never |= {"409"} if verb == "get" else set()
    told = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {code: {"description": words, "content": told} for code, words in FAULTS.items() if code not in never}
