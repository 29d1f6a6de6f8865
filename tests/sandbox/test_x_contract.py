"""X's stand-in keeps to X's own published contract: every documented answer validates against it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4
from starlette.testclient import TestClient

from sandbox.world import World
from sandbox.x_params import POST_FIELDS, USER_FIELDS
from sandbox.x_store import BRAND_ID

ALL = {
    "post.fields": ",".join(sorted(POST_FIELDS)),
    "user.fields": ",".join(sorted(USER_FIELDS)),
    "expansions": "author_id",
}


@pytest.fixture
def contract(shared: Path) -> dict[str, Any]:
    file = shared / "specs" / "x-api-v2.openapi.json"
    if not file.exists():
        pytest.skip("X's contract is not here")
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


def check(contract: dict[str, Any], path: str, answer: Any, method: str = "get") -> None:
    """The answer's status and body are among those that the contract has for the path."""
    responses = contract["paths"][path][method]["responses"]
    response = responses.get(str(answer.status_code)) or responses["default"]
    media = answer.headers["content-type"].partition(";")[0]
    registry: Registry[Any] = Registry().with_resource("urn:x", DRAFT4.create_resource(contract))
    name = response["content"][media]["schema"]["$ref"]
    OAS30Validator({"$ref": f"urn:x{name}"}, registry=registry).validate(answer.json())


def test_a_wrong_answer_would_be_noticed(contract: dict[str, Any], x_client: TestClient) -> None:
    answer = x_client.get("/2/users/by/username/brightwell")
    answer.json = lambda: {"data": {"id": 5}}
    with pytest.raises(Exception, match="not of type"):
        check(contract, "/2/users/by/username/{username}", answer)


@pytest.mark.parametrize("query", ["@brightwell", "zebra"])
def test_search(contract: dict[str, Any], x_client: TestClient, query: str) -> None:
    answer = x_client.get("/2/tweets/search/recent", params={"query": query, **ALL})
    check(contract, "/2/tweets/search/recent", answer)


def test_lists_of_one_user(contract: dict[str, Any], x_client: TestClient) -> None:
    for kind in ("mentions", "tweets"):
        check(contract, f"/2/users/{{id}}/{kind}", x_client.get(f"/2/users/{BRAND_ID}/{kind}", params=ALL))


def test_lookups(contract: dict[str, Any], x_client: TestClient, world: World) -> None:
    user, post = world.appearances("x")[0], world.events("x")[0]
    fields = {"user.fields": ALL["user.fields"]}
    check(contract, "/2/users", x_client.get("/2/users", params={"ids": f"{user.key},42", **fields}))
    check(contract, "/2/users/by", x_client.get("/2/users/by", params={"usernames": "brightwell,nobody", **fields}))
    check(contract, "/2/users/{id}", x_client.get(f"/2/users/{user.key}", params=fields))
    check(contract, "/2/users/by/username/{username}", x_client.get("/2/users/by/username/nobody"))
    check(contract, "/2/tweets", x_client.get("/2/tweets", params={"ids": f"{post.key},42", **ALL}))
    check(contract, "/2/tweets/{id}", x_client.get(f"/2/tweets/{post.key}", params=ALL))
    check(contract, "/2/usage/tweets", x_client.get("/2/usage/tweets"))


def test_me_and_writing(contract: dict[str, Any], x_user: TestClient) -> None:
    check(contract, "/2/users/me", x_user.get("/2/users/me", params={"user.fields": ALL["user.fields"]}))
    posted = x_user.post("/2/tweets", json={"text": "Hello"})
    check(contract, "/2/tweets", posted, "post")
    deleted = x_user.delete(f"/2/tweets/{posted.json()['data']['id']}")
    check(contract, "/2/tweets/{id}", deleted, "delete")


def test_refusals(contract: dict[str, Any], x_client: TestClient) -> None:
    answer = x_client.get("/2/tweets/search/recent", params={"query": "heat", "max_results": "5"})
    assert answer.status_code == 400
    check(contract, "/2/tweets/search/recent", answer)
