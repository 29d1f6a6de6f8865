"""A bulk job and its file in one call, as multipart/form-data: a part `job` in JSON and a part `content` in CSV."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from typing import Any

import orjson

from sandbox.salesforce.errors import Refused, bad_json
from sandbox.salesforce.replies import Call

MOST_CHARACTERS = 100_000
"""What such a call may carry; larger files need the three steps."""


def is_multipart(call: Call) -> bool:
    """Whether the call's body is of that kind."""
    return call.request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def parts(call: Call) -> tuple[dict[str, Any], bytes]:
    """What the job shall be, and its file."""
    head = f"Content-Type: {call.request.headers['content-type']}\r\n\r\n".encode()
    told = message_from_bytes(head + await call.body())
    found = {_name(part): bytes(part.get_payload(decode=True)) for part in told.walk() if not part.is_multipart()}
    if "job" not in found or "content" not in found:
        raise bad_json("A multipart request must have the parts 'job' and 'content'")
    if len(found["content"]) > MOST_CHARACTERS:
        raise Refused("CLIENTINPUTERROR", f"Multipart content is limited to {MOST_CHARACTERS} characters")
    try:
        said = orjson.loads(found["job"])
    except orjson.JSONDecodeError as error:
        raise bad_json(f"{error.msg} at [line:{error.lineno}, column:{error.colno}]") from None
    if not isinstance(said, dict):
        raise bad_json("The part 'job' is required to be a JSON object")
    return said, found["content"]


def _name(part: Message) -> str:
    return str(part.get_param("name", "", header="content-disposition"))
