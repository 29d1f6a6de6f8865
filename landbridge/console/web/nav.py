"""The console's pages, in the order and with the keys of its navigation."""

from __future__ import annotations

from dataclasses import dataclass

from landbridge.console.web.rights import Right


@dataclass(frozen=True)
class Item:
    """A page in the navigation. `key`: pressed after g it leads there."""

    path: str
    name: str
    key: str
    right: Right = "see"
    sign: str = ""


NAV = (
    Item("/", "Map", "m", sign="map"),
    Item("/review", "Review", "r", sign="review"),
    Item("/customers", "Customers", "c", sign="customers"),
    Item("/plan", "Plan and push", "p", sign="plan"),
    Item("/quarantine", "Quarantine", "q", sign="quarantine"),
    Item("/runs", "Runs", "u", sign="runs"),
    Item("/audit", "Audit", "a", "audit", sign="audit"),
    Item("/settings", "Settings", "s", sign="settings"),
)
