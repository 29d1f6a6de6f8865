"""Where things stand on the map: boxes and the curves between them, wide for a screen, tall for a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from landbridge.console.read.flows import Fare


@dataclass(frozen=True)
class Box:
    """A place on the picture, in its own units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Node:
    """A system with its flow."""

    fare: Fare
    system: str
    box: Box


@dataclass(frozen=True)
class Curve:
    """A flow as a line: `path` for SVG, `width` by how much ran along it today, `cause` where a click leads."""

    path: str
    width: float
    state: str
    cause: str
    label: str
    at: tuple[float, float]


@dataclass(frozen=True)
class Picture:
    """The whole map."""

    width: float
    height: float
    nodes: Sequence[Node]
    hub: Box
    crm: Node | None
    curves: Sequence[Curve]
    push: Curve | None
    back: Curve | None
    tall: bool = False


NODE = (208.0, 74.0)
GAP = 18.0
HUB = (300.0, 330.0)


def wide(fares: Sequence[tuple[str, Fare]], crm: tuple[str, Fare] | None, push: Fare, written: int) -> Picture:
    """Systems on the left, the hub in the middle, the CRM on the right. `fares`: (system, how its flow fares);
    `written`: CRM records written today."""
    width, node_w, node_h = 1120.0, *NODE
    column = len(fares) * (node_h + GAP) - GAP
    height = max(column, HUB[1]) + 8
    hub = Box((width - HUB[0]) / 2, (height - HUB[1]) / 2, *HUB)
    top = (height - column) / 2
    nodes = [
        Node(fare, system, Box(0, top + place * (node_h + GAP), node_w, node_h))
        for place, (system, fare) in enumerate(fares)
    ]
    crm_node = Node(crm[1], crm[0], Box(width - node_w, (height - node_h) / 2, node_w, node_h)) if crm else None
    curves = [_inward(node, hub, place, len(nodes)) for place, node in enumerate(nodes)]
    there, back = _both_ways(hub, crm_node, push, written) if crm_node else (None, None)
    return Picture(width, height, nodes, hub, crm_node, curves, there, back)


def tall(fares: Sequence[tuple[str, Fare]], crm: tuple[str, Fare] | None, push: Fare, written: int) -> Picture:
    """For a phone: systems above in pairs, the hub below them, the CRM at the foot."""
    width, node_w, node_h = 360.0, 171.0, 84.0
    nodes = [
        Node(fare, system, Box((place % 2) * (node_w + GAP), (place // 2) * (node_h + 14), node_w, node_h))
        for place, (system, fare) in enumerate(fares)
    ]
    rows = (len(fares) + 1) // 2
    hub = Box((width - HUB[0]) / 2, rows * (node_h + 14) + 46, *HUB)
    foot = hub.y + hub.height + 70
    crm_node = Node(crm[1], crm[0], Box((width - NODE[0]) / 2, foot, NODE[0], node_h)) if crm else None
    curves = [_downward(node, hub, place // 2 == rows - 1) for place, node in enumerate(nodes)]
    there, back = _down_both_ways(hub, crm_node, push, written) if crm_node else (None, None)
    height = (foot + node_h if crm_node else hub.y + hub.height) + 4
    return Picture(width, height, nodes, hub, crm_node, curves, there, back, tall=True)


def _thick(records: int) -> float:
    """A thousand records are drawn three times as thick as one."""
    return round(1.5 + 1.5 * log10(1 + records), 1)


def cause(fare: Fare) -> str:
    """Where a flow's state is explained: the run that failed, or its runs."""
    if fare.state == "waiting":
        return "/plan"
    if fare.state == "broken" and fare.run_id:
        return f"/runs/{fare.run_id}"
    return "/runs?flow=publish" if fare.name == "publish" else f"/runs?account={fare.name}"


def _inward(node: Node, hub: Box, place: int, many: int) -> Curve:
    x, y = node.box.x + node.box.width, node.box.y + node.box.height / 2
    to = hub.y + hub.height * (place + 1) / (many + 1)
    middle = (x + hub.x) / 2
    path = f"M{x:.0f} {y:.0f}C{middle:.0f} {y:.0f} {middle:.0f} {to:.0f} {hub.x:.0f} {to:.0f}"
    return _curve(path, node.fare, (middle, (y + to) / 2 - 8))


def _downward(node: Node, hub: Box, last: bool) -> Curve:
    """From the last row straight into the hub; from those above through the lane between the columns."""
    x, y = node.box.x + node.box.width / 2, node.box.y + node.box.height
    left = node.box.x == 0
    if last:
        to = hub.x + hub.width * (0.3 if left else 0.7)
        path = f"M{x:.0f} {y:.0f}C{x:.0f} {y + 30:.0f} {to:.0f} {hub.y - 30:.0f} {to:.0f} {hub.y:.0f}"
        return _curve(path, node.fare, (x, y + 12))
    lane = hub.x + hub.width / 2 + (-5 if left else 5)
    path = f"M{x:.0f} {y:.0f}C{x:.0f} {y + 16:.0f} {lane:.0f} {y - 4:.0f} {lane:.0f} {y + 18:.0f}V{hub.y:.0f}"
    return _curve(path, node.fare, (x, y + 2))


def _curve(path: str, fare: Fare, at: tuple[float, float]) -> Curve:
    label = f"+{fare.today:,}" if fare.today else ""
    return Curve(path, _thick(fare.today), fare.state, cause(fare), label, at)


def _both_ways(hub: Box, crm: Node, push: Fare, written: int) -> tuple[Curve, Curve]:
    left, right, middle = hub.x + hub.width, crm.box.x, crm.box.y + crm.box.height / 2
    at = ((left + right) / 2, middle)
    there = Curve(f"M{left:.0f} {middle - 14:.0f}H{right:.0f}", _thick(written), push.state, cause(push), "", at)
    back = Curve(
        f"M{right:.0f} {middle + 14:.0f}H{left:.0f}", _thick(crm.fare.today), crm.fare.state, cause(crm.fare), "", at
    )
    return there, back


def _down_both_ways(hub: Box, crm: Node, push: Fare, written: int) -> tuple[Curve, Curve]:
    top, foot, middle = hub.y + hub.height, crm.box.y, hub.x + hub.width / 2
    at = (middle, (top + foot) / 2)
    there = Curve(f"M{middle - 14:.0f} {top:.0f}V{foot:.0f}", _thick(written), push.state, cause(push), "", at)
    back = Curve(
        f"M{middle + 14:.0f} {foot:.0f}V{top:.0f}", _thick(crm.fare.today), crm.fare.state, cause(crm.fare), "", at
    )
    return there, back
