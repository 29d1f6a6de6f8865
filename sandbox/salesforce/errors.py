"""What the stand-in refuses, in Salesforce's codes and words.

One failure has two spellings: a top-level reply says `errorCode`, a row inside a collections reply says `statusCode`.
"""

from collections.abc import Sequence
from typing import Any


class Refused(Exception):
    """One failure: code, message and, where a row was at fault, fields (perhaps none).

    `http_status` counts only where it ends a whole call; `extra` are further members of its body.
    """

    def __init__(
        self,
        code: str,
        message: str,
        fields: Sequence[str] | None = None,
        http_status: int = 400,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = list(fields or ())
        self._about_a_row = fields is not None
        self.http_status = http_status
        self.extra = extra or {}

    def as_reply(self) -> list[dict[str, Any]]:
        """The body of a failed call: always a list."""
        fields = {"fields": self.fields} if self._about_a_row else {}
        return [{"message": self.message, "errorCode": self.code, **fields, **self.extra}]

    def as_row(self) -> dict[str, Any]:
        """The error of one record in a collections reply."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields, **self.extra}

    def as_cell(self) -> str:
        """The `sf__Error` cell of a Bulk result: code, message and fields, as in `...:Title --`."""
        named = f"{','.join(self.fields)} " if self.fields else ""
        return f"{self.code}:{self.message}:{named}--"


def not_found(message: str = "The requested resource does not exist") -> Refused:
    return Refused("NOT_FOUND", message, http_status=404)


def no_such_field(name: str, object_name: str) -> Refused:
    return Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {object_name}", [name])


def read_only(names: Sequence[str]) -> Refused:
    return Refused(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field and "
        "verify that it is read/write for your profile or permission set.",
        names,
    )


def required_missing(names: Sequence[str]) -> Refused:
    return Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names)


def bad_json(message: str) -> Refused:
    return Refused("JSON_PARSER_ERROR", message)


def session_expired() -> Refused:
    return Refused("INVALID_SESSION_ID", "Session expired or invalid", http_status=401)
