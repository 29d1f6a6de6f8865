"""A call and its reply: JSON as Salesforce sends it, refusals as a list, CSV in UTF-8."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.errors import Refused, bad_json

DUPLICATE_HEADER = "sforce-duplicate-rule-header"


@dataclass(frozen=True)
class Call:
    """One request by somebody who is logged in. `parts` are the named pieces of its path, percent-decoded.

    `version` is the API version in the path, such as "62.0".
    """

    request: Request
    version: str
    parts: Mapping[str, str]
    user_id: str

    @property
    def base(self) -> str:
        """The path of the API version that was called."""
        return f"/services/data/v{self.version}"

    def query(self, name: str) -> str | None:
        """A parameter of the address."""
        return self.request.query_params.get(name)

    def needed(self, name: str) -> str:
        """A parameter of the address that must be there."""
        value = self.query(name)
        if value is None:
            raise Refused("MISSING_ARGUMENT", f"The {name} parameter is required")
        return value

    async def body(self) -> bytes:
        """The body, unpacked where it came as gzip or deflate."""
        sent = await self.request.body()
        coding = self.request.headers.get("content-encoding", "").strip().lower()
        if coding in ("", "identity"):
            return sent
        if coding not in ("gzip", "deflate"):
            raise Refused("UNSUPPORTED_MEDIA_TYPE", f"Content-Encoding {coding} is not supported", http_status=415)
        try:
            return zlib.decompress(sent, zlib.MAX_WBITS | 32)
        except zlib.error:
            raise bad_json("The request body could not be decompressed") from None

    async def document(self) -> dict[str, Any]:
        """The JSON object in the body, or JSON_PARSER_ERROR."""
        try:
            said = orjson.loads(await self.body())
        except orjson.JSONDecodeError as error:
            raise bad_json(f"{error.msg} at [line:{error.lineno}, column:{error.colno}]") from None
        if not isinstance(said, dict):
            raise bad_json("The HTTP entity body is required to be a JSON object at [line:1, column:1]")
        return said

    def options(self, header: str) -> dict[str, str]:
        """A header of the form `name=value; name=value`, names in lower case."""
        pieces = self.request.headers.get(header, "").replace(",", ";").split(";")
        named = (piece.partition("=") for piece in pieces if "=" in piece)
        return {name.strip().lower(): value.strip() for name, _, value in named}

    @property
    def allows_duplicates(self) -> bool:
        """Whether the caller insists on saving what an alerting duplicate rule stopped."""
        return self.options(DUPLICATE_HEADER).get("allowsave", "").lower() == "true"


def json_reply(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json;charset=UTF-8")


def empty_reply() -> Response:
    """Done, and nothing to say."""
    return Response(status_code=204)


def refusal_reply(refused: Refused) -> Response:
    return json_reply(refused.as_reply(), refused.http_status)


def csv_reply(text: str, headers: Mapping[str, str] | None = None) -> Response:
    """CSV with its charset named: without it simple-salesforce reads Latin-1."""
    return Response(text.encode(), 200, headers, media_type="text/csv; charset=UTF-8")
