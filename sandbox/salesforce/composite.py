"""Several calls in one: /composite (later ones may use what earlier ones gave), /composite/batch, /composite/tree.

Source: REST API Developer Guide, "Composite Resources". Left out: rows nested in a tree, and `collateSubrequests`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from sandbox.salesforce import saving
from sandbox.salesforce.errors import Refused, bad_json
from sandbox.salesforce.org import Org
from sandbox.salesforce.replies import Call, json_reply
from sandbox.salesforce.rows import table_of
from sandbox.salesforce.saving import Writing

Inside = Callable[[Request, str], Awaitable[Response]]
"""Answers a call for a user who is logged in already; refusals are replies."""

_MOST, _MOST_ROWS = 25, 200
_REFERENCE = re.compile(r"@\{(\w+)\.([\w.\[\]]+)\}")
_HALTED = "PROCESSING_HALTED"


class CompositeApi:
    """The endpoints; each counts as one call, whatever is inside."""

    def __init__(self, org: Org, inside: Inside) -> None:
        self.org = org
        self.inside = inside

    async def composite(self, call: Call) -> Response:
        """Calls in turn. With allOrNone one failure takes back what the others wrote."""
        said = await call.document()
        wanted, whole = _calls(said, "compositeRequest"), said.get("allOrNone") is True
        with self.org.gathered() as gathered:
            replies = await self._in_turn(call, wanted)
            if whole and any(reply["httpStatusCode"] >= 400 for reply in replies):
                gathered.undo()
                replies = [_taken_back(reply) for reply in replies]
        return json_reply({"compositeResponse": replies})

    async def batch(self, call: Call) -> Response:
        """Calls that know nothing of each other; with haltOnError those after a failure are not made."""
        said = await call.document()
        wanted, halt = _calls(said, "batchRequests"), said.get("haltOnError") is True
        results: list[dict[str, Any]] = []
        for one in wanted:
            if halt and any(result["statusCode"] >= 400 for result in results):
                results.append({"statusCode": 412, "result": [_error(_HALTED, "Batch processing halted per request")]})
                continue
            url = f"/services/data/{str(one.get('url', '')).lstrip('/')}"
            reply = await self.inside(_request(call, str(one.get("method")), url, one.get("richInput")), call.user_id)
            results.append({"statusCode": reply.status_code, "result": _body(reply)})
        return json_reply({"hasErrors": any(r["statusCode"] >= 400 for r in results), "results": results})

    async def tree(self, call: Call) -> Response:
        """New rows of one object, all or none, each called by its `attributes.referenceId`."""
        table, said = table_of(self.org, call.parts["object"]), await call.document()
        records = said.get("records")
        if not isinstance(records, list) or len(records) > _MOST_ROWS:
            raise bad_json(f"The records field must be an array of at most {_MOST_ROWS}")
        made: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        with self.org.transaction(call.user_id) as transaction:
            writing = Writing(transaction, table, call.allows_duplicates)
            for sent in records:
                name = sent.get("attributes", {}).get("referenceId") if isinstance(sent, dict) else None
                try:
                    values = saving.accept(table, saving.resolve_parents(self.org, table, sent))
                    made.append({"referenceId": name, "id": saving.create(writing, values)})
                except Refused as refused:
                    failed.append({"referenceId": name, "errors": [refused.as_row()]})
            if failed:
                transaction.undo()
        return json_reply({"hasErrors": bool(failed), "results": failed or made}, 400 if failed else 201)

    async def _in_turn(self, call: Call, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        replies: list[dict[str, Any]] = []
        known: dict[str, Any] = {}
        for one in wanted:
            name = str(one.get("referenceId"))
            try:
                url, body = _filled(str(one.get("url", "")), known), _filled(one.get("body"), known)
                reply = await self.inside(_request(call, str(one.get("method")), url, body), call.user_id)
                status, said = reply.status_code, _body(reply)
            except Refused as refused:
                status, said = refused.http_status, refused.as_reply()
            if status < 400:
                known[name] = said
            replies.append({"body": said, "httpHeaders": {}, "httpStatusCode": status, "referenceId": name})
        return replies


def _calls(said: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    wanted = said.get(name)
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise bad_json(f"The {name} field is required and must be an array of objects")
    if len(wanted) > _MOST:
        raise Refused("LIMIT_EXCEEDED", f"Limit exceeded: at most {_MOST} requests in one call")
    return wanted


def _request(call: Call, method: str, url: str, body: object) -> Request:
    """A request like the caller's own, to another address with another body."""
    parts = urlsplit(url)
    content = b"" if body is None else orjson.dumps(body)
    scope = {
        **call.request.scope,
        "method": method.upper(),
        "path": parts.path,
        "raw_path": quote(parts.path, safe="/%").encode(),
        "query_string": quote(parts.query, safe="%=&+,:/?()'").encode(),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    return Request(scope, receive)


def _body(reply: Response) -> Any:
    return orjson.loads(reply.body) if reply.body else None


def _filled(sent: Any, known: Mapping[str, Any]) -> Any:
    """What was sent, with each `@{name.path}` replaced by what that call gave."""
    if isinstance(sent, str):
        return _REFERENCE.sub(lambda match: str(_found(known, match[1], match[2])), sent)
    if isinstance(sent, list):
        return [_filled(each, known) for each in sent]
    if isinstance(sent, dict):
        return {name: _filled(value, known) for name, value in sent.items()}
    return sent


def _found(known: Mapping[str, Any], name: str, path: str) -> Any:
    here: Any = known.get(name)
    for step in re.findall(r"\w+", path):
        if isinstance(here, list) and step.isdigit() and int(step) < len(here):
            here = here[int(step)]
        else:
            here = here.get(step) if isinstance(here, dict) else None
    if here is None:
        raise Refused(_HALTED, f"Invalid reference specified. No value for {name}.{path} found in {name}")
    return here


def _taken_back(reply: dict[str, Any]) -> dict[str, Any]:
    if reply["httpStatusCode"] >= 400:
        return reply
    message = "The transaction was rolled back since another operation in the same transaction failed."
    return {**reply, "body": [_error(_HALTED, message)], "httpStatusCode": 400}


def _error(code: str, message: str) -> dict[str, str]:
    return {"errorCode": code, "message": message}
