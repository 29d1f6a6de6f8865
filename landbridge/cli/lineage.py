"""An explanation on the screen: each value that we wrote, and the way it took."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.tree import Tree

from landbridge.cli import show
from landbridge.trail.lineage import Explanation, Source, Value, Write


def as_dict(found: Explanation) -> dict[str, Any]:
    """For --json."""
    return asdict(found)


def tell(found: Explanation) -> None:
    """Print it as a tree: the CRM record, its fields, and under each the steps back to the record."""
    formerly = f" (formerly {', '.join(found.formerly)})" if found.formerly else ""
    tree = Tree(f"[bold]{found.object} {show.plain(found.crm_id)}[/] in {show.plain(found.account)}")
    tree.add(f"customer {found.identity_id}{formerly}, known as {show.plain(', '.join(found.profiles))}")
    for value in found.values:
        _value(tree, value)
    show.out.print(tree)


def _value(tree: Tree, value: Value) -> None:
    was = "" if value.before in (None, "") else f" [dim](was {show.short(value.before)})[/]"
    branch = tree.add(f"[bold]{show.plain(value.field)}[/] = {show.short(value.value)}{was}")
    if value.lead_field:
        now = "" if value.golden_now == value.value else f"; today it would be {show.short(value.golden_now)}"
        branch.add(f"golden value [bold]{value.lead_field}[/], chosen by rule {show.plain(value.rule)}{now}")
    if value.source:
        _source(branch, value.source)
    _write(branch, value.write)


def _source(branch: Tree, source: Source) -> None:
    mapped = f", mapping {source.mapping[:12]}" if source.mapping else ""
    held = f", in this customer by {source.how}" if source.how else ""
    branch.add(f"profile [bold]{show.plain(source.profile_id)}[/]{mapped}{held}")
    if source.record:
        record = source.record
        branch.add(
            f"record {record.record_id} of {show.plain(record.account)}/{show.plain(record.stream)}, "
            f"digest {record.digest[:12]}, landed {record.landed_at:%Y-%m-%d %H:%M} by run {record.run_id}"
        )


def _write(branch: Tree, write: Write) -> None:
    approved = f", approved by {show.plain(write.approved_by)}" if write.approved_by else ""
    model = f", model {write.versions['model']}" if write.versions.get("model") else ""
    branch.add(
        f"[dim]{write.action} {write.change_id} of plan {write.plan_id}{approved}, "
        f"written {write.at:%Y-%m-%d %H:%M} by run {write.run_id}{model}[/]"
    )
