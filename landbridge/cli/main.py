"""The command line: `landbridge --help` teaches it. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import sys

# Each module adds its commands to the application; the order here is the order of --help.
from landbridge.cli import (  # noqa: F401
    audit,
    console,
    demo,
    erasing,
    holding,
    identity,
    look,
    refusals,
    replaying,
    reverting,
    sandbox,
    trial,
    up,
    work,
)
from landbridge.cli.app import app
from landbridge.cli.edge import guarded


def entry() -> None:
    """What `landbridge` runs."""
    sys.exit(guarded(app))
