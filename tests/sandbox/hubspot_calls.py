"""How the tests of HubSpot's stand-in speak to it."""

from __future__ import annotations

from typing import Any

import httpx

CONTACTS = "/crm/v3/objects/contacts"
ONLY = ("--systems=hubspot",)
Ready = dict[str, Any]
"""The parsed ready file of a sandbox."""


def client_of(ready: Ready, token: str | None = None) -> httpx.Client:
    login = {"authorization": f"Bearer {token or ready['hubspot']['token']}"}
    return httpx.Client(base_url=ready["hubspot"]["base_url"], headers=login, timeout=30)


def keys(ready: Ready) -> list[str]:
    truth = httpx.get(f"{ready['control']}/truth").json()
    return [row["key"] for row in truth if row["system"] == "hubspot"]


def search(client: httpx.Client, **wish: Any) -> dict[str, Any]:
    answer = client.post(f"{CONTACTS}/search", json=wish)
    assert answer.status_code == 200, answer.text
    parsed: dict[str, Any] = answer.json()
    return parsed


def where(name: str, operator: str, value: object = None, **more: Any) -> list[dict[str, Any]]:
    """``filterGroups`` of one filter."""
    filled = {} if value is None else {"value": str(value)}
    return [{"filters": [{"propertyName": name, "operator": operator, **filled, **more}]}]


def new_contact(client: httpx.Client, email: str, **properties: str) -> str:
    answer = client.post(CONTACTS, json={"properties": {"email": email, **properties}})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def batch(client: httpx.Client, name: str, inputs: list[dict[str, Any]], **more: Any) -> httpx.Response:
    return client.post(f"{CONTACTS}/batch/{name}", json={"inputs": inputs, **more})
