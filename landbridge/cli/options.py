"""Options that several commands share, and what the shell offers when somebody presses Tab.

Completion reads landbridge.yaml and the newest runs; whatever goes wrong there offers nothing and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")]
Limit = Annotated[int, typer.Option(min=1, max=1_000_000_000, help="How many to list.", metavar="NUMBER")]


def account_names(incomplete: str) -> list[str]:
    """The configured accounts whose name begins so."""
    from landbridge import config
    from landbridge.errors import LandbridgeError

    try:
        names = config.load(config.find()).settings.accounts
    except LandbridgeError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def run_ids(incomplete: str) -> list[tuple[str, str]]:
    """The newest runs whose id begins so, with what each was."""
    try:
        return [(run_id, told) for run_id, told in _runs() if run_id.startswith(incomplete)]
    except Exception:  # a traceback in the middle of somebody's command line helps nobody
        return []


def _runs() -> Iterator[tuple[str, str]]:
    from landbridge.bootstrap import opened
    from landbridge.trail.runs import newest

    with opened() as hub:
        settings = hub.project.settings
        if not (settings.database or (hub.project.home / settings.data / "postgres").is_dir()):
            return  # a database is not made by pressing Tab
        for row in newest(hub.store, 20):
            yield row["run_id"], f"{row['flow']} {row['subject']} {row['state']}"
