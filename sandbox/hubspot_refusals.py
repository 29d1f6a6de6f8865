"""How HubSpot says no: one body for all, ``category`` for programs and ``message`` for people."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

_numbers = itertools.count(1)


def correlation_id() -> str:
    """A new id for an answer; the same row of ids in every run."""
    return str(uuid5(NAMESPACE_URL, f"hubspot/{next(_numbers)}"))


class RefusedError(Exception):
    """An answer that says no; ``status`` is HTTP's, the rest is in the body."""

    def __init__(self, status: int, category: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.message = message
        self.more = more

    @property
    def body(self) -> dict[str, Any]:
        category = {"category": self.category} if self.category else {}
        said = {"status": "error", "message": self.message, "correlationId": correlation_id()}
        return {**said, **category, **self.more}

    def as_batch_error(self, **context: list[str]) -> dict[str, Any]:
        """The same no as one of the ``errors`` of a batch that went through in part."""
        said = {"status": "error", "category": self.category, "message": self.message}
        return {**said, "context": context, "links": {}, "errors": []}


def invalid(message: str) -> RefusedError:
    return RefusedError(400, "VALIDATION_ERROR", message)


def invalid_values(problems: Sequence[tuple[str, str, str]]) -> RefusedError:
    """Property values that HubSpot does not take, as (property, error code, message)."""
    told = [{"isValid": False, "message": text, "error": code, "name": name} for name, code, text in problems]
    errors = [{"message": text, "code": code, "context": {"propertyName": [name]}} for name, code, text in problems]
    text = "Property values were not valid: " + json.dumps(told, separators=(",", ":"))
    return RefusedError(400, "VALIDATION_ERROR", text, errors=errors)


def not_found(message: str = "resource not found") -> RefusedError:
    return RefusedError(404, "OBJECT_NOT_FOUND", message)


def taken(contact_id: str) -> RefusedError:
    """Another contact has this e-mail address."""
    return RefusedError(409, "CONFLICT", f"Contact already exists. Existing ID: {contact_id}")


def reached(policy: str) -> RefusedError:
    """A call too many; the wait is not told, only which ``policy`` (SECONDLY, TEN_SECONDLY_ROLLING, DAILY) was hit."""
    message = f"You have reached your {policy.lower()} limit."
    return RefusedError(429, "", message, errorType="RATE_LIMIT", policyName=policy)
