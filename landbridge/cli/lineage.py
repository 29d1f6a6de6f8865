"""An explanation on the screen: each value that we wrote, and the way it took."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from rich.tree import Tree

from landbridge.cli import show
from landbridge.trail.lineage import Explanation, Source, Value, Write


def as_dict(found: Explanation) -> dict[str, Any]:
    """For --json."""
    return asdict(found)


def tell(found: Explanation) -> None:
    """Print it as a tree: the CRM record, its fields, and under each the steps back to the record.

    The write that most values share is told once, at the top.
    """
    formerly = f" (formerly {', '.join(found.formerly)})" if found.formerly else ""
    tree = Tree(f"[bold]{found.object} {show.plain(found.crm_id)}[/] in {show.plain(found.account)}")
    tree.add(f"customer {found.identity_id}{formerly}, known as {show.plain(', '.join(found.profiles))}")
    usual = Counter(value.write.change_id for value in found.values).most_common(1)
    told = {value.write.change_id: value.write for value in found.values}
    if usual:
        tree.add(_write(told[usual[0][0]]))
    for value in found.values:
        _value(tree, value, told_above=value.write.change_id == usual[0][0])
    show.out.print(tree)


def _told(value: object) -> str:
    return "[dim](empty)[/]" if value in (None, "") else show.short(value)


def _value(tree: Tree, value: Value, *, told_above: bool) -> None:
    was = "" if value.before in (None, "") else f" [dim](was {show.short(value.before)})[/]"
    branch = tree.add(f"[bold]{show.plain(value.field)}[/] = {_told(value.value)}{was}")
    if value.lead_field:
        branch.add(_choice(value))
    if value.source:
        _source(branch, value.source)
    if not told_above:
        branch.add(_write(value.write))


def _choice(value: Value) -> str:
    if value.rule is None:
        return f"{show.plain(value.lead_field)} of the CRM's mapping"
    now = f"; today it would be {_told(value.golden_now)}" if value.moved else ""
    return f"golden value [bold]{show.plain(value.lead_field)}[/], chosen by rule {show.plain(value.rule)}{now}"


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


def _write(write: Write) -> str:
    approved = f", approved by {show.plain(write.approved_by)}" if write.approved_by else ""
    model = f", model {write.versions['model']}" if write.versions.get("model") else ""
    return (
        f"[dim]{write.action} {write.change_id} of plan {write.plan_id}{approved}, "
        f"written {write.at:%Y-%m-%d %H:%M} by run {write.run_id}{model}[/]"
    )
